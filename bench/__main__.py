"""Measure, draw and write the page: `make bench`, or `python -m bench --help`."""

import argparse
import platform
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bench import page
from bench.part import Part, Result
from bench.parts import PARTS

FOLDER = Path(__file__).parents[1] / "docs" / "benchmarks"


def main() -> None:
    """Run what the command line asks for."""
    names = [part.name for part in PARTS]
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"which parts, of {', '.join(names)}; all by default")
    parser.add_argument(
        "--effort", type=_effort, default=1, help="how many times the least effort, for steadier figures"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the page, the results and the pictures go")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(names):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    console = Console(stderr=True)
    asked.folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        if not asked.parts or part.name in asked.parts:
            _run(part, asked.effort, asked.folder, console)
    page.write(PARTS, asked.folder)
    console.print(f"The page is {asked.folder / 'README.md'}")


def _run(part: Part, effort: int, folder: Path, console: Console) -> None:
    started = time.monotonic()
    with console.status(part.title) as status:
        result = part.measure(effort, lambda what: status.update(f"{part.title}: {what}"))
    seconds = round(time.monotonic() - started)
    console.print(f"{part.title}: {seconds} s")
    page.keep(part, {**_circumstances(effort, seconds), "result": result}, folder)


def _circumstances(effort: int, seconds: int) -> Result:
    return {
        "measured": datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "effort": effort,
        "seconds": seconds,
    }


def _effort(text: str) -> int:
    effort = int(text)
    if effort < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return effort


if __name__ == "__main__":
    main()
