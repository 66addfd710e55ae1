"""A history is recorded request by request, and keeps what a rule is about."""

from typing import Any

import pytest

from simulation.histories import History, Kind


class Ticks:
    """A clock that goes on by a second whenever it is read."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


@pytest.mark.parametrize(
    ("method", "url", "body", "fields"),
    [
        (
            "POST",
            "/bookings",
            {"providerId": "ann", "slotId": "2030-05-02T09:00", "userId": "u"},
            {"kind": Kind.HOLD, "provider_id": "ann", "slot_id": "2030-05-02T09:00", "user_id": "u"},
        ),
        ("GET", "/bookings/booking-1", None, {"kind": Kind.GET, "booking_id": "booking-1"}),
        ("POST", "/bookings/booking-1/confirm", None, {"kind": Kind.CONFIRM, "booking_id": "booking-1"}),
        ("POST", "http://host:1/bookings/booking-1/cancel", {}, {"kind": Kind.CANCEL, "booking_id": "booking-1"}),
        (
            "POST",
            "/bookings/booking-1/reschedule",
            {"slotId": "2030-05-02T10:00"},
            {"kind": Kind.RESCHEDULE, "booking_id": "booking-1", "slot_id": "2030-05-02T10:00"},
        ),
        (
            "GET",
            "/providers/ann/slots?date=2030-05-02",
            None,
            {"kind": Kind.SLOTS, "provider_id": "ann", "day": "2030-05-02", "last_day": None, "is_continued": False},
        ),
        (
            "GET",
            "/providers/ann/slots?from=2030-05-02&to=2030-05-03&cursor=x",
            None,
            {"kind": Kind.SLOTS, "day": "2030-05-02", "last_day": "2030-05-03", "is_continued": True},
        ),
        (
            "POST",
            "/providers/ann/availability",
            {"startDate": "2030-05-02", "endDate": "2030-05-03"},
            {"kind": Kind.AVAILABILITY, "provider_id": "ann", "day": "2030-05-02", "last_day": "2030-05-03"},
        ),
        (
            "DELETE",
            "/providers/ann/availability/2030-05-02",
            None,
            {"kind": Kind.CLOSING, "provider_id": "ann", "day": "2030-05-02", "last_day": None},
        ),
        (
            "POST",
            "/providers/ann/availability",
            {"date": "2030-05-02"},
            {"kind": Kind.AVAILABILITY, "provider_id": "ann", "day": "2030-05-02"},
        ),
    ],
)
def test_a_request_is_recorded_with_what_it_asks_and_when(
    method: str, url: str, body: Any, fields: dict[str, Any]
) -> None:
    history = History(Ticks())
    history.begin("client-1", method, url, body).end(200, {"status": "PENDING"})
    (operation,) = history.operations
    assert {name: getattr(operation, name) for name in fields} == fields
    assert (operation.client, operation.invoked, operation.returned) == ("client-1", 1.0, 2.0)
    assert (operation.status, operation.body) == (200, {"status": "PENDING"})


@pytest.mark.parametrize(
    ("method", "url"),
    [("GET", "/health"), ("POST", "/providers"), ("GET", "/providers/ann"), ("DELETE", "/bookings/booking-1")],
)
def test_what_no_rule_is_about_is_not_kept(method: str, url: str) -> None:
    history = History()
    history.begin("client-1", method, url, "no object").end(200, ["no object"])
    assert history.operations == []


def test_a_request_without_an_answer_is_unsettled() -> None:
    history = History()
    history.begin("client-1", "POST", "/bookings/booking-1/confirm")
    (operation,) = history.operations
    assert operation.is_unsettled
    assert operation.returned is None
    assert "client-1's confirm of booking-1" in str(operation)


@pytest.mark.parametrize(("status", "unsettled"), [(500, True), (503, True), (409, False), (202, False)])
def test_an_error_of_the_server_leaves_open_what_was_done(status: int, unsettled: bool) -> None:
    history = History()
    history.begin("client-1", "POST", "/bookings", {}).end(status, {})
    assert history.operations[0].is_unsettled == unsettled


def test_a_hold_is_recorded_with_its_idempotency_key() -> None:
    history = History()
    history.begin("client-1", "POST", "/bookings", {"userId": "u"}, {"Idempotency-Key": "key-1"})
    history.begin("client-1", "POST", "/bookings", {"userId": "u"})
    assert [each.key for each in history.operations] == ["key-1", None]
