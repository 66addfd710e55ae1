"""Each slot's part in the operations: what took it, gave it back, or only looked at it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from chalicelib.domain.models import BookingStatus
from simulation.histories.answers import is_done, is_refused_for_the_slot, shown_slot, shown_status
from simulation.histories.lives import Life
from simulation.histories.operations import Kind, Operation
from simulation.histories.specification import Act, Event, SlotHistory
from simulation.histories.terms import SECOND, Terms, instant, invoked, over

Slot = tuple[str, str]
"""Provider and slot."""

_STEPS: Final[Mapping[str, Act]] = {Kind.CONFIRM: Act.CONFIRM, Kind.CANCEL: Act.CANCEL}
_MOVES: Final[Mapping[str | None, Sequence[Act]]] = {
    BookingStatus.PENDING: [Act.MOVE_HELD],
    BookingStatus.CONFIRMED: [Act.MOVE_RESERVED],
    None: [Act.MOVE_HELD, Act.MOVE_RESERVED],
}
"""How a slot is taken by a reschedule that was answered with a booking in this status, or not answered."""


def slot_histories(operations: Iterable[Operation], lives: Iterable[Life], terms: Terms) -> list[SlotHistory]:
    """What happened to each slot that the operations name."""
    return _Slots(operations, lives, terms).histories()


class _Slots:
    def __init__(self, operations: Iterable[Operation], lives: Iterable[Life], terms: Terms) -> None:
        self._operations = list(operations)
        self._terms = terms
        self._lives = {life.booking_id: life for life in lives}
        self._settings = _by_day(each for each in self._operations if each.kind in _SETTINGS)
        self._starts = _known_slots(self._operations)
        self._histories: dict[Slot, SlotHistory] = {}

    def histories(self) -> list[SlotHistory]:
        slots_of: dict[str, list[str]] = defaultdict(list)
        for provider_id, slot_id in self._starts:
            slots_of[provider_id].append(slot_id)
        for each in self._operations:
            if each.booking_id is not None:
                self._add_step(each)
            elif each.kind == Kind.HOLD:
                self._add_hold(each)
            elif each.kind == Kind.SLOTS and is_done(each):
                listed = [slot["slotId"] for slot in each.body["slots"]]
                for slot_id in slots_of[str(each.provider_id)]:
                    if _is_within(each, listed, slot_id):
                        self._add_look(each, (str(each.provider_id), slot_id), is_listed=slot_id in listed)
        return list(self._histories.values())

    def _add_hold(self, hold: Operation) -> None:
        slot = (str(hold.provider_id), str(hold.slot_id))
        if hold.is_unsettled:
            # Whoever made it knows no id, so it can only lapse, or be given back.
            lapsed = over(hold, self._terms) + max(self._terms.holds) + SECOND
            self._of(slot).lost_holds.append(self._event(Act.TAKE, hold, deadline=lapsed))
        elif is_done(hold):
            # With a key, it may be the answer of an earlier one.
            if hold.key is None and not self._may_be_offered(slot, hold):
                self._of(slot).events.append(self._event(Act.NEVER, hold))
            life = self._lives.get(str(hold.body.get("bookingId")))
            if life and life.hold is hold:
                self._of(slot).events.append(self._taking(life))
        else:
            self._add_refusal(hold, slot)

    def _taking(self, life: Life) -> Event:
        """A booking begins: by the hold that was answered, or by one before it with the same key."""
        event = self._event(Act.TAKE, life.hold, life)
        makers = life.makers(self._terms)
        if not makers:
            return event
        latest = max(over(each, self._terms) for each in makers)
        return replace(event, invoked=min(map(invoked, makers)), returned=min(event.returned, latest))

    def _add_refusal(self, operation: Operation, slot: Slot, life: Life | None = None) -> None:
        """A slot that could not be taken, by a hold or a reschedule; the latter never for having the slot itself."""
        code = operation.body.get("code")
        if code == "SLOT_UNAVAILABLE" and not self._may_have_started(slot, operation):
            self._of(slot).events.append(self._event(Act.SEE_TAKEN, operation, life))
        elif code == "SLOT_NOT_FOUND":
            act = Act.SEE_FREE if self._may_be_absent(slot, operation) else Act.NEVER
            self._of(slot).events.append(self._event(act, operation))

    def _add_step(self, step: Operation) -> None:
        """A read of a booking, or a step, as each slot sees it that the booking may have been on."""
        life = self._lives.get(str(step.booking_id))
        if life is None:
            return
        if step.kind == Kind.RESCHEDULE:
            self._add_refusal(step, (life.provider_id, str(step.slot_id)), life)
        slot_ids = life.slot_ids
        place = slot_ids[0] if len(slot_ids) == 1 else shown_slot(step)
        for slot_id in slot_ids:
            history = self._of((life.provider_id, slot_id))
            is_here = None if place is None else place == slot_id
            events = [self._event(act, step, life, is_here=is_here) for act in _acts(step, slot_id)]
            (history.unsettled if step.is_unsettled else history.events).extend(events)

    def _add_look(self, look: Operation, slot: Slot, *, is_listed: bool) -> None:
        """One slot's place in a list, or its absence: the list is no snapshot, so each slot is a read of its own."""
        if is_listed:
            starts = self._starts.get(slot)
            late = starts is not None and invoked(look) >= starts + self._terms.clock_skew
            is_possible = not late and self._may_be_offered(slot, look)
            self._of(slot).events.append(self._event(Act.SEE_FREE if is_possible else Act.NEVER, look))
        elif not (
            self._may_have_started(slot, look) or self._may_be_absent(slot, look) or self._may_be_hidden(slot, look)
        ):
            self._of(slot).events.append(self._event(Act.SEE_TAKEN, look))

    def _of(self, slot: Slot) -> SlotHistory:
        return self._histories.setdefault(slot, SlotHistory(slot=slot, clock_skew=self._terms.clock_skew))

    def _event(
        self,
        act: Act,
        operation: Operation,
        life: Life | None = None,
        *,
        deadline: int = 0,
        is_here: bool | None = None,
    ) -> Event:
        return Event(
            act=act,
            operation=operation,
            booking_id=life.booking_id if life else "",
            deadline=life.deadline if life else deadline,
            is_here=is_here,
            invoked=invoked(operation),
            returned=over(operation, self._terms),
        )

    def _may_have_started(self, slot: Slot, operation: Operation) -> bool:
        starts = self._starts.get(slot)
        return starts is not None and over(operation, self._terms) >= starts - self._terms.clock_skew

    def _may_be_hidden(self, slot: Slot, look: Operation) -> bool:
        """Whether a free slot may be left out of a list by the provider's policy, as soon as there may be one."""
        policies = [each for each in self._operations if each.kind == Kind.POLICY and each.provider_id == slot[0]]
        return any(invoked(each) <= over(look, self._terms) for each in policies)

    def _may_be_absent(self, slot: Slot, operation: Operation) -> bool:
        """Whether the slot may be missing at some time within the operation, though it is free."""
        settings = self._in_force(slot, operation)
        return any(setting is None or slot[1] not in _slots_free_after(setting) for setting in settings)

    def _may_be_offered(self, slot: Slot, operation: Operation) -> bool:
        """Whether the slot may be there to be booked at some time within the operation."""
        settings = self._in_force(slot, operation)
        return not settings or any(setting is None or _may_have(setting, slot[1]) for setting in settings)

    def _in_force(self, slot: Slot, operation: Operation) -> list[Operation | None]:
        """The last settings of the slot's day before the operation, each of which may be the one that counts.

        None stands for a day that may be in any state, as setting one may stop half way. Nothing: nobody is known to
        set the day, so it is as it was.
        """
        settings = self._settings.get((slot[0], _day(slot[1])), [])
        before = [each for each in settings if over(each, self._terms) < invoked(operation)]
        last = [each for each in before if not any(over(each, self._terms) < invoked(later) for later in before)]
        under_way = any(invoked(each) <= over(operation, self._terms) for each in settings if each not in before)
        unknown = under_way or (settings and not last) or any(each.is_unsettled for each in last)
        return [*last, *([None] if unknown else [])]


