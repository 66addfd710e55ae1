"""The whole system in one thread and in virtual time: functions, queue, stream, TTL, and the clients that use it.

Whatever could happen next is an action, and a schedule is a choice among them, over and over. Actions stand in order of
simplicity: a schedule that always takes the first runs each request to its end, then the workers, then the clock.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import NamedTuple, Protocol

from simulation.choices import Choices
from simulation.cloud import Cloud
from simulation.faults import NO_FAULTS, FaultPlan
from simulation.machine import WANTED

START = 1_903_867_200.25
"""2030-05-01T12:00:00.250Z: between two whole seconds, so that rounding shows."""

_LONG_SECONDS, _SELDOM = 3600, 0.05
_LAGS = (0, 1, 3, 10)
"""How many changes an index can be behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What can go wrong in a schedule."""

    faults: FaultPlan = NO_FAULTS
    skews: tuple[float, ...] = (0.0,)
    """How far the clocks of machines are off, in seconds; each machine has one of these."""
    repeats: bool = False
    """Whether queue and stream deliver more than once."""
    lags: bool = False
    """Whether indexes are behind the table, by some changes that are others at each read."""
    pauses: bool = False
    """Whether functions may stand still between two calls, for as long as their time-out allows."""


class Action(NamedTuple):
    """Something that could happen next, and how likely it is beside the others."""

    weight: float
    happen: Callable[[], None]


class Part(Protocol):
    """A part of the system, in which things can happen."""

    def actions(self) -> Iterable[Action]:
        """What could happen now."""

    def moments(self) -> Iterable[float]:
        """Instants to come at which more could happen."""

    def latest(self) -> float:
        """The instant that time may not pass before something has happened here."""


class System:
    """Time, chance, AWS, and the parts that use them."""

    def __init__(self, choices: Choices, conditions: Conditions) -> None:
        self.choices = choices
        self.conditions = conditions
        self.now = START
        self.cloud = Cloud(WANTED)
        self.cloud.table.index_lag = self._index_lag
        self.parts: list[Part] = []
        self.trace: list[str] = []
        self.steps = 0
        self._numbers = count(1)
        self._jitter = random.Random(0)

    def new_number(self) -> int:
        """A number that nobody else has."""
        return next(self._numbers)

    def jitter(self) -> float:
        """Chance that is the same in each run."""
        return self._jitter.random()

    def datetime(self, *, ahead: float = 0.0) -> datetime:
        """The time now, or by a clock that is ahead."""
        return datetime.fromtimestamp(self.now + ahead, UTC)

    def note(self, what: str) -> None:
        """Write a line into the trace."""
        self.trace.append(f"{self.now - START:9.3f}  {what}")

    def actions(self) -> list[Action]:
        """What could happen now, simplest first; nothing, when only time can help."""
        return [action for part in self.parts for action in part.actions()]

    def step(self) -> bool:
        """Let something happen, or some time pass; False if there is nothing to wait for."""
        actions = self.actions()
        waits = self._waits()
        if not actions and not waits:
            return False
        self.steps += 1
        place = self.choices.pick([*(action.weight for action in actions), *([1.0] if waits else [])])
        if place < len(actions):
            actions[place].happen()
        else:
            self.now = waits[self.choices.pick([self._likely(wait) for wait in waits])]
        return True

    def _likely(self, wait: float) -> float:
        """How likely a wait is, beside others: seldom does nothing happen for longer than an hour."""
        return 1.0 if wait - self.now <= _LONG_SECONDS else _SELDOM

    def _index_lag(self) -> int:
        return _LAGS[self.choices.pick([3.0, 1.0, 1.0, 1.0])] if self.conditions.lags else 0

    def _waits(self) -> list[float]:
        """The instants to which time may go on: a little later, or when something can happen, or just before."""
        latest = min((part.latest() for part in self.parts), default=float("inf"))
        moments = {moment for part in self.parts for moment in part.moments() if moment > self.now}
        if not moments:
            return []
        near = {moment - 0.25 for moment in moments}
        return sorted(moment for moment in {*moments, *near, self.now + 0.25} if self.now < moment <= latest)
