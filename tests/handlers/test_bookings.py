"""`/bookings`."""

import re
from datetime import UTC, datetime

import pytest

from chalicelib.domain.errors import ServiceUnavailableError
from tests.fakes import FakeQueue
from tests.handlers.api import Api, Json, assert_problem

SLOT_ID = "2030-05-02T09:00"
CREATED_AT = "2030-05-01T12:00:00.250000Z"
DEADLINE = datetime(2030, 5, 1, 12, 5, 1, tzinfo=UTC)
"""300 s after the clock's start, on the next whole second."""
UNKNOWN_ID = "booking-00000000-0000-4000-8000-000000000000"


def path_of(booking: Json, step: str = "") -> str:
    return f"/bookings/{booking['bookingId']}{step}"


def asked(**changes: object) -> Json:
    return {"providerId": "ann", "slotId": SLOT_ID, "userId": "user-1", **changes}


def test_a_hold_answers_with_a_pending_booking(api: Api) -> None:
    api.has_slots()

    answer = api.post("/bookings", asked())

    booking = answer.json
    assert answer.status == 202
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Location"] == f"/bookings/{booking['bookingId']}"
    assert answer.headers["X-Request-Id"]
    assert re.fullmatch(r"booking-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", booking.pop("bookingId"))
    assert booking == {
        "status": "PENDING",
        "providerId": "ann",
        "slotId": SLOT_ID,
        "userId": "user-1",
        "startsAt": "2030-05-02T09:00:00Z",
        "endsAt": "2030-05-02T10:00:00Z",
        "timeZone": "UTC",
        "createdAt": CREATED_AT,
        "updatedAt": CREATED_AT,
        "expiresAt": "2030-05-01T12:05:01Z",
    }


def test_a_booking_reads_the_same_before_and_after_the_worker_ran(api: Api) -> None:
    api.has_slots()
    held = api.has_booking()

    before = api.get(path_of(held))
    api.run_worker()
    after = api.get(path_of(held))

    assert (before.status, before.json) == (200, held)
    assert (after.status, after.json) == (200, held)


@pytest.mark.parametrize("worker_ran", [False, True])
def test_a_confirmed_booking_has_no_deadline_any_more(api: Api, worker_ran: bool) -> None:
    api.has_slots()
    held = api.has_booking()
    if worker_ran:
        api.run_worker()
    api.clock.advance(seconds=10)

    answer = api.post(path_of(held, "/confirm"))

    at = "2030-05-01T12:00:10.250000Z"
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    expected = {**held, "status": "CONFIRMED", "updatedAt": at, "confirmedAt": at}
    del expected["expiresAt"]
    assert answer.json == expected
    assert api.get(path_of(held)).json == expected


@pytest.mark.parametrize("worker_ran", [False, True])
@pytest.mark.parametrize("confirmed", [False, True])
def test_a_cancelled_booking_frees_its_slot(api: Api, worker_ran: bool, confirmed: bool) -> None:
    api.has_slots()
    held = api.has_booking()
    if worker_ran:
        api.run_worker()
    if confirmed:
        api.post(path_of(held, "/confirm"))
    api.clock.advance(seconds=20)

    answer = api.post(path_of(held, "/cancel"))

    at = "2030-05-01T12:00:20.250000Z"
    assert answer.status == 200
    expected = {**held, "status": "CANCELLED", "updatedAt": at, "cancelledAt": at}
    del expected["expiresAt"]
    assert answer.json == expected
    assert api.get(path_of(held)).json == expected
    assert SLOT_ID in api.free_slot_ids()


@pytest.mark.parametrize("step", ["/confirm", "/cancel"])
def test_a_repeated_step_answers_the_same_again(api: Api, step: str) -> None:
    api.has_slots()
    held = api.has_booking()
    first = api.post(path_of(held, step))
    api.clock.advance(seconds=60)

    again = api.post(path_of(held, step))

    assert (again.status, again.json) == (200, first.json)


