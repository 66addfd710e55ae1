"""What a `BookingStore` promises: each write set, its conditions, and what a repeat or a late call does."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.errors import SlotNotFoundError, SlotUnavailableError
from chalicelib.domain.models import CANCEL, CONFIRM, EXPIRE, Booking, BookingStatus, Slot, SlotStatus, Transition
from chalicelib.domain.ports import SlotChangedError, StepRefusedError
from tests.builders import NOW, booking, slot
from tests.contracts.given import (
    DEADLINE,
    FREE,
    JUST_BEFORE_DEADLINE,
    LATER,
    created,
    held,
    in_status,
    published,
    remove,
    state,
    status,
    stored,
)
from tests.tables import Stores

# hold


def test_a_hold_takes_the_slot_and_the_booking_can_be_read_at_once(stores: Stores) -> None:
    free, pending = held(stores)
    assert state(stores, free) == (SlotStatus.HELD, pending.booking_id, None)
    assert stores.bookings.find(pending.booking_id) == pending


def test_a_held_slot_is_refused_to_another_and_stays_with_its_holder(stores: Stores) -> None:
    free, pending = held(stores)
    other = booking(free)
    with pytest.raises(SlotUnavailableError):
        stores.bookings.hold_slot(free, other, now=LATER)
    assert state(stores, free) == (SlotStatus.HELD, pending.booking_id, None)
    assert stores.bookings.find(other.booking_id) is None


def test_a_reserved_slot_is_refused(stores: Stores) -> None:
    free, pending = in_status(stores, BookingStatus.CONFIRMED)
    with pytest.raises(SlotUnavailableError):
        stores.bookings.hold_slot(free, booking(free), now=DEADLINE + timedelta(days=0))
    assert state(stores, free) == (SlotStatus.RESERVED, None, pending.booking_id)


def test_a_slot_can_be_held_again_from_the_instant_its_hold_ends_and_not_before(stores: Stores) -> None:
    free, _ = held(stores)
    second = booking(free)
    with pytest.raises(SlotUnavailableError):
        stores.bookings.hold_slot(free, second, now=JUST_BEFORE_DEADLINE)
    stores.bookings.hold_slot(free, second, now=DEADLINE)
    assert state(stores, free) == (SlotStatus.HELD, second.booking_id, None)


def test_a_slot_can_be_held_until_it_starts_and_not_from_then_on(stores: Stores) -> None:
    free = published(stores)
    with pytest.raises(SlotUnavailableError, match="started"):
        stores.bookings.hold_slot(free, booking(free), now=free.starts_at)
    stores.bookings.hold_slot(free, booking(free), now=free.starts_at - timedelta(microseconds=1))


def test_a_slot_that_is_not_there_can_not_be_held(stores: Stores) -> None:
    unknown = slot()
    with pytest.raises(SlotNotFoundError):
        stores.bookings.hold_slot(unknown, booking(unknown), now=NOW)


@pytest.mark.parametrize("field", ["starts_at", "ends_at"])
def test_a_slot_whose_times_changed_since_it_was_read_is_given_back_as_it_is_now(stores: Stores, field: str) -> None:
    free = published(stores)
    as_read = replace(free, **{field: getattr(free, field) - timedelta(minutes=30)})
    with pytest.raises(SlotChangedError) as changed:
        stores.bookings.hold_slot(as_read, booking(as_read), now=NOW)
    assert changed.value.current == free
    assert state(stores, free) == FREE


# release


def test_a_released_hold_leaves_a_free_slot_and_no_booking(stores: Stores) -> None:
    free, pending = held(stores)
    assert stores.bookings.release_hold(pending)
    assert state(stores, free) == FREE
    assert stores.bookings.find(pending.booking_id) is None


def test_releasing_twice_does_no_harm(stores: Stores) -> None:
    free, pending = held(stores)
    stores.bookings.release_hold(pending)
    assert stores.bookings.release_hold(pending)
    assert state(stores, free) == FREE


def test_a_hold_whose_booking_was_written_is_not_released(stores: Stores) -> None:
    free, pending = created(stores)
    assert not stores.bookings.release_hold(pending)
    assert state(stores, free) == (SlotStatus.HELD, pending.booking_id, None)
    assert status(stores, pending) == BookingStatus.PENDING


def test_releasing_a_hold_that_was_taken_over_leaves_the_slot_to_its_new_holder(stores: Stores) -> None:
    free, first = held(stores)
    second = booking(free)
    stores.bookings.hold_slot(free, second, now=DEADLINE)
    assert stores.bookings.release_hold(first)
    assert state(stores, free) == (SlotStatus.HELD, second.booking_id, None)
    assert stores.bookings.find(first.booking_id) is None


def test_releasing_a_hold_that_never_came_to_be_changes_nothing(stores: Stores) -> None:
    free = published(stores)
    assert stores.bookings.release_hold(booking(free))
    assert state(stores, free) == FREE


# create


def test_the_worker_writes_the_booking_as_it_was_held(stores: Stores) -> None:
    _, pending = held(stores)
    assert stores.bookings.create_pending(pending)
    assert stores.bookings.find(pending.booking_id) == pending


@pytest.mark.parametrize("there", BookingStatus)
def test_a_redelivered_message_leaves_the_booking_as_it_is(stores: Stores, there: BookingStatus) -> None:
    free, pending = in_status(stores, there)
    slot_before = state(stores, free)
    assert stores.bookings.create_pending(pending)
    assert status(stores, pending) == there
    assert state(stores, free) == slot_before


def test_a_message_whose_hold_was_given_back_creates_nothing(stores: Stores) -> None:
    _, pending = held(stores)
    stores.bookings.release_hold(pending)
    assert not stores.bookings.create_pending(pending)
    assert stores.bookings.find(pending.booking_id) is None


# confirm, cancel, expire


OUTCOMES = [
    (CONFIRM, BookingStatus.CONFIRMED, SlotStatus.RESERVED),
    (CANCEL, BookingStatus.CANCELLED, SlotStatus.AVAILABLE),
    (EXPIRE, BookingStatus.EXPIRED, SlotStatus.AVAILABLE),
]


@pytest.mark.parametrize(("step", "booking_status", "slot_status"), OUTCOMES)
@pytest.mark.parametrize("written", [True, False], ids=["written", "still-in-the-queue"])
def test_a_step_changes_booking_and_slot_together(
    stores: Stores, step: Transition, booking_status: BookingStatus, slot_status: SlotStatus, written: bool
) -> None:
    free, pending = created(stores) if written else held(stores)
    after = stores.bookings.take_step(step, pending, at=LATER)
    assert after == pending.moved(booking_status, at=LATER)
    assert stores.bookings.find(pending.booking_id) == after
    owner = pending.booking_id if slot_status is SlotStatus.RESERVED else None
    assert state(stores, free) == (slot_status, None, owner)


def test_a_confirmed_booking_can_be_cancelled(stores: Stores) -> None:
    free, pending = in_status(stores, BookingStatus.CONFIRMED)
    after = stores.bookings.take_step(CANCEL, stored(stores, pending), at=LATER)
    assert after.status is BookingStatus.CANCELLED
    assert after.confirmed_at == NOW
    assert stored(stores, pending) == after
    assert state(stores, free) == FREE


@pytest.mark.parametrize("step", [CONFIRM, CANCEL, EXPIRE], ids=["confirm", "cancel", "expire"])
@pytest.mark.parametrize("there", sorted(set(BookingStatus) - {BookingStatus.PENDING}))
def test_a_step_on_a_booking_that_was_changed_since_it_was_read_changes_nothing(
    stores: Stores, step: Transition, there: BookingStatus
) -> None:
    free, as_read = in_status(stores, there)
    booking_before, slot_before = stored(stores, as_read), state(stores, free)
    with pytest.raises(StepRefusedError):
        stores.bookings.take_step(step, as_read, at=LATER)
    assert stored(stores, as_read) == booking_before
    assert state(stores, free) == slot_before


def test_each_change_of_a_booking_is_counted(stores: Stores) -> None:
    _, pending = created(stores)
    assert stored(stores, pending).sequence == 0
    stores.bookings.take_step(CONFIRM, pending, at=LATER)
    assert stored(stores, pending).sequence == 1
    stores.bookings.take_step(CANCEL, stored(stores, pending), at=LATER)
    assert stored(stores, pending).sequence == 2


def test_a_hold_can_be_confirmed_until_its_deadline_and_not_from_then_on(stores: Stores) -> None:
    free, pending = created(stores)
    with pytest.raises(StepRefusedError):
        stores.bookings.take_step(CONFIRM, pending, at=DEADLINE)
    assert state(stores, free) == (SlotStatus.HELD, pending.booking_id, None)
    stores.bookings.take_step(CONFIRM, pending, at=JUST_BEFORE_DEADLINE)
    assert state(stores, free) == (SlotStatus.RESERVED, None, pending.booking_id)


def re_held(stores: Stores, *, confirm: bool) -> tuple[Slot, Booking, Booking]:
    """A slot whose first hold ended, and that a second booking holds or has reserved."""
    free, first = created(stores)
    second = booking(free, created_at=DEADLINE, updated_at=DEADLINE, expires_at=DEADLINE + timedelta(seconds=300))
    stores.bookings.hold_slot(free, second, now=DEADLINE)
    if confirm:
        stores.bookings.take_step(CONFIRM, second, at=DEADLINE)
    return free, first, second


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_booking_whose_slot_went_to_another_can_not_be_confirmed(stores: Stores, confirmed: bool) -> None:
    free, first, _ = re_held(stores, confirm=confirmed)
    slot_before = state(stores, free)
    with pytest.raises(StepRefusedError):
        stores.bookings.take_step(CONFIRM, first, at=NOW)
    assert state(stores, free) == slot_before
    assert status(stores, first) == BookingStatus.PENDING


@pytest.mark.parametrize("confirmed", [True, False])
@pytest.mark.parametrize("step", [CANCEL, EXPIRE], ids=["cancel", "expire"])
def test_a_booking_whose_slot_went_to_another_ends_alone(stores: Stores, step: Transition, confirmed: bool) -> None:
    free, first, second = re_held(stores, confirm=confirmed)
    slot_before = state(stores, free)
    stores.bookings.take_step(step, first, at=LATER)
    assert status(stores, first) == step.to
    assert state(stores, free) == slot_before
    assert second.booking_id in slot_before


@pytest.mark.parametrize("step", [CANCEL, EXPIRE], ids=["cancel", "expire"])
def test_a_booking_whose_slot_is_gone_ends_alone(stores: Stores, step: Transition) -> None:
    free, pending = created(stores)
    remove(stores, free, at=DEADLINE)
    stores.bookings.take_step(step, pending, at=LATER)
    assert status(stores, pending) == step.to
    assert stores.slots.find(free.provider_id, free.slot_id) is None


@pytest.mark.parametrize("step", [CANCEL, EXPIRE], ids=["cancel", "expire"])
@pytest.mark.parametrize("there", [BookingStatus.CANCELLED, BookingStatus.EXPIRED])
def test_an_ended_booking_whose_slot_went_to_another_does_not_end_twice(
    stores: Stores, step: Transition, there: BookingStatus
) -> None:
    free, first = in_status(stores, there)
    second = booking(free)
    stores.bookings.hold_slot(free, second, now=LATER)
    with pytest.raises(StepRefusedError):
        stores.bookings.take_step(step, first, at=LATER)
    assert status(stores, first) == there
    assert state(stores, free) == (SlotStatus.HELD, second.booking_id, None)


def test_an_expiry_never_frees_a_reserved_slot(stores: Stores) -> None:
    free, pending = in_status(stores, BookingStatus.CONFIRMED)
    with pytest.raises(StepRefusedError):
        stores.bookings.take_step(EXPIRE, pending, at=DEADLINE)
    assert state(stores, free) == (SlotStatus.RESERVED, None, pending.booking_id)


def test_a_step_leaves_no_trigger_behind(stores: Stores) -> None:
    """A message that comes after the step finds the booking, and after a release nothing."""
    _, pending = held(stores)
    stores.bookings.take_step(CANCEL, pending, at=LATER)
    assert stores.bookings.create_pending(pending)
    assert status(stores, pending) == BookingStatus.CANCELLED


def test_a_freed_slot_can_be_booked_again(stores: Stores) -> None:
    free, first = in_status(stores, BookingStatus.CONFIRMED)
    stores.bookings.take_step(CANCEL, stored(stores, first), at=LATER)
    second = booking(free)
    stores.bookings.hold_slot(free, second, now=LATER)
    stores.bookings.take_step(CONFIRM, second, at=LATER)
    assert state(stores, free) == (SlotStatus.RESERVED, None, second.booking_id)
    assert status(stores, first) == BookingStatus.CANCELLED
