"""Many clients at once, each a thread with a connection of its own; all that they see must fit together."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Barrier
from typing import TypeVar

import httpx
import pytest

from simulation.histories import History, anomalies
from tests.concurrency.recording import recorded
from tests.system import PATIENCE_SECONDS, System

T = TypeVar("T")


class Crowd:
    """Clients that act at the same moment."""

    def __init__(self, url: str, size: int) -> None:
        self.history = History()
        self.clients = [httpx.Client(base_url=url, timeout=PATIENCE_SECONDS, trust_env=False) for _ in range(size)]
        self._threads = ThreadPoolExecutor(size)

    def all_at_once(self, acts: Sequence[Callable[[httpx.Client], T]]) -> list[T]:
        """Let one client do each of the acts, all begun together; returns what they gave, in order."""
        barrier = Barrier(len(acts))

        def take_part(client: httpx.Client, act: Callable[[httpx.Client], T]) -> T:
            barrier.wait(PATIENCE_SECONDS)
            return act(client)

        return list(self._threads.map(take_part, self.clients, acts))

    def close(self) -> None:
        """End the connections and the threads."""
        for client in self.clients:
            client.close()
        self._threads.shutdown()


@contextmanager
def checked_crowd(system: System, *, hold_seconds: int) -> Iterator[Crowd]:
    """64 clients of the system. What they and the system's own client saw is checked in the end."""
    crowd = Crowd(system.url, 64)
    with ExitStack() as recordings:
        for number, client in enumerate(crowd.clients):
            recordings.enter_context(recorded(client, f"client-{number}", crowd.history))
        recordings.enter_context(recorded(system.http, "observer", crowd.history))
        yield crowd
    crowd.close()
    assert crowd.history.operations
    found = anomalies(crowd.history, hold_seconds=[hold_seconds], max_active_holds=5)
    assert not found, "\n".join(found)


@pytest.fixture
def crowd(system: System) -> Iterator[Crowd]:
    """Clients of the system."""
    with checked_crowd(system, hold_seconds=600) as crowd:
        yield crowd


@pytest.fixture
def short_hold_crowd(short_hold_system: System) -> Iterator[Crowd]:
    """Clients of the system with short holds."""
    with checked_crowd(short_hold_system, hold_seconds=2) as crowd:
        yield crowd
