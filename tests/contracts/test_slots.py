"""What a `SlotStore` promises."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.changes import DayChange
from chalicelib.domain.errors import SlotNotFoundError, SlotUnavailableError
from chalicelib.domain.models import CANCEL, CONFIRM, EXPIRE, Availability, Break, Slot, Transition
from tests.builders import DAY, HOLD, NOW, availability, booking, change, new_id, slot, window
from tests.tables import Stores

MANY = 130
"""More than fit into one transaction."""

NEXT_DAY = DAY + timedelta(days=1)
DEADLINE = booking().expires_at


def day_of_slots(count: int, *, provider_id: str = "", day: date = DAY) -> tuple[Slot, ...]:
    """Adjacent slots of one provider from midnight on, five minutes each."""
    provider_id = provider_id or f"p-{new_id()}"
    midnight = datetime.combine(day, datetime.min.time(), tzinfo=UTC)
    return tuple(
        slot(provider_id=provider_id, starts_at=start, ends_at=start + timedelta(minutes=5))
        for start in (midnight + timedelta(minutes=5) * number for number in range(count))
    )


def of_day(stores: Stores, provider_id: str, day: date = DAY) -> list[Slot]:
    return list(stores.slots.of_days(provider_id, day, day))


def set_to(
    stores: Stores, provider_id: str, *, now: datetime = NOW, to: Availability | None = None, **steps: Any
) -> DayChange:
    """Change a day from what it is set to; returns the change as it was made."""
    to = to or availability()
    there = stores.slots.availability(provider_id, to.day, to.day)
    wanted = change(
        availability=replace(to, revision=new_id()), replaces="".join(each.revision for each in there), **steps
    )
    (made,) = stores.slots.change_days(provider_id, [wanted], now=now)
    return made


def publish(stores: Stores, *slots: Slot) -> None:
    set_to(stores, slots[0].provider_id, add=slots)


def hold(stores: Stores, held: Slot, *, confirm: bool = False, now: datetime = NOW) -> str:
    """Hold a slot, or reserve it; returns the booking's id."""
    pending = booking(held)
    stores.bookings.hold_slot(held, pending, now=now)
    if confirm:
        stores.bookings.take_step(CONFIRM, pending, at=NOW)
    return pending.booking_id


def test_added_slots_are_found_one_by_one_and_as_a_day_in_order_of_time(stores: Stores) -> None:
    slots = day_of_slots(3)
    publish(stores, slots[2], slots[0], slots[1])
    assert of_day(stores, slots[0].provider_id) == list(slots)
    assert stores.slots.find(slots[1].provider_id, slots[1].slot_id) == slots[1]


def test_a_slot_that_was_never_added_is_not_found(stores: Stores) -> None:
    unknown = slot()
    assert stores.slots.find(unknown.provider_id, unknown.slot_id) is None
    assert of_day(stores, unknown.provider_id) == []


def test_a_range_of_days_has_both_of_its_ends_and_no_other_days_nor_another_providers_slots(stores: Stores) -> None:
    provider_id = f"p-{new_id()}"
    days = [DAY + timedelta(days=number) for number in range(-1, 4)]
    at = {day: datetime.combine(day, datetime.min.time(), tzinfo=UTC) for day in days}
    first = {day: slot(provider_id=provider_id, starts_at=at[day]) for day in days}
    last = {day: slot(provider_id=provider_id, starts_at=at[day] + timedelta(hours=23)) for day in days}
    for day in days:
        set_to(stores, provider_id, to=availability(day=day), add=(first[day], last[day]))
    publish(stores, slot())

    found = list(stores.slots.of_days(provider_id, days[1], days[3]))

    assert found == [each for day in days[1:4] for each in (first[day], last[day])]


@pytest.mark.parametrize("page_size", [None, 1, 2, 100])
def test_slots_are_read_from_after_one_of_them_on_whether_it_is_still_there_or_not(
    stores: Stores, page_size: int | None
) -> None:
    slots = day_of_slots(6)
    publish(stores, *slots)
    provider_id = slots[0].provider_id

    def after(slot_id: str) -> list[Slot]:
        return list(stores.slots.of_days(provider_id, DAY, DAY, after=slot_id, page_size=page_size))

    assert after(slots[2].slot_id) == list(slots[3:])
    set_to(stores, provider_id, remove=(slots[2],))
    assert after(slots[2].slot_id) == list(slots[3:])
    assert after(slots[5].slot_id) == []


