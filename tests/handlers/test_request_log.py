"""The line that every request leaves in the log, and the id that ties them together."""

import json
from base64 import b64encode

import pytest

from chalicelib.domain.errors import ServiceUnavailableError
from tests.fakes import FakeQueue
from tests.handlers.api import Api, gateway_event
from tests.log_lines import log_lines

PERSONAL = ["Ann Example", "ann@example.org"]


def test_a_request_leaves_one_line_with_what_it_was_and_how_it_ended(api: Api) -> None:
    with log_lines() as lines:
        answer = api.get("/providers/ann")

    line = lines.the("request")
    assert (line["level"], line["method"], line["status"]) == ("INFO", "GET", 404)
    assert line["route"] == "/providers/{providerId}"
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert line["provider_id"] == "ann"
    assert isinstance(line["milliseconds"], float)


@pytest.mark.parametrize(("step", "status"), [("", 200), ("/confirm", 200), ("/cancel", 200)])
def test_the_line_of_a_bookings_request_names_the_booking(api: Api, step: str, status: int) -> None:
    api.has_slots()
    booking_id = api.has_booking()["bookingId"]

    with log_lines() as lines:
        api.request("POST" if step else "GET", f"/bookings/{booking_id}{step}")

    line = lines.the("request")
    assert (line["route"], line["status"], line["booking_id"]) == (f"/bookings/{{bookingId}}{step}", status, booking_id)


def test_the_line_of_a_hold_names_the_booking_the_provider_and_the_slot_and_is_the_only_one(api: Api) -> None:
    api.has_slots()

    with log_lines() as lines:
        answer = api.post("/bookings", {"providerId": "ann", "slotId": "2030-05-02T09:00", "userId": "user-1"})

    (line,) = lines.all()
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert line["booking_id"] == answer.json["bookingId"]
    assert (line["provider_id"], line["slot_id"]) == ("ann", "2030-05-02T09:00")


def test_the_line_of_a_hold_that_is_refused_names_the_provider_and_the_slot(api: Api) -> None:
    api.has_slots()
    held = api.has_booking()

    with log_lines() as lines:
        api.post("/bookings", {"providerId": "ann", "slotId": held["slotId"], "userId": "user-2"})

    line = lines.the("request")
    assert (line["status"], line["provider_id"], line["slot_id"]) == (409, "ann", held["slotId"])
    assert "booking_id" not in line


@pytest.mark.parametrize("step", ["confirm", "cancel"])
def test_what_a_request_does_is_told_on_the_way_as_well_for_who_looks_closely(api: Api, step: str) -> None:
    api.has_slots()

    with log_lines("DEBUG") as lines:
        held = api.has_booking()
        api.post(f"/bookings/{held['bookingId']}/{step}")

    ids = {"booking_id": held["bookingId"], "provider_id": "ann", "slot_id": held["slotId"]}
    (line,) = lines.with_message(f"booking {step}ed" if step == "confirm" else "booking cancelled")
    assert lines.with_message("slot held")[0].items() >= ids.items()
    assert line.items() >= ids.items()


def test_nothing_personal_is_logged_on_the_way_through_a_bookings_life(api: Api) -> None:
    with log_lines("DEBUG") as lines:
        api.has_slots()
        api.post("/providers", {"name": "Ann Example"})
        booking_id = api.has_booking(user_id="ann@example.org")["bookingId"]
        api.run_worker()
        api.get(f"/bookings/{booking_id}")
        api.post(f"/bookings/{booking_id}/confirm")
        api.post("/bookings", {"providerId": "ann", "slotId": "2030-05-02T09:00", "userId": "ann@example.org"})
        api.post(f"/bookings/{booking_id}/cancel")
        api.post("/providers", {"name": "Ann Example", "timeZone": "ann@example.org", "colour": "Ann Example"})
        api.send("/providers", b'{"name": "Ann Example"')

    assert len(lines.with_message("request")) == 10
    for text in PERSONAL:
        assert text not in lines.text


def test_nothing_personal_is_logged_when_the_queue_is_down() -> None:
    api = Api(queue=FakeQueue(fails_with=ServiceUnavailableError("The queue can't be reached.")))
    api.has_slots()

    with log_lines("DEBUG") as lines:
        api.post("/bookings", {"providerId": "ann", "slotId": "2030-05-02T09:00", "userId": "ann@example.org"})

    assert lines.the("request")["status"] == 503
    assert lines.the("hold released")["level"] == "WARNING"
    assert "ann@example.org" not in lines.text


def test_two_requests_have_two_ids(api: Api) -> None:
    assert api.get("/health").headers["X-Request-Id"] != api.get("/health").headers["X-Request-Id"]


def test_the_id_is_the_one_that_the_gateway_gave_not_one_that_the_caller_claims(api: Api) -> None:
    with log_lines() as lines:
        response = api.app(gateway_event("GET", "/health"), None)

    assert response["headers"]["X-Request-Id"] == "gateway-1"
    assert lines.the("request")["request_id"] == "gateway-1"


def test_without_a_gateway_the_id_is_the_invocations() -> None:
    class Invocation:
        aws_request_id = "invocation-1"

    event = gateway_event("GET", "/health")
    del event["requestContext"]["requestId"]

    assert Api().app(event, Invocation())["headers"]["X-Request-Id"] == "invocation-1"


def test_a_failed_request_is_logged_with_its_status(api: Api) -> None:
    with log_lines() as lines:
        api.get("/no/such/path")
        api.request("DELETE", "/health")
        api.send("/providers", b" " * 70_000)

    assert [line["status"] for line in lines.with_message("request")] == [404, 405, 413]


def test_an_id_ends_with_its_request(api: Api) -> None:
    with log_lines() as lines:
        api.get("/health")
        api.get("/health")

    first, second = lines.with_message("request")
    assert first["request_id"] != second["request_id"]


@pytest.mark.parametrize("encoded", [False, True])
def test_a_body_from_the_gateway_is_read_as_it_was_sent(api: Api, encoded: bool) -> None:
    body = json.dumps({"name": "Zoë"}, ensure_ascii=False)
    event = gateway_event("POST", "/providers", body=b64encode(body.encode()).decode() if encoded else body)
    event["isBase64Encoded"] = encoded

    response = api.app(event, None)

    assert response["statusCode"] == 201
    assert json.loads(response["body"])["name"] == "Zoë"


@pytest.mark.parametrize(
    "path", ["/bookings/ann@example.org", "/providers/ann@example.org", "/bookings/ann@example.org/none"]
)
def test_what_can_not_be_an_id_is_not_logged_as_one(api: Api, path: str) -> None:
    with log_lines() as lines:
        api.get(path)
    assert "ann@example.org" not in lines.text
