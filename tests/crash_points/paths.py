"""Every path through the application that writes: what is there before, and what it does."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeAlias

from chalicelib.dao import keys
from chalicelib.domain.access import ANYBODY
from chalicelib.domain.errors import AppointmentError
from chalicelib.domain.models import Availability, Booking, BookingStatus, WeeklyPattern, Window
from simulation.machine import HOLD_SECONDS, MAX_ACTIVE_HOLDS
from tests.builders import DAY, availability, window
from tests.crash_points.world import World
from tests.events import event, failed, sqs_record

Act: TypeAlias = Callable[[World, Any], object]


@dataclass(frozen=True, kw_only=True)
class Path:
    """One of them. `prepare` gives what `act` works on; `again` is what `act` must give when it is done once more."""

    prepare: Callable[[World], Any]
    act: Act
    again: Callable[[object], bool]
    comes_again: bool = False
    """Whether AWS itself does it again, until it has succeeded; else it may be left alone as well."""


def _slots(world: World) -> str:
    world.application.services.providers.create(name="Ann", time_zone="UTC", provider_id=world.provider_id)
    _set_day(world, None)
    return f"{DAY}T09:00"


def _held(world: World) -> Booking:
    slot_id = _slots(world)
    return world.application.services.bookings.hold(
        provider_id=world.provider_id, slot_id=slot_id, user_id=world.user("1"), by=ANYBODY
    )


def _created(world: World) -> Booking:
    booking = _held(world)
    world.deliver_messages()
    return booking


def _confirmed(world: World) -> Booking:
    booking = _created(world)
    return world.application.services.bookings.confirm(booking.booking_id, by=ANYBODY)


def _after_the_deadline(before: Callable[[World], Booking]) -> Callable[[World], Booking]:
    def prepare(world: World) -> Booking:
        booking = before(world)
        world.now += timedelta(seconds=HOLD_SECONDS + 1)
        return booking

    return prepare


def _hold(world: World, slot_id: str) -> object:
    """The booking's status, or the error."""
    try:
        return world.application.services.bookings.hold(
            provider_id=world.provider_id, slot_id=slot_id, user_id=world.user("2"), by=ANYBODY
        ).status
    except AppointmentError as error:
        return type(error).__name__


def _message_too_late(world: World) -> str:
    message = _message(world)
    world.heal()
    return message


def _message(world: World) -> str:
    _held(world)
    return world.queue.pop()


def _process(world: World, message: str) -> object:
    return failed(world.application.process_bookings(event(sqs_record(message))))


def _confirm(world: World, booking: Booking) -> object:
    return world.application.services.bookings.confirm(booking.booking_id, by=ANYBODY).status


def _cancel(world: World, booking: Booking) -> object:
    return world.application.services.bookings.cancel(booking.booking_id, by=ANYBODY).status


def _removed(before: Callable[[World], Booking]) -> Callable[[World], Any]:
    def prepare(world: World) -> Any:
        before(world)
        world.now += timedelta(seconds=HOLD_SECONDS + 1)
        (record,) = world.let_ttl_delete()
        return record

    return prepare


def _expire(world: World, record: Any) -> object:
    return failed(world.application.expire_bookings(event(record)))


def _set_day(world: World, _: object) -> object:
    return len(world.application.services.availability.set_day(world.provider_id, availability()).slots)


def _set_long_day(world: World, _: object, *, minutes: int = 30) -> object:
    day = availability(window(slot_minutes=minutes))
    return len(world.application.services.availability.set_day(world.provider_id, day).slots)


def _long_day(world: World) -> Booking:
    """A day in longer slots, one of which is held."""
    booking = _held(world)
    _set_long_day(world, None, minutes=45)
    return booking


def _set_pattern(world: World, _: object) -> object:
    _, days = world.application.services.availability.set_pattern(world.provider_id, PATTERN)
    return [(day.created, len(day.kept)) for day in days]


def _pattern_days(world: World) -> Booking:
    """Days in other slots, one of which is held."""
    booking = _held(world)
    pattern = replace(PATTERN, windows=(window(slot_minutes=90),))
    world.application.services.availability.set_pattern(world.provider_id, pattern)
    return booking


def _close_day(world: World, _: object) -> object:
    closed = world.application.services.availability.set_day(world.provider_id, Availability(day=DAY, windows=()))
    free = world.application.services.availability.free_slots(world.provider_id, DAY).slots
    return len(closed.kept), len(free)


