"""Listings of bookings: whose, which of them, and in which order."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from chalicelib.domain.models import Booking, BookingStatus


class ListedBy(StrEnum):
    """Whose bookings a listing has."""

    USER = "USER"
    PROVIDER = "PROVIDER"


class Place(NamedTuple):
    """Where a booking stands in every listing that has it: they are ordered by start, and then by id."""

    starts_at: datetime
    booking_id: str

    @classmethod
    def of(cls, booking: Booking) -> "Place":
        """The booking's place."""
        return cls(booking.starts_at, booking.booking_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The bookings of a user or a provider, in order of their places; those that all that is not None asks for."""

    by: ListedBy
    owner_id: str
    status: BookingStatus | None = None
    """The status that counts when they are looked at: one past its deadline is EXPIRED, and not PENDING."""
    starts_from: datetime | None = None
    starts_before: datetime | None = None
    latest_first: bool = False
