"""All parts, in the order of the page."""

from collections.abc import Sequence

from bench import calls
from bench.part import Part

PARTS: Sequence[Part] = (calls.PART,)
