"""The same operations while the table grows: calls, units and time."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure

from bench.engine import dynamodb_local_running
from bench.operations import NOW, OPERATIONS, World, measure
from bench.part import Part, Result, Tell, picture, table
from chalicelib.dao.items import pending_item, slot_item
from chalicelib.dao.values import serialized
from chalicelib.domain.models import Booking, BookingStatus, Slot
from local_stack.resources import resources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

_SIZES = (1_000, 10_000, 100_000)
_LARGEST, _EFFORT_FOR_LARGEST = 1_000_000, 10
"""Some three minutes to load."""

_TIMES = 25
_A_BATCH = 25
_BATCHES_AT_ONCE = 4
_OF_A_PROVIDER = 500
"""Slots, and as many bookings."""

_SHOWN = ("create", "worker", "get", "confirm", "cancel, confirmed", "expire", "slots")


def _items(number: int) -> list[dict[str, Any]]:
    """A slot and a booking of it."""
    provider_id = f"filler-{number // _OF_A_PROVIDER}"
    starts_at = NOW + timedelta(days=1, minutes=30 * (number % _OF_A_PROVIDER))
    slot = Slot(
        provider_id=provider_id,
        slot_id=f"{starts_at:%Y-%m-%dT%H:%M}",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30),
        time_zone="UTC",
    )
    booking = Booking(
        booking_id=f"booking-{number}",
        status=BookingStatus.PENDING,
        provider_id=provider_id,
        slot_id=slot.slot_id,
        user_id=f"user-{number}",
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        time_zone=slot.time_zone,
        created_at=NOW,
        updated_at=NOW,
        expires_at=NOW + timedelta(minutes=5),
    )
    return [serialized(slot_item(slot)), serialized(pending_item(booking))]


def _fill(client: "DynamoDBClient", name: str, first: int, last: int) -> None:
    """Write these slots and bookings, half of each."""

    def write(numbers: range) -> None:
        items = [item for number in numbers for item in _items(number)]
        for start in range(0, len(items), _A_BATCH):
            puts: Any = [{"PutRequest": {"Item": item}} for item in items[start : start + _A_BATCH]]
            left: Any = {name: puts}
            while left:
                left = client.batch_write_item(RequestItems=left)["UnprocessedItems"]

    step = max(1, (last - first) // (4 * _BATCHES_AT_ONCE))
    with ThreadPoolExecutor(_BATCHES_AT_ONCE) as pool:
        list(pool.map(write, [range(start, min(start + step, last)) for start in range(first, last, step)]))


def _measure(effort: int, tell: Tell) -> Result:
    sizes = [*_SIZES, _LARGEST] if effort >= _EFFORT_FOR_LARGEST else _SIZES
    found: Result = {}
    with dynamodb_local_running() as engine:
        table_of = resources().table
        world = World(engine.client("dynamodb"), engine.client("dynamodb"), table_of)
        for name in _SHOWN * 3:  # the engine compiles its own code while it is new
            _milliseconds(world, name)
        filled = 0
        for size in sizes:
            tell(f"loading {size} items")
            _fill(engine.client("dynamodb"), table_of.name, filled // 2, size // 2)
            filled = size
            tell(f"measuring with {size} items")
            found[str(size)] = {
                name: {**asdict(measure(world, name)), "milliseconds": _milliseconds(world, name)} for name in _SHOWN
            }
    return found


def _milliseconds(world: World, name: str) -> float:
    """The median of one operation after the other."""
    operation, times = OPERATIONS[name], []
    for _ in range(_TIMES):
        world.now = NOW
        given = operation.given(world)
        started = time.perf_counter()
        operation.act(world, given)
        times.append((time.perf_counter() - started) * 1000)
    return round(median(times), 2)


def _draw(result: Result) -> "Mapping[str, Figure]":
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots()
    sizes = [int(size) for size in result]
    for name in _SHOWN:
        axes.plot(sizes, [result[str(size)][name]["milliseconds"] for size in sizes], marker="o", label=name)
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("slots and bookings in the table")
    axes.set_ylabel("milliseconds, median, on DynamoDB Local")
    axes.legend(ncols=2, fontsize=8)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    return {"times": figure}


def _describe(result: Result) -> str:
    sizes = sorted(result, key=int)
    rows = []
    for name in _SHOWN:
        times = [result[size][name]["milliseconds"] for size in sizes]
        rows.append([name, *[f"{each:g}" for each in times], f"{times[-1] / times[0]:.2f}", _same(result, name)])
    header = ["operation", *[f"{int(size):,} items" for size in sizes], "last / first", "calls and units"]
    return f"""\
Half of the items are slots and half bookings, of {_OF_A_PROVIDER} slots a provider, in DynamoDB Local; medians of {_TIMES}, in milliseconds, in
one run. `make bench EFFORT={_EFFORT_FOR_LARGEST}` goes on to {_LARGEST:,} items. Calls and units are counted at each size.

{table(header, rows)}

![Time of each operation by the size of the table]({picture("table-size", "times")})

No operation reads anything but the items that it is about: each is a key, or a range of one partition.
"""


def _same(result: Result, name: str) -> str:
    """Whether calls and units are the same at each size."""
    counts = [{key: value for key, value in each[name].items() if key != "milliseconds"} for each in result.values()]
    return "the same" if all(each == counts[0] for each in counts) else "differ"


PART = Part(name="table-size", title="Scale: the size of the table", measure=_measure, draw=_draw, describe=_describe)