def test_what_is_set_for_a_range_of_days_is_told_in_order(stores: Stores) -> None:
    provider_id = f"p-{new_id()}"
    pauses = (
        Break(start=timedelta(hours=10), end=timedelta(hours=10, minutes=15)),
        Break(start=timedelta(hours=11), end=timedelta(hours=11, minutes=30)),
    )
    morning = window(buffer_minutes=5, breaks=pauses)
    evening = window(start=timedelta(hours=18), end=timedelta(hours=24), slot_minutes=45)
    given = [
        Availability(day=NEXT_DAY, windows=(morning, evening)),
        Availability(day=DAY, windows=()),
        availability(day=DAY - timedelta(days=1)),
        availability(day=DAY + timedelta(days=2)),
    ]
    for each in given:
        set_to(stores, provider_id, to=each)
    set_to(stores, f"p-{new_id()}")

    told = stores.slots.availability(provider_id, DAY, DAY + timedelta(days=1))

    assert [replace(each, revision="") for each in told] == [given[1], given[0]]
    assert all(each.revision for each in told)


def test_nothing_is_set_for_a_day_that_was_never_set(stores: Stores) -> None:
    assert stores.slots.availability(f"p-{new_id()}", DAY, NEXT_DAY) == []


def test_more_slots_than_one_transaction_takes_are_added_replaced_and_removed(stores: Stores) -> None:
    slots = day_of_slots(MANY)
    provider_id = slots[0].provider_id
    publish(stores, *slots)
    assert of_day(stores, provider_id) == list(slots)

    longer = tuple(replace(each, ends_at=each.ends_at + timedelta(minutes=5)) for each in slots[::2])
    set_to(stores, provider_id, remove=slots[1::2], add=longer)
    assert of_day(stores, provider_id) == list(longer)

    set_to(stores, provider_id, remove=longer)
    assert of_day(stores, provider_id) == []


def test_many_days_are_changed_at_once(stores: Stores) -> None:
    provider_id = f"p-{new_id()}"
    days = [DAY + timedelta(days=number) for number in range(40)]
    slots = {day: day_of_slots(MANY if day == NEXT_DAY else 7, provider_id=provider_id, day=day) for day in days}
    changes = [change(availability=replace(availability(day=day), revision="r"), add=slots[day]) for day in days]

    assert stores.slots.change_days(provider_id, changes, now=NOW) == changes

    assert list(stores.slots.of_days(provider_id, days[0], days[-1])) == [each for day in days for each in slots[day]]
    assert [each.day for each in stores.slots.availability(provider_id, days[0], days[-1])] == days


def test_held_and_reserved_slots_are_kept_and_withdrawn(stores: Stores) -> None:
    slots = day_of_slots(MANY)
    publish(stores, *slots)
    holder, owner = hold(stores, slots[7]), hold(stores, slots[120], confirm=True)

    made = set_to(stores, slots[0].provider_id, remove=slots, replaced=MANY)

    assert [(each.slot_id, each.held_by, each.reserved_by) for each in made.kept] == [
        (slots[7].slot_id, holder, None),
        (slots[120].slot_id, None, owner),
    ]
    assert (made.withdraw, made.replaced) == (made.kept, MANY - 2)
    assert of_day(stores, slots[0].provider_id) == [replace(each, withdrawn=True) for each in made.kept]


def test_a_held_slot_is_not_replaced_and_nothing_is_added_that_would_overlap_it(stores: Stores) -> None:
    slots = day_of_slots(MANY)
    publish(stores, *slots)
    holder = hold(stores, slots[120])
    longer = tuple(replace(each, ends_at=each.ends_at + timedelta(minutes=5)) for each in slots[::2])

    made = set_to(stores, slots[0].provider_id, remove=slots[1::2], add=longer, offered=longer)

    there = of_day(stores, slots[0].provider_id)
    assert [each.slot_id for each in made.kept] == [slots[120].slot_id]
    assert made.offered == made.add == (*longer[:60], *longer[61:])
    assert [each for each in there if not each.withdrawn] == list(made.offered)
    assert [each.held_by for each in there if each.withdrawn] == [holder]


