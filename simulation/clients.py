"""Those who use the API: each sends one request after the other, and takes what comes."""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from local_stack.resources import API_TIMEOUT_SECONDS
from simulation.functions import Functions
from simulation.histories import History
from simulation.invocations import Invocation
from simulation.machine import Answer, Machine
from simulation.system import Action, System

NO_ANSWER = Answer(502, {})
"""What the gateway answers for a function that ended without an answer."""


class Request(NamedTuple):
    """What a client asks for."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] | None = None

    def __str__(self) -> str:
        said = [str(dict(part)) for part in (self.body, self.headers) if part]
        return " ".join([self.method, self.path, *said])


class Pause(NamedTuple):
    """A client does nothing for some seconds."""

    seconds: float


Script: TypeAlias = Generator[Request | Pause, Answer | None, None]
"""A client's behaviour: it yields what it does next, and is sent the answer, if it asked for something."""


@dataclass(slots=True)
class Client:
    """One of them."""

    name: str
    script: Script
    next_step: Request | None
    ready_at: float


class Exchange(NamedTuple):
    """A request that was answered, and when, in epoch seconds."""

    client: str
    request: Request
    answer: Answer
    invoked: float
    returned: float


class Clients:
    """All of them, as a part of the system."""

    def __init__(self, system: System, functions: Functions, machine: Machine) -> None:
        self.exchanges: list[Exchange] = []
        self.history = History(clock=lambda: system.now)
        self._system = system
        self._functions = functions
        self._machine = machine
        self._clients: list[Client] = []

    def add(self, name: str, script: Script) -> None:
        """Let a client begin."""
        client = Client(name, script, None, self._system.now)
        self._clients.append(client)
        self._go_on(client, None)

    def are_busy(self) -> bool:
        """Whether anybody has something left to do."""
        return bool(self._clients)

    def actions(self) -> Iterable[Action]:
        """Each client that is ready can send its request, or end its pause."""
        for client in self._clients:
            if client.ready_at <= self._system.now:
                yield Action(3.0, partial(self._act, client))

    def moments(self) -> Iterable[float]:
        """When pauses end."""
        return [client.ready_at for client in self._clients if client.ready_at != _WAITING]

    def latest(self) -> float:
        """Clients may take their time."""
        return float("inf")

    def _act(self, client: Client) -> None:
        request = client.next_step
        if request is None:
            self._go_on(client, None)
            return
        system, invoked = self._system, self._system.now
        call = self.history.begin(client.name, *request)
        client.ready_at = _WAITING
        system.note(f"{client.name}: {request}")

        def answered(invocation: Invocation) -> None:
            if invocation.error:
                raise invocation.error
            answer = NO_ANSWER if invocation.was_killed else invocation.result
            system.note(f"{client.name}: is answered {answer.status} {answer.body.get('code', '')}")
            call.end(answer.status, answer.body)
            self.exchanges.append(Exchange(client.name, request, answer, invoked, system.now))
            client.ready_at = system.now
            self._go_on(client, answer)

        self._functions.invoke(
            f"{client.name}'s request",
            lambda application: self._machine.answer(application, *request),
            answered,
            timeout_seconds=API_TIMEOUT_SECONDS,
        )

    def _go_on(self, client: Client, answer: Answer | None) -> None:
        try:
            step = client.script.send(answer)
        except StopIteration:
            self._clients.remove(client)
            return
        if isinstance(step, Pause):
            client.next_step, client.ready_at = None, self._system.now + step.seconds
        else:
            client.next_step = step


_WAITING = float("inf")
