"""AWS as the application sees it: the table and the queues, in memory and one call at a time.

Nothing goes wrong here, and nothing takes time: that is the scheduler's part.
"""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from local_stack.resources import Queue as QueueSettings
from local_stack.resources import Resources
from simulation.dynamodb import Refused, Table
from simulation.wire import Call, Reply

URL = "https://sqs.simulation/000000000000/"


@dataclass(slots=True)
class Message:
    """A message in a queue."""

    number: int
    body: str
    attributes: dict[str, Any]
    sent_at: float
    receives: int = 0
    visible_at: float = 0.0


@dataclass(slots=True)
class Queue:
    """A standard queue: any order, and each message at least once."""

    settings: QueueSettings
    messages: list[Message] = field(default_factory=list)

    def visible(self, now: float) -> list[Message]:
        """What could be received."""
        return [message for message in self.messages if message.visible_at <= now]


class Cloud:
    """The table and the queues."""

    def __init__(self, wanted: Resources) -> None:
        self.table = Table(wanted.table)
        self.bookings = Queue(wanted.bookings)
        self.bookings_dead_letters = Queue(wanted.bookings_dead_letters)
        self.expirations_dead_letters = Queue(wanted.expirations_dead_letters)
        self._queue_at = {
            URL + queue.settings.name: queue
            for queue in (self.bookings, self.bookings_dead_letters, self.expirations_dead_letters)
        }
        self._numbers = count(1)

    def apply(self, call: Call, *, now: float) -> Reply:
        """Do what a call asks for, and answer."""
        if call.service == "sqs":
            return self._apply_to_queue(call, now)
        try:
            return Reply(200, self.table.call(call.operation, call.body, now=now))
        except Refused as refused:
            return error(refused.code, refused.message, status=refused.status, **refused.members)

    def _apply_to_queue(self, call: Call, now: float) -> Reply:
        queue = self._queue_at[call.body["QueueUrl"]]
        match call.operation:
            case "SendMessage":
                message = Message(
                    next(self._numbers), call.body["MessageBody"], call.body.get("MessageAttributes", {}), now
                )
                queue.messages.append(message)
                return Reply(200, {"MessageId": str(message.number)})
            case "GetQueueAttributes":
                return Reply(200, {"Attributes": {"QueueArn": f"arn:aws:sqs:::{queue.settings.name}"}})
        raise NotImplementedError(f"the simulated SQS does not know {call.operation}")


def error(code: str, message: str = "", *, status: int = 400, **members: Any) -> Reply:
    """An answer that says that something is wrong, as DynamoDB and SQS word it."""
    return Reply(status, {"__type": f"com.amazonaws#{code}", "message": message or code, **members})


def sqs_event(messages: list[Message], *, queue: Queue) -> dict[str, Any]:
    """What Lambda hands to a function for messages of a queue."""
    return {
        "Records": [
            {
                "messageId": str(message.number),
                "receiptHandle": f"{message.number}-{message.receives}",
                "body": message.body,
                "attributes": {
                    "ApproximateReceiveCount": str(message.receives),
                    "SentTimestamp": str(int(message.sent_at * 1000)),
                },
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{queue.settings.name}",
                "awsRegion": "us-east-1",
            }
            for message in messages
        ]
    }
