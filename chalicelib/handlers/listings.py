"""`/users/{userId}/bookings` and `/providers/{providerId}/bookings`."""

from chalice.app import Request, Response

from chalicelib.handlers.access import user_id_in
from chalicelib.handlers.http import Router, answer, query
from chalicelib.handlers.providers import provider_id_in
from chalicelib.handlers.requests import BookingsQuery, UsersBookingsQuery
from chalicelib.handlers.views import bookings_view
from chalicelib.services import Services


def register(router: Router) -> None:
    """Declare the routes."""
    router.route("GET", "/users/{userId}/bookings")(list_bookings_of_user)
    router.route("GET", "/providers/{providerId}/bookings")(list_bookings_of_provider)


def list_bookings_of_user(request: Request, services: Services, **path: str) -> Response:
    """Show a page of a user's bookings."""
    asked = query(request, UsersBookingsQuery, userId=user_id_in(path))
    return answer(bookings_view(services.listings.of_user(asked.user_id, asked.to_page_request())))


def list_bookings_of_provider(request: Request, services: Services, **path: str) -> Response:
    """Show a page of a provider's bookings."""
    asked = query(request, BookingsQuery)
    page = services.listings.of_provider(provider_id_in(path), asked.to_page_request())
    return answer(bookings_view(page))
