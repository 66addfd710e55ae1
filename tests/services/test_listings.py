"""Listings, a page at a time: every booking that is asked for once, in order, whatever the size of the pages."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidInputError, ProviderNotFoundError
from chalicelib.domain.listings import Listing, Place
from chalicelib.domain.models import Booking, BookingStatus
from chalicelib.services.cursors import Cursors
from chalicelib.services.listings import ListingService, Page, PageRequest
from chalicelib.services.providers import ProviderService
from tests.builders import CURSOR_KEY, NOW, Clock, booking, new_id, provider, slot
from tests.fakes import InMemoryListing, InMemoryProviders, InMemoryStores

NINE = datetime(2030, 5, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Desk:
    """The service over stores that a test fills."""

    stores: InMemoryStores = field(default_factory=InMemoryStores)
    clock: Clock = field(default_factory=Clock)
    keys: Sequence[str] = (CURSOR_KEY,)

    @property
    def service(self) -> ListingService:
        return ListingService(
            listing=InMemoryListing(self.stores),
            providers=ProviderService(providers=InMemoryProviders(self.stores), clock=self.clock, new_id=new_id),
            cursors=Cursors(keys=self.keys),
            clock=self.clock,
        )

    def has(self, starts_at: datetime = NINE, *, provider_id: str = "ann", **changes: Any) -> Booking:
        made = booking(slot(provider_id=provider_id, starts_at=starts_at), **{"user_id": "user-1", **changes})
        self.stores.bookings[made.booking_id] = made
        return made

    def has_provider(self, provider_id: str = "ann", time_zone: str = "UTC") -> None:
        self.stores.providers[provider_id] = provider(provider_id=provider_id, time_zone=time_zone)

    def of_user(self, user_id: str = "user-1", **asked: Any) -> Page:
        return self.service.of_user(user_id, PageRequest(**{"limit": 100, **asked}))

    def of_provider(self, provider_id: str = "ann", **asked: Any) -> Page:
        return self.service.of_provider(provider_id, PageRequest(**{"limit": 100, **asked}))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def ids(bookings: Sequence[Booking]) -> list[str]:
    return [each.booking_id for each in bookings]


STARTS = st.integers(0, 5).map(lambda hours: NINE + hours * HOUR)
INSTANTS = st.one_of(STARTS, STARTS.map(lambda start: start + timedelta(milliseconds=1)))
BOOKINGS = st.lists(
    st.builds(
        lambda starts_at, status, user_id, is_over: booking(
            slot(provider_id="ann", starts_at=starts_at),
            status=status,
            user_id=user_id,
            expires_at=NOW - HOUR if is_over else NOW + HOUR,
        ),
        STARTS,
        st.sampled_from(BookingStatus),
        st.sampled_from(["user-1", "user-2"]),
        st.booleans(),
    ),
    max_size=12,
)


@given(
    bookings=BOOKINGS,
    of_user=st.booleans(),
    status=st.none() | st.sampled_from(BookingStatus),
    bounds=st.tuples(st.none() | INSTANTS, st.none() | INSTANTS),
    latest_first=st.booleans(),
    limits=st.lists(st.integers(1, 5), min_size=1),
)
def test_walking_the_cursors_gives_the_whole_listing_once_and_in_order(
    bookings: list[Booking],
    of_user: bool,
    status: BookingStatus | None,
    bounds: tuple[datetime | None, datetime | None],
    latest_first: bool,
    limits: list[int],
) -> None:
    first, last = sorted(bounds) if None not in bounds else bounds  # type: ignore[type-var] # neither is None
    desk = Desk()
    desk.has_provider()
    desk.stores.bookings.update({each.booking_id: each for each in bookings})
    expected = [
        seen
        for seen in sorted((each.seen_at(NOW) for each in bookings), key=Place.of, reverse=latest_first)
        if (not of_user or seen.user_id == "user-1")
        and status in {None, seen.status}
        and (first is None or seen.starts_at >= first)
        and (last is None or seen.starts_at < last)
    ]

    found: list[Booking] = []
    cursor = None
    for number in range(len(bookings) + 1):
        limit = limits[number % len(limits)]
        asked: dict[str, Any] = {"status": status, "first": first, "last": last, "latest_first": latest_first}
        page = (desk.of_user if of_user else desk.of_provider)(**asked, limit=limit, cursor=cursor)
        found += page.bookings
        cursor = page.next_cursor
        if cursor is None:
            break
        assert len(page.bookings) == limit, "a page is full when there is more"

    assert cursor is None
    assert found == expected


def test_the_last_page_has_no_cursor_even_if_it_is_full(desk: Desk) -> None:
    whole = sorted(ids([desk.has(NINE), desk.has(NINE)]))

    page = desk.of_user(limit=2)

    assert (ids(page.bookings), page.next_cursor) == (whole, None)


def test_a_user_without_bookings_has_an_empty_listing(desk: Desk) -> None:
    assert desk.of_user("nobody") == Page(bookings=[], next_cursor=None)


def test_a_provider_that_does_not_exist_is_not_found(desk: Desk) -> None:
    with pytest.raises(ProviderNotFoundError):
        desk.of_provider("nobody")


def test_a_provider_without_bookings_has_an_empty_listing(desk: Desk) -> None:
    desk.has_provider()

    assert desk.of_provider() == Page(bookings=[], next_cursor=None)


def test_a_booking_past_its_deadline_is_listed_as_expired_since_then(desk: Desk) -> None:
    pending = desk.has()
    desk.clock.now = pending.expires_at

    (listed,) = desk.of_user(status=BookingStatus.EXPIRED).bookings

    assert listed == pending.seen_at(pending.expires_at)
    assert (listed.status, listed.expired_at) == (BookingStatus.EXPIRED, pending.expires_at)
    assert desk.of_user(status=BookingStatus.PENDING).bookings == []


def test_a_booking_that_expires_during_a_walk_is_seen_as_each_page_finds_it(desk: Desk) -> None:
    first, second = desk.has(NINE), desk.has(NINE + HOUR)
    page = desk.of_user(limit=1, status=BookingStatus.PENDING)
    assert ids(page.bookings) == [first.booking_id]
    desk.clock.now = second.expires_at

    rest = desk.of_user(limit=1, status=BookingStatus.PENDING, cursor=page.next_cursor)

    assert rest == Page(bookings=[], next_cursor=None)


def test_what_is_booked_behind_a_cursor_is_found_and_what_is_booked_before_it_is_not(desk: Desk) -> None:
    desk.has(NINE + HOUR)
    last = desk.has(NINE + 3 * HOUR)
    page = desk.of_user(limit=1)
    desk.has(NINE)
    new = desk.has(NINE + 2 * HOUR)

    rest = desk.of_user(cursor=page.next_cursor)

    assert ids(rest.bookings) == [new.booking_id, last.booking_id]


class SlowListing(InMemoryListing):
    """A listing that takes longer to read than the holds in it last."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.stores)
        self._clock = desk.clock

    def find(self, listing: Listing, *, after: Place | None, limit: int, now: datetime) -> list[Booking]:
        self._clock.advance(hours=1)
        return super().find(listing, after=after, limit=limit, now=now)


