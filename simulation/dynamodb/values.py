"""Attribute values as they are on the wire, `{"S": "text"}`: checked, in one form for each value, and compared.

Values are checked once, when they come in, and have one form from then on: numbers as DynamoDB writes them, sets in
order. So equal values are equal dictionaries. No value is ever changed; what is different is a new one.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Hashable, Iterable, Mapping
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any, TypeAlias

from simulation.dynamodb.errors import Refused, invalid

Value: TypeAlias = Mapping[str, Any]
"""One type and one content."""

TYPES = frozenset({"S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"})
ORDERED = frozenset({"S", "N", "B"})
"""Types whose values can be greater or less."""

SETS = frozenset({"SS", "NS", "BS"})
SIZED = frozenset({"S", "B", "SS", "NS", "BS", "L", "M"})
"""Types that `size` knows."""

MAX_DEPTH = 32
"""How deep lists and maps can lie in one another, the attribute itself counted."""

_MAX_NAME_BYTES = 65_535
_SHORT_NAME = 64
"""So many characters can't be too many bytes."""

_MAX_DIGITS = 38
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_LARGEST = Decimal("9.9999999999999999999999999999999999999E+125")
_SMALLEST = Decimal("1E-130")
_EXACT = Context(prec=600)
"""More digits than the sum of any two numbers has."""

_CONTAINER_BYTES = 3
"""A list or a map takes this much beside its elements, and each of those one byte more."""


class Image(dict[str, Value]):
    """An item as it is, or was, in the table. It is never changed: what changes an item makes a new image."""

    __slots__ = ("_frozen", "_size")
    _frozen: Hashable
    _size: int

    @property
    def size(self) -> int:
        """In bytes, as DynamoDB reckons."""
        try:
            return self._size
        except AttributeError:
            self._size = sum(size_of_attribute(name, value) for name, value in self.items())
            return self._size

    def changed(self, changes: Mapping[str, Value | None]) -> "Image":
        """Another image, where some attributes have other values, or are gone for None."""
        new, size = Image(self), self.size
        for name, value in changes.items():
            old = new.pop(name, None)
            if old is not None:
                size -= size_of_attribute(name, old)
            if value is not None:
                new[name] = value
                size += size_of_attribute(name, value)
        new._size = size
        return new

    @property
    def frozen(self) -> Hashable:
        """The same, to be hashed and compared."""
        try:
            return self._frozen
        except AttributeError:
            self._frozen = _frozen_map(self)
            return self._frozen


def checked_attributes(attributes: Any, depth: int = 1) -> dict[str, Value]:
    """The attributes of an item or a map, in their one form. Raises `Refused`."""
    if not isinstance(attributes, dict):
        raise malformed(attributes)
    checked = {name: checked_value(value, depth) for name, value in attributes.items()}
    for name in checked:
        if not 0 < len(name) <= _SHORT_NAME:
            _check_name(name)
    return checked


def checked_value(value: Any, depth: int = 1) -> Value:
    """The value in its one form; itself, if it has that already. Raises `Refused`."""
    # Nearly all values are text or numbers that are as they should be: the rest can take its time.
    if type(value) is dict and len(value) == 1:
        for kind, content in value.items():
            if type(content) is str and (kind == "S" or (kind == "N" and _number_in_one_form(content) == content)):
                return value
    return _checked_with_care(value, depth)


def _checked_with_care(value: Any, depth: int) -> Value:
    if not isinstance(value, dict):
        raise malformed(value)
    given = [(kind, content) for kind, content in value.items() if kind in TYPES and content is not None]
    if len(given) != 1:
        raise invalid(
            "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
            if not given
            else "Supplied AttributeValue has more than one datatypes set, "
            "must contain exactly one of the supported datatypes"
        )
    kind, content = given[0]
    return {kind: _CHECKS[kind](content, depth)}


def malformed(content: object) -> Refused:
    """JSON of the wrong type, which does not come as far as being checked."""
    return Refused("SerializationException", f"Unexpected value type in payload: {type(content).__name__}")


def kind_of(value: Value) -> str:
    """The value's type, such as "S"."""
    return next(iter(value))


def is_less(left: Value, right: Value) -> bool:
    """Whether both have one type that has an order, and left comes before right in it."""
    kind = kind_of(left)
    if kind not in ORDERED or kind not in right:
        return False
    if kind == "S":
        return bool(left["S"] < right["S"])  # code points order as UTF-8's bytes do
    if kind == "N":
        return number(left["N"]) < number(right["N"])
    return b64decode(left["B"]) < b64decode(right["B"])


