"""Stream records that a run could not deliver, kept for the next one.

MiniStack keeps its tables and queues, but not its streams: what was not delivered when it stops would be gone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from local_stack.stream_records import Record


class BacklogError(Exception):
    """What was kept can't be read; the text is one line for the user."""


class Backlog:
    """A file of records; it stays as it is until it is written again, so a crash delivers them once more."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[Record]:
        """Return what the last run has left, in order. Raises BacklogError when that can't be told any more."""
        if not self._path.exists():
            return []
        try:
            records: list[Record] = json.loads(self._path.read_text(encoding="utf-8"))
        except ValueError:
            raise BacklogError(f"{self._path} is damaged; remove it to go on without what it holds") from None
        return records

    def write(self, records: Sequence[Record]) -> None:
        """Replace what is kept."""
        if not records:
            self._path.unlink(missing_ok=True)
            return
        beside = self._path.with_suffix(".tmp")
        beside.write_text(json.dumps(list(records)), encoding="utf-8")
        beside.replace(self._path)
