"""What feeds the workers, in what would be made in dev and in prod."""

import pytest

from tests.terraform.addresses import (
    BOOKINGS,
    BOOKINGS_MAPPING,
    EXPIRATIONS_DEAD_LETTERS,
    EXPIRATIONS_MAPPING,
    TABLE,
    alias,
    function,
)
from tests.terraform.deployment import Deployment

A_DAY = 24 * 3600


@pytest.mark.parametrize("mapping", [BOOKINGS_MAPPING, EXPIRATIONS_MAPPING])
def test_failures_are_reported_one_by_one(deployment: Deployment, mapping: str) -> None:
    assert deployment.planned(mapping)["function_response_types"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize(
    ("mapping", "name"), [(BOOKINGS_MAPPING, "process-bookings"), (EXPIRATIONS_MAPPING, "expire-bookings")]
)
def test_an_event_source_calls_its_functions_alias(deployment: Deployment, mapping: str, name: str) -> None:
    assert deployment.mocked(mapping)["function_name"] == deployment.mocked(alias(name))["arn"]


def test_the_queues_concurrency_is_bounded_without_throttling(deployment: Deployment) -> None:
    (scaling,) = deployment.planned(BOOKINGS_MAPPING)["scaling_config"]

    assert 2 <= scaling["maximum_concurrency"] <= 1000
    for worker in ("process-bookings", "expire-bookings"):
        assert deployment.planned(function(worker))["reserved_concurrent_executions"] == -1


def test_a_bad_record_holds_the_stream_up_for_a_bounded_time(deployment: Deployment) -> None:
    mapping = deployment.planned(EXPIRATIONS_MAPPING)

    assert mapping["bisect_batch_on_function_error"] is True
    assert mapping["maximum_retry_attempts"] == 10_000, "finite, and so many that it is the age that ends them"
    assert 0 < mapping["maximum_record_age_in_seconds"] < A_DAY, "-1 is for ever, and the stream forgets after a day"


def test_what_the_stream_gives_up_is_told_to_its_dead_letter_queue(deployment: Deployment) -> None:
    (destination,) = deployment.mocked(EXPIRATIONS_MAPPING)["destination_config"]

    assert destination["on_failure"] == [{"destination_arn": deployment.mocked(EXPIRATIONS_DEAD_LETTERS)["arn"]}]


def test_the_stream_is_read_from_its_beginning(deployment: Deployment) -> None:
    mapping = deployment.planned(EXPIRATIONS_MAPPING)

    assert mapping["starting_position"] == "TRIM_HORIZON"
    assert deployment.mocked(EXPIRATIONS_MAPPING)["event_source_arn"] == deployment.mocked(TABLE)["stream_arn"]


def test_bookings_come_from_the_booking_queue(deployment: Deployment) -> None:
    assert deployment.mocked(BOOKINGS_MAPPING)["event_source_arn"] == deployment.mocked(BOOKINGS)["arn"]
