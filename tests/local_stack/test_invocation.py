from __future__ import annotations

from typing import Any

import pytest

from local_stack.invocation import Backoff, MalformedResponseError, failed_identifiers, make_context
from tests.local_stack.support import failures


@pytest.mark.parametrize("response", [None, {}, {"batchItemFailures": None}, {"batchItemFailures": []}])
def test_an_answer_that_names_no_failure_means_success(response: Any) -> None:
    assert failed_identifiers(response, {"a", "b"}) == set()


def test_only_the_named_items_have_failed() -> None:
    assert failed_identifiers(failures("b", "b"), {"a", "b"}) == {"b"}


@pytest.mark.parametrize(
    "response",
    [
        "done",
        ["a"],
        {"batchItemFailures": "a"},
        {"batchItemFailures": ["a"]},
        {"batchItemFailures": [{"messageId": "a"}]},
        failures(None),
        failures(""),
        failures("unknown"),
        failures("a", 7),
    ],
)
def test_an_answer_that_lambda_does_not_understand_fails_the_batch(response: Any) -> None:
    with pytest.raises(MalformedResponseError):
        failed_identifiers(response, {"a", "b"})


def test_waits_double_up_to_the_ceiling() -> None:
    backoff = Backoff(first=1, ceiling=5, jitter=lambda _, most: most)

    assert [backoff.delay(failed) for failed in (1, 2, 3, 4, 1000)] == [1, 2, 4, 5, 5]


def test_the_context_tells_the_time_that_is_left() -> None:
    context = make_context("worker", timeout_seconds=30)

    assert context.function_name == "worker"
    assert 0 < context.get_remaining_time_in_millis() <= 30_000
