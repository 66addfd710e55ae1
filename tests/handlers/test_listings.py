"""`/users/{userId}/bookings` and `/providers/{providerId}/bookings`."""

import json
from urllib.parse import quote

import pytest

from tests.handlers.api import Api, Json, assert_problem, gateway_event

OF_USER = "/users/user-1/bookings"
OF_PROVIDER = "/providers/ann/bookings"
BOTH = pytest.mark.parametrize("path", [OF_USER, OF_PROVIDER])
NO_BOUND = "must be a date as YYYY-MM-DD, or an instant such as 2026-11-24T09:00:00Z (a + is written %2B)"
STATUSES = "must be 'PENDING', 'CONFIRMED', 'CANCELLED' or 'EXPIRED'"
SIZE = "must be a whole number from 1 to 100"


def has_three(api: Api) -> list[Json]:
    """Three bookings that are written, in order."""
    api.has_slots()
    bookings = [api.has_booking(f"2030-05-02T{hour}:00") for hour in ("09", "10", "11")]
    api.run_worker()
    return bookings


def starts(page: Json) -> list[str]:
    return [booking["startsAt"][11:16] for booking in page["bookings"]]


@BOTH
def test_bookings_are_listed_as_they_are_shown_one_by_one(api: Api, path: str) -> None:
    pending, confirmed, cancelled = has_three(api)
    confirmed = api.post(f"/bookings/{confirmed['bookingId']}/confirm").json
    cancelled = api.post(f"/bookings/{cancelled['bookingId']}/cancel").json

    answer = api.get(path)

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Request-Id"]
    assert answer.json == {"bookings": [pending, confirmed, cancelled], "nextCursor": None}


@BOTH
def test_there_may_be_nothing_to_list(api: Api, path: str) -> None:
    api.has_provider()

    assert (api.get(path).status, api.get(path).json) == (200, {"bookings": [], "nextCursor": None})


def test_the_bookings_of_a_provider_that_does_not_exist_are_not_found(api: Api) -> None:
    for provider_id in ("nobody", "no%20body", "a" * 65):
        assert_problem(api.get(f"/providers/{provider_id}/bookings"), 404, "PROVIDER_NOT_FOUND")


@BOTH
def test_a_listing_is_walked_by_its_cursors(api: Api, path: str) -> None:
    has_three(api)

    first = api.get(f"{path}?limit=2").json
    second = api.get(f"{path}?limit=2&cursor={first['nextCursor']}").json

    assert (starts(first), starts(second)) == (["09:00", "10:00"], ["11:00"])
    assert second["nextCursor"] is None


def test_a_page_has_25_bookings_unless_another_limit_is_asked_for(api: Api) -> None:
    api.has_slots(slotDurationMinutes=5)
    api.max_active_holds = 30
    for minute in range(30):
        api.has_booking(f"2030-05-02T{9 + minute // 12:02}:{minute % 12 * 5:02}")
    api.run_worker()

    assert [len(api.get(OF_USER + query).json["bookings"]) for query in ("", "?limit=1", "?limit=100")] == [25, 1, 30]


@BOTH
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("order=asc", ["09:00", "10:00", "11:00"]),
        ("order=desc", ["11:00", "10:00", "09:00"]),
        ("from=2030-05-02", ["09:00", "10:00", "11:00"]),
        ("from=2030-05-03", []),
        ("to=2030-05-02", ["09:00", "10:00", "11:00"]),
        ("to=2030-05-01", []),
        ("from=2030-05-02&to=2030-05-02&order=desc&limit=1", ["11:00"]),
        ("from=2030-05-02T10:00:00Z", ["10:00", "11:00"]),
        ("to=2030-05-02T10:00:00Z", ["09:00"]),
        ("from=2030-05-02T12:00:00%2B02:00&to=2030-05-02T07:00:00-04:00", ["10:00"]),
        ("from=2030-05-02T09:00:00.000001Z", ["10:00", "11:00"]),
        ("to=2030-05-02T10:00:00.000001Z", ["09:00", "10:00"]),
        ("from=1970-01-01&to=9999-01-01", ["09:00", "10:00", "11:00"]),
        ("status=PENDING", ["09:00", "10:00", "11:00"]),
        ("status=EXPIRED", []),
    ],
)
def test_a_listing_has_what_is_asked_for(api: Api, path: str, query: str, expected: list[str]) -> None:
    has_three(api)

    assert starts(api.get(f"{path}?{query}").json) == expected


