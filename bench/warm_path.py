"""CPU time of a request, beside the same calls in a route that does nothing else."""

import contextlib
import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from statistics import median
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from chalice.app import Chalice, Response
from matplotlib.figure import Figure

from bench.operations import NOW
from bench.part import Part, Result, Tell, picture, table
from chalicelib import logs
from chalicelib.bootstrap import Clients, build
from chalicelib.domain.access import ANYBODY
from chalicelib.handlers import register_routes
from local_stack.gateway import EventConverter
from local_stack.invocation import make_context
from simulation.cloud import Cloud
from simulation.machine import SETTINGS, WANTED
from simulation.wire import Call

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest

_REQUESTS = 100
"""In a row, before the other side has its turn."""

_ROUNDS = 9
"""At the least effort."""

Request: TypeAlias = "tuple[str, str, Any]"
"""Method, path and body."""


@dataclass
class _Wire:
    """Answers two clients in process, just before a request would leave it.

    While it learns, the simulated cloud answers; later, the same answers are given again, whatever is asked, so that
    nothing but the clients' own work takes time.
    """

    clients: Clients
    cloud: Cloud = field(default_factory=lambda: Cloud(WANTED))
    learns: bool = True
    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    """The service, the operation and the parameters of each call that was learnt."""
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """Status and body by operation."""

    def __post_init__(self) -> None:
        self.answer(self.clients)
        client: Any
        for client in (self.clients.dynamodb, self.clients.sqs):
            client.meta.events.register("provide-client-params", self._note)

    def answer(self, clients: Clients) -> None:
        """Answer these clients, too."""
        client: Any
        for client in (clients.dynamodb, clients.sqs):
            client.meta.events.register("before-send", self._send)

    def forget(self) -> None:
        """Learn another request."""
        self.calls, self.answers, self.learns = [], {}, True

    def _note(self, params: dict[str, Any], model: Any, **_: object) -> None:
        if self.learns:
            self.calls.append((model.service_model.service_name, model.name, params))

    def _send(self, request: "AWSPreparedRequest", **_: object) -> AWSResponse:
        headers: Any = request.headers
        target = headers["X-Amz-Target"].decode()
        operation = target.rpartition(".")[2]
        if self.learns:
            service = "sqs" if target.startswith("AmazonSQS") else "dynamodb"
            body: Any = request.body
            reply = self.cloud.apply(Call(service, operation, json.loads(body)), now=NOW.timestamp())
            self.answers[operation] = reply.status, json.dumps(reply.body).encode()
        status, content = self.answers[operation]
        kind = HTTPHeaders.from_dict({"content-type": "application/x-amz-json-1.0"})
        response = AWSResponse(request.url, status, kind, None)
        vars(response)["_content"] = content  # what reading the network would leave there
        return response


class _Sides:
    """The application, and beside it a bare route for each request that makes the same calls."""

    def __init__(self) -> None:
        os.environ.update({"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"})  # to sign with
        self.wire = _Wire(Clients.of(SETTINGS))
        session = boto3.Session(region_name="us-east-1")
        self._bare = Clients(session.client("dynamodb"), session.client("sqs"))
        """As boto3 makes them, if nobody says anything."""
        self.wire.answer(self._bare)
        numbers = count(1)
        self.application = build(
            SETTINGS, self.wire.clients, clock=lambda: self.now, new_id=lambda: str(UUID(int=next(numbers)))
        )
        self.now = datetime.fromtimestamp(NOW.timestamp(), UTC)
        self._app = Chalice("appointments", configure_logs=False)
        register_routes(self._app, lambda: self.application.services)
        self._events = EventConverter(self._app.routes, self._app.api.binary_types)

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the application, as the gateway does."""
        answer = self._app(self.event(method, path, body), self.context)
        return json.loads(answer["body"])

    def event(self, method: str, path: str, body: Any) -> dict[str, Any]:
        """What the gateway hands over."""
        raw = None if body is None else json.dumps(body).encode()
        return self._events.create_lambda_event(method, path, {"Content-Type": "application/json"}, raw)

    @property
    def context(self) -> Any:
        """Lambda's."""
        return make_context("api", timeout_seconds=29)

    def learnt(self, method: str, path: str, body: Any = None) -> "tuple[Callable[[], Any], Callable[[], Any]]":
        """A request to the application, and the same calls with the same answer in a bare route."""
        event, context = self.event(method, path, body), self.context
        self.wire.forget()
        answer = self._app(event, context)
        self.wire.learns = False
        calls = [
            (getattr(getattr(self._bare, service), _method(operation)), params)
            for service, operation, params in self.wire.calls
        ]
        bare = Chalice("bare", configure_logs=False)
        route = event["resource"]

        def view(**_: str) -> Response:
            for call, params in calls:
                call(**params)
            return Response(
                answer["body"], headers={"Content-Type": "application/json"}, status_code=answer["statusCode"]
            )

        bare.route(route, methods=[method], content_types=["application/json"])(view)
        return lambda: self._app(event, context), lambda: bare(event, context)


