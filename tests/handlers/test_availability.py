"""`/providers/{providerId}/availability`: breaks, buffers, windows, weekly patterns, closed days, and what is set."""

from typing import Any

import pytest

from tests.handlers.api import AVAILABILITY, Api, Json, assert_problem

PATH = "/providers/ann/availability"
SPAN = {"startTime": "09:00", "endTime": "12:00"}
WINDOW = {**SPAN, "slotDurationMinutes": 60}
EVENING = {"startTime": "18:00", "endTime": "20:00", "slotDurationMinutes": 45}
DATES = {"startDate": "2030-05-06", "endDate": "2030-05-19", "weekdays": ["WEDNESDAY", "MONDAY"]}
"""Four days in two weeks."""
PATTERN = {**DATES, **WINDOW}


def set_day(api: Api, **changes: Json) -> Json:
    answer = api.post(PATH, {**AVAILABILITY, **changes})
    assert answer.status == 201, answer.text
    return answer.json


def starts(document: Json) -> list[str]:
    return [slot["startTime"] for slot in document["slots"]]


def test_breaks_and_a_buffer_stay_free_and_are_shown_as_they_were_asked_for(api: Api) -> None:
    api.has_provider()

    day = set_day(
        api,
        slotDurationMinutes=30,
        bufferMinutes=5,
        breaks=[{"startTime": "11:00", "endTime": "11:30"}, {"startTime": "10:00", "endTime": "10:15"}],
    )

    assert starts(day) == ["09:00", "10:15", "11:30"]
    assert day["bufferMinutes"] == 5
    assert day["breaks"] == [
        {"startTime": "10:00", "endTime": "10:15"},
        {"startTime": "11:00", "endTime": "11:30"},
    ]
    assert "windows" not in day


def test_several_windows_of_a_day_are_set_at_once(api: Api) -> None:
    api.has_provider()

    answer = api.post(PATH, {"date": "2030-05-02", "windows": [EVENING, {**WINDOW, "bufferMinutes": 15}]})

    assert answer.status == 201
    assert starts(answer.json) == ["09:00", "10:15", "18:00", "18:45"]
    assert answer.json | {"slots": None} == {
        "providerId": "ann",
        "date": "2030-05-02",
        "windows": [
            {**WINDOW, "bufferMinutes": 15, "breaks": []},
            {**EVENING, "bufferMinutes": 0, "breaks": []},
        ],
        "timeZone": "UTC",
        "slotsCreated": 4,
        "slotsKept": 0,
        "slotsRemoved": 0,
        "slots": None,
    }


def test_a_weekly_pattern_sets_its_days(api: Api) -> None:
    api.has_provider(timeZone="Europe/Berlin")

    answer = api.post(PATH, PATTERN)

    assert answer.status == 201
    assert answer.json == {
        "providerId": "ann",
        **PATTERN,
        "timeZone": "Europe/Berlin",
        "slotsCreated": 12,
        "slotsKept": 0,
        "slotsRemoved": 0,
        "days": [
            {"date": date, "slotsCreated": 3, "slotsKept": 0, "slotsRemoved": 0}
            for date in ("2030-05-06", "2030-05-08", "2030-05-13", "2030-05-15")
        ],
        "kept": [],
    }
    assert api.free_slot_ids("2030-05-13") == [f"2030-05-13T{hour}:00" for hour in ("09", "10", "11")]
    assert api.free_slot_ids("2030-05-07") == []


def test_a_pattern_reports_what_it_keeps(api: Api) -> None:
    api.has_provider()
    api.post(PATH, PATTERN)
    held = api.has_booking("2030-05-13T10:00")

    answer = api.post(PATH, {**DATES, "windows": [EVENING]})

    assert answer.json["windows"] == [{**EVENING, "bufferMinutes": 0, "breaks": []}]
    assert (answer.json["slotsCreated"], answer.json["slotsKept"], answer.json["slotsRemoved"]) == (8, 1, 11)
    assert [(slot["slotId"], slot["status"]) for slot in answer.json["kept"]] == [("2030-05-13T10:00", "HELD")]
    assert answer.json["days"][2] == {"date": "2030-05-13", "slotsCreated": 2, "slotsKept": 1, "slotsRemoved": 2}
    assert api.post(f"/bookings/{held['bookingId']}/confirm").status == 200


def test_a_pattern_without_any_of_its_days_sets_nothing(api: Api) -> None:
    api.has_provider()

    answer = api.post(PATH, {**PATTERN, "endDate": "2030-05-07", "weekdays": ["SUNDAY"]})

    assert (answer.status, answer.json["days"], answer.json["slotsCreated"]) == (201, [], 0)


