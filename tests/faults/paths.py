"""Every way through the application that calls AWS: what must be there before, and what is done then."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeAlias

from chalicelib.dao import keys
from chalicelib.dao.values import serialized
from chalicelib.domain.access import ANYBODY
from tests.builders import HOLD, booking
from tests.events import event, message, sqs_record, stream_record, trigger_image
from tests.faults.world import World
from tests.handlers.api import AVAILABILITY, JSON, Answer

Outcome: TypeAlias = "Answer | list[str]"
"""What came back over HTTP, or the records that a worker reports as failed."""

CLOCK_AHEAD = HOLD + timedelta(seconds=1)
SLOT_ID = "2030-05-02T09:00"
LATER_SLOT_ID = "2030-05-02T11:00"
HALVES: Mapping[str, Any] = {**AVAILABILITY, "slotDurationMinutes": 30}
PATTERN: Mapping[str, Any] = {
    "startDate": "2030-05-02",
    "endDate": "2030-05-09",
    "weekdays": ["THURSDAY"],
    "windows": [{"startTime": "09:00", "endTime": "12:00", "slotDurationMinutes": 90}],
}


@dataclass(frozen=True)
class Path:
    """One of them."""

    name: str
    prepare: Callable[[World], None]
    act: Callable[[World], Outcome]
    queue_is_gone: bool = False
    is_taken_back: bool = False
    """Whether what was done is taken back when the whole can't be."""
    clocks_differ_by: timedelta = timedelta(0)
    """How far the clock of this run is behind the one that the world was prepared by."""


def nothing(_world: World) -> None:
    """An empty table."""


def a_provider(world: World) -> None:
    world.api.has_provider()


def a_day(world: World) -> None:
    world.api.has_slots()


def a_hold(world: World) -> None:
    world.api.has_slots()
    hold_one(world)


def hold_one(world: World) -> None:
    booking_id = world.api.has_booking(SLOT_ID)["bookingId"]
    world.bookings.append(world.application.services.bookings.get(booking_id, by=ANYBODY))


def a_booking(world: World) -> None:
    a_hold(world)
    world.application.services.bookings.create(world.bookings[0])


def a_confirmed_booking(world: World) -> None:
    a_booking(world)
    world.application.services.bookings.confirm(world.bookings[0].booking_id, by=ANYBODY)


def a_lapsed_hold(world: World) -> None:
    """TTL has removed the trigger."""
    a_booking(world)
    world.clock.now += HOLD + timedelta(seconds=1)
    tables = world.bench.tables
    tables.dynamodb.delete_item(TableName=tables.name, Key=serialized(keys.trigger(world.bookings[0].booking_id)))


def a_lapsed_hold_of_a_slot_that_is_held_again(world: World) -> None:
    a_lapsed_hold(world)
    hold_one(world)


def a_hold_whose_slot_another_clock_gave_away(world: World) -> None:
    a_booking(world)
    world.clock.now += CLOCK_AHEAD
    hold_one(world)
    world.clock.now -= CLOCK_AHEAD


def get(path: str) -> Callable[[World], Answer]:
    return lambda world: world.api.get(path)


def post(path: str, document: Any) -> Callable[[World], Answer]:
    return lambda world: world.api.post(path, document)


def close(path: str) -> Callable[[World], Answer]:
    return lambda world: world.api.request("DELETE", path)


def hold(slot_id: str) -> Callable[[World], Answer]:
    return post("/bookings", {"providerId": "ann", "slotId": slot_id, "userId": "user-2"})


def hold_with_a_key(world: World) -> Answer:
    document = json.dumps({"providerId": "ann", "slotId": SLOT_ID, "userId": "user-2"}).encode()
    headers = {"Content-Type": JSON, "Idempotency-Key": "key-1"}
    return world.api.request("POST", "/bookings", body=document, headers=headers)


def a_hold_with_a_key(world: World) -> None:
    world.api.has_slots()
    world.bookings.append(world.application.services.bookings.get(hold_with_a_key(world).json["bookingId"], by=ANYBODY))


def two_holds(world: World) -> None:
    a_hold(world)
    world.api.has_booking(LATER_SLOT_ID, "user-2")


def as_many_holds_as_one_may_have(world: World) -> None:
    world.api.has_slots(slotDurationMinutes=30)
    for start in ("09:00", "09:30", "10:00", "10:30", "11:30"):
        booking_id = world.api.has_booking(f"2030-05-02T{start}", "user-2")["bookingId"]
        world.bookings.append(world.application.services.bookings.get(booking_id, by=ANYBODY))


def as_many_holds_but_one_is_confirmed(world: World) -> None:
    as_many_holds_as_one_may_have(world)
    world.application.services.bookings.confirm(world.bookings[0].booking_id, by=ANYBODY)


def change(world: World) -> Answer:
    return world.api.patch("/providers/ann", {"name": "Ann B.", "holdSeconds": 60})


