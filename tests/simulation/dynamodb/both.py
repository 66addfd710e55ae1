"""The simulated table and DynamoDB Local side by side: each call goes to both, and both must say the same."""

from collections.abc import Iterable, Mapping
from typing import Any

from local_stack.resources import Table as Description
from simulation.dynamodb import Change, Refused, Table
from simulation.dynamodb.values import checked_value
from tests.simulation.dynamodb.differences import Effect, Exchange, difference
from tests.simulation.dynamodb.local import LocalTable, Outcome

NOW = 1_903_867_200.25

_TYPES = {"S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"}


class Both:
    """One table here and there, empty at first."""

    def __init__(self, description: Description, local: LocalTable) -> None:
        local.clear()
        self.simulated = Table(description)
        self.local = local
        self.still_compare = True
        """Not once a known difference has left them with different items."""

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """What both answer. Raises `Refused`, and AssertionError where they differ in an unknown way."""
        local, simulated = self.local_call(operation, request), self.simulated_call(operation, request)
        known = difference(Exchange(operation, request, local, simulated))
        if known is None:
            here, there = _comparable(operation, request, simulated), _comparable(operation, request, local)
            assert here == there, (operation, request)
        elif known.effect is Effect.OTHER_ITEMS:
            self.still_compare = False
        if simulated.answer is None:
            raise Refused(simulated.code, simulated.message, members=simulated.members)
        return simulated.answer

    def simulated_call(self, operation: str, request: Mapping[str, Any]) -> Outcome:
        """What the simulated table alone answers."""
        try:
            return Outcome(self.simulated.call(operation, request, now=NOW))
        except Refused as refused:
            return Outcome(None, refused.code, refused.message, refused.members)

    def local_call(self, operation: str, request: Mapping[str, Any]) -> Outcome:
        """What DynamoDB Local alone answers."""
        local = self.local.call(operation, request)
        return local._replace(answer=_in_one_form(local.answer), members=_in_one_form(dict(local.members)))

    def compare(self) -> None:
        """Both hold the same items, and tell of the same changes."""
        assert _in_order(self.simulated.items().values()) == _in_order(map(_in_one_form, self.local.items()))
        here = _by_item(map(_seen, self.simulated.changes))
        assert here == _by_item(map(_seen_there, self.local.records()))


def _comparable(operation: str, request: Mapping[str, Any], outcome: Outcome) -> Any:
    """What must be the same: all of an answer whose order is settled; of an error the code, and each reason."""
    if outcome.answer is None:
        reasons = [(reason["Code"], reason.get("Item")) for reason in outcome.members.get("CancellationReasons", ())]
        return outcome.code, reasons, outcome.members.get("Item")
    if operation == "Scan":
        # Which items come first is open, and so is which a page has.
        return None if "Limit" in request else _in_order(outcome.answer.get("Items", ())), outcome.answer[
            "ScannedCount"
        ]
    if operation == "BatchGetItem":
        return {name: _in_order(items) for name, items in outcome.answer["Responses"].items()}
    # DynamoDB Local tells of the capacity of some calls that did not ask for it.
    return {name: content for name, content in outcome.answer.items() if name != "ConsumedCapacity"}


def _in_one_form(content: Any) -> Any:
    """All values in their one form: DynamoDB Local leaves numbers as they were sent."""
    if isinstance(content, list):
        return [_in_one_form(element) for element in content]
    if not isinstance(content, dict):
        return content
    if len(content) == 1 and content.keys() <= _TYPES:
        return checked_value(content)
    return {name: _in_one_form(value) for name, value in content.items()}


def _in_order(items: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(items, key=lambda item: repr(sorted(item.items())))


def _by_item(records: Iterable[tuple[Any, ...]]) -> dict[str, list[tuple[Any, ...]]]:
    """Each item's records in order: between items, none is promised."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for record in records:
        found.setdefault(repr(sorted(record[1].items())), []).append(record)
    return found


def _seen(change: Change) -> tuple[Any, ...]:
    return change.event_name, change.keys, change.old_image, change.new_image


def _seen_there(record: Mapping[str, Any]) -> tuple[Any, ...]:
    body = record["dynamodb"]
    return record["eventName"], body["Keys"], _in_one_form(body.get("OldImage")), _in_one_form(body.get("NewImage"))
