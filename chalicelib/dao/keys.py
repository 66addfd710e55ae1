"""The keys of the one table: every key string is made here, and read back here."""

from datetime import date, datetime
from typing import TypedDict
from zlib import crc32

from chalicelib.domain.instants import to_text

METADATA = "METADATA"
EXPIRATION_TRIGGER = "EXPIRATION_TRIGGER"
SLOT_PREFIX = "SLOT#"
IDEMPOTENCY_PREFIX = "IDEMPOTENCY#"
_BOOKING_PREFIX = "BOOKING#"

POLICY_COPIES = 16
"""A check locks its item for as long as its transaction takes. With one copy for all slots of a provider, bookings of
different slots would wait for each other; with these, they seldom do."""


class Key(TypedDict):
    """An item's primary key."""

    PK: str
    SK: str


def provider(provider_id: str) -> Key:
    """A provider."""
    return {"PK": _provider(provider_id), "SK": METADATA}


def policy(provider_id: str, slot_id: str) -> Key:
    """The copy of the provider's policy that writes on a slot check."""
    return _policy(provider_id, crc32(slot_id.encode()) % POLICY_COPIES)


def policies(provider_id: str) -> list[Key]:
    """All copies of the provider's policy."""
    return [_policy(provider_id, number) for number in range(POLICY_COPIES)]


def availability(provider_id: str, day: date) -> Key:
    """The window that a day's slots were made from."""
    return {"PK": _provider(provider_id), "SK": f"AVAILABILITY#{day}"}


def slot(provider_id: str, slot_id: str) -> Key:
    """A slot, by its id such as `2026-11-24T09:00`."""
    day, _, start = slot_id.partition("T")
    return {"PK": _provider(provider_id), "SK": f"{SLOT_PREFIX}{day}#{start}"}


def slots_of_day(provider_id: str, day: date) -> Key:
    """The partition of a provider, and what the sort keys of a day's slots begin with."""
    return {"PK": _provider(provider_id), "SK": f"{SLOT_PREFIX}{day}#"}


def booking(booking_id: str) -> Key:
    """A booking."""
    return {"PK": f"{_BOOKING_PREFIX}{booking_id}", "SK": METADATA}


def trigger(booking_id: str) -> Key:
    """The item whose deletion by TTL ends a booking that nobody confirmed."""
    return {"PK": f"{_BOOKING_PREFIX}{booking_id}", "SK": EXPIRATION_TRIGGER}


def idempotency(user_id: str, key: str) -> Key:
    """What remembers that a user's request was done."""
    return {"PK": _user(user_id), "SK": f"{IDEMPOTENCY_PREFIX}{key}"}


def booking_indexes(*, user_id: str, provider_id: str, starts_at: datetime, booking_id: str) -> dict[str, str]:
    """Where the indexes list a booking: GSI1 by user, GSI2 by provider; both by time, made unique by its id."""
    by_time = f"{_BOOKING_PREFIX}{to_text(starts_at)}#{booking_id}"
    return {"GSI1PK": _user(user_id), "GSI1SK": by_time, "GSI2PK": _provider(provider_id), "GSI2SK": by_time}


def booking_id_of(partition_key: str) -> str:
    """The id in a booking's or trigger's partition key. Raises ValueError for another kind of key."""
    prefix, found, booking_id = partition_key.partition(_BOOKING_PREFIX)
    if prefix or not found or not booking_id:
        raise ValueError(f"{partition_key!r} is no booking's key")
    return booking_id


def slot_id_of(sort_key: str) -> str:
    """The id in a slot's sort key."""
    day, _, start = sort_key.removeprefix(SLOT_PREFIX).partition("#")
    return f"{day}T{start}"


def _provider(provider_id: str) -> str:
    return f"PROVIDER#{provider_id}"


def _policy(provider_id: str, number: int) -> Key:
    """In a partition of its own, so that checks take nothing from what the provider's slots can take."""
    return {"PK": f"POLICY#{provider_id}#{number:02}", "SK": METADATA}


def _user(user_id: str) -> str:
    return f"USER#{user_id}"
