"""The application behind the proxy, over a table that is set back before each run."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import boto3
from botocore.config import Config
from botocore.retries import standard
from botocore.retries.quota import RetryQuota

from chalicelib.aws import CLIENT_CONFIG
from chalicelib.bootstrap import Application, Clients, build
from chalicelib.dao.items import Item
from chalicelib.dao.table import Retries
from chalicelib.dao.values import deserialized, serialized
from chalicelib.domain.models import Booking
from chalicelib.settings import Settings
from tests.builders import CURSOR_KEY, NOW, Clock, new_id
from tests.faults.faults import TRIES, Fault, Plan
from tests.faults.proxy import Proxy
from tests.handlers.api import Answer, Api
from tests.tables import EndpointTables
from tests.wire import Wire, error

Json: TypeAlias = Any

PATIENT = Config(connect_timeout=30, read_timeout=30)
"""How long a call may take is not what is tested, and this machine may be busy."""

_MOST_IN_BATCH = 25
"""DynamoDB's limit for one BatchWriteItem."""

QUICK_RETRIES = Retries(first_wait_seconds=0.001, longest_wait_seconds=0.002)


class RecordingApi(Api):
    """The API, with a list of what it was asked."""

    asked: list[tuple[str, str]]

    def request(self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        self.asked.append((method, path.partition("?")[0]))
        return super().request(method, path, body=body, headers=headers)


class Bench:
    """What all runs share: the clients, which go through the proxy, and the table and the queues behind it."""

    def __init__(self, proxy: Proxy, tables: EndpointTables) -> None:
        self.proxy = proxy
        self.tables = tables
        region = tables.dynamodb.meta.region_name
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=region)
        config = CLIENT_CONFIG.merge(PATIENT)
        self.clients = Clients(
            session.client("dynamodb", config=config, endpoint_url=proxy.url),
            session.client("sqs", config=config, endpoint_url=proxy.url),
        )
        self.sqs_wire = Wire(self.clients.sqs)
        self.settings = Settings(
            table_name=tables.name,
            booking_queue_url=tables.provisioned.bookings_url,
            booking_dead_letter_queue_url=tables.provisioned.bookings_dead_letters_url,
            expiration_dead_letter_queue_url=tables.provisioned.expirations_dead_letters_url,
            aws_region=region,
            cursor_keys=CURSOR_KEY,
            authentication="off",
        )
        self.queue_urls = (
            self.settings.booking_queue_url,
            self.settings.booking_dead_letter_queue_url,
            self.settings.expiration_dead_letter_queue_url,
        )
        self._has_sent = False
        self._on_call: Callable[[str, str], None] = lambda _service, _operation: None
        for client in (self.clients.dynamodb, self.clients.sqs):
            service = client.meta.service_model.service_name
            client.meta.events.register(
                "before-call.*", lambda model, service=service, **_: self._called(service, model.name)
            )

    def clear(self, on_call: Callable[[str, str], None]) -> None:
        """Empty the table and the queues, forget faults, and begin botocore's retries anew: they share a quota.

        The waits between those are cut short; whether there is one is botocore's own decision.
        """
        self.proxy.forget()
        self.sqs_wire.faults = []
        self._on_call = on_call
        for client in (self.clients.dynamodb, self.clients.sqs):
            service = client.meta.service_model.service_name
            retries = standard.RetryHandler(
                retry_policy=standard.RetryPolicy(
                    standard.StandardRetryConditions(TRIES), standard.ExponentialBackoff(random=lambda: 0.001)
                ),
                retry_event_adapter=standard.RetryEventAdapter(),
                retry_quota=standard.RetryQuotaChecker(RetryQuota()),  # type: ignore[arg-type] # wrong in the stubs
            )
            event, identity = f"needs-retry.{service}", f"retry-config-{service}"
            client.meta.events.unregister(event, unique_id=identity)
            # The stubs let a handler answer nothing, but this is how botocore's own asks for a retry.
            client.meta.events.register(event, retries.needs_retry, unique_id=identity)  # type: ignore[arg-type]
        if self._has_sent:
            for queue_url in self.queue_urls:
                self.received(queue_url)
        self._has_sent = False
        self._write([{"DeleteRequest": {"Key": {name: item[name] for name in ("PK", "SK")}}} for item in self._raw()])

    def _called(self, service: str, operation: str) -> None:
        self._has_sent = self._has_sent or operation == "SendMessage"
        self._on_call(service, operation)

    def restore(self, items: Iterable[Item]) -> None:
        """Write items as they are."""
        self._write([{"PutRequest": {"Item": serialized(item)}} for item in items])

    def items(self) -> list[Item]:
        """All that is in the table."""
        return [deserialized(item) for item in self._raw()]

    def received(self, queue_url: str) -> list[str]:
        """Take the messages out of a queue."""
        sqs, bodies = self.tables.sqs, []
        while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                bodies.append(message["Body"])
                sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def _raw(self) -> list[dict[str, Any]]:
        return list(self.tables.dynamodb.scan(TableName=self.tables.name, ConsistentRead=True)["Items"])

    def _write(self, requests: list[Any]) -> None:
        for start in range(0, len(requests), _MOST_IN_BATCH):
            batch = requests[start : start + _MOST_IN_BATCH]
            self.tables.dynamodb.batch_write_item(RequestItems={self.tables.name: batch})


class World:
    """One run: an application, its clock, and the calls that it makes."""

    def __init__(
        self, bench: Bench, settings: Settings, *, now: datetime = NOW, bookings: Sequence[Booking] = ()
    ) -> None:
        """`bookings` are those that the run begins with."""
        self.bench = bench
        self.bookings = list(bookings)
        self.calls: list[str] = []
        self.clock = Clock(now)
        self._ids: list[str] = []
        self._plan: Plan | None = None
        self._planned_on_wire = 0
        bench.clear(self._on_call)
        self.application: Application = build(
            settings, bench.clients, clock=self.clock, new_id=self._new_id, retries=QUICK_RETRIES
        )
        self.api = RecordingApi(services=lambda: self.application.services)
        self.api.asked = []

    def strike(self, plan: Plan) -> None:
        """From the next call on, which is call 0, do what the plan says."""
        self._plan, self.calls = plan, []

    def recover(self) -> int:
        """End all faults; returns how many there were."""
        fired = self.bench.proxy.fired + self._planned_on_wire - len(self.bench.sqs_wire.faults)
        self._plan, self._planned_on_wire, self.bench.sqs_wire.faults = None, 0, []
        self.bench.proxy.forget()
        return fired

    def told(self, value: Json) -> Json:
        """A value with the ids that this run made numbered, so that runs can be compared."""
        text = json.dumps(value, sort_keys=True, default=str)
        for number, each in enumerate(self._ids):
            text = text.replace(each, f"id-{number}")
        return json.loads(text)

    def _on_call(self, service: str, operation: str) -> None:
        call = len(self.calls)
        self.calls.append(f"{service}.{operation}")
        if self._plan is None:
            return
        if not self._plan.hits(call):
            self.bench.proxy.follow()
        elif service == "sqs" and self._plan.fault is Fault.THROTTLE:
            # microburst 0.10 puts the service's namespace before every code in SQS's error header, where SQS does so
            # for some only; botocore would not know it for a throttle.
            self._planned_on_wire = self._plan.tries_hit
            self.bench.sqs_wire.faults = [error("RequestThrottled", 403)] * self._plan.tries_hit
        else:
            self.bench.proxy.follow(self._plan.rule(service, operation))

    def _new_id(self) -> str:
        self._ids.append(new_id())
        return self._ids[-1]
