"""All parts, in the order of the page."""

from collections.abc import Sequence

from bench import (
    calls,
    cold_start,
    contention,
    flash_sale,
    money,
    package_size,
    table_size,
    throughput,
    warm_path,
)
from bench.part import Part

PARTS: Sequence[Part] = (
    calls.PART,
    money.PART,
    cold_start.PART,
    package_size.PART,
    warm_path.PART,
    contention.PART,
    table_size.PART,
    throughput.PART,
    flash_sale.PART,
)
