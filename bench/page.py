"""The page: what each part measured last, its pictures, and what there is to say about them."""

import json
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

from bench.part import Part, Result, picture

mpl.use("svg")
# The same figures give the same file: ids would be drawn by chance, and the date is in the results.
mpl.rcParams["svg.hashsalt"] = "appointments"
mpl.rcParams["svg.fonttype"] = "none"

_HEAD = """\
# What it costs, and how fast it is

Written by `make bench` from `results.json`, which it measured. `make bench EFFORT=5` takes longer, for steadier ones;
`.venv/bin/python -m bench calls` measures one part anew. Times are of one machine and mean nothing elsewhere: what is
compared was measured in one run. Counts, units and budgets are asserted by [`tests/bench`](../../tests/bench), too;
times never are.
"""


def keep(part: Part, measured: Result, folder: Path) -> None:
    """Put what a part has measured beside what the others have, and draw its pictures."""
    everything = _results(folder)
    everything[part.name] = measured
    _file(folder).write_text(json.dumps(everything, indent=2, sort_keys=True) + "\n")
    for what, figure in part.draw(measured["result"]).items():
        figure.savefig(folder / picture(part.name, what), metadata={"Date": None})


def write(parts: Sequence[Part], folder: Path) -> None:
    """Write the page, from whatever was measured until now."""
    everything = _results(folder)
    sections = [_section(part, everything[part.name]) for part in parts if part.name in everything]
    (folder / "README.md").write_text("\n".join([_HEAD, *sections]))


def _section(part: Part, measured: Result) -> str:
    said = part.describe(measured["result"]).strip()
    when = f"<sub>Measured {measured['measured']}, Python {measured['python']}, effort {measured['effort']}.</sub>"
    return f"## {part.title}\n\n{said}\n\n{when}\n"


def _results(folder: Path) -> dict[str, Result]:
    file = _file(folder)
    results: dict[str, Result] = json.loads(file.read_text()) if file.exists() else {}
    return results


def _file(folder: Path) -> Path:
    return folder / "results.json"
