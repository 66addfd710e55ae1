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
    not_rescheduled,
    once_more,
    refused,
    reschedule,
    slots,
    step,
    unsettled,
)

LIVE = {"PENDING", "CONFIRMED"}


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
    key: str | None = None
    """The idempotency key of a hold."""


@dataclass(eq=False)
class Booking:
    """A row. Times are in seconds after the start."""

    made: Operation
    """The hold, as it was or would have been answered."""
    slot_id: str
    deadline: float
    status: str = "PENDING"
    since: float | None = None
    """In its status."""
    moved: float | None = None
    """When it was rescheduled, if it has not changed since."""

    def is_over(self, read: float) -> bool:
        """Whether it was not confirmed in time."""
        return self.status == "PENDING" and self.deadline <= read

    @property
    def changed(self) -> float:
        """When it has changed last."""
        return next(at for at in (self.moved, self.since, self.made.invoked - START) if at is not None)

    def settle(self, status: str, at: float) -> None:
        """Come to another status."""
        self.status, self.since, self.moved = status, at, None


@dataclass
class Reference:
    """The rows of a few slots and of their bookings."""

    slot_ids: list[str]
    now: float = 0.0
    owner: dict[str, Booking] = field(default_factory=dict)
    by_key: dict[str, Booking] = field(default_factory=dict)
    bookings: list[Booking] = field(default_factory=list)
    known: dict[Booking, float] = field(default_factory=dict)
    """The bookings that were answered, and since when."""
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
        slot_id = self.slot_ids[request.slot % len(self.slot_ids)]
        if request.what == Kind.HOLD:
            self._hold(slot_id, begun, read, request, fields)
        elif request.what == Kind.SLOTS:
            free = [each for each in self.slot_ids if self._is_free(each, read)]
            self.history.append(slots(begun, *free, **fields))
        else:
            known = [each for each, since in self.known.items() if since < begun]
            if known:
                booking = known[request.booking % len(known)]
                self._on_booking(Kind(request.what), booking, slot_id, begun, read, request.fate, fields)

    def _hold(self, slot_id: str, begun: float, read: float, request: Request, fields: dict[str, Any]) -> None:
        booking = self.by_key.get(request.key or "")
        is_reused = booking is not None and booking.made.slot_id != slot_id
        if booking is None and request.fate != "failed" and self._is_free(slot_id, read):
            booking = self._make(slot_id, read, request.key)
        if request.fate == "answered" and booking and not is_reused:
            self.history.append(once_more(booking.made, begun, **fields))
            self.known.setdefault(booking, round(begun + fields["takes"], 6))
            return
        status = {"answered": 422 if is_reused else 409, "failed": 503}.get(request.fate)
        self.history.append(hold_without(status, begun, slot_id=slot_id, key=request.key, **fields))

    def _make(self, slot_id: str, read: float, key: str | None) -> Booking:
        made = hold(read, slot_id=slot_id, key=key)
        booking = Booking(made, slot_id, from_text(made.body["expiresAt"]).timestamp() - START)
        self.bookings.append(booking)
        self.owner[slot_id] = booking
        if key:
            self.by_key[key] = booking
        return booking

    def _on_booking(
        self, kind: Kind, booking: Booking, slot_id: str, begun: float, read: float, fate: str, fields: dict[str, Any]
    ) -> None:
        held = booking.made
        asked = {**fields, "slot_id": slot_id} if kind is Kind.RESCHEDULE else fields
        if fate == "failed" and kind is not Kind.GET:
            self.history.append(unsettled(held, kind, begun, 503, **asked))
            return
        status = self._step(kind, booking, slot_id, read)
        seen: dict[str, Any] = {**fields, "slot_id": booking.slot_id}
        if status != "EXPIRED":
            seen |= {"since": booking.since, "moved": booking.moved}
        if kind is Kind.GET:
            self.history.append(get(held, begun, status, **seen))
        elif fate != "answered":
            self.history.append(unsettled(held, kind, begun, **asked))
        elif status == {Kind.CONFIRM: "CONFIRMED", Kind.CANCEL: "CANCELLED"}.get(kind):
            self.history.append(step(held, kind, begun, **seen))
        elif status not in LIVE:
            self.history.append(refused(held, kind, begun, status, **asked))
        elif booking.slot_id == slot_id:
            self.history.append(reschedule(held, begun, status=status, **{**seen, "moved": booking.changed}))
        else:
            self.history.append(not_rescheduled(held, begun, **asked))

    def _step(self, kind: Kind, booking: Booking, slot_id: str, read: float) -> str:
        """Do what is asked for, if that is possible, and give the status that the booking has then."""
        is_owner = self.owner.get(booking.slot_id) is booking
        if booking.is_over(read):
            return "EXPIRED"
        if kind in {Kind.CONFIRM, Kind.RESCHEDULE} and booking.status == "PENDING" and not is_owner:
            return "EXPIRED"
        if kind is Kind.CONFIRM and booking.status == "PENDING":
            booking.settle("CONFIRMED", read)
        elif kind is Kind.CANCEL and booking.status in LIVE:
            if is_owner:
                del self.owner[booking.slot_id]
            booking.settle("CANCELLED", read)
        elif kind is Kind.RESCHEDULE and booking.status in LIVE and self._is_free(slot_id, read):
            del self.owner[booking.slot_id]
            self.owner[slot_id] = booking
            booking.slot_id, booking.moved = slot_id, read
        return booking.status

    def _tidy(self) -> None:
        for slot_id, booking in list(self.owner.items()):
            if booking.is_over(self.now):
                del self.owner[slot_id]
        for booking in self.bookings:
            if booking.is_over(self.now):
                booking.settle("EXPIRED", booking.deadline)

    def _is_free(self, slot_id: str, read: float) -> bool:
        return slot_id not in self.owner or self.owner[slot_id].is_over(read)


def slot_ids(count: int) -> list[str]:
    """Some slots of one day."""
    return [f"{DAY}T{9 + number:02}:00" for number in range(count)]
