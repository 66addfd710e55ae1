"""Slots and the availability they are made from, in the table.

A day is changed by transactions that write its availability too, on condition that it is the one that was read, or
the one that this request's last transaction has left. So a request that another one has overtaken writes nothing more,
and no two mix their slots. As a transaction takes 100 actions, several days share one, or a day takes several, one
after the other: side by side they would be in each other's way at the availability.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import NamedTuple

from boto3.dynamodb.conditions import Attr, ConditionBase

from chalicelib.dao import keys
from chalicelib.dao.actions import Action, delete, put, update
from chalicelib.dao.conditions import is_there, prepared
from chalicelib.dao.items import Item, availability_item, slot_item, to_availability, to_slot
from chalicelib.dao.table import ConditionFailedError, Table
from chalicelib.domain.changes import DayChange
from chalicelib.domain.instants import to_epoch_second
from chalicelib.domain.models import Availability, Slot, SlotStatus


class SlotDao:
    """A `SlotStore`."""

    def __init__(self, *, table: Table) -> None:
        self._table = table

    def find(self, provider_id: str, slot_id: str) -> Slot | None:
        """Read the slot."""
        item = self._table.get(keys.slot(provider_id, slot_id))
        return to_slot(item) if item else None

    def of_days(
        self, provider_id: str, first_day: date, last_day: date, *, after: str = "", page_size: int | None = None
    ) -> Iterator[Slot]:
        """Read the days' slots in one query; the sort key orders them by time."""
        of = keys.slots_of_days(provider_id, first_day, last_day)
        start = keys.slot(provider_id, after) if after else None
        return map(to_slot, self._table.query_range(of, after=start, page_size=page_size))

    def availability(self, provider_id: str, first_day: date, last_day: date) -> list[Availability]:
        """Read what is set for the days in one query."""
        of = keys.availability_of_days(provider_id, first_day, last_day)
        return [to_availability(item) for item in self._table.query_range(of)]

    def change_days(self, provider_id: str, changes: Sequence[DayChange], *, now: datetime) -> list[DayChange]:
        """Change the days, a few transactions at a time."""
        days = [_Day(provider_id, change, now) for change in changes]
        groups = _groups(days, self._table.max_actions)
        self._table.side_by_side([partial(self._change_together, group) for group in groups])
        return [day.change for day in days if not day.is_overtaken]

    def _change_together(self, days: "list[_Day]") -> None:
        """Change days that fit into one transaction, or one that does not, in one after the other."""
        while steps := _steps(days)[: self._table.max_actions]:
            try:
                self._table.transact([step.action for step in steps])
            except ConditionFailedError as refused:
                # One refusal undoes the whole transaction: it is written again without what was refused.
                for index, there in refused.failed.items():
                    steps[index].refused(there)
            else:
                for step in steps:
                    step.done()


class _Step(NamedTuple):
    """An action of a day's change, on a slot or, without one, on its availability."""

    day: "_Day"
    slot: Slot | None
    action: Action

    def done(self) -> None:
        if self.slot is None:
            self.day.revisions.append(self.day.next_revision)
        else:
            self.day.settled.add(self.slot.slot_id)

    def refused(self, there: Item | None) -> None:
        if self.slot is None:
            self.day.is_overtaken = True
        elif there is None:
            self.day.settled.add(self.slot.slot_id)
        else:
            self.day.change = self.day.change.but_owned(to_slot(there))


class _Day:
    """A day that is being changed."""

    def __init__(self, provider_id: str, change: DayChange, now: datetime) -> None:
        self.change = change
        self.is_overtaken = False
        self.revisions = [change.replaces]
        """The one that was read, and one for each transaction that was done: who reads the day between two of them has
        not read it as the next one leaves it, and must not write."""
        self.settled: set[str] = set()
        """The ids of slots that are as they are to be."""
        self._provider_id = provider_id
        self._now = now

    def steps(self) -> list[_Step]:
        """What is left to do: the availability first, in each transaction again; nothing if all is done."""
        if self.is_overtaken:
            return []
        left = list(self._steps_on_slots())
        return [self._step_on_availability(), *left] if left or len(self.revisions) == 1 else []

    @property
    def next_revision(self) -> str:
        """What the next transaction makes of it."""
        return f"{self.change.availability.revision}{'+' * (len(self.revisions) - 1)}"

    def _step_on_availability(self) -> _Step:
        after = replace(self.change.availability, revision=self.next_revision)
        return _Step(
            self, None, put(availability_item(self._provider_id, after), _is_at(revision=self.revisions[-1] or None))
        )

    def _steps_on_slots(self) -> Iterator[_Step]:
        now = to_epoch_second(self._now)
        actions: list[tuple[Sequence[Slot], Callable[[Slot], Action]]] = [
            (self.change.remove, lambda slot: delete(_key(slot), _is_nobodys(now=now))),
            (self.change.withdraw, lambda slot: update(_key(slot), write={"withdrawn": True}, condition=is_there())),
            (self.change.restore, lambda slot: update(_key(slot), remove=("withdrawn",), condition=is_there())),
            (self.change.add, lambda slot: put(slot_item(slot), _is_absent_or_nobodys(now=now))),
        ]
        for slots, action in actions:
            for slot in slots:
                if slot.slot_id not in self.settled:
                    yield _Step(self, slot, action(slot))


def _groups(days: Sequence[_Day], max_actions: int) -> list[list[_Day]]:
    """Days that are changed together, in order: as many as fit into a transaction, or one that does not."""
    groups: list[list[_Day]] = []
    room = 0
    for day in days:
        size = 1 + day.change.slots_to_write
        if size > room:
            groups.append([])
            room = max_actions
        groups[-1].append(day)
        room -= size
    return groups


def _steps(days: Sequence[_Day]) -> list[_Step]:
    """The steps that are left, in order."""
    return [step for day in days for step in day.steps()]


@prepared
def _is_at(*, revision: str | None = None) -> ConditionBase:
    """The day's availability has this revision; None: there is none."""
    return Attr("PK").not_exists() if revision is None else Attr("revision").eq(revision)


@prepared
def _is_nobodys(*, now: int) -> ConditionBase:
    return is_nobodys(now)


@prepared
def _is_absent_or_nobodys(*, now: int) -> ConditionBase:
    return Attr("PK").not_exists() | is_nobodys(now)


def is_nobodys(now: int) -> ConditionBase:
    """Nobody owns the slot at this second: it is AVAILABLE, or HELD past its deadline."""
    hold_is_over = Attr("holdExpiresAt").lte(now)
    return Attr("status").eq(SlotStatus.AVAILABLE) | (Attr("status").eq(SlotStatus.HELD) & hold_is_over)


def is_free(now: int) -> ConditionBase:
    """Somebody may get the slot at this second: nobody owns it, and it has not been withdrawn."""
    return is_nobodys(now) & Attr("withdrawn").not_exists()


def _key(slot: Slot) -> keys.Key:
    return keys.slot(slot.provider_id, slot.slot_id)
