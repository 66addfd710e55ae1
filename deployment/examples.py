"""What the public description of the API shows as examples: one story, told in the application's own words.

Answers are made as the application makes them, by the same functions. Each request is sent to the application by a
test, and its answer looks like the one here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain import errors
from chalicelib.domain.instants import deadline
from chalicelib.domain.models import Booking, BookingStatus, Policy, Provider
from chalicelib.domain.slots import slots_of
from chalicelib.handlers import problems
from chalicelib.handlers.problems import FieldError
from chalicelib.handlers.requests import AvailabilityQuery, FreeSlotsOfDayQuery, SetDay, to_availability
from chalicelib.handlers.views import (
    HealthView,
    ReadinessView,
    availability_view,
    booking_view,
    bookings_view,
    closed_day_view,
    day_view,
    free_slots_view,
    provider_view,
)
from chalicelib.services.availability import Day, FreeSlots
from chalicelib.services.listings import Page
from deployment.gateway_responses import ERROR_OF
from deployment.operations import RATE_LIMITED

REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
USER_ID = "alice"

_NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)
_PROVIDER = Provider(
    provider_id="dr-example", name="Dr. Example", time_zone="Europe/Berlin", created_at=_NOW - timedelta(days=30)
)
_WITH_POLICY = replace(_PROVIDER, policy=Policy(min_notice_minutes=120, max_advance_days=90, cancel_cutoff_minutes=60))
_DATE = "2030-05-02"
_SET_DAY = {"date": _DATE, "startTime": "09:00", "endTime": "11:00", "slotDurationMinutes": 60}
_ASKED = SetDay.model_validate(_SET_DAY)
_SLOTS = slots_of(to_availability(_ASKED), provider_id=_PROVIDER.provider_id, time_zone=_PROVIDER.time_zone)
_PENDING = Booking(
    booking_id="booking-7d9a5a0e-5a0c-4c1e-9d53-6f1f0b8f2a11",
    status=BookingStatus.PENDING,
    provider_id=_PROVIDER.provider_id,
    slot_id=_SLOTS[0].slot_id,
    user_id=USER_ID,
    starts_at=_SLOTS[0].starts_at,
    ends_at=_SLOTS[0].ends_at,
    time_zone=_PROVIDER.time_zone,
    created_at=_NOW,
    updated_at=_NOW,
    expires_at=deadline(_NOW, timedelta(seconds=300)),
)
_CONFIRMED = _PENDING.moved(BookingStatus.CONFIRMED, at=_NOW + timedelta(minutes=2))
_RESCHEDULED = _CONFIRMED.rescheduled(_SLOTS[1], at=_NOW + timedelta(hours=1))
_CANCELLED = _RESCHEDULED.moved(BookingStatus.CANCELLED, at=_NOW + timedelta(hours=2))


@dataclass(frozen=True, kw_only=True)
class Example:
    """One call of an operation."""

    body: Mapping[str, Any] | None = None
    answer: Mapping[str, object] | None = None
    """None where the answer has no view."""
    leaves_out: frozenset[str] = frozenset()
    """Parameters that don't go together with the others."""


EXAMPLES: Mapping[tuple[str, str], Example] = {
    ("POST", "/providers"): Example(
        body={"name": _PROVIDER.name, "timeZone": _PROVIDER.time_zone, "providerId": _PROVIDER.provider_id},
        answer=provider_view(_PROVIDER),
    ),
    ("GET", "/providers/{providerId}"): Example(answer=provider_view(_PROVIDER)),
    ("PATCH", "/providers/{providerId}"): Example(
        body={"minNoticeMinutes": 120, "maxAdvanceDays": 90, "cancelCutoffMinutes": 60, "holdSeconds": None},
        answer=provider_view(_WITH_POLICY),
    ),
    ("POST", "/providers/{providerId}/availability"): Example(
        body=_SET_DAY,
        answer=day_view(
            Day(provider=_PROVIDER, day=_ASKED.date, slots=_SLOTS, kept=[], created=len(_SLOTS), removed=0), _ASKED
        ),
    ),
    ("GET", "/providers/{providerId}/availability"): Example(
        answer=availability_view(
            _PROVIDER.provider_id,
            _PROVIDER.time_zone,
            [to_availability(_ASKED)],
            AvailabilityQuery.model_validate({"from": _DATE, "to": _DATE}),
        )
    ),
    ("DELETE", "/providers/{providerId}/availability/{date}"): Example(
        answer=closed_day_view(
            Day(provider=_PROVIDER, day=_ASKED.date, slots=[], kept=[], created=0, removed=len(_SLOTS))
        )
    ),
    ("GET", "/providers/{providerId}/slots"): Example(
        answer=free_slots_view(
            FreeSlots(time_zone=_PROVIDER.time_zone, slots=_SLOTS),
            _PROVIDER.provider_id,
            FreeSlotsOfDayQuery(date=_DATE),  # type: ignore[arg-type] # as the query has it
        ),
        leaves_out=frozenset({"from", "to", "limit"}),
    ),
    ("POST", "/bookings"): Example(
        body={"providerId": _PROVIDER.provider_id, "slotId": _PENDING.slot_id, "userId": USER_ID},
        answer=booking_view(_PENDING),
    ),
    ("GET", "/bookings/{bookingId}"): Example(answer=booking_view(_PENDING)),
    ("POST", "/bookings/{bookingId}/confirm"): Example(answer=booking_view(_CONFIRMED)),
    ("POST", "/bookings/{bookingId}/reschedule"): Example(
        body={"slotId": _RESCHEDULED.slot_id}, answer=booking_view(_RESCHEDULED)
    ),
    ("POST", "/bookings/{bookingId}/cancel"): Example(answer=booking_view(_CANCELLED)),
    ("GET", "/bookings/{bookingId}/calendar.ics"): Example(),
    ("GET", "/users/{userId}/bookings"): Example(answer=bookings_view(Page(bookings=[_CANCELLED], next_cursor=None))),
    ("GET", "/providers/{providerId}/bookings"): Example(
        answer=bookings_view(Page(bookings=[_CANCELLED], next_cursor=None))
    ),
    ("GET", "/health"): Example(answer=HealthView(status="ok")),
    ("GET", "/health/ready"): Example(answer=ReadinessView(status="ready", checks={"table": "ok", "queue": "ok"})),
    ("GET", "/openapi.json"): Example(),
    ("GET", "/docs"): Example(),
}

