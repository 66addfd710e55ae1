"""What must hold for each booking by itself: legal steps, at legal times, and facts that stay as they are."""

from collections.abc import Iterable
from typing import Final

from chalicelib.domain.models import BookingStatus
from simulation.histories.answers import is_done, shown_status
from simulation.histories.lives import Life
from simulation.histories.operations import Kind, Operation
from simulation.histories.terms import SECOND, Terms, answered, instant, invoked, over

_PENDING, _CONFIRMED = BookingStatus.PENDING, BookingStatus.CONFIRMED
_CANCELLED, _EXPIRED = BookingStatus.CANCELLED, BookingStatus.EXPIRED

_NEVER_AFTER: Final = [
    (_CONFIRMED, _PENDING),
    (_CONFIRMED, _EXPIRED),
    (_CANCELLED, _PENDING),
    (_CANCELLED, _CONFIRMED),
    (_CANCELLED, _EXPIRED),
    (_EXPIRED, _CONFIRMED),
    (_EXPIRED, _CANCELLED),
]
"""What can't be seen after what. PENDING after EXPIRED is left to the deadline, which tells both by itself."""

_FACTS: Final = ("bookingId", "providerId", "slotId", "userId", "startsAt", "endsAt", "timeZone", "createdAt")
_SINCE: Final = {_CONFIRMED: "confirmedAt", _CANCELLED: "cancelledAt", _EXPIRED: "expiredAt"}
_STEPS: Final = {_CONFIRMED: Kind.CONFIRM, _CANCELLED: Kind.CANCEL}
_LEADING_TO: Final = {
    _PENDING: (),
    _CONFIRMED: (Kind.CONFIRM,),
    _CANCELLED: (Kind.CONFIRM, Kind.CANCEL),
    _EXPIRED: (),
}


def wrong_in(life: Life, terms: Terms) -> list[str]:
    """What is wrong with one booking."""
    found = [*_order(life, terms), *_times(life, terms), *_facts(life), *_instants(life, terms), *_lost(life, terms)]
    return [f"{rule}: {life.booking_id} {what}" for rule, what in found]


def _order(life: Life, terms: Terms) -> Iterable[tuple[str, str]]:
    for before, after in _NEVER_AFTER:
        seen_before, seen_after = life.seen(before), life.seen(after)
        if not seen_before or not seen_after:
            continue
        first = min(seen_before, key=answered)
        for each in seen_after:
            if answered(first) < invoked(each) and not _was_on_its_way(life, first, after, terms):
                yield "booking", f"was {before} by {first}, and then {after} by {each}"


def _was_on_its_way(life: Life, expired: Operation, after: BookingStatus, terms: Terms) -> bool:
    """A step that was decided before the deadline, and held up on the wire while others saw the booking EXPIRED.

    A confirm that arrives so makes a booking that may be cancelled at any time.
    """
    steps = [step for kind in _LEADING_TO[after] for step in life.may_have_been(kind)]
    return shown_status(expired) == _EXPIRED and any(
        life.began_in_time(step, terms) and over(step, terms) >= invoked(expired) for step in steps
    )


def _times(life: Life, terms: Terms) -> Iterable[tuple[str, str]]:
    for each in life.seen(_PENDING):
        if each is not life.hold and not life.began_in_time(each, terms):
            yield "booking", f"is PENDING after its deadline by {each}"
    for each in life.seen(_EXPIRED):
        if answered(each) < life.deadline - terms.clock_skew:
            yield "booking", f"is EXPIRED before its deadline by {each}"
    confirms = [each for each in life.may_have_been(Kind.CONFIRM) if life.began_in_time(each, terms)]
    cancels = [each for each in life.may_have_been(Kind.CANCEL) if confirms or life.began_in_time(each, terms)]
    for status, steps in ((_CONFIRMED, confirms), (_CANCELLED, cancels)):
        for each in life.seen(status):
            if not any(invoked(step) <= answered(each) for step in steps):
                yield "booking", f"is {status} by {each}, though nobody asked for that in time"


def _facts(life: Life) -> Iterable[tuple[str, str]]:
    """A booking's facts never change, and in one status nothing does: so a repeat gives the same body."""
    asked = {"providerId": life.hold.provider_id, "slotId": life.hold.slot_id, "userId": life.hold.user_id}
    if any(life.hold.body.get(name) != value for name, value in asked.items()):
        yield "booking", f"is not what was asked for by {life.hold}"
    first_in: dict[str | None, Operation] = {}
    for each in (life.hold, *life.later):
        if not is_done(each):
            continue
        first = first_in.setdefault(shown_status(each), each)
        if first.body != each.body:
            yield "booking", f"differs between {first} and {each}"
        changed = [name for name in _FACTS if each.body.get(name) != life.hold.body.get(name)]
        if changed and first is each:
            yield "booking", f"has another {', '.join(changed)} in {each}"


def _instants(life: Life, terms: Terms) -> Iterable[tuple[str, str]]:
    """Instants in a body were read off a clock within an operation that wrote them."""
    created = instant(life.hold.body.get("createdAt"))
    if not _within(created, [life.hold], terms) or created is None:
        yield "booking", f"was not created within {life.hold}"
    elif not terms.hold <= life.deadline - created < terms.hold + SECOND:
        yield "booking", f"is held for {(life.deadline - created) / SECOND} s by {life.hold}"
    for status, name in _SINCE.items():
        for each in filter(is_done, life.seen(status)):
            since = instant(each.body.get(name))
            if status is _EXPIRED:
                plausible = since == life.deadline
            else:
                plausible = _within(since, life.may_have_been(_STEPS[status]), terms)
            if not plausible:
                yield "booking", f"has an {name} at which nothing was done in {each}"


def _within(moment: int | None, operations: Iterable[Operation], terms: Terms) -> bool:
    return moment is not None and any(
        invoked(each) - terms.clock_skew <= moment <= over(each, terms) + terms.clock_skew for each in operations
    )


def _lost(life: Life, terms: Terms) -> Iterable[tuple[str, str]]:
    """What was handed out with a 202 is there for good."""
    for each in life.later:
        if each.status == 404 and answered(life.hold) < invoked(each):
            late = answered(each) >= life.deadline - terms.clock_skew
            if not (late and terms.creation_may_lag):
                yield "lost", f"was given by {life.hold}, and not found by {each}"
