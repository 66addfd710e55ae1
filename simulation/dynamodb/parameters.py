"""Which parameters each operation takes here, and of which JSON type."""

from collections.abc import Mapping
from typing import Any

from simulation.dynamodb.errors import Refused, invalid
from simulation.dynamodb.values import malformed

_NAMES = {"ExpressionAttributeNames": dict}
_EXPRESSION = {**_NAMES, "ExpressionAttributeValues": dict}
_CONDITION = {**_EXPRESSION, "ConditionExpression": str, "ReturnValuesOnConditionCheckFailure": str}
_PROJECTION = {**_NAMES, "ProjectionExpression": str}
_PAGES = {
    **_EXPRESSION,
    **_PROJECTION,
    "ConsistentRead": bool,
    "ExclusiveStartKey": dict,
    "FilterExpression": str,
    "IndexName": str,
    "Limit": int,
    "Select": str,
}
_TABLE = {"TableName": str, "ReturnConsumedCapacity": str}
_WRITE = {**_TABLE, **_CONDITION, "ReturnValues": str, "ReturnItemCollectionMetrics": str}

_PARAMETERS: dict[str, dict[str, type]] = {
    "GetItem": {**_TABLE, **_PROJECTION, "Key": dict, "ConsistentRead": bool},
    "Query": {**_TABLE, **_PAGES, "KeyConditionExpression": str, "ScanIndexForward": bool},
    "Scan": {**_TABLE, **_PAGES},
    "PutItem": {**_WRITE, "Item": dict},
    "UpdateItem": {**_WRITE, "Key": dict, "UpdateExpression": str},
    "DeleteItem": {**_WRITE, "Key": dict},
    "TransactWriteItems": {
        "TransactItems": list,
        "ClientRequestToken": str,
        "ReturnConsumedCapacity": str,
        "ReturnItemCollectionMetrics": str,
    },
    "TransactGetItems": {"TransactItems": list, "ReturnConsumedCapacity": str},
    "BatchGetItem": {"RequestItems": dict, "ReturnConsumedCapacity": str},
    "BatchWriteItem": {"RequestItems": dict, "ReturnConsumedCapacity": str, "ReturnItemCollectionMetrics": str},
    "DescribeTable": {"TableName": str},
    "Put": {"TableName": str, **_CONDITION, "Item": dict},
    "Update": {"TableName": str, **_CONDITION, "Key": dict, "UpdateExpression": str},
    "Delete": {"TableName": str, **_CONDITION, "Key": dict},
    "ConditionCheck": {"TableName": str, **_CONDITION, "Key": dict},
    "Get": {"TableName": str, **_PROJECTION, "Key": dict},
    "Keys": {**_PROJECTION, "Keys": list, "ConsistentRead": bool},
}
_REQUIRED = {
    "GetItem": ("TableName", "Key"),
    "Query": ("TableName", "KeyConditionExpression"),
    "Scan": ("TableName",),
    "PutItem": ("TableName", "Item"),
    "UpdateItem": ("TableName", "Key"),
    "DeleteItem": ("TableName", "Key"),
    "TransactWriteItems": ("TransactItems",),
    "TransactGetItems": ("TransactItems",),
    "BatchGetItem": ("RequestItems",),
    "BatchWriteItem": ("RequestItems",),
    "DescribeTable": ("TableName",),
    "Put": ("TableName", "Item"),
    "Update": ("TableName", "Key", "UpdateExpression"),
    "Delete": ("TableName", "Key"),
    "ConditionCheck": ("TableName", "Key", "ConditionExpression"),
    "Get": ("TableName", "Key"),
    "Keys": ("Keys",),
}
_NOT_KEPT = {"ReturnConsumedCapacity", "ReturnItemCollectionMetrics"}
"""Of these, only NONE is known here."""


def check_parameters(kind: str, request: Mapping[str, Any]) -> None:
    """Raises `Refused` for what is missing or of another type, and NotImplementedError for what is unknown here."""
    if not isinstance(request, dict):
        raise malformed(request)
    types = _PARAMETERS.get(kind)
    if types is None:
        raise NotImplementedError(f"the simulated DynamoDB does not know {kind}")
    for name, value in request.items():
        wanted = types.get(name)
        if wanted is None or (name in _NOT_KEPT and value != "NONE"):
            raise NotImplementedError(f"the simulated DynamoDB does not know {name}={value!r} of {kind}")
        if type(value) is not wanted:
            raise malformed(value)
    for name in _REQUIRED[kind]:
        if name not in request:
            raise invalid(f"1 validation error detected: Value null at '{name}' failed to satisfy constraint")


def one_of(request: Mapping[str, Any], name: str, *allowed: str) -> str:
    """The parameter's value, the first of these if it is not given. Raises `Refused` for another."""
    value: str = request.get(name, allowed[0])
    if value not in allowed:
        raise invalid(f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint")
    return value


def no_such_table() -> Refused:
    """The table of a request is not this one."""
    return Refused("ResourceNotFoundException", "Requested resource not found")
