"""The actions of a transaction, as DynamoDB wants them: conditions by boto3's builder, values by its serializer.

Each asks for the old item when its condition fails, so that a refusal explains itself without another read.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from boto3.dynamodb.conditions import ConditionBase, ConditionExpressionBuilder
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from chalicelib.dao.items import Item
from chalicelib.dao.keys import Key

Action: TypeAlias = dict[str, dict[str, Any]]
"""One entry of TransactItems, without the table's name."""

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def put(item: Item, condition: ConditionBase | None = None) -> Action:
    """Write an item."""
    return {"Put": {"Item": serialized(item), **_conditional(condition)}}


def delete(key: Key, condition: ConditionBase | None = None) -> Action:
    """Remove an item, if it is there."""
    return {"Delete": {"Key": serialized(key), **_conditional(condition)}}


def check(key: Key, condition: ConditionBase) -> Action:
    """Write nothing, but only if the condition holds."""
    return {"ConditionCheck": {"Key": serialized(key), **_conditional(condition)}}


def update(
    key: Key,
    *,
    write: Item | None = None,
    count: Iterable[str] = (),
    remove: Iterable[str] = (),
    condition: ConditionBase,
) -> Action:
    """Write and remove single attributes; those of `count` are one more than before."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {":none": 0, ":one": 1} if count else {}
    assignments = []
    for name, value in (write or {}).items():
        n, v = f"#s{len(names)}", f":s{len(values)}"
        names[n], values[v] = name, value
        assignments.append(f"{n} = {v}")
    for name in count:
        n = f"#s{len(names)}"
        names[n] = name
        assignments.append(f"{n} = if_not_exists({n}, :none) + :one")
    removals = []
    for name in remove:
        n = f"#s{len(names)}"
        names[n] = name
        removals.append(n)
    clauses = {"SET": assignments, "REMOVE": removals}
    expression = " ".join(f"{clause} {', '.join(parts)}" for clause, parts in clauses.items() if parts)
    conditional = _conditional(condition)
    conditional["ExpressionAttributeNames"] |= names
    if values:
        conditional["ExpressionAttributeValues"] = serialized(values) | conditional.get("ExpressionAttributeValues", {})
    return {"Update": {"Key": serialized(key), "UpdateExpression": expression, **conditional}}


def serialized(item: Mapping[str, Any]) -> dict[str, Any]:
    """Python's types to DynamoDB's."""
    return {name: _serializer.serialize(value) for name, value in item.items()}


def deserialized(item: Mapping[str, Any]) -> Item:
    """DynamoDB's types to Python's. Raises TypeError or AttributeError for what is no item."""
    # Most values are text, which needs no deserializer: it takes as long for a slot as all else that is made of it.
    return {name: value["S"] if "S" in value else _deserializer.deserialize(value) for name, value in item.items()}


def _conditional(condition: ConditionBase | None) -> dict[str, Any]:
    if condition is None:
        return {}
    built = ConditionExpressionBuilder().build_expression(condition)
    arguments: dict[str, Any] = {
        "ConditionExpression": built.condition_expression,
        "ExpressionAttributeNames": dict(built.attribute_name_placeholders),
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    if built.attribute_value_placeholders:
        arguments["ExpressionAttributeValues"] = serialized(built.attribute_value_placeholders)
    return arguments
