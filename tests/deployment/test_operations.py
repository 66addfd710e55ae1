"""The table of operations is about the application's routes, and tells the truth about them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from chalice.app import Chalice, Request, Response
from jsonschema import Draft4Validator

from app import app
from chalicelib.domain import errors
from chalicelib.handlers.access import PUBLIC
from chalicelib.handlers.http import Router
from chalicelib.handlers.problems import PROBLEM_OF
from chalicelib.services import Services
from deployment.openapi import component_schemas
from deployment.operations import OPERATIONS, OperationError, described, routes
from deployment.schemas import reference
from tests.handlers.api import AVAILABILITY, JSON, Answer, Api, assert_problem

SLOT = {"providerId": "ann", "slotId": "2030-05-02T09:00", "userId": "user-1"}
WITH_KEY = {"Content-Type": JSON, "Idempotency-Key": "key-1"}
PATTERN = {
    "startDate": "2030-05-02",
    "endDate": "2030-05-09",
    "weekdays": ["THURSDAY"],
    "windows": [{"startTime": "09:00", "endTime": "12:00", "slotDurationMinutes": 60, "bufferMinutes": 5}],
}
RANGE = "?from=2030-05-02&to=2030-05-09"
NOBODY = "/bookings/booking-00000000-0000-4000-8000-000000000000"


def test_every_route_has_an_entry_and_every_entry_a_route() -> None:
    assert described(app, OPERATIONS).keys() == OPERATIONS.keys()


def test_a_route_without_an_entry_is_told() -> None:
    shorter = {key: value for key, value in OPERATIONS.items() if key != ("GET", "/health")}

    with pytest.raises(OperationError, match=r"^GET /health is not in the table$"):
        described(app, shorter)


def test_an_entry_without_a_route_is_told() -> None:
    longer = {**OPERATIONS, ("PUT", "/health"): OPERATIONS["GET", "/health"]}

    with pytest.raises(OperationError, match=r"^PUT /health is no route$"):
        described(app, longer)


def test_unknown_paths_are_told_by_their_view_and_not_by_their_looks() -> None:
    def looks_like_one(_request: Request, _services: Services, **_path: str) -> Response:
        return Response("")

    own = Chalice("own", configure_logs=False)
    path = "/{segment0}/{segment1}/{other}"
    router = Router(own, Api().make_services, rules={("GET", path): PUBLIC})
    router.catch_unknown_paths()
    router.route("GET", path)(looks_like_one)

    assert routes(own) == {("GET", path): "looks_like_one"}


@dataclass(frozen=True)
class Call:
    """A request of an operation."""

    method: str
    route: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def on(self, api: Api) -> Answer:
        if self.body is None:
            return api.request(self.method, self.path)
        headers = {"Content-Type": JSON, **self.headers}
        return api.request(self.method, self.path, body=json.dumps(self.body).encode(), headers=headers)


def successes(api: Api) -> list[Call]:
    """One request for each operation, in an order in which all succeed."""
    api.has_slots()
    held = f"/bookings/{api.has_booking('2030-05-02T10:00')['bookingId']}"
    other = f"/bookings/{api.has_booking('2030-05-02T11:00')['bookingId']}"
    api.run_worker()
    return [
        Call("POST", "/providers", "/providers", {"name": "Bob"}),
        Call("GET", "/providers/{providerId}", "/providers/ann"),
        Call("PATCH", "/providers/{providerId}", "/providers/ann", {"name": "Ann B.", "maxAdvanceDays": 90}),
        Call("GET", "/providers/{providerId}/slots", "/providers/ann/slots?date=2030-05-02"),
        Call("POST", "/bookings/{bookingId}/reschedule", f"{held}/reschedule", {"slotId": "2030-05-02T09:00"}),
        Call("POST", "/bookings", "/bookings", {**SLOT, "slotId": "2030-05-02T10:00"}),
        Call("GET", "/bookings/{bookingId}", held),
        Call("GET", "/bookings/{bookingId}/calendar.ics", f"{held}/calendar.ics"),
        Call("GET", "/users/{userId}/bookings", "/users/user-1/bookings?limit=1"),
        Call("GET", "/providers/{providerId}/bookings", "/providers/ann/bookings"),
        Call("POST", "/bookings/{bookingId}/confirm", f"{held}/confirm"),
        Call("POST", "/bookings/{bookingId}/cancel", f"{other}/cancel"),
        Call("POST", "/providers/{providerId}/availability", "/providers/ann/availability", AVAILABILITY),
        Call("POST", "/providers/{providerId}/availability", "/providers/ann/availability", PATTERN),
        Call("GET", "/providers/{providerId}/slots", "/providers/ann/slots?from=2030-05-02&to=2030-05-03"),
        Call("GET", "/providers/{providerId}/slots", "/providers/ann/slots?from=2030-05-02&to=2030-05-03&limit=1"),
        Call("GET", "/providers/{providerId}/availability", f"/providers/ann/availability{RANGE}"),
        Call("DELETE", "/providers/{providerId}/availability/{date}", "/providers/ann/availability/2030-05-02"),
        Call("GET", "/health", "/health"),
        Call("GET", "/health/ready", "/health/ready"),
        Call("GET", "/openapi.json", "/openapi.json"),
        Call("GET", "/docs", "/docs"),
        Call("GET", "/docs/swagger-ui.css", "/docs/swagger-ui.css"),
        Call("GET", "/docs/swagger-ui.js", "/docs/swagger-ui.js"),
    ]


def test_every_operation_answers_as_the_table_says() -> None:
    api = Api()
    calls = successes(api)
    components = component_schemas()

    for call in calls:
        answer = call.on(api)
        operation = OPERATIONS[call.method, call.route]
        assert answer.status == operation.status, (call, answer.text)
        assert answer.headers.get("Location", "") == operation.location.format(
            **answer.json if operation.location else {}
        )
        assert answer.headers["Content-Type"].partition(";")[0] == operation.media_type, call
        if operation.answer is None:
            continue
        schema = reference(operation.answer)
        Draft4Validator({**schema, "components": {"schemas": components}}).validate(answer.json)
        assert answer.json.keys() <= components[schema["$ref"].rpartition("/")[2]]["properties"].keys(), call
    assert {(call.method, call.route) for call in calls} == OPERATIONS.keys()


def failures(api: Api) -> list[Call]:
    """Requests that are refused, each kind of refusal of each operation among them."""
    api.has_slots()
    held, cancelled, confirmed = (
        f"/bookings/{api.has_booking(f'2030-05-02T{hour}:00')['bookingId']}" for hour in ("09", "10", "11")
    )
    api.run_worker()
    api.post(f"{cancelled}/cancel")
    api.post(f"{confirmed}/confirm")
    api.clock.advance(days=1)
    assert api.get(held).json["status"] == "EXPIRED"
    api.has_slots("bea", date="2030-05-03")
    taken = {"providerId": "bea", "slotId": "2030-05-03T09:00", "userId": "user-1"}
    assert api.post("/bookings", taken).status == 202
    return [
        *failures_of_policy(api),
        *failures_of_reschedule(f"{cancelled}/reschedule"),
        Call("PATCH", "/providers/{providerId}", "/providers/nobody", {"name": "Nobody"}),
        Call("PATCH", "/providers/{providerId}", "/providers/ann", {"holdSeconds": 0}),
        Call("POST", "/providers", "/providers", {"name": "Ann", "providerId": "ann"}),
        Call("POST", "/providers", "/providers", {}),
        Call("GET", "/providers/{providerId}", "/providers/nobody"),
        Call("POST", "/providers/{providerId}/availability", "/providers/nobody/availability", AVAILABILITY),
        Call(
            "POST",
            "/providers/{providerId}/availability",
            "/providers/ann/availability",
            {**AVAILABILITY, "date": "2020-01-01"},
        ),
        Call("GET", "/providers/{providerId}/availability", f"/providers/nobody/availability{RANGE}"),
        Call("GET", "/providers/{providerId}/availability", "/providers/ann/availability?from=2030-05-02"),
        Call("DELETE", "/providers/{providerId}/availability/{date}", "/providers/nobody/availability/2030-05-03"),
        Call("DELETE", "/providers/{providerId}/availability/{date}", "/providers/ann/availability/tomorrow"),
        Call("DELETE", "/providers/{providerId}/availability/{date}", "/providers/ann/availability/2030-04-30"),
        Call("GET", "/providers/{providerId}/slots", "/providers/nobody/slots?date=2030-05-02"),
        Call("GET", "/providers/{providerId}/slots", "/providers/ann/slots"),
        Call("POST", "/bookings", "/bookings", {**SLOT, "providerId": "nobody"}),
        Call("POST", "/bookings", "/bookings", {**SLOT, "slotId": "2030-05-02T09:01"}),
        Call("POST", "/bookings", "/bookings", taken),
        Call("POST", "/bookings", "/bookings", {}),
        Call("GET", "/bookings/{bookingId}", NOBODY),
        Call("GET", "/bookings/{bookingId}/calendar.ics", f"{NOBODY}/calendar.ics"),
        Call("GET", "/users/{userId}/bookings", "/users/user-1/bookings?limit=0"),
        Call("GET", "/providers/{providerId}/bookings", "/providers/ann/bookings?limit=0"),
        Call("GET", "/providers/{providerId}/bookings", "/providers/nobody/bookings"),
        Call("POST", "/bookings/{bookingId}/confirm", f"{NOBODY}/confirm"),
        Call("POST", "/bookings/{bookingId}/confirm", f"{cancelled}/confirm"),
        Call("POST", "/bookings/{bookingId}/confirm", f"{confirmed}/confirm", {"unknown": 1}),
        Call("POST", "/bookings/{bookingId}/cancel", f"{NOBODY}/cancel"),
        Call("POST", "/bookings/{bookingId}/cancel", f"{held}/cancel"),
        Call("POST", "/bookings/{bookingId}/cancel", f"{confirmed}/cancel", {"unknown": 1}),
    ]


def failures_of_policy(api: Api) -> list[Call]:
    """Of a provider who wants a day's notice, takes bookings for three days, and keeps them two days before."""
    api.has_slots("cea", date="2030-05-03")
    for date in ("2030-05-05", "2030-05-09"):
        assert api.post("/providers/cea/availability", {**AVAILABILITY, "date": date}).status == 201
    first, second, soon, far = (
        {"providerId": "cea", "userId": "user-1", "slotId": f"{start}:00"}
        for start in ("2030-05-03T09", "2030-05-03T10", "2030-05-03T11", "2030-05-09T09")
    )
    hold, reschedule = ("POST", "/bookings", "/bookings"), ("POST", "/bookings/{bookingId}/reschedule")
    held = [Call(*hold, first).on(api).json, Call(*hold, second, WITH_KEY).on(api).json]
    confirmed, pending = (f"/bookings/{booking['bookingId']}" for booking in held)
    assert api.post(f"{confirmed}/confirm").status == 200
    rules = {"minNoticeMinutes": 1440, "maxAdvanceDays": 3, "cancelCutoffMinutes": 2880}
    assert api.patch("/providers/cea", rules).status == 200
    return [
        Call(*hold, soon),
        Call(*hold, far),
        Call(*hold, first, WITH_KEY),
        Call("POST", "/bookings/{bookingId}/cancel", f"{confirmed}/cancel"),
        Call(*reschedule, f"{confirmed}/reschedule", {"slotId": "2030-05-05T09:00"}),
        *(
            Call(*reschedule, f"{pending}/reschedule", {"slotId": slot_id})
            for slot_id in (first["slotId"], soon["slotId"], far["slotId"], "2030-05-03T22:00")
        ),
    ]


