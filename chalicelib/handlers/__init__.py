"""HTTP: each route parses, calls one service method, and answers."""

from collections.abc import Callable

from chalice.app import Chalice

from chalicelib.handlers import availability, bookings, calendar, docs, health, listings, providers, slots
from chalicelib.handlers.http import Router
from chalicelib.services import Services


def register_routes(app: Chalice, services: Callable[[], Services]) -> None:
    """Declare every route on the app. `services` is called at each request, so that nothing is built at import."""
    router = Router(app, services)
    for routes in (providers, availability, slots, bookings, listings, calendar, health, docs):
        routes.register(router)
    router.catch_unknown_paths()
