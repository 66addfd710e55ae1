"""Every interleaving of a few actors, exhaustively: the real code as a transition function.

An actor is a run of real code. What it does next depends on nothing but the answers that it was given so far, so it is
run from its start with these answers, until it asks for one more. A state of the world is the table, the queue, the
stream, the time, and the answers of each actor; from each state every possible next step is taken, and states that were
seen before are not entered again. Nothing is left to chance.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from typing import Any, NamedTuple, Protocol, TypeAlias

from botocore.exceptions import ConnectionClosedError

from chalicelib.bootstrap import Application
from simulation.machine import Machine
from simulation.wire import Call, Reply

CallAnswer: TypeAlias = tuple[int, str]
"""A reply: its status, and its body as JSON; status 0 stands for a connection that was reset."""

Given: TypeAlias = CallAnswer | float
"""What an actor was given: a reply, or the time by its clock, in epoch seconds."""

RESET: CallAnswer = (0, "")


class _AskedError(BaseException):
    """The code under way asks for something that it has not been given. No code catches this."""


@dataclass(frozen=True, slots=True)
class AsksTheTime:
    """It reads its clock."""


@dataclass(frozen=True, slots=True)
class Finished:
    """It is done."""

    result: Any


Next: TypeAlias = Call | AsksTheTime | Finished


class Actor(NamedTuple):
    """A run of code, by its name, and all that it was given so far."""

    name: tuple[str, ...]
    given: tuple[Given, ...] = ()

    def was_given(self, answer: Given) -> "Actor":
        """The same, an answer later.

        botocore sends a call that was reset once more, and the code above it never hears of that: so once the call is
        answered, the reset makes no difference any more.
        """
        given = self.given[:-1] if self.was_reset else self.given
        return self._replace(given=(*given, answer))

    @property
    def was_reset(self) -> bool:
        """Whether its last call was, and is about to be sent again."""
        return self.given[-1:] == (RESET,)

    def once_more(self) -> "Actor":
        """Another run of the same code, from its beginning, with ids of its own."""
        return Actor((*self.name[:2], "once more"))


class Code:
    """Runs actors. The same actor with the same answers does the same, so that is worked out once."""

    def __init__(
        self,
        machine: Machine,
        program: Callable[[tuple[str, ...]], Callable[[Application], Any]],
        rehearsal: "Rehearsal | None" = None,
    ) -> None:
        """`program` gives an actor's code by the actor's name; with a rehearsal, each is run by a process after that.

        What a process remembers of it is part of where every run begins, and so the same for all.
        """
        self._machine = machine
        self._program = program
        self._rehearsal = rehearsal
        self._known: dict[Actor, Next] = {}

    def next(self, actor: Actor) -> Next:
        """What an actor does after it was given this."""
        if actor not in self._known:
            self._known[actor] = self._run(actor)
        return self._known[actor]

    def __len__(self) -> int:
        return len(self._known)

    def _run(self, actor: Actor) -> Next:
        replay = _Replay(actor.given)
        self._machine.connect(replay)
        # Ids that are the same in each run of an actor, and no other's.
        digest = int.from_bytes(sha256(repr(actor.name).encode()).digest()[:12])
        numbers = count(digest << 32)
        application = self._machine.instance(replay, replay.time, lambda: next(numbers))
        if self._rehearsal is not None:
            replay.rehearsal = self._rehearsal
            self._rehearsal.play(application)
            replay.rehearsal = None
        try:
            return Finished(self._program(actor.name)(application))
        except _AskedError:
            return replay.asked


class Rehearsal(Protocol):
    """What a process has done before, in a world of its own that nothing is left of."""

    def play(self, application: Application) -> None:
        """Do it."""

    def call(self, call: Call) -> Reply:
        """Answer a call of it."""

    def time(self) -> float:
        """When it was, in epoch seconds."""


class _Replay:
    """A `Network` and a clock that give what was given before, and then stop the code."""

    def __init__(self, given: tuple[Given, ...]) -> None:
        self._given = iter(given)
        self.asked: Next = Finished(None)
        self.rehearsal: Rehearsal | None = None
        """What is going on before."""

    def call(self, call: Call) -> Reply:
        """The next answer."""
        if self.rehearsal is not None:
            return self.rehearsal.call(call)
        answer = self._next(call)
        if not isinstance(answer, tuple):
            raise TypeError(f"the code does not do again what it did before: {call}")
        if answer == RESET:
            raise ConnectionClosedError(endpoint_url="https://simulation")
        return Reply(answer[0], json.loads(answer[1]))

    def time(self) -> float:
        """The next time."""
        if self.rehearsal is not None:
            return self.rehearsal.time()
        answer = self._next(AsksTheTime())
        if not isinstance(answer, float):
            raise TypeError("the code does not do again what it did before: it asks for the time")
        return answer

    def sleep(self, seconds: float) -> None:
        """Waiting is no step: others may do anything before the next call anyway."""

    def elapsed(self) -> float:
        """None: what takes how long makes no difference here."""
        return 0.0

    def jitter(self) -> float:
        """None."""
        return 0.0

    def _next(self, asked: Next) -> Given:
        for answer in self._given:
            return answer
        self.asked = asked
        raise _AskedError
