"""Puts the whole system together, starts it in order and stops it in the reverse order."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local_stack import environment
from local_stack.backlog import Backlog, BacklogError
from local_stack.endpoint import HOST, Endpoint
from local_stack.issuer import Issuer
from local_stack.patience import Patience
from local_stack.resources import provision, resources
from local_stack.server import ApiServer
from local_stack.sqs_poller import SqsPoller
from local_stack.stream_poller import StreamPoller
from local_stack.ttl import TtlDeleter, mark_ttl_deletion

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping
    from pathlib import Path

    from local_stack.invocation import Handler, Monitor

_REQUEST_PATIENCE_SECONDS = 10.0
_DRAIN_PATIENCE_SECONDS = 5.0


class StackError(Exception):
    """The system can't be started; the text is for the user as it is."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the user may choose. `external_url` names an endpoint that runs already; None starts the embedded one."""

    port: int
    aws_port: int
    hold_seconds: str
    max_active_holds: str
    data_dir: Path
    external_url: str | None = None
    issuer_port: int | None = None
    """Where the issuer of tokens answers; None: authentication is off."""


@dataclass(frozen=True, kw_only=True)
class Application:
    """The Chalice application and the entry points of its workers."""

    app: Any
    process_bookings: Handler
    expire_bookings: Handler


def load_application() -> Application:
    """Import the application and build it from what the environment says.

    Raises StackError with the application's own words when a setting is wrong.
    """
    # Not at the top: whoever brings an application of their own needs neither this one nor what it imports.
    import app  # noqa: PLC0415
    from chalicelib import bootstrap, settings  # noqa: PLC0415

    try:
        bootstrap.application()
    except settings.SettingsError as error:
        raise StackError(str(error)) from None
    return Application(app=app.app, process_bookings=app.process_bookings, expire_bookings=app.expire_bookings)