def _withdrawn(before: Callable[[World], Booking]) -> Callable[[World], Booking]:
    """A booking whose slot is kept on a closed day."""

    def prepare(world: World) -> Booking:
        booking = before(world)
        _close_day(world, None)
        return booking

    return prepare


def _queue_down(world: World) -> str:
    slot_id = _slots(world)
    world.queue_is_down = True
    return slot_id


def _other_grid(world: World) -> Booking:
    booking = _held(world)
    world.application.services.availability.set_day(world.provider_id, availability(window(slot_minutes=30)))
    return booking


def _provider(world: World, _: object) -> object:
    try:
        world.application.services.providers.create(name="Ann", time_zone="UTC", provider_id=world.provider_id)
    except AppointmentError as error:
        return type(error).__name__
    return "created"


def _change(world: World, _: object) -> object:
    return world.application.services.providers.change(
        world.provider_id, name="Bea", rules={"hold_seconds": HOLD_SECONDS - 1}
    ).name


def _rescheduled(before: Callable[[World], Booking]) -> Callable[[World], Booking]:
    def prepare(world: World) -> Booking:
        booking = before(world)
        _reschedule(world, booking)
        return booking

    return prepare


def _reschedule(world: World, booking: Booking) -> object:
    return world.application.services.bookings.reschedule(booking.booking_id, f"{DAY}T11:00", by=ANYBODY).slot_id


def _hold_with_a_key(world: World, slot_id: str) -> object:
    """The booking's status; it is the one that the key stands for."""
    booking = world.application.services.bookings.hold(
        provider_id=world.provider_id,
        slot_id=slot_id,
        user_id=world.user("2"),
        idempotency_key="key",
        by=ANYBODY,
    )
    remembered = [item["bookingId"] for item in world.items() if item["SK"].startswith(keys.IDEMPOTENCY_PREFIX)]
    assert remembered == [booking.booking_id]
    return booking.status


def _other_policy(world: World) -> object:
    _held(world)
    return _change(world, None)


def _once(before: Callable[[World], object], slot_id: str) -> Callable[[World], str]:
    """A free slot, after something else."""

    def prepare(world: World) -> str:
        before(world)
        return slot_id

    return prepare


def _none(_: World) -> None:
    return None


def _all_held(world: World) -> tuple[str, list[Booking]]:
    """A slot that is left when a user holds as many as one may."""
    left = _slots(world)
    hold = world.application.services.bookings.hold
    held = [
        hold(provider_id=world.provider_id, slot_id=f"{DAY}T{hour}:00", user_id=world.user("2"), by=ANYBODY)
        for hour in (10, 11)
    ]
    assert len(held) == MAX_ACTIVE_HOLDS
    return left, held


def _all_held_but_one(settle: Act) -> Callable[[World], str]:
    def prepare(world: World) -> str:
        left, held = _all_held(world)
        settle(world, held[0])
        return left

    return prepare


_HOLDS = {BookingStatus.PENDING, "SlotUnavailableError"}
"""A hold whose answer was lost may stand, until its deadline."""

PATTERN = WeeklyPattern(
    first_day=DAY,
    last_day=DAY + timedelta(days=8),
    weekdays=frozenset({DAY.weekday(), (DAY.weekday() + 1) % 7}),
    windows=(Window(start=timedelta(hours=9), end=timedelta(hours=17), slot_minutes=120),),
)
"""Two days in each of two weeks, of 4 slots each: in several transactions."""

