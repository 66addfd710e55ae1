"""What setting a day's availability does to the slots that are there.

Slots that nobody owns are made to be those of the windows. Those that somebody owns stay as they are, and nothing is
offered that would overlap one: the provider can't be in two places. An owned slot that is not among the windows' is
withdrawn: when its booking ends, it counts as gone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from chalicelib.domain.models import Availability, Slot

_Span: TypeAlias = tuple[str, datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayChange:
    """How a day gets from the slots that were read to those of its availability.

    In the order `remove`, `withdraw`, `restore`, `add`, no two slots ever overlap on the way.
    No slot id is in two of them.
    """

    availability: Availability
    replaces: str
    """The revision that was read, empty if the day was never set: what the change is worked out for."""
    remove: tuple[Slot, ...]
    """What nobody owns, and the windows don't have."""
    withdraw: tuple[Slot, ...]
    """What somebody owns, and the windows don't have."""
    restore: tuple[Slot, ...]
    """What had been withdrawn, and the windows have again."""
    add: tuple[Slot, ...]
    """What is new, also in place of a slot that nobody owns, with the same start and another end."""
    makes_way: tuple[Slot, ...]
    """The slots in whose place something of `add` is written: they are written over, and so not removed."""
    offered: tuple[Slot, ...]
    """All that can be booked after it."""
    kept: tuple[Slot, ...]
    """All that somebody owns."""
    replaced: int
    """How many slots could be booked before, and now are removed or offered anew."""

    @property
    def slots_to_write(self) -> int:
        """How many slots have to be written."""
        return len(self.remove) + len(self.withdraw) + len(self.restore) + len(self.add)

    def but_owned(self, slot: Slot) -> "DayChange":
        """The change, where a slot that was to be removed or replaced proves to have got an owner since it was read.

        What is not added any more, as it would overlap that one, does not write over what is there either.
        """
        add = _clear_of([slot], self.add)
        added = {each.slot_id for each in add}
        stays_over = tuple(each for each in self.makes_way if each.slot_id not in added)
        return replace(
            self,
            remove=tuple(each for each in (*self.remove, *stays_over) if each.slot_id != slot.slot_id),
            withdraw=(*self.withdraw, slot),
            add=add,
            makes_way=tuple(each for each in self.makes_way if each.slot_id in added),
            offered=_clear_of([slot], self.offered),
            kept=(*self.kept, slot),
            replaced=self.replaced - 1,
        )


def change_of(
    availability: Availability, *, replaces: str, before: Sequence[Slot], wanted: Sequence[Slot], now: datetime
) -> DayChange:
    """Work out how a day gets from the slots `before`, as they count at `now`, to the slots `wanted`."""
    owned = [slot for slot in before if slot.is_owned_at(now)]
    others = [slot for slot in before if not slot.is_owned_at(now)]
    offered = _clear_of(owned, wanted)
    add = _without(set(map(_span, others)), offered)
    replaced = {slot.slot_id for slot in add}
    staying = set(map(_span, offered)) | (set(map(_span, wanted)) & set(map(_span, owned)))
    return DayChange(
        availability=availability,
        replaces=replaces,
        remove=tuple(slot for slot in _without(staying, others) if slot.slot_id not in replaced),
        withdraw=tuple(slot for slot in _without(staying, owned) if not slot.withdrawn),
        restore=tuple(slot for slot in before if slot.withdrawn and _span(slot) in staying),
        add=add,
        makes_way=tuple(slot for slot in others if slot.slot_id in replaced),
        offered=offered,
        kept=tuple(owned),
        replaced=sum(not slot.withdrawn for slot in others),
    )


def _clear_of(owned: Sequence[Slot], slots: Iterable[Slot]) -> tuple[Slot, ...]:
    return tuple(slot for slot in slots if not any(slot.overlaps(other) for other in owned))


def _without(spans: set[_Span], slots: Iterable[Slot]) -> tuple[Slot, ...]:
    return tuple(slot for slot in slots if _span(slot) not in spans)


def _span(slot: Slot) -> _Span:
    return slot.slot_id, slot.starts_at, slot.ends_at