def begins_with(whole: Value, start: Value) -> bool:
    """Whether both are text or both binary, and one begins with the other."""
    if "S" in whole and "S" in start:
        return bool(whole["S"].startswith(start["S"]))
    return "B" in whole and "B" in start and b64decode(whole["B"]).startswith(b64decode(start["B"]))


def contains(whole: Value, part: Value) -> bool:
    """Whether text or binary has a part, or a set or a list has an element."""
    (kind, content), (part_kind, part_content) = *whole.items(), *part.items()
    if kind == "L":
        return part in content
    if kind in SETS:
        return bool(part_kind == kind[0] and part_content in content)
    if kind == "S" and part_kind == "S":
        return bool(part_content in content)
    return kind == "B" and part_kind == "B" and b64decode(part_content) in b64decode(content)


def length(value: Value) -> int | None:
    """What `size` gives: UTF-16 code units, bytes or elements; None for a type that has no size."""
    kind, content = next(iter(value.items()))
    if kind == "S":
        return len(content) if content.isascii() else len(content.encode("utf-16-le")) // 2
    if kind == "B":
        return len(b64decode(content))
    return len(content) if kind in SIZED else None


def total(left: Value, right: Value, *, sign: int = 1) -> Value:
    """The sum or difference of two numbers. Raises `Refused` where it would lose a digit."""
    operation = _EXACT.add if sign > 0 else _EXACT.subtract
    return {"N": _written(_within_limits(operation(number(left["N"]), number(right["N"]))))}


def united(left: Value, right: Value) -> Value:
    """All elements of two sets of one type."""
    kind = kind_of(left)
    return {kind: _in_order(kind, {*left[kind], *right[kind]})}


def without(left: Value, right: Value) -> Value | None:
    """The elements of a set that are not in another of its type; None if none is left, as there is no empty set."""
    kind = kind_of(left)
    rest = [element for element in left[kind] if element not in right[kind]]
    return {kind: rest} if rest else None


@lru_cache(maxsize=65_536)
def number(text: str) -> Decimal:
    """What a number's text means. Raises `Refused` if it means none, or one that DynamoDB can't keep."""
    if not _NUMBER.fullmatch(text):
        raise invalid(f"The parameter cannot be converted to a numeric value: {text}")
    return _within_limits(Decimal(text))


def size_of_attribute(name: str, value: Value) -> int:
    """Bytes of an attribute: "DynamoDB item sizes and formats", in its developer guide."""
    text = value.get("S")
    size = size_of(value) if text is None else _size_of_text(text)
    return size + len(name) if name.isascii() else size + len(name.encode())


def size_of(value: Value) -> int:
    """Bytes of a value."""
    kind, content = next(iter(value.items()))
    return _SIZES[kind](content)


def check_depth(values: Iterable[Value]) -> None:
    """Attributes of an item do not lie too deep. Raises `Refused`."""
    for value in values:
        if ("M" in value or "L" in value) and _depth_of(value) > MAX_DEPTH:
            raise _too_deep()


def frozen(value: Value) -> Hashable:
    """The value, to be hashed and compared."""
    kind, content = next(iter(value.items()))
    if kind == "L":
        return kind, tuple(map(frozen, content))
    if kind == "M":
        return kind, _frozen_map(content)
    return kind, tuple(content) if kind in SETS else content


def _frozen_map(attributes: Mapping[str, Value]) -> Hashable:
    return frozenset((name, frozen(value)) for name, value in attributes.items())


def _depth_of(value: Value) -> int:
    below = value["M"].values() if "M" in value else value.get("L", ())
    return 1 + max(map(_depth_of, below), default=0)


def _too_deep() -> Refused:
    return invalid(
        "Nesting Levels have exceeded supported limits: "
        "Attributes in the item have nested levels beyond supported limit"
    )


def _check_name(name: str) -> None:
    if not name:
        raise invalid("One or more parameter values were invalid: Empty attribute name")
    if len(name.encode()) > _MAX_NAME_BYTES:
        raise invalid("One or more parameter values were invalid: Attribute name is too large")


def _text(content: Any, _depth: int) -> str:
    if not isinstance(content, str):
        raise malformed(content)
    return content


