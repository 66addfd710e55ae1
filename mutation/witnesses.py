"""Who noticed each mutant, so that it can be asked first: that costs a test for a mutant, where looking costs many.

A witness that is wrong, or gone, costs time and nothing else: then everybody is asked.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mutation.mutants import Mutant
from mutation.running import TIME_OUT, Attempt, Tried

WITNESSES = Path(__file__).parent / "witnesses.json"

_SECONDS = 1.0
"""What a test is taken to need."""


class WitnessesError(ValueError):
    """The file can't be read; the text is one line."""


@dataclass(frozen=True, slots=True)
class Witness:
    """What noticed a mutant, as `Tried` has it."""

    noticed_by: str

    def attempt(self, mutant: Mutant) -> Attempt:
        """The one test that noticed; none for what an import noticed, which is made anyway."""
        test = self.noticed_by.removeprefix(f"{TIME_OUT}: ")
        # What went on for ever is not waited for any longer than need be.
        seconds = _SECONDS if test == self.noticed_by else 0.0
        return Attempt(mutant, {test: seconds} if "/" in test else {})


def known_witnesses(path: Path) -> dict[str, Witness]:
    """By the mutants' names; none where there is no such file. Raises `WitnessesError`."""
    try:
        found = json.loads(path.read_text()) if path.exists() else {}
        return {str(name): Witness(str(noticed_by)) for name, noticed_by in found.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise WitnessesError(f"{path.name}: {error}") from error


def write_witnesses(path: Path, tried: Sequence[Tried], *, others: Mapping[str, Witness]) -> None:
    """Write who noticed, and of mutants that were not tried who noticed before."""
    noticed = {name: witness.noticed_by for name, witness in others.items()}
    noticed |= {each.mutant.name: each.noticed_by for each in tried if each.noticed_by}
    path.write_text(json.dumps(noticed, indent=0, sort_keys=True) + "\n")
