"""Values: their one form, their size, their order."""

from decimal import Context, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.dynamodb import Refused
from simulation.dynamodb.values import Image, check_depth, checked_value, frozen, is_less, size_of, total


def nested(levels: int) -> dict[str, Any]:
    """A number in so many lists."""
    value: dict[str, Any] = {"N": "1"}
    for _ in range(levels):
        value = {"L": [value]}
    return value


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("1", "1"),
        ("0042.1200", "42.12"),
        ("-0", "0"),
        ("+1", "1"),
        (".5", "0.5"),
        ("1.", "1"),
        ("1e-7", "0.0000001"),
        ("1E125", "1" + "0" * 125),
        ("9.9999999999999999999999999999999999999E125", "9" * 38 + "0" * 88),
        ("12345678901234567890123456789012345678000", "12345678901234567890123456789012345678000"),
    ],
)
def test_a_number_is_kept_in_one_form(given_text: str, kept: str) -> None:
    assert checked_value({"N": given_text}) == {"N": kept}


@pytest.mark.parametrize(
    "value",
    [
        {"N": ""},
        {"N": " 1"},
        {"N": "1_0"},
        {"N": "0x1"},
        {"N": "NaN"},
        {"N": "Infinity"},
        {"N": "1E126"},
        {"N": "-1E126"},
        {"N": "1E-131"},
        {"N": "123456789012345678901234567890123456789"},
        {"NULL": False},
        {"SS": []},
        {"SS": ["a", "a"]},
        {"NS": ["1", "1.0"]},
        {"S": "a", "N": "1"},
        {"Q": "a"},
        {"M": {"": {"S": "a"}}},
        nested(32),
    ],
)
def test_a_value_that_can_not_be_is_refused(value: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        checked_value(value)
    assert refused.value.code == "ValidationException"


@pytest.mark.parametrize("value", ["a", {"S": 1}, {"N": 1}, {"L": "a"}, {"SS": "a"}, {"BOOL": "true"}, {"B": "?"}])
def test_json_of_another_type_is_refused_as_such(value: Any) -> None:
    with pytest.raises(Refused) as refused:
        checked_value(value)
    assert refused.value.code == "SerializationException"


def test_values_lie_in_one_another_thirty_two_deep() -> None:
    assert checked_value(nested(31)) == nested(31)
    check_depth([nested(31)])
    with pytest.raises(Refused, match="Nesting"):
        check_depth([nested(32)])


def test_sets_are_equal_in_any_order_and_lists_are_not() -> None:
    assert checked_value({"NS": ["10", "9.0"]}) == checked_value({"NS": ["9", "1E1"]}) == {"NS": ["9", "10"]}
    assert checked_value({"SS": ["b", "a"]}) == checked_value({"SS": ["a", "b"]})
    assert checked_value({"L": [{"S": "b"}, {"S": "a"}]}) != checked_value({"L": [{"S": "a"}, {"S": "b"}]})


# Measured on DynamoDB by paritysuite/dynamodb-conformance.
@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 1),
        ("1", 2),
        ("12", 2),
        ("123", 3),
        ("1234", 3),
        ("12345678901234567890123456789012345678", 20),
        ("0042", 2),
        ("100", 2),
        ("1010", 3),
        ("0.0000001", 2),
        ("1E125", 2),
        ("1E-100", 2),
        ("1.5", 3),
        ("15", 2),
        ("1.200", 3),
        ("1.234", 4),
        ("3.14159", 5),
        ("123456", 4),
    ],
)
def test_a_number_takes_as_much_room_as_in_dynamodb(text: str, size: int) -> None:
    assert size_of(checked_value({"N": text})) == size


def test_an_image_knows_its_size_and_its_changed_image_does_so_too() -> None:
    image = Image({"PK": {"S": "ä"}, "n": {"N": "15"}, "m": {"M": {"x": {"BOOL": True}}}})
    assert image.size == (2 + 2) + (1 + 2) + (1 + 3 + 1 + 1 + 1)
    changed = image.changed({"PK": {"S": "bcd"}, "m": None, "l": {"L": []}})
    assert changed == {"PK": {"S": "bcd"}, "n": {"N": "15"}, "l": {"L": []}}
    assert changed.size == Image(changed).size


_numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30, places=6)


@given(_numbers, _numbers)
def test_numbers_are_added_subtracted_and_ordered_exactly(left: Decimal, right: Decimal) -> None:
    first, second = checked_value({"N": str(left)}), checked_value({"N": str(right)})
    exact = Context(prec=100)
    assert Decimal(total(first, second)["N"]) == exact.add(left, right)
    assert Decimal(total(first, second, sign=-1)["N"]) == exact.subtract(left, right)
    assert is_less(first, second) == (left < right)


@pytest.mark.parametrize(("left", "right"), [("1", "1E-38"), ("9E125", "9E125")])
def test_a_sum_that_would_lose_a_digit_is_refused(left: str, right: str) -> None:
    with pytest.raises(Refused):
        total({"N": left}, {"N": right})


@given(st.text(), st.text())
def test_text_is_ordered_by_its_bytes(left: str, right: str) -> None:
    assert is_less({"S": left}, {"S": right}) == (left.encode() < right.encode())


@pytest.mark.parametrize("other", [{"S": "1"}, {"B": "MQ=="}, {"BOOL": True}, {"NS": ["1"]}])
def test_values_of_two_types_have_no_order(other: dict[str, Any]) -> None:
    assert not is_less({"N": "0"}, other)
    assert not is_less(other, {"N": "9"})


def test_frozen_values_are_equal_where_values_are() -> None:
    values: list[dict[str, Any]] = [
        {"S": "1"},
        {"N": "1"},
        {"SS": ["1"]},
        {"NS": ["1"]},
        {"L": []},
        {"L": [{"N": "1"}]},
        {"M": {}},
        {"M": {"x": {"N": "1"}}},
        {"BOOL": True},
        {"NULL": True},
    ]
    assert len({frozen(value) for value in values}) == len(values)
    assert frozen({"M": {"x": {"N": "1"}, "y": {"N": "2"}}}) == frozen({"M": {"y": {"N": "2"}, "x": {"N": "1"}}})
