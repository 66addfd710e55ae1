"""Slots and the windows they are made from, in the table.

Setting a day is many transactions, as one takes 100 actions. The window's item carries a revision, and every
transaction on slots checks it: a later request for the same date stops an earlier one that is still writing, so two
requests never mix their grids.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from boto3.dynamodb.conditions import Attr, ConditionBase

from chalicelib.dao import keys
from chalicelib.dao.actions import Action, check, delete, put
from chalicelib.dao.items import Item, availability_item, slot_item, to_slot
from chalicelib.dao.table import MAX_ACTIONS, ConditionFailedError, Table
from chalicelib.domain.instants import to_epoch_second
from chalicelib.domain.models import Slot, SlotStatus, Window
from chalicelib.domain.ports import AvailabilitySupersededError

_SLOTS_PER_CALL = MAX_ACTIONS - 1
"""The check of the revision is one action more."""


class SlotDao:
    """A `SlotStore`."""

    def __init__(self, *, table: Table) -> None:
        self._table = table

    def find(self, provider_id: str, slot_id: str) -> Slot | None:
        """Read the slot."""
        item = self._table.get(keys.slot(provider_id, slot_id))
        return to_slot(item) if item else None

    def of_day(self, provider_id: str, day: date) -> list[Slot]:
        """Read the day's slots; the sort key orders them by time."""
        day_key = keys.slots_of_day(provider_id, day)
        return [to_slot(item) for item in self._table.query(day_key["PK"], sort_key_prefix=day_key["SK"])]

    def open_window(self, provider_id: str, window: Window, *, revision: str) -> None:
        """Put the window. The last request wins, so there is no condition."""
        self._table.transact([put(availability_item(provider_id, window, revision))])

    def remove_free(self, slots: Sequence[Slot], window: Window, *, revision: str, now: datetime) -> list[Slot]:
        """Delete each slot that is free at `now`; returns those that were taken in the meantime."""
        refused = self._write_all(slots, lambda slot: delete(_key(slot), is_free(now)), window, revision)
        return [to_slot(item) for item in refused if item]

    def add(self, slots: Sequence[Slot], window: Window, *, revision: str) -> None:
        """Put each slot; one that is there already, from an earlier try, stays as it is."""
        self._write_all(slots, lambda slot: put(slot_item(slot), Attr("PK").not_exists()), window, revision)

    def _write_all(
        self, slots: Sequence[Slot], action: Callable[[Slot], Action], window: Window, revision: str
    ) -> list[Item | None]:
        """Take the action on every slot that allows it; returns what was there where one was refused."""
        all_refused: list[Item | None] = []
        for start in range(0, len(slots), _SLOTS_PER_CALL):
            chunk = list(slots[start : start + _SLOTS_PER_CALL])
            while chunk:
                refused = self._write_chunk(chunk, action, window, revision)
                if not refused:
                    break
                # One refusal undoes its whole transaction: write it again without those that refuse.
                all_refused += refused.values()
                chunk = [slot for index, slot in enumerate(chunk) if index not in refused]
        return all_refused

    def _write_chunk(
        self, slots: Sequence[Slot], action: Callable[[Slot], Action], window: Window, revision: str
    ) -> Mapping[int, Item | None]:
        guard = check(keys.availability(slots[0].provider_id, window.day), Attr("revision").eq(revision))
        try:
            self._table.transact([*map(action, slots), guard])
        except ConditionFailedError as refused:
            if len(slots) in refused.failed:
                raise AvailabilitySupersededError from refused
            return refused.failed
        return {}


def is_free(now: datetime) -> ConditionBase:
    """The slot is nobody's at `now`: AVAILABLE, or HELD past its deadline."""
    hold_is_over = Attr("holdExpiresAt").lte(to_epoch_second(now))
    return Attr("status").eq(SlotStatus.AVAILABLE) | (Attr("status").eq(SlotStatus.HELD) & hold_is_over)


def _key(slot: Slot) -> keys.Key:
    return keys.slot(slot.provider_id, slot.slot_id)