_SETTINGS = frozenset({Kind.AVAILABILITY, Kind.CLOSING})


def _acts(step: Operation, slot_id: str) -> Sequence[Act]:
    """What a read or a step of a booking may be to a slot that the booking may have been on."""
    status = shown_status(step)
    if step.kind == Kind.RESCHEDULE and is_refused_for_the_slot(step):
        return [Act.SEE_LIVE]
    if step.kind == Kind.GET or not (is_done(step) or step.is_unsettled):
        return [Act.of_status(status)] if status else []
    if step.kind == Kind.RESCHEDULE:
        return _MOVES[status] if step.slot_id == slot_id else [Act.LEAVE]
    return [_STEPS[step.kind]]


def _by_day(settings: Iterable[Operation]) -> Mapping[tuple[str | None, str | None], list[Operation]]:
    found = defaultdict(list)
    for each in settings:
        if is_done(each) or each.is_unsettled:
            for day in _days_set(each):
                found[each.provider_id, day].append(each)
    return found


def _days_set(setting: Operation) -> list[str | None]:
    """The days that it set, or that it may have."""
    if setting.last_day is None:
        return [setting.day]
    if is_done(setting):
        return [day["date"] for day in setting.body["days"]]
    first, last = date.fromisoformat(str(setting.day)), date.fromisoformat(setting.last_day)
    return [str(first + timedelta(days=number)) for number in range((last - first).days + 1)]


def _is_within(look: Operation, listed: Sequence[str], slot_id: str) -> bool:
    """Whether a slot would be listed if it were free: a page of several goes from its first slot to its last."""
    if not str(look.day) <= _day(slot_id) <= (look.last_day or str(look.day)):
        return False
    is_after_the_page = look.body.get("nextCursor") is not None and slot_id > listed[-1]
    is_before_the_page = look.is_continued and (not listed or slot_id < listed[0])
    return not is_after_the_page and not is_before_the_page


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
    """The slots in the answer; of a pattern those that it kept."""
    if operation.kind not in {Kind.SLOTS, *_SETTINGS}:
        return []
    return [*operation.body.get("slots", []), *operation.body.get("kept", [])]


def _slots_free_after(setting: Operation) -> set[str]:
    """The slots that are surely free after a setting of a day that went through."""
    return {slot["slotId"] for slot in _slot_views(setting) if slot.get("status", "AVAILABLE") == "AVAILABLE"}


def _may_have(setting: Operation, slot_id: str) -> bool:
    """Whether a day may offer the slot after a setting that went through: now, or when its booking has ended.

    A pattern's answer does not tell its slots.
    """
    if setting.kind is Kind.CLOSING:
        return False
    return setting.last_day is not None or slot_id in {slot["slotId"] for slot in _slot_views(setting)}


def _day(slot_id: str) -> str:
    return slot_id.partition("T")[0]
