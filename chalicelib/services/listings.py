"""Listings of bookings for users and providers, a page at a time."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.domain.errors import InvalidInputError
from chalicelib.domain.instants import from_text, to_text
from chalicelib.domain.listings import ListedBy, Listing, Place
from chalicelib.domain.models import Booking, BookingStatus
from chalicelib.domain.ports import BookingListing, Clock
from chalicelib.domain.slots import first_instant_from
from chalicelib.services.cursors import Cursors
from chalicelib.services.providers import ProviderService

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """What is asked for of somebody's bookings. A bound is an instant, or a date: then the whole of that day."""

    status: BookingStatus | None = None
    first: date | datetime | None = None
    """The earliest start."""
    last: date | datetime | None = None
    """The day of the latest start, or the instant before which all start."""
    latest_first: bool = False
    limit: int
    cursor: str | None = None
    """The one that came with the page before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Bookings as they count now; full, unless it is the last one, which has no cursor."""

    bookings: Sequence[Booking]
    next_cursor: str | None


class ListingService:
    """Lists bookings, from indexes that are a moment behind: what was just done may not show yet.

    A cursor is good for the listing that it came with, under the same bounds, status and order, whatever the limit.
    """

    def __init__(self, *, listing: BookingListing, providers: ProviderService, cursors: Cursors, clock: Clock) -> None:
        self._listing = listing
        self._providers = providers
        self._cursors = cursors
        self._clock = clock

    def of_user(self, user_id: str, asked: PageRequest) -> Page:
        """A page of a user's bookings; dates are days in UTC. Raises `InvalidInputError`."""
        return self._page(ListedBy.USER, user_id, asked, ZoneInfo("UTC"))

    def of_provider(self, provider_id: str, asked: PageRequest) -> Page:
        """A page of a provider's bookings; dates are days in the provider's time zone.

        Raises `ProviderNotFoundError`, `InvalidInputError`.
        """
        zone = ZoneInfo(self._providers.get(provider_id).time_zone)
        return self._page(ListedBy.PROVIDER, provider_id, asked, zone)

    def _page(self, by: ListedBy, owner_id: str, asked: PageRequest, zone: ZoneInfo) -> Page:
        listing = _listing(by, owner_id, asked, zone)
        name = _name(listing)
        after = None if asked.cursor is None else _to_place(self._cursors.open(name, asked.cursor))
        # The clock first: what is confirmed while it is being read must not be shown as it was, but past its deadline.
        now = self._clock()
        # One more than is shown tells whether there is a next page.
        found = self._listing.find(listing, after=after, limit=asked.limit + 1, now=now)
        shown = found[: asked.limit]
        there_is_more = len(found) > len(shown)
        return Page(
            bookings=[booking.seen_at(now) for booking in shown],
            next_cursor=self._cursors.seal(name, _to_text(Place.of(shown[-1]))) if there_is_more else None,
        )


def _listing(by: ListedBy, owner_id: str, asked: PageRequest, zone: ZoneInfo) -> Listing:
    starts_from = None if asked.first is None else _beginning(asked.first, zone)
    starts_before = None if asked.last is None else _end(asked.last, zone)
    if starts_from is not None and starts_before is not None:
        # A day as the last one is within the listing, and so ends after the first instant.
        is_backwards = starts_from > starts_before if isinstance(asked.last, datetime) else starts_from >= starts_before
        if is_backwards:
            raise InvalidInputError("to", "must not be before from")
    return Listing(
        by=by,
        owner_id=owner_id,
        status=asked.status,
        starts_from=starts_from,
        starts_before=starts_before,
        latest_first=asked.latest_first,
    )


def _beginning(bound: date | datetime, zone: ZoneInfo) -> datetime:
    return bound if isinstance(bound, datetime) else first_instant_from(datetime.combine(bound, time.min), zone)


def _end(bound: date | datetime, zone: ZoneInfo) -> datetime:
    return bound if isinstance(bound, datetime) else _beginning(bound + _A_DAY, zone)


def _name(listing: Listing) -> str:
    """All that a place depends on, as one text that no other listing has."""
    bounds = (listing.starts_from, listing.starts_before)
    return json.dumps(
        [
            listing.by,
            listing.owner_id,
            listing.status,
            *(None if bound is None else to_text(bound) for bound in bounds),
            listing.latest_first,
        ]
    )


def _to_text(place: Place) -> str:
    return f"{to_text(place.starts_at)} {place.booking_id}"


def _to_place(text: str) -> Place:
    starts_at, _, booking_id = text.partition(" ")
    return Place(from_text(starts_at), booking_id)
