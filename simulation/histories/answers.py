"""Which answers the API's contract knows for each request."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from chalicelib.domain.models import BookingStatus
from simulation.histories.operations import Kind, Operation

_GOOD: Final[Mapping[str, tuple[int, frozenset[BookingStatus]]]] = {
    Kind.HOLD: (202, frozenset({BookingStatus.PENDING})),
    Kind.GET: (200, frozenset(BookingStatus)),
    Kind.CONFIRM: (200, frozenset({BookingStatus.CONFIRMED})),
    Kind.CANCEL: (200, frozenset({BookingStatus.CANCELLED})),
    Kind.RESCHEDULE: (200, frozenset({BookingStatus.PENDING, BookingStatus.CONFIRMED})),
    Kind.SLOTS: (200, frozenset()),
    Kind.AVAILABILITY: (201, frozenset()),
    Kind.CLOSING: (200, frozenset()),
    Kind.POLICY: (200, frozenset()),
}
"""The answer that says "done", and the statuses that the booking in it can have, if there is one in it."""

_CUTOFF_PASSED: Final = "CANCEL_CUTOFF_PASSED"

_TOO_MANY_HOLDS: Final = "TOO_MANY_HOLDS"

_SLOT_REFUSED: Final = frozenset(
    {(404, "SLOT_NOT_FOUND"), (409, "SLOT_UNAVAILABLE"), (409, "TOO_SHORT_NOTICE"), (409, "TOO_FAR_AHEAD")}
)
_STEP_REFUSED: Final = frozenset({(404, "BOOKING_NOT_FOUND"), (409, "BOOKING_CONFLICT")})
_REFUSALS: Final[Mapping[str, frozenset[tuple[int, str]]]] = {
    Kind.HOLD: _SLOT_REFUSED | {(404, "PROVIDER_NOT_FOUND"), (429, _TOO_MANY_HOLDS)},
    Kind.GET: frozenset({(404, "BOOKING_NOT_FOUND")}),
    Kind.CONFIRM: _STEP_REFUSED,
    Kind.CANCEL: _STEP_REFUSED | {(409, _CUTOFF_PASSED)},
    Kind.RESCHEDULE: _STEP_REFUSED | {(409, _CUTOFF_PASSED)} | _SLOT_REFUSED,
    Kind.SLOTS: frozenset({(404, "PROVIDER_NOT_FOUND")}),
    Kind.AVAILABILITY: frozenset({(404, "PROVIDER_NOT_FOUND")}),
    Kind.CLOSING: frozenset({(404, "PROVIDER_NOT_FOUND")}),
    Kind.POLICY: frozenset({(404, "PROVIDER_NOT_FOUND")}),
}

_FORBIDDING: Final[Mapping[str, frozenset[str]]] = {
    Kind.CONFIRM: frozenset({BookingStatus.CANCELLED, BookingStatus.EXPIRED}),
    Kind.CANCEL: frozenset({BookingStatus.EXPIRED}),
    Kind.RESCHEDULE: frozenset({BookingStatus.CANCELLED, BookingStatus.EXPIRED}),
}
"""The states of a booking that refuse a step; in its own state a step is a repeat, which gives the booking again."""

_NOTHING_DONE: Final = frozenset({400, 401, 403, 413, 415, 422, 429})
"""Refused at the door, whatever was asked."""


def is_done(operation: Operation) -> bool:
    """Whether the answer says that it was done."""
    return operation.status == _GOOD[operation.kind][0]


def shown_status(operation: Operation) -> str | None:
    """The booking's status that the answer tells, of a success or of a refusal."""
    if operation.kind in {Kind.SLOTS, Kind.AVAILABILITY, Kind.CLOSING, Kind.POLICY}:
        return None
    if operation.body.get("code") == _CUTOFF_PASSED:
        # Only what is confirmed has to be cancelled in time.
        return BookingStatus.CONFIRMED
    status = operation.body.get("status") if is_done(operation) else operation.body.get("bookingStatus")
    return status if isinstance(status, str) else None


def is_refused_for_the_slot(operation: Operation) -> bool:
    """Whether the slot that was asked for was looked at, and can't be had."""
    return (operation.status, operation.body.get("code")) in _SLOT_REFUSED


def is_refused_for_the_limit(operation: Operation) -> bool:
    """Whether it was refused because the user holds as many slots as one may."""
    return operation.body.get("code") == _TOO_MANY_HOLDS


def shown_slot(operation: Operation) -> str | None:
    """The id of the slot that the booking in the answer is on."""
    return str(operation.body["slotId"]) if is_done(operation) and "slotId" in operation.body else None


def wrong_answers(operations: Iterable[Operation]) -> list[str]:
    """The answers that the contract does not have."""
    return [f"answer: the contract does not know {each}" for each in operations if not _is_known(each)]


def _is_known(operation: Operation) -> bool:
    if operation.is_unsettled:
        return True
    if operation.status in _NOTHING_DONE and not is_refused_for_the_limit(operation):
        return True
    body: Mapping[str, Any] = operation.body
    if is_done(operation):
        statuses = _GOOD[operation.kind][1]
        return not statuses or shown_status(operation) in statuses
    if (operation.status, body.get("code")) not in _REFUSALS[operation.kind]:
        return False
    return body["code"] != "BOOKING_CONFLICT" or shown_status(operation) in _FORBIDDING[operation.kind]