def test_a_pattern_of_a_leap_year_is_accepted(api: Api) -> None:
    api.has_provider()
    year = {"startDate": "2032-01-01", "endDate": "2032-12-31", "weekdays": ["SUNDAY"]}

    assert len(api.post(PATH, {**PATTERN, **year}).json["days"]) == 52


def test_a_closed_day_has_nothing_to_offer_and_reports_what_it_keeps(api: Api) -> None:
    api.has_slots()
    held = api.has_booking("2030-05-02T09:00")
    reserved = api.has_booking("2030-05-02T11:00", "user-2")
    api.post(f"/bookings/{reserved['bookingId']}/confirm")

    answer = api.request("DELETE", f"{PATH}/2030-05-02")

    assert answer.status == 200
    kept = answer.json["slots"]
    assert [(slot["slotId"], slot["status"]) for slot in kept] == [
        ("2030-05-02T09:00", "HELD"),
        ("2030-05-02T11:00", "RESERVED"),
    ]
    assert answer.json == {
        "providerId": "ann",
        "date": "2030-05-02",
        "timeZone": "UTC",
        "slotsKept": 2,
        "slots": kept,
    }
    assert api.free_slot_ids() == []
    assert api.request("DELETE", f"{PATH}/2030-05-02").json == answer.json
    assert api.post(f"/bookings/{held['bookingId']}/confirm").status == 200


def test_a_kept_slot_of_a_closed_day_is_gone_when_its_booking_is_cancelled(api: Api) -> None:
    api.has_slots()
    held = api.has_booking("2030-05-02T09:00")
    api.request("DELETE", f"{PATH}/2030-05-02")

    assert api.post(f"/bookings/{held['bookingId']}/cancel").status == 200

    assert api.free_slot_ids() == []
    again = api.post("/bookings", {"providerId": "ann", "slotId": "2030-05-02T09:00", "userId": "user-2"})
    assert_problem(again, 404, "SLOT_NOT_FOUND")


def test_a_day_that_is_no_date_or_past_can_not_be_closed(api: Api) -> None:
    api.has_slots()

    for day, message in [
        ("tomorrow", "must be a date as YYYY-MM-DD"),
        ("2030-02-30", "is no day of the calendar"),
        ("2030-04-30", "is past: it is 2030-05-01 in UTC"),
    ]:
        answer = api.request("DELETE", f"{PATH}/{day}")
        assert_problem(answer, 400, "VALIDATION_FAILED")
        assert answer.wrong_fields == {"date": message}
    assert len(api.free_slot_ids()) == 3


def test_a_day_is_closed_by_its_path_alone(api: Api) -> None:
    api.has_slots()

    answer = api.request("DELETE", f"{PATH}/2030-05-02?force=true&date=2030-05-03")

    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields == {"date": "must be given once only", "force": "is not a known field"}


def test_what_is_set_is_shown_in_order_closed_days_too_and_unset_ones_not(api: Api) -> None:
    api.has_provider(timeZone="Asia/Tokyo")
    pause = {"startTime": "10:00", "endTime": "10:30"}
    set_day(api, breaks=[pause], bufferMinutes=10)
    api.post(PATH, PATTERN)
    api.request("DELETE", f"{PATH}/2030-05-08")

    answer = api.get(f"{PATH}?from=2030-05-01&to=2030-05-14")

    plain = {**WINDOW, "bufferMinutes": 0, "breaks": []}
    assert answer.status == 200
    assert answer.json == {
        "providerId": "ann",
        "from": "2030-05-01",
        "to": "2030-05-14",
        "timeZone": "Asia/Tokyo",
        "days": [
            {
                "date": "2030-05-02",
                "closed": False,
                "windows": [{**WINDOW, "bufferMinutes": 10, "breaks": [pause]}],
            },
            {"date": "2030-05-06", "closed": False, "windows": [plain]},
            {"date": "2030-05-08", "closed": True, "windows": []},
            {"date": "2030-05-13", "closed": False, "windows": [plain]},
        ],
    }


def test_what_is_shown_can_be_set_again(api: Api) -> None:
    api.has_provider()
    set_day(api, breaks=[{"startTime": "10:00", "endTime": "10:30"}], bufferMinutes=10)
    (shown,) = api.get(f"{PATH}?from=2030-05-02&to=2030-05-02").json["days"]

    again = api.post(PATH, {"date": shown["date"], "windows": shown["windows"]})

    assert again.status == 201
    assert api.get(f"{PATH}?from=2030-05-02&to=2030-05-02").json["days"] == [shown]


NOT_A_TIME = "must be a time of the day as HH:MM"
REQUIRED = "is required"
WEEKDAY = "must be 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY' or 'SUNDAY'"
FLAT = "startTime, endTime, slotDurationMinutes"


