"""What must always hold, and what must be done in the end, checked on all items of a table."""

from collections.abc import Iterable
from datetime import datetime

from chalicelib.dao import keys
from chalicelib.dao.items import Item, to_booking, to_slot
from chalicelib.domain.models import Booking, BookingStatus, Slot, SlotStatus


def violations(items: Iterable[Item], *, now: datetime) -> list[str]:
    """What is wrong, in words; nothing if all is well."""
    stored, waiting, slots = _sorted_out(items)
    bookings = waiting | stored
    return [
        *_owners(bookings.values(), slots, now),
        *_reservations(stored, slots.values()),
        *_holds(waiting, (slot for slot in slots.values() if slot.status_at(now) is SlotStatus.HELD)),
        *(f"{each} is settled and has a trigger" for each in stored.keys() & waiting.keys() if _settled(stored[each])),
    ]


def unfinished(items: Iterable[Item], *, now: datetime) -> list[str]:
    """What has come to its deadline, and still waits for a worker."""
    stored, waiting, slots = _sorted_out(items)
    lapsed_slots = (slot for slot in slots.values() if slot != slot.seen_at(now))
    lapsed_bookings = (booking for booking in (waiting | stored).values() if booking != booking.seen_at(now))
    return [
        *(f"{slot.slot_id} of {slot.provider_id} is still held" for slot in lapsed_slots),
        *(f"{booking.booking_id} is still pending" for booking in lapsed_bookings),
    ]


def _sorted_out(
    items: Iterable[Item],
) -> tuple[dict[str, Booking], dict[str, Booking], dict[tuple[str, str], Slot]]:
    stored: dict[str, Booking] = {}
    waiting: dict[str, Booking] = {}
    slots: dict[tuple[str, str], Slot] = {}
    for item in items:
        if item["PK"].startswith("BOOKING#"):
            booking = to_booking(item)
            (waiting if item["SK"] == keys.EXPIRATION_TRIGGER else stored)[booking.booking_id] = booking
        elif item["SK"].startswith(keys.SLOT_PREFIX):
            slot = to_slot(item)
            slots[slot.provider_id, slot.slot_id] = slot
    return stored, waiting, slots


def _owners(bookings: Iterable[Booking], slots: dict[tuple[str, str], Slot], now: datetime) -> Iterable[str]:
    """A live booking has its slot, and no other live booking has it."""
    owners: dict[tuple[str, str], str] = {}
    for booking in bookings:
        seen = booking.seen_at(now)
        if seen.status not in {BookingStatus.PENDING, BookingStatus.CONFIRMED}:
            continue
        key = (booking.provider_id, booking.slot_id)
        if key in owners:
            yield f"{booking.booking_id} and {owners[key]} both have {key}"
        owners[key] = booking.booking_id
        slot = slots.get(key)
        owner = slot and (slot.reserved_by if seen.status is BookingStatus.CONFIRMED else slot.held_by)
        if owner != booking.booking_id:
            yield f"{booking.booking_id} is {seen.status}, but {key} belongs to {owner}"


def _reservations(stored: dict[str, Booking], slots: Iterable[Slot]) -> Iterable[str]:
    """A RESERVED slot names a CONFIRMED booking, which names it."""
    for slot in slots:
        if slot.status is not SlotStatus.RESERVED:
            continue
        booking = stored.get(slot.reserved_by or "")
        if booking is None or booking.status is not BookingStatus.CONFIRMED:
            yield f"{slot.slot_id} is reserved by {slot.reserved_by}, which is {booking and booking.status}"
        elif (booking.provider_id, booking.slot_id) != (slot.provider_id, slot.slot_id):
            yield f"{slot.slot_id} is reserved by {slot.reserved_by}, which names {booking.slot_id}"


def _holds(waiting: dict[str, Booking], slots: Iterable[Slot]) -> Iterable[str]:
    """A HELD slot has one deadline with its booking's trigger, which ends it."""
    for slot in slots:
        booking = waiting.get(slot.held_by or "")
        if booking is None:
            yield f"{slot.slot_id} is held by {slot.held_by}, and nothing ends that"
        elif booking.expires_at != slot.hold_expires_at:
            yield f"{slot.slot_id} is held until {slot.hold_expires_at}, its booking until {booking.expires_at}"


def _settled(booking: Booking) -> bool:
    return booking.status is not BookingStatus.PENDING
