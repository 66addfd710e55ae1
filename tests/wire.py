"""Faults between a boto3 client and its endpoint, one call at a time.

botocore's `before-send` event may answer in place of the network: before the request was applied, or after.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError

Fault = Callable[["Wire", AWSPreparedRequest], AWSResponse | None]


@dataclass
class Wire:
    """What a client's calls meet: `faults` in turn, then nothing. `requests` are the bodies that were sent."""

    client: Any
    faults: list[Fault] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client.meta.events.register("before-send.*", self._before_send)

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Let the request through."""
        response: AWSResponse = self.client._endpoint.http_session.send(request)  # noqa: SLF001 - botocore has no other way
        return response

    def _before_send(self, request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        self.requests.append(json.loads(cast("bytes", request.body) or b"{}"))
        return self.faults.pop(0)(self, request) if self.faults else None


def error(code: str, status: int = 400, **members: Any) -> Fault:
    """The endpoint answers with an AWS error, and has done nothing."""
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": code, **members}
    return lambda _, request: answer(request, status, body)


def cancelled(*reasons: str) -> Fault:
    """A transaction is cancelled for these reasons, one for each action."""
    return error("TransactionCanceledException", CancellationReasons=[{"Code": reason} for reason in reasons])


def page(body: dict[str, Any]) -> Fault:
    """The endpoint answers with this."""
    return lambda _, request: answer(request, 200, body)


def lost_acknowledgement(wire: Wire, request: AWSPreparedRequest) -> AWSResponse:
    """The request is applied, and the connection ends before the answer."""
    wire.send(request)
    raise ConnectionClosedError(endpoint_url=request.url)


def answer(request: AWSPreparedRequest, status: int, body: dict[str, Any]) -> AWSResponse:
    """A response as the network would bring it."""

    class Raw:
        """The little of urllib3's response that botocore reads."""

        def stream(self) -> list[bytes]:
            return [json.dumps(body).encode()]

    return AWSResponse(
        request.url, status, HTTPHeaders.from_dict({"content-type": "application/x-amz-json-1.0"}), Raw()
    )
