"""A booking's whole life on the running system: over HTTP, through the queue, the table, TTL and the stream."""

import json
from datetime import datetime
from functools import partial
from urllib.parse import quote
from uuid import uuid4

import pytest
from icalendar import Calendar

from tests.system import A_DAY, System, eventually


@pytest.fixture
def provider_id(system: System) -> str:
    """A provider with three free slots."""
    provider_id = system.provider()
    system.availability(provider_id)
    return provider_id


@pytest.fixture
def short_hold_provider_id(short_hold_system: System) -> str:
    """The same where holds are short."""
    provider_id = short_hold_system.provider()
    short_hold_system.availability(provider_id)
    return provider_id


def test_from_hold_to_confirmation_to_cancellation(system: System, provider_id: str) -> None:
    slot_id = f"{A_DAY}T09:00"
    user_id = f"user-{uuid4()}"
    held = system.hold(provider_id, slot_id, user_id)
    assert held["status"] == "PENDING"
    assert system.get(f"/bookings/{held['bookingId']}") == held
    assert slot_id not in system.free_slots(provider_id)

    created = eventually("the worker writes it", lambda: system.table.booking(held["bookingId"]).get("METADATA"))
    assert created["status"] == "PENDING"
    assert created["GSI1PK"] == f"USER#{user_id}"

    confirmed = system.post(f"/bookings/{held['bookingId']}/confirm", expect=200)
    assert confirmed["status"] == "CONFIRMED"
    assert system.post(f"/bookings/{held['bookingId']}/confirm", expect=200) == confirmed
    assert system.table.slot(provider_id, slot_id)["reservedBy"] == held["bookingId"]
    assert set(system.table.booking(held["bookingId"])) == {"METADATA"}

    cancelled = system.post(f"/bookings/{held['bookingId']}/cancel", expect=200)
    assert cancelled["status"] == "CANCELLED"
    assert slot_id in system.free_slots(provider_id)


def test_from_hold_to_expiry_by_ttl_and_stream(short_hold_system: System, short_hold_provider_id: str) -> None:
    system, slot_id = short_hold_system, f"{A_DAY}T09:00"
    held = system.hold(short_hold_provider_id, slot_id)

    expired = system.wait_for_status(held["bookingId"], "EXPIRED")
    assert expired["expiredAt"] == held["expiresAt"]
    assert slot_id in system.free_slots(short_hold_provider_id)

    ended = eventually(
        "the stream worker ends it in the table",
        lambda: (
            (items := system.table.booking(held["bookingId"])) and items["METADATA"]["status"] == "EXPIRED" and items
        ),
    )
    assert set(ended) == {"METADATA"}
    assert system.table.slot(short_hold_provider_id, slot_id)["status"] == "AVAILABLE"
    assert system.get(f"/bookings/{held['bookingId']}") == expired

    conflict = system.post(f"/bookings/{held['bookingId']}/confirm", expect=409)
    assert conflict["bookingStatus"] == "EXPIRED"
    assert system.hold(short_hold_provider_id, slot_id, "user-2")["userId"] == "user-2"


def test_a_message_that_can_never_be_processed_is_kept_whole_and_holds_up_nobody(
    system: System, provider_id: str
) -> None:
    poison = json.dumps({"version": 1, "bookingId": str(uuid4()), "note": "not a booking"})
    url = system.table.queue_url("bookings")
    system.table.sqs.send_message(QueueUrl=url, MessageBody=poison)
    held = system.hold(provider_id, f"{A_DAY}T10:00")

    assert eventually("the other is created", lambda: system.table.booking(held["bookingId"]).get("METADATA"))
    dead = system.table.dead_letter("bookings-dlq", "not a booking")
    assert dead["Body"] == poison
    assert "bookingId" in dead["MessageAttributes"]["cause"]["StringValue"]


def test_a_trigger_that_can_never_be_processed_is_kept_whole_and_holds_up_nobody(
    short_hold_system: System, short_hold_provider_id: str
) -> None:
    system, booking_id = short_hold_system, f"booking-{uuid4()}"
    system.table.put({"PK": f"BOOKING#{booking_id}", "SK": "EXPIRATION_TRIGGER", "ttl": 1, "note": "damaged"})
    held = system.hold(short_hold_provider_id, f"{A_DAY}T10:00")

    eventually(
        "the other expires",
        lambda: system.table.booking(held["bookingId"]).get("METADATA", {}).get("status") == "EXPIRED",
    )
    dead = system.table.dead_letter("expirations-dlq", booking_id)
    assert json.loads(dead["Body"])["dynamodb"]["OldImage"]["note"] == {"S": "damaged"}
    assert "no expiration trigger" in dead["MessageAttributes"]["cause"]["StringValue"]


