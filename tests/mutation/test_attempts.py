"""Which tests are run for a mutant, and in which order."""

from dataclasses import replace

import pytest

from mutation.campaign import Learned
from mutation.mutants import Mutant
from mutation.running import Reach

REACH = Reach(
    seconds={"slow": 2.0, "quick": 1.0, "other": 0.5, "user": 3.0},
    by_line={("shop", 1): {"slow", "quick"}, ("shop", 2): {"other"}, ("sale", 7): {"user"}},
)
MUTANT = Mutant(
    name="shop f: flag: a=True",
    module="shop",
    kind="flag",
    line=1,
    lines=range(1, 2),
    binds="",
    in_functions=True,
    source="",
    difference="",
)


@pytest.mark.parametrize(
    ("mutant", "tests"),
    [
        (MUTANT, ["quick", "slow"]),
        (replace(MUTANT, lines=range(1, 3)), ["other", "quick", "slow"]),
        (replace(MUTANT, lines=range(3, 4)), []),
        (replace(MUTANT, in_functions=False), ["other", "quick", "slow"]),
        (replace(MUTANT, in_functions=False, binds="FEW"), ["user", "other", "quick", "slow"]),
    ],
)
def test_the_tests_that_run_its_lines_or_use_its_name_come_first_and_of_those_the_quickest(
    mutant: Mutant, tests: list[str]
) -> None:
    known = Learned(reach=REACH, mentions={"FEW": {("sale", 7)}})
    assert list(known.attempt(mutant).tests) == tests
