"""The rules of a booking's life, over stores in memory."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.domain.access import ANYBODY
from chalicelib.domain.errors import (
    BookingConflictError,
    BookingNotFoundError,
    IdempotencyKeyReusedError,
    ProviderNotFoundError,
    ServiceUnavailableError,
    SlotNotFoundError,
    SlotUnavailableError,
    TooManyHoldsError,
)
from chalicelib.domain.instants import deadline
from chalicelib.domain.models import (
    NO_HOLDS,
    NO_RULES,
    Booking,
    BookingStatus,
    Holds,
    Policy,
    Slot,
    SlotStatus,
    Transition,
)
from chalicelib.domain.ports import IdempotencyKey, Prospect, SlotChangedError
from chalicelib.services.bookings import BookingService
from chalicelib.services.ownership import Ownership
from tests.builders import HOLD, MAX_ACTIVE_HOLDS, NOW, Clock, booking, new_id, provider, slot
from tests.fakes import FakeQueue, InMemoryBookings, InMemoryProviders, InMemorySlots, InMemoryStores

DOWN = ServiceUnavailableError("The table can't be reached.")


class Bookings(InMemoryBookings):
    """Bookings in memory, where the next calls of a write may fail, or be overtaken by another client."""

    def __init__(self, stores: InMemoryStores) -> None:
        super().__init__(stores)
        self.keys_not_seen = 0
        """How many of the next reads come too early to see what an idempotency key has done."""
        self.prospects = 0
        """How often it was read what a hold is decided on."""
        self.held_at: list[datetime] = []
        self.before_hold: list[Callable[[], None]] = []
        self.after_hold: list[Callable[[], None]] = []
        self.before_release: list[Callable[[], None]] = []
        self.before_create: list[Callable[[], None]] = []
        self.before_step: list[Callable[[], None]] = []

    def prospect(
        self, provider_id: str, slot_id: str, user_id: str, *, now: datetime, key: IdempotencyKey | None
    ) -> Prospect:
        self.prospects += 1
        if self.keys_not_seen:
            self.keys_not_seen -= 1
            key = None
        return super().prospect(provider_id, slot_id, user_id, now=now, key=key)

    def hold_slot(
        self,
        slot: Slot,
        booking: Booking,
        *,
        now: datetime,
        policy: Policy = NO_RULES,
        holds: Holds = NO_HOLDS,
        key: IdempotencyKey | None = None,
    ) -> None:
        self.held_at.append(now)
        if self.before_hold:
            self.before_hold.pop(0)()
        super().hold_slot(slot, booking, now=now, policy=policy, holds=holds, key=key)
        if self.after_hold:
            self.after_hold.pop(0)()

    def release_hold(self, booking: Booking, *, key: IdempotencyKey | None = None) -> bool:
        if self.before_release:
            self.before_release.pop(0)()
        return super().release_hold(booking, key=key)

    def create_pending(self, booking: Booking) -> bool:
        if self.before_create:
            self.before_create.pop(0)()
        return super().create_pending(booking)

    def take_step(self, step: Transition, booking: Booking, *, at: datetime) -> Booking:
        if self.before_step:
            self.before_step.pop(0)()
        return super().take_step(step, booking, at=at)

    def reschedule(self, booking: Booking, slot: Slot, *, at: datetime) -> Booking:
        if self.before_step:
            self.before_step.pop(0)()
        return super().reschedule(booking, slot, at=at)


class World:
    """A booking service over stores in memory that hold one free slot."""

    def __init__(self) -> None:
        self.stores = InMemoryStores()
        self.clock = Clock()
        self.queue = FakeQueue()
        self.bookings = Bookings(self.stores)
        self.slots = InMemorySlots(self.stores)
        self.service = self.service_with(max_active_holds=MAX_ACTIVE_HOLDS)
        self.ann = provider(provider_id="ann")
        self.stores.providers["ann"] = self.ann
        self.free = slot(provider_id="ann")
        self.put(self.free)

    def service_with(self, *, max_active_holds: int) -> BookingService:
        """A booking service over these stores."""
        providers = InMemoryProviders(self.stores)
        return BookingService(
            providers=providers,
            ownership=Ownership(providers=providers),
            bookings=self.bookings,
            queue=self.queue,
            clock=self.clock,
            new_id=new_id,
            hold=HOLD,
            max_active_holds=max_active_holds,
        )

    def put(self, there: Slot) -> None:
        """Let a slot be in the store as it is."""
        self.stores.slots[there.provider_id, there.slot_id] = there

    def hold(self, user_id: str = "user-1", *, key: str | None = None) -> Booking:
        """Hold the slot."""
        return self.service.hold(
            provider_id="ann", slot_id=self.free.slot_id, user_id=user_id, idempotency_key=key, by=ANYBODY
        )

    def take_back(self, held: Booking, key: str) -> None:
        """Another request, which did the same and could not send its message, takes the hold back."""
        assert self.bookings.release_hold(held, key=IdempotencyKey(user_id=held.user_id, key=key))

    def created(self) -> Booking:
        """Hold the slot and have the worker write the booking."""
        held = self.hold()
        self.service.create(held)
        return held

    def confirm(self, held: Booking) -> None:
        """Another client confirms."""
        self.service.confirm(held.booking_id, by=ANYBODY)

    def cancel(self, held: Booking) -> None:
        """Another client cancels."""
        self.service.cancel(held.booking_id, by=ANYBODY)

    @property
    def slot(self) -> Slot:
        """The slot as it is now."""
        return self.stores.slots["ann", self.free.slot_id]


@pytest.fixture
def world() -> World:
    return World()


def raises(error: Exception) -> Callable[[], None]:
    """Something that raises."""

    def act() -> None:
        raise error

    return act


# hold


def test_a_hold_is_pending_until_its_deadline_and_sent_to_be_created(world: World) -> None:
    held = world.hold()
    assert held.status is BookingStatus.PENDING
    assert held.expires_at == datetime(2030, 5, 1, 12, 5, 1, tzinfo=NOW.tzinfo)
    assert world.slot.held_by == held.booking_id
    assert world.queue.sent == [held]
    assert world.service.get(held.booking_id, by=ANYBODY) == held


def test_a_booking_has_the_times_and_the_zone_of_its_slot(world: World) -> None:
    world.put(replace(world.free, time_zone="Europe/Berlin"))
    held = world.hold()
    assert (held.starts_at, held.ends_at) == (world.free.starts_at, world.free.ends_at)
    assert held.time_zone == "Europe/Berlin"


def test_a_taken_slot_is_refused_and_nothing_is_sent(world: World) -> None:
    world.hold("user-1")
    with pytest.raises(SlotUnavailableError):
        world.hold("user-2")
    assert len(world.queue.sent) == 1


def test_an_unknown_slot_and_an_unknown_provider_are_told_apart(world: World) -> None:
    with pytest.raises(SlotNotFoundError):
        world.service.hold(provider_id="ann", slot_id="2030-05-02T23:00", user_id="u", by=ANYBODY)
    with pytest.raises(ProviderNotFoundError):
        world.service.hold(provider_id="bob", slot_id=world.free.slot_id, user_id="u", by=ANYBODY)


def test_a_slot_that_changes_between_read_and_write_is_held_as_it_is_now(world: World) -> None:
    longer = replace(world.free, ends_at=world.free.ends_at + timedelta(minutes=30))
    world.bookings.before_hold = [lambda: world.put(longer)]
    assert world.hold().ends_at == longer.ends_at


def test_a_slot_that_changes_each_time_ends_as_unavailable(world: World) -> None:
    world.bookings.before_hold = [raises(SlotChangedError(world.free))] * 20
    with pytest.raises(ServiceUnavailableError):
        world.hold()
    assert len(world.bookings.before_hold) == 10
    assert world.queue.sent == []


@pytest.mark.parametrize("error", [DOWN, RuntimeError("unknown")])
def test_when_the_message_can_not_be_sent_the_slot_is_free_again_and_the_caller_is_told(
    world: World, error: Exception
) -> None:
    world.queue.fails_with = error
    with pytest.raises(type(error)):
        world.hold()
    assert world.slot == world.free
    assert world.stores.triggers == {}
    world.queue.fails_with = None
    assert world.hold().status is BookingStatus.PENDING


def test_a_message_that_arrives_after_its_hold_was_released_creates_nothing(world: World) -> None:
    """The send failed for its sender, but did get through."""
    world.queue.fails_with, world.queue.fails_after_sending = DOWN, True
    with pytest.raises(ServiceUnavailableError):
        world.hold()
    world.service.create(world.queue.sent[0])
    assert world.stores.bookings == {}
    assert world.slot == world.free


def test_a_message_that_arrived_before_the_release_makes_the_booking_stand(world: World) -> None:
    world.queue.fails_with, world.queue.fails_after_sending = DOWN, True
    world.bookings.before_release = [lambda: world.service.create(world.queue.sent[0])]
    held = world.hold()
    assert world.service.get(held.booking_id, by=ANYBODY) == held
    assert world.slot.held_by == held.booking_id


def test_when_neither_queue_nor_table_can_be_reached_the_hold_ends_at_its_deadline(world: World) -> None:
    world.queue.fails_with = DOWN
    world.bookings.before_release = [raises(DOWN)]
    with pytest.raises(ServiceUnavailableError):
        world.hold()
    assert world.slot.status is SlotStatus.HELD
    world.clock.advance(seconds=301)
    world.queue.fails_with = None
    assert world.hold("user-2").status is BookingStatus.PENDING


def test_a_hold_of_unknown_outcome_is_taken_back(world: World) -> None:
    world.bookings.after_hold = [raises(DOWN)]
    with pytest.raises(ServiceUnavailableError):
        world.hold()
    assert world.slot == world.free
    assert world.queue.sent == []


# idempotency keys


def test_what_a_repeat_was_answered_is_not_taken_back_by_the_first_request(world: World) -> None:
    """Two requests with one key: while one can't send its message, the other is answered with what that one holds."""
    repeats: list[Booking] = []
    world.queue.fails_with = DOWN
    world.bookings.before_release = [lambda: repeats.append(world.hold(key="key"))]

    first = world.hold(key="key")

    assert repeats == [first]
    assert world.service.get(first.booking_id, by=ANYBODY) == first
    assert world.slot.held_by == first.booking_id


