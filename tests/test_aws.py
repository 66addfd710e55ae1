"""The time limit of a request or a batch, its arithmetic, and calls side by side."""

import logging
import time
from threading import Barrier, Event, Lock, get_ident

import pytest

from chalicelib import logs
from chalicelib.aws import CALLS_AT_ONCE, CLIENT_CONFIG, WORK_SECONDS, TimeLimit, side_by_side
from chalicelib.domain.errors import ServiceUnavailableError
from local_stack.resources import API_TIMEOUT_SECONDS
from tests.log_lines import log_lines
from tests.system import PATIENCE_SECONDS


class Seconds:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_call_that_begins_in_time_may_be_the_last_one_to_end_in_time() -> None:
    tries = CLIENT_CONFIG.retries["total_max_attempts"]  # type: ignore[attr-defined]
    one_try = CLIENT_CONFIG.connect_timeout + CLIENT_CONFIG.read_timeout  # type: ignore[attr-defined]
    longest_waits = sum(2**attempt for attempt in range(tries - 1))
    assert WORK_SECONDS + tries * one_try + longest_waits < API_TIMEOUT_SECONDS


def test_calls_are_made_until_time_is_over_and_not_after_that() -> None:
    seconds = Seconds()
    limit = TimeLimit(clock=seconds)
    with limit.begun():
        seconds.now += WORK_SECONDS - 0.1
        with limit.calling("table"):
            pass
        seconds.now += 0.1
        with pytest.raises(ServiceUnavailableError, match="table"), limit.calling("table"):
            pytest.fail("the call was made")


def test_the_next_request_has_its_own_time() -> None:
    seconds = Seconds()
    limit = TimeLimit(clock=seconds)
    with limit.begun():
        seconds.now += WORK_SECONDS
    with limit.calling("table"):
        seconds.now += WORK_SECONDS
    with limit.begun(), limit.calling("table"):
        pass


def test_pieces_of_work_give_their_results_in_order_whichever_is_done_first() -> None:
    second_is_done = Event()

    def first() -> str:
        assert second_is_done.wait(PATIENCE_SECONDS)
        return "first"

    def second() -> str:
        second_is_done.set()
        return "second"

    assert side_by_side([first, second]) == ["first", "second"]
    assert side_by_side([]) == []


def test_only_so_many_pieces_are_under_way_at_once() -> None:
    all_under_way = Barrier(CALLS_AT_ONCE)
    under_way: list[int] = []
    most = []
    lock = Lock()

    def piece() -> None:
        with lock:
            under_way.append(1)
            most.append(len(under_way))
        all_under_way.wait(PATIENCE_SECONDS)
        with lock:
            under_way.pop()

    side_by_side([piece] * (3 * CALLS_AT_ONCE))

    assert max(most) == CALLS_AT_ONCE


def test_a_single_piece_needs_no_other_thread() -> None:
    assert side_by_side([get_ident]) == [get_ident()]


@pytest.mark.parametrize("pieces", [1, 2, 20])
def test_each_piece_has_the_time_of_the_request_and_the_ids_of_its_logs(pieces: int) -> None:
    seconds = Seconds()
    limit = TimeLimit(clock=seconds)

    def piece() -> None:
        with pytest.raises(ServiceUnavailableError), limit.calling("table"):
            pytest.fail("the call was made")
        logging.getLogger("chalicelib.test").info("done")

    with log_lines() as lines, limit.begun(), logs.bound(request_id="request-1"):
        seconds.now += WORK_SECONDS
        side_by_side([piece] * pieces)

    assert [line.get("request_id") for line in lines.with_message("done")] == ["request-1"] * pieces


def test_when_a_piece_fails_no_other_is_begun_and_those_under_way_are_waited_for() -> None:
    begun: list[str] = []
    ended: list[str] = []
    others_are_under_way = Barrier(CALLS_AT_ONCE)

    def fails() -> None:
        others_are_under_way.wait(PATIENCE_SECONDS)
        raise ServiceUnavailableError("The table can't be reached.")

    def goes_on() -> None:
        begun.append("under way")
        others_are_under_way.wait(PATIENCE_SECONDS)
        ended.append("under way")

    def waits() -> None:
        begun.append("waiting")
        # Nobody can see when the failure is noted; until it is, some of these are begun, but never all.
        time.sleep(0.01)

    with pytest.raises(ServiceUnavailableError):
        side_by_side([fails, *[goes_on] * (CALLS_AT_ONCE - 1), *[waits] * 1000])

    assert ended == ["under way"] * (CALLS_AT_ONCE - 1)
    assert len(begun) < 1000
