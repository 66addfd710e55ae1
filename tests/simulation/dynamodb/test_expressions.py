"""Conditions and updates, one by one; `test_like_dynamodb_local` puts the same ones to DynamoDB Local."""

from collections.abc import Mapping
from typing import Any

import pytest

from local_stack.resources import resources
from simulation.dynamodb import Refused, Table
from simulation.dynamodb.reserved import RESERVED
from tests.simulation.dynamodb.cases import (
    CONDITIONS,
    ITEM,
    KEY,
    PROJECTIONS,
    QUERIES,
    REFUSED,
    STORED,
    UPDATES,
    WRONG,
    Condition,
    Request,
    Update,
    for_table,
)

DESCRIPTION = resources().table


@pytest.fixture
def table() -> Table:
    table = Table(DESCRIPTION)
    table.call("PutItem", {"TableName": DESCRIPTION.name, "Item": ITEM}, now=0)
    return table


def code_of(table: Table, operation: str, request: Mapping[str, Any]) -> str:
    """The code of the refusal, or nothing."""
    try:
        table.call(operation, {"TableName": DESCRIPTION.name, **request}, now=0)
    except Refused as refused:
        return refused.code
    return ""


@pytest.mark.parametrize("case", CONDITIONS, ids=lambda case: f"{case.text[:60]} {case.holds}")
def test_a_condition_holds_or_not_or_is_refused(table: Table, case: Condition) -> None:
    code = {True: "", False: "ConditionalCheckFailedException", REFUSED: "ValidationException"}[case.holds]
    assert code_of(table, "DeleteItem", case.request()) == code


@pytest.mark.parametrize("case", UPDATES, ids=lambda case: case.text[:60])
def test_an_update_changes_what_it_says_or_is_refused(table: Table, case: Update) -> None:
    code = "ValidationException" if case.changed is REFUSED else ""
    assert code_of(table, "UpdateItem", case.request()) == code
    expected = {name: value for name, value in (ITEM | (case.changed or {})).items() if value is not None}
    assert table.items()["a", "1"] == expected


@pytest.mark.parametrize(("text", "shown"), PROJECTIONS)
def test_a_projection_shows_its_paths_or_is_refused(table: Table, text: str, shown: dict[str, Any] | None) -> None:
    request = {"TableName": DESCRIPTION.name, "Key": KEY, "ProjectionExpression": text}
    if shown is REFUSED:
        assert code_of(table, "GetItem", request) == "ValidationException"
    else:
        assert table.call("GetItem", request, now=0) == {"Item": shown}


@pytest.mark.parametrize("case", WRONG, ids=lambda case: f"{case[0]} {case[1]}"[:90])
def test_a_request_that_can_not_be_is_refused_and_changes_nothing(table: Table, case: Request) -> None:
    operation, request = for_table(case, DESCRIPTION.name)
    with pytest.raises(Refused):
        table.call(operation, request, now=0)
    assert table.items() == {("a", "1"): ITEM}


@pytest.mark.parametrize(("case", "found"), QUERIES, ids=lambda value: str(value)[:90])
def test_a_query_finds_what_it_asks_for_in_order(table: Table, case: Request, found: list[int]) -> None:
    for item in STORED:
        table.call("PutItem", {"TableName": DESCRIPTION.name, "Item": item}, now=0)
    operation, request = for_table(case, DESCRIPTION.name)
    assert table.call(operation, request, now=0).get("Items", []) == [STORED[number] for number in found]


def test_a_condition_and_an_update_share_names_and_values_and_each_must_be_used(table: Table) -> None:
    request: dict[str, Any] = {
        "Key": KEY,
        "UpdateExpression": "SET #s = :1",
        "ConditionExpression": "n = :0",
        "ExpressionAttributeNames": {"#s": "s"},
        "ExpressionAttributeValues": {":0": {"N": "1"}, ":1": {"S": "x"}},
    }
    assert code_of(table, "UpdateItem", request) == ""
    for parameter, more in (
        ("ExpressionAttributeNames", {"#x": "x"}),
        ("ExpressionAttributeValues", {":x": {"N": "1"}}),
    ):
        assert code_of(table, "UpdateItem", request | {parameter: request[parameter] | more}) == "ValidationException"


def test_a_reserved_word_is_refused_in_any_case_and_taken_by_an_alias(table: Table) -> None:
    for word in ("status", "STATUS", "Name", "ttl", "size"):
        assert word.upper() in RESERVED
        text = "attribute_not_exists({})"
        assert (
            code_of(table, "PutItem", {"Item": KEY, "ConditionExpression": text.format(word)}) == "ValidationException"
        )
        aliased = {"Item": KEY, "ConditionExpression": text.format("#x"), "ExpressionAttributeNames": {"#x": word}}
        assert code_of(table, "PutItem", aliased) == ""