def test_a_repeat_of_what_is_being_taken_back_holds_anew(world: World) -> None:
    first = world.hold(key="key")
    world.bookings.before_create = [lambda: world.take_back(first, "key")]

    again = world.hold(key="key")

    assert again.booking_id != first.booking_id
    assert world.slot.held_by == again.booking_id
    assert world.hold(key="key") == again


def test_a_repeat_gives_up_when_the_request_is_taken_back_time_and_again(world: World) -> None:
    key = IdempotencyKey(user_id="user-1", key="key")

    def taken_back_and_done_again() -> None:
        (held,) = world.stores.triggers.values()
        world.take_back(held, "key")
        again, others = booking(world.free, user_id="user-1"), world.stores.holds["user-1"]
        world.bookings.hold_slot(world.free, again, now=NOW, holds=others, key=key)

    world.hold(key="key")
    world.bookings.before_create = [taken_back_and_done_again] * 5

    with pytest.raises(ServiceUnavailableError):
        world.hold(key="key")


def test_a_repeat_after_the_hold_has_lapsed_gives_the_same_booking_before_the_expiry_is_written(world: World) -> None:
    first = world.hold(key="key")
    world.clock.now = first.expires_at
    del world.stores.triggers[first.booking_id]

    assert world.hold(key="key") == first

    world.service.expire(first)
    assert world.service.get(first.booking_id, by=ANYBODY).status is BookingStatus.EXPIRED
    assert world.hold(key="key") == first


