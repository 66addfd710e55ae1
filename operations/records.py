"""The items of a table, read as what they are; what can't be read is kept apart with the reason."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, TypeAlias

from chalicelib.dao import keys
from chalicelib.dao.items import (
    Item,
    availability_item,
    camel,
    holds_item,
    idempotency_item,
    pending_item,
    policy_fields,
    provider_item,
    slot_item,
    to_availability,
    to_booking,
    to_booking_as_made,
    to_holds,
    to_policy,
    to_provider,
    to_slot,
    trigger_item,
)
from chalicelib.dao.values import serialized
from chalicelib.domain.instants import to_epoch_second, to_text
from chalicelib.domain.models import TIMESTAMP_OF, Booking, BookingStatus, Policy, Provider, Slot

Place: TypeAlias = tuple[str, str]
"""An item's partition and sort key."""

_BOOKINGS = keys.booking("")["PK"]
_PROVIDERS = keys.provider("")["PK"]
_POLICIES = "POLICY#"
_USERS = keys.idempotency("", "")["PK"]
_INDEX_KEYS = frozenset({"GSI1PK", "GSI1SK", "GSI2PK", "GSI2SK"})
_READING_ERRORS = (ArithmeticError, AttributeError, KeyError, OSError, TypeError, ValueError)
OWNER_FIELDS = ("heldBy", "holdExpiresAt", "reservedBy")
"""What tells a slot's owner."""


@dataclass(frozen=True)
class Records:
    """Items by kind. Bookings are by id, in both of their forms; slots and everything unreadable by place."""

    stored: dict[str, Booking] = field(default_factory=dict)
    """Bookings from their own items."""
    waiting: dict[str, Booking] = field(default_factory=dict)
    """Bookings from their expiration triggers."""
    providers: dict[Place, Provider] = field(default_factory=dict)
    policies: dict[Place, Policy] = field(default_factory=dict)
    """The copies of providers' policies."""
    slots: dict[Place, Slot] = field(default_factory=dict)
    owner_fields: dict[Place, frozenset[str]] = field(default_factory=dict)
    """Which of the fields that tell an owner each slot has, and not empty."""
    badly_indexed: set[str] = field(default_factory=set)
    """Ids of bookings whose index keys are not those of their facts."""
    unreadable: dict[Place, str] = field(default_factory=dict)
    """What is wrong with an item that can't be read."""

    @cached_property
    def bookings(self) -> dict[str, Booking]:
        """Every booking, once all items are sorted out; the trigger stands for one that is not written yet."""
        return self.waiting | self.stored

    def add(self, other: "Records") -> None:
        """Know what another knows, too."""
        self.stored.update(other.stored)
        self.waiting.update(other.waiting)
        self.providers.update(other.providers)
        self.policies.update(other.policies)
        self.slots.update(other.slots)
        self.owner_fields.update(other.owner_fields)
        self.badly_indexed.update(other.badly_indexed)
        self.unreadable.update(other.unreadable)


def sort_out(items: Iterable[Item]) -> Records:
    """Read every item; those of a kind that is not known here are left alone."""
    records = Records()
    for item in items:
        records.add(read(item))
    return records


def read(item: Item) -> Records:
    """What one item tells."""
    records = Records()
    place = place_of(item)
    try:
        if reader := _reader(place):
            reader(item, records)
    except _READING_ERRORS as error:
        records.unreadable[place] = f"{error} is missing" if type(error) is KeyError else str(error)
    return records


def place_of(item: Mapping[str, Any]) -> Place:
    """Where an item is, or the one that a key names."""
    return item["PK"], item["SK"]


def booking_place(booking_id: str) -> Place:
    """Where a booking's own item is."""
    return place_of(keys.booking(booking_id))


def trigger_place(booking_id: str) -> Place:
    """Where a booking's expiration trigger is."""
    return place_of(keys.trigger(booking_id))


def slot_place(of: Slot | Booking) -> Place:
    """Where a slot is, or the one that a booking names."""
    return place_of(keys.slot(of.provider_id, of.slot_id))


def related(item: Item) -> set[Place]:
    """Where the items are that an item names: a booking's slot, a slot's owner, and a booking's other half."""
    partition, sort_key = place_of(item)
    named = [item.get("heldBy"), item.get("reservedBy")] if sort_key.startswith(keys.SLOT_PREFIX) else []
    slots = set()
    if partition.startswith(_BOOKINGS):
        named = [partition.removeprefix(_BOOKINGS)]
        if isinstance(item.get("providerId"), str) and isinstance(item.get("slotId"), str):
            slots = {place_of(keys.slot(item["providerId"], item["slotId"]))}
    booking_ids = [each for each in named if each]
    return slots | {place for each in booking_ids for place in (booking_place(each), trigger_place(each))}


