"""All parts, in the order of the page."""

from collections.abc import Sequence

from bench import flash_sale
from bench.part import Part

PARTS: Sequence[Part] = (flash_sale.PART,)
