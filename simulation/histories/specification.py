"""What one slot does: free, held by a booking until its deadline, or reserved by one.

A deadline is a moment of real time. So the slot after an event comes with the earliest time at which the event can
have taken effect: what needs the deadline to be past waits for it. What needs it to be still to come must only have
begun before it, as a request that was decided in time may be held up on its way (docs/decisions/002).
"""

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from chalicelib.domain.models import BookingStatus
from simulation.histories.operations import Operation


class Act(Enum):
    """What an operation did to a slot, or saw of it."""

    TAKE = auto()
    CONFIRM = auto()
    CANCEL = auto()
    LEAVE = auto()
    """A reschedule to another slot: from then on, the booking is not on this one, if it was before."""
    MOVE_HELD = auto()
    """A reschedule of a PENDING booking to this slot, or of one that is on it already."""
    MOVE_RESERVED = auto()
    """The same of a CONFIRMED one."""
    SEE_FREE = auto()
    SEE_TAKEN = auto()
    SEE_LIVE = auto()
    SEE_PENDING = auto()
    SEE_CONFIRMED = auto()
    SEE_CANCELLED = auto()
    SEE_EXPIRED = auto()
    NEVER = auto()
    """An answer that no state of the slot explains."""

    @classmethod
    def of_status(cls, status: str) -> "Act":
        """Seeing a booking in this status."""
        return cls[f"SEE_{status}"] if status in set(BookingStatus) else cls.NEVER


MOVES = frozenset({Act.LEAVE, Act.MOVE_HELD, Act.MOVE_RESERVED})
"""What changes nothing now, and may change something later: a booking can leave a slot, and come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An operation's part in one slot's history. Times are in microseconds since 1970."""

    act: Act
    operation: Operation
    booking_id: str
    """Empty where the operation names none."""
    deadline: int
    """The booking's, or for a lost hold the latest that it can have."""
    is_here: bool | None
    """Whether the answer tells the booking on this slot, or on another one; None if it tells nothing of that."""
    invoked: int
    returned: int
    """When it was over, whatever it did."""


@dataclass(slots=True, kw_only=True)
class SlotHistory:
    """All that happened to one slot."""

    slot: tuple[str, str]
    clock_skew: int
    events: list[Event] = field(default_factory=list)
    unsettled: list[Event] = field(default_factory=list)
    """Steps that may have been done."""
    lost_holds: list[Event] = field(default_factory=list)
    """Holds that may have been made, of which nobody knows the booking. They end by themselves."""


class Slot(NamedTuple):
    """A slot's state, with what is settled about its bookings. Times are in microseconds since 1970."""

    owner: str | None = None
    is_reserved: bool = False
    bookings: frozenset[str] = frozenset()
    """The bookings that are on it, in whatever status."""
    cancelled: frozenset[str] = frozenset()
    changed: int = 0
    """The earliest time of the last change."""


class After(NamedTuple):
    """The slot after an event, which takes effect at this time at the earliest."""

    slot: Slot
    time: int