def test_a_late_message_changes_nothing_that_was_settled(api: Api) -> None:
    api.has_slots()
    held = api.has_booking()
    confirmed = api.post(path_of(held, "/confirm"))

    api.run_worker()

    assert api.get(path_of(held)).json == confirmed.json


@pytest.mark.parametrize("step", ["/confirm", "/cancel"])
@pytest.mark.parametrize("body", [b"", b"{}", b" { } "])
def test_a_step_takes_no_body_or_an_empty_object(api: Api, step: str, body: bytes) -> None:
    api.has_slots()
    held = api.has_booking()

    answer = api.send(path_of(held, step), body, content_type="application/json" if body else None)

    assert answer.status == 200


@pytest.mark.parametrize("step", ["/confirm", "/cancel"])
@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (b'{"userId": "user-1"}', {"userId": "is not a known field"}),
        (b'{"a": 1, "b": 2}', {"a": "is not a known field", "b": "is not a known field"}),
        (b"[]", {"body": "must be a JSON object"}),
        (b"null", {"body": "must be a JSON object"}),
        (b" ", {"body": "must be a JSON object in UTF-8"}),
    ],
)
def test_a_step_refuses_any_other_body_and_changes_nothing(
    api: Api, step: str, body: bytes, wrong: dict[str, str]
) -> None:
    api.has_slots()
    held = api.has_booking()

    answer = api.send(path_of(held, step), body)

    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields == wrong
    assert api.get(path_of(held)).json == held


@pytest.mark.parametrize("worker_ran", [False, True])
def test_at_its_deadline_a_booking_is_shown_as_expired_since_then(api: Api, worker_ran: bool) -> None:
    api.has_slots()
    held = api.has_booking()
    if worker_ran:
        api.run_worker()

    api.clock.now = DEADLINE

    expected = {**held, "status": "EXPIRED", "updatedAt": held["expiresAt"], "expiredAt": held["expiresAt"]}
    del expected["expiresAt"]
    assert api.get(path_of(held)).json == expected
    api.clock.advance(days=2)
    assert api.get(path_of(held)).json == expected


@pytest.mark.parametrize("step", ["/confirm", "/cancel"])
def test_from_its_deadline_on_a_booking_can_not_be_changed(api: Api, step: str) -> None:
    api.has_slots()
    held = api.has_booking()
    api.clock.now = DEADLINE

    answer = api.post(path_of(held, step))

    assert_problem(answer, 409, "BOOKING_CONFLICT")
    assert answer.json["bookingStatus"] == "EXPIRED"


def test_a_moment_before_its_deadline_a_booking_can_be_confirmed(api: Api) -> None:
    api.has_slots()
    held = api.has_booking()
    api.clock.now = DEADLINE
    api.clock.advance(microseconds=-1)

    assert api.post(path_of(held, "/confirm")).json["status"] == "CONFIRMED"


def test_a_confirmed_booking_outlives_the_deadline(api: Api) -> None:
    api.has_slots()
    held = api.has_booking()
    confirmed = api.post(path_of(held, "/confirm")).json

    api.clock.now = DEADLINE

    assert api.get(path_of(held)).json == confirmed
    assert_problem(api.post("/bookings", asked(userId="user-2")), 409, "SLOT_UNAVAILABLE")


def test_a_slot_is_free_again_at_the_deadline_of_its_hold(api: Api) -> None:
    api.has_slots()
    first = api.has_booking()
    assert SLOT_ID not in api.free_slot_ids()

    api.clock.now = DEADLINE

    assert SLOT_ID in api.free_slot_ids()
    second = api.has_booking(user_id="user-2")
    assert api.post(path_of(second, "/confirm")).json["status"] == "CONFIRMED"
    refused = api.post(path_of(first, "/confirm"))
    assert_problem(refused, 409, "BOOKING_CONFLICT")
    assert refused.json["bookingStatus"] == "EXPIRED"


