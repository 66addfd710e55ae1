"""Capacity units: AWS's own examples, worked out by hand, and what Amazon's DynamoDB Local reports."""

from typing import Any

import pytest

from bench.capacity import (
    Item,
    Read,
    index_write_units,
    query_units,
    read_units,
    size_of,
    write_units,
    write_units_of_transaction,
)
from chalicelib.dao import items
from chalicelib.dao.values import serialized
from local_stack.resources import resources
from tests.builders import booking, new_id, slot
from tests.tables import EndpointTables

KB = 1024
INDEXES = resources().table.indexes


def of_size(size: int) -> Item:
    """An item of so many bytes."""
    return {"n": {"S": "x" * (size - 1)}}


LISTED = {"GSI1PK": {"S": "USER#1"}, "GSI1SK": {"S": "1"}, "GSI2PK": {"S": "PROVIDER#1"}, "GSI2SK": {"S": "1"}}
"""What puts an item into both indexes."""


# The examples are of "DynamoDB read and write operations" and "DynamoDB item sizes and formats", unless told otherwise.


@pytest.mark.parametrize(("size", "units"), [(3500, 1), (4 * KB, 1), (4 * KB + 1, 2), (10 * KB, 3), (400 * KB, 100)])
def test_a_read_takes_a_unit_for_each_started_4_kb(size: int, units: int) -> None:
    assert read_units(of_size(size)) == units


@pytest.mark.parametrize(
    ("read", "units"), [(Read.EVENTUALLY_CONSISTENT, 1), (Read.STRONGLY_CONSISTENT, 2), (Read.TRANSACTIONAL, 4)]
)
def test_8_kb_take_half_as_much_when_they_may_be_stale_and_twice_as_much_in_a_transaction(
    read: Read, units: int
) -> None:
    assert read_units(of_size(8 * KB), read=read) == units


def test_a_batch_rounds_each_item_up_and_a_query_their_sum() -> None:
    # 1.5 KB and 6.5 KB: 4 KB + 8 KB in a batch, 8 KB in a query.
    found = [of_size(1536), of_size(6656)]
    assert read_units(*found) == 3
    assert query_units(found) == 2
    # Ten items of which all have 40.8 KB: 44 KB.
    assert query_units([of_size(4178)] * 10) == 11


def test_to_find_nothing_takes_as_much_as_to_find_little() -> None:
    assert read_units(None) == read_units(of_size(1)) == 1
    assert read_units(None, read=Read.EVENTUALLY_CONSISTENT) == 0.5
    assert query_units([]) == query_units([of_size(1)]) == 1


@pytest.mark.parametrize(("size", "units"), [(500, 1), (KB, 1), (KB + 1, 2), (2 * KB, 2), (400 * KB, 400)])
def test_a_write_takes_a_unit_for_each_started_kb(size: int, units: int) -> None:
    assert write_units(None, of_size(size)) == units
    assert write_units(of_size(size), None) == units


def test_of_an_item_that_grows_or_shrinks_the_larger_size_counts() -> None:
    assert write_units(of_size(300), of_size(3 * KB)) == 3
    assert write_units(of_size(3 * KB), of_size(300)) == 3


def test_a_deletion_of_what_is_not_there_takes_a_unit() -> None:
    assert write_units(None, None) == 1


def test_a_transaction_takes_twice_as_much_for_checks_too() -> None:
    # "Amazon DynamoDB Transactions: How it works": three items of 500 bytes each need six units.
    assert write_units_of_transaction([(None, of_size(500))] * 3) == 6
    unchanged = of_size(1500)
    assert write_units_of_transaction([(unchanged, unchanged), (None, None)]) == 4 + 2


def test_what_an_index_takes_is_what_changes_in_it() -> None:
    # "Using Global Secondary Indexes in DynamoDB", the five cases of its section on write capacity units.
    index = INDEXES["GSI1"]
    small = {"PK": {"S": "BOOKING#1"}}
    listed = {**small, **LISTED}
    moved = {**listed, "GSI1SK": {"S": "2"}}
    assert index_write_units(None, listed, index) == 1
    assert index_write_units(listed, moved, index) == 2
    assert index_write_units(listed, None, index) == 1
    assert index_write_units(None, small, index) == 0
    assert index_write_units(listed, {**listed, "status": {"S": "CONFIRMED"}}, index) == 1
    assert index_write_units(listed, listed, index) == 0


def test_an_index_is_written_by_the_kb_as_well() -> None:
    index = INDEXES["GSI1"]
    large = {**LISTED, "name": {"S": "x" * KB}}
    assert index_write_units(large, LISTED, index) == 2
    assert index_write_units(large, {**LISTED, "GSI1SK": {"S": "2"}}, index) == 2 + 1


def test_the_size_of_an_item_counts_names_and_values_in_utf_8() -> None:
    assert size_of({"PK": {"S": "USER#1"}, "naïve": {"S": "ñ"}}) == 2 + 6 + 6 + 2


def test_a_list_or_map_has_three_bytes_more_and_one_for_each_element() -> None:
    assert size_of({"windows": {"L": []}}) == 7 + 3
    assert size_of({"holds": {"M": {"a": {"S": "bc"}, "d": {"BOOL": True}}}}) == 5 + 3 + 2 + (1 + 2) + (1 + 1)


def test_a_size_that_no_rule_is_known_for_is_refused() -> None:
    with pytest.raises(ValueError, match="SS"):
        size_of({"n": {"SS": ["a"]}})


