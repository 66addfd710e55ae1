"""The capacity units that calls on the table take, worked out from the items by the rules that AWS publishes.

Amazon's DynamoDB Local reports the units of single reads and writes, and the tests hold these rules against it; what it
reports of a transaction has nothing to do with the sizes of its items. On demand, a unit is what is paid for; with a
partition it is what counts against 1,000 write and 3,000 read units a second.

The pages are of the Amazon DynamoDB Developer Guide, at https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/:
"DynamoDB item sizes and formats" (CapacityUnitCalculations.html), "DynamoDB read and write operations"
(read-write-operations.html), "Amazon DynamoDB Transactions: How it works" (transaction-apis.html), and "Using Global
Secondary Indexes in DynamoDB" (GSI.html).
"""

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from enum import Enum
from typing import Any, TypeAlias

from local_stack.resources import Key

Item: TypeAlias = Mapping[str, Any]
"""An item as the API has it: `{"PK": {"S": "USER#1"}, "ttl": {"N": "1790000000"}}`."""

Change: TypeAlias = "tuple[Item | None, Item | None]"
"""An item before and after an action; None while there is none. After a condition check it is as before.

An action that was refused takes what it would have taken, had it been done ("Capacity unit consumption for write
operations"), on the table; it writes no index."""

_WRITE_UNIT_BYTES = 1024
_READ_UNIT_BYTES = 4096
_NUMBERS = Context(prec=38)


class Read(Enum):
    """How many read units are taken for each 4 KB ("Capacity unit consumption for read operations")."""

    EVENTUALLY_CONSISTENT = 0.5
    STRONGLY_CONSISTENT = 1.0
    TRANSACTIONAL = 2.0


def size_of(item: Item) -> int:
    """Bytes of an item: of its attributes' names and values ("DynamoDB item sizes and formats").

    What AWS adds to an item when it bills storage is not in it. Raises ValueError for a set: the page has no rule.
    """
    return sum(len(name.encode()) + _size_of_value(value) for name, value in item.items())


def write_units(before: Item | None, after: Item | None) -> int:
    """Units of a single write on the table: one for each started KB of the larger of the item before and after.

    One where there is neither ("Capacity unit consumption for write operations").
    """
    return _started(max(_size(before), _size(after)), _WRITE_UNIT_BYTES)


def write_units_of_transaction(changes: Sequence[Change]) -> int:
    """Units of a TransactWriteItems on the table: two for each started KB, to prepare and to commit.

    A condition check takes as much as a write ("Amazon DynamoDB Transactions: How it works", capacity management). What
    a cancelled transaction takes, the page does not say: not more than this, which it is taken for.
    """
    return sum(2 * write_units(before, after) for before, after in changes)


def index_write_units(before: Item | None, after: Item | None, index: Key) -> int:
    """Units of what a write on the table changes in an index that projects all attributes, in a transaction or not.

    One for each started KB that is put, deleted or updated there. When the item's place in the index changes, it is
    deleted and put again; what is in the index neither before nor after, or stays as it is, takes none ("Using Global
    Secondary Indexes in DynamoDB", write capacity units).
    """
    old, new = _place(before, index), _place(after, index)
    if old == new:
        return 0 if old is None or before == after else write_units(before, after)
    return (write_units(before, None) if old else 0) + (write_units(None, after) if new else 0)


def read_units(*items: Item | None, read: Read = Read.STRONGLY_CONSISTENT) -> float:
    """Units of a GetItem, a BatchGetItem or a TransactGetItems: each item is rounded up to 4 KB, and so is none.

    "Capacity unit consumption for read operations".
    """
    return sum(read.value * _started(_size(item), _READ_UNIT_BYTES) for item in items)


def query_units(items: Sequence[Item], *, read: Read = Read.STRONGLY_CONSISTENT) -> float:
    """Units of one page of a Query: what all items that it goes through have together is rounded up to 4 KB.

    What a filter leaves out is among them, and a page without any takes as much as a small one ("Capacity unit
    consumption for read operations").
    """
    return read.value * _started(sum(map(size_of, items)), _READ_UNIT_BYTES)


def _size(item: Item | None) -> int:
    return size_of(item) if item else 0


def _started(size: int, unit: int) -> int:
    return max(1, -(-size // unit))


def _place(item: Item | None, index: Key) -> tuple[Any, Any] | None:
    """The item's key in the index, if it is in there."""
    if item is None or index.partition not in item or index.sort not in item:
        return None
    return item[index.partition], item[index.sort]


def _size_of_value(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return _size_of_number(content)
        case "B":
            return len(content)
        case "BOOL" | "NULL":
            return 1
        case "L":
            return 3 + sum(1 + _size_of_value(element) for element in content)
        case "M":
            return 3 + len(content) + size_of(content)
    raise ValueError(f"no rule for the size of a {kind}")


def _size_of_number(text: str) -> int:
    """A byte, one for each two digits without the zeros at the ends, and one for a minus.

    The page says "approximately". DynamoDB Local counts pairs from the decimal point on, as here: 120 is 1 and 20.
    """
    sign, digits, exponent = Decimal(text).normalize(_NUMBERS).as_tuple()
    if not any(digits) or not isinstance(exponent, int):
        return 1
    return 1 + -(-(len(digits) + exponent % 2) // 2) + sign
