"""The keys of the one table: every key string is made here, and read back here."""

from datetime import date, datetime
from typing import NamedTuple, TypedDict
from zlib import crc32

from chalicelib.domain.instants import to_text
from chalicelib.domain.listings import ListedBy, Listing, Place

METADATA = "METADATA"
EXPIRATION_TRIGGER = "EXPIRATION_TRIGGER"
SLOT_PREFIX = "SLOT#"
IDEMPOTENCY_PREFIX = "IDEMPOTENCY#"
HOLDS = "HOLDS"
AVAILABILITY_PREFIX = "AVAILABILITY#"
_BOOKING_PREFIX = "BOOKING#"

POLICY_COPIES = 64
"""A check locks its item for as long as its transaction takes. With one copy for all slots of a provider, bookings of
different slots would wait for each other; with these, they seldom do."""


class Key(TypedDict):
    """An item's primary key."""

    PK: str
    SK: str


class Index(NamedTuple):
    """An index of bookings, the attributes that are its key, and what its partitions begin with."""

    name: str
    partition: str
    sort: str
    owner_prefix: str


_PROVIDER_PREFIX = "PROVIDER#"
_USER_PREFIX = "USER#"

INDEXES = {
    ListedBy.USER: Index("GSI1", "GSI1PK", "GSI1SK", owner_prefix=_USER_PREFIX),
    ListedBy.PROVIDER: Index("GSI2", "GSI2PK", "GSI2SK", owner_prefix=_PROVIDER_PREFIX),
}


class Range(NamedTuple):
    """Items of one partition whose sort keys are from `first` to `last`, both included."""

    partition: str
    first: str
    last: str


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


def idempotency(user_id: str, key: str) -> Key:
    """What remembers that a user's request was done."""
    return {"PK": _user(user_id), "SK": f"{IDEMPOTENCY_PREFIX}{key}"}


def holds(user_id: str) -> Key:
    """What tells which slots a user holds."""
    return {"PK": _user(user_id), "SK": HOLDS}


def booking_indexes(*, user_id: str, provider_id: str, starts_at: datetime, booking_id: str) -> dict[str, str]:
    """Where the indexes list a booking: by time, made unique by its id."""
    place = Place(starts_at, booking_id)
    return _in_index(ListedBy.USER, user_id, place) | _in_index(ListedBy.PROVIDER, provider_id, place)


def partition_in_index(listing: Listing) -> str:
    """Where a listing's index has its bookings."""
    return f"{INDEXES[listing.by].owner_prefix}{listing.owner_id}"


def place_in_index(listing: Listing, place: Place) -> dict[str, str]:
    """What a query of the listing's index goes on after: the keys there, in the index and in the table."""
    in_table = booking(place.booking_id)
    return {**_in_index(listing.by, listing.owner_id, place), "PK": in_table["PK"], "SK": in_table["SK"]}


def places_from(starts_at: datetime) -> str:
    """What sorts, in every index, before the bookings that start at this whole second or later, and after the rest."""
    return f"{_BOOKING_PREFIX}{to_text(starts_at)}"


def booking_id_of(partition_key: str) -> str:
    """The id in a booking's or trigger's partition key. Raises ValueError for another kind of key."""
    booking_id = partition_key.removeprefix(_BOOKING_PREFIX)
    if booking_id in {"", partition_key}:
        raise ValueError(f"{partition_key!r} is no booking's key")
    return booking_id


def slot_id_of(sort_key: str) -> str:
    """The id in a slot's sort key."""
    day, _, start = sort_key.removeprefix(SLOT_PREFIX).partition("#")
    return f"{day}T{start}"


def _in_index(by: ListedBy, owner_id: str, place: Place) -> dict[str, str]:
    index = INDEXES[by]
    by_time = f"{places_from(place.starts_at)}#{place.booking_id}"
    return {index.partition: f"{index.owner_prefix}{owner_id}", index.sort: by_time}


def _provider(provider_id: str) -> str:
    return f"{_PROVIDER_PREFIX}{provider_id}"


def _policy(provider_id: str, number: int) -> Key:
    """In a partition of its own, so that checks take nothing from what the provider's slots can take."""
    return {"PK": f"POLICY#{provider_id}#{number:02}", "SK": METADATA}


def _user(user_id: str) -> str:
    return f"{_USER_PREFIX}{user_id}"