@pytest.mark.parametrize(
    ("steps", "refused", "status"),
    [
        (["/cancel"], "/confirm", "CANCELLED"),
        (["/confirm", "/cancel"], "/confirm", "CANCELLED"),
    ],
)
def test_a_step_that_the_state_forbids_is_a_conflict_that_tells_the_state(
    api: Api, steps: list[str], refused: str, status: str
) -> None:
    api.has_slots()
    held = api.has_booking()
    for step in steps:
        api.post(path_of(held, step))

    answer = api.post(path_of(held, refused))

    assert_problem(answer, 409, "BOOKING_CONFLICT")
    assert answer.json["bookingStatus"] == status


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_taken_slot_is_refused_and_stays_its_owners(api: Api, confirmed: bool) -> None:
    api.has_slots()
    held = api.has_booking()
    if confirmed:
        api.post(path_of(held, "/confirm"))

    answer = api.post("/bookings", asked(userId="user-2"))

    assert_problem(answer, 409, "SLOT_UNAVAILABLE")
    assert len(api.queue.sent) == 1
    assert api.post(path_of(held, "/confirm")).status == 200


def test_who_holds_as_many_slots_as_one_may_is_refused_another_until_one_of_them_is_over(api: Api) -> None:
    api.has_slots(slotDurationMinutes=30)
    api.max_active_holds = 2
    first = api.has_booking("2030-05-02T09:00")
    api.has_booking("2030-05-02T09:30")
    slots, triggers, sent = dict(api.stores.slots), dict(api.stores.triggers), list(api.queue.sent)
    api.clock.advance(seconds=10)

    answer = api.post("/bookings", asked(slotId="2030-05-02T10:00"))

    assert_problem(answer, 429, "TOO_MANY_HOLDS")
    assert answer.headers["Retry-After"] == "291"
    assert (api.stores.slots, api.stores.triggers, api.queue.sent) == (slots, triggers, sent)
    api.has_booking("2030-05-02T10:00", user_id="user-2")
    api.post(path_of(first, "/confirm"))
    api.has_booking("2030-05-02T10:30")


@pytest.mark.parametrize("minutes_after_start", [0, 1, 24 * 60])
def test_a_slot_that_has_started_is_unavailable(api: Api, minutes_after_start: int) -> None:
    api.has_slots()
    api.clock.now = datetime(2030, 5, 2, 9, tzinfo=UTC)
    api.clock.advance(minutes=minutes_after_start)

    answer = api.post("/bookings", asked())

    assert_problem(answer, 409, "SLOT_UNAVAILABLE")


def test_a_slot_can_be_held_until_the_moment_it_starts(api: Api) -> None:
    api.has_slots()
    api.clock.now = datetime(2030, 5, 2, 9, tzinfo=UTC)
    api.clock.advance(microseconds=-1)

    assert api.post("/bookings", asked()).status == 202


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"providerId": "nobody"}, "PROVIDER_NOT_FOUND"),
        ({"slotId": "2030-05-02T09:01"}, "SLOT_NOT_FOUND"),
        ({"slotId": "2030-05-03T09:00"}, "SLOT_NOT_FOUND"),
    ],
)
def test_what_is_not_there_can_not_be_booked(api: Api, changes: dict[str, str], code: str) -> None:
    api.has_slots()

    assert_problem(api.post("/bookings", asked(**changes)), 404, code)


