"""Attributes' values: from Python's types to DynamoDB's, and back."""

from collections.abc import Mapping
from typing import Any, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def serialized(item: Mapping[str, Any]) -> dict[str, Any]:
    """Python's types to DynamoDB's."""
    # Most values are text, which need not be asked what else they could be.
    return {name: {"S": value} if isinstance(value, str) else _serialized(value) for name, value in item.items()}


def deserialized(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """DynamoDB's types to Python's. Raises TypeError or AttributeError for what is no item."""
    # The deserializer takes as long for a slot as all else that is made of it.
    return {name: value["S"] if "S" in value else _deserializer.deserialize(value) for name, value in item.items()}


def _serialized(value: Any) -> dict[str, Any]:
    # boto3's serializer asks for one type after the other, and takes every number for a Decimal first.
    if type(value) is int:
        return {"N": str(value)}
    if type(value) is dict:
        return {"M": serialized(value)}
    return cast("dict[str, Any]", _serializer.serialize(value))
