"""One schedule: a system, its clients, one order of all that happens, checked after every step."""

from collections.abc import Sequence
from dataclasses import dataclass

from simulation.choices import Choices
from simulation.clients import Clients, Exchange, Request, Script
from simulation.faults import Fault, FaultPlan
from simulation.functions import Functions
from simulation.machine import machine, silence
from simulation.sources import Messages, Records, Ttl
from simulation.system import Conditions, System
from simulation.watch import ViolationError, Watch
from simulation.workloads import (
    HOLD_LENGTHS,
    PROVIDER,
    booker,
    hoarder,
    lister,
    onlooker,
    opening,
    planner,
    rule_maker,
    walk,
)

_MOST_STEPS = 5000
"""More than any schedule needs: one that has not come to its end by then never would."""

NEVER_ENDS = "never comes to an end"

_KINDS = [kind for kind in Fault if kind is not Fault.NONE]
_RATES = (0.0, 0.05, 0.15, 0.4, 0.8)
_SKEWS: tuple[tuple[float, ...], ...] = ((0.0,), (0.0, 0.4, -0.4), (0.0, 2.0), (0.0, -2.0))
_DAY_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a schedule went; `violation` says what did not hold, if anything."""

    choices: Sequence[int]
    trace: Sequence[str]
    violation: str | None
    faults: Sequence[Fault]
    steps: int
    calls: int


def run(*, seed: int | None = None, script: Sequence[int] = ()) -> Outcome:
    """Run a schedule by chance, or once more by the choices that were made."""
    choices = Choices(seed=seed, script=script)
    schedule = Schedule(choices)
    violation = None
    with silence():
        try:
            schedule.run()
        except ViolationError as found:
            violation = str(found)
    return Outcome(
        choices=choices.made,
        trace=schedule.system.trace,
        violation=violation,
        faults=schedule.functions.met,
        steps=schedule.system.steps,
        calls=schedule.functions.calls,
    )


class Schedule:
    """The parts of one schedule, put together by chance."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.system = System(choices, Conditions())
        self.functions = Functions(self.system, machine())
        self.clients = Clients(self.system, self.functions, machine())
        self.messages = Messages(self.system, self.functions)
        self.records = Records(self.system, self.functions)
        self.watch = Watch(self.system, self.records, self.clients.exchanges)
        self.system.parts += [self.functions, self.clients, self.messages, self.records, Ttl(self.system)]

    def run(self) -> None:
        """Open, let everybody at it, heal, and look whether everything reached its end. Raises `ViolationError`."""
        self.clients.add("opening", opening(self.choices))
        self._to_the_end()
        self.system.conditions = self._conditions()
        self.functions.retire_machines()
        for name, script in self._scripts():
            self.clients.add(name, script)
        self._while_clients_are_busy()
        self.system.conditions = Conditions()
        self.functions.retire_machines()
        self._to_the_end()
        self._redrive()
        self.system.now += _DAY_SECONDS
        self._to_the_end()
        self.watch.look_at_the_end(self._final_reads())
        self.watch.look_back(self.clients.history, hold_seconds=HOLD_LENGTHS)

    def _conditions(self) -> Conditions:
        """Some kinds of faults and not others, since faults of many kinds hide each other's effects (swarm testing)."""
        choices = self.choices
        rate = _RATES[choices.one_of(len(_RATES))]
        kinds: tuple[Fault, ...]
        if choices.happens(0.3):
            kinds = (_KINDS[choices.one_of(len(_KINDS))],)
        else:
            kinds = tuple(kind for kind in _KINDS if choices.one_of(2))
        return Conditions(
            faults=FaultPlan(kinds, rate),
            skews=_SKEWS[choices.pick([3.0, 1.0, 1.0, 1.0])],
            repeats=choices.happens(0.5),
            pauses=choices.happens(0.3),
            lags=choices.happens(0.5),
        )

    def _scripts(self) -> list[tuple[str, Script]]:
        choices = self.choices
        slots = 1 + choices.pick([3.0, 2.0, 2.0])
        # Nothing keeps two programs of one user from sending the same request with the same key at the same time.
        has_twin = choices.happens(0.3)
        users = [f"user-{number}" for number in range(2 + choices.one_of(3))]
        scripts = [
            (user, booker(user, choices, slots=slots, always_with_key=has_twin and user == users[0])) for user in users
        ]
        if has_twin:
            scripts.append((f"{users[0]} elsewhere", booker(users[0], choices, slots=slots, always_with_key=True)))
        if choices.happens(0.3):
            # The limit of holds is about what one user does at the same time, in several places.
            scripts += [(f"{users[0]}'s hoarder {number}", hoarder(users[0], choices)) for number in range(3)]
        if choices.happens(0.3):
            scripts.append(("rule maker", rule_maker(choices)))
        if choices.happens(0.3):
            scripts.append(("onlooker", onlooker(choices)))
        if choices.happens(0.3):
            # Several may set the same day at the same time, each in some transactions.
            scripts += [(f"planner {number}", planner(choices)) for number in range(1 + choices.one_of(3))]
        if choices.happens(0.3):
            scripts.append(("lister", lister(choices)))
        return scripts

    def _while_clients_are_busy(self) -> None:
        for _ in range(_MOST_STEPS):
            if not self.clients.are_busy() or not self.system.step():
                return
            self.watch.look()
        raise ViolationError(f"the clients {NEVER_ENDS}")

    def _to_the_end(self) -> None:
        for _ in range(_MOST_STEPS):
            if not self.system.step():
                return
            self.watch.look()
        raise ViolationError(f"what is left {NEVER_ENDS}")

    def _redrive(self) -> None:
        """What became a dead letter while things went wrong is given back, as the runbook says."""
        self.messages.redrive()
        self.records.redrive()

    def _final_reads(self) -> list[Exchange]:
        before = len(self.clients.exchanges)
        self.clients.add("reader", _reader(self.watch.promised, self.choices))
        self._to_the_end()
        return self.clients.exchanges[before:]


def _reader(booking_ids: Sequence[str], choices: Choices) -> Script:
    for booking_id in booking_ids:
        yield Request("GET", f"/bookings/{booking_id}")
    yield from walk(f"/providers/{PROVIDER}/bookings", {}, choices)