@pytest.mark.parametrize("replaced", [False, True])
def test_a_slot_is_removed_or_replaced_from_the_instant_its_hold_ends(stores: Stores, replaced: bool) -> None:
    held = slot()
    publish(stores, held)
    hold(stores, held)
    longer = replace(held, ends_at=held.ends_at + timedelta(hours=1))
    steps: dict[str, Any] = {"add": (longer,)} if replaced else {"remove": (held,)}

    assert set_to(stores, held.provider_id, now=DEADLINE - timedelta(microseconds=1), **steps).kept != ()
    assert set_to(stores, held.provider_id, now=DEADLINE, **steps).kept == ()
    assert of_day(stores, held.provider_id) == ([longer] if replaced else [])


def test_what_is_gone_already_can_be_removed_withdrawn_and_restored(stores: Stores) -> None:
    slots = day_of_slots(4)
    publish(stores, slots[0])
    made = set_to(stores, slots[0].provider_id, remove=slots[:2], withdraw=slots[2:3], restore=slots[3:])
    assert made.kept == ()
    assert of_day(stores, slots[0].provider_id) == []


def test_adding_again_leaves_a_held_slot_with_its_owner(stores: Stores) -> None:
    slots = day_of_slots(3)
    publish(stores, *slots[:2])
    holder = hold(stores, slots[1])
    made = set_to(stores, slots[0].provider_id, add=slots)
    assert [each.held_by for each in made.kept] == [holder]
    assert [each.held_by for each in of_day(stores, slots[0].provider_id)] == [None, holder, None]


def test_what_a_wanted_slot_was_to_take_the_place_of_goes_though_that_slot_is_not_to_be(stores: Stores) -> None:
    """A longer slot was to replace two; the second has got an owner since, and so the first is wanted by nobody."""
    first, second, far = day_of_slots(3)
    publish(stores, first, second, far)
    longer = replace(first, ends_at=second.ends_at)
    holder = hold(stores, second)
    made = set_to(stores, first.provider_id, remove=(second,), add=(longer,), makes_way=(first,), offered=(longer, far))
    assert made.offered == (far,)
    there = of_day(stores, first.provider_id)
    assert [(each.slot_id, each.held_by, each.withdrawn) for each in there] == [
        (second.slot_id, holder, True),
        (far.slot_id, None, False),
    ]


@pytest.mark.parametrize("other_first", [False, True])
def test_a_day_that_another_request_has_set_since_it_was_read_is_left_to_that(
    stores: Stores, other_first: bool
) -> None:
    first, second = day_of_slots(2)
    publish(stores, first)
    (read,) = stores.slots.availability(first.provider_id, DAY, DAY)
    theirs = set_to(stores, first.provider_id)
    next_day = slot(provider_id=first.provider_id, starts_at=first.starts_at + timedelta(days=1))
    overtaken = change(replaces=read.revision, remove=(first,), add=(second,))
    other = change(availability=replace(availability(day=NEXT_DAY), revision="r"), add=(next_day,))

    changes = [other, overtaken] if other_first else [overtaken, other]

    assert stores.slots.change_days(first.provider_id, changes, now=NOW) == [other]
    assert of_day(stores, first.provider_id) == [first]
    assert of_day(stores, first.provider_id, NEXT_DAY) == [next_day]
    assert stores.slots.availability(first.provider_id, DAY, DAY) == [theirs.availability]


@pytest.mark.parametrize("replaces", ["", "another"])
def test_a_day_that_was_read_as_never_set_or_otherwise_set_is_not_changed(stores: Stores, replaces: str) -> None:
    first, second = day_of_slots(2)
    publish(stores, first)
    assert stores.slots.change_days(first.provider_id, [change(replaces=replaces, add=(second,))], now=NOW) == []
    assert of_day(stores, first.provider_id) == [first]


def test_a_day_that_was_read_as_set_and_never_was_is_not_changed(stores: Stores) -> None:
    only = slot()
    assert stores.slots.change_days(only.provider_id, [change(replaces="r", add=(only,))], now=NOW) == []
    assert of_day(stores, only.provider_id) == []