def failures_of_reschedule(ended: str) -> list[Call]:
    route = ("POST", "/bookings/{bookingId}/reschedule")
    return [
        Call(*route, f"{NOBODY}/reschedule", {"slotId": "2030-05-03T09:00"}),
        Call(*route, f"{NOBODY}/reschedule", {}),
        Call(*route, ended, {"slotId": "2030-05-03T09:00"}),
    ]


def test_every_refusal_is_one_that_the_table_names_and_every_one_it_names_happens() -> None:
    api = Api()
    components = component_schemas()
    happened = set()

    for call in failures(api):
        answer = call.on(api)
        assert_problem(answer, answer.status, answer.json["code"])
        Draft4Validator({**components["Problem"], "components": {"schemas": components}}).validate(answer.json)
        assert answer.json.keys() <= components["Problem"]["properties"].keys(), call
        happened.add((call.method, call.route, answer.status, answer.json["code"]))

    named = {
        (method, path, problem.status.value, problem.code)
        for (method, path), operation in OPERATIONS.items()
        for problem in operation.problems
        # Tested where they belong: they don't depend on the route.
        if problem.status not in {401, 403, 413, 415, 429, 500, 503}
    }
    assert happened == named


def test_no_error_of_the_business_is_missing_from_the_table() -> None:
    # What a body's or a query's validation covers, what the rules of access cover, and what any route may answer.
    everywhere = {
        errors.InvalidInputError,
        errors.ServiceUnavailableError,
        errors.UnauthenticatedError,
        errors.ForbiddenError,
    }

    named = {error for operation in OPERATIONS.values() for error in operation.raises} - everywhere
    assert named == PROBLEM_OF.keys() - everywhere