class Stack:
    """The endpoint, the resources, both workers and the API."""

    def __init__(
        self,
        options: Options,
        *,
        environ: MutableMapping[str, str],
        monitor: Monitor,
        lock: int,
        load: Callable[[], Application] = load_application,
    ) -> None:
        """`environ` is changed for the application, which `load` brings; `lock` is what the endpoint holds open."""
        self._options = options
        self._environ = environ
        self._monitor = monitor
        self._load = load
        self._backlog = Backlog(options.data_dir / "stream-backlog.json")
        self._endpoint: Endpoint | None = None
        if options.external_url is None:
            self._endpoint = Endpoint(directory=options.data_dir / "endpoint", port=options.aws_port, keep_open=[lock])
        self._started = contextlib.ExitStack()
        self._in_a_hurry: Callable[[], bool] = lambda: False
        self.aws_url = options.external_url or f"http://{HOST}:{options.aws_port}"
        self.api_url = f"http://{HOST}:{options.port}"

    def start(self, *, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Start everything; `cancelled` ends the wait for the endpoint.

        Raises StackError or EndpointError. Whether it raised or not, `stop` must be called.
        """
        if self._endpoint is not None:
            self._started.callback(self._endpoint.stop)
            self._endpoint.start(cancelled=cancelled)
        region = environment.use_endpoint(self._environ, self.aws_url, embedded=self._endpoint is not None)
        wanted = resources()
        session = boto3.Session(
            aws_access_key_id=self._environ.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=self._environ.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=self._environ.get("AWS_SESSION_TOKEN"),
            region_name=region,
        )
        # One attempt: the pollers have a patience of their own, and a stop must not wait for retries.
        config = Config(connect_timeout=2, read_timeout=30, retries={"total_max_attempts": 1, "mode": "standard"})
        dynamodb = session.client("dynamodb", endpoint_url=self.aws_url, config=config)
        sqs = session.client("sqs", endpoint_url=self.aws_url, config=config)
        streams = session.client("dynamodbstreams", endpoint_url=self.aws_url, config=config)
        try:
            provisioned = provision(wanted, dynamodb=dynamodb, sqs=sqs)
        except (BotoCoreError, ClientError) as error:
            named = "" if self._endpoint is not None else " (LOCALSTACK_HOST or AWS_ENDPOINT_URL names it)"
            raise StackError(f"the table and the queues can't be made at {self.aws_url}{named}: {error}") from None
        environment.configure_application(
            self._environ,
            provisioned,
            hold_seconds=self._options.hold_seconds,
            max_active_holds=self._options.max_active_holds,
            issuer=self._started_issuer(),
        )
        application = self._load()
        try:
            backlog = self._backlog.read() if self._endpoint is not None else []
        except BacklogError as error:
            raise StackError(str(error)) from None
        # Started in this order and so stopped in the reverse one, which matters: the endpoint does not keep its
        # streams, so nobody may write any more (requests, then deletions by TTL) when the stream is read to its end.
        queue_worker = SqsPoller(
            sqs=sqs,
            queue_url=provisioned.bookings_url,
            queue_arn=provisioned.bookings_arn,
            region=region,
            mapping=wanted.bookings_mapping,
            handler=application.process_bookings,
            function_name="process_bookings",
            monitor=self._monitor,
        )
        self._started.callback(lambda: queue_worker.stop(self._patience(_REQUEST_PATIENCE_SECONDS)))
        queue_worker.start()
        ttl = TtlDeleter(dynamodb=dynamodb, table=wanted.table, monitor=self._monitor)
        stream_worker = StreamPoller(
            streams=streams,
            sqs=sqs,
            stream_arn=provisioned.stream_arn,
            on_failure_queue_url=provisioned.expirations_dead_letters_url,
            mapping=wanted.expirations_mapping,
            handler=application.expire_bookings,
            function_name="expire_bookings",
            prepare=lambda record: mark_ttl_deletion(record, attribute=wanted.table.ttl_attribute),
            observe=ttl.observe,
            backlog=backlog,
            monitor=self._monitor,
        )
        self._started.callback(lambda: self._stop_stream(stream_worker))
        stream_worker.start()
        self._started.callback(lambda: ttl.stop(self._patience(_DRAIN_PATIENCE_SECONDS)))
        ttl.start()
        try:
            api = ApiServer(application.app, host=HOST, port=self._options.port, monitor=self._monitor)
        except OSError as error:
            raise StackError(f"port {self._options.port} can't be opened: {error.strerror}") from None
        self._started.callback(lambda: api.stop(self._patience(_REQUEST_PATIENCE_SECONDS)))
        api.start()

    def _started_issuer(self) -> Issuer | None:
        if self._options.issuer_port is None:
            return None
        try:
            issuer = Issuer(data_dir=self._options.data_dir, port=self._options.issuer_port)
        except (OSError, ValueError) as error:
            raise StackError(f"the issuer of tokens can't be started: {error}") from None
        issuer.start()
        self._started.callback(issuer.stop)
        return issuer

    def has_failed(self) -> str | None:
        """Return why the system can't go on, in one line; None while it can."""
        if self._endpoint is not None and self._endpoint.has_ended():
            return f"the AWS endpoint has ended by itself; see {self._endpoint.log_file}"
        return None

    def stop(self, *, in_a_hurry: Callable[[], bool] = lambda: False) -> None:
        """Stop everything that was started: requests are finished, records delivered, the data saved.

        `in_a_hurry` cuts the waits short; then messages and records come again at the next start. Raises
        EndpointError when the data could not be saved.
        """
        self._in_a_hurry = in_a_hurry
        self._started.close()

    def _stop_stream(self, stream_worker: StreamPoller) -> None:
        undelivered = stream_worker.stop(self._patience(_DRAIN_PATIENCE_SECONDS))
        if self._endpoint is not None:
            self._backlog.write(undelivered)

    def _patience(self, seconds: float) -> Patience:
        return Patience(seconds, in_a_hurry=self._in_a_hurry)
