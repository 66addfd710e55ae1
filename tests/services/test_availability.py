"""Setting and closing days, and what is free, over stores in memory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.domain.changes import DayChange
from chalicelib.domain.errors import (
    InvalidInputError,
    ProviderNotFoundError,
    ServiceUnavailableError,
    SlotNotFoundError,
)
from chalicelib.domain.instants import deadline
from chalicelib.domain.models import CANCEL, CONFIRM, EXPIRE, Availability, Slot, SlotStatus, WeeklyPattern
from chalicelib.services.availability import MAX_SLOTS, AvailabilityService, Day
from chalicelib.services.cursors import Cursors
from chalicelib.services.providers import ProviderService
from tests.builders import CURSOR_KEY, DAY, HOLD, Clock, availability, booking, new_id, provider, window
from tests.fakes import InMemoryBookings, InMemoryProviders, InMemorySlots, InMemoryStores


class Slots(InMemorySlots):
    """Slots in memory, where others may act just before days are changed."""

    def __init__(self, stores: InMemoryStores) -> None:
        super().__init__(stores)
        self.before_change: list[Callable[[], object]] = []
        self.tried: list[str] = []
        """The revisions of all tries."""
        self.read = 0
        self.changed: list[Sequence[DayChange]] = []

    def of_days(
        self, provider_id: str, first_day: date, last_day: date, *, after: str = "", page_size: int | None = None
    ) -> Iterator[Slot]:
        for each in super().of_days(provider_id, first_day, last_day, after=after, page_size=page_size):
            self.read += 1
            yield each

    def change_days(self, provider_id: str, changes: Sequence[DayChange], *, now: datetime) -> list[DayChange]:
        if self.before_change:
            self.before_change.pop(0)()
        self.tried.append(changes[0].availability.revision)
        done = super().change_days(provider_id, changes, now=now)
        self.changed.append(done)
        return done


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
            cursors=Cursors(keys=[CURSOR_KEY]),
            clock=self.clock,
            new_id=new_id,
        )
        self.stores.providers["ann"] = provider(provider_id="ann")

    def set(self, start: float = 9, end: float = 12, minutes: int = 60, day: date = DAY) -> Day:
        """Set a day to one window, with hours since midnight."""
        asked = window(start=timedelta(hours=start), end=timedelta(hours=end), slot_minutes=minutes)
        return self.service.set_day("ann", availability(asked, day=day))

    def close(self) -> Day:
        return self.service.set_day("ann", Availability(day=DAY, windows=()))

    def hold(self, start: str) -> str:
        """Hold the slot that starts then; returns the booking's id."""
        there = self.stores.slots["ann", f"{DAY}T{start}"]
        pending = booking(there, expires_at=deadline(self.clock.now, HOLD))
        self.bookings.hold_slot(there, pending, now=self.clock.now)
        return pending.booking_id

    def end(self, booking_id: str) -> None:
        """Cancel a booking."""
        self.bookings.take_step(CANCEL, self.stores.triggers[booking_id], at=self.clock.now)

    def day(self, day: date = DAY) -> list[str]:
        """Start and end of each slot in the store; those that are owned in capitals, withdrawn ones in brackets."""
        return [
            f"{each.starts_at:%H:%M}-{each.ends_at:%H:%M}"
            + ("" if each.status is SlotStatus.AVAILABLE else " TAKEN")
            + (" (withdrawn)" if each.withdrawn else "")
            for each in self.slots.of_days("ann", day, day)
        ]

    def free(self) -> list[str]:
        """The starts of the slots that are shown as free."""
        return [f"{each.starts_at:%H:%M}" for each in self.service.free_slots("ann", DAY).slots]


@pytest.fixture
def world() -> World:
    return World()


def counts(day: Day) -> tuple[int, int, int]:
    return day.created, len(day.kept), day.removed


