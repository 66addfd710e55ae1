"""Many clients at once, each a thread with a connection of its own."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import httpx
import pytest

from tests.system import PATIENCE_SECONDS, System

T = TypeVar("T")


class Crowd:
    """Clients that act at the same moment."""

    def __init__(self, url: str, size: int) -> None:
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


@pytest.fixture
def crowd(system: System) -> Iterator[Crowd]:
    """64 clients of the system."""
    crowd = Crowd(system.url, 64)
    yield crowd
    crowd.close()


@pytest.fixture
def short_hold_crowd(short_hold_system: System) -> Iterator[Crowd]:
    """Clients of the system with short holds."""
    crowd = Crowd(short_hold_system.url, 64)
    yield crowd
    crowd.close()
