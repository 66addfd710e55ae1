"""Clients, the queue's worker, TTL, the stream's worker, and one fault: in every order there is."""

import json
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum, StrEnum, auto
from functools import cache
from itertools import product
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar, cast

from chalicelib.bootstrap import Application
from chalicelib.dao import keys
from chalicelib.dao.items import Item
from chalicelib.dao.values import deserialized
from operations.invariants import unfinished, violations
from simulation.cloud import Cloud, Message, sqs_event
from simulation.dynamodb import Snapshot
from simulation.exploration import RESET, Actor, AsksTheTime, CallAnswer, Code, Finished, Given, Rehearsal
from simulation.functions import describe
from simulation.machine import HOLD_SECONDS, WANTED, Machine
from simulation.sources import to_record
from simulation.system import START
from simulation.wire import Call


class Fault(StrEnum):
    """What may go wrong, once, anywhere."""

    NONE = "nothing"
    CRASH = "a crash"
    """A run ends before or after one of its calls."""
    LOST_ACKNOWLEDGEMENT = "a lost acknowledgement"
    """A call is applied, but its sender sees the connection fail, and sends it again."""
    SECOND_DELIVERY = "a second delivery"
    """A message or a record comes again, though it was processed, or is being so."""


class Tokens(Enum):
    """Which tokens of transactions a table remembers after a call."""

    ALL = auto()
    EARLIER = auto()
    """Those that it had before."""
    NONE = auto()


T = TypeVar("T")

INSTANTS = tuple(START + each for each in (0.0, HOLD_SECONDS + 0.75, 2 * HOLD_SECONDS + 0.75, 3 * HOLD_SECONDS + 1.75))
"""The time goes from one to the next, at any moment. Each but the last is the very deadline of a hold that was
made at the one before."""

Client: TypeAlias = Callable[[Application], None]
"""What one of them does."""


Some: TypeAlias = frozenset[int]
"""Actors, by number."""

_NOBODY: Some = frozenset()


class State(NamedTuple):
    """Everything that makes a difference to what can come, by number: few of each, in very many combinations."""

    table: int
    time: int = 0
    actors: Some = _NOBODY
    waiting: Some = _NOBODY
    """The workers that messages and records are about to start."""
    delivered: Some = _NOBODY
    """Those that they have started, if they may start them again."""
    fault_is_spent: bool = False


class Turns(NamedTuple):
    """Those who can act now."""

    each: tuple[tuple[int, Some], ...]
    """Each of them, with the others."""
    come_first: bool = False
    """Whether all else can wait."""


class Move(NamedTuple):
    """What an actor can do next, at a table and a time."""

    what: str
    table: int
    """The table after it."""
    actor: int | None
    """The actor after it; None if it has ended."""
    starts: int | None = None
    """A worker that is about to be started by it."""
    is_fault: bool = False


Step: TypeAlias = tuple[str, State]
"""A way to a state, in words."""


@dataclass(slots=True)
class Explored:
    """What there was."""

    states: int = 0
    steps: int = 0
    ends: int = 0
    """States in which nothing more can happen."""
    runs: int = 0
    """How often the real code was run."""
    broken: list[str] = field(default_factory=list)
    """What does not hold somewhere, with the steps that lead there."""


class Numbered(Generic[T]):
    """Gives each different thing a number."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._things: list[T] = []

    def number(self, thing: T, *, like: Hashable = None) -> int:
        """The thing's number; `like` is what it is told apart by, if not by itself."""
        key = cast("Hashable", thing) if like is None else like
        if key not in self._numbers:
            self._numbers[key] = len(self._things)
            self._things.append(thing)
        return self._numbers[key]

    def __getitem__(self, number: int) -> T:
        return self._things[number]