def reschedule(world: World) -> Answer:
    return world.api.post(f"/bookings/{world.bookings[0].booking_id}/reschedule", {"slotId": LATER_SLOT_ID})


def show(world: World) -> Answer:
    return world.api.get(f"/bookings/{world.bookings[0].booking_id}")


def calendar(world: World) -> Answer:
    return world.api.get(f"/bookings/{world.bookings[0].booking_id}/calendar.ics")


def step(name: str, world: World) -> Answer:
    return world.api.post(f"/bookings/{world.bookings[0].booking_id}/{name}")


def create(world: World) -> list[str]:
    return failed_in(world.application.process_bookings(event(message(world.bookings[0]))))


def expire(world: World) -> list[str]:
    return expired(world, trigger_image(world.bookings[0]))


def expired(world: World, image: dict[str, Any]) -> list[str]:
    record = stream_record(image, created=world.clock().timestamp())
    return failed_in(world.application.expire_bookings(event(record)))


def keep_message(world: World) -> list[str]:
    return failed_in(world.application.process_bookings(event(sqs_record('{"malformed": "message"}'))))


def keep_record(world: World) -> list[str]:
    return expired(world, trigger_image(booking(), startsAt=None))


def failed_in(response: Mapping[str, Any]) -> list[str]:
    return ["failed" for _ in response["batchItemFailures"]]


confirm, cancel = partial(step, "confirm"), partial(step, "cancel")

PATHS = [
    Path("creating a provider", nothing, post("/providers", {"name": "Ann"})),
    Path("creating a provider with a policy", nothing, post("/providers", {"name": "Ann", "holdSeconds": 60})),
    Path("showing a provider", a_provider, get("/providers/ann")),
    Path("changing a provider", a_provider, change),
    Path("setting a day", a_provider, post("/providers/ann/availability", AVAILABILITY)),
    Path("setting a day anew", a_hold, post("/providers/ann/availability", HALVES)),
    Path("setting a weekly pattern", a_hold, post("/providers/ann/availability", PATTERN)),
    Path("closing a day", a_hold, close("/providers/ann/availability/2030-05-02")),
    Path("showing what is set", a_day, get("/providers/ann/availability?from=2030-05-02&to=2030-05-09")),
    Path("listing free slots of a range", a_hold, get("/providers/ann/slots?from=2030-05-02&to=2030-05-03&limit=1")),
    Path("listing free slots", a_hold, get("/providers/ann/slots?date=2030-05-02")),
    Path("listing the slots of an empty day", a_day, get("/providers/ann/slots?date=2030-05-03")),
    Path("holding a slot", a_day, hold(SLOT_ID), is_taken_back=True),
    Path("holding a slot with a key", a_day, hold_with_a_key, is_taken_back=True),
    Path("holding a slot with a key again", a_hold_with_a_key, hold_with_a_key),
    Path("holding a slot that is held", a_hold, hold(SLOT_ID)),
    Path("holding a slot that is not there", a_day, hold("2030-05-02T21:00")),
    Path("holding a slot when the queue is gone", a_day, hold(SLOT_ID), queue_is_gone=True, is_taken_back=True),
    Path("holding more slots than one may", as_many_holds_as_one_may_have, hold(LATER_SLOT_ID)),
    Path(
        "holding a slot when another is confirmed",
        as_many_holds_but_one_is_confirmed,
        hold(LATER_SLOT_ID),
        is_taken_back=True,
    ),
    Path("creating a booking", a_hold, create),
    Path("creating a booking again", a_booking, create),
    Path("showing a booking", a_booking, show),
    Path("showing a booking as a calendar", a_booking, calendar),
    Path("listing a user's bookings", a_booking, get("/users/user-1/bookings")),
    Path("listing a provider's bookings", a_booking, get("/providers/ann/bookings?status=PENDING&limit=1")),
    Path("confirming a booking that is not created yet", a_hold, confirm),
    Path("confirming a booking", a_booking, confirm),
    Path("rescheduling a booking that is not created yet", a_hold, reschedule),
    Path("rescheduling a booking", a_booking, reschedule),
    Path("rescheduling a confirmed booking", a_confirmed_booking, reschedule),
    Path("rescheduling a booking to a slot that is taken", two_holds, reschedule),
    Path("cancelling a booking", a_booking, cancel),
    Path("cancelling a confirmed booking", a_confirmed_booking, cancel),
    Path(
        "cancelling a booking whose slot is another's",
        a_hold_whose_slot_another_clock_gave_away,
        cancel,
        clocks_differ_by=CLOCK_AHEAD,
    ),
    Path("expiring a booking", a_lapsed_hold, expire),
    Path("expiring a booking whose slot is another's", a_lapsed_hold_of_a_slot_that_is_held_again, expire),
    Path("keeping a message that is malformed", nothing, keep_message),
    Path("keeping a stream record that is malformed", nothing, keep_record),
    Path("saying whether it is ready", nothing, get("/health/ready")),
]
