"""The functions at work: their machines, their calls, and the faults that those meet."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from chalicelib.aws import CLIENT_CONFIG
from chalicelib.bootstrap import Application
from simulation.cloud import error
from simulation.dynamodb import NO_REASON
from simulation.faults import APPLIED, Fault
from simulation.invocations import Calling, Invocation, Returning, Sleeping, wait_for
from simulation.machine import Machine
from simulation.system import Action, System
from simulation.wire import Call, Reply

READ_TIMEOUT_SECONDS: float = CLIENT_CONFIG.read_timeout  # type: ignore[attr-defined] # not in the stubs
_SLOW_ANSWERS = 0.15
"""How many answers take so long that others act before they arrive."""

_ENDPOINT = "https://simulation"


@dataclass(slots=True)
class Instance:
    """A machine, which runs one function at a time."""

    name: str
    application: Application
    is_free: bool = True


@dataclass(slots=True)
class Run:
    """An invocation, and when it has to be over."""

    invocation: Invocation
    instance: Instance
    time_limit: float


class Functions:
    """A `Network` to the application, and a part of the system."""

    def __init__(self, system: System, machine: Machine) -> None:
        self._system = system
        self._machine = machine
        self._instances: list[Instance] = []
        self._runs: list[Run] = []
        self._late: list[Call] = []
        self.calls = 0
        self.met: list[Fault] = []
        machine.connect(self)

    def invoke(
        self,
        name: str,
        work: Callable[[Application], Any],
        done: Callable[[Invocation], None],
        *,
        timeout_seconds: float,
    ) -> None:
        """Run a function on a machine that is free, or a new one; `done` is told how it ended."""
        instance = next((each for each in self._instances if each.is_free), None) or self._new_instance()
        instance.is_free = False

        def ended(invocation: Invocation) -> None:
            instance.is_free = True
            if invocation.was_killed and instance in self._instances:
                self._instances.remove(instance)
            self._runs = [run for run in self._runs if run.invocation is not invocation]
            done(invocation)

        invocation = Invocation(f"{name} on {instance.name}", lambda: work(instance.application), ended)
        self._runs.append(Run(invocation, instance, self._system.now + timeout_seconds))
        invocation.begin()

    def call(self, call: Call) -> Reply:
        """Answer a call of the application, when the scheduler says so."""
        reply: Reply = wait_for(Calling(call, self._system.now))
        return reply

    def sleep(self, seconds: float) -> None:
        """Let the application wait."""
        # In whole milliseconds: fractions of microseconds are rounded by some in one way, and by some in another.
        wait_for(Sleeping(round(self._system.now + seconds, 3)))

    def elapsed(self) -> float:
        """Virtual time."""
        return self._system.now

    def jitter(self) -> float:
        """The same chance in each run."""
        return self._system.jitter()

    def retire_machines(self) -> None:
        """Run what comes from here on by new machines, with the clocks of the present conditions."""
        self._instances = []

    def actions(self) -> Iterable[Action]:
        """Each call that waits can be answered, each wait that is over can end, each late call can arrive."""
        now = self._system.now
        for run in self._runs:
            match run.invocation.waiting:
                case _ if run.time_limit <= now:
                    yield Action(100.0, partial(self._time_out, run))
                case Calling(call):
                    yield Action(6.0, partial(self._serve, run, call))
                case Returning(reply):
                    yield Action(6.0, partial(self._return, run, reply))
                case Sleeping(until) if until <= now:
                    yield Action(6.0, run.invocation.wake)
        for call in self._late:
            yield Action(1.0, partial(self._arrive, call))

    def moments(self) -> Iterable[float]:
        """When waits end, and functions time out."""
        for run in self._runs:
            yield run.time_limit
            if isinstance(run.invocation.waiting, Sleeping):
                yield run.invocation.waiting.until

    def latest(self) -> float:
        """Unless functions may stand still, each goes on when it can, and each call is answered within its time."""
        if self._system.conditions.pauses:
            return float("inf")
        return min((_must_go_on(run.invocation.waiting) for run in self._runs), default=float("inf"))

    def _new_instance(self) -> Instance:
        system = self._system
        skews = system.conditions.skews
        skew = skews[system.choices.one_of(len(skews))] if len(skews) > 1 else skews[0]
        name = f"machine {system.new_number()}" + (f" ({skew:+} s)" if skew else "")
        instance = Instance(name, self._machine.instance(self, lambda: system.now + skew, system.new_number))
        self._instances.append(instance)
        return instance

    def _serve(self, run: Run, call: Call) -> None:
        system, invocation = self._system, run.invocation
        self.calls += 1
        fault = self._fault_for(call)
        if fault is not Fault.NONE:
            self.met.append(fault)
        reply = system.cloud.apply(call, now=system.now) if fault in APPLIED else None
        system.note(f"{invocation.name}: {describe(call)}: {fault.value or _outcome(reply)}")
        match fault, reply:
            case Fault.NONE, Reply():
                if system.choices.happens(_SLOW_ANSWERS):
                    invocation.answer_later(reply, system.now)
                else:
                    invocation.answer(reply)
            case Fault.CONFLICT, _:
                invocation.answer(self._cancelled(call, "TransactionConflict"))
            case Fault.THROTTLED_IN_TRANSACTION, _:
                invocation.answer(self._cancelled(call, "ThrottlingError"))
            case Fault.THROTTLED, _:
                invocation.answer(error("ThrottlingException" if call.service == "dynamodb" else "RequestThrottled"))
            case ((Fault.SERVER_ERROR | Fault.SERVER_ERROR_ONCE_DONE), _):
                invocation.answer(error("InternalServerError", status=500))
            case ((Fault.RESET | Fault.ACKNOWLEDGEMENT_LOST), _):
                invocation.fail(ConnectionClosedError(endpoint_url=_ENDPOINT))
            case Fault.TIMES_OUT, _:
                self._late.append(call)
                timed_out = ReadTimeoutError(endpoint_url=_ENDPOINT, error="simulated")
                invocation.fail_at(system.now + READ_TIMEOUT_SECONDS, timed_out)
            case _:
                invocation.kill()

    def _return(self, run: Run, reply: Reply) -> None:
        self._system.note(f"{run.invocation.name}: the answer arrives")
        run.invocation.answer(reply)

    def _fault_for(self, call: Call) -> Fault:
        plan = self._system.conditions.faults
        kinds = plan.of(call)
        if not kinds:
            return Fault.NONE
        likely = [1.0 - plan.rate, *[plan.rate / len(kinds)] * len(kinds)]
        return [Fault.NONE, *kinds][self._system.choices.pick(likely)]

    def _cancelled(self, call: Call, code: str) -> Reply:
        """One action is struck; by then the conditions of the others were tried, or not."""
        choices, reasons = self._system.choices, self._system.cloud.table.reasons(call.body)
        struck, were_tried = choices.one_of(len(reasons)), choices.one_of(2)
        told = [each if were_tried else NO_REASON for each in reasons]
        told[struck] = {"Code": code}
        return error("TransactionCanceledException", CancellationReasons=told)

    def _arrive(self, call: Call) -> None:
        """A call that timed out for its sender arrives after all, or never."""
        system = self._system
        self._late.remove(call)
        if system.choices.one_of(2):
            system.note(f"late: {describe(call)} is lost")
            return
        reply = system.cloud.apply(call, now=system.now)
        system.note(f"late: {describe(call)}: {_outcome(reply)}")

    def _time_out(self, run: Run) -> None:
        self._system.note(f"{run.invocation.name}: times out")
        if isinstance(run.invocation.waiting, Calling):
            self._late.append(run.invocation.waiting.call)
        run.invocation.kill()


def describe(call: Call) -> str:
    """A call in a few words: what it does to which items."""
    body = call.body
    match call.operation:
        case "TransactWriteItems":
            return " + ".join(_describe_action(action) for action in body["TransactItems"])
        case "GetItem":
            return f"get {_key(body['Key'])}"
        case "SendMessage":
            return "send message"
    return call.operation


def _describe_action(action: Mapping[str, Any]) -> str:
    ((kind, part),) = action.items()
    key = part.get("Key") or part["Item"]
    values = [next(iter(value.values())) for value in part.get("ExpressionAttributeValues", {}).values()]
    status = next((value for value in values if value in _STATUSES), "") if kind == "Update" else ""
    return f"{kind.lower()} {_key(key)}{' to ' + status if status else ''}"


_STATUSES = {"AVAILABLE", "HELD", "RESERVED", "PENDING", "CONFIRMED", "CANCELLED", "EXPIRED"}


def _key(key: Mapping[str, Any]) -> str:
    partition, sort = key["PK"]["S"], key["SK"]["S"]
    return sort if sort.startswith(("SLOT#", "AVAILABILITY#")) else f"{partition[-4:]}/{sort}"


def _outcome(reply: Reply | None) -> str:
    if reply is None or reply.status < 400:
        return "done"
    reasons = [reason["Code"] for reason in reply.body.get("CancellationReasons", [])]
    return f"refused {reasons}" if reasons else f"refused: {reply.body['__type']}"


def _must_go_on(waiting: Calling | Returning | Sleeping | None) -> float:
    match waiting:
        case Calling(_, since) | Returning(_, since):
            return since + READ_TIMEOUT_SECONDS * 0.9
        case Sleeping(until):
            return until
    return float("inf")
