"""The keys of a table and of its indexes, all of them text."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypeVar

from simulation.dynamodb.errors import NO_REASON, Refused, cancelled, invalid, reason
from simulation.dynamodb.values import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from local_stack.resources import Key as KeyAttributes
    from local_stack.resources import Table as Description
    from simulation.dynamodb.scope import Item

T = TypeVar("T")
Key: TypeAlias = tuple[str, str]
"""An item's primary key: partition and sort."""

_MAX_PARTITION_BYTES = 2048
_MAX_SORT_BYTES = 1024


class Schema:
    """Which attributes are keys, and what they may be."""

    def __init__(self, description: Description) -> None:
        self.table_name = description.name
        self.partition = description.key.partition
        self.sort = description.key.sort
        self.primary: KeyAttributes = description.key
        self.indexes: Mapping[str, KeyAttributes] = description.indexes
        self.ttl = description.ttl_attribute
        self.key_names = frozenset({self.partition, self.sort})
        self._limits: dict[str, int] = {}
        for index in self.indexes.values():
            self._limits |= {index.partition: _MAX_PARTITION_BYTES, index.sort: _MAX_SORT_BYTES}
        self.index_names = frozenset(self._limits)

    def index(self, name: str | None) -> KeyAttributes:
        """The key attributes of an index, or those of the table. Raises `Refused`."""
        if name is None:
            return self.primary
        if name not in self.indexes:
            raise invalid(f"The table does not have the specified index: {name}")
        return self.indexes[name]

    def check_filled(self, attributes: Item) -> None:
        """What there is of a key is not empty. Raises `Refused`."""
        _check_not_empty(self.key_names, attributes)

    def check_index_keys_filled(self, item: Item) -> None:
        """What there is of the keys of indexes is not empty. Raises `Refused`."""
        _check_not_empty(self.index_names, item)

    def key_of_item(self, item: Item) -> Key:
        """The key of an item that is put. Raises `Refused`."""
        for name in (self.partition, self.sort):
            value = item.get(name)
            if value is None:
                raise invalid(f"One or more parameter values were invalid: Missing the key {name} in the item")
            if "S" not in value:
                raise invalid(
                    "One or more parameter values were invalid: "
                    f"Type mismatch for key {name} expected: S actual: {kind_of(value)}"
                )
        return self._key(item)

    def key(self, attributes: Item) -> Key:
        """The key that a request names. Raises `Refused`."""
        if attributes.keys() != self.key_names or not all("S" in value for value in attributes.values()):
            raise invalid("The provided key element does not match the schema")
        return self._key(attributes)

    def _key(self, attributes: Item) -> Key:
        partition, sort = attributes[self.partition]["S"], attributes[self.sort]["S"]
        if _is_longer(partition, _MAX_PARTITION_BYTES) or _is_longer(sort, _MAX_SORT_BYTES):
            raise invalid("One or more parameter values were invalid: Size of a key has exceeded its limit")
        return partition, sort

    def check_index_keys(self, item: Item) -> None:
        """What stands in an item under the name of an index's key can be one. Raises `Refused`."""
        for name, limit in self._limits.items():
            value = item.get(name)
            if value is None:
                continue
            text = value.get("S")
            if text is None:
                raise invalid(f"One or more parameter values were invalid: Type mismatch for Index Key {name}")
            _check_not_empty({name}, item)
            if _is_longer(text, limit):
                raise invalid(
                    f"One or more parameter values were invalid: Size of the index key {name} exceeds its limit"
                )


def keys_of_transaction(actions: Sequence[T], key: Callable[[T], Key]) -> list[Key]:
    """The keys of all actions. The first that does not fit cancels the transaction, before its items are looked at."""
    keys: list[Key] = []
    for action in actions:
        try:
            keys.append(key(action))
        except Refused as refused:
            reasons = [NO_REASON] * len(actions)
            reasons[len(keys)] = reason(refused)
            raise cancelled(reasons) from None
    return keys


def _check_not_empty(names: Iterable[str], attributes: Item) -> None:
    for name in names:
        value = attributes.get(name)
        if value is not None and value.get("S") == "":
            raise invalid(
                "One or more parameter values are not valid. "
                f"The AttributeValue for a key attribute cannot contain an empty string value. Key: {name}"
            )


def _is_longer(text: str, limit: int) -> bool:
    return len(text) * 4 > limit and len(text.encode()) > limit
