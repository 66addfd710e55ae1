"""What a `BookingListing` promises: whose bookings, which of them, in which order, from which place on."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from chalicelib.domain.listings import ListedBy, Listing, Place
from chalicelib.domain.models import CANCEL, CONFIRM, EXPIRE, Booking, BookingStatus
from tests.builders import NOW, booking, new_id
from tests.contracts.given import holds_of, published
from tests.tables import Stores

DEADLINE = booking().expires_at
NINE = datetime(2030, 5, 2, 9, tzinfo=UTC)
STEPS = {BookingStatus.CONFIRMED: CONFIRM, BookingStatus.CANCELLED: CANCEL, BookingStatus.EXPIRED: EXPIRE}
SECOND = timedelta(seconds=1)


class Calendar:
    """A user and a provider of its own, and the bookings that they have made."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self.user_id, self.provider_id = f"user-{new_id()}", f"p-{new_id()}"
        self._hours = count(9)

    def has(
        self,
        status: BookingStatus = BookingStatus.PENDING,
        *,
        starts_at: datetime | None = None,
        user_id: str | None = None,
        provider_id: str | None = None,
        is_written: bool = True,
    ) -> Booking:
        """A booking, an hour after the one before unless it is said when."""
        starts_at = starts_at or NINE + timedelta(hours=next(self._hours) - 9)
        free = published(self.stores, provider_id=provider_id or self.provider_id, starts_at=starts_at)
        held = booking(free, user_id=user_id or self.user_id)
        self.stores.bookings.hold_slot(free, held, now=NOW, holds=holds_of(self.stores, held.user_id))
        if is_written:
            assert self.stores.bookings.create_pending(held)
        if status in STEPS:
            return self.stores.bookings.take_step(STEPS[status], held, at=NOW)
        return held

    def find(
        self,
        *,
        by: ListedBy = ListedBy.USER,
        after: Place | None = None,
        limit: int = 100,
        now: datetime = NOW,
        **of: object,
    ) -> list[Booking]:
        """What is found."""
        owner_id = self.user_id if by is ListedBy.USER else self.provider_id
        listing = Listing(by=by, owner_id=owner_id, **of)  # type: ignore[arg-type] # whatever a test names
        return self.stores.listing.find(listing, after=after, limit=limit, now=now)


@pytest.fixture
def calendar(stores: Stores) -> Calendar:
    return Calendar(stores)


def test_a_user_and_a_provider_each_find_their_own_bookings_as_they_are(calendar: Calendar) -> None:
    mine = calendar.has(BookingStatus.CONFIRMED)
    of_another_user = calendar.has(user_id=f"user-{new_id()}")
    at_another_provider = calendar.has(provider_id=f"p-{new_id()}")

    assert calendar.find(by=ListedBy.USER) == [mine, at_another_provider]
    assert calendar.find(by=ListedBy.PROVIDER) == [mine, of_another_user]


def test_nobody_has_nothing(calendar: Calendar) -> None:
    assert calendar.find() == []


def test_a_user_whose_id_begins_like_anothers_is_not_that_one(calendar: Calendar) -> None:
    calendar.has(user_id=f"{calendar.user_id}#BOOKING")

    assert calendar.find() == []


def test_a_booking_is_found_once_it_is_written(calendar: Calendar) -> None:
    held = calendar.has(is_written=False)
    assert calendar.find() == []

    calendar.stores.bookings.create_pending(held)

    assert calendar.find() == [held]


@pytest.mark.parametrize("status", [BookingStatus.CONFIRMED, BookingStatus.CANCELLED, BookingStatus.EXPIRED])
def test_a_booking_that_a_step_has_written_is_found_too(calendar: Calendar, status: BookingStatus) -> None:
    changed = calendar.has(status, is_written=False)

    assert [each.status for each in calendar.find(status=status)] == [status]
    assert [each.booking_id for each in calendar.find()] == [changed.booking_id]


@pytest.mark.parametrize("by", ListedBy)
def test_bookings_are_in_order_of_their_starts_or_the_other_way_round(calendar: Calendar, by: ListedBy) -> None:
    second, first, third = (calendar.has(starts_at=NINE + timedelta(hours=hours)) for hours in (1, 0, 30))

    assert calendar.find(by=by) == [first, second, third]
    assert calendar.find(by=by, latest_first=True) == [third, second, first]


def test_bookings_that_start_together_are_in_order_of_their_ids(calendar: Calendar) -> None:
    together = [calendar.has(starts_at=NINE, provider_id=f"p-{new_id()}") for _ in range(4)]

    in_order = sorted(together, key=lambda each: each.booking_id)
    assert calendar.find() == in_order
    assert calendar.find(latest_first=True) == in_order[::-1]


