"""What a `SlotStore` promises."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.models import CONFIRM, Slot
from chalicelib.domain.ports import AvailabilitySupersededError
from tests.builders import DAY, HOLD, NOW, booking, new_id, slot, window
from tests.tables import Stores

MANY = 130
"""More than fit into one transaction."""


def day_of_slots(count: int) -> list[Slot]:
    """Adjacent slots of one provider from midnight on, five minutes each."""
    provider_id = f"p-{new_id()}"
    midnight = datetime.combine(DAY, datetime.min.time(), tzinfo=UTC)
    return [
        slot(provider_id=provider_id, starts_at=start, ends_at=start + timedelta(minutes=5))
        for start in (midnight + timedelta(minutes=5) * number for number in range(count))
    ]


def publish(stores: Stores, *slots: Slot) -> str:
    """Add slots under a new revision, which is returned."""
    revision = new_id()
    stores.slots.open_window(slots[0].provider_id, window(), revision=revision)
    stores.slots.add(slots, window(), revision=revision)
    return revision


def hold(stores: Stores, held: Slot, *, confirm: bool = False) -> str:
    """Hold a slot, or reserve it; returns the booking's id."""
    pending = booking(held)
    stores.bookings.hold_slot(held, pending, now=NOW)
    if confirm:
        stores.bookings.take_step(CONFIRM, pending, at=NOW)
    return pending.booking_id


def test_added_slots_are_found_one_by_one_and_as_a_day_in_order_of_time(stores: Stores) -> None:
    slots = day_of_slots(3)
    publish(stores, slots[2], slots[0], slots[1])
    assert stores.slots.of_day(slots[0].provider_id, DAY) == slots
    assert stores.slots.find(slots[1].provider_id, slots[1].slot_id) == slots[1]


def test_a_slot_that_was_never_added_is_not_found(stores: Stores) -> None:
    unknown = slot()
    assert stores.slots.find(unknown.provider_id, unknown.slot_id) is None
    assert stores.slots.of_day(unknown.provider_id, DAY) == []


def test_a_day_has_neither_another_days_nor_another_providers_slots(stores: Stores) -> None:
    mine = slot()
    publish(stores, mine)
    publish(stores, slot())
    publish(stores, slot(provider_id=mine.provider_id, starts_at=mine.starts_at + timedelta(days=1)))
    assert stores.slots.of_day(mine.provider_id, DAY) == [mine]


def test_more_slots_than_one_transaction_takes_are_added_and_removed(stores: Stores) -> None:
    slots = day_of_slots(MANY)
    revision = publish(stores, *slots)
    assert stores.slots.of_day(slots[0].provider_id, DAY) == slots
    assert stores.slots.remove_free(slots, window(), revision=revision, now=NOW) == []
    assert stores.slots.of_day(slots[0].provider_id, DAY) == []


def test_held_and_reserved_slots_are_not_removed_and_are_named(stores: Stores) -> None:
    slots = day_of_slots(MANY)
    revision = publish(stores, *slots)
    holder, owner = hold(stores, slots[7]), hold(stores, slots[120], confirm=True)

    taken = stores.slots.remove_free(slots, window(), revision=revision, now=NOW)

    assert [(each.slot_id, each.held_by, each.reserved_by) for each in taken] == [
        (slots[7].slot_id, holder, None),
        (slots[120].slot_id, None, owner),
    ]
    assert stores.slots.of_day(slots[0].provider_id, DAY) == taken


def test_a_slot_is_removed_from_the_instant_its_hold_ends(stores: Stores) -> None:
    held = slot()
    revision = publish(stores, held)
    hold(stores, held)
    deadline = booking(held).expires_at
    just_before = deadline - timedelta(microseconds=1)
    assert stores.slots.remove_free([held], window(), revision=revision, now=just_before) != []
    assert stores.slots.remove_free([held], window(), revision=revision, now=deadline) == []
    assert stores.slots.find(held.provider_id, held.slot_id) is None


def test_removing_twice_does_no_harm(stores: Stores) -> None:
    slots = day_of_slots(2)
    revision = publish(stores, *slots)
    stores.slots.remove_free(slots[:1], window(), revision=revision, now=NOW)
    assert stores.slots.remove_free(slots, window(), revision=revision, now=NOW) == []
    assert stores.slots.of_day(slots[0].provider_id, DAY) == []


def test_adding_again_leaves_what_is_there_as_it_is(stores: Stores) -> None:
    slots = day_of_slots(3)
    revision = publish(stores, *slots[:2])
    holder = hold(stores, slots[1])
    stores.slots.add(slots, window(), revision=revision)
    assert [each.held_by for each in stores.slots.of_day(slots[0].provider_id, DAY)] == [None, holder, None]


def test_an_overtaken_request_can_neither_add_nor_remove(stores: Stores) -> None:
    first, second = day_of_slots(2)
    revision = publish(stores, first)
    stores.slots.open_window(first.provider_id, window(), revision=new_id())
    with pytest.raises(AvailabilitySupersededError):
        stores.slots.add([second], window(), revision=revision)
    with pytest.raises(AvailabilitySupersededError):
        stores.slots.remove_free([first], window(), revision=revision, now=NOW)
    assert stores.slots.of_day(first.provider_id, DAY) == [first]


def test_another_days_window_overtakes_nobody(stores: Stores) -> None:
    first, second = day_of_slots(2)
    revision = publish(stores, first)
    stores.slots.open_window(first.provider_id, window(day=DAY + timedelta(days=1)), revision=new_id())
    stores.slots.add([second], window(), revision=revision)
    assert stores.slots.of_day(first.provider_id, DAY) == [first, second]


def test_a_hold_is_shown_with_its_owner_and_deadline(stores: Stores) -> None:
    free = slot()
    publish(stores, free)
    holder = hold(stores, free)
    there = stores.slots.find(free.provider_id, free.slot_id)
    assert there
    assert (there.status, there.held_by) == ("HELD", holder)
    assert there.hold_expires_at == booking(free).expires_at
    assert there.hold_expires_at >= NOW + HOLD
