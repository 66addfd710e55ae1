"""What an httpx client sends and is answered, as a history."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from simulation.histories import History

_CALL = "recorded call"


@contextmanager
def recorded(client: httpx.Client, name: str, history: History) -> Iterator[None]:
    """Record all that the client does."""

    def sent(request: httpx.Request) -> None:
        body = json.loads(request.content or b"null")
        request.extensions[_CALL] = history.begin(name, request.method, str(request.url), body, request.headers)

    def answered(response: httpx.Response) -> None:
        response.read()
        response.request.extensions[_CALL].end(response.status_code, response.json())

    before = client.event_hooks
    client.event_hooks = {"request": [sent], "response": [answered]}
    try:
        yield
    finally:
        client.event_hooks = before
