"""What the stores promise of a provider's policy: no write that it forbids, whatever was read before."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.errors import CancelCutoffPassedError, PolicyError, TooFarAheadError, TooShortNoticeError
from chalicelib.domain.models import CANCEL, CONFIRM, NO_RULES, BookingStatus, Policy, Provider, Slot, SlotStatus
from chalicelib.domain.ports import PolicyChangedError, ProviderChangedError, StepRefusedError
from tests.builders import NOW, booking, provider
from tests.contracts.given import FREE, LATER, published, state, status, stored
from tests.tables import Stores

ALL_RULES = Policy(min_notice_minutes=60, max_advance_days=30, cancel_cutoff_minutes=1440, hold_seconds=120)


def of(stores: Stores, policy: Policy) -> Provider:
    """A provider with a policy."""
    ann = provider(policy=policy)
    stores.providers.create(ann)
    return ann


def slot_of(stores: Stores, ann: Provider, *, starts_in: timedelta) -> Slot:
    """A free slot of the provider, so long after `NOW`."""
    return published(stores, provider_id=ann.provider_id, starts_at=NOW + starts_in)


@pytest.mark.parametrize("policy", [NO_RULES, Policy(hold_seconds=60), ALL_RULES])
def test_a_policy_is_found_as_it_was_made(stores: Stores, policy: Policy) -> None:
    ann = of(stores, policy)

    assert stores.providers.find(ann.provider_id) == ann
    assert stores.bookings.prospect(ann.provider_id, "2030-05-02T09:00", "user-1", now=NOW, key=None).policy == policy


def test_all_of_a_provider_can_be_changed_and_rules_can_be_ended(stores: Stores) -> None:
    ann = of(stores, ALL_RULES)
    after = replace(ann, name="Ann B.", policy=Policy(max_advance_days=7))

    stores.providers.change(ann, after)

    assert stores.providers.find(ann.provider_id) == after
    for start in range(24):
        found = stores.bookings.prospect(ann.provider_id, f"2030-05-02T{start:02}:00", "user-1", now=NOW, key=None)
        assert found.policy == after.policy, "every slot's copy is changed"


@pytest.mark.parametrize(
    "meanwhile",
    [
        {"name": "Bea"},
        {"policy": Policy(min_notice_minutes=5)},
        {"policy": Policy(hold_seconds=60)},
        {"policy": Policy(min_notice_minutes=10, hold_seconds=60)},
    ],
)
def test_a_provider_that_was_changed_since_it_was_read_is_not_changed(
    stores: Stores, meanwhile: dict[str, Any]
) -> None:
    as_read = of(stores, Policy(min_notice_minutes=10))
    there = replace(as_read, **meanwhile)
    stores.providers.change(as_read, there)

    with pytest.raises(ProviderChangedError):
        stores.providers.change(as_read, replace(as_read, policy=Policy(max_advance_days=1)))

    assert stores.providers.find(as_read.provider_id) == there


def test_a_provider_that_is_not_there_can_not_be_changed(stores: Stores) -> None:
    ann = provider()
    with pytest.raises(ProviderChangedError):
        stores.providers.change(ann, replace(ann, policy=ALL_RULES))
    assert stores.providers.find(ann.provider_id) is None


HOURS = timedelta(hours=1)
"""By the clock of NOW, 2030-05-01T12:00:00.25 in UTC, the days of a slot change after 12 hours less a moment."""


@pytest.mark.parametrize(
    ("policy", "starts_in", "error"),
    [
        (Policy(min_notice_minutes=60), HOURS, None),
        (Policy(min_notice_minutes=60), HOURS - timedelta(minutes=1), TooShortNoticeError),
        (Policy(min_notice_minutes=0), timedelta(minutes=1), None),
        (Policy(max_advance_days=2), 59 * HOURS, None),
        (Policy(max_advance_days=2), 60 * HOURS, TooFarAheadError),
        (Policy(max_advance_days=0), 11 * HOURS, None),
        (Policy(max_advance_days=0), 12 * HOURS, TooFarAheadError),
        (Policy(cancel_cutoff_minutes=6000), HOURS, None),
    ],
)
def test_a_slot_is_held_exactly_when_the_policy_allows_it(
    stores: Stores, policy: Policy, starts_in: timedelta, error: type[PolicyError] | None
) -> None:
    ann = of(stores, policy)
    free = slot_of(stores, ann, starts_in=starts_in)
    pending = booking(free)
    if error is None:
        stores.bookings.hold_slot(free, pending, now=NOW)
        assert state(stores, free) == (SlotStatus.HELD, pending.booking_id, None)
        return
    with pytest.raises(error):
        stores.bookings.hold_slot(free, pending, now=NOW)
    assert state(stores, free) == FREE
    assert stores.bookings.find(pending.booking_id) is None


@pytest.mark.parametrize("as_read", [NO_RULES, Policy(hold_seconds=120)])
def test_a_hold_that_is_not_as_long_as_the_policy_says_is_refused_with_the_policy(
    stores: Stores, as_read: Policy
) -> None:
    ann = of(stores, replace(as_read, hold_seconds=60))
    free = slot_of(stores, ann, starts_in=2 * HOURS)

    with pytest.raises(PolicyChangedError) as changed:
        stores.bookings.hold_slot(free, booking(free), now=NOW, policy=as_read)

    assert changed.value.current == ann.policy
    assert state(stores, free) == FREE
    stores.bookings.hold_slot(free, booking(free), now=NOW, policy=changed.value.current)


def test_a_policy_that_was_ended_asks_for_nothing(stores: Stores) -> None:
    ann = of(stores, Policy(min_notice_minutes=600, hold_seconds=60))
    stores.providers.change(ann, replace(ann, policy=NO_RULES))
    free = slot_of(stores, ann, starts_in=HOURS)
    stores.bookings.hold_slot(free, booking(free), now=NOW)


CUTOFF = Policy(cancel_cutoff_minutes=60)


@pytest.mark.parametrize(
    ("before_start", "allowed"), [(HOURS, True), (HOURS - timedelta(microseconds=1), False), (-HOURS, False)]
)
def test_a_confirmed_booking_can_be_cancelled_until_the_cutoff(
    stores: Stores, before_start: timedelta, allowed: bool
) -> None:
    free = slot_of(stores, of(stores, CUTOFF), starts_in=48 * HOURS)
    pending = booking(free)
    stores.bookings.hold_slot(free, pending, now=NOW)
    confirmed = stores.bookings.take_step(CONFIRM, pending, at=LATER)
    at = free.starts_at - before_start
    if allowed:
        stores.bookings.take_step(CANCEL, confirmed, at=at)
        assert state(stores, free) == FREE
        return
    with pytest.raises(CancelCutoffPassedError):
        stores.bookings.take_step(CANCEL, confirmed, at=at)
    assert status(stores, pending) == BookingStatus.CONFIRMED
    assert state(stores, free) == (SlotStatus.RESERVED, None, pending.booking_id)


def test_a_hold_can_be_given_up_after_the_cutoff(stores: Stores) -> None:
    free = slot_of(stores, of(stores, CUTOFF), starts_in=HOURS / 2)
    pending = booking(free)
    stores.bookings.hold_slot(free, pending, now=NOW)
    stores.bookings.take_step(CANCEL, pending, at=LATER)
    assert state(stores, free) == FREE


@pytest.mark.parametrize(
    ("policy", "error"),
    [
        (Policy(min_notice_minutes=241), TooShortNoticeError),
        (Policy(max_advance_days=0), TooFarAheadError),
        (Policy(cancel_cutoff_minutes=181), CancelCutoffPassedError),
        (Policy(min_notice_minutes=240, max_advance_days=1, cancel_cutoff_minutes=180), None),
    ],
)
def test_a_confirmed_booking_is_rescheduled_exactly_when_the_policy_allows_leaving_and_taking(
    stores: Stores, policy: Policy, error: type[PolicyError] | None
) -> None:
    ann = of(stores, NO_RULES)
    old, new = slot_of(stores, ann, starts_in=24 * HOURS), slot_of(stores, ann, starts_in=25 * HOURS)
    pending = booking(old)
    stores.bookings.hold_slot(old, pending, now=NOW)
    confirmed = stores.bookings.take_step(CONFIRM, pending, at=LATER)
    stores.providers.change(ann, replace(ann, policy=policy))
    at = old.starts_at - timedelta(hours=3) if policy.max_advance_days != 0 else NOW
    if error is None:
        stores.bookings.reschedule(confirmed, new, at=at)
        assert (state(stores, old), state(stores, new)) == (FREE, (SlotStatus.RESERVED, None, pending.booking_id))
        return
    with pytest.raises(error):
        stores.bookings.reschedule(confirmed, new, at=at)
    assert stored(stores, pending) == confirmed
    assert (state(stores, old), state(stores, new)) == ((SlotStatus.RESERVED, None, pending.booking_id), FREE)


def test_a_hold_is_rescheduled_after_the_cutoff(stores: Stores) -> None:
    ann = of(stores, CUTOFF)
    old, new = slot_of(stores, ann, starts_in=HOURS / 2), slot_of(stores, ann, starts_in=HOURS)
    pending = booking(old)
    stores.bookings.hold_slot(old, pending, now=NOW)
    stores.bookings.reschedule(pending, new, at=LATER)
    assert state(stores, new) == (SlotStatus.HELD, pending.booking_id, None)


def test_a_booking_that_was_changed_since_it_was_read_is_refused_for_that_and_not_for_the_policy(
    stores: Stores,
) -> None:
    free = slot_of(stores, of(stores, CUTOFF), starts_in=48 * HOURS)
    pending = booking(free)
    stores.bookings.hold_slot(free, pending, now=NOW)
    confirmed = stores.bookings.take_step(CONFIRM, pending, at=LATER)
    stores.bookings.take_step(CANCEL, confirmed, at=LATER)

    with pytest.raises(StepRefusedError):
        stores.bookings.take_step(CANCEL, confirmed, at=free.starts_at)