NOT_A_SLOT_ID = "must be a local date and time as YYYY-MM-DDTHH:MM"
NOT_A_PROVIDER_ID = "must match ^[A-Za-z0-9_-]{1,64}$"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("providerId", "", NOT_A_PROVIDER_ID),
        ("providerId", "a b", NOT_A_PROVIDER_ID),
        ("providerId", "x" * 65, NOT_A_PROVIDER_ID),
        ("providerId", None, "must not be null"),
        ("providerId", "\ud800", "must be valid Unicode"),
        ("slotId", "", NOT_A_SLOT_ID),
        ("slotId", "2030-05-02", NOT_A_SLOT_ID),
        ("slotId", "2030-05-02 09:00", NOT_A_SLOT_ID),
        ("slotId", "2030-05-02T9:00", NOT_A_SLOT_ID),
        ("slotId", "2030-05-02T24:00", NOT_A_SLOT_ID),
        ("slotId", "2030-05-02T09:00Z", NOT_A_SLOT_ID),
        ("slotId", "2030-05-02T09:00T", NOT_A_SLOT_ID),
        ("slotId", "2030-02-30T09:00", NOT_A_SLOT_ID),
        ("slotId", "2030-05-02T09:00\n", NOT_A_SLOT_ID),
        ("slotId", "\ud800", NOT_A_SLOT_ID),
        ("slotId", None, "must not be null"),
        ("slotId", 5, "must be text"),
        ("userId", "", "must have at least 1 character(s)"),
        ("userId", "\t", "must not contain control characters"),
        ("userId", "  ", "must not be blank"),
        ("userId", "u" * 129, "must have at most 128 character(s)"),
        ("userId", "u\u0000", "must not contain control characters"),
        ("userId", "\udfff", "must be valid Unicode"),
        ("userId", None, "must not be null"),
        ("userId", 1, "must be text"),
        ("userId", False, "must be text"),
        ("status", "CONFIRMED", "is not a known field"),
    ],
)
def test_a_booking_that_can_not_be_accepted_is_refused(api: Api, field: str, value: object, message: str) -> None:
    api.has_slots()

    answer = api.post("/bookings", asked(**{field: value}))

    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields == {field: message}
    assert not api.queue.sent


@pytest.mark.parametrize(
    ("document", "wrong"),
    [
        ({}, dict.fromkeys(("providerId", "slotId", "userId"), "is required")),
        (
            {"providerId": "?", "slotId": "noon", "userId": "", "bookingId": "mine"},
            {
                "providerId": NOT_A_PROVIDER_ID,
                "slotId": NOT_A_SLOT_ID,
                "userId": "must have at least 1 character(s)",
                "bookingId": "is not a known field",
            },
        ),
    ],
)
def test_every_bad_field_of_a_booking_is_named_at_once(api: Api, document: Json, wrong: dict[str, str]) -> None:
    answer = api.post("/bookings", document)

    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields == wrong


@pytest.mark.parametrize("user_id", ["u", "u" * 128, "ann@example.org", "用户", "a#b/c d"])
def test_a_user_may_have_any_printable_id(api: Api, user_id: str) -> None:
    api.has_slots()

    assert api.get(path_of(api.has_booking(user_id=user_id))).json["userId"] == user_id


@pytest.mark.parametrize(
    "booking_id",
    [
        UNKNOWN_ID,
        "booking-",
        "x",
        "x" * 2000,
        UNKNOWN_ID.upper(),
        UNKNOWN_ID + "0",
        UNKNOWN_ID.removeprefix("booking-"),
        "booking-00000000000040008000000000000000",
        UNKNOWN_ID + "%0A",
        "booking-%00",
        "..",
    ],
)
@pytest.mark.parametrize(("method", "step"), [("GET", ""), ("POST", "/confirm"), ("POST", "/cancel")])
def test_a_booking_that_is_not_there_is_not_found(api: Api, method: str, step: str, booking_id: str) -> None:
    assert_problem(api.request(method, f"/bookings/{booking_id}{step}"), 404, "BOOKING_NOT_FOUND")


def test_when_the_queue_is_down_the_caller_may_try_again_and_the_slot_is_free() -> None:
    api = Api(queue=FakeQueue(fails_with=ServiceUnavailableError("The queue can't be reached.")))
    api.has_slots()

    answer = api.post("/bookings", asked())

    assert_problem(answer, 503, "SERVICE_UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) >= 1
    assert SLOT_ID in api.free_slot_ids()
    api.queue.fails_with = None
    assert api.post("/bookings", asked()).status == 202