def test_a_first_window_becomes_slots(world: World) -> None:
    day = world.set()
    assert world.day() == ["09:00-10:00", "10:00-11:00", "11:00-12:00"]
    assert counts(day) == (3, 0, 0)
    assert day.slots == list(world.slots.of_days("ann", DAY, DAY))


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
    assert world.stores.slots["ann", f"{DAY}T10:00"] == replace(before, withdrawn=True)
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
    assert world.day() == ["09:30-10:00", "10:00-11:00 TAKEN (withdrawn)", "11:00-11:30", "11:30-12:00"]
    assert counts(day) == (3, 1, 2)


def test_longer_slots_give_way_to_a_kept_shorter_one(world: World) -> None:
    world.set(9, 12, 30)
    world.hold("09:30")
    world.set(9, 12, 60)
    assert world.day() == ["09:30-10:00 TAKEN (withdrawn)", "10:00-11:00", "11:00-12:00"]


def test_a_hold_past_its_deadline_is_replaced_like_a_free_slot(world: World) -> None:
    world.set(9, 12)
    world.hold("10:00")
    world.clock.advance(seconds=301)
    assert counts(world.set(13, 15)) == (2, 0, 3)
    assert world.day() == ["13:00-14:00", "14:00-15:00"]


def test_a_slot_that_is_taken_while_the_day_is_being_set_is_kept_and_not_overlapped(world: World) -> None:
    world.set(9, 12)
    world.slots.before_change = [lambda: world.hold("10:00")]
    day = world.set(9.5, 12, 30)
    assert world.day() == ["09:30-10:00", "10:00-11:00 TAKEN (withdrawn)", "11:00-11:30", "11:30-12:00"]
    assert counts(day) == (3, 1, 2)


def test_a_request_that_is_overtaken_starts_again_and_the_days_never_mix(world: World) -> None:
    world.set(9, 12)
    world.slots.before_change = [lambda: world.set(20, 22)]
    world.set(9.5, 12, 30)
    assert world.day() == ["09:30-10:00", "10:00-10:30", "10:30-11:00", "11:00-11:30", "11:30-12:00"]


def test_a_request_that_is_overtaken_again_and_again_is_told_to_come_back(world: World) -> None:
    def overtake() -> None:
        world.stores.availability["ann", DAY] = replace(availability(), revision=new_id())

    world.slots.before_change = [overtake] * 100
    with pytest.raises(ServiceUnavailableError):
        world.set()
    assert len(world.slots.before_change) == 97
    assert world.day() == []


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
        world.service.set_day("bob", availability())
    with pytest.raises(ProviderNotFoundError):
        world.service.set_pattern("bob", pattern())
    with pytest.raises(ProviderNotFoundError):
        world.service.availability("bob", DAY, DAY)
    with pytest.raises(ProviderNotFoundError):
        world.service.free_slots("bob", DAY)
    with pytest.raises(ProviderNotFoundError):
        world.service.free_slots_of_days("bob", DAY, DAY, limit=1, cursor=None)


def test_the_free_slots_are_those_that_a_hold_would_get(world: World) -> None:
    world.set(9, 12)
    world.hold("10:00")
    world.clock.now = datetime(2030, 5, 2, 8, 59, 59, tzinfo=UTC)
    world.hold("11:00")
    assert world.service.free_slots("ann", DAY).time_zone == "UTC"
    # 10:00 is free again: its hold of the day before is over. 11:00 is held.
    assert world.free() == ["09:00", "10:00"]
    assert {each.status for each in world.service.free_slots("ann", DAY).slots} == {SlotStatus.AVAILABLE}
    world.clock.now = datetime(2030, 5, 2, 9, 0, tzinfo=UTC)
    assert world.free() == ["10:00"]


def test_a_day_without_slots_shows_the_providers_time_zone(world: World) -> None:
    world.stores.providers["ann"] = replace(world.stores.providers["ann"], time_zone="Asia/Tokyo")
    found = world.service.free_slots("ann", DAY)
    assert (found.time_zone, found.slots, found.next_cursor) == ("Asia/Tokyo", [], None)


def test_slots_carry_the_providers_time_zone_and_true_instants(world: World) -> None:
    world.stores.providers["ann"] = replace(world.stores.providers["ann"], time_zone="Asia/Tokyo")
    day = world.set(9, 10)
    assert [(each.time_zone, each.starts_at) for each in day.slots] == [
        ("Asia/Tokyo", datetime(2030, 5, 2, 0, 0, tzinfo=UTC))
    ]


def test_a_day_is_set_to_several_windows_and_shown_so(world: World) -> None:
    both = availability(
        window(start=timedelta(hours=9), end=timedelta(hours=10)),
        window(start=timedelta(hours=14), end=timedelta(hours=15), slot_minutes=30),
    )
    assert counts(world.service.set_day("ann", both)) == (3, 0, 0)
    assert world.day() == ["09:00-10:00", "14:00-14:30", "14:30-15:00"]
    time_zone, (told,) = world.service.availability("ann", DAY, DAY)
    assert (time_zone, told.day, told.windows) == ("UTC", DAY, both.windows)


def test_a_closed_day_has_no_free_slots_and_keeps_the_taken_ones(world: World) -> None:
    world.set(9, 12)
    held = world.hold("10:00")
    day = world.close()
    assert counts(day) == (0, 1, 2)
    assert [each.held_by for each in day.kept] == [held]
    assert day.slots == day.kept
    assert world.free() == []
    assert world.service.availability("ann", DAY, DAY)[1][0].windows == ()


def test_closing_a_day_again_gives_the_same(world: World) -> None:
    world.set(9, 12)
    world.hold("10:00")
    once = world.close()
    again = world.close()
    assert [each.slot_id for each in again.kept] == [each.slot_id for each in once.kept]
    assert (again.created, again.removed) == (0, 0)


def test_a_day_that_was_never_set_can_be_closed(world: World) -> None:
    assert counts(world.close()) == (0, 0, 0)
    assert [each.windows for each in world.service.availability("ann", DAY, DAY)[1]] == [()]


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "set to other hours"])
@pytest.mark.parametrize("confirmed", [True, False])
def test_a_kept_slot_outside_the_windows_does_not_come_back_when_its_booking_is_cancelled(
    world: World, closed: bool, confirmed: bool
) -> None:
    world.set(9, 12)
    held = world.hold("10:00")
    pending = world.stores.triggers[held]
    if confirmed:
        pending = world.bookings.take_step(CONFIRM, pending, at=world.clock.now)
    if closed:
        world.close()
    else:
        world.set(13, 15)

    world.bookings.take_step(CANCEL, pending, at=world.clock.now)

    assert world.free() == ([] if closed else ["13:00", "14:00"])
    with pytest.raises(SlotNotFoundError):
        world.hold("10:00")


def test_a_kept_slot_outside_the_windows_does_not_come_back_when_its_hold_is_over(world: World) -> None:
    world.set(9, 12)
    held = world.hold("10:00")
    world.close()
    world.clock.advance(seconds=301)
    assert world.free() == []
    with pytest.raises(SlotNotFoundError):
        world.hold("10:00")

    expired = world.stores.triggers[held]
    world.bookings.take_step(EXPIRE, expired, at=expired.expires_at)

    assert world.free() == []
    with pytest.raises(SlotNotFoundError):
        world.hold("10:00")


def test_a_kept_slot_that_the_windows_have_again_does_come_back(world: World) -> None:
    world.set(9, 12)
    held = world.hold("10:00")
    world.close()
    assert counts(world.set(9, 12)) == (2, 1, 0)
    world.end(held)
    assert world.free() == ["09:00", "10:00", "11:00"]


def test_a_withdrawn_slot_whose_booking_has_ended_is_offered_or_removed_by_the_next_that_sets_the_day(
    world: World,
) -> None:
    world.set(9, 12)
    held = [world.hold("09:00"), world.hold("10:00")]
    world.close()
    for each in held:
        world.end(each)
    assert counts(world.set(9, 10)) == (1, 0, 0)
    assert world.day() == ["09:00-10:00"]


def test_a_slot_that_is_offered_is_not_written_again(world: World) -> None:
    world.set(9, 12)
    world.set(9, 13)
    (change,) = world.slots.changed[-1]
    assert [f"{each.starts_at:%H:%M}" for each in change.add] == ["12:00"]
    assert change.slots_to_write == 1


