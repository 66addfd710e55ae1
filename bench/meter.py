"""Counts what the application asks of AWS: each call, what it consumes, and which could run at the same time.

What a call consumes is worked out from its items by AWS's rules (`bench.capacity`). DynamoDB Local reports the same of
single reads and writes that find something, but nothing of a key that is not there, and of transactions something else:
a hold of four items as 4 units, the queue worker's one put and one check as 8, and 4 more for each index.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.awsrequest import AWSResponse

from bench import capacity
from bench.consumption import body_of, key_of, read_units_of
from chalicelib.aws import CALLS_AT_ONCE
from local_stack.resources import Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a piece of work asked of AWS."""

    calls: tuple[str, ...]
    """The operations, in order."""
    in_sequence: int
    """How many of the calls come one after the other, where the rest run side by side."""
    write_units: int = 0
    """Write request units, those of the indexes included."""
    index_write_units: int = 0
    """Those of the indexes."""
    read_units: float = 0.0
    """Read request units."""

    @property
    def dynamodb_calls(self) -> int:
        """Calls to the table."""
        return len(self.calls) - self.sqs_calls

    @property
    def sqs_calls(self) -> int:
        """Calls to the queue."""
        return self.calls.count("SendMessage")


@dataclass
class Meter:
    """Watches a pair of clients. The queue is answered in process: no engine here has one beside the table."""

    dynamodb: "DynamoDBClient"
    sqs: "SQSClient"
    unwatched: "DynamoDBClient"
    """Another client of the same table, to look at items before and after a write."""
    indexes: Sequence[Key]
    _calls: list[str] = field(default_factory=list)
    _saved: int = 0
    """How many calls others ran beside."""
    _writes: int = 0
    _index_writes: int = 0
    _reads: float = 0.0
    _request: Mapping[str, Any] = field(default_factory=dict)
    """What is asked for by the call under way."""
    _keys: list[tuple[str, Any]] = field(default_factory=list)
    """The items of the transaction under way."""
    _before: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        queue: Any = self.sqs.meta.events
        queue.register("before-call.sqs.SendMessage", self._send)

    @contextmanager
    def measuring(self) -> "Iterator[Callable[[], Usage]]":
        """Measure what is done inside; the usage can be asked for from then on.

        Else nothing is looked at, which would take time: items are read before and after each write.
        """
        self._calls, self._saved = [], 0
        self._writes = self._index_writes = 0
        self._reads = 0.0
        events: Any = self.dynamodb.meta.events
        handlers = (
            ("provide-client-params.dynamodb", self._about_to_call),
            ("after-call.dynamodb", self._called),
            ("provide-client-params.dynamodb.TransactWriteItems", self._about_to_write),
            ("after-call.dynamodb.TransactWriteItems", self._written),
        )
        for event, handler in handlers:
            events.register(event, handler)
        try:
            yield self._usage
        finally:
            for event, handler in handlers:
                events.unregister(event, handler)

    def _usage(self) -> Usage:
        return Usage(
            calls=tuple(self._calls),
            in_sequence=len(self._calls) - self._saved,
            write_units=self._writes,
            index_write_units=self._index_writes,
            read_units=self._reads,
        )

    def side_by_side(self, work: Sequence[Callable[[], T]]) -> list[T]:
        """A `RunAll` that does one piece after the other, and counts them as if a few ran at once."""
        done, lanes = [], [0] * CALLS_AT_ONCE
        for piece in work:
            before = len(self._calls)
            done.append(piece())
            lanes[lanes.index(min(lanes))] += len(self._calls) - before
        self._saved += sum(lanes) - max(lanes)
        return done

    def _about_to_call(self, params: dict[str, Any], **_: object) -> None:
        self._request = params

    def _called(self, parsed: Mapping[str, Any], model: Any, **_: object) -> None:
        self._calls.append(model.name)
        self._reads += read_units_of(model.name, self._request, parsed)

    def _about_to_write(self, params: dict[str, Any], **_: object) -> None:
        self._keys = [(body_of(action)["TableName"], key_of(action)) for action in params["TransactItems"]]
        self._before = self._items()

    def _written(self, **_: object) -> None:
        changes = list(zip(self._before, self._items(), strict=True))
        of_indexes = sum(capacity.index_write_units(*change, index) for change in changes for index in self.indexes)
        self._writes += capacity.write_units_of_transaction(changes) + of_indexes
        self._index_writes += of_indexes

    def _items(self) -> list[Any]:
        return [
            self.unwatched.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
            for table, key in self._keys
        ]

    def _send(self, model: Any, **_: object) -> tuple[AWSResponse, dict[str, Any]]:
        self._calls.append(model.name)
        answer: Any = {}
        return AWSResponse("https://queue", 200, answer, None), {"MessageId": "1"}
