"""Calls and capacity of each operation, beside the original's and the least possible."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from bench.engine import dynamodb_local_running
from bench.operations import OPERATIONS, World, measure
from bench.part import Part, Result, Tell, picture, table
from local_stack.resources import resources

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What an operation is compared with, in calls to DynamoDB and to SQS."""

    original: str = "-"
    """The system whose description began this project (measured once; it did not have everything)."""
    least: str
    """The fewest with which what is promised can be kept."""
    why: str
    """Why not fewer, and, where this system makes more, why that."""


BESIDE: Mapping[str, Beside] = {
    "create": Beside(
        original="2 + 1",
        least="1 + 1",
        why="slot and trigger must change together; the message must be in the queue before the answer",
    ),
    "create, with a key": Beside(least="1 + 1", why="the key's record is one more item of the same transaction"),
    "create, unknown provider": Beside(
        least="1 + 1", why="a slot's instants are not in its id: the first hold at a provider reads them"
    ),
    "create, one held": Beside(
        least="1 + 1", why="that the user holds no other slot is guessed; the refusal brings what they hold"
    ),
    "create, lost": Beside(original="2 + 1", least="1 + 0", why="the refusal tells why, and nothing is sent"),
    "worker": Beside(
        original="2 + 0", least="1 + 0", why="one transaction puts the booking while its trigger is there"
    ),
    "get": Beside(least="1 + 0", why="booking and trigger are neighbours: one Query brings both"),
    "confirm": Beside(
        original="2 + 0",
        least="2 + 0",
        why="which slot it is only the booking tells, and a transaction's keys must be known",
    ),
    "cancel, pending": Beside(original="2 + 0", least="2 + 0", why="as for confirm"),
    "cancel, confirmed": Beside(
        original="2 + 0", least="2 + 0", why="as for confirm; the provider's cutoff is checked, too"
    ),
    "reschedule": Beside(least="2 + 0", why="as for confirm; the new slot's times are guessed from the old one's"),
    "expire": Beside(original="1 + 0", least="1 + 0", why="the removed trigger tells all that there is to know"),
    "slots": Beside(least="1 + 0", why="one Query; the provider was read in the last ten seconds"),
    "slots, unknown provider": Beside(least="1 + 0", why="its time zone and its policy are read, and then kept"),
    "day": Beside(
        least="3 + 0",
        why="what is set, and which slots are owned, must be read before it is changed; here the provider as well",
    ),
    "long day": Beside(
        least="5 + 0",
        why="a transaction takes 100 actions: 99 slots, and the day's revision, in each; days are written side by side",
    ),
}


def _measure(effort: int, tell: Tell) -> Result:  # noqa: ARG001 - counting once is enough
    with dynamodb_local_running() as engine:
        world = World(engine.client("dynamodb"), engine.client("dynamodb"), resources().table)
        found = {}
        for name in OPERATIONS:
            tell(name)
            usage = measure(world, name)
            found[name] = {
                **asdict(usage),
                "dynamodb_calls": usage.dynamodb_calls,
                "sqs_calls": usage.sqs_calls,
            }
    return found


def _draw(result: Result) -> Mapping[str, Figure]:
    names = list(OPERATIONS)[::-1]
    parts: Sequence[tuple[str, str, list[float]]] = [
        (
            "table, written",
            "#3b6ea8",
            [result[each]["write_units"] - result[each]["index_write_units"] for each in names],
        ),
        ("indexes, written", "#d98032", [result[each]["index_write_units"] for each in names]),
        ("read", "#7aa874", [result[each]["read_units"] for each in names]),
    ]
    shown = [name for name in names if name != "long day"]
    figure = Figure(figsize=(9, 5.5), layout="constrained")
    axes = figure.subplots()
    left = [0.0] * len(shown)
    for label, colour, values in parts:
        widths = [value for name, value in zip(names, values, strict=True) if name in shown]
        axes.barh(shown, widths, left=left, label=label, color=colour)
        left = [before + width for before, width in zip(left, widths, strict=True)]
    axes.set_xlabel("request units (a write unit costs as much as five read units)")
    axes.legend(loc="upper right")
    axes.spines[["top", "right"]].set_visible(False)
    return {"units": figure}


def _describe(result: Result) -> str:
    rows = [
        [
            name,
            f"{each['dynamodb_calls']} + {each['sqs_calls']}",
            str(each["in_sequence"]),
            BESIDE[name].original,
            BESIDE[name].least,
            str(each["write_units"]),
            str(each["index_write_units"]),
            f"{each['read_units']:g}",
        ]
        for name in OPERATIONS
        for each in [result[name]]
    ]
    header = [
        "operation",
        "calls",
        "in sequence",
        "original",
        "least",
        "write units",
        "of these in indexes",
        "read units",
    ]
    meaning = "\n".join(f"- **{name}** ({OPERATIONS[name].what}): {BESIDE[name].why}." for name in OPERATIONS)
    return f"""\
Calls are those to DynamoDB and those to SQS, in the real code on Amazon's DynamoDB Local. Units are worked out from the
items by AWS's rules: in a transaction, two write units for each item and kilobyte, checked ones included, and one more
for each index entry that changes. `tests/bench` asserts every figure of this table.

{table(header, rows)}

![Request units of each operation]({picture("calls", "units")})

Why so many calls, and not fewer:

{meaning}

Who loses a race for a slot pays as much as who wins it: a refused transaction is billed like one that is done. Until
somebody has the slot for certain, transactions meet as conflicts; each of these is followed by one read of the slot
(1 unit), and no other try where somebody has it by then.
"""


PART = Part(name="calls", title="Calls and capacity", measure=_measure, draw=_draw, describe=_describe)
