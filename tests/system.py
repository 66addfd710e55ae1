"""The whole system as `make run` starts it, in processes of its own."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx
from localstack_client.session import Session

from chalicelib.dao.items import Item
from chalicelib.dao.values import deserialized, serialized
from tests.ports import free_port

T = TypeVar("T")

A_DAY = str((datetime.now(UTC) + timedelta(days=2)).date())
"""A date that stays in the future while the tests run, in every time zone."""

ROOT = Path(__file__).parents[1]
PATIENCE_SECONDS = 60
"""How long a condition is waited for: far more than it takes, and never a measurement."""


def eventually(what: str, condition: Callable[[], T | None]) -> T:
    """Wait until the condition gives something true, and return that."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.05)
    raise AssertionError(f"waited {PATIENCE_SECONDS} s in vain until {what}")


class System:
    """A running system, and an HTTP client for it."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", port: int, aws_host: str, account: str, data_dir: Path
    ) -> None:
        self.process = process
        self.account = account
        self.url = f"http://127.0.0.1:{port}"
        self.aws_host = aws_host
        self.data_dir = data_dir
        self.http = httpx.Client(base_url=self.url, timeout=PATIENCE_SECONDS, trust_env=False)

    def post(self, path: str, body: Any = None, *, expect: int) -> Any:
        """Send a POST; the answer must have this status."""
        answer = self.http.post(path, json=body) if body is not None else self.http.post(path)
        assert answer.status_code == expect, (path, body, answer.status_code, answer.text)
        return answer.json()

    def get(self, path: str, *, expect: int = 200) -> Any:
        """Send a GET; the answer must have this status."""
        answer = self.http.get(path)
        assert answer.status_code == expect, (path, answer.status_code, answer.text)
        return answer.json()

    def wait_for_status(self, booking_id: str, status: str) -> Any:
        """Wait until the booking has a status, and return it."""

        def reached() -> Any:
            booking = self.get(f"/bookings/{booking_id}")
            return booking if booking["status"] == status else None

        return eventually(f"{booking_id} is {status}", reached)

    def log(self) -> str:
        """What the application has logged."""
        return (self.data_dir / "app.log").read_text()

    def provider(self, **changes: Any) -> str:
        """Create a provider; returns its id."""
        provider_id: str = self.post("/providers", {"name": "Ann", **changes}, expect=201)["providerId"]
        return provider_id

    def availability(self, provider_id: str, **changes: Any) -> Any:
        """Set the day after tomorrow from 09:00 to 12:00 in slots of an hour, with changes."""
        body = {"date": A_DAY, "startTime": "09:00", "endTime": "12:00", "slotDurationMinutes": 60, **changes}
        return self.post(f"/providers/{provider_id}/availability", body, expect=201)

    def hold(self, provider_id: str, slot_id: str, user_id: str | None = None, *, expect: int = 202) -> Any:
        """Ask for a slot, for a user of its own unless it is said whom."""
        body = {"providerId": provider_id, "slotId": slot_id, "userId": user_id or f"user-{uuid4()}"}
        return self.post("/bookings", body, expect=expect)

    def free_slots(self, provider_id: str, date: str | None = None) -> list[str]:
        """The ids of the slots that can be booked."""
        answer = self.get(f"/providers/{provider_id}/slots?date={date or A_DAY}")
        return [slot["slotId"] for slot in answer["slots"]]

    @cached_property
    def table(self) -> "AwsTable":
        """The table, as others see it."""
        return AwsTable(Session(localstack_host=self.aws_host, aws_access_key_id=self.account), "appointments")


class AwsTable:
    """A look into the table behind the API's back, and its queues."""

    def __init__(self, session: Session, name: str) -> None:
        self.dynamodb = session.client("dynamodb")
        self.sqs = session.client("sqs")
        self.name = name

    def items(self, partition: str) -> dict[str, Item]:
        """The items of a partition by sort key."""
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.name,
            KeyConditionExpression="PK = :pk",
            ExpressionAttributeValues=serialized({":pk": partition}),
            ConsistentRead=True,
        )
        return {item["SK"]: item for item in self._read(pages)}

    def all(self) -> list[Item]:
        """Every item."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.name, ConsistentRead=True)
        return self._read(pages)

    def _read(self, pages: Any) -> list[Item]:
        return [deserialized(item) for page in pages for item in page["Items"]]

    def booking(self, booking_id: str) -> dict[str, Item]:
        """A booking's items by sort key."""
        return self.items(f"BOOKING#{booking_id}")

    def slot(self, provider_id: str, slot_id: str) -> Item:
        """A slot's item."""
        day, _, start = slot_id.partition("T")
        return self.items(f"PROVIDER#{provider_id}")[f"SLOT#{day}#{start}"]

    def put(self, item: Item) -> None:
        """Write an item as it is."""
        self.dynamodb.put_item(TableName=self.name, Item=serialized(item))

    def queue_url(self, suffix: str) -> str:
        """The URL of a queue, by what its name ends with."""
        url: str = self.sqs.get_queue_url(QueueName=f"{self.name}-{suffix}")["QueueUrl"]
        return url

    def dead_letter(self, suffix: str, about: str) -> Any:
        """Wait for a message whose body contains a text, and take it from the queue."""

        def arrived() -> Any:
            return next((message for message in self._receive(suffix) if about in message["Body"]), None)

        return eventually(f"a dead letter about {about}", arrived)

    def _receive(self, suffix: str) -> list[Any]:
        answer = self.sqs.receive_message(
            QueueUrl=self.queue_url(suffix), MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=1
        )
        messages: list[Any] = answer.get("Messages", [])
        for message in messages:
            self.sqs.delete_message(QueueUrl=self.queue_url(suffix), ReceiptHandle=message["ReceiptHandle"])
        return messages


