"""Real boto3 clients whose network is a function.

botocore serialises, decides on retries and parses as it always does; what it would send goes to a `Network` in its
place, and the waits between its retries, too. So the code above runs unchanged, and whoever plays the network decides
what happens.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

import boto3
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.parsers import create_parser
from botocore.retries import standard
from botocore.retries.quota import RetryQuota

from chalicelib.aws import CLIENT_CONFIG
from chalicelib.bootstrap import Clients, with_plain_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import OperationModel, ServiceModel

_OK = 200


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
        # Signing, the user agent and the checks of parameters take half of botocore's time for a call. Nobody looks at
        # the former here, and the simulated table checks what it is asked for itself.
        quick = Config(signature_version=UNSIGNED, user_agent="simulation", parameter_validation=False)
        config = CLIENT_CONFIG.merge(quick)
        core = with_plain_values("TransactWriteItem")
        session = boto3.Session("x", "x", region_name="us-east-1", botocore_session=core)
        self.clients = Clients(session.client("dynamodb", config=config), session.client("sqs", config=config))
        self._endpoints: dict[str, _Endpoint] = {}
        client: Any
        for client in (self.clients.dynamodb, self.clients.sqs):
            client.meta.events.register_first("before-call", self._before_call)
            # By these rules botocore would work out each call's address, always the same. No setting turns them off.
            client._ruleset_resolver = None  # noqa: SLF001

    def connect(self, network: Network) -> None:
        """Send what comes from here on to this network.

        botocore's retries begin anew: they share a quota, which what went before may have used up.
        """
        for client in (self.clients.dynamodb, self.clients.sqs):
            service = client.meta.service_model
            self._endpoints[service.service_name] = _Endpoint(service, network)

    def _before_call(
        self, *, model: "OperationModel", params: "Mapping[str, Any]", context: dict[str, Any], **_: object
    ) -> "_Answer":
        """Answer a call in place of botocore's endpoint, as botocore's own stubs do.

        The endpoint would spend most of a call's time on an HTTP request that nobody looks at.
        """
        service = model.service_model.service_name
        if service not in self._endpoints:
            raise RuntimeError("a call was made while there is no network")
        return self._endpoints[service].send(model, params, context)


_Answer: TypeAlias = tuple[AWSResponse, dict[str, Any]]
"""A response, and what botocore's parser makes of it."""


class _Endpoint:
    """Does what botocore's endpoint does for one service, but without HTTP: it sends, parses, and sends again."""

    def __init__(self, service: "ServiceModel", network: Network) -> None:
        self._service = service
        self._network = network
        self._parser: Any = create_parser(cast("Any", service).resolved_protocol)
        self._quota = standard.RetryQuotaChecker(RetryQuota())
        attempts = cast("Any", CLIENT_CONFIG).retries["total_max_attempts"]
        self._retries = standard.RetryHandler(
            retry_policy=standard.RetryPolicy(
                standard.StandardRetryConditions(attempts), standard.ExponentialBackoff(random=network.jitter)
            ),
            retry_event_adapter=standard.RetryEventAdapter(),
            retry_quota=cast("Any", self._quota),  # what the stubs say is not what botocore does
        )

    def send(self, operation: "OperationModel", request: "Mapping[str, Any]", context: dict[str, Any]) -> _Answer:
        """Send a call, and again as long as botocore's standard mode wants that; the network passes the time between.

        `context` is where botocore notes what it took of its quota.
        """
        call = Call(self._service.service_name, operation.name, json.loads(request["body"]))
        attempt = 0
        while True:
            attempt += 1
            answer, error = self._tried(call, operation)
            if answer is not None and answer[0].status_code == _OK:
                self._quota.release_retry_quota(cast("Any", context), answer[0])
                return answer
            delay = self._retries.needs_retry(
                response=answer, operation=operation, attempts=attempt, caught_exception=error, request_dict=request
            )
            if delay is not None:
                self._network.sleep(delay)
            elif answer is not None:
                return answer
            else:
                raise cast("Exception", error)

    def _tried(self, call: Call, operation: "OperationModel") -> tuple[_Answer, None] | tuple[None, Exception]:
        """What became of one try."""
        try:
            reply = self._network.call(call)
        except Exception as error:
            return None, error
        response = {
            "headers": _HEADERS,
            "status_code": reply.status,
            "body": json.dumps(reply.body).encode(),
            "context": {"operation_name": operation.name},
        }
        parsed = self._parser.parse(response, operation.output_shape)
        if reply.status != _OK:
            members = self._service.shape_for_error_code(parsed["Error"]["Code"])
            if members is not None:
                parsed.update(self._parser.parse(response, members))
        return (AWSResponse(_URL, reply.status, _HEADERS, None), parsed), None


_URL = "https://simulation"
_HEADERS: Any = {"content-type": "application/x-amz-json-1.0"}
