"""`python -m simulation run` and `python -m simulation replay SEED`: see docs/testing.md."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from simulation.campaign import Tally, kept_seeds, seeds_from, shortest, tallies
from simulation.explorations import EXPLORATIONS, Exploration
from simulation.interleavings import Fault
from simulation.schedule import run

_FIRST_SEED = 1


def main(arguments: Sequence[str]) -> int:
    """Run schedules, or one again; returns the exit status: 1 if something does not hold."""
    parser = argparse.ArgumentParser(prog="python -m simulation", description="Runs the real code in simulated AWS.")
    commands = parser.add_subparsers(dest="command", required=True)
    several = commands.add_parser("run", help="run many schedules, each from a seed")
    several.add_argument("--schedules", type=_positive, help="stop after so many")
    several.add_argument("--seconds", type=_positive, help="stop after so many seconds")
    several.add_argument("--first-seed", type=_positive, default=_FIRST_SEED)
    several.add_argument("--processes", type=_positive, default=os.cpu_count() or 1)
    commands.add_parser("explore", help="go through every interleaving of two clients, the workers and one fault")
    one = commands.add_parser("replay", help="run one schedule again, and show what happens")
    one.add_argument("seed", type=_positive)
    given = parser.parse_args(arguments)
    # Lines are not broken: a trace is to be read, and searched.
    console = Console(highlight=False, soft_wrap=True)
    if given.command == "replay":
        return replay(given.seed, console)
    if given.command == "explore":
        return explore(console)
    if given.schedules is None and given.seconds is None:
        parser.error("say how long: --schedules N or --seconds S")
    return campaign(
        console,
        schedules=given.schedules,
        seconds=given.seconds,
        first_seed=given.first_seed,
        processes=given.processes,
    )


def campaign(console: Console, *, schedules: int | None, seconds: int | None, first_seed: int, processes: int) -> int:
    """Run schedules until there were enough or one fails; returns the exit status."""
    total = Tally()
    started = time.monotonic()
    columns = (TextColumn("schedules"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        Progress(*columns, console=console, transient=True) as progress,
        closing(tallies(seeds_from(first_seed), processes=processes)) as results,
    ):
        task = progress.add_task("", total=schedules)
        for tally in results:
            total.add(tally)
            progress.update(task, completed=total.schedules)
            passed = time.monotonic() - started
            if total.failed or total.schedules >= (schedules or sys.maxsize) or passed >= (seconds or sys.maxsize):
                break
    passed = time.monotonic() - started
    console.print(
        f"{total.schedules} schedules in {passed:.0f} s ({total.schedules / passed:.0f} a second), {len(kept_seeds())} "
        f"of them kept seeds; {total.steps} steps and {total.calls} AWS calls, checked after each; faults:"
    )
    for fault, times in total.faults.most_common():
        console.print(f"  {times:8}  {fault}")
    for seed, violation in total.failed:
        console.print(f"seed {seed} fails: {violation}", style="red")
    return replay(total.failed[0][0], console) if total.failed else 0


def explore(console: Console) -> int:
    """Go through every interleaving, and tell how many states there are; returns the exit status."""
    console.print("every interleaving of two clients, both workers, TTL and the clock, with one fault:")
    sound = True
    # A fault makes many times the states: begun last, it would keep one core busy while the others have nothing to do.
    largest_first = sorted(EXPLORATIONS, key=lambda each: each.fault is Fault.NONE)
    with ProcessPoolExecutor() as pool:
        for each, found in zip(largest_first, pool.map(Exploration.run, largest_first), strict=True):
            name = f"{each.what}, {each.fault}"
            console.print(
                f"  {name:<46} {found.states:9} states, {found.steps:9} steps, {found.ends:5} ends, "
                f"{found.runs:5} runs of the code, {len(found.broken)} violations"
            )
            for way in found.broken[:1]:
                console.print(way, style="red", markup=False)
            sound = sound and not found.broken
    return 0 if sound else 1


def replay(seed: int, console: Console) -> int:
    """Run one schedule again; if it fails, show the shortest that fails like it. Returns the exit status."""
    outcome = run(seed=seed)
    if outcome.violation is None:
        console.print("\n".join(outcome.trace), markup=False)
        console.print(f"seed {seed}: all that must hold held, in {outcome.steps} steps", style="green")
        return 0
    console.print(f"seed {seed} fails after {outcome.steps} steps; looking for a shorter schedule ...")
    choices, trace, violation = shortest(seed)
    console.print("\n".join(trace), markup=False)
    console.print(f"does not hold: {violation}", style="red", markup=False)
    console.print(f"({len(choices)} choices, of {len(outcome.choices)}; to see it again: make replay SEED={seed})")
    return 1


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a number: {text!r}") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
