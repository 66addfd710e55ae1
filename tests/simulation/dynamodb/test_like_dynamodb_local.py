"""The simulated table against Amazon's own: the same requests, and everything that can be seen is the same."""

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from local_stack.resources import resources
from simulation.dynamodb import Refused
from simulation.dynamodb.reserved import RESERVED
from simulation.dynamodb.values import Image
from tests.builders import new_id
from tests.engines.dynamodb_local import DynamoDbLocal
from tests.simulation.dynamodb.both import Both
from tests.simulation.dynamodb.cases import (
    CONDITIONS,
    ITEM,
    KEY,
    PROJECTIONS,
    QUERIES,
    STORED,
    UPDATES,
    WRONG,
    Condition,
    Update,
    for_table,
)
from tests.simulation.dynamodb.generating import Request, sequences
from tests.simulation.dynamodb.local import LocalTable

EXAMPLES = int(os.environ.get("EXAMPLES", "300"))
"""How many sequences of requests are tried."""

TABLE = resources(prefix="like-").table

NOT_RESERVED_THERE = {"CONVERT", "SIZE"}
"""On the list in DynamoDB's developer guide, and taken by DynamoDB Local all the same."""


@pytest.fixture(scope="module")
def local(dynamodb_local: DynamoDbLocal) -> Iterator[LocalTable]:
    table = LocalTable(dynamodb_local.url, TABLE)
    yield table
    table.close()


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(sequences(TABLE.name))
def test_every_sequence_of_requests_has_the_same_answers_items_and_stream(
    local: LocalTable, sequence: list[Request]
) -> None:
    both, own = Both(TABLE, local), new_id()[:8]
    for operation, request in sequence:
        with suppress(Refused):
            both.call(operation, with_own_token(request, own))
        if not both.still_compare:
            return
    both.compare()


def with_own_token(request: dict[str, Any], own: str) -> dict[str, Any]:
    """Tokens outlive an example on the one side: each example has its own."""
    token = request.get("ClientRequestToken")
    return {**request, "ClientRequestToken": own + token} if token else request


@pytest.mark.parametrize("case", [*CONDITIONS, *UPDATES], ids=lambda case: case.text[:60])
def test_each_expression_that_is_written_out_does_the_same(local: LocalTable, case: Condition | Update) -> None:
    both = Both(TABLE, local)
    both.call("PutItem", {"TableName": TABLE.name, "Item": ITEM})
    operation = "DeleteItem" if isinstance(case, Condition) else "UpdateItem"
    with suppress(Refused):
        both.call(operation, {"TableName": TABLE.name, **case.request()})
    if both.still_compare:
        both.compare()


@pytest.mark.parametrize("text", [text for text, _ in PROJECTIONS])
def test_each_projection_shows_the_same(local: LocalTable, text: str) -> None:
    both = Both(TABLE, local)
    both.call("PutItem", {"TableName": TABLE.name, "Item": ITEM})
    with suppress(Refused):
        both.call("GetItem", {"TableName": TABLE.name, "Key": KEY, "ProjectionExpression": text})


@pytest.mark.parametrize("case", WRONG, ids=lambda case: f"{case[0]} {case[1]}"[:90])
def test_each_wrong_request_is_refused_in_the_same_way(local: LocalTable, case: tuple[str, dict[str, Any]]) -> None:
    both = Both(TABLE, local)
    with pytest.raises(Refused):
        both.call(*for_table(case, TABLE.name))
    both.compare()


@pytest.mark.parametrize(("case", "found"), QUERIES, ids=lambda value: str(value)[:90])
def test_each_query_finds_the_same(local: LocalTable, case: tuple[str, dict[str, Any]], found: list[int]) -> None:
    both = Both(TABLE, local)
    for item in STORED:
        both.call("PutItem", {"TableName": TABLE.name, "Item": item})
    answer = both.call(*for_table(case, TABLE.name))
    assert len(answer.get("Items", [])) == len(found)


def test_each_reserved_word_is_refused_in_an_expression(local: LocalTable) -> None:
    key = {"PK": {"S": "a"}, "SK": {"S": "1"}}
    taken = {
        word
        for word in RESERVED
        if local.call(
            "PutItem", {"TableName": TABLE.name, "Item": key, "ConditionExpression": f"attribute_not_exists({word})"}
        ).answer
        is not None
    }
    assert taken == NOT_RESERVED_THERE


@pytest.mark.parametrize("index", [None, "GSI1"])
@pytest.mark.parametrize("limit", [1, 2, 7, 100])
def test_the_pages_of_a_scan_have_each_item_once(local: LocalTable, limit: int, index: str | None) -> None:
    both = Both(TABLE, local)
    for number in range(14):
        item = {name: {"S": f"{name} {number % 5} {number}"} for name in ("PK", "SK", "GSI1PK", "GSI1SK")}
        both.call("PutItem", {"TableName": TABLE.name, "Item": item | {"PK": {"S": f"{number % 5}"}}})
    request: dict[str, Any] = {"TableName": TABLE.name, "Limit": limit, **({"IndexName": index} if index else {})}
    found: dict[str, list[str]] = {"here": [], "there": []}
    for where, call in (("here", both.simulated_call), ("there", both.local_call)):
        start: dict[str, Any] | None = {}
        while start is not None:
            page = call("Scan", request | ({"ExclusiveStartKey": start} if start else {})).answer
            assert page is not None
            assert page["Count"] <= limit
            found[where] += [item["SK"]["S"] for item in page["Items"]]
            start = page.get("LastEvaluatedKey")
    assert sorted(found["here"]) == sorted(found["there"])
    assert len(found["here"]) == 14


@pytest.mark.parametrize("size", [100_000, 262_143, 262_144, 349_525])
@pytest.mark.parametrize("forward", [True, False])
def test_pages_end_after_a_megabyte_at_the_same_item(local: LocalTable, size: int, forward: bool) -> None:
    both = Both(TABLE, local)
    for number in range(12):
        key = {"PK": {"S": "a"}, "SK": {"S": f"{number:02}"}, "GSI1PK": {"S": "g"}, "GSI1SK": {"S": f"{number:02}"}}
        room = size - Image(key | {"text": {"S": ""}}).size
        item = key | {"text": {"S": "é" * (room // 2) + "e" * (room % 2)}}
        assert Image(item).size == size
        both.call("PutItem", {"TableName": TABLE.name, "Item": item})
    for index, name in ((None, "PK"), ("GSI1", "GSI1PK")):
        request: dict[str, Any] = {
            "TableName": TABLE.name,
            "KeyConditionExpression": f"{name} = :v",
            "ExpressionAttributeValues": {":v": {"S": "a" if index is None else "g"}},
            "ScanIndexForward": forward,
            "ProjectionExpression": "SK",
            **({"IndexName": index} if index else {}),
        }
        pages = 0
        while "ExclusiveStartKey" not in request or request["ExclusiveStartKey"]:
            request["ExclusiveStartKey"] = both.call("Query", request).get("LastEvaluatedKey")
            pages += 1
        assert pages > 1
