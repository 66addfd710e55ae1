"""Setting a day, and what is free, over stores in memory."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.errors import InvalidInputError, ProviderNotFoundError, ServiceUnavailableError
from chalicelib.domain.instants import deadline
from chalicelib.domain.models import Slot, SlotStatus, Window
from chalicelib.services.availability import AvailabilityService, Day
from chalicelib.services.providers import ProviderService
from tests.builders import DAY, HOLD, Clock, booking, new_id, provider, window
from tests.fakes import InMemoryBookings, InMemoryProviders, InMemorySlots, InMemoryStores


class Slots(InMemorySlots):
    """Slots in memory, where others may act just before the free ones are removed or the new ones added."""

    def __init__(self, stores: InMemoryStores) -> None:
        super().__init__(stores)
        self.before_remove: list[Callable[[], object]] = []
        self.before_add: list[Callable[[], object]] = []

    def remove_free(self, slots: Sequence[Slot], window: Window, *, revision: str, now: datetime) -> list[Slot]:
        if self.before_remove:
            self.before_remove.pop(0)()
        return super().remove_free(slots, window, revision=revision, now=now)

    def add(self, slots: Sequence[Slot], window: Window, *, revision: str) -> None:
        if self.before_add:
            self.before_add.pop(0)()
        super().add(slots, window, revision=revision)


class World:
    """An availability service over stores in memory, and a provider in UTC."""

    def __init__(self) -> None:
        self.stores = InMemoryStores()
        self.clock = Clock()
        self.slots = Slots(self.stores)
        self.bookings = InMemoryBookings(self.stores)
        self.service = AvailabilityService(
            providers=ProviderService(providers=InMemoryProviders(self.stores), clock=self.clock, new_id=new_id),
            slots=self.slots,
            clock=self.clock,
            new_id=new_id,
        )
        self.stores.providers["ann"] = provider(provider_id="ann")

    def set(self, start: float = 9, end: float = 12, minutes: int = 60) -> Day:
        """Set the day, with hours since midnight."""
        asked = window(start=timedelta(hours=start), end=timedelta(hours=end), slot_minutes=minutes)
        return self.service.set_day("ann", asked)

    def hold(self, start: str) -> str:
        """Hold the slot that starts then; returns the booking's id."""
        there = self.stores.slots["ann", f"{DAY}T{start}"]
        pending = booking(there, expires_at=deadline(self.clock.now, HOLD))
        self.bookings.hold_slot(there, pending, now=self.clock.now)
        return pending.booking_id

    def day(self) -> list[str]:
        """Start and end of each slot in the store; those that are owned in capitals."""
        return [
            f"{each.starts_at:%H:%M}-{each.ends_at:%H:%M}" + ("" if each.status is SlotStatus.AVAILABLE else " TAKEN")
            for each in self.slots.of_day("ann", DAY)
        ]


@pytest.fixture
def world() -> World:
    return World()


def counts(day: Day) -> tuple[int, int, int]:
    return day.created, day.kept, day.removed


def test_a_first_window_becomes_slots(world: World) -> None:
    day = world.set()
    assert world.day() == ["09:00-10:00", "10:00-11:00", "11:00-12:00"]
    assert counts(day) == (3, 0, 0)
    assert day.slots == world.slots.of_day("ann", DAY)


def test_a_window_shorter_than_a_slot_makes_none(world: World) -> None:
    assert counts(world.set(9, 9.5)) == (0, 0, 0)
    assert world.day() == []


def test_a_new_window_replaces_the_free_slots(world: World) -> None:
    world.set(9, 12)
    day = world.set(13, 15)
    assert world.day() == ["13:00-14:00", "14:00-15:00"]
    assert counts(day) == (2, 0, 3)


def test_held_and_reserved_slots_are_kept_as_they_are(world: World) -> None:
    world.set(9, 12)
    holder = world.hold("10:00")
    before = world.stores.slots["ann", f"{DAY}T10:00"]
    day = world.set(13, 15)
    assert world.stores.slots["ann", f"{DAY}T10:00"] == before
    assert before.held_by == holder
    assert counts(day) == (2, 1, 2)
    assert [f"{each.starts_at:%H:%M} {each.status}" for each in day.slots] == [
        "10:00 HELD",
        "13:00 AVAILABLE",
        "14:00 AVAILABLE",
    ]


def test_the_same_window_again_keeps_the_taken_slot_and_offers_the_others(world: World) -> None:
    world.set(9, 12)
    world.hold("10:00")
    day = world.set(9, 12)
    assert world.day() == ["09:00-10:00", "10:00-11:00 TAKEN", "11:00-12:00"]
    assert counts(day) == (2, 1, 2)


def test_no_new_slot_overlaps_a_kept_one(world: World) -> None:
    """The provider can't be in two places."""
    world.set(9, 12)
    world.hold("10:00")
    day = world.set(9.5, 12, 30)
    assert world.day() == ["09:30-10:00", "10:00-11:00 TAKEN", "11:00-11:30", "11:30-12:00"]
    assert counts(day) == (3, 1, 2)


def test_longer_slots_give_way_to_a_kept_shorter_one(world: World) -> None:
    world.set(9, 12, 30)
    world.hold("09:30")
    world.set(9, 12, 60)
    assert world.day() == ["09:30-10:00 TAKEN", "10:00-11:00", "11:00-12:00"]


