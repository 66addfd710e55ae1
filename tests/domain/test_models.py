"""Slots and bookings in time, and the steps between their states."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.models import (
    CANCEL,
    CONFIRM,
    EXPIRE,
    SLOT_STATUS_OF,
    TIMESTAMP_OF,
    BookingStatus,
    Slot,
    SlotStatus,
    Transition,
)
from tests.builders import NOW, booking, slot

DEADLINE = datetime(2030, 5, 1, 12, 5, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
STARTS_AT = datetime(2030, 5, 2, 9, tzinfo=UTC)

free = slot(starts_at=STARTS_AT)
held = slot(starts_at=STARTS_AT, status=SlotStatus.HELD, held_by="booking-1", hold_expires_at=DEADLINE)
reserved = slot(starts_at=STARTS_AT, status=SlotStatus.RESERVED, reserved_by="booking-1")


@pytest.mark.parametrize(
    ("of", "now", "status"),
    [
        pytest.param(free, NOW, SlotStatus.AVAILABLE, id="free"),
        pytest.param(held, DEADLINE - MOMENT, SlotStatus.HELD, id="a moment before the deadline"),
        pytest.param(held, DEADLINE, SlotStatus.AVAILABLE, id="at the deadline"),
        pytest.param(held, DEADLINE + timedelta(days=2), SlotStatus.AVAILABLE, id="two days late"),
        pytest.param(reserved, DEADLINE + timedelta(days=2), SlotStatus.RESERVED, id="reserved"),
    ],
)
def test_a_hold_is_over_at_its_deadline_and_a_reservation_never(of: Slot, now: datetime, status: SlotStatus) -> None:
    assert of.seen_at(now).status is status
    assert of.is_owned_at(now) is (status is not SlotStatus.AVAILABLE)


def test_a_reserved_slot_stays_so_though_a_deadline_was_left_behind() -> None:
    left_behind = slot(status=SlotStatus.RESERVED, reserved_by="booking-1", hold_expires_at=DEADLINE)

    assert left_behind.is_owned_at(DEADLINE)
    assert left_behind.seen_at(DEADLINE) == left_behind


def test_a_hold_that_says_of_no_deadline_lasts() -> None:
    assert slot(status=SlotStatus.HELD, held_by="booking-1", hold_expires_at=None).is_owned_at(DEADLINE)


def test_what_counts_as_it_is_stored_is_not_made_again() -> None:
    assert free.seen_at(NOW) is free


@pytest.mark.parametrize(
    ("of", "now", "expected"),
    [
        pytest.param(free, STARTS_AT - MOMENT, True, id="a moment before it starts"),
        pytest.param(free, STARTS_AT, False, id="as it starts"),
        pytest.param(free, STARTS_AT + MOMENT, False, id="after it started"),
        pytest.param(held, DEADLINE - MOMENT, False, id="while held"),
        pytest.param(held, DEADLINE, True, id="at the hold's deadline"),
        pytest.param(held, STARTS_AT, False, id="the hold is over, but it starts"),
        pytest.param(reserved, NOW, False, id="reserved"),
    ],
)
def test_a_slot_can_be_booked_while_it_is_nobodys_and_has_not_started(of: Slot, now: datetime, expected: bool) -> None:
    assert of.can_be_booked_at(now) is expected


def spanning(start: int, end: int) -> Slot:
    """A slot from one minute past noon to another."""
    noon = datetime(2030, 5, 2, 12, tzinfo=UTC)
    return slot(starts_at=noon + timedelta(minutes=start), ends_at=noon + timedelta(minutes=end))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param((0, 10), False, id="before"),
        pytest.param((0, 20), False, id="touching its start"),
        pytest.param((0, 21), True, id="into its start"),
        pytest.param((20, 40), True, id="the same"),
        pytest.param((25, 30), True, id="inside"),
        pytest.param((0, 60), True, id="around"),
        pytest.param((39, 60), True, id="out of its end"),
        pytest.param((40, 60), False, id="touching its end"),
        pytest.param((50, 60), False, id="after"),
    ],
)
def test_slots_overlap_when_they_share_time(other: tuple[int, int], expected: bool) -> None:
    assert spanning(20, 40).overlaps(spanning(*other)) is expected
    assert spanning(*other).overlaps(spanning(20, 40)) is expected


MINUTES = st.tuples(st.integers(0, 30), st.integers(1, 30)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(first=MINUTES, second=MINUTES)
def test_slots_overlap_exactly_when_a_minute_belongs_to_both(first: tuple[int, int], second: tuple[int, int]) -> None:
    shared = set(range(*first)) & set(range(*second))

    assert spanning(*first).overlaps(spanning(*second)) is bool(shared)


def test_a_pending_booking_is_as_it_is_until_a_moment_before_its_deadline() -> None:
    pending = booking(expires_at=DEADLINE)

    assert pending.seen_at(DEADLINE - MOMENT) == pending


@pytest.mark.parametrize("late", [timedelta(0), MOMENT, timedelta(days=2)])
def test_a_pending_booking_counts_as_expired_since_its_deadline(late: timedelta) -> None:
    seen = booking(expires_at=DEADLINE).seen_at(DEADLINE + late)

    assert seen.status is BookingStatus.EXPIRED
    assert (seen.expired_at, seen.updated_at) == (DEADLINE, DEADLINE)
    assert seen.seen_at(DEADLINE + late) == seen


@pytest.mark.parametrize("status", [BookingStatus.CONFIRMED, BookingStatus.CANCELLED, BookingStatus.EXPIRED])
def test_a_settled_booking_is_not_touched_by_its_deadline(status: BookingStatus) -> None:
    settled = booking(expires_at=DEADLINE).moved(status, at=NOW)

    assert settled.seen_at(DEADLINE + timedelta(days=2)) == settled


@pytest.mark.parametrize(
    ("status", "field"),
    [
        (BookingStatus.CONFIRMED, "confirmed_at"),
        (BookingStatus.CANCELLED, "cancelled_at"),
        (BookingStatus.EXPIRED, "expired_at"),
    ],
)
def test_a_moved_booking_tells_since_when_and_keeps_the_rest(status: BookingStatus, field: str) -> None:
    before = booking()
    at = NOW + timedelta(seconds=30)

    after = before.moved(status, at=at)

    changed = {name for name in before.__slots__ if getattr(before, name) != getattr(after, name)}
    assert changed == {"status", "updated_at", "sequence", field}
    assert (after.status, after.updated_at, getattr(after, field)) == (status, at, at)
    assert before.status is BookingStatus.PENDING


def test_a_booking_cancelled_after_it_was_confirmed_remembers_both() -> None:
    at = [NOW + timedelta(seconds=second) for second in (1, 2)]

    after = booking().moved(BookingStatus.CONFIRMED, at=at[0]).moved(BookingStatus.CANCELLED, at=at[1])

    assert [after.confirmed_at, after.cancelled_at] == at


STEPS = [CONFIRM, CANCEL, EXPIRE]
FINAL = {BookingStatus.CANCELLED, BookingStatus.EXPIRED}


@pytest.mark.parametrize("final", sorted(FINAL))
def test_no_step_leads_out_of_a_final_status(final: BookingStatus) -> None:
    assert all(final not in step.allowed_from for step in STEPS)


def test_a_pending_booking_leaves_by_every_step() -> None:
    assert all(BookingStatus.PENDING in step.allowed_from for step in STEPS)


def test_a_confirmed_booking_leaves_only_by_cancel() -> None:
    assert {step.to for step in STEPS if BookingStatus.PENDING in step.allowed_from} == {
        BookingStatus.CONFIRMED,
        BookingStatus.CANCELLED,
        BookingStatus.EXPIRED,
    }
    assert [step.to for step in STEPS if BookingStatus.CONFIRMED in step.allowed_from] == [BookingStatus.CANCELLED]


def test_every_status_is_reached_from_pending_and_has_its_timestamp() -> None:
    reached = {BookingStatus.PENDING}
    for _ in STEPS:
        reached |= {step.to for step in STEPS if step.allowed_from & reached}

    assert reached == set(BookingStatus)
    assert set(TIMESTAMP_OF) == reached - {BookingStatus.PENDING}


def test_a_final_booking_has_no_slot_and_every_other_has_one() -> None:
    assert set(SLOT_STATUS_OF) == set(BookingStatus) - FINAL
    assert SlotStatus.AVAILABLE not in SLOT_STATUS_OF.values()


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step.to))
def test_a_step_leads_from_what_has_a_slot(step: Transition) -> None:
    assert step.allowed_from <= SLOT_STATUS_OF.keys()


def test_expiry_never_frees_a_reserved_slot() -> None:
    assert SlotStatus.RESERVED not in {SLOT_STATUS_OF[status] for status in EXPIRE.allowed_from}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step.to))
def test_a_step_that_reserves_needs_the_slot_and_a_live_hold(step: Transition) -> None:
    reserves = SLOT_STATUS_OF.get(step.to) is SlotStatus.RESERVED

    assert (step.needs_the_slot, step.needs_live_hold) == (reserves, reserves)


def test_only_a_confirmed_booking_needs_notice_to_be_left() -> None:
    assert {step.to: step.needs_notice_from for step in STEPS if step.needs_notice_from} == {
        BookingStatus.CANCELLED: {BookingStatus.CONFIRMED}
    }


def test_each_change_of_a_booking_counts() -> None:
    pending = booking()
    other = slot(provider_id=pending.provider_id, starts_at=pending.starts_at + timedelta(hours=2))
    confirmed = pending.moved(BookingStatus.CONFIRMED, at=NOW)

    assert (pending.sequence, confirmed.sequence, confirmed.rescheduled(other, at=NOW).sequence) == (0, 1, 2)
    assert pending.seen_at(pending.expires_at).sequence == 1


def test_a_rescheduled_booking_is_the_same_on_another_slot() -> None:
    pending = booking()
    other = slot(provider_id=pending.provider_id, starts_at=pending.starts_at + timedelta(hours=2))
    at = NOW + timedelta(seconds=1)

    assert pending.rescheduled(other, at=at) == replace(
        pending,
        slot_id=other.slot_id,
        starts_at=other.starts_at,
        ends_at=other.ends_at,
        updated_at=at,
        sequence=1,
    )