def pauses(*spans: str) -> list[dict[str, str]]:
    return [{"startTime": span[:5], "endTime": span[6:]} for span in spans]


@pytest.mark.parametrize(
    ("document", "wrong"),
    [
        pytest.param({**AVAILABILITY, "breaks": {}}, {"breaks": "must be a list"}, id="no list"),
        pytest.param({**AVAILABILITY, "breaks": None}, {"breaks": "must not be null"}, id="null"),
        pytest.param({**AVAILABILITY, "breaks": [[]]}, {"breaks.0": "must be a JSON object"}, id="no object"),
        pytest.param(
            {**AVAILABILITY, "breaks": [{"startTime": "nine", "x": 1}]},
            {"breaks.0.startTime": NOT_A_TIME, "breaks.0.endTime": REQUIRED, "breaks.0.x": "is not a known field"},
            id="a bad break",
        ),
        pytest.param(
            {**AVAILABILITY, "breaks": pauses("10:00-11:00", "11:30-11:30")},
            {"breaks.1.endTime": "must be after startTime"},
            id="an empty break",
        ),
        pytest.param(
            {**AVAILABILITY, "startTime": "nine", "breaks": pauses("10:00-10:30")},
            {"startTime": NOT_A_TIME},
            id="start",
        ),
        pytest.param(
            {**AVAILABILITY, "endTime": "nine", "breaks": pauses("10:00-10:30")}, {"endTime": NOT_A_TIME}, id="end"
        ),
        pytest.param(
            {**AVAILABILITY, "slotDurationMinutes": 1, "breaks": pauses("11:30-12:30")},
            {
                "slotDurationMinutes": "must be at least 5",
                "breaks": "must lie between startTime and endTime, but 11:30 to 12:30 does not",
            },
            id="outside, of slots that are too short",
        ),
        pytest.param(
            {
                "date": AVAILABILITY["date"],
                "windows": [{**WINDOW, "slotDurationMinutes": 1, "breaks": pauses("11:30-12:30")}],
            },
            {
                "windows.0.slotDurationMinutes": "must be at least 5",
                "windows.0.breaks": "must lie between startTime and endTime, but 11:30 to 12:30 does not",
            },
            id="outside, of slots that are too short, in a list",
        ),
        pytest.param(
            {**AVAILABILITY, "breaks": pauses("11:30-12:30")},
            {"breaks": "must lie between startTime and endTime, but 11:30 to 12:30 does not"},
            id="a break that ends after its window",
        ),
        pytest.param(
            {**AVAILABILITY, "breaks": pauses("08:59-10:00")},
            {"breaks": "must lie between startTime and endTime, but 08:59 to 10:00 does not"},
            id="a break that begins before its window",
        ),
        pytest.param(
            {**AVAILABILITY, "breaks": pauses("10:30-11:00", "10:00-10:31")},
            {"breaks": "must not overlap, but 10:00 to 10:31 and 10:30 to 11:00 do"},
            id="breaks that overlap",
        ),
        pytest.param(
            {**AVAILABILITY, "breaks": pauses(*(f"09:{minute}-09:{minute + 1}" for minute in range(10, 21)))},
            {"breaks": "must have at most 10 entries"},
            id="too many breaks",
        ),
        pytest.param({**AVAILABILITY, "bufferMinutes": -1}, {"bufferMinutes": "must be at least 0"}, id="less than 0"),
        pytest.param({**AVAILABILITY, "bufferMinutes": 481}, {"bufferMinutes": "must be at most 480"}, id="too long"),
        pytest.param(
            {**AVAILABILITY, "bufferMinutes": "5"}, {"bufferMinutes": "must be a whole number"}, id="text for a number"
        ),
        pytest.param(
            {"date": "2030-05-02", "windows": []}, {"windows": "must have at least one entry"}, id="no window"
        ),
        pytest.param(
            {"date": "2030-05-02", "windows": [WINDOW] * 11},
            {"windows": "must have at most 10 entries"},
            id="too many windows",
        ),
        pytest.param(
            {"date": "2030-05-02", "windows": [EVENING, WINDOW, {**EVENING, "startTime": "11:59"}]},
            {"windows": "must not overlap, but 09:00 to 12:00 and 11:59 to 20:00 do"},
            id="windows that overlap",
        ),
        pytest.param(
            {"windows": [SPAN, {**WINDOW, "breaks": pauses("12:00-13:00")}]},
            {
                "date": REQUIRED,
                "windows.0.slotDurationMinutes": REQUIRED,
                "windows.1.breaks": "must lie between startTime and endTime, but 12:00 to 13:00 does not",
            },
            id="wrong in each window",
        ),
        pytest.param(
            {**AVAILABILITY, "windows": [WINDOW]},
            {"windows": f"can't be given together with {FLAT}"},
            id="one window and several",
        ),
        pytest.param(
            {"date": "2030-05-02", "windows": [WINDOW], "bufferMinutes": 5},
            {"bufferMinutes": "can't be given together with windows"},
            id="a buffer beside windows",
        ),
        pytest.param(
            {**AVAILABILITY, "weekdays": ["MONDAY"]},
            {"weekdays": "can't be given together with date"},
            id="a date and weekdays",
        ),
        pytest.param(
            {**PATTERN, "date": "2030-05-06"},
            {"date": "can't be given together with startDate, endDate, weekdays"},
            id="a pattern and a date",
        ),
        pytest.param(
            {"startDate": "2030-05-06"},
            dict.fromkeys(("endDate", "weekdays", "startTime", "endTime", "slotDurationMinutes"), REQUIRED),
            id="a beginning of a pattern",
        ),
        pytest.param(
            {"startDate": "soon", "endDate": "later", "weekdays": "MONDAY", "windows": 1},
            {
                "startDate": "must be a date as YYYY-MM-DD",
                "endDate": "must be a date as YYYY-MM-DD",
                "weekdays": "must be a list",
                "windows": "must be a list",
            },
            id="a pattern of nothing right",
        ),
        pytest.param({**PATTERN, "weekdays": []}, {"weekdays": "must have at least one entry"}, id="no weekday"),
        pytest.param(
            {**PATTERN, "weekdays": ["MONDAY"] * 8}, {"weekdays": "must have at most 7 entries"}, id="eight weekdays"
        ),
        pytest.param(
            {**PATTERN, "weekdays": ["MONDAY", "Tuesday", 3]},
            {"weekdays.1": WEEKDAY, "weekdays.2": WEEKDAY},
            id="unknown weekdays",
        ),
        pytest.param(
            {**PATTERN, "endDate": "2030-05-05"}, {"endDate": "must not be before startDate"}, id="an end before"
        ),
        pytest.param(
            {**PATTERN, "endDate": "2031-05-07"},
            {"endDate": "must be less than 366 days after startDate"},
            id="more than a year",
        ),
        pytest.param(
            {**PATTERN, "startDate": "2030-04-30"}, {"startDate": "is past: it is 2030-05-01 in UTC"}, id="in the past"
        ),
        pytest.param(
            {
                **PATTERN,
                "endDate": "2031-05-06",
                "weekdays": ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"],
                "slotDurationMinutes": 5,
            },
            {"endDate": "makes more than 10000 slots from startDate on; set fewer days at a time"},
            id="too many slots",
        ),
    ],
)
def test_what_can_not_be_set_is_refused_with_every_bad_field(
    api: Api, document: dict[str, Any], wrong: dict[str, str]
) -> None:
    api.has_provider()

    answer = api.post(PATH, document)

    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields == wrong
    assert not api.stores.slots
    assert not api.stores.availability