def test_a_day_of_five_minute_slots_can_be_set_and_set_again_while_some_are_taken(system: System) -> None:
    provider_id = system.provider(timeZone="America/New_York")
    day = {"startTime": "00:00", "endTime": "24:00", "slotDurationMinutes": 5}
    assert system.availability(provider_id, **day)["slotsCreated"] == 288
    held = system.hold(provider_id, f"{A_DAY}T00:00")
    reserved = system.hold(provider_id, f"{A_DAY}T23:55")
    system.post(f"/bookings/{reserved['bookingId']}/confirm", expect=200)

    again = system.availability(provider_id, **day)
    assert (again["slotsCreated"], again["slotsKept"]) == (286, 2)
    assert len(system.free_slots(provider_id)) == 286
    assert system.get(f"/bookings/{held['bookingId']}")["status"] == "PENDING"
    assert system.table.slot(provider_id, f"{A_DAY}T23:55")["reservedBy"] == reserved["bookingId"]


def test_the_logs_tell_what_happened_by_id_and_nothing_personal(system: System) -> None:
    provider_id = system.provider(name="Somebody Private")
    system.availability(provider_id)
    held = system.hold(provider_id, f"{A_DAY}T09:00", "private-user")
    answer = system.http.get(f"/bookings/{held['bookingId']}")

    def lines() -> list[dict[str, str]]:
        parsed = [json.loads(line) for line in system.log().splitlines()]
        return [line for line in parsed if line.get("booking_id") == held["bookingId"]]

    eventually("the worker has logged", lambda: "booking created" in {line["message"] for line in lines()})
    mine = lines()
    assert {line["message"] for line in mine} == {"booking created", "request"}
    assert any(line.get("request_id") == answer.headers["X-Request-Id"] for line in mine)
    assert "Somebody Private" not in system.log()
    assert "private-user" not in system.log()


def test_bookings_are_listed_page_by_page_and_as_a_calendar(system: System) -> None:
    provider_id, user_id = system.provider(timeZone="Europe/Berlin"), f"user {uuid4()}"
    system.availability(provider_id)
    held = [system.hold(provider_id, f"{A_DAY}T{hour}:00", user_id) for hour in ("09", "10", "11")]
    confirmed = system.post(f"/bookings/{held[1]['bookingId']}/confirm", expect=200)
    whole = [held[0], confirmed, held[2]]
    of_user, of_provider = f"/users/{quote(user_id)}/bookings", f"/providers/{provider_id}/bookings"

    def are_listed(path: str) -> bool:
        return bool(system.get(path)["bookings"] == whole)

    for path in (of_user, of_provider):
        eventually("all are listed", partial(are_listed, path))
        first = system.get(f"{path}?limit=2&from={A_DAY}&to={A_DAY}")
        assert first["bookings"] == whole[:2]
        rest = system.get(f"{path}?limit=2&from={A_DAY}&to={A_DAY}&cursor={first['nextCursor']}")
        assert rest == {"bookings": whole[2:], "nextCursor": None}
        assert system.get(f"{path}?order=desc")["bookings"] == whole[::-1]
        assert system.get(f"{path}?status=CONFIRMED")["bookings"] == [confirmed]
    first = system.get(f"{of_user}?limit=1")
    assert "cursor" in system.get(f"{of_provider}?cursor={first['nextCursor']}", expect=400)["detail"]

    calendar = system.http.get(f"/bookings/{confirmed['bookingId']}/calendar.ics")
    assert calendar.headers["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    (event,) = Calendar.from_ical(calendar.text).events
    assert (event["status"], event.start) == ("CONFIRMED", datetime.fromisoformat(confirmed["startsAt"]))


def test_a_booking_that_has_expired_is_listed_as_such_before_and_after_ttl(
    short_hold_system: System, short_hold_provider_id: str
) -> None:
    system, path = short_hold_system, f"/providers/{short_hold_provider_id}/bookings"
    held = system.hold(short_hold_provider_id, f"{A_DAY}T11:00")

    expired = system.wait_for_status(held["bookingId"], "EXPIRED")

    eventually("it is listed", lambda: system.get(f"{path}?status=EXPIRED")["bookings"] == [expired])
    assert system.get(f"{path}?status=PENDING")["bookings"] == []
    eventually(
        "the stream worker has ended it in the table",
        lambda: system.table.booking(held["bookingId"]).get("METADATA", {}).get("status") == "EXPIRED",
    )
    assert system.get(f"{path}?status=EXPIRED")["bookings"] == [expired]
