"""The calls on the table, and what their failures mean.

DynamoDB's errors are understood here and nowhere else, by code, reason and index. A failed condition is an answer and
goes to the caller; what passes by itself is tried again, in the time that a request has; what says that the table can't
be reached becomes `ServiceUnavailableError`. What isn't understood goes on up.
"""

import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from boto3.dynamodb.conditions import ConditionExpressionBuilder

from chalicelib.aws import RunAll, TimeLimit
from chalicelib.dao.actions import Action
from chalicelib.dao.values import deserialized, serialized
from chalicelib.domain.errors import ServiceUnavailableError

if TYPE_CHECKING:
    from boto3.dynamodb.conditions import ConditionBase
    from mypy_boto3_dynamodb import DynamoDBClient

    from chalicelib.dao.items import Item
    from chalicelib.dao.keys import Key, Range

T = TypeVar("T")

_log = logging.getLogger(__name__)

MAX_ACTIONS = 100
"""DynamoDB's limit for one TransactWriteItems."""

_PASSING_REASONS = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""Reasons of a cancelled transaction that say nothing about the data. boto3 does not try these again."""


class ConditionFailedError(Exception):
    """A write's conditions did not hold, and nothing was written.

    `failed` maps the index of each refused action to the item that was there, or None if there was none.
    """

    def __init__(self, failed: "Mapping[int, Item | None]") -> None:
        super().__init__(f"conditions failed at {sorted(failed)}")
        self.failed = failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How a cancelled transaction is tried again: full jitter below a doubling bound, within the time of a request."""

    attempts: int = 10
    first_wait_seconds: float = 0.025
    longest_wait_seconds: float = 0.8
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.SystemRandom().random
    """The system's: `random` would go on alike in all functions that are restored from one SnapStart picture."""

    def waits(self) -> Iterator[float]:
        """How long to wait after each attempt but the last, in seconds."""
        for attempt in range(self.attempts - 1):
            yield self.jitter() * min(self.longest_wait_seconds, self.first_wait_seconds * 2**attempt)


