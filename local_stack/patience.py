"""How long a stop may take."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable

_SLICE_SECONDS = 0.05


class Patience:
    """Waits that end after `seconds`, or at once when somebody is in a hurry by then."""

    def __init__(self, seconds: float, *, in_a_hurry: Callable[[], bool] = lambda: False) -> None:
        self._deadline = time.monotonic() + seconds
        self._in_a_hurry = in_a_hurry

    def is_over(self) -> bool:
        """Whether there is no waiting any more."""
        return time.monotonic() >= self._deadline or self._in_a_hurry()

    def wait_for(self, condition: threading.Condition, predicate: Callable[[], bool]) -> bool:
        """Wait, with the condition's lock held, until the predicate holds; returns whether it does."""
        while not predicate():
            if self.is_over():
                return False
            condition.wait(_SLICE_SECONDS)
        return True

    def join(self, threads: Iterable[threading.Thread]) -> bool:
        """Wait until the threads have ended; returns whether they have."""
        for thread in threads:
            while thread.is_alive() and not self.is_over():
                thread.join(_SLICE_SECONDS)
            if thread.is_alive():
                return False
        return True