class Specification:
    """The rules, under the deadlines and the lost holds of one history."""

    def __init__(self, history: SlotHistory) -> None:
        self._skew = history.clock_skew
        self._lost_holds = history.lost_holds
        self._deadlines = {event.booking_id: event.deadline for event in (*history.events, *history.unsettled)}

    def after(self, event: Event, slot: Slot, time: int) -> After | None:
        """The slot after an event that takes effect no earlier than `time`; None if it is impossible then."""
        time = max(time, event.invoked)
        match event.act:
            case Act.TAKE:
                return self._taken(event, slot, time)
            case Act.LEAVE:
                return self._left(event, slot, time)
            case Act.MOVE_HELD | Act.MOVE_RESERVED:
                return self._moved(event, slot, time)
            case Act.SEE_FREE if not slot.is_reserved:
                return After(slot, max(time, self._lapses(slot)))
            case Act.SEE_TAKEN if event.booking_id and event.booking_id == slot.owner:
                return None
            case Act.SEE_TAKEN if slot.is_reserved or self._is_held(slot, event) or self._is_lost(slot, event):
                return After(slot, time)
            case Act.SEE_FREE | Act.SEE_TAKEN | Act.NEVER:
                return None
        is_here = event.booking_id in slot.bookings
        return self._after_step(event, slot, time, is_here=is_here) if event.is_here in {None, is_here} else None

    def _taken(self, event: Event, slot: Slot, time: int, *, is_reserved: bool = False) -> After | None:
        if slot.is_reserved:
            return None
        lapsed = self._lapses(slot)
        changed = max(slot.changed, event.invoked, lapsed)
        bookings = slot.bookings | {event.booking_id}
        return After(Slot(event.booking_id, is_reserved, bookings, slot.cancelled, changed), max(time, lapsed))

    def _left(self, event: Event, slot: Slot, time: int) -> After | None:
        if event.booking_id in slot.cancelled:
            return None
        bookings = slot.bookings - {event.booking_id}
        if event.booking_id != slot.owner:
            return After(slot._replace(bookings=bookings), time)
        free = slot._replace(owner=None, is_reserved=False, bookings=bookings, changed=max(slot.changed, event.invoked))
        return After(free, time)

    def _moved(self, event: Event, slot: Slot, time: int) -> After | None:
        is_reserved = event.act is Act.MOVE_RESERVED
        if event.booking_id in slot.cancelled or not (is_reserved or self._is_in_time(event)):
            return None
        if event.booking_id == slot.owner:
            return After(slot, time) if is_reserved == slot.is_reserved else None
        if not is_reserved and event.booking_id in slot.bookings:
            # It is on this slot, which somebody else has taken since, by a clock that is ahead: so nothing changes.
            return After(slot, time)
        return self._taken(event, slot, time, is_reserved=is_reserved)

    def _after_step(self, event: Event, slot: Slot, time: int, *, is_here: bool) -> After | None:
        """The rules of what names a booking, which may be on another slot then."""
        is_cancelled, is_owner = event.booking_id in slot.cancelled, event.booking_id == slot.owner
        is_reserved = is_owner and slot.is_reserved
        is_pending = not is_cancelled and not is_reserved
        may_be_confirmed = is_reserved or not (is_here or is_cancelled)
        in_time = self._is_in_time(event)
        changed = max(slot.changed, event.invoked)
        same = After(slot, time)
        match event.act:
            case Act.CONFIRM if is_owner and not is_reserved and in_time:
                return After(slot._replace(is_reserved=True, changed=changed), time)
            case Act.CANCEL if may_be_confirmed or (is_pending and in_time):
                # A slot that somebody else has taken after the deadline stays theirs.
                owner, reserved = (None, False) if is_owner else (slot.owner, slot.is_reserved)
                cancelled = slot.cancelled | {event.booking_id}
                return After(Slot(owner, reserved, slot.bookings, cancelled, changed), time)
            case Act.SEE_EXPIRED if is_pending:
                return After(slot, max(time, event.deadline - self._skew) if is_owner else time)
            case Act.SEE_PENDING if is_pending and in_time:
                return same
            case Act.SEE_LIVE if may_be_confirmed or (is_pending and in_time):
                return same
            case Act.CONFIRM | Act.SEE_CONFIRMED if may_be_confirmed:
                return same
            case Act.CANCEL | Act.SEE_CANCELLED if is_cancelled:
                return same
        return None

    def _lapses(self, slot: Slot) -> int:
        """From when on a slot that is not reserved is free."""
        return self._deadlines[slot.owner] - self._skew if slot.owner else 0

    def _is_in_time(self, event: Event) -> bool:
        """Whether it may have been decided before the booking's deadline."""
        return event.invoked < event.deadline + self._skew

    def _is_held(self, slot: Slot, event: Event) -> bool:
        return slot.owner is not None and event.invoked < self._deadlines[slot.owner] + self._skew

    def _is_lost(self, slot: Slot, event: Event) -> bool:
        """Whether a hold that nobody knows of may have been made while the slot was free, and may still stand."""
        free_since = max(slot.changed, self._lapses(slot))
        return any(
            max(lost.invoked, free_since) <= min(lost.returned, event.returned)
            and event.invoked < lost.deadline + self._skew
            for lost in self._lost_holds
        )
