"""`/providers/{providerId}/availability` and `/providers/{providerId}/slots`."""

from http import HTTPStatus

from chalice.app import Request, Response

from chalicelib.handlers.http import Router, answer, body, query
from chalicelib.handlers.providers import provider_id_in
from chalicelib.handlers.schemas import DayView, FreeSlotsQuery, FreeSlotsView, SetAvailability, SlotView
from chalicelib.services import Services


def register(router: Router) -> None:
    """Declare the routes."""
    router.route("POST", "/providers/{providerId}/availability")(set_availability)
    router.route("GET", "/providers/{providerId}/slots")(list_free_slots)


def set_availability(request: Request, services: Services, **path: str) -> Response:
    """Set a day's availability."""
    window = body(request, SetAvailability).to_window()
    day = services.availability.set_day(provider_id_in(path), window)
    return answer(DayView.of(day, window), HTTPStatus.CREATED)


def list_free_slots(request: Request, services: Services, **path: str) -> Response:
    """Show what can be booked on a day."""
    asked = query(request, FreeSlotsQuery)
    provider_id = provider_id_in(path)
    time_zone, slots = services.availability.free_slots(provider_id, asked.date)
    views = [SlotView.of(slot) for slot in slots]
    return answer(
        FreeSlotsView(provider_id=provider_id, date=str(asked.date), time_zone=time_zone, slots=views, count=len(views))
    )
