"""What a process has seen of late: to guess from, or to show by, never to decide on."""

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """The latest values by key, so many of them: what was kept longest ago goes first."""

    def __init__(self, *, most: int = 1000) -> None:
        """`most` is how many are kept; a process lives long, and providers are many."""
        self._values: OrderedDict[K, V] = OrderedDict()
        self._most = most
        self._lock = Lock()

    def get(self, key: K) -> V | None:
        """What was kept last, or None."""
        return self._values.get(key)

    def keep(self, key: K, value: V) -> None:
        """Keep a value in place of what was kept before."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > self._most:
                self._values.popitem(last=False)
