"""Conditions of writes are what boto3 makes of them with the same values, and values are as it writes them."""

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.conditions import Attr, ConditionBase
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.dao.conditions import built, is_absent, is_there, prepared
from chalicelib.dao.values import deserialized, serialized

VALUES = st.recursive(
    st.text() | st.booleans() | st.none() | st.integers(-(10**37), 10**37) | st.decimals(-(10**9), 10**9, places=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def tree(status: str, first: Any, second: Any) -> ConditionBase:
    return (Attr("status").eq(status) & Attr("first").gt(first)) | ~Attr("second").between(first, second)


@prepared
def condition(status: str, *, first: int, second: int) -> ConditionBase:
    return tree(status, first, second)


@prepared
def optional(*, latest: str | None = None, now: int) -> ConditionBase:
    return Attr("ttl").lte(now) if latest is None else Attr("latest").eq(latest)


@given(
    status=st.sampled_from(["HELD", "RESERVED"]),
    first=st.integers(-(2**60), 2**60),
    second=st.integers(-(2**60), 2**60),
)
def test_a_condition_is_what_boto3_makes_of_it_with_these_values(status: str, first: int, second: int) -> None:
    assert condition(status, first=first, second=second) == built(tree(status, first, second))


def test_it_is_made_once_for_each_that_there_is() -> None:
    made = []

    @prepared
    def counted(status: str, *, at: int) -> ConditionBase:
        made.append(status)
        return Attr(status).eq(at)

    values = [counted(status, at=at).values for at in (1, 2) for status in ("a", "b")]

    assert made == ["a", "b"]
    assert [list(each.values()) for each in values] == [[{"N": "1"}], [{"N": "1"}], [{"N": "2"}], [{"N": "2"}]]


@pytest.mark.parametrize("latest", [None, "", "booking-1"])
def test_none_is_not_given_and_an_empty_text_is(latest: str | None) -> None:
    expected = Attr("ttl").lte(0) if latest is None else Attr("latest").eq(latest)

    assert optional(latest=latest, now=0) == built(expected)


def test_whether_there_is_an_item_needs_no_value() -> None:
    assert is_there() == built(Attr("PK").exists())
    assert is_absent() == built(Attr("PK").not_exists())


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_values_are_written_as_boto3_writes_them(item: dict[str, Any]) -> None:
    assert serialized(item) == TypeSerializer().serialize(item)["M"]


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_values_are_read_as_boto3_reads_them(item: dict[str, Any]) -> None:
    written = TypeSerializer().serialize(item)

    assert deserialized(written["M"]) == TypeDeserializer().deserialize(written)


def test_what_is_no_value_is_refused() -> None:
    with pytest.raises(TypeError):
        serialized({"share": 0.5})
    assert serialized({"share": Decimal("0.5")}) == {"share": {"N": "0.5"}}
