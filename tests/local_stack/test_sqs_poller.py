from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError

from local_stack.invocation import Backoff
from local_stack.resources import QueueMapping
from local_stack.sqs_poller import SqsPoller, to_record
from tests.local_stack.support import Notes, Worker, failures, wait_until

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from tests.local_stack.conftest import Clients, Place


class FakeQueue:
    """What the poller needs of an SQS client: messages until they are deleted, and outages."""

    def __init__(self, *bodies: str, outages: int = 0) -> None:
        self.messages = {f"receipt-{number}": body for number, body in enumerate(bodies)}
        self.outages = outages
        self.calls = 0

    def receive_message(self, *, MaxNumberOfMessages: int, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
        self.calls += 1
        if self.calls <= self.outages:
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
        found = [
            {"MessageId": receipt.replace("receipt", "id"), "ReceiptHandle": receipt, "Body": body, "MD5OfBody": ""}
            for receipt, body in list(self.messages.items())[:MaxNumberOfMessages]
        ]
        return {"Messages": found} if found else {}

    def delete_message_batch(self, *, Entries: list[dict[str, str]], **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
        for entry in Entries:
            del self.messages[entry["ReceiptHandle"]]
        return {}


def poller(queue: FakeQueue, worker: Worker, *, notes: Notes | None = None, concurrency: int = 1) -> SqsPoller:
    return SqsPoller(
        sqs=cast("SQSClient", queue),
        queue_url="http://127.0.0.1/q",
        queue_arn="arn:aws:sqs:us-east-1:000000000000:q",
        region="us-east-1",
        mapping=QueueMapping(batch_size=10, concurrency=concurrency),
        handler=worker,
        function_name="worker",
        monitor=notes,
        backoff=Backoff(first=0.001, ceiling=0.002),
    )


def real_poller(clients: Clients, place: Place, worker: Worker) -> SqsPoller:
    return SqsPoller(
        sqs=clients.sqs,
        queue_url=place.made.bookings_url,
        queue_arn=place.made.bookings_arn,
        region="us-east-1",
        mapping=place.wanted.bookings_mapping,
        handler=worker,
        function_name="worker",
    )


def test_what_the_worker_did_is_deleted() -> None:
    queue, notes = FakeQueue("a", "b"), Notes()

    assert poller(queue, Worker({"batchItemFailures": []}), notes=notes).poll() == 2

    assert queue.messages == {}
    assert notes.batches == [(2, 0)]


def test_only_what_failed_is_kept() -> None:
    queue, notes = FakeQueue("a", "b", "c"), Notes()

    poller(queue, Worker(failures("id-1")), notes=notes).poll()

    assert list(queue.messages.values()) == ["b"]
    assert notes.batches == [(3, 1)]


@pytest.mark.parametrize("answer", [RuntimeError("broken"), "no object", failures("unknown"), failures(None)])
def test_a_broken_worker_or_answer_keeps_the_whole_batch(answer: Any) -> None:
    queue = FakeQueue("a", "b")

    poller(queue, Worker(answer)).poll()

    assert list(queue.messages.values()) == ["a", "b"]


def test_a_batch_is_no_larger_than_the_mapping_allows() -> None:
    queue, worker = FakeQueue(*"abcdefghijkl"), Worker()
    polling = poller(queue, worker)

    polling.poll()
    polling.poll()

    assert [len(event["Records"]) for event in worker.events] == [10, 2]


def test_an_outage_is_told_once_and_sat_out() -> None:
    queue, worker, notes = FakeQueue("a", outages=5), Worker(), Notes()
    polling = poller(queue, worker, notes=notes)
    polling.start()

    wait_until(lambda: not queue.messages, "the delivery after the outage")

    assert polling.stop()
    assert len(notes.troubles) == 1


def test_the_record_is_lambdas_to_the_letter() -> None:
    record = to_record(
        {
            "MessageId": "m",
            "ReceiptHandle": "r",
            "Body": "text",
            "MD5OfBody": "d",
            "MD5OfMessageAttributes": "e",
            "Attributes": {"ApproximateReceiveCount": "2", "SentTimestamp": "1800000000000"},
            "MessageAttributes": {
                "kind": {"DataType": "String", "StringValue": "hold"},
                "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
            },
        },
        arn="arn:aws:sqs:eu-west-1:1:q",
        region="eu-west-1",
    )

    assert record == {
        "messageId": "m",
        "receiptHandle": "r",
        "body": "text",
        "attributes": {"ApproximateReceiveCount": "2", "SentTimestamp": "1800000000000"},
        "messageAttributes": {
            "kind": {"stringValue": "hold", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
            "raw": {
                "binaryValue": base64.b64encode(b"\x00\xff").decode(),
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "Binary",
            },
        },
        "md5OfBody": "d",
        "md5OfMessageAttributes": "e",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:1:q",
        "awsRegion": "eu-west-1",
    }


def test_a_message_of_the_real_endpoint_arrives_whole(clients: Clients, place: Place) -> None:
    worker = Worker()
    clients.sqs.send_message(
        QueueUrl=place.made.bookings_url,
        MessageBody="hello",
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "hold"}},
    )

    real_poller(clients, place, worker).poll()

    (record,) = worker.events[0]["Records"]
    assert record["body"] == "hello"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert int(record["attributes"]["SentTimestamp"]) > 1_700_000_000_000
    assert record["messageAttributes"]["kind"]["stringValue"] == "hold"
    assert record["md5OfBody"] == hashlib.md5(b"hello", usedforsecurity=False).hexdigest()
    assert record["eventSourceARN"] == place.made.bookings_arn
    assert json.loads(json.dumps(worker.events[0])) == worker.events[0]


def test_what_fails_comes_again_with_a_higher_count_and_the_rest_does_not(clients: Clients, place: Place) -> None:
    def refuse_the_bad_one(event: dict[str, Any]) -> dict[str, Any]:
        return failures(*(record["messageId"] for record in event["Records"] if record["body"] == "bad"))

    worker = Worker(refuse_the_bad_one)
    for body in ("good", "bad"):
        clients.sqs.send_message(QueueUrl=place.made.bookings_url, MessageBody=body)
    polling = real_poller(clients, place, worker)
    polling.start()

    def received() -> list[tuple[str, str]]:
        records = [record for event in list(worker.events) for record in event["Records"]]
        return sorted((record["body"], record["attributes"]["ApproximateReceiveCount"]) for record in records)

    wait_until(lambda: ("bad", "2") in received(), "the redelivery")
    assert polling.stop()
    assert ("bad", "1") in received()
    assert [count for body, count in received() if body == "good"] == ["1"]


def test_what_never_succeeds_ends_on_the_dead_letter_queue(clients: Clients, place: Place) -> None:
    clients.sqs.set_queue_attributes(QueueUrl=place.made.bookings_url, Attributes={"VisibilityTimeout": "0"})
    clients.sqs.send_message(QueueUrl=place.made.bookings_url, MessageBody="poison")
    worker = Worker(RuntimeError("broken"))
    polling = real_poller(clients, place, worker)
    polling.start()

    dead = clients.sqs.receive_message(QueueUrl=place.made.bookings_dead_letters_url, WaitTimeSeconds=10)

    assert polling.stop()
    assert [message["Body"] for message in dead["Messages"]] == ["poison"]
    assert len(worker.events) == 5
