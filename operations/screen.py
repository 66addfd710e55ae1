"""What the commands show, one fact a line, so that it can be searched; colours and progress only on a terminal."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.text import Text


class Screen:
    """Standard output for results, standard error for progress."""

    def __init__(self, *, out: Console | None = None, progress: Console | None = None) -> None:
        self._out = out or Console(highlight=False)
        self._progress = progress or Console(stderr=True)

    def say(self, text: str, *, style: str = "", mark: str = "", mark_style: str = "") -> None:
        """Print a line, behind a mark if there is one."""
        line = Text(f"{mark:<10}" if mark else "", mark_style)
        self._out.print(line.append(printable(text), style or "default"), soft_wrap=True)

    def json(self, document: Any) -> None:
        """Print a document as it is."""
        self._out.out(json.dumps(document, indent=2, default=_plain), highlight=False)

    @contextmanager
    def reading(self) -> Iterator[Callable[[int], None]]:
        """Show how many items have been read, while they are; yields what is told of more."""
        columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} items read"))
        progress = Progress(*columns, console=self._progress, transient=True, disable=not self._progress.is_terminal)
        task = progress.add_task("", total=None)
        with progress:
            yield lambda items: progress.advance(task, items)


def printable(text: str) -> str:
    """Text from the data or from an error as one line, without what would steer a terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def short(text: str, longest: int = 100) -> str:
    """The beginning of a text."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def counted(number: int, what: str) -> str:
    """`1 item`, `2 items`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def ago(duration: timedelta) -> str:
    """A duration in its largest unit, rounded down: `3 h`."""
    seconds = int(duration.total_seconds())
    for unit, length in (("days", 2 * 86_400), ("h", 2 * 3600), ("min", 120)):
        if seconds >= length:
            return f"{seconds // (length // 2)} {unit}"
    return f"{seconds} s"


def _plain(value: object) -> int | float | str:
    if isinstance(value, Decimal):
        return int(value) if value % 1 == 0 else float(value)
    return str(value)