class Local:
    """A table on DynamoDB Local: each call tells the units that it reports."""

    def __init__(self, tables: EndpointTables) -> None:
        self._client: Any = tables.dynamodb
        self._its = {"TableName": tables.name, "ReturnConsumedCapacity": "INDEXES"}

    def write(self, call: str, **what: Any) -> dict[str, float]:
        """Units of a PutItem, UpdateItem or DeleteItem, for the table and each index that was written."""
        consumed = getattr(self._client, call)(**self._its, **what)["ConsumedCapacity"]
        indexes = consumed.get("GlobalSecondaryIndexes", {})
        return {
            "table": consumed["Table"]["CapacityUnits"],
            **{name: index["CapacityUnits"] for name, index in indexes.items()},
        }

    def read(self, call: str, **what: Any) -> float:
        """Units of a GetItem or Query."""
        consumed: float = getattr(self._client, call)(**self._its, **what)["ConsumedCapacity"]["CapacityUnits"]
        return consumed

    def batch(self, keys: list[Item]) -> float:
        """Units of a BatchGetItem that reads consistently."""
        request = {self._its["TableName"]: {"Keys": keys, "ConsistentRead": True}}
        answer = self._client.batch_get_item(RequestItems=request, ReturnConsumedCapacity="TOTAL")
        consumed: float = answer["ConsumedCapacity"][0]["CapacityUnits"]
        return consumed


@pytest.fixture
def local(dynamodb_local_tables: EndpointTables) -> Local:
    """Amazon's DynamoDB Local."""
    return Local(dynamodb_local_tables)


def worked_out(before: Item | None, after: Item | None) -> dict[str, float]:
    """Units of a single write, for the table and each index that is written."""
    indexes = {name: index_write_units(before, after, index) for name, index in INDEXES.items()}
    return {"table": write_units(before, after), **{name: units for name, units in indexes.items() if units}}


def key_of(item: Item) -> dict[str, Any]:
    return {name: item[name] for name in ("PK", "SK")}


A_SLOT = slot()
A_BOOKING = booking(A_SLOT)
REAL_ITEMS = [
    items.slot_item(A_SLOT),
    items.trigger_item(A_BOOKING),
    items.pending_item(A_BOOKING),
    {**items.pending_item(A_BOOKING), "slotId": "x" * 3000},
    items.idempotency_item(A_BOOKING, A_BOOKING.user_id, new_id()),
]
"""What a booking leaves, and one that is large."""


@pytest.mark.parametrize("item", [*map(serialized, REAL_ITEMS)], ids=["slot", "trigger", "booking", "large", "key"])
def test_dynamodb_local_reports_the_same_for_the_life_of_an_item(local: Local, item: dict[str, Any]) -> None:
    key = key_of(item)
    assert local.write("put_item", Item=item) == worked_out(None, item)
    assert local.write("put_item", Item=item) == worked_out(item, item)
    moved = {**item, "GSI1PK": {"S": "USER#" + new_id()}}
    change = {
        "UpdateExpression": "SET GSI1PK = :to",
        "ExpressionAttributeValues": {":to": moved["GSI1PK"]},
    }
    assert local.write("update_item", Key=key, **change) == worked_out(item, moved)
    assert local.read("get_item", Key=key, ConsistentRead=True) == read_units(moved)
    assert local.read("get_item", Key=key) == read_units(moved, read=Read.EVENTUALLY_CONSISTENT)
    assert local.write("delete_item", Key=key) == worked_out(moved, None)
    assert local.write("delete_item", Key=key) == worked_out(None, None)
    assert local.read("get_item", Key=key, ConsistentRead=True) == read_units(None)


def test_dynamodb_local_reports_the_same_for_an_item_that_comes_and_goes_in_an_index(local: Local) -> None:
    outside = {"PK": {"S": new_id()}, "SK": {"S": "METADATA"}, "note": {"S": "x" * 1500}}
    inside = {**outside, **LISTED, "note": {"S": "short"}}
    local.write("put_item", Item=outside)
    assert local.write("put_item", Item=inside) == worked_out(outside, inside)
    assert local.write("put_item", Item=outside) == worked_out(inside, outside)


def test_dynamodb_local_reports_the_same_for_many_items_at_once(local: Local) -> None:
    partition = new_id()
    there = [
        {"PK": {"S": partition}, "SK": {"S": f"SLOT#{number}"}, "note": {"S": "x" * 700}, "n": {"N": str(number)}}
        for number in range(13)
    ]
    for item in there:
        local.write("put_item", Item=item)
    query = {"KeyConditionExpression": "PK = :pk", "ExpressionAttributeValues": {":pk": {"S": partition}}}
    assert local.read("query", **query, ConsistentRead=True) == query_units(there) == 3
    assert local.read("query", **query) == query_units(there, read=Read.EVENTUALLY_CONSISTENT)
    # Of what is not there, it reports nothing in a batch or an empty query, where AWS's page has each as a GetItem.
    assert local.batch([*map(key_of, there)]) == read_units(*there) == 13


VALUES: list[Item] = [
    {"S": "ñé"},
    *({"N": text} for text in ["0", "1", "12", "123", "120", "1000", "1001", "1790000000", "1790000001", "-12", "1.5"]),
    {"B": b"abc"},
    {"BOOL": True},
    {"NULL": True},
    {"L": []},
    {"M": {"a": {"S": "bc"}, "d": {"N": "1790000001"}}},
    {"L": [{"M": {"startTime": {"S": "09:00"}, "breaks": {"L": []}}}, {"N": "30"}]},
]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_dynamodb_local_counts_the_same_bytes(local: Local, value: Item) -> None:
    item: dict[str, Any] = {"PK": {"S": new_id()}, "SK": {"S": "SIZE"}, "value": value, "filler": {"S": ""}}
    room = KB - size_of(item)
    full = {**item, "filler": {"S": "x" * room}}
    assert local.write("put_item", Item=full) == {"table": 1}
    assert local.write("put_item", Item={**item, "filler": {"S": "x" * (room + 1)}}) == {"table": 2}