def test_a_date_is_a_day_in_the_providers_time_zone_for_a_provider_and_in_utc_for_a_user(api: Api) -> None:
    api.has_provider(timeZone="Asia/Tokyo")
    day = {"date": "2030-05-03", "startTime": "08:00", "endTime": "09:00", "slotDurationMinutes": 60}
    api.post("/providers/ann/availability", day)
    api.has_booking("2030-05-03T08:00")
    api.run_worker()

    assert starts(api.get(f"{OF_PROVIDER}?from=2030-05-03&to=2030-05-03").json) == ["23:00"]
    assert starts(api.get(f"{OF_USER}?from=2030-05-03&to=2030-05-03").json) == []
    assert starts(api.get(f"{OF_USER}?from=2030-05-02&to=2030-05-02").json) == ["23:00"]


@BOTH
def test_a_booking_past_its_deadline_is_expired_for_a_listing_too(api: Api, path: str) -> None:
    first, _, _ = has_three(api)
    api.clock.advance(seconds=301)

    assert api.get(f"{path}?status=PENDING").json["bookings"] == []
    expired = api.get(f"{path}?status=EXPIRED&limit=1").json["bookings"]
    assert expired == [api.get(f"/bookings/{first['bookingId']}").json]
    assert expired[0]["status"] == "EXPIRED"


@pytest.mark.parametrize("user_id", ["a b", "a/b", "ä@example.org", "50%", "%41", "a+b", "a#b?c", "\U0001f600" * 128])
def test_a_users_id_is_percent_encoded_in_a_path(api: Api, user_id: str) -> None:
    api.has_slots()
    held = api.has_booking(user_id=user_id)
    api.run_worker()

    assert api.get(f"/users/{quote(user_id, safe='')}/bookings").json["bookings"] == [held]


def test_a_users_id_comes_from_api_gateway_as_it_was_sent(api: Api) -> None:
    api.has_slots()
    held = api.has_booking(user_id="a b")
    api.run_worker()
    event = gateway_event("GET", "/users/a%20b/bookings", resource="/users/{userId}/bookings")

    answer = api.app({**event, "pathParameters": {"userId": "a%20b"}}, None)

    assert held["bookingId"] in answer["body"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("/users/%20/bookings?", "must not be blank"),
        ("/users/a%00b/bookings?", "must not contain control characters"),
        (f"/users/{'a' * 129}/bookings?", "must have at most 128 character(s)"),
        ("/users/%FF/bookings?", "must be valid Unicode"),
        ("/users/user-1/bookings?userId=user-2&", "must be given once only"),
    ],
)
def test_a_user_that_can_not_be_is_refused(api: Api, asked: str, message: str) -> None:
    answer = api.get(f"{asked}limit=0")

    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields == {"userId": message, "limit": "must be at least 1"}


