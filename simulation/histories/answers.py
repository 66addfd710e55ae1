"""Which answers the API's contract knows for each request."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from chalicelib.domain.models import BookingStatus
from simulation.histories.operations import Kind, Operation

_GOOD: Final[Mapping[str, tuple[int, BookingStatus | None]]] = {
    Kind.HOLD: (202, BookingStatus.PENDING),
    Kind.GET: (200, None),
    Kind.CONFIRM: (200, BookingStatus.CONFIRMED),
    Kind.CANCEL: (200, BookingStatus.CANCELLED),
    Kind.SLOTS: (200, None),
    Kind.AVAILABILITY: (201, None),
    Kind.CLOSING: (200, None),
}
"""The answer that says "done", and the status of the booking that comes with it, if only one can."""

_REFUSALS: Final[Mapping[str, frozenset[tuple[int, str]]]] = {
    Kind.HOLD: frozenset({(404, "PROVIDER_NOT_FOUND"), (404, "SLOT_NOT_FOUND"), (409, "SLOT_UNAVAILABLE")}),
    Kind.GET: frozenset({(404, "BOOKING_NOT_FOUND")}),
    Kind.CONFIRM: frozenset({(404, "BOOKING_NOT_FOUND"), (409, "BOOKING_CONFLICT")}),
    Kind.CANCEL: frozenset({(404, "BOOKING_NOT_FOUND"), (409, "BOOKING_CONFLICT")}),
    Kind.SLOTS: frozenset({(404, "PROVIDER_NOT_FOUND")}),
    Kind.AVAILABILITY: frozenset({(404, "PROVIDER_NOT_FOUND")}),
    Kind.CLOSING: frozenset({(404, "PROVIDER_NOT_FOUND")}),
}

_FORBIDDING: Final[Mapping[str, frozenset[str]]] = {
    Kind.CONFIRM: frozenset({BookingStatus.CANCELLED, BookingStatus.EXPIRED}),
    Kind.CANCEL: frozenset({BookingStatus.EXPIRED}),
}
"""The states of a booking that refuse a step; in its own state a step is a repeat, which gives the booking again."""

_NOTHING_DONE: Final = frozenset({400, 401, 403, 413, 415, 422, 429})
"""Refused at the door, whatever was asked."""


def is_done(operation: Operation) -> bool:
    """Whether the answer says that it was done."""
    return operation.status == _GOOD[operation.kind][0]


def shown_status(operation: Operation) -> str | None:
    """The booking's status that the answer tells, of a success or of a refusal."""
    if operation.kind in {Kind.SLOTS, Kind.AVAILABILITY, Kind.CLOSING}:
        return None
    status = operation.body.get("status") if is_done(operation) else operation.body.get("bookingStatus")
    return status if isinstance(status, str) else None


def wrong_answers(operations: Iterable[Operation]) -> list[str]:
    """The answers that the contract does not have."""
    return [f"answer: the contract does not know {each}" for each in operations if not _is_known(each)]


def _is_known(operation: Operation) -> bool:
    if operation.is_unsettled or operation.status in _NOTHING_DONE:
        return True
    body: Mapping[str, Any] = operation.body
    if is_done(operation):
        status = _GOOD[operation.kind][1]
        if operation.kind is Kind.GET:
            return shown_status(operation) in set(BookingStatus)
        return status is None or shown_status(operation) == status
    if (operation.status, body.get("code")) not in _REFUSALS[operation.kind]:
        return False
    return body["code"] != "BOOKING_CONFLICT" or shown_status(operation) in _FORBIDDING[operation.kind]
