"""All parts, in the order of the page."""

from collections.abc import Sequence

from bench import calls, contention, flash_sale
from bench.part import Part

PARTS: Sequence[Part] = (calls.PART, contention.PART, flash_sale.PART)
