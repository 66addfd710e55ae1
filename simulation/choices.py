"""Every decision of a schedule comes from here: by chance from a seed, or again as they once were."""

import random
from collections.abc import Sequence


class Choices:
    """A source of decisions that writes down what it decided.

    It follows `script` as long as that lasts. After that a seed decides, or, without one, the first option each time:
    the first is always the simplest, so that a script that gets shorter makes a schedule that gets simpler.
    """

    def __init__(self, *, seed: int | None = None, script: Sequence[int] = ()) -> None:
        self.made: list[int] = []
        self._script = script
        self._random = random.Random(seed) if seed is not None else None

    def pick(self, weights: Sequence[float]) -> int:
        """The index of one of the weights, the likelier the greater it is. Never one whose weight is 0."""
        open_to_choice = [index for index, weight in enumerate(weights) if weight > 0]
        place = self._place([weights[index] for index in open_to_choice])
        self.made.append(place)
        return open_to_choice[place]

    def one_of(self, count: int) -> int:
        """An index below `count`, each as likely."""
        return self.pick([1.0] * count)

    def happens(self, probability: float) -> bool:
        """Whether something that need not happen does."""
        return self.pick([1.0 - probability, probability]) == 1

    def fraction(self) -> float:
        """A number from 0 to 1, in steps: for waits, which need no more."""
        return self.one_of(8) / 8

    def _place(self, weights: Sequence[float]) -> int:
        if len(self.made) < len(self._script):
            return self._script[len(self.made)] % len(weights)
        if self._random is None:
            return 0
        at = self._random.random() * sum(weights)
        for place, weight in enumerate(weights):
            at -= weight
            if at < 0:
                return place
        return len(weights) - 1