@pytest.mark.parametrize("latest_first", [False, True])
def test_a_listing_goes_on_after_any_place_in_it(calendar: Calendar, latest_first: bool) -> None:
    whole = sorted((calendar.has() for _ in range(4)), key=Place.of, reverse=latest_first)

    for number, each in enumerate(whole):
        rest = calendar.find(after=Place.of(each), latest_first=latest_first)
        assert rest == whole[number + 1 :]
        assert calendar.find(after=Place.of(each), limit=1, latest_first=latest_first) == rest[:1]


def test_a_listing_goes_on_after_a_place_that_is_empty_by_now(calendar: Calendar) -> None:
    before, after = calendar.has(), calendar.has()
    between = Place(before.starts_at + SECOND, "booking-gone")

    assert calendar.find(after=between) == [after]
    assert calendar.find(after=between, latest_first=True) == [before]


def test_there_are_as_many_as_are_asked_for_if_there_are_so_many(calendar: Calendar) -> None:
    whole = [calendar.has() for _ in range(3)]

    assert [calendar.find(limit=limit) for limit in (1, 2, 3, 4)] == [whole[:1], whole[:2], whole, whole]


@pytest.mark.parametrize("by", ListedBy)
def test_a_span_has_its_beginning_and_not_its_end(calendar: Calendar, by: ListedBy) -> None:
    whole = [calendar.has() for _ in range(4)]
    first, end = whole[1].starts_at, whole[3].starts_at

    assert calendar.find(by=by, starts_from=first) == whole[1:]
    assert calendar.find(by=by, starts_before=end) == whole[:3]
    assert calendar.find(by=by, starts_from=first, starts_before=end) == whole[1:3]
    assert calendar.find(by=by, starts_from=first, starts_before=first) == []
    assert calendar.find(by=by, starts_from=first, starts_before=first + SECOND) == whole[1:2]


def test_a_bound_within_a_second_is_kept_to(calendar: Calendar) -> None:
    early, late = calendar.has(), calendar.has()
    just_after = early.starts_at + timedelta(microseconds=1)
    just_before = late.starts_at - timedelta(microseconds=1)

    assert calendar.find(starts_from=just_after) == [late]
    assert calendar.find(starts_from=just_before) == [late]
    assert calendar.find(starts_before=just_after) == [early]
    assert calendar.find(starts_before=just_before) == [early]


@pytest.mark.parametrize("latest_first", [False, True])
def test_a_span_goes_on_after_a_place_in_it(calendar: Calendar, latest_first: bool) -> None:
    whole = [calendar.has() for _ in range(5)]
    span = whole[1:4][:: -1 if latest_first else 1]

    rest = calendar.find(
        starts_from=whole[1].starts_at,
        starts_before=whole[4].starts_at,
        after=Place.of(span[0]),
        latest_first=latest_first,
    )

    assert rest == span[1:]


def test_a_status_has_the_bookings_that_count_as_such_at_that_time(calendar: Calendar) -> None:
    pending = calendar.has()
    others = {status: calendar.has(status).booking_id for status in STEPS}
    just_before = DEADLINE - timedelta(microseconds=1)

    def found(now: datetime) -> dict[BookingStatus, list[str]]:
        return {status: [each.booking_id for each in calendar.find(status=status, now=now)] for status in BookingStatus}

    settled = {status: [booking_id] for status, booking_id in others.items()}
    assert found(just_before) == {BookingStatus.PENDING: [pending.booking_id], **settled}
    over = [pending.booking_id, others[BookingStatus.EXPIRED]]
    assert found(DEADLINE) == {BookingStatus.PENDING: [], **settled, BookingStatus.EXPIRED: over}


def test_a_page_of_a_status_is_full_however_many_others_lie_between(calendar: Calendar) -> None:
    """More than are read at a time."""
    first = calendar.has(BookingStatus.CONFIRMED)
    for hour in range(1, 111):
        calendar.has(starts_at=NINE + timedelta(hours=hour))
    last = calendar.has(BookingStatus.CONFIRMED, starts_at=NINE + timedelta(hours=111))

    assert [each.booking_id for each in calendar.find(status=BookingStatus.CONFIRMED, limit=2)] == [
        first.booking_id,
        last.booking_id,
    ]
    assert (
        calendar.find(status=BookingStatus.CONFIRMED, after=Place.of(first), limit=1)[0].booking_id == last.booking_id
    )
