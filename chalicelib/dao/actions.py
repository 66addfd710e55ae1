"""The actions of a transaction, as DynamoDB wants them.

Each asks for the old item when its condition fails, so that a refusal explains itself without another read.
"""

from functools import cache
from itertools import islice
from typing import Any, TypeAlias

from chalicelib.dao.conditions import Condition
from chalicelib.dao.items import Item
from chalicelib.dao.keys import Key
from chalicelib.dao.values import serialized

Action: TypeAlias = dict[str, dict[str, Any]]
"""One entry of TransactItems, without the table's name."""


def put(item: Item, condition: Condition | None = None) -> Action:
    """Write an item."""
    return {"Put": {"Item": serialized(item), **_conditional(condition)}}


def delete(key: Key, condition: Condition | None = None) -> Action:
    """Remove an item, if it is there."""
    return {"Delete": {"Key": serialized(key), **_conditional(condition)}}


def check(key: Key, condition: Condition) -> Action:
    """Write nothing, but only if the condition holds."""
    return {"ConditionCheck": {"Key": serialized(key), **_conditional(condition)}}


def update(
    key: Key,
    *,
    write: Item | None = None,
    count: tuple[str, ...] = (),
    remove: tuple[str, ...] = (),
    condition: Condition,
) -> Action:
    """Write and remove single attributes; those of `count` are one more than before."""
    write = write or {}
    expression, names = _change(tuple(write), count, remove)
    arguments = _conditional(condition)
    values = {f":s{number}": value for number, value in enumerate(write.values())}
    if count:
        values |= {":none": 0, ":one": 1}
    if values:
        arguments["ExpressionAttributeValues"] = {**condition.values, **serialized(values)}
    arguments["ExpressionAttributeNames"] = {**condition.names, **names}
    return {"Update": {"Key": serialized(key), "UpdateExpression": expression, **arguments}}


@cache
def _change(written: tuple[str, ...], counted: tuple[str, ...], removed: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """The expression of an update, and what it names."""
    names = {f"#s{number}": name for number, name in enumerate([*written, *counted, *removed])}
    places = iter(names)
    assignments = [f"{next(places)} = :s{number}" for number in range(len(written))]
    assignments += [f"{place} = if_not_exists({place}, :none) + :one" for place in islice(places, len(counted))]
    clauses = {"SET": assignments, "REMOVE": list(places)}
    return " ".join(f"{clause} {', '.join(parts)}" for clause, parts in clauses.items() if parts), names


def _conditional(condition: Condition | None) -> dict[str, Any]:
    if condition is None:
        return {}
    arguments: dict[str, Any] = {
        "ConditionExpression": condition.text,
        "ExpressionAttributeNames": condition.names,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    if condition.values:
        arguments["ExpressionAttributeValues"] = condition.values
    return arguments