def _reader(place: Place) -> Callable[[Item, Records], None] | None:
    partition, sort_key = place
    if partition.startswith(_POLICIES):
        return _read_policy
    if sort_key.startswith(keys.IDEMPOTENCY_PREFIX):
        return _read_remembered_request
    if sort_key == keys.HOLDS:
        return _read_holds
    if partition.startswith(_BOOKINGS):
        return {keys.METADATA: _read_booking, keys.EXPIRATION_TRIGGER: _read_trigger}.get(sort_key)
    if not partition.startswith(_PROVIDERS):
        return None
    if sort_key.startswith(keys.SLOT_PREFIX):
        return _read_slot
    if sort_key.startswith(keys.AVAILABILITY_PREFIX):
        return _read_availability
    return _read_provider if sort_key == keys.METADATA else None


def _read_booking(item: Item, records: Records) -> None:
    booking = to_booking(item)
    told = {camel(name): at for name in TIMESTAMP_OF.values() if (at := getattr(booking, name))}
    as_written = {
        **pending_item(booking),
        "status": booking.status.value,
        **{name: to_text(at) for name, at in told.items()},
    }
    _compare(item, {name: value for name, value in as_written.items() if name not in _INDEX_KEYS})
    records.stored[booking.booking_id] = booking
    if any(item.get(name) != as_written[name] for name in _INDEX_KEYS):
        records.badly_indexed.add(booking.booking_id)


def _read_trigger(item: Item, records: Records) -> None:
    booking = to_booking(item)
    _compare(item, trigger_item(booking))
    records.waiting[booking.booking_id] = booking


def _read_slot(item: Item, records: Records) -> None:
    slot = to_slot(item)
    deadline = to_epoch_second(slot.hold_expires_at) if slot.hold_expires_at else None
    told = {"heldBy": slot.held_by, "holdExpiresAt": deadline, "reservedBy": slot.reserved_by}
    as_written = {**slot_item(slot), "status": slot.status.value}
    if "withdrawn" in item:
        as_written["withdrawn"] = True
    _compare(item, as_written | {name: value for name, value in told.items() if value is not None})
    place = place_of(item)
    records.slots[place] = slot
    records.owner_fields[place] = frozenset(name for name in OWNER_FIELDS if item.get(name))


def _read_provider(item: Item, records: Records) -> None:
    provider = to_provider(item)
    _compare(item, provider_item(provider))
    records.providers[place_of(item)] = provider


def _read_policy(item: Item, records: Records) -> None:
    policy = to_policy(item)
    _compare(item, {"providerId": str(item["providerId"]), **policy_fields(policy)})
    records.policies[place_of(item)] = policy


def _read_remembered_request(item: Item, _: Records) -> None:
    partition, sort_key = place_of(item)
    user_id, key = partition.removeprefix(_USERS), sort_key.removeprefix(keys.IDEMPOTENCY_PREFIX)
    _compare(item, idempotency_item(to_booking_as_made(item), user_id, key))


def _read_holds(item: Item, _: Records) -> None:
    _compare(item, holds_item(item["PK"].removeprefix(_USERS), to_holds(item)))


def _read_availability(item: Item, _: Records) -> None:
    provider_id = item["PK"].removeprefix(_PROVIDERS)
    as_written = availability_item(provider_id, to_availability(item))
    _compare(item, {name: value for name, value in as_written.items() if name != "windows"})
    stored, expected = ({"windows": each["windows"]} for each in (item, as_written))
    if serialized(stored) != serialized(expected):
        raise ValueError(f"its windows are {stored['windows']!r} and should be {expected['windows']!r}")


def _compare(item: Item, as_written: Mapping[str, Any]) -> None:
    """An item must be as the application would write it: conditions compare types and spelling, not meaning."""
    for name, expected in as_written.items():
        stored = item[name]
        of_type = isinstance(stored, _TYPES.get(type(expected), str))
        if not of_type or stored != expected:
            raise ValueError(f"{name} is {stored!r} and should be {expected!r}")


_TYPES = {bool: bool, int: Decimal, dict: dict}
"""How the table gives what is no text."""


def is_settled(booking: Booking) -> bool:
    """Whether nobody's hold is behind it any more."""
    return booking.status is not BookingStatus.PENDING
