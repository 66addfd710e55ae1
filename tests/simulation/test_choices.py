"""Where every decision of a schedule comes from."""

from collections import Counter

from simulation.choices import Choices


def some(choices: Choices) -> list[int]:
    return [choices.pick([1.0, 2.0, 3.0]) for _ in range(50)]


def test_a_seed_decides_alike_each_time_and_another_seed_otherwise() -> None:
    assert some(Choices(seed=7)) == some(Choices(seed=7))
    assert some(Choices(seed=7)) != some(Choices(seed=8))


def test_what_was_decided_can_be_decided_again_without_the_seed() -> None:
    first = Choices(seed=7)
    decided = some(first)
    assert some(Choices(script=first.made)) == decided


def test_a_script_that_is_over_goes_on_with_the_first_option() -> None:
    assert some(Choices(script=[2, 1])) == [2, 1, *[0] * 48]


def test_a_script_for_more_options_than_there_are_still_decides() -> None:
    assert Choices(script=[7]).pick([1.0, 1.0, 1.0]) == 7 % 3


def test_an_option_without_weight_is_never_taken_and_does_not_count() -> None:
    assert Choices().pick([0.0, 1.0, 1.0]) == 1
    assert Choices(script=[1]).pick([0.0, 1.0, 1.0]) == 2
    assert {Choices(seed=seed).pick([0.0, 1.0, 0.0, 1.0]) for seed in range(50)} == {1, 3}


def test_the_heavier_option_is_taken_more_often() -> None:
    choices = Choices(seed=1)
    times = Counter(choices.pick([1.0, 9.0]) for _ in range(1000))
    assert times[1] > 5 * times[0] > 0