# by a process that has held a slot of the provider before


def held_before(world: World) -> None:
    """Let the service know the provider, by a hold of another user's that is given up."""
    world.cancel(world.hold("somebody"))
    world.bookings.prospects = 0
    world.bookings.held_at = []


def test_a_hold_like_an_earlier_one_is_guessed_and_nothing_is_read(world: World) -> None:
    held_before(world)
    later = slot(provider_id="ann", starts_at=world.free.starts_at + timedelta(days=7))
    world.put(later)

    held = world.service.hold(provider_id="ann", slot_id=later.slot_id, user_id="user-1", by=ANYBODY)

    assert (held.starts_at, held.ends_at, held.time_zone) == (later.starts_at, later.ends_at, later.time_zone)
    assert (world.bookings.prospects, len(world.bookings.held_at)) == (0, 1)


def test_who_never_held_at_this_provider_is_read_for(world: World) -> None:
    held_before(world)
    world.stores.providers["bea"] = provider(provider_id="bea")
    hers = slot(provider_id="bea")
    world.put(hers)

    for user_id in ("user-1", "user-2"):
        held = world.service.hold(provider_id="bea", slot_id=hers.slot_id, user_id=user_id, by=ANYBODY)
        world.cancel(held)

    assert world.bookings.prospects == 1


