"""`/providers/{providerId}/availability`."""

from http import HTTPStatus

from chalice.app import Request, Response

from chalicelib.domain.models import Availability
from chalicelib.handlers.http import Router, answer, body, query
from chalicelib.handlers.providers import provider_id_in
from chalicelib.handlers.requests import (
    SET_AVAILABILITY,
    AskedForDay,
    AvailabilityQuery,
    DayInPath,
    to_availability,
    to_pattern,
)
from chalicelib.handlers.views import availability_view, closed_day_view, day_view, pattern_view
from chalicelib.services import Services


def register(router: Router) -> None:
    """Declare the routes."""
    router.route("POST", "/providers/{providerId}/availability")(set_availability)
    router.route("GET", "/providers/{providerId}/availability")(get_availability)
    router.route("DELETE", "/providers/{providerId}/availability/{date}")(close_day)


def set_availability(request: Request, services: Services, **path: str) -> Response:
    """Set a day's availability, or that of weekdays in a range of dates."""
    asked = body(request, SET_AVAILABILITY)
    provider_id = provider_id_in(path)
    if isinstance(asked, AskedForDay):
        day = services.availability.set_day(provider_id, to_availability(asked))
        return answer(day_view(day, asked), HTTPStatus.CREATED)
    provider, days = services.availability.set_pattern(provider_id, to_pattern(asked))
    return answer(pattern_view(provider, days, asked), HTTPStatus.CREATED)


def get_availability(request: Request, services: Services, **path: str) -> Response:
    """Show what is set for a range of dates."""
    asked = query(request, AvailabilityQuery)
    provider_id = provider_id_in(path)
    time_zone, days = services.availability.availability(provider_id, asked.first_date, asked.last_date)
    return answer(availability_view(provider_id, time_zone, days, asked))


def close_day(request: Request, services: Services, **path: str) -> Response:
    """Close a day."""
    asked = query(request, DayInPath, date=path["date"])
    closed = Availability(day=asked.date, windows=())
    return answer(closed_day_view(services.availability.set_day(provider_id_in(path), closed)))
