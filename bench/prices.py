"""What AWS charges for what is counted, from `prices.toml`, which tells where each price is from."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_FILE = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """So many USD for so many of a thing; where AWS says so, and what that was checked against."""

    usd: float
    per: int
    source: str
    checked: str


PRICES: Mapping[str, Price] = {name: Price(**price) for name, price in tomllib.loads(_FILE.read_text()).items()}
"""By the thing that is counted, such as `write units`."""


def usd(counts: Mapping[str, float]) -> float:
    """What so many of these things cost together, in USD. Raises KeyError for what has no price."""
    return sum(count * PRICES[thing].usd / PRICES[thing].per for thing, count in counts.items())
