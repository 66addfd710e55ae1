"""The business rules. They reach the world only through `domain.ports`, which `bootstrap` connects."""

from dataclasses import dataclass

from chalicelib.services.availability import AvailabilityService
from chalicelib.services.bookings import BookingService
from chalicelib.services.providers import ProviderService
from chalicelib.services.readiness import ReadinessService


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """All that the HTTP handlers call."""

    providers: ProviderService
    availability: AvailabilityService
    bookings: BookingService
    readiness: ReadinessService


__all__ = ["AvailabilityService", "BookingService", "ProviderService", "ReadinessService", "Services"]
