"""`/providers/{providerId}/availability` and `/providers/{providerId}/slots`."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.handlers.api import AVAILABILITY, Api, assert_problem

DAY_PATH = "/providers/ann/availability"
SLOTS_PATH = "/providers/ann/slots"


def test_setting_a_day_answers_with_its_slots(api: Api) -> None:
    api.has_provider(timeZone="Europe/Berlin")

    answer = api.post(
        DAY_PATH, {"date": "2030-05-02", "startTime": "22:30", "endTime": "24:00", "slotDurationMinutes": 45}
    )

    assert answer.status == 201
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Request-Id"]
    assert answer.json == {
        "providerId": "ann",
        "date": "2030-05-02",
        "startTime": "22:30",
        "endTime": "24:00",
        "slotDurationMinutes": 45,
        "timeZone": "Europe/Berlin",
        "slotsCreated": 2,
        "slotsKept": 0,
        "slotsRemoved": 0,
        "slots": [
            {
                "slotId": "2030-05-02T22:30",
                "date": "2030-05-02",
                "startTime": "22:30",
                "endTime": "23:15",
                "startsAt": "2030-05-02T20:30:00Z",
                "endsAt": "2030-05-02T21:15:00Z",
                "status": "AVAILABLE",
            },
            {
                "slotId": "2030-05-02T23:15",
                "date": "2030-05-02",
                "startTime": "23:15",
                "endTime": "24:00",
                "startsAt": "2030-05-02T21:15:00Z",
                "endsAt": "2030-05-02T22:00:00Z",
                "status": "AVAILABLE",
            },
        ],
    }


def test_free_slots_are_listed_in_order_of_time(api: Api) -> None:
    api.has_provider(timeZone="America/New_York")
    api.post(DAY_PATH, {"date": "2030-05-02", "startTime": "09:00", "endTime": "10:00", "slotDurationMinutes": 30})

    answer = api.get(f"{SLOTS_PATH}?date=2030-05-02")

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json == {
        "providerId": "ann",
        "date": "2030-05-02",
        "timeZone": "America/New_York",
        "slots": [
            {
                "slotId": "2030-05-02T09:00",
                "date": "2030-05-02",
                "startTime": "09:00",
                "endTime": "09:30",
                "startsAt": "2030-05-02T13:00:00Z",
                "endsAt": "2030-05-02T13:30:00Z",
                "status": "AVAILABLE",
            },
            {
                "slotId": "2030-05-02T09:30",
                "date": "2030-05-02",
                "startTime": "09:30",
                "endTime": "10:00",
                "startsAt": "2030-05-02T13:30:00Z",
                "endsAt": "2030-05-02T14:00:00Z",
                "status": "AVAILABLE",
            },
        ],
        "count": 2,
    }


def test_the_free_slots_of_a_range_come_a_page_at_a_time(api: Api) -> None:
    api.has_slots()
    api.post(DAY_PATH, {**AVAILABILITY, "date": "2030-05-04"})

    first = api.get(f"{SLOTS_PATH}{RANGE}&limit=4")
    cursor = first.json["nextCursor"]
    second = api.get(f"{SLOTS_PATH}{RANGE}&limit=4&cursor={cursor}")

    assert first.status == 200
    assert [slot["slotId"] for slot in first.json["slots"]] == [
        "2030-05-02T09:00",
        "2030-05-02T10:00",
        "2030-05-02T11:00",
        "2030-05-04T09:00",
    ]
    assert first.json | {"slots": None} == {
        "providerId": "ann",
        "from": "2030-05-02",
        "to": "2030-05-04",
        "timeZone": "UTC",
        "slots": None,
        "count": 4,
        "nextCursor": cursor,
    }
    assert [slot["slotId"] for slot in second.json["slots"]] == ["2030-05-04T10:00", "2030-05-04T11:00"]
    assert (second.json["count"], second.json["nextCursor"]) == (2, None)


def test_a_page_has_a_hundred_slots_unless_another_number_is_asked_for(api: Api) -> None:
    api.has_slots(startTime="00:00", endTime="24:00", slotDurationMinutes=5)

    assert api.get(SLOTS_PATH + RANGE).json["count"] == 100
    assert api.get(f"{SLOTS_PATH}{RANGE}&limit=288").json["nextCursor"] is None


def test_a_range_has_31_days_at_most(api: Api) -> None:
    api.has_slots()

    assert api.get(f"{SLOTS_PATH}?from=2030-05-02&to=2030-06-01").json["count"] == 3


def test_a_cursor_is_good_for_the_range_it_was_given_for_only(api: Api) -> None:
    api.has_slots()
    cursor = api.get(f"{SLOTS_PATH}{RANGE}&limit=1").json["nextCursor"]

    answer = api.get(f"{SLOTS_PATH}?from=2030-05-01&to=2030-05-04&limit=1&cursor={cursor}")

    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields == {"cursor": "is none of this listing"}


def test_a_day_that_was_never_set_has_no_slots(api: Api) -> None:
    api.has_provider(timeZone="Asia/Tokyo")

    assert api.get(f"{SLOTS_PATH}?date=2030-05-02").json == {
        "providerId": "ann",
        "date": "2030-05-02",
        "timeZone": "Asia/Tokyo",
        "slots": [],
        "count": 0,
    }


def test_a_window_shorter_than_one_slot_makes_none(api: Api) -> None:
    api.has_provider()

    answer = api.post(DAY_PATH, {**AVAILABILITY, "endTime": "09:30"})

    assert (answer.status, answer.json["slotsCreated"], answer.json["slots"]) == (201, 0, [])


def test_the_slots_of_other_days_and_providers_are_not_shown(api: Api) -> None:
    api.has_slots("ann")
    api.has_slots("bob", startTime="10:00")
    api.post(DAY_PATH, {**AVAILABILITY, "date": "2030-05-03"})

    assert api.free_slot_ids() == ["2030-05-02T09:00", "2030-05-02T10:00", "2030-05-02T11:00"]


def test_setting_a_day_again_replaces_its_free_slots(api: Api) -> None:
    api.has_slots()

    answer = api.post(DAY_PATH, {**AVAILABILITY, "startTime": "10:30"})

    assert answer.json | {"slots": None} == {
        "providerId": "ann",
        "date": "2030-05-02",
        "startTime": "10:30",
        "endTime": "12:00",
        "slotDurationMinutes": 60,
        "timeZone": "UTC",
        "slotsCreated": 1,
        "slotsKept": 0,
        "slotsRemoved": 3,
        "slots": None,
    }
    assert api.free_slot_ids() == ["2030-05-02T10:30"]


def test_setting_a_day_again_keeps_held_and_reserved_slots(api: Api) -> None:
    api.has_slots()
    held = api.has_booking("2030-05-02T09:00")
    reserved = api.has_booking("2030-05-02T10:00", "user-2")
    api.post(f"/bookings/{reserved['bookingId']}/confirm")

    answer = api.post(DAY_PATH, {**AVAILABILITY, "startTime": "09:30", "slotDurationMinutes": 30})

    assert [(slot["slotId"], slot["status"]) for slot in answer.json["slots"]] == [
        ("2030-05-02T09:00", "HELD"),
        ("2030-05-02T10:00", "RESERVED"),
        ("2030-05-02T11:00", "AVAILABLE"),
        ("2030-05-02T11:30", "AVAILABLE"),
    ]
    assert (answer.json["slotsCreated"], answer.json["slotsKept"], answer.json["slotsRemoved"]) == (2, 2, 1)
    assert api.free_slot_ids() == ["2030-05-02T11:00", "2030-05-02T11:30"]
    assert api.post(f"/bookings/{held['bookingId']}/confirm").json["status"] == "CONFIRMED"


def test_the_day_before_today_is_past(api: Api) -> None:
    api.has_provider()

    answer = api.post(DAY_PATH, {**AVAILABILITY, "date": "2030-04-30"})

    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields == {"date": "is past: it is 2030-05-01 in UTC"}
    assert not api.stores.slots


@pytest.mark.parametrize(
    ("zone", "now", "today", "yesterday"),
    [
        pytest.param(
            "Pacific/Kiritimati", datetime(2030, 5, 1, 12, tzinfo=UTC), "2030-05-02", "2030-05-01", id="ahead of UTC"
        ),
        pytest.param(
            "Pacific/Pago_Pago", datetime(2030, 5, 1, 5, tzinfo=UTC), "2030-04-30", "2030-04-29", id="behind UTC"
        ),
    ],
)
def test_what_is_past_is_decided_in_the_providers_time_zone(
    api: Api, zone: str, now: datetime, today: str, yesterday: str
) -> None:
    api.clock.now = now
    api.has_provider(timeZone=zone)

    assert api.post(DAY_PATH, {**AVAILABILITY, "date": today}).status == 201
    refused = api.post(DAY_PATH, {**AVAILABILITY, "date": yesterday})
    assert_problem(refused, 400, "VALIDATION_FAILED")
    assert refused.wrong_fields == {"date": f"is past: it is {today} in {zone}"}


def test_a_slot_that_has_started_is_no_longer_free(api: Api) -> None:
    api.has_slots()

    api.clock.now = datetime(2030, 5, 2, 10, tzinfo=UTC)

    assert api.free_slot_ids() == ["2030-05-02T11:00"]


RANGE = "?from=2030-05-02&to=2030-05-04"
NOT_A_DATE = "must be a date as YYYY-MM-DD"
NOT_A_TIME = "must be a time of the day as HH:MM"
NOT_A_NUMBER = "must be a whole number"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("date", "2030-02-29", "is no day of the calendar"),
        ("date", "2030-02-30", "is no day of the calendar"),
        ("date", "2030-13-01", "is no day of the calendar"),
        ("date", "2030-04-31", "is no day of the calendar"),
        ("date", "0000-01-01", "is no day of the calendar"),
        ("date", "9999-12-31", "must not be after 9999-01-01"),
        ("date", "2030-5-2", NOT_A_DATE),
        ("date", "20300502", NOT_A_DATE),
        ("date", "2030-05-02T00:00", NOT_A_DATE),
        ("date", "2030-05-02 ", NOT_A_DATE),
        ("date", "2030-05-02\n", NOT_A_DATE),
        ("date", "2030-W18-4", NOT_A_DATE),
        ("date", "\uff12\uff10\uff13\uff10-05-02", NOT_A_DATE),
        ("date", "", NOT_A_DATE),
        ("date", 20300502, NOT_A_DATE),
        ("date", None, "must not be null"),
        ("date", True, NOT_A_DATE),
        ("startTime", "24:00", NOT_A_TIME),
        ("startTime", "9:00", NOT_A_TIME),
        ("startTime", "09:60", NOT_A_TIME),
        ("startTime", "09:00:00", NOT_A_TIME),
        ("startTime", "09:00Z", NOT_A_TIME),
        ("startTime", "-1:00", NOT_A_TIME),
        ("startTime", "\u0660\u0669:00", NOT_A_TIME),
        ("startTime", 9, NOT_A_TIME),
        ("startTime", None, "must not be null"),
        ("endTime", "24:01", NOT_A_TIME),
        ("endTime", "25:00", NOT_A_TIME),
        ("endTime", 24, NOT_A_TIME),
        ("endTime", False, NOT_A_TIME),
        ("endTime", "09:00", "must be after startTime"),
        ("endTime", "08:59", "must be after startTime"),
        ("endTime", "00:00", "must be after startTime"),
        ("slotDurationMinutes", 4, "must be at least 5"),
        ("slotDurationMinutes", 0, "must be at least 5"),
        ("slotDurationMinutes", -30, "must be at least 5"),
        ("slotDurationMinutes", 481, "must be at most 480"),
        ("slotDurationMinutes", 10**100, "must be at most 480"),
        ("slotDurationMinutes", 30.0, NOT_A_NUMBER),
        ("slotDurationMinutes", 30.5, NOT_A_NUMBER),
        ("slotDurationMinutes", "30", NOT_A_NUMBER),
        ("slotDurationMinutes", True, NOT_A_NUMBER),
        ("endTime", None, "must not be null"),
        ("slotDurationMinutes", None, "must not be null"),
        ("slotDurationMinutes", [30], NOT_A_NUMBER),
        ("timeZone", "UTC", "is not a known field"),
    ],
)
def test_a_window_that_can_not_be_accepted_is_refused(api: Api, field: str, value: object, message: str) -> None:
    api.has_provider()

    answer = api.post(DAY_PATH, {**AVAILABILITY, field: value})

    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields == {field: message}
    assert not api.stores.slots


@pytest.mark.parametrize(
    ("document", "wrong"),
    [
        (
            {},
            dict.fromkeys(("date", "startTime", "endTime", "slotDurationMinutes"), "is required"),
        ),
        (
            {"date": "May 2nd", "startTime": "nine", "endTime": "ten", "slotDurationMinutes": 1, "x": 1},
            {
                "date": NOT_A_DATE,
                "startTime": NOT_A_TIME,
                "endTime": NOT_A_TIME,
                "slotDurationMinutes": "must be at least 5",
                "x": "is not a known field",
            },
        ),
    ],
)
def test_every_bad_field_of_a_window_is_named_at_once(
    api: Api, document: dict[str, Any], wrong: dict[str, str]
) -> None:
    answer = api.post(DAY_PATH, document)

    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields == wrong


@pytest.mark.parametrize("minutes", [5, 480])
def test_the_shortest_and_the_longest_slots_are_accepted(api: Api, minutes: int) -> None:
    api.has_provider()

    answer = api.post(
        DAY_PATH, {"date": "2030-05-02", "startTime": "00:00", "endTime": "24:00", "slotDurationMinutes": minutes}
    )

    assert (answer.status, answer.json["slotsCreated"]) == (201, 24 * 60 // minutes)


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("", {"date": "is required"}),
        ("?", {"date": "is required"}),
        ("?date=", {"date": NOT_A_DATE}),
        ("?date=tomorrow", {"date": NOT_A_DATE}),
        ("?date=2030-02-30", {"date": "is no day of the calendar"}),
        ("?date=2030-05-02&date=2030-05-02", {"date": "must be given once only"}),
        ("?date=2030-05-02&status=HELD", {"status": "is not a known field"}),
        ("?date=2030-05-02&from=2030-05-02", {"from": "can't be given together with date"}),
        (
            "?date=2030-05-02&from=2030-05-02&to=2030-05-02",
            {"date": "can't be given together with from, to"},
        ),
        ("?date=2030-05-02&limit=5", {"limit": "can't be given together with date"}),
        ("?from=2030-05-02", {"to": "is required"}),
        ("?limit=5&cursor=x", {"from": "is required", "to": "is required"}),
        ("?from=2030-05-02&to=2030-05-01", {"to": "must not be before from"}),
        ("?from=2030-05-02&to=2030-06-02", {"to": "must be less than 31 days after from"}),
        ("?from=x&to=2030-02-30", {"from": NOT_A_DATE, "to": "is no day of the calendar"}),
        (f"{RANGE}&limit=0", {"limit": "must be at least 1"}),
        (f"{RANGE}&limit=501", {"limit": "must be at most 500"}),
        (f"{RANGE}&limit=ten", {"limit": "must be a whole number from 1 to 500"}),
        (f"{RANGE}&limit=1000000", {"limit": "must be a whole number from 1 to 500"}),
        (f"{RANGE}&limit=-1", {"limit": "must be a whole number from 1 to 500"}),
        (f"{RANGE}&limit=\uff11", {"limit": "must be a whole number from 1 to 500"}),
        (f"{RANGE}&cursor=", {"cursor": "is none of this listing"}),
        (f"{RANGE}&cursor=forged", {"cursor": "is none of this listing"}),
        ("?date=&Date=2030-05-02", {"date": NOT_A_DATE, "Date": "is not a known field"}),
        (
            "?b=1&a=1&b=2&a=2",
            {"a": "must be given once only", "b": "must be given once only", "date": "is required"},
        ),
    ],
)
def test_a_query_that_can_not_be_accepted_names_every_bad_parameter(
    api: Api, query: str, wrong: dict[str, str]
) -> None:
    api.has_provider()

    answer = api.get(SLOTS_PATH + query)

    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields == wrong


def test_a_slot_whose_hold_is_over_is_shown_as_available(api: Api) -> None:
    api.has_slots()
    api.has_booking()
    api.clock.advance(seconds=301)

    slots = api.get(f"{SLOTS_PATH}?date=2030-05-02").json["slots"]

    assert [slot["status"] for slot in slots] == ["AVAILABLE"] * 3