def test_a_deadline_that_passes_while_the_index_is_read_has_not_passed_for_what_was_read(desk: Desk) -> None:
    """It may have been confirmed since; by the clock after the read, it would be shown as EXPIRED."""
    pending = desk.has()
    service = ListingService(
        listing=SlowListing(desk),
        providers=ProviderService(providers=InMemoryProviders(desk.stores), clock=desk.clock, new_id=new_id),
        cursors=Cursors(keys=desk.keys),
        clock=desk.clock,
    )

    page = service.of_user("user-1", PageRequest(limit=1, status=BookingStatus.PENDING))

    assert page.bookings == [pending]


# dates


def test_dates_are_whole_days_in_utc_for_a_user(desk: Desk) -> None:
    inside = [
        desk.has(datetime(2030, 5, 2, 0, tzinfo=UTC)),
        desk.has(datetime(2030, 5, 3, 23, 59, 59, tzinfo=UTC)),
    ]
    desk.has(datetime(2030, 5, 1, 23, 59, 59, tzinfo=UTC))
    desk.has(datetime(2030, 5, 4, 0, tzinfo=UTC))

    page = desk.of_user(first=date(2030, 5, 2), last=date(2030, 5, 3))

    assert page.bookings == inside


@pytest.mark.parametrize(
    ("time_zone", "day", "begins", "ends"),
    [
        ("Asia/Kathmandu", date(2030, 5, 2), "2030-05-01T18:15:00Z", "2030-05-02T18:15:00Z"),
        ("America/New_York", date(2030, 5, 2), "2030-05-02T04:00:00Z", "2030-05-03T04:00:00Z"),
        # 23 hours and 25 hours long
        ("Europe/Berlin", date(2030, 3, 31), "2030-03-30T23:00:00Z", "2030-03-31T22:00:00Z"),
        ("Europe/Berlin", date(2030, 10, 27), "2030-10-26T22:00:00Z", "2030-10-27T23:00:00Z"),
        # begins at 01:00, as the clocks skip midnight
        ("Africa/Cairo", date(2030, 4, 26), "2030-04-25T22:00:00Z", "2030-04-26T21:00:00Z"),
    ],
)
def test_dates_are_whole_days_in_the_providers_time_zone_for_a_provider(
    desk: Desk, time_zone: str, day: date, begins: str, ends: str
) -> None:
    desk.has_provider(time_zone=time_zone)
    first, end = datetime.fromisoformat(begins), datetime.fromisoformat(ends)
    second = timedelta(seconds=1)
    inside = [desk.has(first), desk.has(end - second)]
    desk.has(first - second)
    desk.has(end)

    assert desk.of_provider(first=day, last=day).bookings == inside


