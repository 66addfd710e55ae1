"""Listings of bookings, from the two indexes of the table."""

from datetime import UTC, datetime
from itertools import islice

from boto3.dynamodb.conditions import Attr, ConditionBase, Key

from chalicelib.dao import keys
from chalicelib.dao.items import to_booking
from chalicelib.dao.table import Table
from chalicelib.domain.instants import to_epoch_second, whole_second_from
from chalicelib.domain.listings import Listing, Place
from chalicelib.domain.models import Booking, BookingStatus

_LEAST_READ = 100
"""How many bookings are read at a time where some are left out: fewer would be more calls for one page."""

_EARLIEST, _LATEST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""The bounds of a listing that has none."""


class ListingDao:
    """A `BookingListing`."""

    def __init__(self, *, table: Table) -> None:
        self._table = table

    def find(self, listing: Listing, *, after: Place | None, limit: int, now: datetime) -> list[Booking]:
        """Read the index until there are enough. What is left out for its status is read all the same."""
        status = listing.status
        items = self._table.query_index(
            keys.INDEXES[listing.by].name,
            _in_span(listing),
            where=None if status is None else _counts_as(status, now),
            after=None if after is None else keys.place_in_index(listing, after),
            forward=not listing.latest_first,
            page_size=limit if status is None else max(limit, _LEAST_READ),
        )
        return [to_booking(item) for item in islice(items, limit)]


def _in_span(listing: Listing) -> ConditionBase:
    """The listing's bookings by their start. Places are compared as text, and bookings start on whole seconds."""
    index = keys.INDEXES[listing.by]
    first, end = (
        keys.places_from(whole_second_from(bound))
        for bound in (listing.starts_from or _EARLIEST, listing.starts_before or _LATEST)
    )
    # DynamoDB takes one condition on a sort key. It includes the end, but no booking's place is equal to that.
    return Key(index.partition).eq(keys.partition_in_index(listing)) & Key(index.sort).between(first, end)


def _counts_as(status: BookingStatus, now: datetime) -> ConditionBase:
    """The booking's status at `now`, as `Booking.seen_at` has it."""
    stored = Attr("status").eq(status)
    if status is BookingStatus.PENDING:
        return stored & Attr("expiresAt").gt(to_epoch_second(now))
    if status is BookingStatus.EXPIRED:
        is_over = Attr("expiresAt").lte(to_epoch_second(now))
        return stored | (Attr("status").eq(BookingStatus.PENDING) & is_over)
    return stored