def _method(operation: str) -> str:
    """`TransactWriteItems` is `transact_write_items`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation).lstrip("_")


def _requests(sides: _Sides) -> "Mapping[str, Request]":
    """What is there, and the requests that are measured."""
    services = sides.application.services
    sides.request("POST", "/providers", {"name": "Ann", "providerId": "ann"})
    day = {"date": "2030-05-02", "startTime": "09:00", "endTime": "17:00", "slotDurationMinutes": 30}
    sides.request("POST", "/providers/ann/availability", day)
    known = services.bookings.hold(provider_id="ann", slot_id="2030-05-02T16:30", user_id="somebody", by=ANYBODY)
    services.bookings.create(known)
    sides.request("GET", "/providers/ann/slots?date=2030-05-02")
    return {
        "create": ("POST", "/bookings", {"providerId": "ann", "slotId": "2030-05-02T09:00", "userId": "user-1"}),
        "get": ("GET", f"/bookings/{known.booking_id}", None),
        "confirm": ("POST", f"/bookings/{known.booking_id}/confirm", None),
        "slots": ("GET", "/providers/ann/slots?date=2030-05-02", None),
    }


def _measure(effort: int, tell: Tell) -> Result:
    found: Result = {}
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123 - a device
        logs.configure("INFO")
        sides = _Sides()
        for name, request in _requests(sides).items():
            tell(name)
            found[name] = _compared(*sides.learnt(*request), rounds=_ROUNDS * effort)
            sides.wire.learns = True
    # The parts that come after this one log nothing, and not into what is closed by now.
    logging.getLogger("chalicelib").handlers.clear()
    return found


def _compared(ours: Callable[[], Any], bare: Callable[[], Any], *, rounds: int) -> Result:
    """Medians, in milliseconds of CPU time, of some requests at a time, in turn."""
    status = ours()["statusCode"]
    if bare()["statusCode"] != status or status >= _CLIENT_ERROR:
        raise RuntimeError(f"the request was answered {status}")
    times: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(rounds):
        for side, request in (("ours", ours), ("bare", bare)):
            started = time.process_time()
            for _ in range(_REQUESTS):
                request()
            times[side].append((time.process_time() - started) * 1000 / _REQUESTS)
    middle = {side: median(each) for side, each in times.items()}
    return {
        **{side: round(each, 3) for side, each in middle.items()},
        "ratio": round(middle["ours"] / middle["bare"], 2),
    }


_CLIENT_ERROR = 400


def _draw(result: Result) -> "Mapping[str, Figure]":
    figure = Figure(figsize=(9, 3), layout="constrained")
    axes = figure.subplots()
    names = list(result)[::-1]
    bare = [result[name]["bare"] for name in names]
    axes.barh(names, bare, label="the same calls in a bare route", color="#b9b4a8")
    axes.barh(
        names,
        [result[name]["ours"] - each for name, each in zip(names, bare, strict=True)],
        left=bare,
        label="what this system adds",
        color="#3b6ea8",
    )
    axes.set_xlabel("milliseconds of CPU time a request")
    axes.legend()
    axes.spines[["top", "right"]].set_visible(False)
    return {"cpu": figure}


def _describe(result: Result) -> str:
    rows = [
        [name, f"{each['ours']:.2f}", f"{each['bare']:.2f}", f"{each['ratio']:.2f}"] for name, each in result.items()
    ]
    return f"""\
CPU time of a request through Chalice's entry point, from the gateway's event to the answer, beside a bare Chalice route that
makes the very same calls with boto3's clients as they are and returns the very same answer. The network is answered within the process, just
before it, with what was recorded once; so signing, serialising and parsing are in both. Medians of {_REQUESTS} requests at a time, in turn.

{table(["request", "ms", "bare, ms", "ratio"], rows)}

![CPU time of each request]({picture("warm-path", "cpu")})
"""


PART = Part(name="warm-path", title="Warm path", measure=_measure, draw=_draw, describe=_describe)
