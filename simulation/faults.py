"""What can happen to a call to AWS, besides an answer."""

from dataclasses import dataclass
from enum import Enum

from simulation.wire import Call


class Fault(Enum):
    """A call's fate, in words for the trace."""

    NONE = ""
    CONFLICT = "cancelled: another transaction touches the item"
    THROTTLED = "throttled"
    THROTTLED_IN_TRANSACTION = "cancelled: throttled"
    SERVER_ERROR = "500, nothing done"
    SERVER_ERROR_ONCE_DONE = "500, but done"
    RESET = "connection reset, nothing done"
    ACKNOWLEDGEMENT_LOST = "done, but the connection was reset"
    TIMES_OUT = "no answer in time; may be done later"
    KILLED_BEFORE = "the function is killed before"
    KILLED_AFTER = "the function is killed after"


APPLIED = {Fault.NONE, Fault.SERVER_ERROR_ONCE_DONE, Fault.ACKNOWLEDGEMENT_LOST, Fault.KILLED_AFTER}
"""With these, the call has its effect."""

_OF_TRANSACTIONS = {Fault.CONFLICT, Fault.THROTTLED_IN_TRANSACTION}


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Which faults a schedule has, and how likely each call meets one.

    A schedule has some kinds of faults and not others, since faults of many kinds hide each other's effects: swarm
    testing, Groce and others, ISSTA 2012.
    """

    kinds: tuple[Fault, ...]
    rate: float

    def of(self, call: Call) -> list[Fault]:
        """Those that can happen to a call."""
        in_transaction = call.operation == "TransactWriteItems"
        return [kind for kind in self.kinds if in_transaction or kind not in _OF_TRANSACTIONS]


NO_FAULTS = FaultPlan((), 0.0)
