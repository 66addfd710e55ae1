"""Messages on a dead-letter queue, looked at without being consumed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_HIDDEN_SECONDS = 300
"""How long nobody else sees a message that is being looked at, if this process is killed meanwhile."""
_MOST_MESSAGES = 10
"""SQS's limit for one call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One message."""

    message_id: str
    body: str
    cause: str
    """As the worker told it; empty if SQS or Lambda put the message there."""
    sent_at: datetime
    receives: int
    """How often it was received, this time included. SQS counts those before it died too, if SQS moved it there."""


class DeadLetterQueue:
    """Reads a queue to its end, each message once."""

    def __init__(self, *, client: "SQSClient", url: str, wait_seconds: int = 1) -> None:
        """With no `wait_seconds` at the end, SQS asks some of its servers only, and may miss a message."""
        self._client = client
        self._url = url
        self._wait_seconds = wait_seconds
        self._taken: dict[str, str] = {}

    def letters(self) -> Iterator[DeadLetter]:
        """Every message that is there and that nobody else is looking at. Raises botocore's errors."""
        while True:
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=_MOST_MESSAGES,
                VisibilityTimeout=_HIDDEN_SECONDS,
                WaitTimeSeconds=self._wait_seconds,
                MessageAttributeNames=["cause"],
                AttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
            )
            messages = answer.get("Messages", [])
            # One that is seen again has been looked at for so long that it became visible.
            new = [message for message in messages if message["MessageId"] not in self._taken]
            self._taken |= {message["MessageId"]: message["ReceiptHandle"] for message in messages}
            if not new:
                return
            yield from map(_letter, new)

    def delete(self, letter: DeadLetter) -> None:
        """Remove a message for good. Raises botocore's errors."""
        self._client.delete_message(QueueUrl=self._url, ReceiptHandle=self._taken[letter.message_id])
        del self._taken[letter.message_id]

    def give_back(self) -> None:
        """Let the others be seen again. Raises botocore's errors; they come back by themselves then."""
        handles = list(self._taken.values())
        self._taken.clear()
        for start in range(0, len(handles), _MOST_MESSAGES):
            self._client.change_message_visibility_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                    for number, handle in enumerate(handles[start : start + _MOST_MESSAGES])
                ],
            )


def _letter(message: "MessageTypeDef") -> DeadLetter:
    attributes = message["Attributes"]
    return DeadLetter(
        message_id=message["MessageId"],
        body=message["Body"],
        cause=_cause(message),
        sent_at=datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, tz=UTC),
        receives=int(attributes["ApproximateReceiveCount"]),
    )


def _cause(message: "MessageTypeDef") -> str:
    attributes = message.get("MessageAttributes", {})
    return attributes["cause"].get("StringValue", "") if "cause" in attributes else ""
