"""The operations on each booking, together: from the hold that handed out its id."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chalicelib.domain.models import BookingStatus
from simulation.histories.answers import is_done, shown_status
from simulation.histories.operations import Kind, Operation
from simulation.histories.terms import Terms, instant, invoked


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A booking whose id somebody was given."""

    booking_id: str
    hold: Operation
    deadline: int
    """In microseconds since 1970."""
    later: Sequence[Operation]
    """All other operations that name the booking."""

    @property
    def slot(self) -> tuple[str, str]:
        """Provider and slot."""
        return str(self.hold.provider_id), str(self.hold.slot_id)

    def may_have_been(self, kind: Kind) -> list[Operation]:
        """The confirms or cancels that took effect, or may have."""
        return [each for each in self.later if each.kind == kind and (is_done(each) or each.is_unsettled)]

    def began_in_time(self, operation: Operation, terms: Terms) -> bool:
        """Whether some clock may have shown the hold unexpired within the operation."""
        return invoked(operation) < self.deadline + terms.clock_skew

    def seen(self, status: BookingStatus) -> list[Operation]:
        """The operations whose answer tells this status."""
        return [each for each in (self.hold, *self.later) if shown_status(each) == status]


def lives(operations: Iterable[Operation]) -> tuple[list[Life], list[str]]:
    """Every booking's life, and what is wrong with the ids that were given out or asked for."""
    holds: dict[str, tuple[Operation, int]] = {}
    later: dict[str, list[Operation]] = defaultdict(list)
    wrong = []
    for each in operations:
        if each.kind == Kind.HOLD and is_done(each):
            booking_id, deadline = each.body.get("bookingId"), instant(each.body.get("expiresAt"))
            if not isinstance(booking_id, str) or deadline is None:
                wrong.append(f"booking: no id or no deadline from {each}")
            elif booking_id in holds:
                wrong.append(f"booking: one id for two holds, {holds[booking_id][0]} and {each}")
            else:
                holds[booking_id] = each, deadline
        elif each.booking_id is not None:
            later[each.booking_id].append(each)
    for booking_id in later.keys() - holds.keys():
        known = [each for each in later[booking_id] if is_done(each) or each.status == 409]
        wrong += [f"booking: there is one whose id nobody was given, by {each}" for each in known]
    found = [
        Life(booking_id=booking_id, hold=hold, deadline=deadline, later=later[booking_id])
        for booking_id, (hold, deadline) in holds.items()
    ]
    return found, wrong
