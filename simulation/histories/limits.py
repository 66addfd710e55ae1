"""Nobody holds more slots than a user may, and nobody is refused one for that who can't hold as many."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from simulation.histories.answers import is_done, is_refused_for_the_limit
from simulation.histories.lives import Life
from simulation.histories.operations import Kind, Operation
from simulation.histories.terms import SECOND, Terms, answered, invoked, over


class _Held(NamedTuple):
    """A time in which a hold is active: surely, or at most. In microseconds since 1970, both ends included."""

    since: int
    until: int
    hold: Operation


def wrong_by_limit(operations: Sequence[Operation], all_lives: Iterable[Life], terms: Terms) -> list[str]:
    """Too many holds of a user that are known to be active at one time, or a refusal when there can't be as many."""
    surely: dict[str | None, list[_Held]] = defaultdict(list)
    at_most: dict[str | None, list[_Held]] = defaultdict(list)
    for life in all_lives:
        surely[life.hold.user_id].append(_surely_active(life, terms))
        at_most[life.hold.user_id].append(_active_at_most(life, terms))
    for each in operations:
        if each.kind == Kind.HOLD and each.is_unsettled:
            lapsed = over(each, terms) + max(terms.holds) + SECOND + terms.clock_skew
            at_most[each.user_id].append(_Held(invoked(each), lapsed, each))
    wrong = [
        f"limit: {len(together)} holds at one time, by {' and by '.join(str(each.hold) for each in together)}"
        for held in surely.values()
        for together in _together_when_one_begins(held)
        if len(together) > terms.max_active_holds
    ]
    refused = [each for each in operations if is_refused_for_the_limit(each)]
    return wrong + [
        f"limit: too few holds to be refused for that by {each}"
        for each in refused
        if _most_within(each, at_most[each.user_id], terms) < terms.max_active_holds
    ]


def _surely_active(life: Life, terms: Terms) -> _Held:
    """From when somebody was told of it until its deadline, or until somebody asks for what may settle it."""
    until = min([life.deadline - terms.clock_skew, *(invoked(step) for step in _settling(life))])
    return _Held(answered(life.hold), until - 1, life.hold)


def _active_at_most(life: Life, terms: Terms) -> _Held:
    """From when the first request began that may have made it, until its deadline or what has settled it."""
    settled = [over(step, terms) for step in _settling(life) if is_done(step)]
    until = min([life.deadline + terms.clock_skew, *settled])
    return _Held(min(map(invoked, life.attempts)), until, life.hold)


def _settling(life: Life) -> list[Operation]:
    return [*life.may_have_been(Kind.CONFIRM), *life.may_have_been(Kind.CANCEL)]


def _together_when_one_begins(held: Sequence[_Held]) -> Iterable[list[_Held]]:
    """At each beginning of one, all that are active; nowhere else can there be more than at all of these."""
    for one in held:
        yield [each for each in held if each.since <= one.since <= each.until]


def _most_within(operation: Operation, held: Sequence[_Held], terms: Terms) -> int:
    """How many can be active at one time within the operation."""
    first, last = invoked(operation), over(operation, terms)
    moments = [first, *(each.since for each in held if first <= each.since <= last)]
    return max(sum(each.since <= moment <= each.until for each in held) for moment in moments)