@lru_cache(maxsize=65_536)
def _number_in_one_form(text: str) -> str:
    return _written(number(text))


def _number(content: Any, _depth: int) -> str:
    if not isinstance(content, str):
        raise malformed(content)
    return _number_in_one_form(content)


def _within_limits(exact: Decimal) -> Decimal:
    value = exact.normalize(_EXACT)
    magnitude = value.copy_abs()  # abs() would round to the digits of Python's own context
    if magnitude > _LARGEST:
        raise invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
    if value and magnitude < _SMALLEST:
        raise invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range")
    if len(value.as_tuple().digits) > _MAX_DIGITS:
        raise invalid("Attempting to store more than 38 significant digits in a Number")
    return value


def _written(value: Decimal) -> str:
    return f"{value:f}" if value else "0"


def _binary(content: Any, _depth: int) -> str:
    if not isinstance(content, str):
        raise malformed(content)
    try:
        return b64encode(b64decode(content, validate=True)).decode()
    except (Base64Error, ValueError) as error:
        raise malformed(content) from error


def _boolean(content: Any, _depth: int) -> bool:
    if not isinstance(content, bool):
        raise malformed(content)
    return content


def _null(content: Any, _depth: int) -> bool:
    if content is not True:
        raise invalid(
            "One or more parameter values were invalid: Null attribute value types must have the value of true"
        )
    return True


def _list(content: Any, depth: int) -> list[Value]:
    if not isinstance(content, list):
        raise malformed(content)
    _check_room(content, depth)
    return [checked_value(element, depth + 1) for element in content]


def _map(content: Any, depth: int) -> dict[str, Value]:
    _check_room(content, depth)
    return checked_attributes(content, depth + 1)


def _check_room(content: Any, depth: int) -> None:
    if content and depth >= MAX_DEPTH:
        raise _too_deep()


def _set_of(kind: str, check: Callable[[Any, int], str]) -> Callable[[Any, int], list[str]]:
    def checked(content: Any, depth: int) -> list[str]:
        if not isinstance(content, list):
            raise malformed(content)
        if not content:
            raise invalid("One or more parameter values were invalid: An set may not be empty")
        elements = [check(element, depth) for element in content]
        if len(set(elements)) != len(elements):
            raise invalid("One or more parameter values were invalid: Input collection contains duplicates")
        return _in_order(kind, elements)

    return checked


def _in_order(kind: str, elements: Iterable[str]) -> list[str]:
    keys: dict[str, Callable[[str], Any]] = {"SS": str, "NS": number, "BS": b64decode}
    return sorted(elements, key=keys[kind])


def _size_of_number(text: str) -> int:
    """As measured on DynamoDB by paritysuite/dynamodb-conformance; its guide's own rule is off by a byte at times."""
    value = number(text)
    whole, _, fraction = f"{value.copy_abs():f}".partition(".")
    digits = whole.strip("0") if not fraction else whole.lstrip("0")
    fraction = fraction.lstrip("0") if not digits else fraction
    return 1 + (len(digits) + 1) // 2 + (len(fraction) + 1) // 2 + (value < 0)


def _size_of_text(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _size_of_list(elements: list[Value]) -> int:
    return _CONTAINER_BYTES + sum(map(size_of, elements)) + len(elements)


def _size_of_map(attributes: Mapping[str, Value]) -> int:
    return _CONTAINER_BYTES + sum(size_of_attribute(*attribute) for attribute in attributes.items()) + len(attributes)


_CHECKS: dict[str, Callable[[Any, int], Any]] = {
    "S": _text,
    "N": _number,
    "B": _binary,
    "BOOL": _boolean,
    "NULL": _null,
    "SS": _set_of("SS", _text),
    "NS": _set_of("NS", _number),
    "BS": _set_of("BS", _binary),
    "L": _list,
    "M": _map,
}

_SIZES: dict[str, Callable[[Any], int]] = {
    "S": _size_of_text,
    "N": _size_of_number,
    "B": lambda content: len(b64decode(content)),
    "BOOL": lambda _: 1,
    "NULL": lambda _: 1,
    "SS": lambda elements: sum(map(_size_of_text, elements)),
    "NS": lambda elements: sum(map(_size_of_number, elements)),
    "BS": lambda elements: sum(len(b64decode(element)) for element in elements),
    "L": _size_of_list,
    "M": _size_of_map,
}
