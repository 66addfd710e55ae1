"""The table of operations is about the application's routes, and tells the truth about them."""

from dataclasses import dataclass
from typing import Any

import pytest
from chalice.app import Chalice, Request, Response
from jsonschema import Draft4Validator

from app import app
from chalicelib.domain import errors
from chalicelib.handlers.http import Router
from chalicelib.handlers.problems import PROBLEM_OF
from chalicelib.services import Services
from deployment.openapi import component_schemas
from deployment.operations import OPERATIONS, OperationError, described, routes
from deployment.schemas import reference
from tests.handlers.api import AVAILABILITY, Answer, Api, assert_problem

SLOT = {"providerId": "ann", "slotId": "2030-05-02T09:00", "userId": "user-1"}
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
    router = Router(own, Api().make_services)
    router.catch_unknown_paths()
    router.route("GET", "/{segment0}/{segment1}/{other}")(looks_like_one)

    assert routes(own) == {("GET", "/{segment0}/{segment1}/{other}"): "looks_like_one"}


@dataclass(frozen=True)
class Call:
    """A request of an operation."""

    method: str
    route: str
    path: str
    body: Any = None

    def on(self, api: Api) -> Answer:
        return api.get(self.path) if self.method == "GET" else api.post(self.path, self.body)


def successes(api: Api) -> list[Call]:
    """One request for each operation, in an order in which all succeed."""
    api.has_slots()
    held = f"/bookings/{api.has_booking('2030-05-02T10:00')['bookingId']}"
    other = f"/bookings/{api.has_booking('2030-05-02T11:00')['bookingId']}"
    api.run_worker()
    return [
        Call("POST", "/providers", "/providers", {"name": "Bob"}),
        Call("GET", "/providers/{providerId}", "/providers/ann"),
        Call("GET", "/providers/{providerId}/slots", "/providers/ann/slots?date=2030-05-02"),
        Call("POST", "/bookings", "/bookings", SLOT),
        Call("GET", "/bookings/{bookingId}", held),
        Call("POST", "/bookings/{bookingId}/confirm", f"{held}/confirm"),
        Call("POST", "/bookings/{bookingId}/cancel", f"{other}/cancel"),
        Call("POST", "/providers/{providerId}/availability", "/providers/ann/availability", AVAILABILITY),
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
        Call("GET", "/providers/{providerId}/slots", "/providers/nobody/slots?date=2030-05-02"),
        Call("GET", "/providers/{providerId}/slots", "/providers/ann/slots"),
        Call("POST", "/bookings", "/bookings", {**SLOT, "providerId": "nobody"}),
        Call("POST", "/bookings", "/bookings", {**SLOT, "slotId": "2030-05-02T09:01"}),
        Call("POST", "/bookings", "/bookings", taken),
        Call("POST", "/bookings", "/bookings", {}),
        Call("GET", "/bookings/{bookingId}", NOBODY),
        Call("POST", "/bookings/{bookingId}/confirm", f"{NOBODY}/confirm"),
        Call("POST", "/bookings/{bookingId}/confirm", f"{cancelled}/confirm"),
        Call("POST", "/bookings/{bookingId}/confirm", f"{confirmed}/confirm", {"unknown": 1}),
        Call("POST", "/bookings/{bookingId}/cancel", f"{NOBODY}/cancel"),
        Call("POST", "/bookings/{bookingId}/cancel", f"{held}/cancel"),
        Call("POST", "/bookings/{bookingId}/cancel", f"{confirmed}/cancel", {"unknown": 1}),
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
        if problem.status not in {413, 415, 429, 500, 503}
    }
    assert happened == named


def test_no_error_of_the_business_is_missing_from_the_table() -> None:
    # What a body's or a query's validation covers, and what any route may answer.
    everywhere = {errors.InvalidInputError, errors.ServiceUnavailableError}

    named = {error for operation in OPERATIONS.values() for error in operation.raises}
    assert named == PROBLEM_OF.keys() - everywhere
