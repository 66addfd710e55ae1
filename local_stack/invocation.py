"""What both pollers share: how a worker is called, what its answer means, and who hears of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from chalice.local import LambdaContext

Event = dict[str, Any]
Handler = Callable[[Event, Any], Any]
"""A worker's entry point: takes Lambda's event and context, returns what failed."""


class MalformedResponseError(Exception):
    """The worker's answer is none that Lambda understands; the whole batch counts as failed."""


class Monitor(Protocol):
    """Hears what happens, for the terminal. Called from many threads; must neither block nor raise."""

    def request_served(self, method: str, path: str, status: int, seconds: float) -> None:
        """An HTTP request was answered."""

    def batch_done(self, worker: str, *, size: int, failed: int, seconds: float) -> None:
        """A batch was delivered to a worker; `failed` of its `size` items will come again."""

    def trouble(self, source: str, text: str) -> None:
        """Something can't go on for now; told once for each outage."""


class Silence:
    """A monitor that tells nobody."""

    def request_served(self, method: str, path: str, status: int, seconds: float) -> None:
        """Ignore it."""

    def batch_done(self, worker: str, *, size: int, failed: int, seconds: float) -> None:
        """Ignore it."""

    def trouble(self, source: str, text: str) -> None:
        """Ignore it."""


class Backoff:
    """Doubling waits with jitter: `first` seconds, then twice as long each time, never above `ceiling`."""

    def __init__(
        self, *, first: float = 0.25, ceiling: float = 10.0, jitter: Callable[[float, float], float] = random.uniform
    ) -> None:
        self._first = first
        self._ceiling = ceiling
        self._jitter = jitter

    def delay(self, failures: int) -> float:
        """Return the seconds to wait after so many failures in a row (1 or more)."""
        wait = min(self._ceiling, self._first * 2 ** min(failures - 1, 32))
        return self._jitter(wait / 2, wait)


def make_context(function_name: str, *, timeout_seconds: int) -> Any:
    """Make what Lambda hands to a function beside the event; its clock starts now."""
    return LambdaContext(function_name, memory_size=512, max_runtime_ms=timeout_seconds * 1000)


def failed_identifiers(response: object, sent: Collection[str]) -> set[str]:
    """Return which of the `sent` items the worker reported as failed, by Lambda's rules for partial batch responses.

    Nothing, an empty object, and a null or empty `batchItemFailures` mean success. Raises MalformedResponseError for
    what Lambda takes as the failure of the whole batch: another type, an item without a proper `itemIdentifier`, or an
    identifier that was not in the batch.
    """
    if response is None:
        return set()
    if not isinstance(response, Mapping):
        raise MalformedResponseError(f"the worker returned {type(response).__name__}, not an object")
    failures = response.get("batchItemFailures")
    if failures is None:
        return set()
    if not isinstance(failures, list):
        raise MalformedResponseError("batchItemFailures is not a list")
    failed = set()
    for failure in failures:
        identifier = failure.get("itemIdentifier") if isinstance(failure, Mapping) else None
        if not isinstance(identifier, str) or identifier not in sent:
            raise MalformedResponseError(f"no item of this batch: {failure!r}")
        failed.add(identifier)
    return failed
