"""Each slot's part in the operations: what took it, gave it back, or only looked at it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from simulation.histories.answers import is_done, shown_status
from simulation.histories.lives import Life
from simulation.histories.operations import Kind, Operation
from simulation.histories.specification import Act, Event, SlotHistory
from simulation.histories.terms import SECOND, Terms, instant, invoked, over

Slot = tuple[str, str]
"""Provider and slot."""


def slot_histories(operations: Iterable[Operation], lives: Iterable[Life], terms: Terms) -> list[SlotHistory]:
    """What happened to each slot that the operations name."""
    return _Slots(operations, lives, terms).histories()


class _Slots:
    def __init__(self, operations: Iterable[Operation], lives: Iterable[Life], terms: Terms) -> None:
        self._operations = list(operations)
        self._terms = terms
        self._lives = {life.booking_id: life for life in lives}
        self._settings = _by_day(each for each in self._operations if each.kind == Kind.AVAILABILITY)
        self._starts = _known_slots(self._operations)
        self._histories: dict[Slot, SlotHistory] = {}

    def histories(self) -> list[SlotHistory]:
        slots_of_day: dict[tuple[str, str], list[str]] = defaultdict(list)
        for provider_id, slot_id in self._starts:
            slots_of_day[provider_id, _day(slot_id)].append(slot_id)
        for each in self._operations:
            if each.booking_id is not None:
                self._add_step(each)
            elif each.kind == Kind.HOLD:
                self._add_hold(each)
            elif each.kind == Kind.SLOTS and is_done(each):
                listed = {slot["slotId"] for slot in each.body["slots"]}
                for slot_id in slots_of_day[str(each.provider_id), str(each.day)]:
                    self._add_look(each, (str(each.provider_id), slot_id), is_listed=slot_id in listed)
        return list(self._histories.values())

    def _add_hold(self, hold: Operation) -> None:
        slot = (str(hold.provider_id), str(hold.slot_id))
        if hold.is_unsettled:
            # Whoever made it knows no id, so it can only lapse, or be given back.
            lapsed = over(hold, self._terms) + self._terms.hold + SECOND
            self._of(slot).lost_holds.append(self._event(Act.TAKE, hold, deadline=lapsed))
        elif is_done(hold):
            booking_id = str(hold.body.get("bookingId"))
            if booking_id in self._lives and self._lives[booking_id].hold is hold:
                self._of(slot).events.append(
                    self._event(Act.TAKE, hold, booking_id, deadline=self._lives[booking_id].deadline)
                )
        elif hold.status == 409 and not self._may_have_started(slot, hold):
            self._of(slot).events.append(self._event(Act.SEE_TAKEN, hold))
        elif hold.body.get("code") == "SLOT_NOT_FOUND":
            act = Act.SEE_FREE if self._may_be_absent(slot, hold) else Act.NEVER
            self._of(slot).events.append(self._event(act, hold))

    def _add_step(self, step: Operation) -> None:
        """A read, a confirm or a cancel of a booking."""
        life = self._lives.get(str(step.booking_id))
        if life is None or step.status == 404:
            return
        history = self._of(life.slot)
        act = {Kind.CONFIRM: Act.CONFIRM, Kind.CANCEL: Act.CANCEL}.get(Kind(step.kind))
        if step.is_unsettled:
            if act:
                history.unsettled.append(self._event(act, step, life.booking_id, deadline=life.deadline))
        elif is_done(step) and act:
            history.events.append(self._event(act, step, life.booking_id, deadline=life.deadline))
        elif status := shown_status(step):
            history.events.append(self._event(Act.of_status(status), step, life.booking_id, deadline=life.deadline))

    def _add_look(self, look: Operation, slot: Slot, *, is_listed: bool) -> None:
        """One slot's place in a list, or its absence: the list is no snapshot, so each slot is a read of its own."""
        if is_listed:
            starts = self._starts.get(slot)
            late = starts is not None and invoked(look) >= starts + self._terms.clock_skew
            self._of(slot).events.append(self._event(Act.NEVER if late else Act.SEE_FREE, look))
        elif not self._may_have_started(slot, look) and not self._may_be_absent(slot, look):
            self._of(slot).events.append(self._event(Act.SEE_TAKEN, look))

    def _of(self, slot: Slot) -> SlotHistory:
        return self._histories.setdefault(slot, SlotHistory(slot=slot, clock_skew=self._terms.clock_skew))

    def _event(self, act: Act, operation: Operation, booking_id: str = "", deadline: int = 0) -> Event:
        return Event(
            act=act,
            operation=operation,
            booking_id=booking_id,
            deadline=deadline,
            invoked=invoked(operation),
            returned=over(operation, self._terms),
        )

    def _may_have_started(self, slot: Slot, operation: Operation) -> bool:
        starts = self._starts.get(slot)
        return starts is not None and over(operation, self._terms) >= starts - self._terms.clock_skew

    def _may_be_absent(self, slot: Slot, operation: Operation) -> bool:
        """Whether a free slot may be missing at some time within the operation, by how its day was set.

        A day that nobody is known to set is as it was. Setting a day removes free slots first, and may stop half way.
        """
        settings = self._settings.get((slot[0], _day(slot[1])), [])
        before = [each for each in settings if over(each, self._terms) < invoked(operation)]
        if any(invoked(each) <= over(operation, self._terms) for each in settings if each not in before):
            return True
        last = [each for each in before if not any(over(each, self._terms) < invoked(later) for later in before)]
        return bool(settings) and (not last or any(slot[1] not in _slots_in(each) for each in last))


def _by_day(settings: Iterable[Operation]) -> Mapping[tuple[str | None, str | None], list[Operation]]:
    found = defaultdict(list)
    for each in settings:
        if is_done(each) or each.is_unsettled:
            found[each.provider_id, each.day].append(each)
    return found


def _known_slots(operations: Iterable[Operation]) -> dict[Slot, int | None]:
    """Every slot that is known to have been there, with its start where an answer tells it."""
    found: dict[Slot, int | None] = {}
    for each in operations:
        if each.kind == Kind.HOLD and each.status in {202, 409}:
            found.setdefault((str(each.provider_id), str(each.slot_id)), None)
        for slot in (each.body, *_slot_views(each)):
            if "slotId" in slot and "startsAt" in slot:
                found[str(slot.get("providerId", each.provider_id)), str(slot["slotId"])] = instant(slot["startsAt"])
    return found


def _slot_views(operation: Operation) -> list[Mapping[str, Any]]:
    return list(operation.body.get("slots", [])) if operation.kind in {Kind.SLOTS, Kind.AVAILABILITY} else []


def _slots_in(setting: Operation) -> set[str]:
    """The slots that are there after a setting of a day that went through."""
    return {slot["slotId"] for slot in _slot_views(setting)}


def _day(slot_id: str) -> str:
    return slot_id.partition("T")[0]
