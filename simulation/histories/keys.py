"""What idempotency keys promise: a request that is sent again is not done again, and another one is refused."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from chalicelib.dao.items import IDEMPOTENCY
from simulation.histories.answers import is_done, is_refused_for_the_limit
from simulation.histories.operations import Kind, Operation
from simulation.histories.terms import SECOND, Terms, answered, instant, invoked, over

_REMEMBERED = round(IDEMPOTENCY.total_seconds()) * SECOND
_REUSED = "IDEMPOTENCY_KEY_REUSED"
_ANSWERS = frozenset({202, 404, 409, 422})
"""The statuses of what was looked at; others say nothing of the key."""


def wrong_by_key(operations: Iterable[Operation], terms: Terms) -> list[str]:
    """Two bookings by one key in the time that it is remembered, a refusal in place of one, or one without a cause."""
    of_key: dict[tuple[str | None, str], list[Operation]] = defaultdict(list)
    for each in operations:
        if each.kind == Kind.HOLD and each.key:
            of_key[each.user_id, each.key].append(each)
    return [
        f"key: {wrong}"
        for holds in of_key.values()
        for wrong in (*_twice(holds, terms), *_forgotten(holds, terms), *_refused(holds, terms))
    ]


def _twice(holds: Sequence[Operation], terms: Terms) -> Iterable[str]:
    made = sorted(filter(is_done, holds), key=_created)
    for before, after in pairwise(made):
        if before.body.get("bookingId") == after.body.get("bookingId"):
            if before.body != after.body:
                yield f"one booking in two ways, by {before} and by {after}"
        elif _created(after) - _created(before) < _REMEMBERED - terms.clock_skew:
            yield f"two bookings, by {before} and by {after}"


def _forgotten(holds: Sequence[Operation], terms: Terms) -> Iterable[str]:
    """Once a request was answered, the same one gets the same answer, and every other one is refused for its key."""
    for done in filter(is_done, holds):
        until = _created(done) + _REMEMBERED - terms.clock_skew
        for each in holds:
            says_nothing = each.status not in _ANSWERS and not is_refused_for_the_limit(each)
            if says_nothing or not answered(done) < invoked(each) or over(each, terms) >= until:
                continue
            if not (is_done(each) if _asked(each) == _asked(done) else each.body.get("code") == _REUSED):
                yield f"{done} is forgotten by {each}"


def _refused(holds: Sequence[Operation], terms: Terms) -> Iterable[str]:
    """A key was used before, for something else."""
    may_be_done = [each for each in holds if is_done(each) or each.is_unsettled]
    for refused in holds:
        if refused.body.get("code") == _REUSED and not any(
            _asked(each) != _asked(refused) and invoked(each) <= over(refused, terms) for each in may_be_done
        ):
            yield f"nobody had used it before {refused}"


def _created(hold: Operation) -> int:
    return instant(hold.body.get("createdAt")) or 0


def _asked(hold: Operation) -> tuple[str | None, str | None]:
    return hold.provider_id, hold.slot_id