@BOTH
@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("status=", {"status": STATUSES}),
        ("status=pending", {"status": STATUSES}),
        ("status=PENDING,EXPIRED", {"status": STATUSES}),
        ("order=", {"order": "must be 'asc' or 'desc'"}),
        ("order=DESC", {"order": "must be 'asc' or 'desc'"}),
        ("limit=", {"limit": SIZE}),
        ("limit=0", {"limit": "must be at least 1"}),
        ("limit=101", {"limit": "must be at most 100"}),
        ("limit=-1", {"limit": SIZE}),
        ("limit=1.0", {"limit": SIZE}),
        ("limit=%201", {"limit": SIZE}),
        ("limit=1000", {"limit": SIZE}),
        ("limit=" + "9" * 5000, {"limit": SIZE}),
        ("limit=%D9%A1", {"limit": SIZE}),
        ("from=", {"from": NO_BOUND}),
        ("from=today", {"from": NO_BOUND}),
        ("from=2030-05-02%20", {"from": NO_BOUND}),
        ("from=2030-05-02T09:00:00", {"from": NO_BOUND}),
        ("from=2030-05-02T09:00Z", {"from": NO_BOUND}),
        ("from=2030-05-02%2009:00:00Z", {"from": NO_BOUND}),
        ("from=2030-05-02T09:00:00+02:00", {"from": NO_BOUND}),
        ("from=2030-05-02T09:00:00.1234567Z", {"from": NO_BOUND}),
        ("from=2030-02-30", {"from": "is no day of the calendar"}),
        ("from=2030-02-30T09:00:00Z", {"from": "is no day of the calendar"}),
        ("from=2030-05-02T25:00:00Z", {"from": "is no instant of the calendar"}),
        ("from=2030-05-02T09:00:60Z", {"from": "is no instant of the calendar"}),
        ("from=2030-05-02T09:00:00%2B24:00", {"from": "is no instant of the calendar"}),
        ("from=1969-12-31", {"from": "must not be before 1970-01-01"}),
        ("from=1969-12-31T23:59:59Z", {"from": "must not be before 1970-01-01"}),
        ("to=9999-01-02", {"to": "must not be after 9999-01-01"}),
        ("to=9999-01-02T00:00:00-23:59", {"to": "must not be after 9999-01-01"}),
        ("from=2030-05-03&to=2030-05-02", {"to": "must not be before from"}),
        ("from=2030-05-02T10:00:00Z&to=2030-05-02T09:59:59Z", {"to": "must not be before from"}),
        ("cursor=", {"cursor": "is none of this listing"}),
        ("cursor=made-up", {"cursor": "is none of this listing"}),
        ("cursor=made.up", {"cursor": "is none of this listing"}),
        ("cursor=a&cursor=b", {"cursor": "must be given once only"}),
        ("userid=user-1", {"userid": "is not a known field"}),
        ("starts_from=2030-05-02", {"starts_from": "is not a known field"}),
        (
            "status=x&from=x&to=x&order=x&limit=x&y=x",
            {
                "status": STATUSES,
                "from": NO_BOUND,
                "to": NO_BOUND,
                "order": "must be 'asc' or 'desc'",
                "limit": SIZE,
                "y": "is not a known field",
            },
        ),
    ],
)
def test_a_query_that_can_not_be_accepted_names_every_bad_parameter(
    api: Api, path: str, query: str, wrong: dict[str, str]
) -> None:
    api.has_provider()

    answer = api.get(f"{path}?{query}")

    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields == wrong


@pytest.mark.parametrize(
    "elsewhere",
    [
        "/users/user-2/bookings?",
        f"{OF_PROVIDER}?",
        f"{OF_USER}?order=desc&",
        f"{OF_USER}?status=PENDING&",
        f"{OF_USER}?from=2030-05-02&",
        f"{OF_USER}?to=2030-05-02&",
    ],
)
def test_a_cursor_of_another_listing_is_refused(api: Api, elsewhere: str) -> None:
    has_three(api)
    cursor = api.get(f"{OF_USER}?limit=1").json["nextCursor"]

    answer = api.get(f"{elsewhere}cursor={cursor}")

    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields == {"cursor": "is none of this listing"}


def test_a_query_is_taken_as_api_gateway_has_decoded_it(api: Api) -> None:
    has_three(api)
    event = gateway_event("GET", OF_PROVIDER, resource="/providers/{providerId}/bookings")
    asked = {"from": ["2030-05-02T12:00:00+02:00"], "limit": ["1"]}

    answer = api.app({**event, "pathParameters": {"providerId": "ann"}, "multiValueQueryStringParameters": asked}, None)

    assert starts(json.loads(answer["body"])) == ["10:00"]
