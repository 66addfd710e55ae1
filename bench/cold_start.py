"""How long each function takes until it could serve its first event, beside the least that it could take."""

import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from bench.part import Part, Result, Tell, picture, table
from bench.prices import PRICES, usd

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[1]
_ROUNDS = 15
"""At the least effort."""

_MEGABYTES_OF_A_PROCESSOR = 1769
"""Of a function's memory: "Configure Lambda function memory", AWS Lambda Developer Guide."""

_MEMORIES = (512, 1024, 1769)

_MONTH_SECONDS = 730 * 3600

_MODEL = """
import pydantic
class Model(pydantic.BaseModel):
    field: int
"""
_CHALICE = """
import chalice.app
chalice.app.Chalice(app_name="floor")
"""
_CLIENTS = """
import boto3
session = boto3.Session(region_name="us-east-1")
session.client("dynamodb")
session.client("sqs")
"""
_TOKENS = """
import jwt
import cryptography.hazmat.primitives.asymmetric.rsa
"""
_APPLICATION = """
import app
from chalicelib.bootstrap import application
application()
"""
_AUTHORIZER = """
import app
from chalicelib.gatekeeper import authorizer
authorizer()
"""


@dataclass(frozen=True, slots=True)
class _Function:
    """A function's initialisation, and what its floor is made of, in Python."""

    handler: str
    ours: str
    floor: str
    floor_is: str


_DATA_FLOOR = _CHALICE + _MODEL + _CLIENTS
_FUNCTIONS: "Mapping[str, _Function]" = {
    "api": _Function("app.app", _APPLICATION, _DATA_FLOOR, "chalice, pydantic, boto3 with both clients"),
    "process-bookings": _Function(
        "app.process_bookings", _APPLICATION, _DATA_FLOOR, "chalice, pydantic, boto3 with both clients"
    ),
    "expire-bookings": _Function(
        "app.expire_bookings", _APPLICATION, _DATA_FLOOR, "chalice, pydantic, boto3 with both clients"
    ),
    "authorize": _Function(
        "app.authorize", _AUTHORIZER, _CHALICE + _MODEL + _TOKENS, "chalice, pydantic, PyJWT with cryptography"
    ),
}

_ENVIRONMENT = {
    "TABLE_NAME": "appointments",
    "BOOKING_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/1/bookings",
    "BOOKING_DEAD_LETTER_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/1/bookings-dlq",
    "EXPIRATION_DEAD_LETTER_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/1/expirations-dlq",
    "AWS_REGION": "us-east-1",
    "CURSOR_KEYS": "k" * 32,
    "TOKEN_ISSUER": "https://issuer.example",
    "TOKEN_AUDIENCE": "appointments",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
}


_THE_END = """
import os
os._exit(0)
"""
"""A function never ends in an orderly way, which takes time."""