def test_a_pattern_of_366_days_is_the_longest(api: Api) -> None:
    api.has_provider()

    assert api.post(PATH, {**PATTERN, "endDate": "2031-05-06"}).status == 201


def test_touching_breaks_and_windows_do_not_overlap(api: Api) -> None:
    api.has_provider()
    noon = {"startTime": "12:00", "endTime": "13:00", "slotDurationMinutes": 30}
    morning = {**WINDOW, "breaks": pauses("10:00-10:30", "10:30-11:00", "09:00-09:30", "11:30-12:00")}

    answer = api.post(PATH, {"date": "2030-05-02", "windows": [noon, morning]})

    assert starts(answer.json) == ["12:00", "12:30"]


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("", {"from": REQUIRED, "to": REQUIRED}),
        ("?from=2030-05-02", {"to": REQUIRED}),
        ("?from=2030-05-02&to=2030-05-01", {"to": "must not be before from"}),
        ("?from=2030-05-02&to=2031-05-03", {"to": "must be less than 366 days after from"}),
        ("?from=2030-05-02&from=2030-05-02&to=x&date=1", {
            "from": "must be given once only", "to": "must be a date as YYYY-MM-DD", "date": "is not a known field"
        }),
    ],
)  # fmt: skip
def test_a_range_that_can_not_be_shown_is_refused(api: Api, query: str, wrong: dict[str, str]) -> None:
    api.has_provider()

    answer = api.get(PATH + query)

    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields == wrong


def test_a_year_and_a_single_day_can_be_shown(api: Api) -> None:
    api.has_provider()

    assert api.get(f"{PATH}?from=2030-05-02&to=2031-05-02").json["days"] == []
    assert api.get(f"{PATH}?from=2030-05-02&to=2030-05-02").json["days"] == []
