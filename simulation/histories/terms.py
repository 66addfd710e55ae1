"""What the checker is told about the system, and its measure of time: whole microseconds since 1970.

The application rounds its clock to microseconds, and so the operations' times are rounded in the same way: an instant
that the application read within an operation never lies outside of it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from simulation.histories.operations import Operation

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the system promises beside the API's contract. All in microseconds."""

    holds: Collection[int]
    """How long holds are; which is how long may change."""
    clock_skew: int
    effect_within: int
    creation_may_lag: bool
    max_active_holds: int
    """How many slots a user can hold at a time."""


def micros(seconds: float) -> int:
    """Seconds in microseconds."""
    return round(seconds * SECOND)


def instant(text: Any) -> int | None:
    """An instant of the API, or None for what is none."""
    try:
        return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)
    except (TypeError, ValueError):
        return None


def invoked(operation: Operation) -> int:
    """When the operation began."""
    return micros(operation.invoked)


def answered(operation: Operation) -> int:
    """When the answer came. Raises ValueError for an operation without one."""
    if operation.returned is None:
        raise ValueError(f"no answer came to {operation}")
    return micros(operation.returned)


def over(operation: Operation, terms: Terms) -> int:
    """From when on the operation changes nothing any more: its answer, or where that says nothing, the bound."""
    latest = micros(operation.invoked) + terms.effect_within
    if operation.returned is None:
        return latest
    returned = micros(operation.returned)
    return max(returned, latest) if operation.is_unsettled else returned


def may_have_read(operation: Operation, moment: int | None, terms: Terms) -> bool:
    """Whether some clock may have shown this instant within the operation."""
    return moment is not None and (
        invoked(operation) - terms.clock_skew <= moment <= over(operation, terms) + terms.clock_skew
    )
