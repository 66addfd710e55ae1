"""What the contract tests begin with: slots and bookings in a state, made through the stores alone."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from chalicelib.domain.changes import DayChange
from chalicelib.domain.models import CANCEL, CONFIRM, EXPIRE, Booking, BookingStatus, Holds, Slot, SlotStatus
from tests.builders import NOW, availability, booking, change, new_id, slot
from tests.tables import Stores

LATER = NOW + timedelta(seconds=5)
JUST_BEFORE_DEADLINE = booking().expires_at - timedelta(microseconds=1)
DEADLINE = booking().expires_at


def published(stores: Stores, **changes: object) -> Slot:
    """A free slot in the store."""
    free = slot(**changes)
    assert stores.slots.change_days(free.provider_id, [_change(stores, free, add=(free,))], now=NOW)
    return free


def remove(stores: Stores, free: Slot, *, at: datetime = NOW) -> None:
    """Remove a slot that nobody owns."""
    (made,) = stores.slots.change_days(free.provider_id, [_change(stores, free, remove=(free,))], now=at)
    assert made.kept == ()


def _change(stores: Stores, of: Slot, **slots: tuple[Slot, ...]) -> DayChange:
    """A change of the slot's day, as it is now."""
    day = date.fromisoformat(of.slot_id.partition("T")[0])
    there = stores.slots.availability(of.provider_id, day, day)
    return change(
        availability=replace(availability(day=day), revision=new_id()),
        replaces="".join(each.revision for each in there),
        **slots,
    )


def held(stores: Stores) -> tuple[Slot, Booking]:
    """A slot, and the booking that holds it, whose message is still on its way."""
    free = published(stores)
    pending = booking(free)
    stores.bookings.hold_slot(free, pending, now=NOW)
    return free, pending


def holds_of(stores: Stores, user_id: str) -> Holds:
    """What the next hold of the user is decided on."""
    return stores.bookings.prospect(f"p-{new_id()}", "2030-05-02T09:00", user_id, now=NOW, key=None).holds


def created(stores: Stores) -> tuple[Slot, Booking]:
    """A slot, and the booking that holds it, written by the worker."""
    free, pending = held(stores)
    assert stores.bookings.create_pending(pending)
    return free, pending


def in_status(stores: Stores, status: BookingStatus) -> tuple[Slot, Booking]:
    """A slot and a booking of it in a status."""
    free, pending = created(stores)
    steps = {BookingStatus.CONFIRMED: CONFIRM, BookingStatus.CANCELLED: CANCEL, BookingStatus.EXPIRED: EXPIRE}
    if status is not BookingStatus.PENDING:
        stores.bookings.take_step(steps[status], pending, at=NOW)
    return free, pending


def state(stores: Stores, of: Slot) -> tuple[str, str | None, str | None]:
    """Status, holder and owner of a slot in the store."""
    there = stores.slots.find(of.provider_id, of.slot_id)
    assert there
    return there.status, there.held_by, there.reserved_by


def stored(stores: Stores, of: Booking) -> Booking:
    """A booking as it is in the store."""
    there = stores.bookings.find(of.booking_id)
    assert there
    return there


def status(stores: Stores, of: Booking) -> str | None:
    """Status of a booking in the store."""
    there = stores.bookings.find(of.booking_id)
    return there.status if there else None


FREE = (SlotStatus.AVAILABLE, None, None)
