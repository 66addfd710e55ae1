"""Real boto3 clients whose network is a function.

botocore serialises, retries and parses as it always does; what it would send goes to a `Network` in its place, and the
waits between its retries, too. So the code above runs unchanged, and whoever plays the network decides what happens.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

import boto3
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.retries import standard
from botocore.retries.quota import RetryQuota

from chalicelib.aws import CLIENT_CONFIG
from chalicelib.bootstrap import Clients

if TYPE_CHECKING:
    from collections.abc import Callable

_SERVICE_OF = {"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs"}


@dataclass(frozen=True, slots=True)
class Call:
    """One request to AWS, as it is on the wire."""

    service: str
    operation: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """What AWS answers."""

    status: int
    body: dict[str, Any]


class Network(Protocol):
    """Where calls go, and where time passes."""

    def call(self, call: Call) -> Reply:
        """Answer a call, or raise one of botocore's connection errors."""

    def sleep(self, seconds: float) -> None:
        """Let time pass for the caller."""

    def elapsed(self) -> float:
        """Seconds since whenever, by no machine's clock."""

    def jitter(self) -> float:
        """What a retry's wait is drawn from: at least 0, less than 1."""


class Wire:
    """A pair of clients. Making them is slow, so one pair serves many schedules: `connect` begins a new one."""

    def __init__(self) -> None:
        self._network: Network | None = None
        # Signing, the user agent and the checks of parameters take half of botocore's time for a call. Nobody looks at
        # the former here, and the simulated table checks what it is asked for itself.
        quick = Config(signature_version=UNSIGNED, user_agent="simulation", parameter_validation=False)
        config = CLIENT_CONFIG.merge(quick)
        session = boto3.Session(region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        self.clients = Clients(session.client("dynamodb", config=config), session.client("sqs", config=config))
        for client in (self.clients.dynamodb, self.clients.sqs):
            events, service = _events(client)
            events.register("before-send.*", self._before_send)
            events.unregister(f"needs-retry.{service}", unique_id=f"retry-config-{service}")

    def connect(self, network: Network) -> None:
        """Send what comes from here on to this network.

        botocore's retries begin anew: they share a quota, which what went before may have used up.
        """
        self._network = network
        for client in (self.clients.dynamodb, self.clients.sqs):
            events, service = _events(client)
            quota = standard.RetryQuotaChecker(RetryQuota())
            retries = _Retries(network, quota)
            handlers: dict[str, Callable[..., Any]] = {"after-call": quota.release_retry_quota, "needs-retry": retries}
            for event, handler in handlers.items():
                events.unregister(f"{event}.{service}", unique_id=f"simulated-{event}")
                events.register(f"{event}.{service}", handler, unique_id=f"simulated-{event}")

    def _before_send(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        if self._network is None:
            raise RuntimeError("a call was made while there is no network")
        service, _dot, operation = cast("bytes", request.headers["X-Amz-Target"]).decode().partition(".")
        reply = self._network.call(Call(_SERVICE_OF[service], operation, json.loads(cast("bytes", request.body))))
        return AWSResponse(request.url, reply.status, _HEADERS, _Raw(json.dumps(reply.body).encode()))


def _events(client: Any) -> tuple[Any, str]:
    """A client's events, and what its service is called in their names."""
    return client.meta.events, client.meta.service_model.service_name


class _Retries:
    """Decides on a retry by botocore's standard mode, but has the network pass the time, and botocore sleep none."""

    def __init__(self, network: Network, quota: standard.RetryQuotaChecker) -> None:
        self._network = network
        attempts = cast("Any", CLIENT_CONFIG).retries["total_max_attempts"]
        self._handler = standard.RetryHandler(
            retry_policy=standard.RetryPolicy(
                standard.StandardRetryConditions(attempts), standard.ExponentialBackoff(random=network.jitter)
            ),
            retry_event_adapter=standard.RetryEventAdapter(),
            retry_quota=cast("Any", quota),  # what the stubs say is not what botocore does
        )

    def __call__(self, **event: Any) -> int | None:
        delay = self._handler.needs_retry(**event)
        if delay is None:
            return None
        self._network.sleep(delay)
        return 0


_HEADERS = HTTPHeaders.from_dict({"content-type": "application/x-amz-json-1.0"})


class _Raw:
    """The little of urllib3's response that botocore reads."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> list[bytes]:
        """The content, in one piece."""
        return [self._content]