MONDAY = date(2030, 5, 6)


def pattern(
    weekdays: Sequence[int] = (0, 2), first_day: date = MONDAY, days: int = 14, minutes: int = 60
) -> WeeklyPattern:
    return WeeklyPattern(
        first_day=first_day,
        last_day=first_day + timedelta(days=days - 1),
        weekdays=frozenset(weekdays),
        windows=(window(slot_minutes=minutes),),
    )


def test_a_pattern_sets_its_weekdays_from_the_first_to_the_last_date_and_leaves_the_others_as_they_are(
    world: World,
) -> None:
    tuesday = MONDAY + timedelta(days=1)
    world.set(20, 21, day=tuesday)

    _, days = world.service.set_pattern("ann", pattern())

    wanted = [MONDAY + timedelta(days=each) for each in (0, 2, 7, 9)]
    assert [each.day for each in days] == wanted
    assert [counts(each) for each in days] == [(3, 0, 0)] * 4
    assert world.day(tuesday) == ["20:00-21:00"]
    told = world.service.availability("ann", MONDAY, MONDAY + timedelta(days=13))[1]
    assert [each.day for each in told] == sorted([*wanted, tuesday])


def test_both_ends_of_a_pattern_belong_to_it(world: World) -> None:
    _, days = world.service.set_pattern("ann", pattern(weekdays=range(7), days=3))
    assert [each.day for each in days] == [MONDAY + timedelta(days=each) for each in range(3)]


def test_a_pattern_without_any_of_its_weekdays_sets_nothing(world: World) -> None:
    assert world.service.set_pattern("ann", pattern(weekdays=[6], days=3)) == (world.stores.providers["ann"], [])
    assert world.stores.availability == {}


def test_a_pattern_keeps_what_is_taken_on_any_day(world: World) -> None:
    world.service.set_pattern("ann", pattern())
    there = world.stores.slots["ann", f"{MONDAY}T10:00"]
    world.bookings.hold_slot(there, booking(there), now=world.clock.now)

    _, days = world.service.set_pattern("ann", pattern(minutes=90))

    assert [counts(each) for each in days] == [(0, 1, 2), (2, 0, 3), (2, 0, 3), (2, 0, 3)]
    assert [each.slot_id for each in days[0].kept] == [f"{MONDAY}T10:00"]


def test_a_day_of_a_pattern_that_is_overtaken_is_set_again_and_the_others_are_not(world: World) -> None:
    world.slots.before_change = [lambda: world.set(20, 22, day=MONDAY)]
    _, days = world.service.set_pattern("ann", pattern())
    assert [counts(each) for each in days] == [(3, 0, 2), (3, 0, 0), (3, 0, 0), (3, 0, 0)]
    assert world.day(MONDAY) == ["09:00-10:00", "10:00-11:00", "11:00-12:00"]
    assert [len(each) for each in world.slots.changed] == [1, 3, 1]


def test_each_try_has_a_revision_of_its_own(world: World) -> None:
    """What another request has read of one try must not be there again after the next."""
    world.slots.before_change = [lambda: world.set(20, 22)]
    world.set(9, 12)
    assert len(world.slots.tried) == len(set(world.slots.tried)) == 3


def test_a_pattern_that_begins_in_the_past_is_refused(world: World) -> None:
    with pytest.raises(InvalidInputError) as error:
        world.service.set_pattern("ann", pattern(first_day=DAY - timedelta(days=2)))
    assert (error.value.field, error.value.message) == ("startDate", "is past: it is 2030-05-01 in UTC")
    assert world.stores.slots == {}


def test_a_pattern_may_make_so_many_slots_and_not_one_more(world: World) -> None:
    days, slots_a_day = 100, MAX_SLOTS // 100
    length = timedelta(minutes=5)

    def all_days(slots: int) -> WeeklyPattern:
        windows = (window(start=timedelta(0), end=slots * length, slot_minutes=5),)
        return replace(pattern(weekdays=range(7), days=days), windows=windows)

    with pytest.raises(InvalidInputError) as error:
        world.service.set_pattern("ann", all_days(slots_a_day + 1))
    assert error.value.field == "endDate"
    assert "10000" in error.value.message
    assert world.stores.slots == {}
    _, made = world.service.set_pattern("ann", all_days(slots_a_day))
    assert sum(each.created for each in made) == len(world.stores.slots) == MAX_SLOTS


