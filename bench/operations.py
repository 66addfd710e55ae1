"""Each operation of the system, once, on a table that is made for it: what it asks of AWS."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import uuid4

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from bench.meter import Meter, Usage
from chalicelib.bootstrap import Application, Clients, build
from chalicelib.domain.access import ANYBODY
from chalicelib.domain.errors import AppointmentError
from chalicelib.domain.models import Availability, Booking, WeeklyPattern, Window
from chalicelib.settings import Settings
from local_stack.resources import Table, provision_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DAY = date(2030, 5, 2)
NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)


class World:
    """The application on a table of its own, with a clock that stands still, watched by a meter."""

    def __init__(self, dynamodb: "DynamoDBClient", unwatched: "DynamoDBClient", table: Table) -> None:
        """The clients must be of one endpoint; only the first one is watched."""
        provision_table(table, unwatched)
        sqs = boto3.client("sqs", region_name="us-east-1", config=Config(signature_version=UNSIGNED))
        self.now = NOW
        self.meter = Meter(dynamodb=dynamodb, sqs=sqs, unwatched=unwatched, indexes=list(table.indexes.values()))
        self._clients = Clients(dynamodb, sqs)
        self._table = table
        self.application = self.new_process()

    def new_process(self) -> Application:
        """One that has not seen anything yet."""
        queue = "https://queue/"
        settings = Settings(
            table_name=self._table.name,
            booking_queue_url=queue,
            booking_dead_letter_queue_url=queue,
            expiration_dead_letter_queue_url=queue,
            aws_region="us-east-1",
            cursor_keys="k" * 32,
            authentication="off",
        )
        return build(
            settings,
            self._clients,
            clock=lambda: self.now,
            new_id=lambda: str(uuid4()),
            run_all=self.meter.side_by_side,
        )

    def user(self) -> str:
        """Somebody new."""
        return f"user-{uuid4()}"

    def provider(self) -> str:
        """A provider with a day of 16 slots of half an hour, one of whose slots this process has held before."""
        services = self.application.services
        provider_id = f"provider-{uuid4()}"
        services.providers.create(name="Ann's practice", time_zone="Europe/Berlin", provider_id=provider_id)
        self.set_day(provider_id)
        booking = self.hold(provider_id, "16:30")
        services.bookings.cancel(booking.booking_id, by=ANYBODY)
        return provider_id

    def set_day(self, provider_id: str, *, hours: int = 8, minutes: int = 30) -> None:
        """Set the day from 09:00 on, or all of it."""
        start = timedelta(hours=0 if hours == _WHOLE_DAY else 9)
        window = Window(start=start, end=start + timedelta(hours=hours), slot_minutes=minutes)
        self.application.services.availability.set_day(provider_id, Availability(day=DAY, windows=(window,)))

    def set_days(self, provider_id: str, *, days: int) -> None:
        """Set so many days, from midnight to midnight in quarters of an hour."""
        window = Window(start=timedelta(0), end=timedelta(hours=_WHOLE_DAY), slot_minutes=15)
        pattern = WeeklyPattern(
            first_day=DAY, last_day=DAY + timedelta(days=days - 1), weekdays=frozenset(range(7)), windows=(window,)
        )
        self.application.services.availability.set_pattern(provider_id, pattern)

    def hold(self, provider_id: str, start: str = "09:00", user_id: str = "", **key: str) -> Booking:
        """Hold a slot, by somebody new unless it is said by whom."""
        return self.application.services.bookings.hold(
            provider_id=provider_id, slot_id=f"{DAY}T{start}", user_id=user_id or self.user(), by=ANYBODY, **key
        )

    def held(self) -> Booking:
        """A booking that waits for the queue's worker."""
        return self.hold(self.provider())

    def created(self) -> Booking:
        """A booking that the worker has written."""
        booking = self.held()
        self.application.services.bookings.create(booking)
        return booking

    def confirmed(self) -> Booking:
        """A booking that its user has confirmed."""
        return self.application.services.bookings.confirm(self.created().booking_id, by=ANYBODY)

    def lapsed(self) -> Booking:
        """A booking whose deadline has passed, and whose trigger TTL has removed."""
        booking = self.created()
        self.now = booking.expires_at
        return booking


_WHOLE_DAY = 24

