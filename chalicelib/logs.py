"""Structured logs: one JSON object a line, with the ids that belong to the work at hand, and no personal data.

Modules log to `logging.getLogger(__name__)` with `extra={"booking_id": ...}`; `bound` adds ids to all that is logged
inside it, and `also` more of them as they become known, in this context only, since Chalice's local server answers
requests side by side.
"""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Final

from pythonjsonlogger.json import JsonFormatter

_ROOT: Final = logging.getLogger("chalicelib")
_FORMATTER: Final = JsonFormatter(
    ["levelname", "name", "message"],
    rename_fields={"levelname": "level", "name": "logger", "exc_info": "exception"},
    timestamp=True,
    json_serializer=partial(json.dumps, separators=(",", ":")),
)
_ids: Final = ContextVar[dict[str, str]]("ids")


def configure(level: str) -> None:
    """Write what `chalicelib` logs to standard output from `level` on; once, whatever the number of calls."""
    _ROOT.setLevel(level)
    if not _ROOT.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(_FORMATTER)
        handler.addFilter(_with_ids)
        _ROOT.addHandler(handler)
        _ROOT.propagate = False


@contextmanager
def bound(**ids: str) -> Iterator[None]:
    """Add ids to every line logged inside."""
    before = _ids.set({**_ids.get({}), **ids})
    try:
        yield
    finally:
        _ids.reset(before)


def also(**ids: str) -> None:
    """Add ids to every line from here on, inside the innermost `bound`; outside of any, to none."""
    _ids.get({}).update(ids)


def _with_ids(record: logging.LogRecord) -> bool:
    vars(record).update(_ids.get({}))
    return True
