"""What a `BookingStore` promises of a user's holds: each knows of all others, so that they can be counted."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.domain.errors import SlotUnavailableError, TooShortNoticeError
from chalicelib.domain.instants import deadline
from chalicelib.domain.models import CANCEL, CONFIRM, NO_HOLDS, Booking, Holds, Policy, Slot, Transition
from chalicelib.domain.ports import HeldBeforeError, HoldsChangedError, IdempotencyKey, PolicyChangedError
from tests.builders import NOW, booking, new_id, provider
from tests.contracts.given import FREE, LATER, created, held, holds_of, published, state
from tests.tables import Stores


def a_user() -> str:
    """A user that no other test has."""
    return f"user-{new_id()}"


def another(stores: Stores, user_id: str, of: Slot | None = None, *, holds: Holds = NO_HOLDS) -> Booking:
    """A slot that the user holds with these."""
    free = of or published(stores)
    pending = booking(free, user_id=user_id)
    stores.bookings.hold_slot(free, pending, now=NOW, holds=holds)
    return pending


def test_of_a_user_who_never_held_a_slot_nothing_is_known(stores: Stores) -> None:
    assert holds_of(stores, a_user()) == NO_HOLDS


def test_a_hold_is_known_with_its_deadline(stores: Stores) -> None:
    user = a_user()

    pending = another(stores, user)

    assert holds_of(stores, user) == Holds(
        deadlines={pending.booking_id: pending.expires_at}, latest=pending.booking_id
    )


def test_a_hold_is_written_down_with_the_others_that_still_count_and_no_more(stores: Stores) -> None:
    user = a_user()
    first = another(stores, user)
    second = another(stores, user, holds=holds_of(stores, user))

    third = another(stores, user, holds=holds_of(stores, user).only([second.booking_id]))

    both = {each.booking_id: each.expires_at for each in (second, third)}
    assert holds_of(stores, user) == Holds(deadlines=both, latest=third.booking_id)
    assert stores.bookings.find(first.booking_id) == first


@pytest.mark.parametrize("have_read", [0, 1])
def test_a_hold_that_knows_not_of_all_others_is_refused_and_told_of_them(stores: Stores, have_read: int) -> None:
    user = a_user()
    read = [NO_HOLDS]
    for _ in range(2):
        another(stores, user, holds=read[-1])
        read.append(holds_of(stores, user))
    free = published(stores)
    late = booking(free, user_id=user)
    key = IdempotencyKey(user_id=user, key="key")

    with pytest.raises(HoldsChangedError) as changed:
        stores.bookings.hold_slot(free, late, now=NOW, holds=read[have_read], key=key)

    assert changed.value.current == holds_of(stores, user) == read[2]
    assert state(stores, free) == FREE
    assert stores.bookings.find(late.booking_id) is None
    nothing = stores.bookings.prospect(free.provider_id, free.slot_id, user, now=NOW, key=key)
    assert nothing.held_before is None
    stores.bookings.hold_slot(free, late, now=NOW, holds=changed.value.current, key=key)


def test_holds_that_have_all_lapsed_need_not_be_known(stores: Stores) -> None:
    user = a_user()
    first, second = published(stores), published(stores)
    short, long = (
        booking(each, user_id=user, expires_at=deadline(NOW, timedelta(seconds=length)))
        for each, length in ((first, 20), (second, 30))
    )
    stores.bookings.hold_slot(first, short, now=NOW)
    stores.bookings.hold_slot(second, long, now=NOW, holds=holds_of(stores, user))
    free = published(stores)
    next_one = booking(free, user_id=user, expires_at=deadline(NOW, timedelta(seconds=60)))

    with pytest.raises(HoldsChangedError) as changed:
        stores.bookings.hold_slot(free, next_one, now=long.expires_at - timedelta(microseconds=1))
    stores.bookings.hold_slot(free, next_one, now=long.expires_at)

    assert changed.value.current.deadlines.keys() == {short.booking_id, long.booking_id}
    assert holds_of(stores, user).deadlines == {next_one.booking_id: next_one.expires_at}


def test_users_know_nothing_of_each_other(stores: Stores) -> None:
    first, second = a_user(), a_user()

    another(stores, first)
    another(stores, second)

    assert len(holds_of(stores, first).deadlines) == len(holds_of(stores, second).deadlines) == 1


@pytest.mark.parametrize("step", [CONFIRM, CANCEL], ids=lambda step: step.to)
@pytest.mark.parametrize("given", [held, created])
def test_a_booking_is_pending_until_a_step_settles_it(
    stores: Stores, given: Callable[[Stores], tuple[Slot, Booking]], step: Transition
) -> None:
    _, pending = given(stores)
    _, other = held(stores)
    both = [pending.booking_id, other.booking_id]
    assert stores.bookings.still_pending(both) == set(both)

    stores.bookings.take_step(step, pending, at=LATER)

    assert stores.bookings.still_pending(both) == {other.booking_id}


def test_a_hold_that_was_taken_back_is_not_pending_and_its_user_is_known_to_have_had_it(stores: Stores) -> None:
    _, pending = held(stores)

    stores.bookings.release_hold(pending)

    assert stores.bookings.still_pending([pending.booking_id]) == set()
    assert holds_of(stores, pending.user_id).deadlines == {pending.booking_id: pending.expires_at}


def test_a_hold_that_was_rescheduled_is_pending_still(stores: Stores) -> None:
    old, pending = held(stores)
    new = published(stores, provider_id=old.provider_id, starts_at=old.starts_at + timedelta(hours=3))

    stores.bookings.reschedule(pending, new, at=LATER)

    assert stores.bookings.still_pending([pending.booking_id]) == {pending.booking_id}


def test_what_never_was_is_not_pending(stores: Stores) -> None:
    assert stores.bookings.still_pending([f"booking-{new_id()}"]) == set()


def test_as_many_bookings_as_a_user_can_hold_are_looked_for_at_once(stores: Stores) -> None:
    _, pending = held(stores)
    others = [f"booking-{new_id()}" for _ in range(99)]

    assert stores.bookings.still_pending([*others, pending.booking_id]) == {pending.booking_id}


# Several conditions may refuse at once: what the caller is told is what matters most, as it was without the holds'.


def test_a_taken_slot_is_told_before_other_holds_of_the_user(stores: Stores) -> None:
    taken, pending = held(stores)
    with pytest.raises(SlotUnavailableError):
        stores.bookings.hold_slot(taken, booking(taken, user_id=pending.user_id), now=LATER)


def test_what_a_key_has_done_is_told_before_other_holds_of_the_user(stores: Stores) -> None:
    user = a_user()
    key = IdempotencyKey(user_id=user, key="key")
    free = published(stores)
    first = booking(free, user_id=user)
    stores.bookings.hold_slot(free, first, now=NOW, key=key)
    other = published(stores)

    with pytest.raises(HeldBeforeError) as before:
        stores.bookings.hold_slot(other, booking(other, user_id=user), now=LATER, key=key)

    assert before.value.booking == first


@pytest.mark.parametrize(
    ("policy", "error"),
    [(Policy(min_notice_minutes=100_000), TooShortNoticeError), (Policy(hold_seconds=60), PolicyChangedError)],
)
def test_a_policy_is_told_before_other_holds_of_the_user(
    stores: Stores, policy: Policy, error: type[Exception]
) -> None:
    strict = provider(policy=policy)
    stores.providers.create(strict)
    free = published(stores, provider_id=strict.provider_id)
    user = a_user()
    another(stores, user)

    with pytest.raises(error):
        stores.bookings.hold_slot(free, booking(free, user_id=user), now=NOW)