Act: TypeAlias = Callable[[World, Any], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What is done, to what."""

    what: str
    given: Callable[[World], Any]
    act: Act


def _hold(world: World, provider_id: str) -> object:
    return world.hold(provider_id)


def _first_hold(world: World, provider_id: str) -> object:
    world.application = world.new_process()
    return world.hold(provider_id)


def _lose(world: World, provider_id: str) -> None:
    with suppress(AppointmentError):
        world.hold(provider_id)


def _step(name: str, *arguments: str) -> Act:
    return lambda world, booking: getattr(world.application.services.bookings, name)(
        booking.booking_id, *arguments, by=ANYBODY
    )


def _with_a_slot_taken(world: World) -> str:
    provider_id = world.provider()
    world.hold(provider_id)
    return provider_id


def _free_slots(world: World, provider_id: str) -> object:
    return world.application.services.availability.free_slots(provider_id, DAY)


def _first_free_slots(world: World, provider_id: str) -> object:
    world.application = world.new_process()
    return _free_slots(world, provider_id)


def _shown(world: World) -> str:
    provider_id = world.provider()
    _free_slots(world, provider_id)
    return provider_id


def _hold_another(world: World, given: tuple[str, str]) -> object:
    provider_id, user_id = given
    return world.hold(provider_id, "10:00", user_id)


def _with_a_hold(world: World) -> tuple[str, str]:
    provider_id, user_id = world.provider(), world.user()
    world.hold(provider_id, "09:00", user_id)
    return provider_id, user_id


def _process(world: World, booking: Booking) -> None:
    world.application.services.bookings.create(booking)


def _expire(world: World, booking: Booking) -> None:
    world.application.services.bookings.expire(booking)


def _set_day(*, hours: int, minutes: int) -> Act:
    return lambda world, provider_id: world.set_day(provider_id, hours=hours, minutes=minutes)


def _provider(world: World) -> str:
    provider_id = f"provider-{uuid4()}"
    world.application.services.providers.create(name="Bea", time_zone="UTC", provider_id=provider_id)
    return provider_id


OPERATIONS: Mapping[str, Operation] = {
    "create": Operation(what="hold a slot", given=World.provider, act=_hold),
    "create, with a key": Operation(
        what="hold a slot under an idempotency key",
        given=World.provider,
        act=lambda world, provider_id: world.hold(provider_id, idempotency_key=str(uuid4())),
    ),
    "create, unknown provider": Operation(
        what="hold a slot in a process that has not seen the provider", given=World.provider, act=_first_hold
    ),
    "create, one held": Operation(
        what="hold a slot for a user who holds another", given=_with_a_hold, act=_hold_another
    ),
    "create, lost": Operation(what="want a slot that somebody has", given=_with_a_slot_taken, act=_lose),
    "worker": Operation(what="write the booking of a hold", given=World.held, act=_process),
    "get": Operation(what="read a booking", given=World.created, act=_step("get")),
    "confirm": Operation(what="confirm a booking", given=World.created, act=_step("confirm")),
    "cancel, pending": Operation(what="give a hold up", given=World.created, act=_step("cancel")),
    "cancel, confirmed": Operation(what="cancel a booking", given=World.confirmed, act=_step("cancel")),
    "reschedule": Operation(
        what="move a confirmed booking", given=World.confirmed, act=_step("reschedule", f"{DAY}T11:00")
    ),
    "expire": Operation(what="end a hold that has lapsed", given=World.lapsed, act=_expire),
    "slots": Operation(what="list the free slots of a day of 16", given=_shown, act=_free_slots),
    "slots, unknown provider": Operation(
        what="the same in a process that has not seen the provider", given=World.provider, act=_first_free_slots
    ),
    "day": Operation(what="set a day of 16 slots", given=_provider, act=_set_day(hours=8, minutes=30)),
    "long day": Operation(what="set a day of 288 slots", given=_provider, act=_set_day(hours=24, minutes=5)),
}
"""All that is measured, by name."""


def measure(world: World, name: str) -> Usage:
    """Do an operation once, and tell what it asked of AWS."""
    operation = OPERATIONS[name]
    world.now = NOW
    given = operation.given(world)
    with world.meter.measuring() as usage:
        operation.act(world, given)
    return usage()
