"""From a schedule that fails to a short one that fails: fewer choices, and simpler ones."""

from collections.abc import Callable, Iterator, Sequence


def shrink(choices: Sequence[int], fails: Callable[[Sequence[int]], bool], *, most_runs: int = 3000) -> list[int]:
    """The simplest choices found that still fail, in so many runs: without some, with zeros, with smaller numbers.

    It is the choices that are shrunk, not what they led to, as Hypothesis does: so whatever is left can happen. `fails`
    runs a schedule by its choices.
    """
    best = list(choices)
    runs = 0
    improved = True
    while improved and runs < most_runs:
        improved = False
        length = max(1, len(best) // 2)
        while length and runs < most_runs:
            start = 0
            while start < len(best):
                for candidate in _simpler(best, start, length):
                    runs += 1
                    if fails(candidate):
                        best, improved = candidate, True
                        break
                else:
                    start += length
            length //= 2
    return best


def _simpler(choices: list[int], start: int, length: int) -> Iterator[list[int]]:
    """Ways to make a stretch of choices simpler, the boldest first."""
    before, stretch, after = choices[:start], choices[start : start + length], choices[start + length :]
    yield before + after
    if any(stretch):
        yield [*before, *[0] * len(stretch), *after]
    if length == 1 and stretch[0] > 1:
        yield [*before, stretch[0] - 1, *after]