class Interleavings:
    """All that clients, the workers and one fault can do to each other."""

    def __init__(
        self,
        machine: Machine,
        begin: Callable[[Cloud], None],
        clients: Mapping[str, Client],
        fault: Fault,
        rehearsal: Rehearsal | None = None,
    ) -> None:
        """`begin` brings what is there when the clients begin, and `rehearsal` is what their processes did before."""
        self._begin = begin
        self._clients = clients
        self._fault = fault
        self._code = Code(machine, self._program, rehearsal)
        self._tables = Numbered[Snapshot]()
        self._actors = Numbered[Actor]()
        self._calls = Numbered[Call]()
        self._cloud = Cloud(WANTED)
        # There are few actors, tables and times, and very many states: what depends on no more is worked out once, and
        # states share their parts.
        self._shared = cache(lambda some: some)
        self._with = cache(lambda some, one: self._shared(some | {one}))
        self._without = cache(lambda some, one: self._shared(some - {one}))
        self._turns = cache(self._turns_of)
        self._later = cache(self._later_of)
        self._replied = cache(self._reply)
        self._moves = cache(lambda number, table, time: tuple(self._moves_of(number, table, time)))
        self._deletions = cache(lambda table, time: tuple(self._deletions_of(table, time)))
        self._violations = cache(self._violations_of)

    def explore(self) -> Explored:
        """Go to every state once. Check what must always hold there, and that all is done where nothing follows."""
        first = self._first()
        explored = Explored()
        came_from: dict[State, tuple[State, str] | None] = {first: None}
        waiting = [first]
        while waiting:
            state = waiting.pop()
            explored.states += 1
            steps = list(self._steps(state))
            explored.steps += len(steps)
            explored.ends += not steps
            unfinished_here = [] if steps else self._unfinished(state.table, state.time)
            for wrong in self._violations(state.table, state.time) + unfinished_here:
                explored.broken.append("\n".join([*_way_to(state, came_from), wrong]))
            for what, then in steps:
                if then not in came_from:
                    came_from[then] = (state, what)
                    waiting.append(then)
        explored.runs = len(self._code)
        return explored

    def _first(self) -> State:
        """What is there, and the clients about to begin."""
        self._begin(self._cloud)
        clients = (self._actors.number(Actor(("client", name))) for name in self._clients)
        return State(self._table_now(), actors=frozenset(clients))

    def _table_now(self, tokens: Mapping[str, Any] | None = None) -> int:
        """The table's number, with these tokens in place of those that it remembers."""
        snapshot = self._cloud.table.snapshot()
        if tokens is not None:
            snapshot = replace(snapshot, tokens=tokens)
        return self._tables.number(snapshot, like=snapshot.frozen())

    def _steps(self, state: State) -> Iterator[Step]:
        table, time, actors, waiting, delivered, fault_is_spent = state
        turns = self._turns(actors)
        for actor, rest in turns.each:
            yield from self._steps_of(actor, State(table, time, rest, waiting, delivered, fault_is_spent))
        if turns.come_first:
            return
        # That a worker begins makes no difference to anybody before its first call, so both are one step.
        may_come_again = self._fault is Fault.SECOND_DELIVERY and not fault_is_spent
        for worker in waiting:
            again = self._with(delivered, worker) if may_come_again else delivered
            rest = self._without(waiting, worker)
            yield from self._steps_of(worker, State(table, time, actors, rest, again, fault_is_spent))
        for worker in delivered:
            once_more = self._actors.number(self._actors[worker].once_more())
            yield from self._steps_of(once_more, state._replace(fault_is_spent=True, delivered=_NOBODY))
        if time + 1 < len(INSTANTS):
            for later in self._later(actors, time):
                yield "time goes on", State(table, time + 1, later, waiting, delivered, fault_is_spent)
        for expirer, after in self._deletions(table, time):
            started = self._with(waiting, expirer)
            yield "TTL deletes a trigger", State(after, time, actors, started, delivered, fault_is_spent)

    def _steps_of(self, actor: int, others: State) -> Iterator[Step]:
        """What an actor can do; `others` is the state without it."""
        _, time, actors, waiting, delivered, fault_is_spent = others
        for what, table, then, starts, is_fault in self._moves(actor, others.table, time):
            if is_fault and fault_is_spent:
                continue
            yield (
                what,
                State(
                    table,
                    time,
                    actors if then is None else self._with(actors, then),
                    waiting if starts is None else self._with(waiting, starts),
                    delivered,
                    fault_is_spent or is_fault,
                ),
            )

    def _moves_of(self, number: int, table: int, time: int) -> Iterator[Move]:
        actor = self._actors[number]
        who = actor.name[1] if actor.name[0] == "client" else actor.name[0]
        while isinstance(asked := self._code.next(actor), AsksTheTime):
            # When it looks at the clock makes no difference to anybody else: at the latest, right before its next call.
            actor = actor.was_given(INSTANTS[time])
        if isinstance(asked, Finished):
            yield Move(f"{who} ends", table, None)
            return
        given, after, starts = self._applied(actor, asked, table, time)
        what = f"{who}: {describe(asked)}"
        yield Move(what, after, self._number_of(actor.was_given(given)), starts)
        if self._fault is Fault.CRASH:
            # What started a worker that crashed is delivered again; a client's request is not.
            again = None if actor.name[0] == "client" else self._actors.number(actor.once_more())
            yield Move(f"{what}: crashes before", table, None, again, is_fault=True)
            yield Move(f"{what}: crashes after", after, None, starts if again is None else again, is_fault=True)
        if self._fault is Fault.LOST_ACKNOWLEDGEMENT and (after != table or starts is not None):
            # What changes nothing and is sent again is no different from what is sent later.
            _, after, _ = self._applied(actor, asked, table, time, is_acknowledged=False)
            yield Move(f"{what}: unacknowledged", after, self._number_of(actor.was_given(RESET)), starts, is_fault=True)

    def _number_of(self, actor: Actor) -> int | None:
        """None if it has ended."""
        return None if isinstance(self._code.next(actor), Finished) else self._actors.number(actor)

    def _turns_of(self, actors: Some) -> Turns:
        each = tuple((actor, self._without(actors, actor)) for actor in actors)
        for turn in each:
            actor = self._actors[turn[0]]
            asked = self._code.next(actor)
            if isinstance(asked, Call) and asked.service == "sqs" and not actor.was_reset:
                # That a message is sent makes no difference to anybody before it is delivered: so it is at once.
                return Turns((turn,), come_first=True)
        return Turns(each)

    def _later_of(self, actors: Some, time: int) -> tuple[Some, ...]:
        """The actors when time goes on: each that is about to look at its clock may have done so already, or not."""
        ways = [
            (number, self._actors.number(actor.was_given(INSTANTS[time])))
            if isinstance(self._code.next(actor), AsksTheTime)
            else (number,)
            for number in actors
            for actor in [self._actors[number]]
        ]
        return tuple(self._shared(frozenset(each)) for each in product(*ways))

    def _applied(
        self, actor: Actor, call: Call, table: int, time: int, *, is_acknowledged: bool = True
    ) -> tuple[Given, int, int | None]:
        """What a call gives its actor, the table after it, and the worker that it starts, if any."""
        if call.service == "sqs":
            return (200, "{}"), table, self._actors.number(Actor(("worker", call.body["MessageBody"])))
        # A token makes a difference only to a call that will be sent again, until it is: no other is kept.
        tokens = Tokens.ALL if not is_acknowledged else Tokens.NONE if actor.was_reset else Tokens.EARLIER
        number = self._calls.number(call, like=json.dumps([call.operation, call.body]))
        return *self._replied(number, table, time, tokens), None

    def _reply(self, call: int, table: int, time: int, tokens: Tokens) -> tuple[CallAnswer, int]:
        """What the table answers to a call, whoever sends it, and the table after it."""
        before = self._tables[table]
        self._cloud.table.restore(before)
        reply = self._cloud.apply(self._calls[call], now=INSTANTS[time])
        remembered = {Tokens.ALL: None, Tokens.EARLIER: before.tokens, Tokens.NONE: {}}[tokens]
        return (reply.status, json.dumps(reply.body)), self._table_now(remembered)

    def _deletions_of(self, table: int, time: int) -> Iterator[tuple[int, int]]:
        """What TTL can delete: the worker that each deletion starts, and the table after it."""
        now, snapshot = INSTANTS[time], self._tables[table]
        self._cloud.table.restore(snapshot)
        for key in self._cloud.table.expired(now):
            if key[1] == keys.HOLDS:
                # That is read by the user's next hold alone, and here each user holds once.
                continue
            self._cloud.table.restore(snapshot)
            self._cloud.table.delete_expired(key, now=now)
            record = json.dumps(to_record(self._cloud.table.changes[-1], 0))
            yield self._actors.number(Actor(("expirer", record))), self._table_now()

    def _program(self, name: tuple[str, ...]) -> Callable[[Application], Any]:
        match name:
            case "client", which:
                return self._clients[which]
            case "worker", body, *_:
                event = sqs_event([Message(1, body, {}, START, receives=1)], queue=self._cloud.bookings)
                return lambda application: application.process_bookings(event)
            case "expirer", record, *_:
                records = {"Records": [json.loads(record)]}
                return lambda application: application.expire_bookings(records)
        raise ValueError(name)

    def _violations_of(self, table: int, time: int) -> list[str]:
        return violations(self._items(table), now=_at(time))

    def _unfinished(self, table: int, time: int) -> list[str]:
        return unfinished(self._items(table), now=_at(time))

    def _items(self, table: int) -> list[Item]:
        return [deserialized(item) for item in self._tables[table].items.values()]


def _at(time: int) -> datetime:
    return datetime.fromtimestamp(INSTANTS[time], UTC)


def _way_to(state: State, came_from: dict[State, tuple[State, str] | None]) -> list[str]:
    way = []
    while (step := came_from[state]) is not None:
        state, what = step
        way.append(what)
    return way[::-1]
