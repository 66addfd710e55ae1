"""What the application writes as its log, line by line."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from typing import Any

from chalicelib import logs


class LogLines:
    """A stream that gives what was written to it as parsed lines."""

    def __init__(self) -> None:
        self.stream = StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def all(self) -> list[dict[str, Any]]:
        """Every line, each of which must be one JSON object."""
        return [json.loads(line) for line in self.text.splitlines()]

    def with_message(self, message: str) -> list[dict[str, Any]]:
        return [line for line in self.all() if line["message"] == message]

    def the(self, message: str) -> dict[str, Any]:
        """The one line with this message."""
        (line,) = self.with_message(message)
        return line


@contextmanager
def unconfigured_logger() -> Iterator[logging.Logger]:
    """`chalicelib`'s logger as it is before anything configures it; afterwards it is as it was."""
    logger = logging.getLogger("chalicelib")
    before = logger.handlers[:], logger.level, logger.propagate
    logger.handlers[:], logger.propagate = [], True
    logger.setLevel(logging.NOTSET)
    try:
        yield logger
    finally:
        logger.handlers[:], level, logger.propagate = before
        logger.setLevel(level)


@contextmanager
def log_lines(level: str = "INFO") -> Iterator[LogLines]:
    """What is logged inside, as it would be written to standard output."""
    lines = LogLines()
    with unconfigured_logger():
        with redirect_stdout(lines.stream):
            logs.configure(level)
        yield lines
