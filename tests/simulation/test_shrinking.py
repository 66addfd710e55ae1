"""From a long list of choices that fails to a short one."""

from collections.abc import Sequence

from simulation.shrinking import shrink


def test_what_does_not_matter_goes_and_what_matters_gets_small() -> None:
    def fails(choices: Sequence[int]) -> bool:
        return any(choice >= 3 for choice in choices)

    assert shrink([0, 5, 2, 9, 1, 1, 7, 4], fails) == [3]


def test_two_choices_that_matter_together_both_stay_in_order() -> None:
    def fails(choices: Sequence[int]) -> bool:
        return 2 in choices and 1 in choices[choices.index(2) :]

    assert shrink([0, 1, 0, 2, 5, 0, 0, 1, 2, 1], fails) == [2, 1]


def test_what_can_not_be_made_simpler_stays() -> None:
    assert shrink([1, 1], lambda choices: list(choices) == [1, 1]) == [1, 1]


def test_it_stops_after_so_many_runs_with_the_best_so_far() -> None:
    runs = []

    def fails(choices: Sequence[int]) -> bool:
        runs.append(choices)
        return sum(choices) >= 50

    found = shrink([1] * 200, fails, most_runs=20)
    assert len(runs) < 30
    assert 50 <= sum(found) < 200
