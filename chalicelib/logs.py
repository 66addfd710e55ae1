"""Structured logs: one JSON object a line, with the ids that belong to the work at hand, and no personal data.

Modules log to `logging.getLogger(__name__)` with `extra={"booking_id": ...}`; `bound` adds ids to all that is logged
inside it, in this context only, since Chalice's local server answers requests side by side.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

_ROOT: Final = logging.getLogger("chalicelib")
_formatter: Final = LambdaPowertoolsFormatter(utc=True, use_rfc3339=True)


def configure(level: str) -> None:
    """Write what `chalicelib` logs to standard output from `level` on; once, whatever the number of calls."""
    _ROOT.setLevel(level)
    if not _ROOT.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(_formatter)
        _ROOT.addHandler(handler)
        _ROOT.propagate = False


@contextmanager
def bound(**ids: str) -> Iterator[None]:
    """Add ids to every line logged inside."""
    _formatter.thread_safe_append_keys(**ids)
    try:
        yield
    finally:
        _formatter.thread_safe_remove_keys(ids)