def test_a_hold_is_shown_with_its_owner_and_deadline(stores: Stores) -> None:
    free = slot()
    publish(stores, free)
    holder = hold(stores, free)
    there = stores.slots.find(free.provider_id, free.slot_id)
    assert there
    assert (there.status, there.held_by) == ("HELD", holder)
    assert there.hold_expires_at == DEADLINE
    assert there.hold_expires_at >= NOW + HOLD


def cancelled(stores: Stores, held: Slot) -> None:
    end(stores, held, CANCEL, confirm=False)


def cancelled_once_confirmed(stores: Stores, held: Slot) -> None:
    end(stores, held, CANCEL, confirm=True)


def expired(stores: Stores, held: Slot) -> None:
    end(stores, held, EXPIRE, confirm=False)


def end(stores: Stores, held: Slot, step: Transition, *, confirm: bool) -> None:
    there = stores.slots.find(held.provider_id, held.slot_id)
    assert there
    owner = booking(held, booking_id=there.held_by)
    if confirm:
        owner = stores.bookings.take_step(CONFIRM, owner, at=NOW)
    stores.bookings.take_step(step, owner, at=NOW)


def rescheduled(stores: Stores, held: Slot) -> None:
    new = slot(provider_id=held.provider_id, starts_at=held.starts_at + timedelta(days=1))
    set_to(stores, held.provider_id, to=availability(day=NEXT_DAY), add=(new,))
    there = stores.slots.find(held.provider_id, held.slot_id)
    assert there
    stores.bookings.reschedule(booking(held, booking_id=there.held_by), new, at=NOW)


@pytest.mark.parametrize("ends", [cancelled, cancelled_once_confirmed, expired, rescheduled])
def test_a_withdrawn_slot_stays_its_owners_and_is_gone_when_the_booking_ends(
    stores: Stores, ends: Callable[[Stores, Slot], None]
) -> None:
    held = slot()
    publish(stores, held)
    hold(stores, held)
    set_to(stores, held.provider_id, remove=(held,))
    with pytest.raises(SlotUnavailableError):
        hold(stores, held)

    ends(stores, held)

    with pytest.raises(SlotNotFoundError):
        hold(stores, held)
    (there,) = of_day(stores, held.provider_id)
    assert there == replace(held, withdrawn=True)
    assert not there.can_be_booked_at(NOW)


def test_no_booking_can_be_rescheduled_to_a_withdrawn_slot(stores: Stores) -> None:
    first, second = day_of_slots(2)
    publish(stores, first, second)
    hold(stores, second)
    set_to(stores, first.provider_id, remove=(second,))
    cancelled(stores, second)
    moving = booking(first, booking_id=hold(stores, first))

    with pytest.raises(SlotNotFoundError):
        stores.bookings.reschedule(moving, second, at=NOW)


def test_a_withdrawn_slot_is_gone_from_the_instant_its_hold_ends(stores: Stores) -> None:
    held = slot()
    publish(stores, held)
    hold(stores, held)
    set_to(stores, held.provider_id, remove=(held,))
    with pytest.raises(SlotUnavailableError):
        hold(stores, held, now=DEADLINE - timedelta(microseconds=1))
    with pytest.raises(SlotNotFoundError):
        hold(stores, held, now=DEADLINE)


@pytest.mark.parametrize("ended", [False, True])
def test_a_withdrawn_slot_can_be_restored(stores: Stores, ended: bool) -> None:
    held = slot()
    publish(stores, held)
    hold(stores, held)
    set_to(stores, held.provider_id, remove=(held,))
    if ended:
        cancelled(stores, held)

    set_to(stores, held.provider_id, restore=(held,))

    if not ended:
        cancelled(stores, held)
    assert of_day(stores, held.provider_id) == [held]
    assert hold(stores, held)


def test_a_withdrawn_slot_whose_booking_has_ended_can_be_removed_and_replaced(stores: Stores) -> None:
    first, second = day_of_slots(2)
    publish(stores, first, second)
    for each in (first, second):
        hold(stores, each)
    set_to(stores, first.provider_id, remove=(first, second))
    for each in (first, second):
        cancelled(stores, each)
    longer = replace(second, ends_at=second.ends_at + timedelta(minutes=5))

    set_to(stores, first.provider_id, remove=(first,), add=(longer,))

    assert of_day(stores, first.provider_id) == [longer]
    assert hold(stores, longer)
