"""Listings in schedules: what is broken in them is found."""

from collections.abc import Callable
from datetime import datetime

import pytest
from boto3.dynamodb.conditions import Attr, ConditionBase

from chalicelib.dao import listings
from chalicelib.dao.listings import ListingDao
from chalicelib.domain.listings import Listing, Place
from chalicelib.domain.models import Booking, BookingStatus
from simulation.campaign import run_seeds


def as_stored(status: BookingStatus, _now: datetime) -> ConditionBase:
    """A filter that does not look at the deadline."""
    return Attr("status").eq(status)


def test_a_status_that_does_not_look_at_the_deadline_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listings, "_counts_as", as_stored)

    assert is_found("has what was not asked for")


def skipping(found: list[Booking], after: Place | None, _limit: int) -> list[Booking]:
    """Goes on one too far."""
    return found[1:] if after else found


def repeating(found: list[Booking], _after: Place | None, _limit: int) -> list[Booking]:
    """Has its first booking twice."""
    return [*found[:1], *found]


def mixing(found: list[Booking], _after: Place | None, _limit: int) -> list[Booking]:
    """Knows no order."""
    return found[::-1]


def stopping(found: list[Booking], _after: Place | None, limit: int) -> list[Booking]:
    """Never has more than one page."""
    return found[: limit - 1]


@pytest.mark.parametrize(
    ("broken", "violation"),
    [
        (skipping, "the whole listing has"),
        (repeating, "is not in order, or has something twice"),
        (mixing, "is not in order, or has something twice"),
        (stopping, "the whole listing has"),
    ],
)
def test_a_walk_that_goes_wrong_is_found(
    monkeypatch: pytest.MonkeyPatch,
    broken: Callable[[list[Booking], Place | None, int], list[Booking]],
    violation: str,
) -> None:
    right = ListingDao.find

    def find(dao: ListingDao, listing: Listing, *, after: Place | None, limit: int, now: datetime) -> list[Booking]:
        return broken(right(dao, listing, after=after, limit=limit, now=now), after, limit)

    monkeypatch.setattr(ListingDao, "find", find)

    assert is_found(violation)


def is_found(violation: str) -> bool:
    """Whether some schedule shows it."""
    return any(violation in found for seed in range(1, 500) for _, found in run_seeds([seed]).failed)