def test_a_slot_that_is_not_as_long_as_the_last_is_held_as_it_is(world: World) -> None:
    held_before(world)
    longer = replace(world.free, ends_at=world.free.ends_at + timedelta(minutes=7))
    world.put(longer)

    assert world.hold().ends_at == longer.ends_at

    assert (world.bookings.prospects, len(world.bookings.held_at)) == (0, 2)


def test_a_hold_is_as_long_as_the_provider_wants_it_by_now(world: World) -> None:
    held_before(world)
    world.stores.providers["ann"] = replace(world.ann, policy=Policy(hold_seconds=77))

    first = world.hold()
    assert first.expires_at == deadline(world.clock.now, timedelta(seconds=77))

    world.cancel(first)
    assert world.hold("user-2").expires_at == first.expires_at
    assert (world.bookings.prospects, len(world.bookings.held_at)) == (0, 3)


def test_a_user_who_holds_another_slot_is_counted_right_without_a_read(world: World) -> None:
    held_before(world)
    other = slot(provider_id="ann", starts_at=world.free.starts_at + timedelta(hours=1))
    world.put(other)
    first = world.hold()

    second = world.service.hold(provider_id="ann", slot_id=other.slot_id, user_id="user-1", by=ANYBODY)

    assert world.stores.holds["user-1"].deadlines.keys() == {first.booking_id, second.booking_id}
    assert (world.bookings.prospects, len(world.bookings.held_at)) == (0, 3)


def test_holds_that_have_lapsed_are_no_reason_to_look(world: World) -> None:
    held_before(world)
    other = slot(provider_id="ann", starts_at=world.free.starts_at + timedelta(hours=1))
    world.put(other)
    world.clock.now = world.hold().expires_at

    world.service.hold(provider_id="ann", slot_id=other.slot_id, user_id="user-1", by=ANYBODY)

    assert (world.bookings.prospects, len(world.bookings.held_at)) == (0, 2)


@pytest.mark.parametrize("slot_id", ["2030-05-02T23:00", "2030-03-31T02:30"])
def test_a_slot_that_is_not_there_or_never_could_be_is_not_found(world: World, slot_id: str) -> None:
    """On the last Sunday of March, clocks in Berlin show no 02:30."""
    world.free = replace(world.free, time_zone="Europe/Berlin")
    world.put(world.free)
    held_before(world)

    with pytest.raises(SlotNotFoundError):
        world.service.hold(provider_id="ann", slot_id=slot_id, user_id="user-1", by=ANYBODY)


# as many holds as a user may have


class Morning(World):
    """Slots every half an hour, and a user who holds as many as one may, a second after the other."""

    def __init__(self) -> None:
        super().__init__()
        for number in range(1, 2 * MAX_ACTIVE_HOLDS):
            self.put(slot(provider_id="ann", starts_at=self.starts_at(number)))
        self.held = []
        for number in range(MAX_ACTIVE_HOLDS):
            self.held.append(self.hold_number(number))
            self.clock.advance(seconds=1)

    def starts_at(self, number: int) -> datetime:
        """When a slot starts."""
        return self.free.starts_at + number * timedelta(minutes=30)

    def hold_number(self, number: int, user_id: str = "user-1", *, key: str | None = None) -> Booking:
        """Hold one of the slots."""
        slot_id = self.starts_at(number).strftime("%Y-%m-%dT%H:%M")
        return self.service.hold(provider_id="ann", slot_id=slot_id, user_id=user_id, idempotency_key=key, by=ANYBODY)

    def refused(self, number: int, *, key: str | None = None) -> TooManyHoldsError:
        """Be refused a slot, for having too many."""
        with pytest.raises(TooManyHoldsError) as refused:
            self.hold_number(number, key=key)
        return refused.value


