"""The queues, in what would be made in dev and in prod."""

import json

from tests.terraform.addresses import BOOKINGS, BOOKINGS_DEAD_LETTERS, EXPIRATIONS_DEAD_LETTERS, function
from tests.terraform.deployment import Deployment


def test_a_message_stays_invisible_for_six_times_its_workers_timeout(deployment: Deployment) -> None:
    worker_timeout = deployment.planned(function("process-bookings"))["timeout"]

    assert deployment.planned(BOOKINGS)["visibility_timeout_seconds"] == 6 * worker_timeout


def test_bookings_that_can_not_be_processed_move_to_their_dead_letter_queue(deployment: Deployment) -> None:
    redrive = json.loads(deployment.mocked(BOOKINGS)["redrive_policy"])

    assert redrive["deadLetterTargetArn"] == deployment.mocked(BOOKINGS_DEAD_LETTERS)["arn"]
    assert redrive["maxReceiveCount"] >= 5


def test_only_the_booking_queue_may_use_a_dead_letter_queue(deployment: Deployment) -> None:
    allowed = deployment.mocked("module.queue.aws_sqs_queue_redrive_allow_policy.bookings_dead_letters")

    assert allowed["queue_url"] == deployment.mocked(BOOKINGS_DEAD_LETTERS)["url"]
    assert json.loads(allowed["redrive_allow_policy"]) == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [deployment.mocked(BOOKINGS)["arn"]],
    }
    assert json.loads(deployment.planned(EXPIRATIONS_DEAD_LETTERS)["redrive_allow_policy"]) == {
        "redrivePermission": "denyAll"
    }
