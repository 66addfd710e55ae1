"""Structured logs: one JSON object a line, with the ids of the work at hand."""

import json
import logging
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest

from chalicelib import logs
from tests.log_lines import log_lines, unconfigured_logger

LOG = logging.getLogger("chalicelib.somewhere")


def test_a_line_is_one_json_object_with_level_message_time_and_what_was_given() -> None:
    with log_lines() as lines:
        LOG.info("slot held", extra={"booking_id": "booking-1"})

    (line,) = lines.all()
    assert (line["level"], line["logger"], line["message"]) == ("INFO", "chalicelib.somewhere", "slot held")
    assert line["booking_id"] == "booking-1"
    assert line["timestamp"].endswith("+00:00")


@pytest.mark.parametrize("message", ["two\nlines", 'quotes " and \\', "Zoë 👩‍⚕️", "", '{"not": "a message"}'])
def test_whatever_is_logged_stays_on_one_line(message: str) -> None:
    with log_lines() as lines:
        LOG.info(message)

    assert len(lines.text.splitlines()) == 1
    assert json.loads(lines.text)


def test_an_exception_is_logged_on_the_same_line() -> None:
    with log_lines() as lines:
        try:
            int("no number")
        except ValueError:
            LOG.exception("record failed")

    (line,) = lines.all()
    assert line["exception"].startswith("Traceback")
    assert line["exception"].splitlines()[-1].startswith("ValueError: ")


def test_ids_are_on_every_line_inside_and_on_none_outside() -> None:
    with log_lines() as lines:
        LOG.info("before")
        with logs.bound(request_id="r-1"):
            LOG.info("first")
            logging.getLogger("chalicelib.elsewhere").info("second")
        LOG.info("after")

    assert [(line["message"], line.get("request_id")) for line in lines.all()] == [
        ("before", None),
        ("first", "r-1"),
        ("second", "r-1"),
        ("after", None),
    ]


def test_ids_add_up_and_go_one_by_one() -> None:
    with log_lines() as lines, logs.bound(request_id="r-1"):
        with logs.bound(record_id="m-1"):
            LOG.info("both")
        LOG.info("one")

    assert lines.the("both").items() >= {"request_id": "r-1", "record_id": "m-1"}.items()
    assert lines.the("one")["request_id"] == "r-1"
    assert "record_id" not in lines.the("one")


def test_ids_that_become_known_are_on_every_line_from_then_on_until_the_work_ends() -> None:
    with log_lines() as lines:
        with logs.bound(request_id="r-1"):
            LOG.info("before")
            logs.also(booking_id="booking-1")
            with logs.bound(record_id="m-1"):
                LOG.info("further in")
            LOG.info("after")
        logs.also(booking_id="nobody's")
        LOG.info("outside")

    told = [(line["message"], line.get("request_id"), line.get("booking_id")) for line in lines.all()]
    assert told == [
        ("before", "r-1", None),
        ("further in", "r-1", "booking-1"),
        ("after", "r-1", "booking-1"),
        ("outside", None, None),
    ]


def test_ids_are_gone_after_a_failure_too() -> None:
    with log_lines() as lines:
        with pytest.raises(ValueError, match="no luck"), logs.bound(request_id="r-1"):
            raise ValueError("no luck")
        LOG.info("after")

    assert "request_id" not in lines.the("after")


def test_what_two_threads_do_at_once_is_not_mixed_up() -> None:
    both_bound = Barrier(2)

    def work(number: int) -> None:
        with logs.bound(request_id=f"r-{number}"):
            both_bound.wait(timeout=10)
            LOG.info("line of %s", number)
            both_bound.wait(timeout=10)

    with log_lines() as lines:
        threads = [Thread(target=work, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        LOG.info("after both")

    assert [lines.the(f"line of {number}")["request_id"] for number in range(2)] == ["r-0", "r-1"]
    assert "request_id" not in lines.the("after both")


def test_what_lies_below_the_level_is_not_written() -> None:
    with log_lines("WARNING") as lines:
        LOG.info("too quiet")
        LOG.warning("loud enough")

    assert [line["message"] for line in lines.all()] == ["loud enough"]


def test_configuring_twice_writes_each_line_once_at_the_last_level(capsys: pytest.CaptureFixture[str]) -> None:
    with unconfigured_logger() as logger:
        logs.configure("INFO")
        logs.configure("ERROR")
        LOG.info("too quiet now")
        LOG.error("once")
        handlers = len(logger.handlers)

    out, err = capsys.readouterr()
    assert [json.loads(line)["message"] for line in out.splitlines()] == ["once"]
    assert (handlers, err) == (1, "")


def test_lines_do_not_reach_the_root_loggers_handlers_as_well(caplog: pytest.LogCaptureFixture) -> None:
    with log_lines() as lines:
        LOG.error("once")

    assert len(lines.with_message("once")) == 1
    assert not caplog.records


def test_the_stream_is_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    with unconfigured_logger() as logger:
        logs.configure("INFO")
        (handler,) = logger.handlers
        assert isinstance(handler, logging.StreamHandler)
        assert handler.stream is sys.stdout
        LOG.info("hello")

    assert json.loads(capsys.readouterr().out)["message"] == "hello"


@pytest.mark.usefixtures("in_tokyo")
def test_the_time_is_told_in_utc_wherever_the_process_runs() -> None:
    before = datetime.now(UTC)
    with log_lines() as lines:
        LOG.info("hello")

    told = datetime.fromisoformat(lines.the("hello")["timestamp"])
    assert told.utcoffset() == timedelta(0)
    assert timedelta(0) <= told - before.replace(microsecond=0) < timedelta(hours=1)


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process, nine hours ahead of UTC."""
    with monkeypatch.context() as moved:
        moved.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()
