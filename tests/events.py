"""Events as Lambda delivers them, from an SQS queue and from the table's stream."""

import itertools
import json
from typing import Any, TypeAlias

from chalicelib.domain.instants import to_epoch_second, to_text
from chalicelib.domain.models import Booking
from chalicelib.queue.message import encode
from tests.builders import new_id

Event: TypeAlias = dict[str, Any]
TTL_IDENTITY = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}

_sequence_numbers = itertools.count(49_999_000_000_000_000_001)


def event(*records: Event) -> Event:
    return {"Records": list(records)}


def failed(response: Event) -> list[str]:
    """The ids that a partial batch response reports, which must have no other content."""
    assert response.keys() == {"batchItemFailures"}
    assert all(item.keys() == {"itemIdentifier"} for item in response["batchItemFailures"])
    return [item["itemIdentifier"] for item in response["batchItemFailures"]]


def sqs_record(body: str, *, receives: int = 1) -> Event:
    return {
        "messageId": new_id(),
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": str(receives),
            "SentTimestamp": "1903953600000",
            "SenderId": "AROAEXAMPLE:appointments-api",
            "ApproximateFirstReceiveTimestamp": "1903953600012",
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:appointments-bookings",
        "awsRegion": "us-east-1",
    }


def message(booking: Booking, *, receives: int = 1) -> Event:
    return sqs_record(encode(booking), receives=receives)


def trigger_image(booking: Booking, **changes: Any) -> Event:
    """The removed trigger of a booking; an attribute that is changed to None is missing."""
    image = {
        "PK": {"S": f"BOOKING#{booking.booking_id}"},
        "SK": {"S": "EXPIRATION_TRIGGER"},
        "bookingId": {"S": booking.booking_id},
        "providerId": {"S": booking.provider_id},
        "slotId": {"S": booking.slot_id},
        "userId": {"S": booking.user_id},
        "startsAt": {"S": to_text(booking.starts_at)},
        "endsAt": {"S": to_text(booking.ends_at)},
        "timeZone": {"S": booking.time_zone},
        "createdAt": {"S": to_text(booking.created_at)},
        "ttl": {"N": str(to_epoch_second(booking.expires_at))},
    }
    return {name: value for name, value in (image | changes).items() if value is not None}


def stream_record(
    old_image: Event | None,
    *,
    event_name: str = "REMOVE",
    identity: Event | None = TTL_IDENTITY,
    created: float = 1.9e9,
) -> Event:
    record: Event = {
        "eventID": new_id().replace("-", ""),
        "eventName": event_name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": created,
            "Keys": {name: (old_image or {}).get(name, {"S": "?"}) for name in ("PK", "SK")},
            "SequenceNumber": str(next(_sequence_numbers)),
            "SizeBytes": 412,
            "StreamViewType": "OLD_IMAGE",
        },
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/appointments/stream/2030-01-01T00:00:00.000",
    }
    if old_image is not None:
        record["dynamodb"]["OldImage"] = old_image
    if identity is not None:
        record["userIdentity"] = identity
    return record


def removal(booking: Booking, **changes: Any) -> Event:
    """The record of a trigger that TTL removed."""
    return stream_record(trigger_image(booking, **changes))


def as_lambda_sends(an_event: Event) -> Event:
    """The event after its way as JSON."""
    parsed: Event = json.loads(json.dumps(an_event))
    return parsed
