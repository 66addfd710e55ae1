"""The time limit of a request or a batch, and its arithmetic."""

import pytest

from chalicelib.aws import CLIENT_CONFIG, WORK_SECONDS, TimeLimit
from chalicelib.domain.errors import ServiceUnavailableError
from local_stack.resources import API_TIMEOUT_SECONDS


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
