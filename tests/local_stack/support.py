"""Small helpers and fakes of the local stack's tests."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_stack.invocation import Event
    from local_stack.stream_records import Record

PATIENCE_SECONDS = 20.0


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition that will hold soon; fails with `what` was waited for."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.01)


class Clock:
    """A clock that goes when told to, in epoch seconds."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Worker:
    """A worker that keeps what it was given and answers what it was told to, the last answer again and again.

    An answer may be an exception, which is raised, or a function of the event.
    """

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers) or [None]
        self._lock = threading.Lock()
        self.events: list[Event] = []

    def __call__(self, event: Event, context: Any) -> Any:
        assert context.aws_request_id
        with self._lock:
            self.events.append(event)
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(event) if callable(answer) else answer


class Notes:
    """A monitor that remembers."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, int]] = []
        self.batches: list[tuple[int, int]] = []
        self.troubles: list[str] = []

    def request_served(self, method: str, path: str, status: int, seconds: float) -> None:
        assert seconds >= 0
        self.requests.append((method, path, status))

    def batch_done(self, worker: str, *, size: int, failed: int, seconds: float) -> None:
        assert worker
        assert seconds >= 0
        self.batches.append((size, failed))

    def trouble(self, source: str, text: str) -> None:
        self.troubles.append(f"{source}: {text}")


def failures(*identifiers: object) -> dict[str, Any]:
    """Make a worker's answer that reports these items."""
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}


def stream_record(
    number: int,
    *,
    name: str = "INSERT",
    created: float = 1_800_000_000,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
) -> Record:
    """Make a stream record with this sequence number, in Lambda's shape."""
    change: dict[str, Any] = {
        "ApproximateCreationDateTime": created,
        "Keys": {"PK": {"S": f"P{number}"}, "SK": {"S": "S"}},
        "SequenceNumber": str(number),
        "SizeBytes": 1,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    if old is not None:
        change["OldImage"] = old
    if new is not None:
        change["NewImage"] = new
    return {
        "eventID": f"event-{number}",
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": change,
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/s",
    }
