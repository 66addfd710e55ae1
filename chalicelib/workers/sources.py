"""The two event sources: what their records look like, and when they give a record up."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.errors import MalformedRecordError
from chalicelib.domain.models import Booking
from chalicelib.workers.batch import EventSource, Record

_TTL_IDENTITY = ("Service", "dynamodb.amazonaws.com")
"""Who deletes by TTL, as a stream record tells it: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html"""


def booking_messages(*, decode: Callable[[str], Booking], max_receives: int) -> EventSource:
    """SQS records whose body is a booking message; the queue gives one up after `max_receives` deliveries."""

    def is_last_delivery(record: Record) -> bool:
        return int(record["attributes"]["ApproximateReceiveCount"]) >= max_receives

    return EventSource(
        identifier=lambda record: str(record["messageId"]),
        content=lambda record: str(record["body"]),
        booking=lambda record: decode(record["body"]),
        is_last_delivery=is_last_delivery,
    )


def removed_triggers(
    *,
    decode: Callable[[Mapping[str, Any]], Booking | None],
    max_age: timedelta,
    clock: Callable[[], datetime],
) -> EventSource:
    """Stream records of items deleted by TTL; `decode` gives the booking of a trigger, and None for other items.

    The stream tells no number of deliveries, so a record is given up when it is older than `max_age`.
    """

    def booking(record: Record) -> Booking | None:
        if not _is_ttl_deletion(record):
            return None
        old_image = record["dynamodb"].get("OldImage")
        if not isinstance(old_image, Mapping):
            raise MalformedRecordError("the record of a TTL deletion has no old image")
        return decode(old_image)

    def is_last_delivery(record: Record) -> bool:
        created = float(record["dynamodb"].get("ApproximateCreationDateTime", clock().timestamp()))
        return clock().timestamp() - created >= max_age.total_seconds()

    return EventSource(
        identifier=lambda record: str(record["dynamodb"]["SequenceNumber"]),
        content=lambda record: json.dumps(record, default=str),
        booking=booking,
        is_last_delivery=is_last_delivery,
    )


def _is_ttl_deletion(record: Record) -> bool:
    """Deletions by a confirm or a cancel look the same but for the identity, and must not expire anything."""
    identity = record.get("userIdentity") or {}
    return record.get("eventName") == "REMOVE" and (identity.get("type"), identity.get("principalId")) == _TTL_IDENTITY
