"""CPU time of a request, beside the same calls in a route that does nothing else."""

import contextlib
import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
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

    def answer(self, clients: Clients) -> None:
        """Answer these clients, too."""
        client: Any
        for client in (clients.dynamodb, clients.sqs):
            client.meta.events.register("before-send", self._send)

    def learn(self) -> None:
        """Learn what is asked from now on, in place of what was asked before."""
        self.calls, self.answers, self.learns = [], {}, True
        client: Any
        for client in (self.clients.dynamodb, self.clients.sqs):
            client.meta.events.register("provide-client-params", self._note)

    def know(self) -> None:
        """Learn no more, and take no more time for it."""
        self.learns = False
        client: Any
        for client in (self.clients.dynamodb, self.clients.sqs):
            client.meta.events.unregister("provide-client-params", self._note)

    def _note(self, params: dict[str, Any], model: Any, **_: object) -> None:
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
        self._floors = {
            "as_set_here": Clients.of(SETTINGS),
            "as_boto3_makes_them": Clients(session.client("dynamodb"), session.client("sqs")),
        }
        """The clients of the bare routes."""
        for clients in self._floors.values():
            self.wire.answer(clients)
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

    def learnt(self, method: str, path: str, body: Any = None) -> "Mapping[str, Callable[[], Any]]":
        """A request to the application, and the same calls with the same answer in bare routes."""
        event, context = self.event(method, path, body), self.context
        self.wire.learn()
        answer = self._app(event, context)
        self.wire.know()
        bare = {name: self._bare_route(event, answer, clients) for name, clients in self._floors.items()}
        return {
            "ours": lambda: self._app(event, context),
            **{name: partial(route, event, context) for name, route in bare.items()},
        }

    def _bare_route(self, event: Mapping[str, Any], answer: Mapping[str, Any], clients: Clients) -> Chalice:
        calls = [
            (getattr(getattr(clients, service), _method(operation)), params)
            for service, operation, params in self.wire.calls
        ]
        bare = Chalice("bare", configure_logs=False)

        def view(**_: str) -> Response:
            for call, params in calls:
                call(**params)
            headers: dict[str, str | list[str]] = {"Content-Type": "application/json"}
            return Response(answer["body"], headers=headers, status_code=answer["statusCode"])

        bare.route(event["resource"], methods=[event["httpMethod"]], content_types=["application/json"])(view)
        return bare


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
            found[name] = _compared(sides.learnt(*request), rounds=_ROUNDS * effort)
            sides.wire.learns = True
    # The parts that come after this one log nothing, and not into what is closed by now.
    logging.getLogger("chalicelib").handlers.clear()
    return found


def _compared(sides: "Mapping[str, Callable[[], Any]]", *, rounds: int) -> Result:
    """Medians, in milliseconds of CPU time, of some requests at a time, in turn."""
    statuses = {side()["statusCode"] for side in sides.values()}
    if len(statuses) > 1 or max(statuses) >= _CLIENT_ERROR:
        raise RuntimeError(f"the requests were answered {statuses}")
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, request in sides.items():
            started = time.thread_time()  # what shows the progress is another thread
            for _ in range(_REQUESTS):
                request()
            times[name].append((time.thread_time() - started) * 1000 / _REQUESTS)
    return {name: round(median(each), 3) for name, each in times.items()}


_CLIENT_ERROR = 400

_SIDES = {
    "ours": ("this system", "#3b6ea8"),
    "as_boto3_makes_them": ("the floor: a bare route", "#d98032"),
    "as_set_here": ("a bare route with this system's clients", "#b9b4a8"),
}


def _draw(result: Result) -> "Mapping[str, Figure]":
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    axes = figure.subplots()
    for place, (side, (label, colour)) in enumerate(_SIDES.items()):
        rows = [row + 0.27 * (1 - place) for row in range(len(result))]
        axes.barh(rows, [result[name][side] for name in result], height=0.25, label=label, color=colour)
    axes.set_yticks(range(len(result)), list(result))
    axes.set_xlabel("milliseconds of CPU time a request")
    axes.legend()
    axes.spines[["top", "right"]].set_visible(False)
    return {"cpu": figure}


def _worst(result: Result, floor: str) -> str:
    return f"{max(each['ours'] / each[floor] for each in result.values()):.2f}"


def _describe(result: Result) -> str:
    rows = [
        [
            name,
            *[f"{each[side]:.2f}" for side in _SIDES],
            *[f"{each['ours'] / each[side]:.2f}" for side in _SIDES if side != "ours"],
        ]
        for name, each in result.items()
    ]
    header = ["request", "ms", "floor, ms", "with clients set as here, ms", "ratio to the floor", "to the other"]
    return f"""\
CPU time of a request through Chalice's entry point, from the gateway's event to the answer. The floor is a bare Chalice route
that makes the very same calls with boto3 and returns the very same answer, all of which was prepared. The network is answered
within the process, just before it, with what was recorded once; so signing, serialising and parsing are in all of them. Medians
of {_REQUESTS} requests at a time, in turn.

{table(header, rows)}

![CPU time of each request]({picture("warm-path", "cpu")})

The aim is 1.3 times the floor at the most; the largest ratio is {_worst(result, "as_boto3_makes_them")}.

A request takes less than the floor, since this system sets its clients to do less for a call (`chalicelib.aws.CLIENT_CONFIG`,
`chalicelib.bootstrap.with_plain_values`). So there is a second, harder comparison: the same bare route with clients set
as here, which leaves what is the application's own. By that the largest ratio is {_worst(result, "as_set_here")}. What the application does, and a route
with everything prepared does not:

- it validates the request, decides, makes the items and conditions of a write, and reads the items of an answer: a day's slots
  are the dearest, since each is made into a slot, asked whether it can be booked, and shown;
- it writes one line of the log with the ids of what it was about, which is more than a third of what a look at a booking has of its own;
- it makes the answer, with its security headers;
- botocore's own code takes up to a tenth longer where other code runs between two calls than in a loop of nothing but calls.

A condition is built by boto3's builder once for each shape, and then given its values; an answer is plain values, which pydantic
writes without checking what the application has made itself ([decision 26](../decisions/026-what-a-request-takes.md)).
"""


PART = Part(name="warm-path", title="Warm path", measure=_measure, draw=_draw, describe=_describe)