PARAMETERS: Mapping[str, tuple[str, Any]] = {
    "providerId": ("The provider's id", _PROVIDER.provider_id),
    "bookingId": ("The booking's id", _PENDING.booking_id),
    "userId": ("The user's id", USER_ID),
    "date": ("A day in the provider's time zone, as YYYY-MM-DD", _DATE),
    "status": ("Only bookings in this state", BookingStatus.CANCELLED),
    "from": ("The first day; of bookings, also the instant that they start at or after", _DATE),
    "to": ("The last day; of bookings, also the instant that they start before", _DATE),
    "order": ("The earliest or the latest first", "asc"),
    "limit": ("How many there are on a page at most", 25),
    "cursor": ("The `nextCursor` of the page before, of the same listing; left out for the first one", None),
    "Idempotency-Key": (
        "Makes a repeat of this request by the same user give the same answer, and no second hold",
        "5e0d3c1a-8f43-4b8e-a1f4-0a9c7d1f0e55",
    ),
}
"""What each parameter of a path or a query, and each header, means, and a value; None if nobody can make one up."""

_BUSINESS: list[errors.AppointmentError] = [
    errors.ProviderNotFoundError(_PROVIDER.provider_id),
    errors.SlotNotFoundError(_PROVIDER.provider_id, _PENDING.slot_id),
    errors.BookingNotFoundError(_PENDING.booking_id),
    errors.ProviderExistsError(_PROVIDER.provider_id),
    errors.SlotUnavailableError(_PENDING.slot_id, "is held or reserved"),
    errors.BookingConflictError(_PENDING.booking_id, BookingStatus.CANCELLED),
    errors.TooShortNoticeError(120),
    errors.TooFarAheadError(90),
    errors.CancelCutoffPassedError(60),
    errors.TooManyHoldsError(5, retry_after_seconds=160),
    errors.IdempotencyKeyReusedError(),
    errors.ServiceUnavailableError("The table can't be reached."),
]

ERRORS: Mapping[problems.Problem, tuple[str, Exception]] = {
    **{problems.PROBLEM_OF[type(error)]: (str(type(error).__doc__).partition("\n")[0], error) for error in _BUSINESS},
    problems.VALIDATION_FAILED: (
        "Input that can't be accepted; `errors` names every bad field at once.",
        problems.invalid(FieldError("date", "is no day of the calendar"), FieldError("colour", "is not a known field")),
    ),
    problems.UNAUTHENTICATED: ("No token, or none that is good.", ERROR_OF["UNAUTHORIZED"]),
    problems.FORBIDDEN: (
        "The token is good, but what it says of its user does not allow this.",
        ERROR_OF["ACCESS_DENIED"],
    ),
    problems.PAYLOAD_TOO_LARGE: ("The body is larger than 64 KiB.", ERROR_OF["REQUEST_TOO_LARGE"]),
    problems.UNSUPPORTED_MEDIA_TYPE: ("The body is not said to be JSON in UTF-8.", ERROR_OF["UNSUPPORTED_MEDIA_TYPE"]),
    RATE_LIMITED: ("Too many requests at the moment, from everybody together.", ERROR_OF["THROTTLED"]),
    problems.INTERNAL: ("A fault of the service itself.", RuntimeError()),
}
"""What each kind of error means, and one of it."""
