"""What a flash sale on one provider comes to in the model, with what is deployed and with other limits."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import groupby
from statistics import mean, mode, quantiles
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure

from bench.flash_model import Answer, Limit, Model, Run, Sale, Setup
from bench.part import Part, Result, Tell, picture, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SALES = (Sale(clients=1000, slots=1), Sale(clients=1000, slots=1000), Sale(clients=10_000, slots=1000))

DEPLOYED = Setup(name="as deployed", gateway_rate=100, gateway_burst=200, functions=100)
"""`terraform/environments/prod.tfvars`."""

OPEN = Setup(name="the account's limits", gateway_rate=10_000, gateway_burst=5000, functions=1000)
"""An account's default quotas."""

SETUPS = (
    DEPLOYED,
    OPEN,
    replace(OPEN, name="with saved capacity", burst_seconds=300),
    replace(OPEN, name="a partition for each day", partition_a_day=True),
    replace(OPEN, name="a waiting room, 250 a second", admitted_a_second=250),
)

_SEEDS = 3
"""For the least effort."""

_COLOURS = {
    Answer.BOOKED: "#2a7f62",
    Answer.TAKEN: "#8fb8de",
    Answer.UNAVAILABLE: "#c8553d",
    Answer.NOT_SERVED: "#b9a44c",
    Answer.NOT_LET_IN: "#d9d4c7",
}


def measure(sales: Sequence[Sale], seeds: int, tell: Tell) -> Result:
    """Hold each sale with each setup, as often as there are seeds."""
    rows = []
    for sale in sales:
        for setup in SETUPS:
            tell(f"{sale.clients} clients, {sale.slots} slots, {setup.name}")
            runs = [Model(sale, setup, seed=seed).hold() for seed in range(seeds)]
            rows.append({**asdict(sale), "setup": setup.name, **_summary(runs)})
    return {"seeds": seeds, "rows": rows}


def _summary(runs: Sequence[Run]) -> dict[str, Any]:
    """Means over the runs; percentiles over the requests of all of them that a function served, in seconds."""
    answers = Counter(request.answer for run in runs for request in run.requests)
    served = [
        request.ended - request.began
        for run in runs
        for request in run.requests
        if request.answer not in {Answer.NOT_LET_IN, Answer.NOT_SERVED}
    ]
    percentiles = quantiles(served, n=100)
    ends = [[request.ended for request in run.requests if request.answer is Answer.BOOKED] for run in runs]
    return {
        "answers": {answer.value: answers[answer] / len(runs) for answer in Answer},
        "wanted": mean(len({request.slot for request in run.requests}) for run in runs),
        "last_booking": mean(max(end) for end in ends),
        "busiest_second": mean(max(Counter(map(int, end)).values()) for end in ends),
        "p50": percentiles[49],
        "p95": percentiles[94],
        "p99": percentiles[98],
        "first": mode(min(run.met, key=lambda limit: run.met[limit]) for run in runs if run.met).value,
        "met": {limit.value: mean(run.times[limit] for run in runs) for limit in Limit},
    }


def _draw(result: Result) -> dict[str, Figure]:
    sales = _by_sale(result)
    figure = Figure(figsize=(9, 2.2 * len(sales)), layout="constrained")
    axes: list[Axes] = [*figure.subplots(len(sales), sharex=True, squeeze=False)[:, 0]]
    for (title, rows), ax in zip(sales.items(), axes, strict=True):
        _bars(ax, rows)
        ax.set_title(title, loc="left", fontsize="medium")
    axes[-1].set_xlabel("share of the clients, %")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(Answer), frameon=False)
    return {"answers": figure}


def _bars(ax: "Axes", rows: Sequence[Mapping[str, Any]]) -> None:
    names = [row["setup"] for row in rows]
    left = [0.0] * len(rows)
    for answer in Answer:
        shares = [100 * row["answers"][answer.value] / row["clients"] for row in rows]
        ax.barh(names, shares, left=left, label=answer.value, color=_COLOURS[answer])
        left = [so_far + share for so_far, share in zip(left, shares, strict=True)]
    ax.invert_yaxis()
    ax.set_xlim(0, 100)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)


def _describe(result: Result) -> str:
    header = [
        "",
        "202",
        "409",
        "503",
        "turned away",
        "sold",
        "in",
        "busiest s",
        "p50",
        "p95",
        "p99",
        "first in the way",
        "most often",
    ]
    tables = [f"**{title}**\n\n{table(header, [*map(_cells, rows)])}" for title, rows in _by_sale(result).items()]
    return "\n\n".join([_TEXT.format(picture=picture(PART.name, "answers"), seeds=result["seeds"]), *tables])


def _cells(row: Mapping[str, Any]) -> list[str]:
    answers = row["answers"]
    turned_away = answers[Answer.NOT_LET_IN.value] + answers[Answer.NOT_SERVED.value]
    most = max(row["met"], key=row["met"].get)
    counts = [*(answers[answer.value] for answer in (Answer.BOOKED, Answer.TAKEN, Answer.UNAVAILABLE)), turned_away]
    return [
        row["setup"],
        *(f"{count:,.0f}" for count in counts),
        f"{100 * answers[Answer.BOOKED.value] / row['wanted']:.0f} %",
        f"{row['last_booking']:.1f} s",
        f"{row['busiest_second']:.0f}",
        *(f"{1000 * row[percentile]:.0f} ms" for percentile in ("p50", "p95", "p99")),
        row["first"],
        f"{most}, {row['met'][most]:,.0f} times",
    ]


def _by_sale(result: Result) -> dict[str, list[Mapping[str, Any]]]:
    """The rows of each sale, under its title."""
    return {title: [*rows] for title, rows in groupby(result["rows"], key=_title)}


def _title(row: Mapping[str, Any]) -> str:
    return f"{row['clients']:,} clients for {row['slots']:,} {'slot' if row['slots'] == 1 else 'slots'}"


_TEXT = """\
**A model, not a measurement**: no AWS was called. Clients come within two seconds, each for one slot of the same
provider, at random, and take the first answer. A request does what the code does, with the code's own rules for trying
again; of AWS the model has its published limits, and [assumed times of its calls](../../bench/flash_model.py). Means of
{seeds} runs.

![Answers by what the sale is held with]({picture})

`sold` is the share of the slots that anybody asked for, `in` the time until the last booking. Percentiles are of
requests that a function served, cold starts of 0.6 s included, and without the time in the waiting room. Clients who
are turned away or get a 503 may come again; in the model they don't. [What to do about it](../scaling.md)."""

PART = Part(
    name="flash-sale",
    title="A flash sale on one provider, in a model",
    measure=lambda effort, tell: measure(SALES, _SEEDS * effort, tell),
    draw=_draw,
    describe=_describe,
)
