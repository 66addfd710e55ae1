"""`python -m mutation`: takes out every condition, retry and compensation; each time a test must fail."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from local_stack.endpoint import Endpoint, EndpointError
from mutation.campaign import all_mutants, learned, tried, verified
from mutation.mutants import Mutant
from mutation.processes import Processes
from mutation.project import APPOINTMENTS, Project
from mutation.report import as_text, show
from mutation.running import BrokenRunError, Tried
from mutation.survivors import SURVIVORS, SurvivorsError, known_survivors, wrong_entries
from mutation.witnesses import WITNESSES, Witnesses, WitnessesError, known_witnesses, write_witnesses
from tests.ports import free_port

REPORT = "build/mutants.txt"
"""Who noticed which mutant, below the project's folder."""


def main(
    arguments: Sequence[str],
    *,
    project: Project = APPOINTMENTS,
    survivors: Path = SURVIVORS,
    witnesses: Path = WITNESSES,
) -> int:
    """Try the mutants; returns the exit status: 1 if one survives that is not listed, or the list is wrong.

    Who noticed a mutant is remembered, and asked first the next time.
    """
    parser = argparse.ArgumentParser(prog="python -m mutation", description=__doc__)
    parser.add_argument("--list", action="store_true", help="show the mutants, and try none")
    parser.add_argument(
        "--anew", action="store_true", help="forget who noticed what, and try the listed survivors as well"
    )
    parser.add_argument("--only", metavar="TEXT", default="", help="those alone whose name contains this")
    parser.add_argument("--processes", type=_positive, default=os.cpu_count() or 1)
    given = parser.parse_args(arguments)
    console = Console(highlight=False, soft_wrap=True)
    every = all_mutants(project)
    mutants = [mutant for mutant in every if given.only in mutant.name]
    if not mutants:
        parser.error(f"there is no mutant whose name contains {given.only!r}")
    if given.list:
        for mutant in mutants:
            console.print(f"{mutant.line:4}  {mutant.name}", markup=False)
        return 0
    started = time.monotonic()
    try:
        known = known_survivors(survivors)
        before = Witnesses({}) if given.anew and not given.only else known_witnesses(witnesses)
        remembered = Witnesses({}) if given.anew else before
        spared = () if given.anew else known.keys()
        with _endpoint() if project.needs_endpoint else nullcontext():
            done = _tried(project, mutants, remembered, spared, Processes(given.processes), console)
    except (BrokenRunError, EndpointError, SurvivorsError, WitnessesError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    report = project.root / REPORT
    report.parent.mkdir(exist_ok=True)
    report.write_text(as_text(done))
    write_witnesses(witnesses, done, others=before.noticed_by if given.only else {})
    show(console, done, known, seconds=time.monotonic() - started)
    survived = {each.mutant.name for each in done if each.noticed_by is None}
    wrong = wrong_entries(
        [name for name in known if given.only in name],
        mutants={mutant.name for mutant in every},
        survived=survived,
    )
    for line in wrong:
        console.print(line, style="red", markup=False)
    return 1 if wrong or survived - known.keys() else 0


def _tried(
    project: Project,
    mutants: Sequence[Mutant],
    remembered: Witnesses,
    spared: Collection[str],
    processes: Processes,
    console: Console,
) -> list[Tried]:
    """Ask those who noticed before; then everybody about the mutants that are left, but for those that are spared."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    done = [Tried(mutant, None, 0.0) for mutant in mutants if mutant.name in spared]
    left = [mutant for mutant in mutants if mutant.name not in spared]
    with Progress(*columns, console=console) as progress:
        attempts = [attempt for mutant in left if (attempt := remembered.attempt(mutant))]
        if attempts:
            task = progress.add_task("who noticed, as it is", total=1)
            verified(project, attempts, processes)
            progress.advance(task)
            task = progress.add_task("remembered", total=len(attempts))
            for each in tried(project, attempts, processes):
                if each.noticed_by:
                    done.append(each)
                    left.remove(each.mutant)
                progress.advance(task)
        if left:
            task = progress.add_task("as it is", total=1)
            known = learned(project, processes)
            progress.advance(task)
            task = progress.add_task("mutants", total=len(left))
            for each in tried(project, [known.attempt(mutant) for mutant in left], processes):
                done.append(each)
                progress.advance(task)
    return done


@contextmanager
def _endpoint() -> Iterator[None]:
    """One AWS endpoint for all runs, unless `LOCALSTACK_HOST` names one."""
    if "LOCALSTACK_HOST" in os.environ:
        yield
        return
    port = free_port()
    with tempfile.TemporaryDirectory() as directory, Endpoint(directory=Path(directory), port=port):
        os.environ["LOCALSTACK_HOST"] = f"127.0.0.1:{port}"
        try:
            yield
        finally:
            del os.environ["LOCALSTACK_HOST"]


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
