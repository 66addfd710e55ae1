"""Nobody is told to own a slot while somebody else is."""

from collections import defaultdict
from collections.abc import Iterable
from math import inf
from typing import NamedTuple

from chalicelib.domain.models import BookingStatus
from simulation.histories.answers import is_done, shown_slot, shown_status
from simulation.histories.lives import Life
from simulation.histories.operations import Kind, Operation
from simulation.histories.terms import Terms, answered, invoked, over

_LIVE = frozenset({BookingStatus.PENDING, BookingStatus.CONFIRMED})


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
        for slot_id, owned in _owned(life, terms):
            of_slot[life.provider_id, slot_id].append(owned)
    return [
        f"owners: {slot} belongs to two, by {one.known_by} and by {other.known_by}"
        for slot, times in of_slot.items()
        for one, other in _overlaps(sorted(times, key=lambda owned: (owned.since, owned.until)))
    ]


def _owned(life: Life, terms: Terms) -> Iterable[tuple[str, _Owned]]:
    """From when it was told until somebody asks for what gives the slot up; a hold until its deadline at most."""
    for each in filter(is_done, (life.hold, *life.later)):
        slot_id, status = shown_slot(each), shown_status(each)
        if slot_id is None or status not in _LIVE:
            continue
        moves_away = [move for move in life.may_have_been(Kind.RESCHEDULE) if move.slot_id != slot_id]
        until = min(
            (
                float(invoked(step))
                for step in (*life.may_have_been(Kind.CANCEL), *moves_away)
                if over(step, terms) >= invoked(each)
            ),
            default=inf,
        )
        if status == BookingStatus.PENDING:
            until = min(until, life.deadline - terms.clock_skew)
        if answered(each) < until:
            yield slot_id, _Owned(answered(each), until, life.booking_id, each)


def _overlaps(times: list[_Owned]) -> Iterable[tuple[_Owned, _Owned]]:
    """Of times in order of their beginnings, each with the longest one before it, if they overlap."""
    longest: _Owned | None = None
    for each in times:
        if longest and each.since < longest.until and each.booking_id != longest.booking_id:
            yield longest, each
        longest = max(longest or each, each, key=lambda owned: owned.until)