def _seconds(script: str, handler: str) -> float:
    """Seconds of CPU of a new process that runs this."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, **_ENVIRONMENT, "_HANDLER": handler, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", script + _THE_END], check=True, cwd=ROOT, env=environment)  # noqa: S603 - our own
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _measure(effort: int, tell: Tell) -> Result:
    scripts = {("the interpreter", ""): ("", "")}
    for name, each in _FUNCTIONS.items():
        scripts[name, "ours"] = each.ours, each.handler
        scripts[name, "floor"] = each.floor, each.handler
    times: dict[tuple[str, str], list[float]] = {what: [] for what in scripts}
    rounds = _ROUNDS * effort
    for number in range(rounds):
        tell(f"round {number + 1} of {rounds}")
        for what, script in scripts.items():
            times[what].append(_seconds(*script))
    middle = {what: round(median(each) * 1000, 1) for what, each in times.items()}
    return {
        "interpreter": middle["the interpreter", ""],
        "functions": {
            name: {
                "ours": middle[name, "ours"],
                "floor": middle[name, "floor"],
                "ratio": round(middle[name, "ours"] / middle[name, "floor"], 2),
            }
            for name in _FUNCTIONS
        },
    }


def _draw(result: Result) -> "Mapping[str, Figure]":
    figure = Figure(figsize=(9, 3), layout="constrained")
    axes = figure.subplots()
    names = list(_FUNCTIONS)[::-1]
    interpreter = [result["interpreter"]] * len(names)
    floors = [result["functions"][name]["floor"] for name in names]
    ours = [result["functions"][name]["ours"] for name in names]
    axes.barh(names, interpreter, label="the interpreter", color="#d8d3c6")
    libraries = [floor - each for floor, each in zip(floors, interpreter, strict=True)]
    axes.barh(names, libraries, left=interpreter, label="the libraries", color="#b9b4a8")
    own = [each - floor for each, floor in zip(ours, floors, strict=True)]
    axes.barh(names, own, left=floors, label="what this system adds", color="#3b6ea8")
    axes.set_xlabel("milliseconds of CPU time")
    axes.legend()
    axes.spines[["top", "right"]].set_visible(False)
    return {"cpu": figure}


def _describe(result: Result) -> str:
    rows = [
        [name, f"{each['ours']:g}", f"{each['floor']:g}", f"{each['ratio']:.2f}", _FUNCTIONS[name].floor_is]
        for name, each in ((name, result["functions"][name]) for name in _FUNCTIONS)
    ]
    seconds = result["functions"]["api"]["ours"] / 1000
    x86, arm = PRICES["Lambda GB-seconds, x86_64"], PRICES["Lambda GB-seconds, arm64"]
    worked_out = []
    for memory in _MEMORIES:
        duration = seconds * max(1.0, _MEGABYTES_OF_A_PROCESSOR / memory)
        billed = [duration * memory / 1024 * price.usd / price.per * 1_000_000 for price in (x86, arm)]
        worked_out.append([f"{memory} MB", f"{duration:.2f}", *[f"{each:.2f}" for each in billed]])
    return f"""\
CPU time of a new process from its start until it could serve its first event: everything is imported and connected. Beside
it the floor: the interpreter, and the libraries that this function can't do without, with nothing done with them. Medians of
{_ROUNDS} rounds or more, in turn, in one run.

{table(["function", "ms", "floor, ms", "ratio", "the floor is the interpreter and"], rows)}

![CPU time of each function's initialisation]({picture("cold-start", "cpu")})

Each function loads what it needs: the authorizer neither boto3 nor the rest of the application, the workers nothing of HTTP,
nobody icalendar before a calendar is asked for; the models of requests and answers are built when they are first wanted.
While it loads, the garbage collector is off, which would look through the modules over and over. Clients are made and all is
connected while a function initialises, with [burst
CPU](https://awslabs.github.io/aws-lambda-web-adapter/configuration/async-init.html), and not at its first event.

**Memory and processor**, worked out from the API function's {seconds:.2f} s of CPU here, not measured on AWS: below
{_MEGABYTES_OF_A_PROCESSOR} MB a function has a part of a processor, in proportion ("[Configure Lambda function
memory](https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html)"), and initialisation is billed since August
2025. Burst CPU, of which no number is published, may make it shorter. One thread makes no use of more than one processor.

{table(["memory", "initialisation, s", "USD per million cold starts, x86_64", "arm64"], worked_out)}

More memory up to that point costs nothing more for what the processor bounds, and takes less time. arm64 costs a fifth less a
second; how fast it is with this code was not measured.

**SnapStart** ("[Improving startup performance with Lambda SnapStart](https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html)")
keeps a picture of the initialised function, from Python 3.12 on and for published versions, and restores it in place of an
initialisation, with the clients made and everything connected. A version of 1 GB costs {usd({"SnapStart cached GB-seconds": _MONTH_SECONDS}):.2f} USD a month to keep, and a million restorations
{usd({"SnapStart restored GB": 1_000_000}):.0f} USD: it buys time, and never pays for itself by the initialisations that it saves. Terraform turns it on wherever the runtime is newer than Python 3.11. Nothing of a picture does harm when it comes twice: the
clock, the ids and the random waits are asked of the system at each event, and connections are opened anew.
"""


PART = Part(name="cold-start", title="Cold start", measure=_measure, draw=_draw, describe=_describe)
