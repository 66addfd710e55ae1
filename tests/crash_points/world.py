"""The real application over one engine, which can be killed at any AWS call; and what AWS does to it afterwards."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from botocore import xform_name
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from chalicelib.aws import CLIENT_CONFIG
from chalicelib.dao import keys
from chalicelib.dao.items import Item
from chalicelib.dao.values import deserialized, serialized
from simulation import dynamodb
from simulation.cloud import error
from simulation.machine import HOLD_SECONDS, SETTINGS, WANTED, Machine
from simulation.wire import Call, Reply
from tests.builders import NOW, new_id
from tests.events import Event, event, failed, sqs_record, stream_record

if TYPE_CHECKING:
    from chalicelib.bootstrap import Application


class KilledError(BaseException):
    """The function is gone. Nothing catches this."""


class Engine(Protocol):
    """A table that does what DynamoDB does."""

    def call(self, operation: str, body: dict[str, Any], *, now: float) -> Reply:
        """Do it."""


class Simulated:
    """The simulation's own."""

    def __init__(self) -> None:
        self._table = dynamodb.Table(WANTED.table)

    def call(self, operation: str, body: dict[str, Any], *, now: float) -> Reply:
        """Do it."""
        try:
            return Reply(200, self._table.call(operation, body, now=now))
        except dynamodb.Refused as refused:
            return error(refused.code, refused.message, status=refused.status, **refused.members)


class Remote:
    """A table on an endpoint."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def call(self, operation: str, body: dict[str, Any], *, now: float) -> Reply:  # noqa: ARG002 - it has its own clock
        """Do it, under the table's real name."""
        named = self._renamed(body, SETTINGS.table_name, self._name)
        try:
            answer = getattr(self._client, xform_name(operation))(**named)
        except ClientError as refused:
            response: Any = refused.response
            reasons = {key: response[key] for key in ("CancellationReasons",) if key in response}
            status = response["ResponseMetadata"]["HTTPStatusCode"]
            return error(response["Error"]["Code"], response["Error"]["Message"], status=status, **reasons)
        del answer["ResponseMetadata"]
        return Reply(200, self._renamed(answer, self._name, SETTINGS.table_name))

    @staticmethod
    def _renamed(body: Any, name: str, other: str) -> Any:
        """What is said of one table, of another."""
        return json.loads(json.dumps(body).replace(f'"{name}"', f'"{other}"'))


@dataclass
class World:
    """One table, one queue and a clock. `calls` are those since the last `let_it_work`."""

    machine: Machine
    engine: Engine
    now: datetime = NOW
    provider_id: str = field(default_factory=lambda: f"p-{new_id()}")
    queue: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    dead_letters: list[str] = field(default_factory=list)
    queue_is_down: bool = False
    tries_needed: int = 1
    """How often each call has to be sent until it is answered; before, it is not, for as long as the client waits."""
    kill_at: int | None = None
    kill_once_done: bool = False

    def __post_init__(self) -> None:
        self.machine.connect(self)
        # The method of now itself, which the linter asks for, would tell the time of now for ever.
        clock = lambda: self.now.timestamp()  # noqa: E731, PLW0108
        self.application: Application = self.machine.instance(self, clock, _number)

    def call(self, call: Call) -> Reply:
        """Apply a call; the one at which the function is to be killed, before or after."""
        self.calls.append(call.operation)
        if len(self.calls) % self.tries_needed:
            self.sleep(CLIENT_CONFIG.connect_timeout + CLIENT_CONFIG.read_timeout)  # type: ignore[attr-defined] # not in the stubs
            raise ReadTimeoutError(endpoint_url="https://simulation", error="simulated")
        if len(self.calls) != self.kill_at:
            return self._apply(call)
        if self.kill_once_done:
            with suppress(ConnectionClosedError):
                self._apply(call)
        raise KilledError

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def elapsed(self) -> float:
        """The world's time."""
        return self.now.timestamp()

    def jitter(self) -> float:
        """As long as waits can get."""
        return 1.0

    def let_it_work(self) -> None:
        """From here on nothing is killed."""
        self.kill_at = None
        self.calls = []

    def user(self, name: str) -> str:
        """A user whom no other world has."""
        return f"user-{name}-{self.provider_id}"

    def items(self) -> list[Item]:
        """All items of this world's provider, its bookings and users; an engine's table may hold those of others."""
        return [
            item
            for item in map(deserialized, self._scanned())
            if item["PK"].endswith(self.provider_id) or item.get("providerId") == self.provider_id
        ]

    def _scanned(self) -> Iterator[dict[str, Any]]:
        request: dict[str, Any] = {"TableName": SETTINGS.table_name, "ConsistentRead": True}
        while True:
            page = self.engine.call("Scan", request, now=0.0).body
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def deliver_messages(self) -> None:
        """Hand every message to the booking processor, which must not fail."""
        while self.queue:
            assert failed(self.application.process_bookings(event(sqs_record(self.queue.pop(0))))) == []

    def let_ttl_delete(self) -> list[Event]:
        """Delete what is due, and return the stream's records of that."""
        records = []
        for item in self.items():
            if item["SK"] == keys.EXPIRATION_TRIGGER and item["ttl"] <= self.now.timestamp():
                key = {name: {"S": item[name]} for name in ("PK", "SK")}
                self.engine.call("DeleteItem", {"TableName": SETTINGS.table_name, "Key": key}, now=self.now.timestamp())
                records.append(stream_record(serialized(item), created=self.now.timestamp()))
        return records

    def heal(self) -> None:
        """Let all that AWS would bring come: the messages, the end of the hold, TTL, the stream's records."""
        self.let_it_work()
        self.queue_is_down = False
        self.deliver_messages()
        self.now += timedelta(seconds=HOLD_SECONDS + 1)
        for record in self.let_ttl_delete():
            assert failed(self.application.expire_bookings(event(record))) == []

    def _apply(self, call: Call) -> Reply:
        if call.service == "dynamodb":
            return self.engine.call(call.operation, call.body, now=self.now.timestamp())
        if self.queue_is_down:
            raise ConnectionClosedError(endpoint_url=call.body["QueueUrl"])
        is_dead = call.body["QueueUrl"].endswith("-dlq")
        (self.dead_letters if is_dead else self.queue).append(call.body["MessageBody"])
        return Reply(200, {"MessageId": "1"})


def _number() -> int:
    return int(new_id().replace("-", ""), 16)