def walk(world: World, limit: int, days: int = 3) -> list[list[str]]:
    """All pages of free slots, as days of May and starts."""
    pages, cursor = [], None
    while True:
        page = world.service.free_slots_of_days("ann", DAY, DAY + timedelta(days=days - 1), limit=limit, cursor=cursor)
        pages.append([f"{each.starts_at:%d %H}" for each in page.slots])
        cursor = page.next_cursor
        if cursor is None:
            return pages


ALL = ["02 09", "02 10", "02 11", "04 09", "04 10", "04 11"]


@pytest.mark.parametrize(
    ("limit", "pages"),
    [
        (1, [[each] for each in ALL]),
        (2, [ALL[:2], ALL[2:4], ALL[4:]]),
        (3, [ALL[:3], ALL[3:]]),
        (4, [ALL[:4], ALL[4:]]),
        (6, [ALL]),
        (7, [ALL]),
    ],
)
def test_the_free_slots_of_a_range_come_in_full_pages_each_once(
    world: World, limit: int, pages: list[list[str]]
) -> None:
    for day in (1, 3, 5):
        world.set(day=date(2030, 5, day + 1))
    assert walk(world, limit) == pages


def test_pages_are_full_though_many_slots_are_taken(world: World) -> None:
    world.set(0, 24, 5)
    for number in range(200):
        world.hold(f"{number // 12:02}:{number % 12 * 5:02}")
    assert [len(page) for page in walk(world, 40)] == [40, 40, 8]


def test_the_last_page_ends_also_where_only_taken_slots_follow(world: World) -> None:
    world.set(9, 12)
    world.hold("11:00")
    assert walk(world, 2) == [["02 09", "02 10"]]


def test_a_range_without_free_slots_is_one_empty_page(world: World) -> None:
    assert walk(world, 5) == [[]]


def test_a_cursor_goes_on_after_its_slot_though_that_is_gone(world: World) -> None:
    world.set(9, 12)
    first = world.service.free_slots_of_days("ann", DAY, DAY, limit=1, cursor=None)
    world.set(10, 13)
    then = world.service.free_slots_of_days("ann", DAY, DAY, limit=9, cursor=first.next_cursor)
    assert [f"{each.starts_at:%H}" for each in then.slots] == ["10", "11", "12"]


@pytest.mark.parametrize(
    ("provider_id", "first_day", "last_day"),
    [
        ("bob", DAY, DAY),
        ("ann", DAY - timedelta(days=1), DAY),
        ("ann", DAY, DAY + timedelta(days=1)),
    ],
)
def test_a_cursor_is_good_for_its_own_listing_only(
    world: World, provider_id: str, first_day: date, last_day: date
) -> None:
    world.stores.providers["bob"] = provider(provider_id="bob")
    world.set(9, 12)
    cursor = world.service.free_slots_of_days("ann", DAY, DAY, limit=1, cursor=None).next_cursor
    assert cursor
    with pytest.raises(InvalidInputError) as error:
        world.service.free_slots_of_days(provider_id, first_day, last_day, limit=1, cursor=cursor)
    assert error.value.field == "cursor"


def test_one_reading_of_the_clock_decides_what_is_free(world: World) -> None:
    world.set()
    held = world.hold("11:00")
    world.clock.now = world.stores.triggers[held].expires_at - timedelta(seconds=1)
    world.clock.step = timedelta(seconds=1)
    assert world.free() == ["09:00", "10:00"]


def test_no_more_slots_are_read_than_a_page_needs(world: World) -> None:
    world.set()
    world.service.free_slots_of_days("ann", DAY, DAY, limit=1, cursor=None)
    assert world.slots.read == 2, "those of the page, and one that tells that there is more"
