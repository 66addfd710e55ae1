"""Many requests at the same time: the real code, in virtual time, on a table whose transactions meet each other.

Each request has a process of its own, as on Lambda. A call is on its way for a while; a transaction has its items for
as long as it takes, and another one that wants any of them meanwhile is cancelled with TransactionConflict, as on AWS.
Nothing is left to chance but the jitter of retries, which is the same in each run.
"""

import heapq
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

from bench import capacity
from bench.consumption import key_of, read_units_of
from chalicelib.bootstrap import Application
from simulation.cloud import Cloud, error
from simulation.invocations import Calling, Invocation, Sleeping, wait_for
from simulation.machine import WANTED, machine, silence
from simulation.system import START
from simulation.wire import Call, Reply

WAY_SECONDS = 0.001
"""How long a call is under way in each direction; assumed."""

TRANSACTION_SECONDS = 0.010
"""For how long a transaction has its items; assumed, of the order that "Distributed Transactions at Scale in Amazon
DynamoDB" (USENIX ATC 2023) shows for a few items."""


@dataclass(slots=True)
class Client:
    """One request, and what became of it."""

    outcome: str = ""
    """What its work gave, in a word."""
    began: float = 0.0
    ended: float = 0.0
    calls: Counter[str] = field(default_factory=Counter)
    write_units: int = 0
    read_units: float = 0.0
    hopeless: int = 0
    """Transactions that it tried though it could have known that they can't be done."""

    @property
    def seconds(self) -> float:
        """From the request to its answer."""
        return self.ended - self.began


class Race:
    """A table, the clients, and time. A `Network` to the application."""

    def __init__(self) -> None:
        self.now = START
        self.cloud = Cloud(WANTED)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count(1)
        self._locked: set[Any] = set()
        self._jitter = random.Random(0)
        self._direct = True
        machine().connect(self)

    def process(self) -> Application:
        """A new one."""
        return machine().instance(self, lambda: self.now, lambda: next(self._numbers))

    def run(self, work: Sequence[Callable[[], str]], *, within: float) -> list[Client]:
        """Do all of it, begun evenly within so many seconds; each piece gives its outcome."""
        clients = [Client() for _ in work]
        self._direct = False
        with silence():
            for number, (client, each) in enumerate(zip(clients, work, strict=True)):
                self._at(self.now + within * number / len(work), partial(self._begin, client, each))
            while self._events:
                self.now, _, happen = heapq.heappop(self._events)
                happen()
        self._direct = True
        return clients

    def call(self, call: Call) -> Reply:
        """Answer a call: at once while things are being prepared, and in its time in a race."""
        if self._direct:
            return self.cloud.apply(call, now=self.now)
        reply: Reply = wait_for(Calling(call, self.now))
        return reply

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        wait_for(Sleeping(self.now + seconds))

    def elapsed(self) -> float:
        """Virtual time."""
        return self.now

    def jitter(self) -> float:
        """The same in each run."""
        return self._jitter.random()

    def _at(self, time: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (time, next(self._numbers), happen))

    def _begin(self, client: Client, work: Callable[[], str]) -> None:
        client.began = self.now
        invocation = Invocation("", work, partial(self._ended, client))
        invocation.begin()
        self._go_on(client, invocation)

    def _ended(self, client: Client, invocation: Invocation) -> None:
        if invocation.error:
            raise invocation.error
        client.outcome, client.ended = invocation.result, self.now

    def _go_on(self, client: Client, invocation: Invocation) -> None:
        match invocation.waiting:
            case Calling(call):
                client.calls[call.operation] += 1
                self._at(self.now + WAY_SECONDS, partial(self._arrive, client, invocation, call))
            case Sleeping(until):
                self._at(until, partial(self._answer, client, invocation, None))

    def _answer(self, client: Client, invocation: Invocation, reply: Reply | None) -> None:
        invocation.answer(reply)
        self._go_on(client, invocation)

    def _reply(self, client: Client, invocation: Invocation, reply: Reply) -> None:
        self._at(self.now + WAY_SECONDS, partial(self._answer, client, invocation, reply))

    def _arrive(self, client: Client, invocation: Invocation, call: Call) -> None:
        if call.operation != "TransactWriteItems":
            reply = self.cloud.apply(call, now=self.now)
            client.read_units += read_units_of(call.operation, call.body, reply.body)
            self._reply(client, invocation, reply)
            return
        keys = [_place(action) for action in call.body["TransactItems"]]
        client.write_units += capacity.write_units_of_transaction([self._as_it_is(key) for key in keys])
        reasons = self.cloud.table.reasons(call.body)
        if client.calls[call.operation] > 1:
            client.hopeless += any(each["Code"] != "None" for each in reasons)
        if self._locked.isdisjoint(keys) and all(each["Code"] == "None" for each in reasons):
            self._locked.update(keys)
            self._at(self.now + TRANSACTION_SECONDS, partial(self._commit, client, invocation, call, keys))
            return
        told = [
            {"Code": "TransactionConflict"} if key in self._locked else each
            for key, each in zip(keys, reasons, strict=True)
        ]
        self._reply(client, invocation, error("TransactionCanceledException", CancellationReasons=told))

    def _commit(self, client: Client, invocation: Invocation, call: Call, keys: Sequence[Any]) -> None:
        self._locked.difference_update(keys)
        self._reply(client, invocation, self.cloud.apply(call, now=self.now))

    def _as_it_is(self, key: Any) -> tuple[Any, Any]:
        item = self.cloud.table.items().get(key)
        return item, item


def _place(action: Mapping[str, Any]) -> tuple[str, str]:
    """An action's item, as the simulated table names it."""
    key = key_of(action)
    return key["PK"]["S"], key["SK"]["S"]