ONE_MORE = MAX_ACTIVE_HOLDS


@pytest.fixture
def morning() -> Morning:
    return Morning()


def test_a_user_holds_so_many_slots_and_no_more(morning: Morning) -> None:
    before = deepcopy({name: value for name, value in vars(morning.stores).items() if name != "lock"})

    morning.refused(ONE_MORE, key="key")

    assert {name: value for name, value in vars(morning.stores).items() if name != "lock"} == before
    assert len(morning.queue.sent) == MAX_ACTIVE_HOLDS
    morning.hold_number(ONE_MORE, "user-2")


def test_who_has_too_many_is_told_when_the_first_of_them_lapses_and_can_hold_another_then(morning: Morning) -> None:
    first = morning.held[0].expires_at

    wait = morning.refused(ONE_MORE).retry_after_seconds

    assert morning.clock.now + timedelta(seconds=wait - 1) < first <= morning.clock.now + timedelta(seconds=wait)
    morning.clock.now = first - timedelta(microseconds=1)
    assert morning.refused(ONE_MORE).retry_after_seconds == 1
    morning.clock.now = first
    morning.hold_number(ONE_MORE)
    morning.refused(ONE_MORE + 1)


def test_when_there_may_be_fewer_holds_than_there_are_several_must_lapse_first(morning: Morning) -> None:
    service = morning.service_with(max_active_holds=MAX_ACTIVE_HOLDS - 2)

    with pytest.raises(TooManyHoldsError) as refused:
        service.hold(provider_id="ann", slot_id="2030-05-02T12:00", user_id="user-1", by=ANYBODY)

    wait = morning.held[2].expires_at - morning.clock.now
    assert refused.value.retry_after_seconds - 1 < wait.total_seconds() <= refused.value.retry_after_seconds


@pytest.mark.parametrize("settle", [Morning.confirm, Morning.cancel, lambda morning, held: morning.take_back(held, "")])
def test_a_hold_that_is_settled_or_taken_back_makes_room_for_one(
    morning: Morning, settle: Callable[[Morning, Booking], None]
) -> None:
    settle(morning, morning.held[2])

    morning.hold_number(ONE_MORE)

    morning.refused(ONE_MORE + 1)


def test_a_hold_that_is_rescheduled_counts_as_before(morning: Morning) -> None:
    morning.service.reschedule(morning.held[0].booking_id, "2030-05-02T12:00", by=ANYBODY)
    morning.refused(ONE_MORE)


def test_a_request_that_was_done_is_answered_again_whatever_the_user_holds_by_now(morning: Morning) -> None:
    morning.cancel(morning.held.pop())
    last = morning.hold_number(ONE_MORE, key="key")

    assert morning.hold_number(ONE_MORE, key="key") == last
    assert morning.hold_number(ONE_MORE, key="key") == last


def test_a_request_that_is_being_done_meanwhile_is_not_refused_for_what_it_held_itself(morning: Morning) -> None:
    """What is read before a hold is read item by item, so it may show a hold, and not the key that it was made with."""
    morning.cancel(morning.held.pop())
    last = morning.hold_number(ONE_MORE, key="key")
    morning.bookings.keys_not_seen = 1
    morning.service = morning.service_with(max_active_holds=MAX_ACTIVE_HOLDS)

    assert morning.hold_number(ONE_MORE, key="key") == last


@pytest.mark.parametrize("has_held_before", [True, False])
def test_a_slot_that_nobody_can_have_is_told_before_too_many_holds(morning: Morning, has_held_before: bool) -> None:
    if not has_held_before:
        morning.service = morning.service_with(max_active_holds=MAX_ACTIVE_HOLDS)
    with pytest.raises(SlotUnavailableError):
        morning.hold_number(0)
    with pytest.raises(SlotNotFoundError):
        morning.service.hold(provider_id="ann", slot_id="2030-05-02T23:00", user_id="user-1", by=ANYBODY)
    morning.put(replace(slot(provider_id="ann", starts_at=morning.starts_at(ONE_MORE)), withdrawn=True))
    with pytest.raises(SlotNotFoundError):
        morning.hold_number(ONE_MORE)


