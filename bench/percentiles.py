"""The one way in which the benchmarks tell percentiles."""

from collections.abc import Sequence


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The value at the nearest rank: so many per cent of the others are not above it."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
