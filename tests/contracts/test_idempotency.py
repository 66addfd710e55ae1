"""What a `BookingStore` promises of idempotency keys: a request that is sent again is not done again."""

from datetime import datetime, timedelta

import pytest

from chalicelib.domain.models import CONFIRM, Booking, Slot, SlotStatus
from chalicelib.domain.ports import HeldBeforeError, IdempotencyKey
from tests.builders import NOW, booking, new_id
from tests.contracts.given import DEADLINE, FREE, LATER, published, state
from tests.tables import Stores

A_DAY_LATER = NOW.replace(second=1, microsecond=0) + timedelta(hours=24)
"""24 hours after NOW, which is rounded up to a whole second."""


def a_key() -> IdempotencyKey:
    """A key that no other test sends."""
    return IdempotencyKey(user_id="user-1", key=f"key-{new_id()}")


def held_with(stores: Stores, key: IdempotencyKey) -> tuple[Slot, Booking]:
    """A slot that was held by a request with a key."""
    free = published(stores, starts_at=NOW.replace(microsecond=0) + timedelta(days=2))
    pending = booking(free)
    stores.bookings.hold_slot(free, pending, now=NOW, key=key)
    return free, pending


def remembered(stores: Stores, of: Slot, key: IdempotencyKey, *, hours: float = 0) -> Booking | None:
    """What is known of earlier requests, so long after NOW."""
    return remembered_at(stores, of, key, NOW + timedelta(hours=hours))


def remembered_at(stores: Stores, of: Slot, key: IdempotencyKey, now: datetime) -> Booking | None:
    """What is known of earlier requests at an instant."""
    return stores.bookings.prospect(of.provider_id, of.slot_id, key.user_id, now=now, key=key).held_before


def test_what_a_hold_is_decided_on_is_read_at_once(stores: Stores) -> None:
    key = a_key()
    free, pending = held_with(stores, key)

    found = stores.bookings.prospect(free.provider_id, free.slot_id, "user-1", now=NOW, key=key)

    assert found.slot
    assert (found.slot.status, found.slot.held_by) == (SlotStatus.HELD, pending.booking_id)
    assert found.held_before == pending
    nothing = stores.bookings.prospect(f"p-{new_id()}", free.slot_id, "user-1", now=NOW, key=a_key())
    assert (nothing.slot, nothing.held_before) == (None, None)


def test_without_a_key_nothing_is_remembered(stores: Stores) -> None:
    free, _ = held_with(stores, a_key())
    assert stores.bookings.prospect(free.provider_id, free.slot_id, "user-1", now=NOW, key=None).held_before is None


def test_the_same_key_holds_nothing_more_and_tells_what_it_held(stores: Stores) -> None:
    key = a_key()
    free, pending = held_with(stores, key)
    other = published(stores)

    for slot in (free, other):
        with pytest.raises(HeldBeforeError) as before:
            stores.bookings.hold_slot(slot, booking(slot), now=LATER, key=key)
        assert before.value.booking == pending

    assert state(stores, other) == FREE


def test_what_a_key_held_is_told_as_it_was_made_whatever_became_of_it(stores: Stores) -> None:
    key = a_key()
    free, pending = held_with(stores, key)
    stores.bookings.take_step(CONFIRM, pending, at=LATER)
    assert remembered(stores, free, key) == pending


def test_a_key_belongs_to_its_user(stores: Stores) -> None:
    key = a_key()
    held_with(stores, key)
    free = published(stores)
    pending = booking(free, user_id="user-2")

    stores.bookings.hold_slot(free, pending, now=NOW, key=IdempotencyKey(user_id="user-2", key=key.key))

    assert state(stores, free) == (SlotStatus.HELD, pending.booking_id, None)


def test_a_key_is_remembered_for_24_hours_and_can_be_sent_anew_from_then_on(stores: Stores) -> None:
    key = a_key()
    free, pending = held_with(stores, key)
    before = A_DAY_LATER - timedelta(microseconds=1)
    second = booking(free, created_at=A_DAY_LATER, expires_at=A_DAY_LATER + timedelta(minutes=5))

    with pytest.raises(HeldBeforeError):
        stores.bookings.hold_slot(free, second, now=before, key=key)
    assert remembered_at(stores, free, key, before) == pending
    assert remembered_at(stores, free, key, A_DAY_LATER) is None
    stores.bookings.hold_slot(free, second, now=A_DAY_LATER, key=key)

    assert state(stores, free) == (SlotStatus.HELD, second.booking_id, None)
    later = remembered_at(stores, free, key, A_DAY_LATER)
    assert later
    assert later.booking_id == second.booking_id


def test_a_hold_that_is_taken_back_is_forgotten_with_its_key(stores: Stores) -> None:
    key = a_key()
    free, pending = held_with(stores, key)

    assert stores.bookings.release_hold(pending, key=key)

    assert remembered(stores, free, key) is None
    assert state(stores, free) == FREE
    stores.bookings.hold_slot(free, booking(free), now=LATER, key=key)


def test_a_hold_whose_slot_went_to_another_is_forgotten_with_its_key_when_it_is_taken_back(stores: Stores) -> None:
    key = a_key()
    free, pending = held_with(stores, key)
    second = booking(free)
    stores.bookings.hold_slot(free, second, now=DEADLINE)

    assert stores.bookings.release_hold(pending, key=key)

    assert remembered(stores, free, key) is None
    assert state(stores, free) == (SlotStatus.HELD, second.booking_id, None)
    assert stores.bookings.find(pending.booking_id) is None


def test_taking_back_a_hold_that_never_came_to_be_leaves_what_the_key_did(stores: Stores) -> None:
    """Of two requests with one key, the one that came too late knows of no answer, and takes its own hold back."""
    key = a_key()
    free, pending = held_with(stores, key)
    late = booking(free)

    assert stores.bookings.release_hold(late, key=key)

    assert remembered(stores, free, key) == pending
    assert state(stores, free) == (SlotStatus.HELD, pending.booking_id, None)
    assert stores.bookings.find(pending.booking_id) == pending


def test_a_hold_whose_booking_was_written_keeps_its_key(stores: Stores) -> None:
    key = a_key()
    free, pending = held_with(stores, key)
    stores.bookings.create_pending(pending)

    assert not stores.bookings.release_hold(pending, key=key)

    assert remembered(stores, free, key) == pending


def test_a_hold_whose_key_is_forgotten_already_can_be_taken_back(stores: Stores) -> None:
    free = published(stores)
    pending = booking(free)
    stores.bookings.hold_slot(free, pending, now=NOW)

    assert stores.bookings.release_hold(pending, key=a_key())

    assert state(stores, free) == FREE
