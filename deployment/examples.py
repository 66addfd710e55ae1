"""What the public description of the API shows as examples: one story, told in the application's own words.

Answers are made as the application makes them, from the same models. Each request is sent to the application by a
test, and its answer looks like the one here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from chalicelib.domain import errors
from chalicelib.domain.instants import deadline
from chalicelib.domain.models import Booking, BookingStatus, Provider, Window
from chalicelib.domain.slots import slots_of
from chalicelib.handlers import problems
from chalicelib.handlers.problems import FieldError
from chalicelib.handlers.schemas import (
    BookingView,
    DayView,
    FreeSlotsView,
    HealthView,
    ProviderView,
    ReadinessView,
    SlotView,
)
from chalicelib.services.availability import Day
from deployment.gateway_responses import ERROR_OF
from deployment.operations import RATE_LIMITED

REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
USER_ID = "alice"

_NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)
_PROVIDER = Provider(
    provider_id="dr-example", name="Dr. Example", time_zone="Europe/Berlin", created_at=_NOW - timedelta(days=30)
)
_WINDOW = Window(day=date(2030, 5, 2), start=timedelta(hours=9), end=timedelta(hours=11), slot_minutes=60)
_SLOTS = slots_of(_WINDOW, provider_id=_PROVIDER.provider_id, time_zone=_PROVIDER.time_zone)
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
_CANCELLED = _CONFIRMED.moved(BookingStatus.CANCELLED, at=_NOW + timedelta(hours=1))


@dataclass(frozen=True, kw_only=True)
class Example:
    """One call of an operation."""

    body: Mapping[str, Any] | None = None
    answer: BaseModel | None = None
    """None where the answer is no model."""


EXAMPLES: Mapping[tuple[str, str], Example] = {
    ("POST", "/providers"): Example(
        body={"name": _PROVIDER.name, "timeZone": _PROVIDER.time_zone, "providerId": _PROVIDER.provider_id},
        answer=ProviderView.of(_PROVIDER),
    ),
    ("GET", "/providers/{providerId}"): Example(answer=ProviderView.of(_PROVIDER)),
    ("POST", "/providers/{providerId}/availability"): Example(
        body={"date": str(_WINDOW.day), "startTime": "09:00", "endTime": "11:00", "slotDurationMinutes": 60},
        answer=DayView.of(Day(provider=_PROVIDER, slots=_SLOTS, created=2, kept=0, removed=0), _WINDOW),
    ),
    ("GET", "/providers/{providerId}/slots"): Example(
        answer=FreeSlotsView(
            provider_id=_PROVIDER.provider_id,
            date=str(_WINDOW.day),
            time_zone=_PROVIDER.time_zone,
            slots=[SlotView.of(slot) for slot in _SLOTS],
            count=len(_SLOTS),
        )
    ),
    ("POST", "/bookings"): Example(
        body={"providerId": _PROVIDER.provider_id, "slotId": _PENDING.slot_id, "userId": USER_ID},
        answer=BookingView.of(_PENDING),
    ),
    ("GET", "/bookings/{bookingId}"): Example(answer=BookingView.of(_PENDING)),
    ("POST", "/bookings/{bookingId}/confirm"): Example(answer=BookingView.of(_CONFIRMED)),
    ("POST", "/bookings/{bookingId}/cancel"): Example(answer=BookingView.of(_CANCELLED)),
    ("GET", "/health"): Example(answer=HealthView()),
    ("GET", "/health/ready"): Example(answer=ReadinessView(checks={"table": "ok", "queue": "ok"})),
    ("GET", "/openapi.json"): Example(),
    ("GET", "/docs"): Example(),
}

PARAMETERS: Mapping[str, tuple[str, str]] = {
    "providerId": ("The provider's id", _PROVIDER.provider_id),
    "bookingId": ("The booking's id", _PENDING.booking_id),
    "date": ("A day in the provider's time zone, as YYYY-MM-DD", str(_WINDOW.day)),
}
"""What each parameter of a path or a query means, and a value."""

_BUSINESS: list[errors.AppointmentError] = [
    errors.ProviderNotFoundError(_PROVIDER.provider_id),
    errors.SlotNotFoundError(_PROVIDER.provider_id, _PENDING.slot_id),
    errors.BookingNotFoundError(_PENDING.booking_id),
    errors.ProviderExistsError(_PROVIDER.provider_id),
    errors.SlotUnavailableError(_PENDING.slot_id, "is held or reserved"),
    errors.BookingConflictError(_PENDING.booking_id, BookingStatus.CANCELLED),
    errors.ServiceUnavailableError("The table can't be reached."),
]

ERRORS: Mapping[problems.Problem, tuple[str, Exception]] = {
    **{problems.PROBLEM_OF[type(error)]: (str(type(error).__doc__).partition("\n")[0], error) for error in _BUSINESS},
    problems.VALIDATION_FAILED: (
        "Input that can't be accepted; `errors` names every bad field at once.",
        problems.invalid(FieldError("date", "is no day of the calendar"), FieldError("colour", "is not a known field")),
    ),
    problems.PAYLOAD_TOO_LARGE: ("The body is larger than 64 KiB.", ERROR_OF["REQUEST_TOO_LARGE"]),
    problems.UNSUPPORTED_MEDIA_TYPE: ("The body is not said to be JSON in UTF-8.", ERROR_OF["UNSUPPORTED_MEDIA_TYPE"]),
    RATE_LIMITED: ("Too many requests at the moment, from everybody together.", ERROR_OF["THROTTLED"]),
    problems.INTERNAL: ("A fault of the service itself.", RuntimeError()),
}
"""What each kind of error means, and one of it."""