def test_an_instant_ends_a_listing_before_it_and_a_date_after_its_day(desk: Desk) -> None:
    early, late = desk.has(NINE), desk.has(NINE + HOUR)

    assert desk.of_user(last=NINE + HOUR).bookings == [early]
    assert desk.of_user(last=date(2030, 5, 2)).bookings == [early, late]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2030, 5, 3), date(2030, 5, 2)),
        (NINE, NINE - timedelta(microseconds=1)),
        (datetime(2030, 5, 3, tzinfo=UTC), date(2030, 5, 2)),
        (date(2030, 5, 3), datetime(2030, 5, 2, 23, 59, tzinfo=UTC)),
    ],
)
def test_a_listing_that_ends_before_it_begins_is_refused(
    desk: Desk, first: date | datetime, last: date | datetime
) -> None:
    with pytest.raises(InvalidInputError, match="to: must not be before from"):
        desk.of_user(first=first, last=last)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (NINE, NINE),
        (date(2030, 5, 2), date(2030, 5, 2)),
        (date(2030, 5, 2), datetime(2030, 5, 2, tzinfo=UTC)),
        (datetime(2030, 5, 2, 23, 59, 59, 999_999, tzinfo=UTC), date(2030, 5, 2)),
    ],
)
def test_a_listing_may_end_where_it_begins(desk: Desk, first: date | datetime, last: date | datetime) -> None:
    assert desk.of_user(first=first, last=last).bookings == []


# cursors

ASKED: dict[str, Any] = {
    "status": BookingStatus.PENDING,
    "first": NINE,
    "last": NINE + 9 * HOUR,
    "latest_first": False,
}


def a_cursor(desk: Desk, **asked: Any) -> str:
    """The cursor of a listing that has more than one page."""
    desk.has_provider()
    desk.has_provider("bea")
    desk.has(NINE)
    desk.has(NINE + HOUR)
    cursor = desk.of_user(limit=1, **ASKED | asked).next_cursor
    assert cursor is not None
    return cursor


@pytest.mark.parametrize(
    "change",
    [
        {"status": None},
        {"status": BookingStatus.EXPIRED},
        {"first": None},
        {"first": NINE + timedelta(microseconds=1)},
        {"last": None},
        {"last": NINE + 10 * HOUR},
        {"latest_first": True},
    ],
)
def test_a_cursor_is_good_for_no_other_listing_of_the_same_user(desk: Desk, change: dict[str, Any]) -> None:
    cursor = a_cursor(desk)

    with pytest.raises(InvalidInputError, match="cursor: is none of this listing"):
        desk.of_user(cursor=cursor, **ASKED | change)


def test_a_cursor_is_good_for_nobody_elses_listing(desk: Desk) -> None:
    cursor = a_cursor(desk)

    with pytest.raises(InvalidInputError, match="cursor: is none of this listing"):
        desk.of_user("user-2", cursor=cursor, **ASKED)
    with pytest.raises(InvalidInputError, match="cursor: is none of this listing"):
        desk.of_provider("ann", cursor=cursor, **ASKED)


def test_a_cursor_of_a_provider_is_not_that_of_a_user_of_the_same_name(desk: Desk) -> None:
    desk.has_provider("user-1")
    for hours in range(2):
        desk.has(NINE + hours * HOUR, provider_id="user-1")
    cursor = desk.of_provider("user-1", limit=1).next_cursor

    with pytest.raises(InvalidInputError, match="cursor: is none of this listing"):
        desk.of_user("user-1", cursor=cursor)


def test_a_cursor_is_good_with_another_limit_and_with_the_same_bounds_in_other_words(desk: Desk) -> None:
    cursor = a_cursor(desk, first=date(2030, 5, 2))
    in_other_words = datetime(2030, 5, 2, tzinfo=UTC).astimezone(ZoneInfo("Asia/Tokyo"))

    rest = desk.of_user(cursor=cursor, limit=50, **ASKED | {"first": in_other_words})

    assert [each.starts_at for each in rest.bookings] == [NINE + HOUR]


def test_a_cursor_outlives_a_change_of_keys_as_long_as_its_key_is_kept(desk: Desk) -> None:
    cursor = a_cursor(desk)
    desk.keys = ("another-key-that-seals-from-now-on", CURSOR_KEY)

    assert len(desk.of_user(cursor=cursor, **ASKED).bookings) == 1

    desk.keys = desk.keys[:1]
    with pytest.raises(InvalidInputError, match="cursor: is none of this listing"):
        desk.of_user(cursor=cursor, **ASKED)


def test_a_cursor_goes_on_though_its_booking_has_changed_in_the_meantime(desk: Desk) -> None:
    desk.has(NINE)
    second = desk.has(NINE + HOUR)
    page = desk.of_user(limit=1, status=BookingStatus.PENDING)
    (shown,) = page.bookings
    desk.stores.bookings[shown.booking_id] = replace(shown, status=BookingStatus.CANCELLED)

    rest = desk.of_user(status=BookingStatus.PENDING, cursor=page.next_cursor)

    assert ids(rest.bookings) == [second.booking_id]
