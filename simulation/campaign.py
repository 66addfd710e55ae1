"""Many schedules, side by side in several processes, until one fails or they are done."""

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, count, islice
from pathlib import Path

from simulation.schedule import NEVER_ENDS, run
from simulation.shrinking import shrink

SEEDS = Path(__file__).parent / "seeds.txt"
"""Seeds that once failed, one a line with what they found; always run first."""

_CHUNK = 20


@dataclass(slots=True)
class Tally:
    """What so many schedules were made of."""

    schedules: int = 0
    steps: int = 0
    calls: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[int, str]] = field(default_factory=list)
    """Seeds, each with what did not hold."""

    def add(self, other: "Tally") -> None:
        """Count what another has counted."""
        self.schedules += other.schedules
        self.steps += other.steps
        self.calls += other.calls
        self.faults += other.faults
        self.failed += other.failed


def kept_seeds() -> list[int]:
    """Those that once failed."""
    lines = SEEDS.read_text().splitlines()
    return [int(line.split()[0]) for line in lines if line.strip() and not line.startswith("#")]


def run_seeds(seeds: Sequence[int]) -> Tally:
    """Run the schedules of these seeds in this process."""
    tally = Tally()
    for seed in seeds:
        outcome = run(seed=seed)
        tally.schedules += 1
        tally.steps += outcome.steps
        tally.calls += outcome.calls
        tally.faults.update(fault.value for fault in outcome.faults)
        if outcome.violation:
            tally.failed.append((seed, outcome.violation))
    return tally


def tallies(seeds: Iterable[int], *, processes: int) -> Generator[Tally, None, None]:
    """Run schedules side by side; gives the tally of each few as they are done, and stops when nobody asks for more."""
    chunks = _chunks(seeds)
    with ProcessPoolExecutor(processes) as pool:
        # A few more than there are processes, so that none is idle, and no more, so that it can stop soon.
        under_way = [pool.submit(run_seeds, chunk) for chunk in islice(chunks, 2 * processes)]
        try:
            while under_way:
                yield under_way.pop(0).result()
                under_way += [pool.submit(run_seeds, chunk) for chunk in islice(chunks, 1)]
        finally:
            for each in under_way:
                each.cancel()


def seeds_from(first: int) -> Iterator[int]:
    """The kept seeds, and then all from `first` on."""
    return chain(kept_seeds(), count(first))


def shortest(seed: int) -> tuple[list[int], list[str], str]:
    """The simplest schedule found that fails as the seed's does not hold: its choices, its trace, and what is wrong.

    Raises ValueError if the seed does not fail.
    """
    whole = run(seed=seed)
    if whole.violation is None:
        raise ValueError(f"seed {seed} does not fail")
    ends = NEVER_ENDS not in whole.violation

    def fails_alike(script: Sequence[int]) -> bool:
        """What is cut off may make a schedule that never comes to its end, which is another matter."""
        violation = run(script=script).violation
        return violation is not None and (NEVER_ENDS not in violation) is ends

    choices = shrink(whole.choices, fails_alike)
    outcome = run(script=choices)
    return choices, list(outcome.trace), outcome.violation or ""


def _chunks(seeds: Iterable[int]) -> Iterator[list[int]]:
    remaining = iter(seeds)
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk
