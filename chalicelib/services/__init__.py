"""The business rules. They reach the world only through `domain.ports`, which `bootstrap` connects."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from chalicelib.domain.ports import Clock
from chalicelib.services.availability import AvailabilityService
from chalicelib.services.bookings import BookingService
from chalicelib.services.calendar import CalendarService
from chalicelib.services.listings import ListingService
from chalicelib.services.ownership import Ownership
from chalicelib.services.providers import ProviderService
from chalicelib.services.readiness import ReadinessService


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """All that the HTTP handlers call."""

    providers: ProviderService
    availability: AvailabilityService
    bookings: BookingService
    listings: ListingService
    calendar: CalendarService
    readiness: ReadinessService
    ownership: Ownership
    clock: Clock
    without_authentication: bool = False
    """Whether everybody may do everything."""
    cors_origins: frozenset[str] = frozenset()
    """Origins of the web pages that may call the API from a browser."""
    begin: Callable[[], AbstractContextManager[None]] = nullcontext
    """Enters a request: its time begins."""


__all__ = [
    "AvailabilityService",
    "BookingService",
    "CalendarService",
    "ListingService",
    "Ownership",
    "ProviderService",
    "ReadinessService",
    "Services",
]
