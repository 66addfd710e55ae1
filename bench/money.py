"""What a million bookings cost on AWS, the whole path included."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from bench.engine import dynamodb_local_running
from bench.operations import World, measure
from bench.part import Part, Result, Tell, picture, table
from bench.prices import usd
from local_stack.resources import resources

if TYPE_CHECKING:
    from bench.meter import Usage

_MEMORY_GB = 1.0
_REQUEST_SECONDS = 0.1
"""Of a function for a request, its calls to AWS included; assumed, as in docs/scaling.md."""

_BATCH_SECONDS = 0.15
_MESSAGES_A_BATCH = 3
"""A queue's pollers hand over what there is: at a few bookings a second not many messages at a time; assumed."""

_LOG_BYTES_OF_A_REQUEST = 2000
"""The gateway's, Lambda's and the application's lines; as in docs/deployment.md."""

_LOG_BYTES_OF_A_RECORD = 500
"""Those of a worker; assumed."""

REQUESTS = {
    "confirmed": ("slots", "create", "confirm"),
    "lapsed": ("slots", "create"),
}
"""What the client of a booking asks for."""

_WORK = {"confirmed": ("worker",), "lapsed": ("worker", "expire")}
_MILLION = 1_000_000


def _counts(ending: str, usages: "Mapping[str, Usage]") -> dict[str, Counter[str]]:
    """What is charged for one booking, by where it comes up."""
    requests, work = REQUESTS[ending], _WORK[ending]
    used = [usages[name] for name in (*requests, *work)]
    seconds = len(requests) * _REQUEST_SECONDS + len(work) * _BATCH_SECONDS / _MESSAGES_A_BATCH
    return {
        "gateway": Counter({"REST API requests": len(requests)}),
        "functions": Counter(
            {
                "Lambda requests": len(requests) + len(work) / _MESSAGES_A_BATCH,
                "Lambda GB-seconds, x86_64": seconds * _MEMORY_GB,
            }
        ),
        "table": Counter(
            {
                "write units": sum(usage.write_units for usage in used),
                "read units": sum(usage.read_units for usage in used),
            }
        ),
        # Sent, received and deleted; the last two for a batch at a time.
        "queue": Counter({"SQS requests": 1 + 2 / _MESSAGES_A_BATCH}),
        "stream": Counter({"stream reads by Lambda": 1}),
        "logs": Counter(
            {"log GB": (len(requests) * _LOG_BYTES_OF_A_REQUEST + len(work) * _LOG_BYTES_OF_A_RECORD) / 1e9}
        ),
    }


def _measure(effort: int, tell: Tell) -> Result:  # noqa: ARG001 - counting once is enough
    names = {name for ending in REQUESTS for name in (*REQUESTS[ending], *_WORK[ending])}
    with dynamodb_local_running() as engine:
        world = World(engine.client("dynamodb"), engine.client("dynamodb"), resources().table)
        usages = {}
        for name in sorted(names):
            tell(name)
            usages[name] = measure(world, name)
    return {
        ending: {where: round(usd(counts) * _MILLION, 3) for where, counts in _counts(ending, usages).items()}
        for ending in REQUESTS
    }


def _draw(result: Result) -> Mapping[str, Figure]:
    figure = Figure(figsize=(9, 2.6), layout="constrained")
    axes = figure.subplots()
    endings = list(REQUESTS)[::-1]
    left = [0.0] * len(endings)
    for where in result[endings[0]]:
        widths = [result[ending][where] for ending in endings]
        axes.barh(
            [f"a booking that is {ending}" if ending == "confirmed" else "a hold that lapses" for ending in endings],
            widths,
            left=left,
            label=where,
        )
        left = [before + width for before, width in zip(left, widths, strict=True)]
    axes.set_xlabel("USD per million")
    axes.legend(ncols=3, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    return {"dollars": figure}


def _describe(result: Result) -> str:
    where = list(result["confirmed"])
    rows = [[each, *[f"{result[ending][each]:.2f}" for ending in REQUESTS]] for each in where]
    rows.append(["**together**", *[f"**{sum(result[ending].values()):.2f}**" for ending in REQUESTS]])
    return f"""\
From the units and calls above, and the prices in [`bench/prices.toml`](../../bench/prices.toml), where each has its source and
what it was checked against: USD per million, in us-east-1, without free tiers. A booking is three requests (a look at the
day's slots, the hold, the confirmation), a hold that lapses is two; each with its message, the worker's batch, the stream and
the logs. Assumed are {_MEMORY_GB:g} GB and {_REQUEST_SECONDS * 1000:g} ms of a function for a request, and {_MESSAGES_A_BATCH} messages a batch.

{table(["USD per million", "bookings", "lapsed holds"], rows)}

![Dollars per million bookings]({picture("money", "dollars")})

The table's writes come first, and half of them are what keeps the promises: transactions cost twice what single writes do. An
authorizer that is not cached adds a function's request to each; the polling of an empty queue is charged by the month, not by
the booking; storage is 0.25 USD for a GB and month, some 380,000 bookings with their slots and index entries.
"""


PART = Part(name="money", title="Money", measure=_measure, draw=_draw, describe=_describe)
