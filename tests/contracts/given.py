"""What the contract tests begin with: slots and bookings in a state, made through the stores alone."""

from datetime import datetime, timedelta

from chalicelib.domain.models import CANCEL, CONFIRM, EXPIRE, Booking, BookingStatus, Slot, SlotStatus
from tests.builders import NOW, booking, new_id, slot, window
from tests.tables import Stores

LATER = NOW + timedelta(seconds=5)
JUST_BEFORE_DEADLINE = booking().expires_at - timedelta(microseconds=1)
DEADLINE = booking().expires_at


def published(stores: Stores, **changes: object) -> Slot:
    """A free slot in the store."""
    free = slot(**changes)
    revision = new_id()
    stores.slots.open_window(free.provider_id, window(), revision=revision)
    stores.slots.add([free], window(), revision=revision)
    return free


def withdraw(stores: Stores, free: Slot, *, at: datetime = NOW) -> None:
    """Remove a slot."""
    revision = new_id()
    stores.slots.open_window(free.provider_id, window(), revision=revision)
    assert stores.slots.remove_free([free], window(), revision=revision, now=at) == []


def held(stores: Stores) -> tuple[Slot, Booking]:
    """A slot, and the booking that holds it, whose message is still on its way."""
    free = published(stores)
    pending = booking(free)
    stores.bookings.hold_slot(free, pending, now=NOW)
    return free, pending


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
