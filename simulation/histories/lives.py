"""The operations on each booking, together: from the hold that handed out its id."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.domain.models import BookingStatus
from simulation.histories.answers import is_done, shown_status
from simulation.histories.operations import Kind, Operation
from simulation.histories.terms import Terms, answered, instant, invoked, may_have_read


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A booking whose id somebody was given."""

    booking_id: str
    hold: Operation
    """The first that was answered with the id."""
    attempts: Sequence[Operation]
    """All that may have made the booking: the hold, or another request with the hold's idempotency key."""
    deadline: int
    """In microseconds since 1970."""
    later: Sequence[Operation]
    """All other operations that name the booking."""

    @property
    def provider_id(self) -> str:
        """Whose slots it is on."""
        return str(self.hold.provider_id)

    @property
    def slot_ids(self) -> list[str]:
        """The slots that it may ever have been on."""
        moves = self.may_have_been(Kind.RESCHEDULE)
        return list(dict.fromkeys([str(self.hold.slot_id), *(str(each.slot_id) for each in moves)]))

    def may_have_been(self, kind: Kind) -> list[Operation]:
        """The confirms, cancels or reschedules that took effect, or may have."""
        return [each for each in self.later if each.kind == kind and (is_done(each) or each.is_unsettled)]

    def makers(self, terms: Terms) -> list[Operation]:
        """The attempts that made it, by the time at which it was made: one, unless several were under way then."""
        created = instant(self.hold.body.get("createdAt"))
        return [each for each in self.attempts if may_have_read(each, created, terms)]

    def began_in_time(self, operation: Operation, terms: Terms) -> bool:
        """Whether some clock may have shown the hold unexpired within the operation."""
        return invoked(operation) < self.deadline + terms.clock_skew

    def seen(self, status: BookingStatus) -> list[Operation]:
        """The operations whose answer tells this status."""
        return [each for each in (self.hold, *self.later) if shown_status(each) == status]


def lives(operations: Sequence[Operation]) -> tuple[list[Life], list[str]]:
    """Every booking's life, and what is wrong with the ids that were given out or asked for."""
    given: dict[str, list[Operation]] = defaultdict(list)
    later: dict[str, list[Operation]] = defaultdict(list)
    holds = [each for each in operations if each.kind == Kind.HOLD]
    wrong = []
    for each in filter(is_done, holds):
        booking_id = each.body.get("bookingId")
        if isinstance(booking_id, str) and instant(each.body.get("expiresAt")) is not None:
            given[booking_id].append(each)
        else:
            wrong.append(f"booking: no id or no deadline from {each}")
    for each in operations:
        if each.booking_id is not None:
            later[each.booking_id].append(each)
    for booking_id in later.keys() - given.keys():
        known = [each for each in later[booking_id] if is_done(each) or each.status == 409]
        wrong += [f"booking: there is one whose id nobody was given, by {each}" for each in known]
    unsettled_with_key = [each for each in holds if each.is_unsettled and each.key]
    found = []
    for booking_id, answers in given.items():
        first = min(answers, key=answered)
        others = [each for each in answers if each is not first]
        wrong += [
            f"booking: one id for two holds, {first} and {each}" for each in others if not _is_once_more(each, first)
        ]
        found.append(
            Life(
                booking_id=booking_id,
                hold=first,
                attempts=[first, *others, *(each for each in unsettled_with_key if _is_once_more(each, first))],
                deadline=instant(first.body.get("expiresAt")) or 0,
                later=later[booking_id],
            )
        )
    return found, wrong


def _is_once_more(hold: Operation, other: Operation) -> bool:
    """Whether the two are one request that was sent twice."""
    return other.key is not None and all(
        getattr(hold, name) == getattr(other, name) for name in ("user_id", "key", "provider_id", "slot_id")
    )