class Table:
    """One DynamoDB table, in Python's types."""

    def __init__(
        self,
        *,
        client: "DynamoDBClient",
        name: str,
        retries: Retries,
        time_limit: TimeLimit,
        run_all: RunAll,
        new_token: Callable[[], str],
        max_actions: int = MAX_ACTIONS,
    ) -> None:
        """`max_actions` is how many a transaction may have."""
        self.max_actions = max_actions
        self._client = client
        self._name = name
        self._retries = retries
        self._time_limit = time_limit
        self._run_all = run_all
        self._new_token = new_token

    def get(self, key: "Key") -> "Item | None":
        """Read one item, consistently."""
        with self._time_limit.calling("table"):
            answer = self._client.get_item(TableName=self._name, Key=serialized(key), ConsistentRead=True)
        return deserialized(answer["Item"]) if "Item" in answer else None

    def get_all(self, wanted: "Sequence[Key]") -> "list[Item | None]":
        """Read up to 100 items in one call, each consistently, but not all at one instant; None for what is not there.

        What DynamoDB leaves out, when it throttles, is asked for again.
        """
        found: dict[tuple[str, str], Item] = {}
        missing: Any = [serialized(key) for key in wanted]
        waits = self._retries.waits()
        while True:
            request: Any = {self._name: {"Keys": missing, "ConsistentRead": True}}
            with self._time_limit.calling("table"):
                answer = self._client.batch_get_item(RequestItems=request)
            for item in map(deserialized, answer["Responses"].get(self._name, [])):
                found[item["PK"], item["SK"]] = item
            if not answer["UnprocessedKeys"]:
                return [found.get((key["PK"], key["SK"])) for key in wanted]
            missing = answer["UnprocessedKeys"][self._name]["Keys"]
            wait = next(waits, None)
            if wait is None:
                raise ServiceUnavailableError("The table is throttled.")
            self._retries.sleep(wait)

    def query(self, partition: str) -> "list[Item]":
        """Read all items of a partition, consistently and in order."""
        return list(self._consistently("PK = :pk", {":pk": partition}))

    def query_range(self, of: "Range", *, after: "Key | None" = None, page_size: int | None = None) -> "Iterator[Item]":
        """Read the items of a range, consistently and in order, as they are asked for, `page_size` at a time.

        With `after`, the key of an item that is there or was, only those that come after it.
        """
        optional: dict[str, Any] = {} if page_size is None else {"Limit": page_size}
        if after is not None:
            optional["ExclusiveStartKey"] = serialized(after)
        return self._consistently(
            "PK = :pk AND SK BETWEEN :first AND :last",
            {":pk": of.partition, ":first": of.first, ":last": of.last},
            **optional,
        )

    def query_index(
        self,
        index: str,
        condition: "ConditionBase",
        *,
        where: "ConditionBase | None",
        after: Mapping[str, str] | None,
        forward: bool,
        page_size: int,
    ) -> "Iterator[Item]":
        """Read the items of an index under a condition on its key, and of those the ones `where` it holds.

        In order of the sort key, from after a place on, and `page_size` at a time as they are asked for. An index is a
        moment behind the table, and can't be read consistently.
        """
        builder = ConditionExpressionBuilder()
        on_key = builder.build_expression(condition)
        names, values = on_key.attribute_name_placeholders, on_key.attribute_value_placeholders
        optional: dict[str, Any] = {}
        if where is not None:
            on_items = builder.build_expression(where)
            names = names | on_items.attribute_name_placeholders
            values = values | on_items.attribute_value_placeholders
            optional["FilterExpression"] = on_items.condition_expression
        if after is not None:
            optional["ExclusiveStartKey"] = serialized(after)
        return self._pages(
            {
                "IndexName": index,
                "KeyConditionExpression": on_key.condition_expression,
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": serialized(values),
                "ScanIndexForward": forward,
                "Limit": page_size,
                **optional,
            }
        )

    def transact(
        self, actions: Sequence[Action], *, decided_by: int | None = None, look: Callable[[], None] | None = None
    ) -> None:
        """Do all actions or none. Raises `ConditionFailedError`.

        One token stands for all tries, so that a try whose acknowledgement was lost is not taken for somebody else's.
        This is the only way to write, for a single item too: a plain write has no token, and fails while a transaction
        touches its item.

        `decided_by` is the place of an action whose refusal tells more than all others: while another transaction
        touches its item, theirs are no answer yet. `look` is called before each other try, and raises what ends them:
        what can't succeed any more is not tried again.
        """
        items = [{kind: {"TableName": self._name, **body} for kind, body in action.items()} for action in actions]
        token = self._new_token()
        for wait in self._retries.waits():
            if self._transact_once(items, token, decided_by):
                return
            self._retries.sleep(wait)
            if look:
                look()
        if not self._transact_once(items, token, decided_by):
            raise ServiceUnavailableError("Too many requests want the same thing at the same time.")

    def side_by_side(self, work: Sequence[Callable[[], T]]) -> list[T]:
        """Do pieces of work that call the table, a few at a time, as `chalicelib.aws.side_by_side` does."""
        return self._run_all(work)

    def answers(self) -> bool:
        """Whether the table can be read. Raises nothing."""
        try:
            self.get({"PK": "HEALTH", "SK": "HEALTH"})
        except Exception:
            _log.warning("the table does not answer", exc_info=True)
            return False
        return True

    def _pages(self, query: dict[str, Any]) -> "Iterator[Item]":
        """The items that a query finds, page by page as they are asked for. botocore's paginator takes long to make."""
        while True:
            with self._time_limit.calling("table"):
                page = self._client.query(TableName=self._name, **query)
            yield from map(deserialized, page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            query = {**query, "ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _consistently(self, condition: str, values: Mapping[str, str], **optional: Any) -> "Iterator[Item]":
        return self._pages(
            {
                "KeyConditionExpression": condition,
                "ExpressionAttributeValues": serialized(values),
                "ConsistentRead": True,
                **optional,
            }
        )

    def _transact_once(self, items: list[Any], token: str, decided_by: int | None) -> bool:
        """False if the transaction was cancelled for a reason that passes by itself."""
        try:
            with self._time_limit.calling("table"):
                self._client.transact_write_items(TransactItems=items, ClientRequestToken=token)
        except self._client.exceptions.TransactionCanceledException as cancelled:
            reasons = cancelled.response.get("CancellationReasons", [])
            failed = {
                index: _old_item(reason)
                for index, reason in enumerate(reasons)
                if reason.get("Code") == "ConditionalCheckFailed"
            }
            is_decided = decided_by is None or reasons[decided_by].get("Code") not in _PASSING_REASONS
            if failed and is_decided:
                raise ConditionFailedError(failed) from cancelled
            codes = {reason.get("Code", "None") for reason in reasons} - {"None"}
            if not failed and (not codes or codes - _PASSING_REASONS):
                raise
            _log.info("transaction cancelled, trying again", extra={"reasons": sorted(codes)})
            return False
        return True


def _old_item(refusal: Mapping[str, Any]) -> "Item | None":
    item = refusal.get("Item")
    return deserialized(item) if item else None