@pytest.mark.parametrize("others", range(1, MAX_ACTIVE_HOLDS + 1))
def test_other_holds_of_the_user_that_come_first_time_and_again_are_counted(world: World, others: int) -> None:
    starts = [world.free.starts_at + timedelta(hours=number) for number in range(1, others + 1)]
    theirs = [slot(provider_id="ann", starts_at=starts_at) for starts_at in starts]

    def comes_first(there: Slot) -> Callable[[], None]:
        def hold() -> None:
            before = world.stores.holds.get("user-1", NO_HOLDS)
            InMemoryBookings(world.stores).hold_slot(there, booking(there, user_id="user-1"), now=NOW, holds=before)

        world.put(there)
        return hold

    world.bookings.before_hold = [comes_first(there) for there in theirs]

    if others < MAX_ACTIVE_HOLDS:
        assert world.hold().status is BookingStatus.PENDING
    else:
        with pytest.raises(TooManyHoldsError):
            world.hold()

    assert len(world.stores.triggers) == min(others + 1, MAX_ACTIVE_HOLDS)


def test_a_hold_that_lapses_while_another_comes_first_counts_no_more(morning: Morning) -> None:
    morning.cancel(morning.held.pop())

    def another_comes_first_and_one_lapses() -> None:
        morning.hold_number(ONE_MORE)
        morning.clock.now = morning.held[0].expires_at

    morning.bookings.before_hold = [another_comes_first_and_one_lapses]

    morning.hold_number(ONE_MORE + 1)


# confirm and cancel


def test_a_confirmed_booking_reserves_its_slot(world: World) -> None:
    held = world.created()
    confirmed = world.service.confirm(held.booking_id, by=ANYBODY)
    assert confirmed == held.moved(BookingStatus.CONFIRMED, at=NOW)
    assert world.slot.reserved_by == held.booking_id


def test_a_cancelled_booking_frees_its_slot(world: World) -> None:
    held = world.created()
    cancelled = world.service.cancel(held.booking_id, by=ANYBODY)
    assert cancelled.status is BookingStatus.CANCELLED
    assert world.slot == world.free


def test_confirm_and_cancel_do_not_wait_for_the_queue(world: World) -> None:
    held = world.hold()
    assert world.service.confirm(held.booking_id, by=ANYBODY).status is BookingStatus.CONFIRMED
    assert world.service.cancel(held.booking_id, by=ANYBODY).status is BookingStatus.CANCELLED
    world.service.create(held)
    assert world.service.get(held.booking_id, by=ANYBODY).status is BookingStatus.CANCELLED


@pytest.mark.parametrize("act", ["confirm", "cancel"])
def test_a_repeat_gives_the_same_booking_again(world: World, act: str) -> None:
    held = world.created()
    step = getattr(world.service, act)
    first = step(held.booking_id, by=ANYBODY)
    world.clock.advance(seconds=1000)
    assert step(held.booking_id, by=ANYBODY) == first


@pytest.mark.parametrize("act", ["get", "confirm", "cancel"])
def test_an_unknown_booking_is_not_found(world: World, act: str) -> None:
    with pytest.raises(BookingNotFoundError):
        getattr(world.service, act)(booking().booking_id, by=ANYBODY)


@pytest.mark.parametrize("act", ["confirm", "cancel"])
@pytest.mark.parametrize("expired_in_table", [True, False])
def test_an_expired_booking_can_neither_be_confirmed_nor_cancelled(
    world: World, act: str, expired_in_table: bool
) -> None:
    held = world.created()
    world.clock.now = held.expires_at
    if expired_in_table:
        world.service.expire(held)
    with pytest.raises(BookingConflictError) as conflict:
        getattr(world.service, act)(held.booking_id, by=ANYBODY)
    assert conflict.value.booking_status is BookingStatus.EXPIRED


