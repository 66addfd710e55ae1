"""Is there an order of the operations on one slot that explains all answers?

Wing and Gong's search with Lowe's memory ("Testing and verifying concurrent objects", 1993; "Testing for
linearizability", 2017). An operation takes effect at one moment between its beginning and its answer. Those without an
answer may have taken effect until a bound, or never.

Events that change nothing are put in as soon as they fit: that never spoils an order, and makes a race of many losers
as quick as one loser. Reschedules are not: one that changes nothing now may be needed later.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from simulation.histories.specification import MOVES, Event, Slot, SlotHistory, Specification


class _Beginning(NamedTuple):
    """The first part of an order: which events are left, the slot after it, and the earliest time of its end."""

    left: int
    """One bit for each event that is not in it yet."""
    unsettled_left: int
    slot: Slot
    time: int


def unexplained(history: SlotHistory) -> str | None:
    """Why no order explains the answers; None if one does."""
    return _Search(history).run()


class _Search:
    def __init__(self, history: SlotHistory) -> None:
        self._history = history
        self._specification = Specification(history)
        self._events = sorted(history.events, key=lambda event: event.invoked)
        self._unsettled = sorted(history.unsettled, key=lambda event: event.invoked)
        self._been: dict[object, list[tuple[int, int]]] = {}

    def run(self) -> str | None:
        """Depth first, until all events are in an order."""
        furthest = _Beginning((1 << len(self._events)) - 1, (1 << len(self._unsettled)) - 1, Slot(), 0)
        to_do = [furthest]
        while to_do:
            beginning = self._with_what_fits_anyway(to_do.pop())
            if not beginning.left:
                return None
            if self._was_here(beginning):
                continue
            if beginning.left.bit_count() < furthest.left.bit_count():
                furthest = beginning
            to_do += self._longer_by_a_change(beginning)
        return self._told(furthest)

    def _told(self, stuck: _Beginning) -> str:
        slot = stuck.slot
        state = f"{'reserved' if slot.is_reserved else 'held'} by {slot.owner}" if slot.owner else "free"
        done = len(self._events) - stuck.left.bit_count()
        window, _ = self._window(stuck.left)
        next_ones = "; ".join(str(self._events[index].operation) for index in window[:5])
        return (
            f"slot: no order explains {self._history.slot}: after {done} of {len(self._events)} it is {state}, "
            f"and of these none can be next: {next_ones}"
        )

    def _was_here(self, beginning: _Beginning) -> bool:
        """Whether the same was reached as early before: what is earlier can go on as all that is later can."""
        slot = beginning.slot
        been = self._been.setdefault((beginning.left, beginning.unsettled_left, slot._replace(changed=0)), [])
        if any(time <= beginning.time and changed <= slot.changed for time, changed in been):
            return True
        been.append((beginning.time, slot.changed))
        return False

    def _window(self, left: int) -> tuple[list[int], int]:
        """All events that may be next, as no other one is over before they began, and until when one of them must be.

        Some that began too late may be among them: their time tells.
        """
        window = []
        index = (left & -left).bit_length() - 1
        latest = self._events[index].returned
        for event in self._events[index:]:
            if event.invoked > latest:
                break
            if left >> index & 1:
                window.append(index)
                latest = min(latest, event.returned)
            index += 1
        return window, latest

    def _with_what_fits_anyway(self, beginning: _Beginning) -> _Beginning:
        """Longer by all events that change nothing and fit now, unless one would shut out another event."""
        while beginning.left:
            window, latest = self._window(beginning.left)
            soonest_over = min(self._ends_of_unsettled_changes(beginning), default=None)
            taken = 0
            for time, index in sorted(self._onlookers(beginning, window, latest)):
                if soonest_over is not None and soonest_over < time:
                    break
                taken |= 1 << index
                beginning = beginning._replace(time=time)
            if not taken:
                break
            beginning = beginning._replace(left=beginning.left & ~taken)
        return beginning

    def _onlookers(self, beginning: _Beginning, window: Iterable[int], latest: int) -> Iterator[tuple[int, int]]:
        """The events that change nothing, with their earliest times."""
        for index in window:
            if self._events[index].act in MOVES:
                continue
            after = self._specification.after(self._events[index], beginning.slot, beginning.time)
            if after and after.slot == beginning.slot and after.time <= latest:
                yield after.time, index

    def _ends_of_unsettled_changes(self, beginning: _Beginning) -> Iterator[int]:
        """Until when the operations without an answer can still change the slot, as it is or as moves may make it."""
        for index, event in enumerate(self._unsettled):
            if beginning.unsettled_left >> index & 1 and event.returned >= beginning.time:
                after = self._specification.after(event, beginning.slot, beginning.time)
                if event.act in MOVES or (after and after.slot != beginning.slot):
                    yield event.returned

    def _longer_by_a_change(self, beginning: _Beginning) -> Iterator[_Beginning]:
        """Longer by one event that changes the slot, or by the first that does not; the likeliest come last."""
        window, latest = self._window(beginning.left)
        for index, event in enumerate(self._unsettled):
            if beginning.unsettled_left >> index & 1:
                left = beginning.unsettled_left & ~(1 << index)
                longer = self._longer_by(event, beginning, min(event.returned, latest), unsettled_left=left)
                if longer and longer.slot != beginning.slot:
                    yield longer
        for time, index in sorted(self._onlookers(beginning, window, latest))[:1]:
            yield beginning._replace(left=beginning.left & ~(1 << index), time=time)
        tried = set()
        for index in window:
            event = self._events[index]
            # Equal ones are as good as each other, and the first to begin is the earliest; not so if one may be needed
            # again later.
            if event.act not in MOVES:
                alike = (event.act, event.booking_id, event.is_here)
                if alike in tried:
                    continue
                tried.add(alike)
            longer = self._longer_by(event, beginning, latest, left=beginning.left & ~(1 << index))
            if longer and (longer.slot != beginning.slot or event.act in MOVES):
                yield longer

    def _longer_by(self, event: Event, beginning: _Beginning, latest: int, **left: int) -> _Beginning | None:
        after = self._specification.after(event, beginning.slot, beginning.time)
        if after is None or after.time > latest:
            return None
        return beginning._replace(slot=after.slot, time=after.time, **left)
