"""Sending to SQS: bookings to be created, and dead letters."""

import logging
from typing import TYPE_CHECKING

from chalicelib.queue.message import encode

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from chalicelib.aws import TimeLimit
    from chalicelib.domain.models import Booking

_log = logging.getLogger(__name__)

_LONGEST_CAUSE = 1000


class SqsBookingQueue:
    """A `BookingQueue` on SQS."""

    def __init__(self, *, client: "SQSClient", url: str, time_limit: "TimeLimit") -> None:
        self._client = client
        self._url = url
        self._time_limit = time_limit

    def send(self, booking: "Booking") -> None:
        """Send the booking's message. Raises `ServiceUnavailableError`, though the message may have got through."""
        with self._time_limit.calling("queue"):
            self._client.send_message(QueueUrl=self._url, MessageBody=encode(booking))

    def answers(self) -> bool:
        """Whether the queue exists and answers. Raises nothing."""
        try:
            self._client.get_queue_attributes(QueueUrl=self._url)
        except Exception:
            _log.warning("the queue does not answer", exc_info=True)
            return False
        return True


class SqsDeadLetters:
    """A dead-letter queue: keeps what can't be processed, whole, with the cause as a message attribute."""

    def __init__(self, *, client: "SQSClient", url: str, time_limit: "TimeLimit") -> None:
        self._client = client
        self._url = url
        self._time_limit = time_limit

    def keep(self, content: str, *, cause: str) -> None:
        """Keep one message or stream record as it came. Raises `ServiceUnavailableError`."""
        with self._time_limit.calling("dead-letter queue"):
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=content,
                MessageAttributes={"cause": {"DataType": "String", "StringValue": _attribute(cause)}},
            )


def _attribute(cause: str) -> str:
    """The cause without what SQS refuses in an attribute: control characters, an empty text, and too much of it."""
    printable = "".join(character if character.isprintable() else " " for character in cause)
    return printable[:_LONGEST_CAUSE] or "unknown"
