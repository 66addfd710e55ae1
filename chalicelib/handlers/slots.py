"""`/providers/{providerId}/slots`."""

from chalice.app import Request, Response

from chalicelib.handlers.http import Router, answer, query
from chalicelib.handlers.providers import provider_id_in
from chalicelib.handlers.requests import FREE_SLOTS_QUERY, FreeSlotsOfDayQuery
from chalicelib.handlers.views import free_slots_page_view, free_slots_view
from chalicelib.services import Services


def register(router: Router) -> None:
    """Declare the routes."""
    router.route("GET", "/providers/{providerId}/slots")(list_free_slots)


def list_free_slots(request: Request, services: Services, **path: str) -> Response:
    """Show what can be booked on a day, or a page of what can be booked on a range of days."""
    asked = query(request, FREE_SLOTS_QUERY)
    provider_id = provider_id_in(path)
    if isinstance(asked, FreeSlotsOfDayQuery):
        return answer(free_slots_view(services.availability.free_slots(provider_id, asked.date), provider_id, asked))
    page = services.availability.free_slots_of_days(
        provider_id, asked.first_date, asked.last_date, limit=asked.limit, cursor=asked.cursor
    )
    return answer(free_slots_page_view(page, provider_id, asked))
