"""What a `BookingStore` promises of a reschedule: both slots, the booking and its trigger change together, or not."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.domain.errors import SlotNotFoundError, SlotUnavailableError
from chalicelib.domain.models import CANCEL, CONFIRM, EXPIRE, Booking, BookingStatus, Slot, SlotStatus, Transition
from chalicelib.domain.ports import SlotChangedError, StepRefusedError
from tests.builders import NOW, booking
from tests.contracts.given import (
    DEADLINE,
    FREE,
    JUST_BEFORE_DEADLINE,
    LATER,
    created,
    held,
    in_status,
    published,
    state,
    status,
    stored,
)
from tests.tables import Stores

LIVE = [BookingStatus.PENDING, BookingStatus.CONFIRMED]


def another(stores: Stores, than: Slot, *, hours: int = 1) -> Slot:
    """A further free slot of the same provider."""
    return published(stores, provider_id=than.provider_id, starts_at=than.starts_at + timedelta(hours=hours))


def owned(of: Booking) -> tuple[str, str | None, str | None]:
    """The state of a slot that a live booking has."""
    if of.status is BookingStatus.PENDING:
        return SlotStatus.HELD, of.booking_id, None
    return SlotStatus.RESERVED, None, of.booking_id


@pytest.mark.parametrize("there", LIVE)
def test_the_old_slot_is_free_and_the_new_one_taken_in_the_same_way(stores: Stores, there: BookingStatus) -> None:
    old, pending = in_status(stores, there)
    new, before = another(stores, old), stored(stores, pending)

    after = stores.bookings.reschedule(before, new, at=LATER)

    assert after == before.rescheduled(new, at=LATER)
    assert stored(stores, pending) == after
    assert state(stores, old) == FREE
    assert state(stores, new) == owned(after)


def test_the_hold_of_the_new_slot_ends_when_that_of_the_old_one_would_have(stores: Stores) -> None:
    old, pending = created(stores)
    new = another(stores, old)
    stores.bookings.reschedule(pending, new, at=LATER)

    second = booking(new)
    with pytest.raises(SlotUnavailableError):
        stores.bookings.hold_slot(new, second, now=JUST_BEFORE_DEADLINE)
    stores.bookings.hold_slot(new, second, now=DEADLINE)


def test_a_booking_whose_message_is_still_in_the_queue_is_written_on_its_new_slot_and_stays_there(
    stores: Stores,
) -> None:
    old, pending = held(stores)
    new = another(stores, old)
    after = stores.bookings.reschedule(pending, new, at=LATER)
    assert stored(stores, pending) == after

    assert stores.bookings.create_pending(pending)

    assert stored(stores, pending) == after
    assert state(stores, old) == FREE


@pytest.mark.parametrize("there", LIVE)
def test_the_old_slot_can_be_booked_at_once(stores: Stores, there: BookingStatus) -> None:
    old, pending = in_status(stores, there)
    stores.bookings.reschedule(stored(stores, pending), another(stores, old), at=LATER)

    second = booking(old)
    stores.bookings.hold_slot(old, second, now=LATER)

    assert state(stores, old) == (SlotStatus.HELD, second.booking_id, None)


@pytest.mark.parametrize("there", LIVE)
def test_a_slot_that_another_has_is_refused_and_nothing_changes(stores: Stores, there: BookingStatus) -> None:
    old, pending = in_status(stores, there)
    new, before = another(stores, old), stored(stores, pending)
    others = booking(new)
    stores.bookings.hold_slot(new, others, now=NOW)

    with pytest.raises(SlotUnavailableError):
        stores.bookings.reschedule(before, new, at=LATER)

    assert stored(stores, pending) == before
    assert state(stores, old) == owned(before)
    assert state(stores, new) == (SlotStatus.HELD, others.booking_id, None)


def test_a_slot_whose_hold_is_over_can_be_taken(stores: Stores) -> None:
    old, pending = in_status(stores, BookingStatus.CONFIRMED)
    new = another(stores, old)
    stores.bookings.hold_slot(new, booking(new), now=NOW)

    stores.bookings.reschedule(stored(stores, pending), new, at=DEADLINE)

    assert state(stores, new) == (SlotStatus.RESERVED, None, pending.booking_id)


@pytest.mark.parametrize("there", LIVE)
def test_a_slot_that_is_not_there_is_told(stores: Stores, there: BookingStatus) -> None:
    old, pending = in_status(stores, there)
    missing = replace(old, slot_id="2030-05-02T22:00")

    with pytest.raises(SlotNotFoundError):
        stores.bookings.reschedule(stored(stores, pending), missing, at=LATER)

    assert state(stores, old) == owned(stored(stores, pending))


def test_a_slot_that_has_started_is_refused(stores: Stores) -> None:
    old, pending = in_status(stores, BookingStatus.CONFIRMED)
    new = another(stores, old)

    with pytest.raises(SlotUnavailableError, match="started"):
        stores.bookings.reschedule(stored(stores, pending), new, at=new.starts_at)


@pytest.mark.parametrize("field", ["starts_at", "ends_at"])
def test_a_slot_with_other_times_than_expected_is_given_back_as_it_is(stores: Stores, field: str) -> None:
    old, pending = created(stores)
    new = another(stores, old)
    expected = replace(new, **{field: getattr(new, field) - timedelta(minutes=30)})

    with pytest.raises(SlotChangedError) as changed:
        stores.bookings.reschedule(pending, expected, at=LATER)

    assert changed.value.current == new
    assert state(stores, new) == FREE


def test_a_hold_can_be_rescheduled_until_its_deadline_and_not_from_then_on(stores: Stores) -> None:
    old, pending = created(stores)
    new = another(stores, old)
    with pytest.raises(StepRefusedError):
        stores.bookings.reschedule(pending, new, at=DEADLINE)
    assert (state(stores, old), state(stores, new)) == (owned(pending), FREE)

    stores.bookings.reschedule(pending, new, at=JUST_BEFORE_DEADLINE)


def test_a_confirmed_booking_can_be_rescheduled_after_the_deadline_of_its_hold(stores: Stores) -> None:
    old, pending = in_status(stores, BookingStatus.CONFIRMED)
    new = another(stores, old)
    stores.bookings.reschedule(stored(stores, pending), new, at=DEADLINE + timedelta(hours=1))
    assert state(stores, new) == (SlotStatus.RESERVED, None, pending.booking_id)


@pytest.mark.parametrize("there", [BookingStatus.CONFIRMED, BookingStatus.CANCELLED, BookingStatus.EXPIRED])
def test_a_booking_that_was_changed_since_it_was_read_is_not_rescheduled(stores: Stores, there: BookingStatus) -> None:
    old, as_read = in_status(stores, there)
    new = another(stores, old)
    booking_before, slot_before = stored(stores, as_read), state(stores, old)

    with pytest.raises(StepRefusedError):
        stores.bookings.reschedule(as_read, new, at=LATER)

    assert stored(stores, as_read) == booking_before
    assert (state(stores, old), state(stores, new)) == (slot_before, FREE)


def test_a_booking_that_was_rescheduled_since_it_was_read_is_not_rescheduled(stores: Stores) -> None:
    old, pending = in_status(stores, BookingStatus.CONFIRMED)
    first, second = another(stores, old), another(stores, old, hours=2)
    as_read = stored(stores, pending)
    stores.bookings.reschedule(as_read, first, at=LATER)

    with pytest.raises(StepRefusedError):
        stores.bookings.reschedule(as_read, second, at=LATER)

    assert [state(stores, each) for each in (old, first, second)] == [
        FREE,
        (SlotStatus.RESERVED, None, pending.booking_id),
        FREE,
    ]


def test_a_booking_whose_slot_went_to_another_is_not_rescheduled(stores: Stores) -> None:
    old, first = created(stores)
    stores.bookings.hold_slot(old, booking(old, created_at=DEADLINE), now=DEADLINE)
    new = another(stores, old)

    with pytest.raises(StepRefusedError):
        stores.bookings.reschedule(first, new, at=NOW)

    assert state(stores, new) == FREE


STEPS: list[tuple[Transition, datetime]] = [(CONFIRM, LATER), (CANCEL, LATER), (EXPIRE, DEADLINE)]


@pytest.mark.parametrize(("step", "at"), STEPS, ids=["confirm", "cancel", "expire"])
@pytest.mark.parametrize("written", [True, False], ids=["written", "still-in-the-queue"])
def test_a_step_that_was_decided_on_the_old_slot_changes_nothing(
    stores: Stores, step: Transition, at: datetime, written: bool
) -> None:
    """It would end the booking, and leave the new slot taken for ever."""
    old, as_read = created(stores) if written else held(stores)
    new = another(stores, old)
    after = stores.bookings.reschedule(as_read, new, at=LATER)

    with pytest.raises(StepRefusedError):
        stores.bookings.take_step(step, as_read, at=at)

    assert stored(stores, as_read) == after
    assert (state(stores, old), state(stores, new)) == (FREE, owned(after))


@pytest.mark.parametrize(("step", "at"), STEPS, ids=["confirm", "cancel", "expire"])
def test_a_step_after_a_reschedule_is_about_the_new_slot(stores: Stores, step: Transition, at: datetime) -> None:
    old, pending = created(stores)
    new = another(stores, old)
    stores.bookings.reschedule(pending, new, at=LATER)
    others = booking(old)
    stores.bookings.hold_slot(old, others, now=LATER)

    stores.bookings.take_step(step, stored(stores, pending), at=at)

    assert status(stores, pending) == step.to
    assert state(stores, old) == owned(others)
    assert state(stores, new) == (owned(stored(stores, pending)) if step is CONFIRM else FREE)


def test_a_booking_can_come_back_to_its_first_slot(stores: Stores) -> None:
    old, pending = created(stores)
    new = another(stores, old)
    away = stores.bookings.reschedule(pending, new, at=LATER)

    back = stores.bookings.reschedule(away, old, at=LATER)

    assert stored(stores, pending) == back
    assert back.sequence == 2
    assert (state(stores, old), state(stores, new)) == (owned(back), FREE)
