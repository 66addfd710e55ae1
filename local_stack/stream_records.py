"""Stream records in the shape that Lambda hands on, and Lambda's event filter."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams.type_defs import RecordTypeDef

Record = dict[str, Any]


def to_record(raw: RecordTypeDef, *, stream_arn: str) -> Record:
    """Turn a record as GetRecords returns it into one of Lambda's DynamoDB event; all of it is JSON."""
    change: dict[str, Any] = dict(raw["dynamodb"])
    if (created := change.get("ApproximateCreationDateTime")) is not None:
        seconds = created.timestamp()
        change["ApproximateCreationDateTime"] = int(seconds) if seconds.is_integer() else seconds
    record: Record = {
        "eventID": raw["eventID"],
        "eventName": raw["eventName"],
        "eventVersion": raw["eventVersion"],
        "eventSource": raw["eventSource"],
        "awsRegion": raw["awsRegion"],
        "dynamodb": _without_bytes(change),
        "eventSourceARN": stream_arn,
    }
    if identity := raw.get("userIdentity"):
        # The API spells these with capitals, Lambda's event does not.
        record["userIdentity"] = {"type": identity.get("Type"), "principalId": identity.get("PrincipalId")}
    return record


def sequence_number(record: Record) -> str:
    """Return what identifies a record within its shard."""
    number: str = record["dynamodb"]["SequenceNumber"]
    return number


def created_at(record: Record) -> float:
    """Return when the change was made, in epoch seconds; DynamoDB promises no more than about a second."""
    return float(record["dynamodb"].get("ApproximateCreationDateTime", 0))


def matches(pattern: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Return whether a record passes an event filter made of nested objects and lists of exact values.

    Raises ValueError for EventBridge's other operators (prefix, exists, ...): what is not understood must not pass
    here and be refused on AWS, or the other way round.
    """
    for name, wanted in pattern.items():
        value = record.get(name)
        if isinstance(wanted, Mapping):
            if not isinstance(value, Mapping) or not matches(wanted, value):
                return False
        elif any(isinstance(choice, Mapping) for choice in wanted):
            raise ValueError(f"this filter is not understood: {name}: {wanted!r}")
        elif value not in wanted:
            return False
    return True


def _without_bytes(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Mapping):
        return {name: _without_bytes(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_without_bytes(item) for item in value]
    return value