def start(
    data_dir: Path, *, hold_seconds: int, environment: dict[str, str] | None = None, options: Sequence[str] = ()
) -> System:
    """Start the system and wait until it is ready."""
    port, aws_port = free_port(), free_port()
    # LocalStack and MiniStack take an access key of twelve digits for an account, so that each system has a world of
    # its own on a shared endpoint, and the same one when it is started again.
    account = str(int.from_bytes(hashlib.sha256(bytes(data_dir)).digest()) % 10**12).zfill(12)
    output = (data_dir / "terminal.log").open("wb")
    command = [sys.executable, "-m", "local_stack", "--port", str(port), "--aws-port", str(aws_port)]
    command += ["--hold-seconds", str(hold_seconds), "--data-dir", str(data_dir), *options]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "test", **(environment or {})},
        stdout=output,
        stderr=subprocess.STDOUT,
    )
    output.close()
    aws_host = os.environ.get("LOCALSTACK_HOST") or f"127.0.0.1:{aws_port}"
    system = System(process, port, aws_host, account, data_dir)

    def ready() -> bool:
        assert process.poll() is None, (data_dir / "terminal.log").read_text()
        try:
            return system.http.get("/health/ready").is_success
        except httpx.TransportError:
            return False

    try:
        eventually("the system is ready", ready)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return system


def stop(system: System) -> int:
    """Stop the system as `kill` does; returns its exit status."""
    system.http.close()
    system.process.send_signal(signal.SIGTERM)
    return system.process.wait(PATIENCE_SECONDS)


@contextmanager
def running(
    data_dir: Path, *, hold_seconds: int, environment: dict[str, str] | None = None, options: Sequence[str] = ()
) -> Iterator[System]:
    """A system for the length of a `with` block."""
    data_dir.mkdir(parents=True, exist_ok=True)
    system = start(data_dir, hold_seconds=hold_seconds, environment=environment, options=options)
    try:
        yield system
    finally:
        stop(system)