PATHS = {
    "provider": Path(prepare=_none, act=_provider, again={"created", "ProviderExistsError"}.__contains__),
    "change of a policy": Path(prepare=_slots, act=_change, again="Bea".__eq__),
    "availability": Path(prepare=_slots, act=_set_day, again=lambda slots: slots == 3),
    "availability, other slots, one held": Path(prepare=_other_grid, act=_set_day, again=lambda slots: slots == 3),
    # The held hour takes the place of two.
    "availability, more than one transaction": Path(
        prepare=_long_day, act=_set_long_day, again=lambda slots: slots == 6 - 2 + 1
    ),
    "pattern": Path(prepare=_slots, act=_set_pattern, again=lambda days: days == [(4, 0)] * 4),
    "pattern, other slots, one held": Path(
        # While it is held; once the hold is over, all are free.
        prepare=_pattern_days,
        act=_set_pattern,
        again=lambda days: days == [(3, 1), *[(4, 0)] * 3],
    ),
    "close a day": Path(prepare=_slots, act=_close_day, again=lambda left: left == (0, 0)),
    "close a day, one held": Path(prepare=_held, act=_close_day, again=lambda left: left == (1, 0)),
    "confirm a slot of a closed day": Path(
        prepare=_withdrawn(_created), act=_confirm, again=BookingStatus.CONFIRMED.__eq__
    ),
    "cancel a slot of a closed day": Path(
        prepare=_withdrawn(_created), act=_cancel, again=BookingStatus.CANCELLED.__eq__
    ),
    "hold and enqueue": Path(prepare=_slots, act=_hold, again=_HOLDS.__contains__),
    "hold and enqueue, with a key": Path(prepare=_slots, act=_hold_with_a_key, again=BookingStatus.PENDING.__eq__),
    "hold again after the deadline": Path(
        prepare=lambda world: _after_the_deadline(_held)(world).slot_id, act=_hold, again=_HOLDS.__contains__
    ),
    # What the process remembers of the provider is not so any more, or is not so of this slot.
    "hold after the slots became shorter": Path(
        prepare=_once(_other_grid, f"{DAY}T10:30"), act=_hold, again=_HOLDS.__contains__
    ),
    "hold after the policy was changed": Path(
        prepare=_once(_other_policy, f"{DAY}T10:00"), act=_hold, again=_HOLDS.__contains__
    ),
    "hold one more than a user may": Path(
        prepare=lambda world: _all_held(world)[0], act=_hold, again="TooManyHoldsError".__eq__
    ),
    "hold when another is confirmed": Path(prepare=_all_held_but_one(_confirm), act=_hold, again=_HOLDS.__contains__),
    "hold when another is cancelled": Path(prepare=_all_held_but_one(_cancel), act=_hold, again=_HOLDS.__contains__),
    "hold while the queue is down": Path(
        prepare=_queue_down, act=_hold, again={"ServiceUnavailableError", "SlotUnavailableError"}.__contains__
    ),
    "create": Path(prepare=_message, act=_process, again=lambda failures: failures == []),
    "create, too late": Path(prepare=_message_too_late, act=_process, again=lambda failures: failures == []),
    "dead letter": Path(prepare=lambda _: "no booking", act=_process, again=lambda failures: failures == []),
    "confirm": Path(prepare=_created, act=_confirm, again=BookingStatus.CONFIRMED.__eq__),
    "confirm before it is created": Path(prepare=_held, act=_confirm, again=BookingStatus.CONFIRMED.__eq__),
    "reschedule": Path(prepare=_created, act=_reschedule, again=f"{DAY}T11:00".__eq__),
    "reschedule before it is created": Path(prepare=_held, act=_reschedule, again=f"{DAY}T11:00".__eq__),
    "reschedule once confirmed": Path(prepare=_confirmed, act=_reschedule, again=f"{DAY}T11:00".__eq__),
    "confirm once rescheduled": Path(
        prepare=_rescheduled(_created), act=_confirm, again=BookingStatus.CONFIRMED.__eq__
    ),
    "cancel once rescheduled": Path(
        prepare=_rescheduled(_confirmed), act=_cancel, again=BookingStatus.CANCELLED.__eq__
    ),
    "cancel": Path(prepare=_created, act=_cancel, again=BookingStatus.CANCELLED.__eq__),
    "cancel before it is created": Path(prepare=_held, act=_cancel, again=BookingStatus.CANCELLED.__eq__),
    "cancel once confirmed": Path(prepare=_confirmed, act=_cancel, again=BookingStatus.CANCELLED.__eq__),
    "expire": Path(prepare=_removed(_created), act=_expire, again=lambda failures: failures == [], comes_again=True),
    "expire a slot of a closed day": Path(
        prepare=_removed(_withdrawn(_created)), act=_expire, again=lambda failures: failures == [], comes_again=True
    ),
    "expire once rescheduled": Path(
        prepare=_removed(_rescheduled(_held)), act=_expire, again=lambda failures: failures == [], comes_again=True
    ),
    "expire before it is created": Path(
        prepare=_removed(_held), act=_expire, again=lambda failures: failures == [], comes_again=True
    ),
}
