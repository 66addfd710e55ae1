"""A part of the benchmarks: what it measures, how that is drawn, and what is said about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Result: TypeAlias = dict[str, Any]
"""What was measured, as JSON has it."""

Tell: TypeAlias = Callable[[str], None]
"""Says what is being measured now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One question, and its answer."""

    name: str
    """As the command line, the results and the pictures' files name it."""
    title: str
    measure: Callable[[int, Tell], Result]
    """Measures with so many times the least effort, and says how it goes."""
    draw: Callable[[Result], "Mapping[str, Figure]"]
    """Pictures by the ends of their names; none if there is nothing to see."""
    describe: Callable[[Result], str]
    """The part's section of the page, in Markdown, without its heading. A picture is at `part.picture(name)`."""


def picture(part: str, what: str) -> str:
    """The file of a part's picture, beside the page."""
    return f"{part}-{what}.svg"


def table(header: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown; all columns but the first hold figures."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
