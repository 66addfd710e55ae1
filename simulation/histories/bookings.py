"""What must hold for each booking by itself: legal steps, at legal times, and facts that stay as they are."""

from collections.abc import Collection, Iterable
from typing import Final

from chalicelib.domain.models import BookingStatus
from simulation.histories.answers import is_done, shown_slot, shown_status
from simulation.histories.lives import Life
from simulation.histories.operations import Kind, Operation
from simulation.histories.terms import SECOND, Terms, answered, instant, invoked, may_have_read, over

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

_FACTS: Final = ("bookingId", "providerId", "userId", "timeZone", "createdAt")
_PLACE: Final = ("slotId", "startsAt", "endsAt")
"""What a reschedule changes, and nothing else does."""
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
    found = [
        *_order(life, terms),
        *_times(life, terms),
        *_facts(life),
        *_places(life, terms),
        *_instants(life, terms),
        *_lost(life, terms),
    ]
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
    """A booking's facts never change, and in one status only its place may: so a repeat gives the same body."""
    asked = {"providerId": life.hold.provider_id, "slotId": life.hold.slot_id, "userId": life.hold.user_id}
    if any(life.hold.body.get(name) != value for name, value in asked.items()):
        yield "booking", f"is not what was asked for by {life.hold}"
    place = (*_PLACE, "updatedAt") if life.may_have_been(Kind.RESCHEDULE) else ()
    facts = [name for name in (*_FACTS, *_PLACE) if name not in place]
    first_in: dict[str | None, Operation] = {}
    first_since: dict[object, Operation] = {}
    for each in filter(is_done, (life.hold, *life.later)):
        status = shown_status(each)
        first = first_in.setdefault(status, each)
        if not _are_alike(first, each, but_for=place):
            yield "booking", f"differs between {first} and {each}"
        # Two reschedules may have been at one instant, by clocks that differ.
        since = (status, each.body.get("slotId"), each.body.get("updatedAt"))
        unchanged = first_since.setdefault(since, each)
        if unchanged is not first and not _are_alike(unchanged, each):
            yield "booking", f"differs between {unchanged} and {each}"
        changed = [name for name in facts if each.body.get(name) != life.hold.body.get(name)]
        if changed and first is each:
            yield "booking", f"has another {', '.join(changed)} in {each}"


def _are_alike(one: Operation, other: Operation, *, but_for: Collection[str] = ()) -> bool:
    names = one.body.keys() | other.body.keys()
    return all(one.body.get(name) == other.body.get(name) for name in names if name not in but_for)


def _places(life: Life, terms: Terms) -> Iterable[tuple[str, str]]:
    """A booking is where it was held, or where somebody has asked to have it, since then."""
    moves = life.may_have_been(Kind.RESCHEDULE)
    for each in filter(is_done, life.later):
        place, moment = shown_slot(each), instant(each.body.get("updatedAt"))
        here = [move for move in moves if move.slot_id == place and invoked(move) <= answered(each)]
        if each.kind == Kind.RESCHEDULE and place != each.slot_id:
            yield "booking", f"is not on the slot that was asked for by {each}"
        elif place != life.hold.slot_id and not here:
            yield "booking", f"is on {place} by {each}, though nobody asked for that in time"
        elif moment != _changed_without_a_move(life, each) and not any(
            may_have_read(move, moment, terms) for move in here
        ):
            yield "booking", f"has an updatedAt at which nothing was done in {each}"


def _changed_without_a_move(life: Life, operation: Operation) -> int | None:
    """When the booking has changed last, unless it was by a reschedule."""
    status = BookingStatus(str(shown_status(operation)))
    if status is not _PENDING:
        return instant(operation.body.get(_SINCE[status]))
    return instant(life.hold.body.get("createdAt")) if shown_slot(operation) == life.hold.slot_id else None


def _instants(life: Life, terms: Terms) -> Iterable[tuple[str, str]]:
    """Instants in a body were read off a clock within an operation that wrote them."""
    created = instant(life.hold.body.get("createdAt"))
    if created is None or not life.makers(terms):
        yield "booking", f"was not created within {life.hold}"
    elif not any(hold <= life.deadline - created < hold + SECOND for hold in terms.holds):
        yield "booking", f"is held for {(life.deadline - created) / SECOND} s by {life.hold}"
    for status, name in _SINCE.items():
        for each in filter(is_done, life.seen(status)):
            since = instant(each.body.get(name))
            if status is _EXPIRED:
                plausible = since == life.deadline
            else:
                plausible = any(may_have_read(step, since, terms) for step in life.may_have_been(_STEPS[status]))
            if not plausible:
                yield "booking", f"has an {name} at which nothing was done in {each}"


def _lost(life: Life, terms: Terms) -> Iterable[tuple[str, str]]:
    """What was handed out with a 202 is there for good."""
    for each in life.later:
        if each.body.get("code") == "BOOKING_NOT_FOUND" and answered(life.hold) < invoked(each):
            late = answered(each) >= life.deadline - terms.clock_skew
            if not (late and terms.creation_may_lag):
                yield "lost", f"was given by {life.hold}, and not found by {each}"
