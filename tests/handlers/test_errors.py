"""Errors that no route makes by itself: unknown paths and methods, failures, and what Chalice answers."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus

import pytest
from chalice.app import Chalice, Request, Response

from chalicelib.domain import errors
from chalicelib.domain.models import BookingStatus, Provider
from chalicelib.handlers.access import PUBLIC
from chalicelib.handlers.bookings import booking_id_in
from chalicelib.handlers.http import Router
from chalicelib.handlers.problems import PROBLEM_OF, response_for
from chalicelib.services import Services
from chalicelib.settings import SettingsError
from tests.handlers.api import Answer, Api, assert_problem, gateway_event
from tests.log_lines import log_lines

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
SECRET = "password=hunter2 at table appointments-prod"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("depth", range(1, 9))
def test_a_path_that_has_no_route_is_not_found_whatever_the_method(api: Api, method: str, depth: int) -> None:
    path = "".join(itertools.islice(itertools.cycle(["/no", "/such", "/path"]), depth))

    assert_problem(api.request(method, path), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/provider",
        "/Providers",
        "/providers/ann/slots/2030-05-02",
        "/providers/ann/nothing",
        "/bookings/x/reject",
        "/bookings/x/confirm/now",
        "/health/alive",
        "/users",
        "/%2e%2e/etc/passwd",
    ],
)
def test_a_path_beside_the_routes_is_not_found(api: Api, path: str) -> None:
    assert_problem(api.get(path), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/providers", "POST"),
        ("/providers/ann", "GET, PATCH"),
        ("/providers/ann/availability", "GET, POST"),
        ("/providers/ann/availability/2030-05-02", "DELETE"),
        ("/providers/ann/slots", "GET"),
        ("/bookings", "POST"),
        ("/bookings/x", "GET"),
        ("/bookings/x/confirm", "POST"),
        ("/bookings/x/cancel", "POST"),
        ("/bookings/x/reschedule", "POST"),
        ("/health", "GET"),
        ("/health/ready", "GET"),
        ("/openapi.json", "GET"),
        ("/docs", "GET"),
        ("/docs/swagger-ui.css", "GET"),
        ("/docs/swagger-ui.js", "GET"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_a_known_path_tells_which_methods_it_allows(api: Api, path: str, allowed: str, method: str) -> None:
    answer = api.request(method, path)

    if method in allowed.split(", "):
        assert answer.status != HTTPStatus.METHOD_NOT_ALLOWED
    else:
        assert_problem(answer, 405, "METHOD_NOT_ALLOWED")
        assert sorted(answer.headers["Allow"].split(", ")) == allowed.split(", ")
        assert method in answer.json["detail"]


@pytest.mark.parametrize("trailing", ["/health/", "/providers/ann/"])
def test_a_trailing_slash_makes_no_difference(api: Api, trailing: str) -> None:
    api.has_provider()

    assert api.get(trailing).status == 200


class BrokenProviders:
    """A store that fails, or says that the table can't be reached."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def create(self, _provider: Provider) -> None:
        raise self._error

    def find(self, _provider_id: str) -> Provider | None:
        raise self._error

    def change(self, _before: Provider, _after: Provider) -> None:
        raise self._error


def test_a_bug_is_answered_without_a_trace_of_its_cause() -> None:
    api = Api(providers=BrokenProviders(RuntimeError(SECRET)))

    with log_lines() as lines:
        answer = api.get("/providers/ann")

    assert_problem(answer, 500, "INTERNAL")
    for trace in ("hunter2", "appointments-prod", "RuntimeError", "Traceback", "File "):
        assert trace not in answer.text + str(answer.headers)
    line = lines.the("unexpected error")
    assert line["exception"].splitlines()[-1].startswith("RuntimeError: ")
    assert line["request_id"] == answer.headers["X-Request-Id"]


def test_settings_that_are_wrong_are_answered_without_a_trace_of_them() -> None:
    def services() -> Services:
        raise SettingsError(SECRET)

    answer = Api(services=services).get("/health")

    assert_problem(answer, 500, "INTERNAL")
    assert "hunter2" not in answer.text


