"""HTTP: each route parses, calls one service method, and answers."""

from collections.abc import Callable

from chalice.app import Chalice, ChaliceAuthorizer

from chalicelib.handlers import availability, bookings, calendar, docs, health, listings, providers, slots
from chalicelib.handlers.http import Router
from chalicelib.services import Services


def register_routes(
    app: Chalice, services: Callable[[], Services], *, authorizer: ChaliceAuthorizer | None = None
) -> None:
    """Declare every route on the app. `services` is called at each request, so that nothing is built at import.

    The `authorizer` stands before every route that is not public; without it, nobody is told who calls.
    """
    router = Router(app, services, authorizer)
    for routes in (providers, availability, slots, bookings, listings, calendar, health, docs):
        routes.register(router)
    router.catch_unknown_paths()
