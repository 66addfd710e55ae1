"""The real application, ready to be run by a simulation: what is slow to make, made once in a process."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from chalice.app import Chalice

from chalicelib.aws import TimeLimit
from chalicelib.bootstrap import Application, build
from chalicelib.dao.table import Retries
from chalicelib.handlers import register_routes
from chalicelib.settings import Settings
from local_stack.gateway import EventConverter
from local_stack.invocation import make_context
from local_stack.resources import API_TIMEOUT_SECONDS, resources
from simulation.cloud import URL
from simulation.wire import Network, Wire

T = TypeVar("T")

HOLD_SECONDS = 10
MAX_ACTIVE_HOLDS = 2
"""So few that users come to it."""

MAX_ACTIONS = 3
"""Of a transaction that changes days: so few that a day of two slots may need several."""

WANTED = resources()
SETTINGS = Settings(
    authentication="off",
    table_name=WANTED.table.name,
    booking_queue_url=URL + WANTED.bookings.name,
    booking_dead_letter_queue_url=URL + WANTED.bookings_dead_letters.name,
    expiration_dead_letter_queue_url=URL + WANTED.expirations_dead_letters.name,
    aws_region="us-east-1",
    cursor_keys="the-key-that-seals-cursors-in-the-simulation",
    hold_seconds=HOLD_SECONDS,
    max_active_holds=MAX_ACTIVE_HOLDS,
    booking_max_receives=WANTED.bookings.max_receive_count or 0,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; status 502 when the function ended without one."""

    status: int
    body: Mapping[str, Any]


class Machine:
    """The Chalice app and the AWS clients; each `instance` is a function with its own clock and state."""

    def __init__(self) -> None:
        self._wire = Wire()
        self._serving: Application | None = None
        self._app = Chalice("appointments", configure_logs=False)
        register_routes(self._app, self._services)
        self._events = EventConverter(self._app.routes, self._app.api.binary_types)

    def connect(self, network: Network) -> None:
        """Let all calls go to this network from here on."""
        self._wire.connect(network)

    def instance(self, network: Network, clock: Callable[[], float], new_number: Callable[[], int]) -> Application:
        """The application in a function of its own. `clock` gives epoch seconds, `new_number` what ids are made of."""
        return build(
            SETTINGS,
            self._wire.clients,
            clock=lambda: datetime.fromtimestamp(clock(), UTC),
            new_id=lambda: str(UUID(int=new_number())),
            retries=Retries(sleep=network.sleep, jitter=network.jitter),
            time_limit=TimeLimit(clock=network.elapsed),
            run_all=in_turn,
            max_actions=MAX_ACTIONS,
        )

    def answer(
        self,
        instance: Application,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
    ) -> Answer:
        """Answer an HTTP request by an instance, through the gateway's event and Chalice's entry point."""
        raw = None if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **(headers or {})}
        event = self._events.create_lambda_event(method, path, sent, raw)
        # A view asks for its services before it makes any call, so no other request comes in between.
        self._serving = instance
        answer = self._app(event, make_context("api", timeout_seconds=API_TIMEOUT_SECONDS))
        return Answer(answer["statusCode"], json.loads(answer["body"]))

    def _services(self) -> Any:
        if self._serving is None:
            raise RuntimeError("no instance serves")
        return self._serving.services


def in_turn(work: Sequence[Callable[[], T]]) -> list[T]:
    """A `RunAll` without threads, which no scheduler could stop between two calls."""
    return [piece() for piece in work]


@cache
def machine() -> Machine:
    """The one of this process."""
    return Machine()


@contextmanager
def silence() -> Iterator[None]:
    """No logs inside: a simulation makes more than anybody reads, and a trace tells more."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