def test_an_outage_of_the_table_asks_to_come_back() -> None:
    api = Api(providers=BrokenProviders(errors.ServiceUnavailableError("The table can't be reached.")))

    answer = api.post("/providers", {"name": "Ann"})

    assert_problem(answer, 503, "SERVICE_UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json["detail"] == "The table can't be reached. Try again in a moment."


def test_only_an_outage_asks_to_come_back(api: Api) -> None:
    api.has_provider()

    assert "Retry-After" not in api.post("/providers", {"name": "Ann", "providerId": "ann"}).headers
    assert "Retry-After" not in api.get("/nothing").headers


def test_an_error_that_chalice_makes_itself_is_a_problem_too() -> None:
    def two_lines_in_a_header(_request: Request, _services: Services) -> Response:
        return Response("", headers={"Location": "/one\n/two"})

    api = Api()
    app = Chalice("appointments", configure_logs=False)
    Router(app, api.make_services, rules={("GET", "/two-lines"): PUBLIC}).route("GET", "/two-lines")(
        two_lines_in_a_header
    )

    response = app(gateway_event("GET", "/two-lines"), None)

    assert_problem(Answer.of_gateway(response), 500, "INTERNAL")


ERRORS: list[tuple[errors.AppointmentError, int, str]] = [
    (errors.InvalidInputError("date", "is past"), 400, "VALIDATION_FAILED"),
    (errors.ProviderNotFoundError("ann"), 404, "PROVIDER_NOT_FOUND"),
    (errors.SlotNotFoundError("ann", "2030-05-02T09:00"), 404, "SLOT_NOT_FOUND"),
    (errors.BookingNotFoundError("booking-1"), 404, "BOOKING_NOT_FOUND"),
    (errors.ProviderExistsError("ann"), 409, "PROVIDER_EXISTS"),
    (errors.SlotUnavailableError("2030-05-02T09:00", "is taken"), 409, "SLOT_UNAVAILABLE"),
    (errors.BookingConflictError("booking-1", BookingStatus.EXPIRED), 409, "BOOKING_CONFLICT"),
    (errors.TooShortNoticeError(60), 409, "TOO_SHORT_NOTICE"),
    (errors.TooFarAheadError(30), 409, "TOO_FAR_AHEAD"),
    (errors.CancelCutoffPassedError(60), 409, "CANCEL_CUTOFF_PASSED"),
    (errors.TooManyHoldsError(5, retry_after_seconds=60), 429, "TOO_MANY_HOLDS"),
    (errors.IdempotencyKeyReusedError(), 422, "IDEMPOTENCY_KEY_REUSED"),
    (errors.UnauthenticatedError(), 401, "UNAUTHENTICATED"),
    (errors.ForbiddenError(), 403, "FORBIDDEN"),
    (errors.ServiceUnavailableError("The queue can't be reached."), 503, "SERVICE_UNAVAILABLE"),
    (errors.MalformedRecordError("a worker's business"), 500, "INTERNAL"),
]


@pytest.mark.parametrize(("error", "status", "code"), ERRORS, ids=lambda value: type(value).__name__)
def test_every_error_of_the_business_has_its_status_and_its_code(
    error: errors.AppointmentError, status: int, code: str
) -> None:
    response = response_for(error, request_id="r-1")

    answer = Answer.of_gateway({**response.to_dict(), "headers": {**response.headers, "X-Request-Id": "r-1"}})
    assert_problem(answer, status, code)
    if code not in {"INTERNAL", "VALIDATION_FAILED"}:
        assert answer.json["detail"] == str(error)


def kinds(error: type[errors.AppointmentError]) -> set[type[errors.AppointmentError]]:
    """The kinds of an error that have no further kinds."""
    return {leaf for kind in error.__subclasses__() for leaf in kinds(kind)} or {error}


def test_no_error_of_the_business_was_forgotten() -> None:
    assert {type(error) for error, _, _ in ERRORS} == kinds(errors.AppointmentError)


def test_no_two_errors_share_a_code() -> None:
    codes = [problem.code for problem in PROBLEM_OF.values()]

    assert len(codes) == len(set(codes))


def test_a_body_that_can_not_even_be_decoded_is_answered_by_a_problem(api: Api) -> None:
    answer = Answer.of_gateway(api.app(gateway_event("POST", "/providers", body="\ud800"), None))
    assert_problem(answer, 400, "VALIDATION_FAILED")


def test_what_a_caller_did_wrong_is_logged_as_no_error(api: Api) -> None:
    with log_lines() as lines:
        api.get("/providers/nobody")
        api.send("/providers", b"{")

    assert lines.with_message("unexpected error") == []


def test_only_a_problem_of_fields_has_a_list_of_them(api: Api) -> None:
    assert "errors" in api.send("/providers", b"{").json
    assert "errors" not in api.send("/providers", b"{}", content_type="text/plain").json


def test_an_id_that_can_not_exist_is_not_looked_up() -> None:
    api = Api(providers=BrokenProviders(RuntimeError()))

    assert_problem(api.get("/providers/ann@example.org"), 404, "PROVIDER_NOT_FOUND")
    with pytest.raises(errors.BookingNotFoundError):
        booking_id_in({"bookingId": "booking-1"})


def test_a_view_has_one_set_of_services_and_their_time_begins_before_it_and_ends_after_it() -> None:
    happened = []

    @contextmanager
    def begin() -> Iterator[None]:
        happened.append("time begins")
        yield
        happened.append("time ends")

    def services() -> Services:
        happened.append("services")
        return replace(Api().make_services(), begin=begin)

    def view(_request: Request, _services: Services) -> Response:
        happened.append("view")
        return Response("")

    app = Chalice("appointments", configure_logs=False, env={})
    Router(app, services, rules={("GET", "/view"): PUBLIC}).route("GET", "/view")(view)

    app(gateway_event("GET", "/view"), None)

    assert happened == ["services", "services", "time begins", "view", "time ends"], "origins, then the view"
