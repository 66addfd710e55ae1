"""What each route takes and answers: the one table that every description of the API is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from chalice.app import Chalice
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from chalicelib.domain import errors
from chalicelib.domain.models import BookingStatus
from chalicelib.handlers import problems, requests, views
from chalicelib.handlers.access import RULES
from chalicelib.handlers.http import unknown_path
from deployment.schemas import any_of, any_view_of

RATE_LIMITED = problems.Problem(HTTPStatus.TOO_MANY_REQUESTS, "RATE_LIMITED")
"""The gateway's: the application has no such answer."""


class OperationError(Exception):
    """The table and the application's routes differ; the text names how."""


class _ProblemModel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class FieldProblem(_ProblemModel):
    """What is wrong with one field of a request."""

    field: str
    message: str


class Problem(_ProblemModel):
    """An error as RFC 9457 has it. Decide by `code`; `errors`, `bookingStatus` and `checks` come with some codes."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldProblem] | None = None
    booking_status: BookingStatus | None = None
    checks: dict[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What one method on one path takes and answers."""

    summary: str
    answer: type | None
    """The view that it has; None: it has none."""
    media_type: str = "application/json"
    status: HTTPStatus = HTTPStatus.OK
    location: str = ""
    """The path in the header Location, with the fields of the answer that it is made of."""
    body: type[BaseModel] | None = None
    body_forms: tuple[type[BaseModel], ...] = ()
    """The forms that a body can have, if there are several; `body` describes them all at once."""
    query: type[BaseModel] | None = None
    headers: type[BaseModel] | None = None
    """The headers that mean something to the application, beside what HTTP itself asks for."""
    raises: tuple[type[errors.AppointmentError], ...] = ()
    """The business's own refusals; what every route may answer is not named."""
    is_public: bool = True
    """Whether the API's users are told of it."""
    needs_token: bool = True
    """Whether the gateway lets only those through whom the authorizer knows."""

    @property
    def takes_body(self) -> bool:
        """Whether there is anything to say in the body."""
        return self.body is not None and bool(self.body.model_fields)

    @property
    def problems(self) -> list[problems.Problem]:
        """All errors that may be answered, by status and code."""
        found = {problems.PROBLEM_OF[error] for error in self.raises}
        found |= {RATE_LIMITED, problems.INTERNAL, problems.SERVICE_UNAVAILABLE}
        if self.needs_token:
            found |= {problems.UNAUTHENTICATED, problems.FORBIDDEN}
        if self.body or self.query:
            found.add(problems.VALIDATION_FAILED)
        if self.body:
            found |= {problems.PAYLOAD_TOO_LARGE, problems.UNSUPPORTED_MEDIA_TYPE}
        return sorted(found)


_OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("POST", "/providers"): Operation(
        summary="Create a provider",
        body=requests.CreateProvider,
        status=HTTPStatus.CREATED,
        location="/providers/{providerId}",
        answer=views.ProviderView,
        raises=(errors.ProviderExistsError,),
    ),
    ("GET", "/providers/{providerId}"): Operation(
        summary="Show a provider",
        answer=views.ProviderView,
        raises=(errors.ProviderNotFoundError,),
    ),
    ("PATCH", "/providers/{providerId}"): Operation(
        summary="Change a provider's name and policy",
        body=requests.ChangeProvider,
        answer=views.ProviderView,
        raises=(errors.ProviderNotFoundError,),
    ),
    ("POST", "/providers/{providerId}/availability"): Operation(
        summary="Set the availability of a day, or of weekdays; held and reserved slots stay",
        body=any_of("SetAvailability", *requests.SET_AVAILABILITY.models),
        body_forms=requests.SET_AVAILABILITY.models,
        status=HTTPStatus.CREATED,
        answer=any_view_of("DayOrPatternView", views.DayView, views.PatternView),
        raises=(errors.ProviderNotFoundError,),
    ),
    ("GET", "/providers/{providerId}/availability"): Operation(
        summary="Show what is set for a range of dates",
        query=requests.AvailabilityQuery,
        answer=views.AvailabilityView,
        raises=(errors.ProviderNotFoundError,),
    ),
    ("GET", "/providers/{providerId}/slots"): Operation(
        summary="Show what can be booked on a day, or on a range of days a page at a time",
        query=any_of("FreeSlotsQuery", *requests.FREE_SLOTS_QUERY.models),
        answer=any_view_of("FreeSlotsView", views.FreeSlotsView, views.FreeSlotsPageView),
        raises=(errors.ProviderNotFoundError,),
    ),
    ("POST", "/bookings"): Operation(
        summary="Hold a slot for a booking",
        body=requests.CreateBooking,
        headers=requests.CreateBookingHeaders,
        status=HTTPStatus.ACCEPTED,
        location="/bookings/{bookingId}",
        answer=views.BookingView,
        raises=(
            errors.ProviderNotFoundError,
            errors.SlotNotFoundError,
            errors.SlotUnavailableError,
            errors.TooShortNoticeError,
            errors.TooFarAheadError,
            errors.TooManyHoldsError,
            errors.IdempotencyKeyReusedError,
        ),
    ),
    ("GET", "/bookings/{bookingId}"): Operation(
        summary="Show a booking",
        answer=views.BookingView,
        raises=(errors.BookingNotFoundError,),
    ),
    ("POST", "/bookings/{bookingId}/confirm"): Operation(
        summary="Confirm a booking within its hold; a repeat gives the same answer",
        body=requests.NoBody,
        answer=views.BookingView,
        raises=(errors.BookingNotFoundError, errors.BookingConflictError),
    ),
    ("POST", "/bookings/{bookingId}/reschedule"): Operation(
        summary="Give a booking another slot of its provider; its state stays",
        body=requests.RescheduleBooking,
        answer=views.BookingView,
        raises=(
            errors.BookingNotFoundError,
            errors.BookingConflictError,
            errors.SlotNotFoundError,
            errors.SlotUnavailableError,
            errors.TooShortNoticeError,
            errors.TooFarAheadError,
            errors.CancelCutoffPassedError,
        ),
    ),
    ("POST", "/bookings/{bookingId}/cancel"): Operation(
        summary="Cancel a booking; a repeat gives the same answer",
        body=requests.NoBody,
        answer=views.BookingView,
        raises=(errors.BookingNotFoundError, errors.BookingConflictError, errors.CancelCutoffPassedError),
    ),
    ("DELETE", "/providers/{providerId}/availability/{date}"): Operation(
        summary="Close a day; held and reserved slots stay",
        answer=views.ClosedDayView,
        raises=(errors.InvalidInputError, errors.ProviderNotFoundError),
    ),
    ("GET", "/bookings/{bookingId}/calendar.ics"): Operation(
        summary="Show a booking as iCalendar, for calendars to import",
        answer=None,
        media_type="text/calendar",
        raises=(errors.BookingNotFoundError,),
    ),
    ("GET", "/users/{userId}/bookings"): Operation(
        summary="List a user's bookings, a page at a time",
        query=requests.BookingsQuery,
        answer=views.BookingsView,
    ),
    ("GET", "/providers/{providerId}/bookings"): Operation(
        summary="List a provider's bookings, a page at a time",
        query=requests.BookingsQuery,
        answer=views.BookingsView,
        raises=(errors.ProviderNotFoundError,),
    ),
    ("GET", "/health"): Operation(
        summary="Say that the process is up",
        answer=views.HealthView,
    ),
    ("GET", "/health/ready"): Operation(
        summary="Say whether table and queue answer",
        answer=views.ReadinessView,
    ),
    ("GET", "/openapi.json"): Operation(
        summary="Show this description of the API",
        answer=None,
    ),
    ("GET", "/docs"): Operation(
        summary="Show a page that describes the API and tries it out",
        answer=None,
        media_type="text/html",
    ),
    ("GET", "/docs/swagger-ui.css"): Operation(
        summary="Load how the page looks",
        answer=None,
        media_type="text/css",
        is_public=False,
    ),
    ("GET", "/docs/swagger-ui.js"): Operation(
        summary="Load what the page does",
        answer=None,
        media_type="text/javascript",
        is_public=False,
    ),
}


OPERATIONS: Mapping[tuple[str, str], Operation] = {
    key: replace(operation, needs_token=not RULES[key].is_public) for key, operation in _OPERATIONS.items()
}


def routes(app: Chalice) -> dict[tuple[str, str], str]:
    """The name of the view behind each method and path that the API has.

    The views for unknown paths are no part of it: they are told by the function that answers them, whatever their paths
    look like.
    """
    return {
        (method, path): entry.view_name
        for path, methods in app.routes.items()
        for method, entry in methods.items()
        if entry.view_name != unknown_path.__name__
    }


def described(app: Chalice, table: Mapping[tuple[str, str], Operation]) -> dict[tuple[str, str], str]:
    """As `routes`, when the table has exactly those. Raises OperationError."""
    found = routes(app)
    differing = [f"{method} {path} is not in the table" for method, path in sorted(found.keys() - table.keys())]
    differing += [f"{method} {path} is no route" for method, path in sorted(table.keys() - found.keys())]
    if differing:
        raise OperationError("; ".join(differing))
    return found
