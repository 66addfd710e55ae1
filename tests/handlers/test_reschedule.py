"""`/bookings/{bookingId}/reschedule`."""

from datetime import UTC, datetime

import pytest

from tests.handlers.api import Answer, Api, Json, assert_problem

NEW = "2030-05-02T11:00"
OLD = "2030-05-02T09:00"
DEADLINE = datetime(2030, 5, 1, 12, 5, 1, tzinfo=UTC)
UNKNOWN_ID = "booking-00000000-0000-4000-8000-000000000000"


def reschedule(api: Api, booking: Json, slot_id: str = NEW) -> Answer:
    return api.post(f"/bookings/{booking['bookingId']}/reschedule", {"slotId": slot_id})


@pytest.mark.parametrize("worker_ran", [True, False])
@pytest.mark.parametrize("confirmed", [True, False])
def test_a_booking_gets_its_new_slot_and_keeps_its_state(api: Api, worker_ran: bool, confirmed: bool) -> None:
    api.has_slots()
    booking = api.has_booking(OLD)
    if worker_ran:
        api.run_worker()
    if confirmed:
        booking = api.post(f"/bookings/{booking['bookingId']}/confirm").json
    api.clock.advance(seconds=1)

    answer = reschedule(api, booking)

    assert answer.status == 200
    assert answer.json == {
        **booking,
        "slotId": NEW,
        "startsAt": "2030-05-02T11:00:00Z",
        "endsAt": "2030-05-02T12:00:00Z",
        "updatedAt": "2030-05-01T12:00:01.250000Z",
    }
    assert api.get(f"/bookings/{booking['bookingId']}").json == answer.json
    assert api.free_slot_ids() == [OLD, "2030-05-02T10:00"]
    api.run_worker()
    assert api.get(f"/bookings/{booking['bookingId']}").json == answer.json


def test_the_slot_that_it_has_changes_nothing(api: Api) -> None:
    api.has_slots()
    booking = api.has_booking(OLD)
    api.clock.advance(seconds=1)

    answer = reschedule(api, booking, OLD)

    assert (answer.status, answer.json) == (200, booking)


def test_a_repeat_gives_the_same_answer(api: Api) -> None:
    api.has_slots()
    booking = api.has_booking(OLD)
    first = reschedule(api, booking)
    api.clock.advance(seconds=1)
    assert reschedule(api, booking).json == first.json


def test_a_slot_of_another_length_can_be_taken(api: Api) -> None:
    api.has_slots()
    booking = api.has_booking(OLD)
    halves = {"date": "2030-05-03", "startTime": "09:00", "endTime": "10:00", "slotDurationMinutes": 30}
    assert api.post("/providers/ann/availability", halves).status == 201

    answer = reschedule(api, booking, "2030-05-03T09:30")

    assert answer.status == 200
    assert (answer.json["startsAt"], answer.json["endsAt"]) == ("2030-05-03T09:30:00Z", "2030-05-03T10:00:00Z")


def test_a_taken_slot_is_refused_and_nothing_changes(api: Api) -> None:
    api.has_slots()
    booking, other = api.has_booking(OLD), api.has_booking(NEW, "user-2")

    assert_problem(reschedule(api, booking), 409, "SLOT_UNAVAILABLE")

    assert api.get(f"/bookings/{booking['bookingId']}").json == booking
    assert api.get(f"/bookings/{other['bookingId']}").json == other


def test_a_slot_that_is_not_there_is_not_found(api: Api) -> None:
    api.has_slots()
    assert_problem(reschedule(api, api.has_booking(OLD), "2030-05-02T22:00"), 404, "SLOT_NOT_FOUND")


def test_a_time_that_the_clocks_skip_is_no_slot(api: Api) -> None:
    api.has_provider("bea", timeZone="Europe/Berlin")
    day = {"date": "2031-03-30", "startTime": "00:00", "endTime": "06:00", "slotDurationMinutes": 30}
    assert api.post("/providers/bea/availability", day).status == 201
    asked = {"providerId": "bea", "slotId": "2031-03-30T01:30", "userId": "user-1"}
    booking = api.post("/bookings", asked).json

    assert_problem(reschedule(api, booking, "2031-03-30T02:30"), 404, "SLOT_NOT_FOUND")
    assert reschedule(api, booking, "2031-03-30T03:00").json["startsAt"] == "2031-03-30T01:00:00Z"


@pytest.mark.parametrize("to", [OLD, NEW])
def test_an_ended_booking_is_a_conflict_that_tells_its_state(api: Api, to: str) -> None:
    api.has_slots()
    cancelled, expired = api.has_booking(OLD), api.has_booking("2030-05-02T10:00")
    api.post(f"/bookings/{cancelled['bookingId']}/cancel")
    api.clock.now = DEADLINE

    for booking, status in ((cancelled, "CANCELLED"), (expired, "EXPIRED")):
        answer = reschedule(api, booking, to)
        assert_problem(answer, 409, "BOOKING_CONFLICT")
        assert answer.json["bookingStatus"] == status


def test_a_booking_that_is_not_there_is_not_found(api: Api) -> None:
    assert_problem(reschedule(api, {"bookingId": UNKNOWN_ID}), 404, "BOOKING_NOT_FOUND")


@pytest.mark.parametrize(
    ("document", "wrong"),
    [
        ({}, {"slotId": "is required"}),
        ({"slotId": None}, {"slotId": "must not be null"}),
        ({"slotId": "tomorrow"}, {"slotId": "must be a local date and time as YYYY-MM-DDTHH:MM"}),
        ({"slotId": NEW, "providerId": "bob"}, {"providerId": "is not a known field"}),
    ],
)
def test_every_bad_field_is_named(api: Api, document: Json, wrong: dict[str, str]) -> None:
    answer = api.post(f"/bookings/{UNKNOWN_ID}/reschedule", document)
    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields == wrong