def test_a_hold_past_its_deadline_is_replaced_like_a_free_slot(world: World) -> None:
    world.set(9, 12)
    world.hold("10:00")
    world.clock.advance(seconds=301)
    assert counts(world.set(13, 15)) == (2, 0, 3)
    assert world.day() == ["13:00-14:00", "14:00-15:00"]


def test_a_slot_that_is_taken_while_the_day_is_being_set_is_kept_and_not_overlapped(world: World) -> None:
    world.set(9, 12)
    world.slots.before_remove = [lambda: world.hold("10:00")]
    day = world.set(9.5, 12, 30)
    assert world.day() == ["09:30-10:00", "10:00-11:00 TAKEN", "11:00-11:30", "11:30-12:00"]
    assert counts(day) == (3, 1, 2)


def test_a_request_that_is_overtaken_starts_again_and_the_days_never_mix(world: World) -> None:
    world.set(9, 12)
    world.slots.before_add = [lambda: world.set(20, 22)]
    world.set(9.5, 12, 30)
    assert world.day() == ["09:30-10:00", "10:00-10:30", "10:30-11:00", "11:00-11:30", "11:30-12:00"]


def test_a_request_that_is_overtaken_again_and_again_is_told_to_come_back(world: World) -> None:
    def overtake() -> None:
        world.slots.open_window("ann", window(), revision=new_id())

    world.slots.before_remove = [overtake] * 100
    with pytest.raises(ServiceUnavailableError):
        world.set()
    assert len(world.slots.before_remove) == 97


@pytest.mark.parametrize("stop_before", ["before_remove", "before_add"])
def test_after_a_failure_half_way_the_request_can_be_repeated(world: World, stop_before: str) -> None:
    def fail() -> None:
        raise ServiceUnavailableError("The table can't be reached.")

    world.set(9, 12)
    setattr(world.slots, stop_before, [fail])
    with pytest.raises(ServiceUnavailableError):
        world.set(10, 12, 45)
    world.set(10, 12, 45)
    assert world.day() == ["10:00-10:45", "10:45-11:30"]


def test_a_day_of_five_minute_slots_can_be_set_twice(world: World) -> None:
    world.set(0, 24, 5)
    world.hold("12:00")
    assert counts(world.set(0, 24, 5)) == (287, 1, 287)
    assert len(world.day()) == 288


@pytest.mark.parametrize(
    ("time_zone", "now", "allowed"),
    [
        ("UTC", datetime(2030, 5, 2, 23, 59, tzinfo=UTC), True),
        ("UTC", datetime(2030, 5, 3, 0, 0, tzinfo=UTC), False),
        ("Pacific/Kiritimati", datetime(2030, 5, 2, 9, 59, tzinfo=UTC), True),
        ("Pacific/Kiritimati", datetime(2030, 5, 2, 10, 0, tzinfo=UTC), False),
        ("Pacific/Honolulu", datetime(2030, 5, 3, 9, 59, tzinfo=UTC), True),
        ("Pacific/Honolulu", datetime(2030, 5, 3, 10, 0, tzinfo=UTC), False),
    ],
)
def test_a_date_is_past_when_it_is_past_for_the_provider(
    world: World, time_zone: str, now: datetime, allowed: bool
) -> None:
    world.stores.providers["ann"] = replace(world.stores.providers["ann"], time_zone=time_zone)
    world.clock.now = now
    if allowed:
        assert world.set().created == 3
        return
    with pytest.raises(InvalidInputError) as error:
        world.set()
    assert error.value.field == "date"
    assert world.day() == []


def test_an_unknown_provider_has_no_days(world: World) -> None:
    with pytest.raises(ProviderNotFoundError):
        world.service.set_day("bob", window())
    with pytest.raises(ProviderNotFoundError):
        world.service.free_slots("bob", DAY)


def test_the_free_slots_are_those_that_a_hold_would_get(world: World) -> None:
    world.set(9, 12)
    world.hold("10:00")
    world.clock.now = datetime(2030, 5, 2, 8, 59, 59, tzinfo=UTC)
    world.hold("11:00")
    time_zone, free = world.service.free_slots("ann", DAY)
    assert time_zone == "UTC"
    # 10:00 is free again: its hold of the day before is over. 11:00 is held.
    assert [f"{each.starts_at:%H:%M}" for each in free] == ["09:00", "10:00"]
    world.clock.now = datetime(2030, 5, 2, 9, 0, tzinfo=UTC)
    assert [f"{each.starts_at:%H:%M}" for each in world.service.free_slots("ann", DAY)[1]] == ["10:00"]


def test_a_day_without_slots_shows_the_providers_time_zone(world: World) -> None:
    world.stores.providers["ann"] = replace(world.stores.providers["ann"], time_zone="Asia/Tokyo")
    assert world.service.free_slots("ann", DAY) == ("Asia/Tokyo", [])


def test_slots_carry_the_providers_time_zone_and_true_instants(world: World) -> None:
    world.stores.providers["ann"] = replace(world.stores.providers["ann"], time_zone="Asia/Tokyo")
    day = world.set(9, 10)
    assert [(each.time_zone, each.starts_at) for each in day.slots] == [
        ("Asia/Tokyo", datetime(2030, 5, 2, 0, 0, tzinfo=UTC))
    ]
