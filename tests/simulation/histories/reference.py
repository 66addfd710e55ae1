"""A system that does one thing after the other, as the application does, and the history that its clients see.

It holds the rows of the table and no more: what the checker takes for granted is not written here a second time.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from chalicelib.domain.instants import from_text
from simulation.histories import Kind, Operation
from tests.simulation.histories.stories import (
    DAY,
    START,
    availability,
    get,
    hold,
    hold_without,
    refused,
    slots,
    step,
    unsettled,
)


class Request(NamedTuple):
    """What a client does. Durations are in seconds."""

    what: Kind | str
    """A kind, or "tidy": the stream's worker comes by."""
    slot: int
    booking: int
    """Which of the bookings that are known by then; a number too high is taken from the beginning again."""
    after: float
    """Since the last request took effect."""
    held_up: float = 0.0
    """On the way there, before the clock is read."""
    decided: float = 0.0
    """From the reading of the clock until it takes effect."""
    answered: float = 0.0
    """On the way back."""
    fate: str = "answered"
    """Or "no answer", or "failed" before it took effect."""


@dataclass
class Reference:
    """The rows of a few slots and of their bookings."""

    slot_ids: list[str]
    now: float = 0.0
    owner: dict[str, Operation] = field(default_factory=dict)
    reserved: set[str] = field(default_factory=set)
    status: dict[str, str] = field(default_factory=dict)
    since: dict[str, float] = field(default_factory=dict)
    bookings: list[Operation] = field(default_factory=list)
    """The holds that were answered."""
    history: list[Operation] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.history.append(availability(-100, *self.slot_ids))

    def do(self, request: Request) -> None:
        """Let a request take effect, and record what its client sees."""
        self.now = round(self.now + request.after, 6)
        if request.what == "tidy":
            self._tidy()
            return
        read = round(self.now - request.decided, 6)
        begun = round(read - request.held_up, 6)
        fields = {"takes": round(self.now + request.answered - begun, 6)}
        if request.what == Kind.HOLD:
            self._hold(self.slot_ids[request.slot % len(self.slot_ids)], begun, read, request.fate, fields)
        elif request.what == Kind.SLOTS:
            free = [each for each in self.slot_ids if self._is_free(each, read)]
            self.history.append(slots(begun, *free, **fields))
        else:
            known = [each for each in self.bookings if (each.returned or 0) - START < begun]
            if known:
                self._on_booking(Kind(request.what), known[request.booking % len(known)], begun, read, request, fields)

    def _hold(self, slot_id: str, begun: float, read: float, fate: str, fields: dict[str, Any]) -> None:
        if not self._is_free(slot_id, read):
            self.history.append(hold_without(409 if fate == "answered" else None, begun, slot_id=slot_id, **fields))
            return
        made = hold(begun, slot_id=slot_id, created=read, **fields)
        if fate != "failed":
            self.owner[slot_id] = made
            self.reserved.discard(slot_id)
            self.status[made.body["bookingId"]] = "PENDING"
        if fate == "answered":
            self.bookings.append(made)
            self.history.append(made)
        else:
            self.history.append(hold_without(503 if fate == "failed" else None, begun, slot_id=slot_id, **fields))

    def _on_booking(
        self, kind: Kind, held: Operation, begun: float, read: float, request: Request, fields: dict[str, Any]
    ) -> None:
        if request.fate == "failed" and kind is not Kind.GET:
            self.history.append(unsettled(held, kind, begun, 503, **fields))
            return
        status = self._step(kind, held, read)
        since = self.since.get(held.body["bookingId"])
        if kind is Kind.GET:
            self.history.append(get(held, begun, status, since=since, **fields))
        elif request.fate != "answered":
            self.history.append(unsettled(held, kind, begun, **fields))
        elif status == {Kind.CONFIRM: "CONFIRMED", Kind.CANCEL: "CANCELLED"}[kind]:
            self.history.append(step(held, kind, begun, since=since, **fields))
        else:
            self.history.append(refused(held, kind, begun, status, **fields))

    def _step(self, kind: Kind, held: Operation, read: float) -> str:
        """Do what is asked for, and give the status that the booking has then."""
        booking_id, slot_id = held.body["bookingId"], str(held.slot_id)
        status = self.status[booking_id]
        is_owner = self.owner.get(slot_id) is held
        if status == "PENDING" and self._deadline(held) <= read:
            return "EXPIRED"
        if kind is Kind.CONFIRM and status == "PENDING":
            if not is_owner:
                return "EXPIRED"
            self.reserved.add(slot_id)
            self._settle(booking_id, "CONFIRMED", read)
        elif kind is Kind.CANCEL and status in {"PENDING", "CONFIRMED"}:
            if is_owner:
                self._free(slot_id)
            self._settle(booking_id, "CANCELLED", read)
        return self.status[booking_id]

    def _tidy(self) -> None:
        for slot_id, held in list(self.owner.items()):
            if slot_id not in self.reserved and self._deadline(held) <= self.now:
                self._free(slot_id)
        for held in self.bookings:
            if self.status[held.body["bookingId"]] == "PENDING" and self._deadline(held) <= self.now:
                self.status[held.body["bookingId"]] = "EXPIRED"

    def _is_free(self, slot_id: str, read: float) -> bool:
        if slot_id not in self.owner:
            return True
        return slot_id not in self.reserved and self._deadline(self.owner[slot_id]) <= read

    def _free(self, slot_id: str) -> None:
        del self.owner[slot_id]
        self.reserved.discard(slot_id)

    def _settle(self, booking_id: str, status: str, at: float) -> None:
        self.status[booking_id], self.since[booking_id] = status, at

    def _deadline(self, held: Operation) -> float:
        return from_text(held.body["expiresAt"]).timestamp() - START


def slot_ids(count: int) -> list[str]:
    """Some slots of one day."""
    return [f"{DAY}T{9 + number:02}:00" for number in range(count)]
