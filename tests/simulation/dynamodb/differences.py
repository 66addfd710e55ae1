"""Where DynamoDB Local is not DynamoDB: the table in simulation/dynamodb/README.md says of each what was followed."""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any, NamedTuple

from tests.simulation.dynamodb.local import Outcome

_OF_UPDATES = (
    "The document path provided in the update expression is invalid for update",
    "The provided expression refers to an attribute that does not exist in the item",
    "An operand in the update expression has an incorrect data type",
    "Number overflow",
    "Number underflow",
    "DynamoDB only supports precision up to 38 digits",
    "Nesting Levels have exceeded supported limits",
    "One or more parameter values are not valid. The update expression attempted to update a secondary index key",
    "One or more parameter values were invalid: Size limit exceeded",
    "Invalid attribute value type",
)
_OF_KEYS = (
    "The provided key element does not match the schema",
    "One or more parameter values were invalid: Missing the key",
    "One or more parameter values were invalid: Type mismatch for key",
    "One or more parameter values were invalid: Size of a key",
)


class Exchange(NamedTuple):
    """A request, what DynamoDB Local said, and what the simulated table said."""

    operation: str
    request: Mapping[str, Any]
    local: Outcome
    simulated: Outcome

    def faults(self) -> Iterator[str]:
        """What the simulated table says of the actions of a transaction, besides conditions."""
        return _faults(self.simulated)


class Effect(Enum):
    """What a difference means for the sequence that it stands in."""

    NONE = "neither side has changed anything"
    OTHER_ITEMS = "from here on the tables hold different items"


class Difference(NamedTuple):
    """A way in which the two may differ."""

    name: str
    shows: Callable[[Exchange], bool]
    effect: Effect = Effect.NONE


def difference(exchange: Exchange) -> Difference | None:
    """The known difference that shows here; None if there is none, and both must say the same."""
    return next((known for known in KNOWN if known.shows(exchange)), None)


def _faults(outcome: Outcome) -> Iterator[str]:
    for reason in outcome.members.get("CancellationReasons", ()):
        if reason["Code"] == "ValidationError":
            yield reason["Message"]


def _refuses_all_for_one_item(exchange: Exchange) -> bool:
    return exchange.local.message.startswith(_OF_UPDATES) and any(exchange.faults())


def _looks_at_keys_later(exchange: Exchange) -> bool:
    return exchange.local.answer is None and any(message.startswith(_OF_KEYS) for message in exchange.faults())


def _looks_at_doubles_later(exchange: Exchange) -> bool:
    return (
        exchange.operation == "TransactWriteItems"
        and exchange.local.code in {"TransactionCanceledException", "IdempotentParameterMismatchException"}
        and "multiple operations on one item" in exchange.simulated.message
    )


def _looks_at_tokens_first(exchange: Exchange) -> bool:
    return (
        exchange.local.code == "IdempotentParameterMismatchException"
        and exchange.simulated.code == "ValidationException"
    )


def _gives_one_reason_for_a_changed_key(exchange: Exchange) -> bool:
    local, simulated = exchange.local, exchange.simulated
    return (
        local.code == simulated.code
        and any("part of the key" in message for message in (*_faults(local), *_faults(simulated)))
        and len(local.members["CancellationReasons"]) == 1
    )


def _updates_index_keys_to_any_type(exchange: Exchange) -> bool:
    messages = [exchange.simulated.message, *exchange.faults()]
    return exchange.local.answer is not None and any("Type mismatch for Index Key" in message for message in messages)


def _lets_checks_lead_into_keys(exchange: Exchange) -> bool:
    return (
        exchange.operation == "TransactWriteItems"
        and exchange.simulated.message.startswith("Key attributes must be scalars")
        and exchange.local.code != exchange.simulated.code
    )


def _sees_the_end_of_a_span(exchange: Exchange) -> bool:
    if exchange.operation != "Query" or exchange.simulated.answer is None:
        return False
    here, there = dict(exchange.simulated.answer), exchange.local.answer
    if there is None:
        return "does not match the range key predicate" in exchange.local.message and here["ScannedCount"] == 0
    ended_by_limit = here.pop("LastEvaluatedKey", None) and here["ScannedCount"] == exchange.request.get("Limit")
    return bool(ended_by_limit) and here == there


KNOWN = [
    Difference("an update's fault refuses the whole transaction", _refuses_all_for_one_item),
    Difference("keys are looked at after conditions", _looks_at_keys_later),
    Difference("doubles are looked for after conditions", _looks_at_doubles_later),
    Difference("tokens are looked at before anything else", _looks_at_tokens_first),
    Difference("a changed key gives one reason only", _gives_one_reason_for_a_changed_key),
    Difference("an index's key can be updated to any type", _updates_index_keys_to_any_type, Effect.OTHER_ITEMS),
    Difference("a ConditionCheck's path may lead into a key", _lets_checks_lead_into_keys, Effect.OTHER_ITEMS),
    Difference("no LastEvaluatedKey at an included bound, and no start there", _sees_the_end_of_a_span),
]