def test_a_cancelled_booking_can_not_be_confirmed(world: World) -> None:
    held = world.created()
    world.service.cancel(held.booking_id, by=ANYBODY)
    with pytest.raises(BookingConflictError) as conflict:
        world.service.confirm(held.booking_id, by=ANYBODY)
    assert conflict.value.booking_status is BookingStatus.CANCELLED


def test_confirm_works_until_the_last_microsecond_of_the_hold(world: World) -> None:
    held = world.created()
    world.clock.now = held.expires_at - timedelta(microseconds=1)
    assert world.service.confirm(held.booking_id, by=ANYBODY).status is BookingStatus.CONFIRMED


def test_a_confirm_that_loses_to_another_confirm_gives_that_ones_booking(world: World) -> None:
    held = world.created()

    def other() -> None:
        world.service.confirm(held.booking_id, by=ANYBODY)
        world.clock.advance(seconds=1)

    world.bookings.before_step = [other]
    confirmed = world.service.confirm(held.booking_id, by=ANYBODY)
    assert confirmed == held.moved(BookingStatus.CONFIRMED, at=NOW)


def test_a_confirm_that_loses_to_a_cancel_is_a_conflict(world: World) -> None:
    held = world.created()
    world.bookings.before_step = [lambda: world.cancel(held)]
    with pytest.raises(BookingConflictError) as conflict:
        world.service.confirm(held.booking_id, by=ANYBODY)
    assert conflict.value.booking_status is BookingStatus.CANCELLED
    assert world.slot == world.free


def test_a_cancel_that_loses_to_a_confirm_cancels_the_confirmed_booking(world: World) -> None:
    held = world.created()
    world.bookings.before_step = [lambda: world.confirm(held)]
    assert world.service.cancel(held.booking_id, by=ANYBODY).status is BookingStatus.CANCELLED
    assert world.slot == world.free


def test_a_confirm_whose_slot_went_to_a_client_with_a_faster_clock_is_a_conflict(world: World) -> None:
    held = world.created()
    world.put(replace(world.slot, held_by=booking().booking_id))
    with pytest.raises(BookingConflictError) as conflict:
        world.service.confirm(held.booking_id, by=ANYBODY)
    assert conflict.value.booking_status is BookingStatus.EXPIRED


def test_one_reading_of_the_clock_decides_a_step(world: World) -> None:
    """Between two readings the deadline could pass: refused by one, allowed by the other."""
    held = world.created()
    readings = iter([held.expires_at - timedelta(microseconds=1)])

    class OneReading(Clock):
        def __call__(self) -> datetime:
            return next(readings)

    providers = InMemoryProviders(world.stores)
    service = BookingService(
        providers=providers,
        ownership=Ownership(providers=providers),
        bookings=world.bookings,
        queue=world.queue,
        clock=OneReading(),
        new_id=new_id,
        hold=HOLD,
        max_active_holds=MAX_ACTIVE_HOLDS,
    )
    assert service.confirm(held.booking_id, by=ANYBODY).status is BookingStatus.CONFIRMED


# the workers


def test_a_redelivered_message_never_resets_a_confirmed_booking(world: World) -> None:
    held = world.created()
    confirmed = world.service.confirm(held.booking_id, by=ANYBODY)
    world.service.create(held)
    world.service.expire(held)
    assert world.service.get(held.booking_id, by=ANYBODY) == confirmed
    assert world.slot.reserved_by == held.booking_id


def test_an_expiry_ends_the_booking_at_its_deadline_and_frees_the_slot(world: World) -> None:
    held = world.created()
    world.clock.now = held.expires_at + timedelta(hours=40)
    seen_before = world.service.get(held.booking_id, by=ANYBODY)
    world.service.expire(held)
    ended = world.service.get(held.booking_id, by=ANYBODY)
    assert ended == seen_before == held.moved(BookingStatus.EXPIRED, at=held.expires_at)
    assert world.slot == world.free


def test_an_expiry_of_a_booking_whose_message_is_still_in_the_queue_ends_it_for_good(world: World) -> None:
    held = world.hold()
    del world.stores.triggers[held.booking_id]
    world.service.expire(held)
    world.service.create(held)
    assert world.service.get(held.booking_id, by=ANYBODY).status is BookingStatus.EXPIRED
    assert world.slot == world.free


