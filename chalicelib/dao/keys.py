"""The keys of the one table: every key string is made here, and read back here."""

from datetime import date, datetime
from typing import NamedTuple, TypedDict

from chalicelib.domain.instants import to_text

METADATA = "METADATA"
EXPIRATION_TRIGGER = "EXPIRATION_TRIGGER"
SLOT_PREFIX = "SLOT#"
AVAILABILITY_PREFIX = "AVAILABILITY#"
_BOOKING_PREFIX = "BOOKING#"


class Key(TypedDict):
    """An item's primary key."""

    PK: str
    SK: str


class Range(NamedTuple):
    """Items of one partition whose sort keys are from `first` to `last`, both included."""

    partition: str
    first: str
    last: str


def provider(provider_id: str) -> Key:
    """A provider."""
    return {"PK": _provider(provider_id), "SK": METADATA}


def availability(provider_id: str, day: date) -> Key:
    """What a day's slots were made from."""
    return {"PK": _provider(provider_id), "SK": f"{AVAILABILITY_PREFIX}{day}"}


def availability_of_days(provider_id: str, first_day: date, last_day: date) -> Range:
    """The availability of a range of days, both included."""
    return Range(_provider(provider_id), f"{AVAILABILITY_PREFIX}{first_day}", f"{AVAILABILITY_PREFIX}{last_day}")


def slot(provider_id: str, slot_id: str) -> Key:
    """A slot, by its id such as `2026-11-24T09:00`."""
    day, _, start = slot_id.partition("T")
    return {"PK": _provider(provider_id), "SK": f"{SLOT_PREFIX}{day}#{start}"}


def slots_of_days(provider_id: str, first_day: date, last_day: date) -> Range:
    """The slots of a range of days, both included; they start before 24:00."""
    return Range(_provider(provider_id), f"{SLOT_PREFIX}{first_day}#", f"{SLOT_PREFIX}{last_day}#24:00")


def booking(booking_id: str) -> Key:
    """A booking."""
    return {"PK": f"{_BOOKING_PREFIX}{booking_id}", "SK": METADATA}


def trigger(booking_id: str) -> Key:
    """The item whose deletion by TTL ends a booking that nobody confirmed."""
    return {"PK": f"{_BOOKING_PREFIX}{booking_id}", "SK": EXPIRATION_TRIGGER}


def booking_indexes(*, user_id: str, provider_id: str, starts_at: datetime, booking_id: str) -> dict[str, str]:
    """Where the indexes list a booking: GSI1 by user, GSI2 by provider; both by time, made unique by its id."""
    by_time = f"{_BOOKING_PREFIX}{to_text(starts_at)}#{booking_id}"
    return {"GSI1PK": f"USER#{user_id}", "GSI1SK": by_time, "GSI2PK": _provider(provider_id), "GSI2SK": by_time}


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
