"""Nobody is told to own a slot while somebody else is."""

from collections import defaultdict
from collections.abc import Iterable
from math import inf
from typing import NamedTuple

from chalicelib.domain.models import BookingStatus
from simulation.histories.lives import Life
from simulation.histories.operations import Kind, Operation
from simulation.histories.terms import Terms, answered, invoked


class _Owned(NamedTuple):
    """A time in which a client knows that its booking owns the slot. In microseconds since 1970."""

    since: float
    until: float
    booking_id: str
    known_by: Operation


def two_owners(all_lives: Iterable[Life], terms: Terms) -> list[str]:
    """Two bookings of one slot that are both known to be CONFIRMED, or PENDING and unexpired, at one time.

    This asks for no order of the operations: it is what two clients could see by laying their answers side by side.
    """
    of_slot: dict[tuple[str, str], list[_Owned]] = defaultdict(list)
    for life in all_lives:
        of_slot[life.slot] += _owned(life, terms)
    return [
        f"owners: {slot} belongs to two, by {one.known_by} and by {other.known_by}"
        for slot, times in of_slot.items()
        for one, other in _overlaps(sorted(times, key=lambda owned: (owned.since, owned.until)))
    ]


def _owned(life: Life, terms: Terms) -> Iterable[_Owned]:
    """From when it was told until somebody asks to cancel; a hold until its deadline at most."""
    given_up = min((float(invoked(each)) for each in life.may_have_been(Kind.CANCEL)), default=inf)
    confirmed = life.seen(BookingStatus.CONFIRMED)
    held = _Owned(answered(life.hold), min(given_up, life.deadline - terms.clock_skew), life.booking_id, life.hold)
    owned = [held]
    if confirmed:
        first = min(confirmed, key=answered)
        owned.append(_Owned(answered(first), given_up, life.booking_id, first))
    return [each for each in owned if each.since < each.until]


def _overlaps(times: list[_Owned]) -> Iterable[tuple[_Owned, _Owned]]:
    """Of times in order of their beginnings, each with the longest one before it, if they overlap."""
    longest: _Owned | None = None
    for each in times:
        if longest and each.since < longest.until and each.booking_id != longest.booking_id:
            yield longest, each
        longest = max(longest or each, each, key=lambda owned: owned.until)
