"""All parts, in the order of the page."""

from collections.abc import Sequence

from bench import calls, contention, flash_sale, table_size, throughput
from bench.part import Part

PARTS: Sequence[Part] = (calls.PART, contention.PART, table_size.PART, throughput.PART, flash_sale.PART)
