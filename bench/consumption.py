"""What a call consumes, as it is on the wire: `bench.capacity` applied to requests and answers."""

from collections.abc import Mapping
from typing import Any

from bench import capacity


def read_units_of(operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    """Read units of a call; none of one that does not read."""
    match operation:
        case "GetItem":
            return capacity.read_units(answer.get("Item"))
        case "Query":
            return capacity.query_units(answer["Items"])
        case "BatchGetItem":
            asked_for = sum(len(table["Keys"]) for table in request["RequestItems"].values())
            found = [item for items in answer["Responses"].values() for item in items]
            return capacity.read_units(*found, *[None] * (asked_for - len(found)))
    return 0.0


def body_of(action: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an action of a transaction says, whatever its kind."""
    ((_, body),) = action.items()
    content: Mapping[str, Any] = body
    return content


def key_of(action: Mapping[str, Any]) -> dict[str, Any]:
    """The key of an action's item."""
    body = body_of(action)
    whole = body.get("Key") or body["Item"]
    return {name: whole[name] for name in ("PK", "SK")}
