"""Who noticed each mutant, so that it can be asked first: that costs a test for a mutant, where looking costs many.

A witness that is wrong, or gone, costs time and nothing else: then everybody is asked.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from mutation.mutants import Mutant
from mutation.running import SCHEDULE, TIME_OUT, Attempt, Tried

WITNESSES = Path(__file__).parent / "witnesses.json"

_SECONDS = 1.0
"""What a test is taken to need."""


class WitnessesError(ValueError):
    """The file can't be read; the text is one line."""


class Witnesses:
    """Who noticed which mutant the last time."""

    def __init__(self, noticed_by: Mapping[str, str]) -> None:
        """By the mutants' names, as `Tried` has it."""
        self.noticed_by = noticed_by
        self._of_function: dict[str, dict[str, float]] = {}
        for name, who in noticed_by.items():
            if not who.startswith(TIME_OUT):
                self._of_function.setdefault(_function(name), {}).update(_test(who))

    def attempt(self, mutant: Mutant) -> Attempt | None:
        """The test that noticed it, and those that noticed others of its function: one of them likely notices one that
        is new. None if there are none. An import that noticed needs no test: it is made anyway."""
        if mutant.name not in self.noticed_by and _function(mutant.name) not in self._of_function:
            return None
        who = self.noticed_by.get(mutant.name, "")
        own = _test(who)
        tests = own | self._of_function.get(_function(mutant.name), {}) | own
        return Attempt(mutant, tests, with_schedules=who.startswith(SCHEDULE))


def _function(mutant: str) -> str:
    """Where something is taken out, by the mutant's name."""
    return mutant.partition(": ")[0]


def _test(noticed_by: str) -> dict[str, float]:
    """The test that noticed, if it was one, with what it is taken to need."""
    test = noticed_by.removeprefix(f"{TIME_OUT}: ")
    # What went on for ever is not waited for any longer than need be.
    seconds = _SECONDS if test == noticed_by else 0.0
    return {test: seconds} if "/" in test else {}


def known_witnesses(path: Path) -> Witnesses:
    """None where there is no such file. Raises `WitnessesError`."""
    try:
        found = json.loads(path.read_text()) if path.exists() else {}
        return Witnesses({str(name): str(noticed_by) for name, noticed_by in found.items()})
    except (OSError, ValueError, AttributeError) as error:
        raise WitnessesError(f"{path.name}: {error}") from error


def write_witnesses(path: Path, tried: Sequence[Tried], *, others: Mapping[str, str]) -> None:
    """Write who noticed, and of mutants that were not tried who noticed before."""
    noticed = {**others, **{each.mutant.name: each.noticed_by for each in tried if each.noticed_by}}
    path.write_text(json.dumps(noticed, indent=0, sort_keys=True) + "\n")
