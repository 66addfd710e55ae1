from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.parse
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from local_stack.__main__ import StopRequests, UsageError, parse
from local_stack.client import Api
from local_stack.environment import BadEnvironmentError
from tests.local_stack.support import Clock, free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_stack.endpoint import Endpoint

ROOT = Path(__file__).resolve().parents[2]
# The user's own endpoint and settings have no place in these tests.
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LOCALSTACK_", "LOG_LEVEL"))}


@pytest.mark.parametrize("option", ["--port", "--aws-port"])
@pytest.mark.parametrize("value", ["", "abc", "0", "-1", "65536", "80.5", "²"])
def test_a_port_that_is_none_is_refused_by_name(option: str, value: str) -> None:
    with pytest.raises(UsageError, match=rf"^{option} .* whole number from 1 to 65535"):
        parse([f"{option}={value}"], {})


@pytest.mark.parametrize("option", ["--hold-seconds", "--max-active-holds"])
@pytest.mark.parametrize("value", ["", "0", "-5", "five", "1.5"])
def test_a_length_or_number_of_holds_that_is_none_is_refused_by_name(option: str, value: str) -> None:
    with pytest.raises(UsageError, match=rf"^{option} .* whole number of 1 or more"):
        parse([f"{option}={value}"], {})


@pytest.mark.parametrize("arguments", [["--colour"], ["--port"], ["--data-dir="], ["more"]])
def test_what_is_no_option_is_refused(arguments: list[str]) -> None:
    with pytest.raises(UsageError):
        parse(arguments, {})


def test_an_endpoint_that_is_none_is_refused() -> None:
    with pytest.raises(BadEnvironmentError):
        parse([], {"AWS_ENDPOINT_URL": "nonsense"})


def test_the_defaults_are_those_of_the_makefile() -> None:
    options = parse([], {})
    makefile = dict(re.findall(r"^(\w+) \?= (\S+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

    assert str(options.port) == makefile["PORT"]
    assert str(options.aws_port) == makefile["AWS_PORT"]
    assert options.hold_seconds == makefile["HOLD_SECONDS"]
    assert options.max_active_holds == makefile["MAX_ACTIVE_HOLDS"]
    assert options.data_dir == Path(makefile["DATA_DIR"]).resolve()


def test_a_second_interrupt_hurries_but_not_the_echo_of_the_first() -> None:
    clock = Clock()
    stop = StopRequests(clock=clock)

    stop.hear(signal.SIGINT)
    clock.now += 0.1
    stop.hear(signal.SIGINT)
    assert stop.stopping
    assert not stop.in_a_hurry
    clock.now += 2
    stop.hear(signal.SIGTERM)
    assert not stop.in_a_hurry
    stop.hear(signal.SIGINT)
    assert stop.in_a_hurry


class Run:
    """`python -m local_stack` as a process of its own."""

    def __init__(self, data_dir: Path, *, environ: dict[str, str] | None = None, **options: object) -> None:
        self.port = free_port()
        self.aws_port = free_port()
        self.data_dir = data_dir
        chosen = {"port": self.port, "aws_port": self.aws_port, "hold_seconds": 1, "data_dir": data_dir, **options}
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in chosen.items()]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local_stack", *arguments],
            cwd=ROOT,
            env=CLEAN | (environ or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def wait_until_ready(self) -> Api:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if "Ctrl-C stops everything" in line:
                return Api(f"http://127.0.0.1:{self.port}")
        raise AssertionError(self.process.communicate()[1])

    def stop(self, number: int = signal.SIGTERM, *, group: bool = False) -> str:
        """Send the signal and wait for a proper end; returns the rest of the output."""
        (os.killpg if group else os.kill)(self.process.pid, number)
        output, errors = self.process.communicate(timeout=60)
        assert errors == ""
        assert self.process.returncode == 0
        assert "Stopped." in output
        return output

    def failure(self) -> str:
        """Wait for the failure; returns the one line that it tells."""
        output, errors = self.process.communicate(timeout=60)
        assert self.process.returncode == 1
        assert output == ""
        assert errors.startswith("error: ")
        assert errors.count("\n") == 1
        return errors

    def has_left_nothing(self) -> bool:
        """Whether both ports are free again, so that no process of it is left."""
        for port in (self.port, self.aws_port):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return False
        return True


@contextmanager
def running(data_dir: Path, **arguments: Any) -> Iterator[Run]:
    run = Run(data_dir, **arguments)
    try:
        yield run
    finally:
        with run.process:
            run.process.kill()
        wait_until(run.has_left_nothing, "the end of every process")


def book(api: Api, *, slot: str = "09:00") -> str:
    """Make a provider with slots far ahead, and hold one; returns the booking's id."""
    provider = api.call("POST", "/providers", {"name": "Dr. Test"}).body["providerId"]
    window = {"date": "2099-01-05", "startTime": "09:00", "endTime": "12:00", "slotDurationMinutes": 30}
    assert api.call("POST", f"/providers/{provider}/availability", window).status == 201
    held = api.call("POST", "/bookings", {"providerId": provider, "slotId": f"2099-01-05T{slot}", "userId": "alice"})
    assert held.status == 202
    identifier: str = held.body["bookingId"]
    return identifier


def items(url: str, booking: str) -> dict[str, str]:
    """Return the items of a booking in the table itself: sort key to status."""
    client = boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    found = client.query(
        TableName="appointments",
        KeyConditionExpression="PK = :pk",
        ExpressionAttributeValues={":pk": {"S": f"BOOKING#{booking}"}},
        ConsistentRead=True,
    )["Items"]
    client.close()
    return {item["SK"]["S"]: item.get("status", {}).get("S", "") for item in found}


def test_both_workers_do_their_part_and_the_data_outlives_the_run(tmp_path: Path) -> None:
    with running(tmp_path) as run:
        api = run.wait_until_ready()
        expiring = book(api)
        aws = f"http://127.0.0.1:{run.aws_port}"
        wait_until(lambda: items(aws, expiring) == {"METADATA": "EXPIRED"}, "the expiry of the booking")
        output = run.stop()

    assert "POST   /bookings" in output
    assert "process_bookings" in output
    assert "expire_bookings" in output
    log = [json.loads(line) for line in (tmp_path / "app.log").read_text(encoding="utf-8").splitlines()]
    assert any(entry["message"] == "booking expired" for entry in log)

    with running(tmp_path) as run:
        assert run.wait_until_ready().call("GET", f"/bookings/{expiring}").body["status"] == "EXPIRED"
        run.stop()


def test_an_expiry_that_comes_due_between_two_runs_is_made_up_for(tmp_path: Path) -> None:
    with running(tmp_path, hold_seconds=2) as run:
        booking = book(run.wait_until_ready())
        aws = f"http://127.0.0.1:{run.aws_port}"
        wait_until(lambda: len(items(aws, booking)) == 2, "the booking's creation")
        run.stop()

    with running(tmp_path) as run:
        run.wait_until_ready()
        aws = f"http://127.0.0.1:{run.aws_port}"
        wait_until(lambda: items(aws, booking) == {"METADATA": "EXPIRED"}, "the expiry of the booking")
        run.stop()


def test_a_killed_run_leaves_no_process_and_loses_no_booking(tmp_path: Path) -> None:
    with running(tmp_path, hold_seconds=300) as run:
        booking = book(run.wait_until_ready())
        run.process.kill()

    with running(tmp_path) as run:
        assert run.wait_until_ready().call("GET", f"/bookings/{booking}").body["status"] == "PENDING"
        run.stop()


@pytest.mark.parametrize(("number", "group"), [(signal.SIGINT, True), (signal.SIGHUP, False)])
def test_an_interrupt_of_the_whole_group_and_a_lost_terminal_end_it_properly(
    tmp_path: Path, number: int, group: bool
) -> None:
    with running(tmp_path) as run:
        run.wait_until_ready()
        assert "saving the data" in run.stop(number, group=group)


@pytest.mark.parametrize(("option", "variable"), [("port", "PORT"), ("aws_port", "AWS_PORT")])
def test_a_port_in_use_is_told_in_one_line_and_nothing_is_started(tmp_path: Path, option: str, variable: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with running(tmp_path, **{option: port}) as run:
            assert f"port {port} is in use; choose another with {variable}=..." in run.failure()

    assert not (tmp_path / "endpoint").exists()


def test_one_port_cannot_serve_both(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, port=port, aws_port=port) as run:
        assert "must differ" in run.failure()


def test_two_runs_do_not_share_a_data_directory(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        first.wait_until_ready()
        with running(tmp_path) as second:
            assert "another run uses the data directory" in second.failure()
        first.stop()


def test_a_data_directory_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with running(tmp_path / "file") as run:
        assert "DATA_DIR" in run.failure()


def test_a_wrong_setting_is_told_in_the_applications_words(tmp_path: Path) -> None:
    with running(tmp_path, environ={"LOG_LEVEL": "LOUD"}) as run:
        output, errors = run.process.communicate(timeout=60)

    assert run.process.returncode == 1
    assert output == ""
    assert errors.startswith("error: ")
    assert "LOG_LEVEL" in errors
    assert "Traceback" not in errors


def test_the_users_own_endpoint_is_used_and_left_running(tmp_path: Path, endpoint: Endpoint) -> None:
    host = urllib.parse.urlsplit(endpoint.url).netloc
    with running(tmp_path, environ={"LOCALSTACK_HOST": host}) as run:
        booking = book(run.wait_until_ready())
        wait_until(lambda: items(endpoint.url, booking) == {"METADATA": "EXPIRED"}, "the expiry of the booking")
        run.stop()

    assert not (tmp_path / "endpoint").exists()
    assert not endpoint.has_ended()


@pytest.mark.parametrize("name", ["LOCALSTACK_HOST", "AWS_ENDPOINT_URL"])
def test_an_endpoint_that_does_not_answer_is_told_in_one_line(tmp_path: Path, name: str) -> None:
    address = f"127.0.0.1:{free_port()}"
    value = address if name == "LOCALSTACK_HOST" else f"http://{address}"
    with running(tmp_path, environ={name: value}) as run:
        assert f"http://{address}" in run.failure()


def test_the_end_of_the_endpoint_ends_everything(tmp_path: Path) -> None:
    with running(tmp_path) as run:
        run.wait_until_ready()
        (process_file,) = tmp_path.rglob("*.pid")
        os.kill(int(process_file.read_text(encoding="ascii")), signal.SIGKILL)

        _, errors = run.process.communicate(timeout=60)

    assert run.process.returncode == 1
    assert re.fullmatch(r"error: the AWS endpoint .*endpoint\.log\n", errors)
