"""Where the application is asked with tokens."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import httpx

from chalicelib.identity.authorizer import Authorizer
from tests.builders import Clock
from tests.handlers.api import Api
from tests.identity.issuer import token
from tests.identity.test_tokens import tokens

IN_PROCESS, RUNNING = "in process", "make run"


@dataclass(frozen=True)
class Place:
    """An application, and its issuer."""

    http: httpx.Client
    token_for: Callable[[str, str], str]
    """A token for a user in a role."""


def in_process(now: datetime) -> Place:
    """The application over stores in memory, with the authorizer before it, as a server would call them."""
    api = Api(clock=Clock(now), authorizer=Authorizer(tokens()))

    def answered(request: httpx.Request) -> httpx.Response:
        answer = api.request(
            request.method, request.url.raw_path.decode(), body=request.content, headers=request.headers
        )
        return httpx.Response(answer.status, headers=dict(answer.headers), text=answer.text)

    http = httpx.Client(base_url="http://api.example", transport=httpx.MockTransport(answered))
    return Place(http, lambda user_id, role: token(sub=user_id, role=role))
