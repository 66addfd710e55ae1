"""Bookings for a calendar."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.access import Caller
from chalicelib.domain.models import Booking, Provider
from chalicelib.domain.ports import Clock
from chalicelib.services.bookings import BookingService
from chalicelib.services.providers import ProviderService


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """All that a calendar shows of a booking."""

    booking: Booking
    provider: Provider
    shown_at: datetime
    """When it was looked up, which tells two looks at one booking apart."""


class CalendarService:
    """Looks bookings up for calendars."""

    def __init__(self, *, bookings: BookingService, providers: ProviderService, clock: Clock) -> None:
        self._bookings = bookings
        self._providers = providers
        self._clock = clock

    def appointment(self, booking_id: str, *, by: Caller) -> Appointment:
        """The booking as it counts now, and with whom it is. Raises `BookingNotFoundError`."""
        now = self._clock()
        booking = self._bookings.get(booking_id, by=by)
        return Appointment(booking=booking, provider=self._providers.get(booking.provider_id), shown_at=now)
