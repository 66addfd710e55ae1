"""Sending to SQS, and what its failures mean."""

import socket
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from chalicelib.aws import TimeLimit
from chalicelib.domain.errors import ServiceUnavailableError
from chalicelib.queue.message import decode
from chalicelib.queue.sender import SqsBookingQueue, SqsDeadLetters
from tests.builders import booking
from tests.log_lines import log_lines
from tests.moto_region import REGION, Aws

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_sqs import SQSClient


@pytest.fixture
def deaf_client() -> "Iterator[SQSClient]":
    """A client whose endpoint nobody listens on: the port is taken, but not open."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield boto3.client(
            "sqs",
            region_name=REGION,
            endpoint_url=f"http://127.0.0.1:{taken.getsockname()[1]}",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(connect_timeout=0.5, read_timeout=0.5, retries={"total_max_attempts": 1}),
        )


def test_a_booking_arrives_whole(aws: Aws) -> None:
    sent = booking(user_id="Zoë 👩‍⚕️ <&>")

    SqsBookingQueue(client=aws.sqs, url=aws.its.bookings_url, time_limit=TimeLimit()).send(sent)

    (message,) = aws.received(aws.its.bookings_url)
    assert decode(message["Body"]) == sent


@pytest.mark.parametrize("content", ["not JSON", '{"Records": [1, "é"]}', " ", "line\nbreak\ttab", "<&>\"'"])
def test_a_dead_letter_arrives_whole_with_its_cause(aws: Aws, content: str) -> None:
    SqsDeadLetters(client=aws.sqs, url=aws.its.bookings_dead_letters_url, time_limit=TimeLimit()).keep(
        content, cause="KeyError: 'slotId' (é)"
    )

    (message,) = aws.received(aws.its.bookings_dead_letters_url)
    assert message["Body"] == content
    assert message["MessageAttributes"]["cause"] == {"StringValue": "KeyError: 'slotId' (é)", "DataType": "String"}


@pytest.mark.parametrize(
    ("cause", "kept"),
    [
        pytest.param("a\x00b\x07c", "a b c", id="control characters"),
        pytest.param("first\r\nsecond\tthird", "first  second third", id="line breaks"),
        pytest.param("a\ud800b\ufffeb\uffff", "a b b ", id="what is no character"),
        pytest.param("x" * 5_000, "x" * 1_000, id="5,000 characters"),
        pytest.param("é" * 1_001, "é" * 1_000, id="characters, not bytes, are counted"),
        pytest.param("", "unknown", id="nothing"),
    ],
)
def test_a_cause_is_kept_as_far_as_sqs_takes_it(aws: Aws, cause: str, kept: str) -> None:
    SqsDeadLetters(client=aws.sqs, url=aws.its.bookings_dead_letters_url, time_limit=TimeLimit()).keep(
        "{}", cause=cause
    )

    (message,) = aws.received(aws.its.bookings_dead_letters_url)
    assert message["MessageAttributes"]["cause"]["StringValue"] == kept


def test_a_queue_that_is_missing_is_unavailable(aws: Aws) -> None:
    missing = aws.its.bookings_url + "-gone"

    with pytest.raises(ServiceUnavailableError, match="The queue can't be reached"):
        SqsBookingQueue(client=aws.sqs, url=missing, time_limit=TimeLimit()).send(booking())
    with pytest.raises(ServiceUnavailableError, match="The dead-letter queue can't be reached"):
        SqsDeadLetters(client=aws.sqs, url=missing, time_limit=TimeLimit()).keep("{}", cause="?")


def test_an_endpoint_that_does_not_answer_is_unavailable(deaf_client: "SQSClient") -> None:
    with pytest.raises(ServiceUnavailableError):
        SqsBookingQueue(client=deaf_client, url="http://127.0.0.1/queue", time_limit=TimeLimit()).send(booking())
    with pytest.raises(ServiceUnavailableError):
        SqsDeadLetters(client=deaf_client, url="http://127.0.0.1/queue", time_limit=TimeLimit()).keep("{}", cause="?")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AWS.SimpleQueueService.NonExistentQueue", 400),
        ("QueueDoesNotExist", 400),
        ("OverLimit", 403),
        ("RequestThrottled", 403),
        ("ThrottlingException", 400),
        ("Throttling", 400),
        ("InternalError", 500),
        ("ServiceUnavailable", 503),
        ("SomethingNew", 502),
    ],
)
def test_throttling_and_failures_of_sqs_are_unavailable(aws: Aws, code: str, status: int) -> None:
    with Stubber(aws.sqs) as stubber:
        stubber.add_client_error("send_message", service_error_code=code, http_status_code=status)

        with pytest.raises(ServiceUnavailableError) as caught:
            SqsBookingQueue(client=aws.sqs, url=aws.its.bookings_url, time_limit=TimeLimit()).send(booking())

    assert code not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "status"), [("AccessDenied", 403), ("InvalidMessageContents", 400), ("InvalidClientTokenId", 403)]
)
def test_an_error_that_no_retry_mends_goes_on_up(aws: Aws, code: str, status: int) -> None:
    with Stubber(aws.sqs) as stubber:
        for _ in range(2):
            stubber.add_client_error("send_message", service_error_code=code, http_status_code=status)

        with pytest.raises(ClientError, match=code):
            SqsBookingQueue(client=aws.sqs, url=aws.its.bookings_url, time_limit=TimeLimit()).send(booking())
        with pytest.raises(ClientError, match=code):
            SqsDeadLetters(client=aws.sqs, url=aws.its.bookings_url, time_limit=TimeLimit()).keep("{}", cause="?")


def test_a_queue_that_is_there_answers(aws: Aws) -> None:
    assert SqsBookingQueue(client=aws.sqs, url=aws.its.bookings_url, time_limit=TimeLimit()).answers() is True


def test_a_queue_that_is_missing_does_not_answer_and_leaves_a_warning(aws: Aws) -> None:
    with log_lines() as lines:
        assert (
            SqsBookingQueue(client=aws.sqs, url=aws.its.bookings_url + "-gone", time_limit=TimeLimit()).answers()
            is False
        )

    assert lines.the("the queue does not answer")["level"] == "WARNING"


def test_an_endpoint_that_nobody_listens_on_does_not_answer(deaf_client: "SQSClient") -> None:
    assert SqsBookingQueue(client=deaf_client, url="http://127.0.0.1/queue", time_limit=TimeLimit()).answers() is False


def test_a_permission_that_is_missing_is_no_answer_either(aws: Aws) -> None:
    with Stubber(aws.sqs) as stubber:
        stubber.add_client_error("get_queue_attributes", service_error_code="AccessDenied", http_status_code=403)

        assert SqsBookingQueue(client=aws.sqs, url=aws.its.bookings_url, time_limit=TimeLimit()).answers() is False
