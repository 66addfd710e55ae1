"""One test for each fault of the system that this one replaces, on the running system.

That one let 19 of 20 racing requests through; the race itself is in `tests/concurrency`.
"""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.system import A_DAY, System, eventually

NINE = f"{A_DAY}T09:00"


@pytest.fixture
def provider_id(system: System) -> str:
    provider_id = system.provider()
    system.availability(provider_id)
    return provider_id


def message_of(held: dict[str, str]) -> str:
    """The message that was sent for a hold, as the queue would deliver it again."""
    facts = ("bookingId", "providerId", "slotId", "userId", "startsAt", "endsAt", "timeZone", "createdAt", "expiresAt")
    return json.dumps({"version": 1, **{name: held[name] for name in facts}})


def redeliver(system: System, held: dict[str, str]) -> None:
    """Deliver the message of a hold again, and wait until the worker is done with it."""
    seen = system.log().count("booking created")
    system.table.sqs.send_message(QueueUrl=system.table.queue_url("bookings"), MessageBody=message_of(held))
    eventually("the worker has had the message", lambda: system.log().count("booking created") > seen)


def test_a_redelivered_message_does_not_reset_a_confirmed_booking_nor_free_its_slot(
    system: System, provider_id: str
) -> None:
    held = system.hold(provider_id, NINE)
    eventually("it is created", lambda: system.table.booking(held["bookingId"]).get("METADATA"))
    confirmed = system.post(f"/bookings/{held['bookingId']}/confirm", expect=200)
    redeliver(system, held)
    assert system.get(f"/bookings/{held['bookingId']}") == confirmed
    assert set(system.table.booking(held["bookingId"])) == {"METADATA"}
    assert system.table.slot(provider_id, NINE)["status"] == "RESERVED"


def test_setting_availability_again_does_not_free_a_reserved_slot(system: System, provider_id: str) -> None:
    held = system.hold(provider_id, NINE)
    system.post(f"/bookings/{held['bookingId']}/confirm", expect=200)
    before = system.table.slot(provider_id, NINE)
    assert system.availability(provider_id)["slotsKept"] == 1
    assert system.table.slot(provider_id, NINE) == before
    assert NINE not in system.free_slots(provider_id)


def test_a_hold_past_its_deadline_can_not_be_confirmed(short_hold_system: System) -> None:
    provider_id = short_hold_system.provider()
    short_hold_system.availability(provider_id)
    held = short_hold_system.hold(provider_id, NINE)
    deadline = datetime.fromisoformat(held["expiresAt"])
    eventually("the deadline has come", lambda: datetime.now(UTC) >= deadline)
    assert short_hold_system.post(f"/bookings/{held['bookingId']}/confirm", expect=409)["code"] == "BOOKING_CONFLICT"


def test_a_failed_message_is_not_swallowed(system: System) -> None:
    system.table.sqs.send_message(QueueUrl=system.table.queue_url("bookings"), MessageBody="no JSON: 42-17")
    assert system.table.dead_letter("bookings-dlq", "42-17")["Body"] == "no JSON: 42-17"


def test_a_taken_slot_is_a_conflict(system: System, provider_id: str) -> None:
    system.hold(provider_id, NINE)
    assert system.hold(provider_id, NINE, "user-2", expect=409)["code"] == "SLOT_UNAVAILABLE"


def test_a_booking_can_be_read_and_cancelled_before_the_worker_has_written_it(system: System, provider_id: str) -> None:
    for slot in system.free_slots(provider_id):
        held = system.hold(provider_id, slot)
        assert system.get(f"/bookings/{held['bookingId']}")["status"] == "PENDING"
        assert system.post(f"/bookings/{held['bookingId']}/cancel", expect=200)["status"] == "CANCELLED"


def test_a_slot_in_2001_can_not_be_booked(system: System, provider_id: str) -> None:
    refused = system.post(
        f"/providers/{provider_id}/availability",
        {"date": "2001-01-01", "startTime": "09:00", "endTime": "10:00", "slotDurationMinutes": 60},
        expect=400,
    )
    assert [error["field"] for error in refused["errors"]] == ["date"]
    # Even one that is in the table, from when it was not yet past.
    past = {**system.table.slot(provider_id, NINE), "SK": "SLOT#2001-01-01#09:00"}
    system.table.put(past | {"startsAt": "2001-01-01T09:00:00Z", "endsAt": "2001-01-01T10:00:00Z"})
    assert system.hold(provider_id, "2001-01-01T09:00", expect=409)["code"] == "SLOT_UNAVAILABLE"
    assert system.free_slots(provider_id, "2001-01-01") == []


def test_only_slots_that_end_within_the_window_are_made(system: System) -> None:
    provider_id = system.provider()
    day = system.availability(provider_id, endTime="10:00", slotDurationMinutes=45)
    assert [slot["startTime"] for slot in day["slots"]] == ["09:00"]


def test_a_hold_that_nobody_confirms_does_not_block_the_slot(short_hold_system: System) -> None:
    provider_id = short_hold_system.provider()
    short_hold_system.availability(provider_id)
    held = short_hold_system.hold(provider_id, NINE)
    deadline = datetime.fromisoformat(held["expiresAt"])
    eventually("the deadline has come", lambda: datetime.now(UTC) >= deadline)
    again = short_hold_system.hold(provider_id, NINE, "user-2")
    assert datetime.fromisoformat(again["createdAt"]) - deadline < timedelta(seconds=60)
    assert short_hold_system.get(f"/bookings/{held['bookingId']}")["status"] == "EXPIRED"
