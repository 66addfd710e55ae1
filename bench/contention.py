"""Many clients at one slot, and at as many slots of one provider."""

from datetime import date, timedelta
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from bench.part import Part, Result, Tell, picture, table
from bench.percentiles import percentile
from bench.race import TRANSACTION_SECONDS, WAY_SECONDS, Client, Race
from chalicelib.bootstrap import Application
from chalicelib.domain.access import ANYBODY
from chalicelib.domain.errors import AppointmentError
from chalicelib.domain.models import WeeklyPattern, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

CLIENTS = 1000
_FIRST_DAY = date(2030, 5, 2)
_SLOTS_A_DAY = 96
_PROVIDER = "ann"

WITHIN_SECONDS = (0.0, 1.0, 10.0)
"""In how much time the clients come."""


def _opened(slots: int) -> tuple[Race, list[str]]:
    """A provider with so many slots and one more, which every process has seen held before."""
    race = Race()
    services = race.process().services
    services.providers.create(name="Ann", time_zone="UTC", provider_id=_PROVIDER)
    days = -(-slots // _SLOTS_A_DAY)
    services.availability.set_pattern(
        _PROVIDER,
        WeeklyPattern(
            first_day=_FIRST_DAY,
            last_day=_FIRST_DAY + timedelta(days=days),
            weekdays=frozenset(range(7)),
            windows=(Window(start=timedelta(0), end=timedelta(hours=24), slot_minutes=15),),
        ),
    )
    ids = [
        slot.slot_id
        for day in range(days + 1)
        for slot in services.availability.free_slots(_PROVIDER, _FIRST_DAY + timedelta(days=day)).slots
    ]
    return race, ids[: slots + 1]


def race_for(*, slots: int, within: float) -> list[Client]:
    """`CLIENTS` users, each of whom wants one of so many slots, in turn."""
    race, (known, *wanted) = _opened(slots)
    processes = []
    for _ in range(CLIENTS):
        process = race.process()
        earlier = process.services.bookings.hold(provider_id=_PROVIDER, slot_id=known, user_id="earlier", by=ANYBODY)
        process.services.bookings.cancel(earlier.booking_id, by=ANYBODY)
        processes.append(process)
    work: Sequence[Callable[[], str]] = [
        partial(_want, process, wanted[number % slots], f"user-{number}") for number, process in enumerate(processes)
    ]
    return race.run(work, within=within)


def _want(process: Application, slot_id: str, user_id: str) -> str:
    try:
        process.services.bookings.hold(provider_id=_PROVIDER, slot_id=slot_id, user_id=user_id, by=ANYBODY)
    except AppointmentError as error:
        return type(error).__name__
    return "held"


def _measure(effort: int, tell: Tell) -> Result:  # noqa: ARG001 - it is the same each time
    found = {}
    for slots in (1, CLIENTS):
        for within in WITHIN_SECONDS:
            tell(f"{CLIENTS} clients at {slots} slots within {within:g} s")
            found[_name(slots, within)] = _summary(race_for(slots=slots, within=within))
    return found


def _summary(clients: list[Client]) -> Result:
    outcomes = sorted({client.outcome for client in clients})
    return {outcome: _of([each for each in clients if each.outcome == outcome]) for outcome in outcomes}


def _of(clients: list[Client]) -> Result:
    milliseconds = sorted(client.seconds * 1000 for client in clients)
    return {
        "clients": len(clients),
        "transactions": round(fmean(client.calls["TransactWriteItems"] for client in clients), 2),
        "looks": round(fmean(client.calls["GetItem"] for client in clients), 2),
        "hopeless": sum(client.hopeless for client in clients),
        "write_units": round(fmean(client.write_units for client in clients), 1),
        "read_units": round(fmean(client.read_units for client in clients), 1),
        "milliseconds_p50": round(percentile(milliseconds, 50), 1),
        "milliseconds_p99": round(percentile(milliseconds, 99), 1),
        "milliseconds": [round(percentile(milliseconds, percent), 1) for percent in range(1, 101)],
    }


def _draw(result: Result) -> "Mapping[str, Figure]":
    figure = Figure(figsize=(9, 4), layout="constrained")
    for axes, slots in zip(figure.subplots(1, 2, sharey=False), (1, CLIENTS), strict=True):
        for within in WITHIN_SECONDS:
            found = result[_name(slots, within)]
            most = max(found.values(), key=lambda outcome: outcome["clients"])
            axes.plot(
                most["milliseconds"],
                range(1, 101),
                label=f"within {within:g} s" if within else "at once",
                drawstyle="steps-post",
            )
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_title(f"{CLIENTS} clients at {slots} slot{'s' if slots > 1 else ''}", fontsize=10)
        axes.set_xlabel("milliseconds to the answer, in virtual time")
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("% of those who lose")
    figure.axes[1].set_ylabel("% of those who win")
    figure.axes[0].legend()
    return {"answers": figure}


def _describe(result: Result) -> str:
    header = [
        "who",
        "clients",
        "transactions each",
        "looks each",
        "in vain",
        "write units each",
        "read units each",
        "ms, median",
        "ms, 99 %",
    ]
    rows = [
        [
            f"{case}: {outcome}",
            str(each["clients"]),
            f"{each['transactions']:g}",
            f"{each['looks']:g}",
            str(each["hopeless"]),
            f"{each['write_units']:g}",
            f"{each['read_units']:g}",
            f"{each['milliseconds_p50']:g}",
            f"{each['milliseconds_p99']:g}",
        ]
        for slots in (1, CLIENTS)
        for within in WITHIN_SECONDS
        for case in [_name(slots, within)]
        for outcome, each in result[case].items()
    ]
    return f"""\
{CLIENTS} users want slots of one provider, all at once or within some seconds, each served by a process of its own that
knows the provider. The code is the real one; the table is the simulation's, in virtual time: a call takes
{WAY_SECONDS * 1000:g} ms in each direction, and a transaction has its items for {TRANSACTION_SECONDS * 1000:g} ms, in which
others that want one of them are cancelled with TransactionConflict. Both times are assumed; no engine here makes conflicts.
What a partition takes a second is left out here: [scaling.md](../scaling.md) has that.

{table(header, rows)}

![How long clients wait for their answers]({picture("contention", "answers")})

- **One slot** has one winner, who needs one transaction. A loser pays for its refused transaction, as much as the winner.
  Who meets a conflict looks at the slot first, and stops if somebody has it. *In vain* counts the tries after the first
  that could not succeed: where the winner came between the look and the try, a few milliseconds.
- **A slot for everybody**: all get theirs. What they meet in are the copies of the provider's policy, which each hold checks:
  two holds that check the same copy at a time are a conflict, and one of them waits. With 16 copies and
  eight tries, as it was before this was measured, 23 of {CLIENTS} that came at once were told 503. Ten tries end that; 64 copies
  save the tries: 3.9 each in place of 5.7, and 117 ms in place of 409 in the middle.
"""


def _name(slots: int, within: float) -> str:
    return f"{slots} slot{'s' if slots > 1 else ''}, {f'within {within:g} s' if within else 'at once'}"


PART = Part(name="contention", title="Contention", measure=_measure, draw=_draw, describe=_describe)
