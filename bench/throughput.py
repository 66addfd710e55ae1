"""Bookings a second from hold to confirmation through the whole local system, by load."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
from matplotlib.figure import Figure

from bench.part import Part, Result, Tell, picture, table
from bench.percentiles import percentile
from tests.system import System, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_CLIENTS = (1, 2, 4, 8, 16, 32)
_SECONDS = 5
"""For each load, at the least effort."""

_DAYS = 100
_PERCENTILES = (50, 90, 99)


def _measure(effort: int, tell: Tell) -> Result:
    found: Result = {}
    with TemporaryDirectory() as folder, running(Path(folder), hold_seconds=300) as system:
        tell("setting days")
        slots = _slots(system)
        for clients in _CLIENTS:
            tell(f"{clients} clients")
            found[str(clients)] = _load(system, slots, clients, _SECONDS * effort)
    return found


def _slots(system: System) -> "Iterator[tuple[str, str]]":
    """Free slots, each once: providers with many days, made as they are needed."""
    first_day = datetime.now(UTC).date() + timedelta(days=2)
    while True:
        provider_id = system.provider()
        pattern = {
            "startDate": str(first_day),
            "endDate": str(first_day + timedelta(days=_DAYS - 1)),
            "weekdays": ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"],
            "startTime": "00:00",
            "endTime": "24:00",
            "slotDurationMinutes": 15,
        }
        system.post(f"/providers/{provider_id}/availability", pattern, expect=201)
        for number in range(_DAYS * 96):
            day, quarter = divmod(number, 96)
            yield provider_id, f"{first_day + timedelta(days=day)}T{quarter // 4:02}:{quarter % 4 * 15:02}"


def _load(system: System, slots: "Iterator[tuple[str, str]]", clients: int, seconds: float) -> Result:
    """So many clients, each of whom holds a slot and confirms it, over and over."""
    # More than can be booked in the time; taken before, since an iterator serves one thread.
    mine = [[next(slots) for _ in range(int(200 * seconds / clients) + 10)] for _ in range(clients)]
    until = time.monotonic() + seconds
    began = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        done = list(pool.map(lambda wanted: _book(system.url, wanted, until), mine))
    passed = time.monotonic() - began
    times = sorted(each for times in done for each in times)
    return {
        "bookings": len(times),
        "bookings_a_second": round(len(times) / passed, 1),
        **{f"milliseconds_p{percent}": round(percentile(times, percent), 1) for percent in _PERCENTILES},
    }


def _book(url: str, wanted: "Sequence[tuple[str, str]]", until: float) -> list[float]:
    """The milliseconds that each booking took, from the hold to its confirmation."""
    times = []
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
        for provider_id, slot_id in wanted:
            if time.monotonic() >= until:
                break
            started = time.perf_counter()
            held = http.post("/bookings", json={"providerId": provider_id, "slotId": slot_id, "userId": str(uuid4())})
            held.raise_for_status()
            http.post(f"/bookings/{held.json()['bookingId']}/confirm").raise_for_status()
            times.append((time.perf_counter() - started) * 1000)
    return times


def _draw(result: Result) -> "Mapping[str, Figure]":
    figure = Figure(figsize=(9, 4), layout="constrained")
    rate, wait = figure.subplots(1, 2)
    clients = list(result)
    rate.plot(clients, [each["bookings_a_second"] for each in result.values()], marker="o", color="#3b6ea8")
    rate.set_ylabel("bookings a second")
    for percent in _PERCENTILES:
        wait.plot(
            clients, [each[f"milliseconds_p{percent}"] for each in result.values()], marker="o", label=f"{percent} %"
        )
    wait.set_ylabel("milliseconds from hold to confirmation")
    wait.legend()
    for axes in (rate, wait):
        axes.set_xlabel("clients at the same time")
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    return {"load": figure}


def _describe(result: Result) -> str:
    rows = [
        [
            clients,
            str(each["bookings"]),
            f"{each['bookings_a_second']:g}",
            *[f"{each[f'milliseconds_p{percent}']:g}" for percent in _PERCENTILES],
        ]
        for clients, each in sorted(result.items(), key=lambda item: int(item[0]))
    ]
    header = ["clients", "bookings", "a second", *[f"ms, {percent} %" for percent in _PERCENTILES]]
    return f"""\
`python -m local_stack` in processes of its own, as `make run` starts it: a hold, then its confirmation, by each client over
and over, while the queue's worker writes the bookings. Clients and system share the machine.

{table(header, rows)}

![Bookings a second and latency by load]({picture("throughput", "load")})

The local server is one Python process, whose threads take turns: it is the limit here, at about one core, and more clients
only wait longer. On Lambda each request has a process; what limits it there is in [scaling.md](../scaling.md).
"""


PART = Part(name="throughput", title="Scale: bookings a second", measure=_measure, draw=_draw, describe=_describe)
