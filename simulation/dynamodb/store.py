"""The items of a table, in order, and what became of them."""

import json
from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, NamedTuple, TypeAlias

from local_stack.resources import Key as KeyAttributes
from simulation.dynamodb.key_conditions import Row
from simulation.dynamodb.schema import Key, Schema
from simulation.dynamodb.values import Image, Value, number

Partitions: TypeAlias = dict[str, list[Row]]
"""The places of all items by partition, in order. No list is ever changed."""


class Change(NamedTuple):
    """What the table's stream tells of one item."""

    event_name: Literal["INSERT", "MODIFY", "REMOVE"]
    keys: Mapping[str, Value]
    old_image: Image | None
    new_image: Image | None
    by_ttl: bool
    time: float
    """When, in epoch seconds."""


@dataclass(frozen=True)
class Token:
    """A transaction that was done, and is not done again when it is asked for once more."""

    actions: Any
    time: float

    @cached_property
    def frozen(self) -> Hashable:
        """The same, to be hashed and compared."""
        return self.time, json.dumps(self.actions, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All of a table at one moment."""

    items: Mapping[Key, Image]
    partitions: tuple[Partitions, ...]
    due: Mapping[Key, Decimal]
    changes: tuple[Change, ...]
    tokens: Mapping[str, Token]

    def frozen(self) -> Hashable:
        """The items and the tokens, to be hashed and compared; not how they came to be."""
        items = frozenset((key, image.frozen) for key, image in self.items.items())
        return items, frozenset((name, token.frozen) for name, token in self.tokens.items())


class Store:
    """The items, each index over them, and the changes. All that is written goes through `write`."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self.items: dict[Key, Image] = {}
        self.changes: list[Change] = []
        self.tokens: dict[str, Token] = {}
        self._places: dict[str | None, KeyAttributes] = {None: schema.primary} | dict(schema.indexes)
        self._partitions: dict[str | None, Partitions] = {name: {} for name in self._places}
        self._due: dict[Key, Decimal] = {}

    def write(self, key: Key, new: Image | None, *, now: float, by_ttl: bool = False) -> Image | None:
        """Put an item's new image in place of its old one, or remove it with None; returns what is there then.

        What changes nothing is no change: the stream does not tell of it, and the old image stays.
        """
        old = self.items.get(key)
        if new == old:
            return old
        if new is None:
            del self.items[key]
        else:
            self.items[key] = new
        for name, place in self._places.items():
            before, after = place_of(old, place, key), place_of(new, place, key)
            if before != after:
                _move(self._partitions[name], before, after)
        self._note_when_due(key, new)
        event: Literal["INSERT", "MODIFY", "REMOVE"] = (
            "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
        )
        keys = {self._schema.partition: {"S": key[0]}, self._schema.sort: {"S": key[1]}}
        self.changes.append(Change(event, keys, old, new, by_ttl, now))
        return new

    def rows(self, index: str | None, partition: str) -> list[Row]:
        """The places of a partition's items."""
        return self._partitions[index].get(partition, [])

    def partitions(self, index: str | None) -> Partitions:
        """All places."""
        return self._partitions[index]

    def as_it_was(
        self, place: KeyAttributes, rows: Iterable[Row], changes_ago: int
    ) -> tuple[dict[Key, Image], Partitions]:
        """What these rows of an index were some changes ago: the changes are taken back, latest first."""
        images = {key: self.items[key] for _, key in rows}
        for change in reversed(self.changes[-changes_ago:]):
            key = change.keys[self._schema.partition]["S"], change.keys[self._schema.sort]["S"]
            images.pop(key, None)
            if change.old_image is not None:
                images[key] = change.old_image
        partitions: Partitions = {}
        for key, image in images.items():
            where = place_of(image, place, key)
            if where is not None:
                partitions.setdefault(where[0], []).append(where[1])
        return images, {partition: sorted(found) for partition, found in partitions.items()}

    def expired(self, now: float) -> Iterator[Key]:
        """The items that TTL may delete, oldest entry first."""
        earliest = now - _FIVE_YEARS_SECONDS
        return (key for key, due in self._due.items() if earliest < due < now)

    def snapshot(self) -> Snapshot:
        """All of it."""
        return Snapshot(
            dict(self.items),
            tuple(map(dict, self._partitions.values())),
            dict(self._due),
            tuple(self.changes),
            dict(self.tokens),
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Make it as it was."""
        self.items = dict(snapshot.items)
        self._partitions = dict(zip(self._partitions, map(dict, snapshot.partitions), strict=True))
        self._due = dict(snapshot.due)
        self.changes = list(snapshot.changes)
        self.tokens = dict(snapshot.tokens)

    def _note_when_due(self, key: Key, image: Image | None) -> None:
        due = image.get(self._schema.ttl, {}).get("N") if image is not None else None
        if due is not None:
            self._due[key] = number(due)
        else:
            self._due.pop(key, None)


def place_of(image: Image | None, place: KeyAttributes, key: Key) -> tuple[str, Row] | None:
    """The partition and the row of an item; None if it has none, as it lacks an attribute of the index's key."""
    if image is None:
        return None
    partition, sort = image.get(place.partition), image.get(place.sort)
    return (partition["S"], (sort["S"], key)) if partition is not None and sort is not None else None


def _move(partitions: Partitions, old: tuple[str, Row] | None, new: tuple[str, Row] | None) -> None:
    if old is not None:
        partition, row = old
        rows = partitions[partition]
        if len(rows) > 1:
            at = bisect_left(rows, row)
            partitions[partition] = [*rows[:at], *rows[at + 1 :]]
        else:
            del partitions[partition]
    if new is not None:
        partition, row = new
        rows = partitions.get(partition, [])
        at = bisect_left(rows, row)
        partitions[partition] = [*rows[:at], row, *rows[at:]]


_FIVE_YEARS_SECONDS = 5 * 365 * 24 * 3600
"""TTL leaves alone what has been due for longer."""