def test_an_expiry_twice_or_after_the_slot_was_held_again_does_no_harm(world: World) -> None:
    first = world.created()
    world.clock.now = first.expires_at
    second = world.hold("user-2")
    world.service.expire(first)
    world.service.expire(first)
    assert world.service.get(first.booking_id, by=ANYBODY).status is BookingStatus.EXPIRED
    assert world.slot.held_by == second.booking_id


def test_a_worker_lets_an_outage_through_to_be_delivered_again(world: World) -> None:
    held = world.created()
    world.bookings.before_step = [raises(DOWN)]
    with pytest.raises(ServiceUnavailableError):
        world.service.expire(held)


def test_a_policy_that_changes_between_read_and_write_counts_as_it_is_now(world: World) -> None:
    def change() -> None:
        world.stores.providers["ann"] = replace(world.ann, policy=Policy(hold_seconds=60))

    world.bookings.before_hold.append(change)
    held = world.hold()
    assert held.expires_at == deadline(NOW, timedelta(seconds=60))
    assert world.slot.hold_expires_at == held.expires_at


def test_a_new_slot_that_changes_each_time_ends_as_unavailable(world: World) -> None:
    held = world.created()
    other = slot(provider_id="ann", starts_at=world.free.starts_at + timedelta(hours=1))
    lengths = iter(range(1, 100))

    def change() -> None:
        longer = timedelta(minutes=next(lengths))
        world.put(replace(other, ends_at=other.ends_at + longer))

    world.bookings.before_step += [change] * 99
    change()
    with pytest.raises(ServiceUnavailableError, match="slot is being changed"):
        world.service.reschedule(held.booking_id, other.slot_id, by=ANYBODY)
    assert world.service.get(held.booking_id, by=ANYBODY).slot_id == held.slot_id


def test_a_booking_that_changes_each_time_ends_as_unavailable(world: World) -> None:
    held = world.created()
    two = [slot(provider_id="ann", starts_at=world.free.starts_at + timedelta(hours=hours)) for hours in (1, 2)]
    for each in two:
        world.put(each)
    there = iter([*two, *two, *two, *two])

    def move() -> None:
        before, world.bookings.before_step = world.bookings.before_step, []
        world.service.reschedule(held.booking_id, next(there).slot_id, by=ANYBODY)
        world.bookings.before_step = before

    world.bookings.before_step += [move] * 7
    with pytest.raises(ServiceUnavailableError, match="booking is being changed"):
        world.service.confirm(held.booking_id, by=ANYBODY)
    assert world.service.get(held.booking_id, by=ANYBODY).status is BookingStatus.PENDING


def test_the_same_key_and_slot_at_another_provider_is_another_request(world: World) -> None:
    world.stores.providers["bob"] = provider(provider_id="bob")
    world.put(replace(world.free, provider_id="bob"))
    world.hold(key="key")
    with pytest.raises(IdempotencyKeyReusedError):
        world.service.hold(
            provider_id="bob", slot_id=world.free.slot_id, user_id="user-1", idempotency_key="key", by=ANYBODY
        )
    assert world.stores.slots["bob", world.free.slot_id].status is SlotStatus.AVAILABLE


def test_a_repeat_gives_the_same_booking_though_its_slot_is_gone_by_now(world: World) -> None:
    held = world.hold(key="key")
    world.service.create(held)
    world.service.cancel(held.booking_id, by=ANYBODY)
    del world.stores.slots["ann", world.free.slot_id]
    assert world.hold(key="key") == held


def test_one_reading_of_the_clock_decides_a_hold(world: World) -> None:
    world.clock.step = timedelta(seconds=1)
    world.hold()
    assert world.bookings.held_at == [world.stores.triggers[next(iter(world.stores.triggers))].created_at]


def test_a_hold_that_can_not_be_taken_back_is_told_of_in_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.queue.fails_with = ServiceUnavailableError("The queue can't be reached.")
    world.bookings.before_release.append(raises(DOWN))
    with pytest.raises(ServiceUnavailableError, match="queue"):
        world.hold()
    assert "hold not released; it ends at its deadline" in caplog.messages
