from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from local_stack.invocation import Backoff
from local_stack.patience import Patience
from local_stack.resources import StreamMapping
from local_stack.stream_poller import StreamPoller
from tests.local_stack.support import Clock, Notes, Worker, failures, stream_record, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_sqs import SQSClient

    from local_stack.stream_records import Record
    from tests.local_stack.conftest import Clients, Place

MAPPING = StreamMapping(
    batch_size=100,
    filter_pattern={},
    maximum_retry_attempts=1,
    maximum_record_age_seconds=-1,
    bisect_batch_on_function_error=True,
)
CREATED = datetime.datetime(2027, 1, 15, 8, tzinfo=datetime.UTC)


def raw_record(number: int) -> dict[str, Any]:
    return {
        "eventID": f"event-{number}",
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {"ApproximateCreationDateTime": CREATED, "Keys": {}, "SequenceNumber": str(number)},
    }


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "for this test"}}, "GetRecords")


class FakeStreams:
    """A stream of shards, whose iterators are `shard/position`; faults are raised by the next calls of GetRecords."""

    def __init__(self, shards: dict[str, list[int]], *, parents: dict[str, str] | None = None) -> None:
        self.shards = shards
        self.parents = parents or {}
        self.open: set[str] = set()
        self.faults: list[Exception] = []
        self.iterators: list[tuple[str, str]] = []

    def describe_stream(self, **request: Any) -> dict[str, Any]:
        # One shard a page.
        names = list(self.shards)
        place = names.index(request["ExclusiveStartShardId"]) + 1 if "ExclusiveStartShardId" in request else 0
        shard: dict[str, Any] = {"ShardId": names[place]}
        if names[place] in self.parents:
            shard["ParentShardId"] = self.parents[names[place]]
        more: dict[str, Any] = {"LastEvaluatedShardId": names[place]} if place + 1 < len(names) else {}
        return {"StreamDescription": {"Shards": [shard], **more}}

    def get_shard_iterator(self, **request: Any) -> dict[str, Any]:
        shard, number = request["ShardId"], request.get("SequenceNumber", "")
        self.iterators.append((request["ShardIteratorType"], number))
        place = self.shards[shard].index(int(number)) + 1 if number else 0
        return {"ShardIterator": f"{shard}/{place}"}

    def get_records(self, *, ShardIterator: str, **_arguments: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
        if self.faults:
            raise self.faults.pop(0)
        shard, _, place = ShardIterator.partition("/")
        page = self.shards[shard][int(place) : int(place) + 2]
        following = int(place) + len(page)
        closed = shard not in self.open and following == len(self.shards[shard])
        more: dict[str, Any] = {} if closed else {"NextShardIterator": f"{shard}/{following}"}
        return {"Records": [raw_record(number) for number in page], **more}


class FakeQueue:
    """Keeps what is sent to it."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    def send_message(self, *, MessageBody: str, **_: Any) -> None:  # noqa: N803 - boto3's
        self.bodies.append(json.loads(MessageBody))


def poller(
    streams: FakeStreams,
    worker: Worker,
    *,
    queue: FakeQueue | None = None,
    notes: Notes | None = None,
    mapping: StreamMapping = MAPPING,
    **arguments: Any,
) -> StreamPoller:
    return StreamPoller(
        streams=cast("DynamoDBStreamsClient", streams),
        sqs=cast("SQSClient", queue or FakeQueue()),
        stream_arn="arn:stream",
        on_failure_queue_url="http://127.0.0.1/dlq",
        mapping=mapping,
        handler=worker,
        function_name="worker",
        idle_seconds=0.001,
        rediscover_seconds=0.0,
        monitor=notes,
        backoff=Backoff(first=0.001, ceiling=0.002),
        **arguments,
    )


def numbers(worker: Worker) -> list[int]:
    return [int(record["dynamodb"]["SequenceNumber"]) for event in list(worker.events) for record in event["Records"]]


def step_until(polling: StreamPoller, condition: Callable[[], bool]) -> None:
    def step() -> bool:
        polling.step()
        return condition()

    wait_until(step, "the delivery")


def test_a_shard_is_read_from_its_oldest_record_to_its_end() -> None:
    streams, worker = FakeStreams({"a": [1, 2, 3, 4, 5]}), Worker()

    step_until(poller(streams, worker), lambda: len(numbers(worker)) == 5)

    assert numbers(worker) == [1, 2, 3, 4, 5]
    assert streams.iterators == [("TRIM_HORIZON", "")]


def test_a_child_shard_waits_until_its_parent_is_done() -> None:
    streams = FakeStreams({"child": [10, 11], "parent": [1, 2, 3]}, parents={"child": "parent", "parent": "trimmed"})
    streams.open = {"child"}
    worker = Worker(RuntimeError("broken"), None)

    step_until(poller(streams, worker), lambda: 11 in numbers(worker))

    assert sorted(set(numbers(worker)), key=numbers(worker).index) == [1, 2, 3, 10, 11]


def test_an_expired_iterator_goes_on_behind_what_was_read() -> None:
    streams, worker = FakeStreams({"a": [1, 2]}), Worker()
    streams.open = {"a"}
    polling = poller(streams, worker)
    step_until(polling, lambda: numbers(worker) == [1, 2])

    streams.shards["a"] += [3]
    streams.faults = [error("ExpiredIteratorException")]
    step_until(polling, lambda: 3 in numbers(worker))

    assert numbers(worker) == [1, 2, 3]
    assert streams.iterators == [("TRIM_HORIZON", ""), ("AFTER_SEQUENCE_NUMBER", "2")]


def test_trimmed_records_are_passed_over() -> None:
    streams, worker = FakeStreams({"a": [1, 2]}), Worker()
    streams.open = {"a"}
    polling = poller(streams, worker)
    step_until(polling, lambda: numbers(worker) == [1, 2])

    streams.shards["a"] = [8, 9]
    streams.faults = [error("TrimmedDataAccessException")]
    step_until(polling, lambda: 9 in numbers(worker))

    assert numbers(worker) == [1, 2, 8, 9]


def test_an_outage_is_told_once_and_sat_out() -> None:
    streams, worker, notes = FakeStreams({"a": [1]}), Worker(), Notes()
    streams.faults = [EndpointConnectionError(endpoint_url="http://127.0.0.1:1")] * 4 + [error("InternalServerError")]
    polling = poller(streams, worker, notes=notes)
    polling.start()

    wait_until(lambda: numbers(worker) == [1], "the delivery after the outage")

    assert polling.stop() == []
    assert len(notes.troubles) == 1


def test_every_record_is_prepared_and_observed_but_only_what_matches_is_delivered() -> None:
    streams, worker = FakeStreams({"a": [1, 2, 3]}), Worker()
    seen: list[Record] = []

    def prepare(record: Record) -> Record:
        return record | {"eventName": "REMOVE"} if record["eventID"] == "event-2" else record

    mapping = StreamMapping(
        batch_size=100,
        filter_pattern={"eventName": ["REMOVE"]},
        maximum_retry_attempts=1,
        maximum_record_age_seconds=-1,
        bisect_batch_on_function_error=True,
    )
    polling = poller(streams, worker, mapping=mapping, prepare=prepare, observe=seen.append)
    step_until(polling, lambda: len(seen) == 3 and bool(worker.events))

    assert numbers(worker) == [2]
    assert [record["eventName"] for record in seen] == ["INSERT", "REMOVE", "INSERT"]


def test_what_is_given_up_goes_to_the_on_failure_queue_and_the_shard_goes_on() -> None:
    def crash_on_the_second(event: dict[str, Any]) -> None:
        if any(record["dynamodb"]["SequenceNumber"] == "2" for record in event["Records"]):
            raise RuntimeError("broken")

    streams, worker, queue = FakeStreams({"a": [1, 2, 3, 4]}), Worker(crash_on_the_second), FakeQueue()

    step_until(poller(streams, worker, queue=queue), lambda: 4 in numbers(worker) and bool(queue.bodies))

    (lost,) = queue.bodies
    assert lost["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert lost["DDBStreamBatchInfo"] | {
        "approximateArrivalOfFirstRecord": "",
        "approximateArrivalOfLastRecord": "",
    } == {
        "shardId": "a",
        "startSequenceNumber": "2",
        "endSequenceNumber": "2",
        "approximateArrivalOfFirstRecord": "",
        "approximateArrivalOfLastRecord": "",
        "batchSize": 1,
        "streamArn": "arn:stream",
    }


def test_a_stop_delivers_what_is_there() -> None:
    streams, worker = FakeStreams({"a": list(range(1, 8))}), Worker()

    assert poller(streams, worker).stop() == []

    assert numbers(worker) == [1, 2, 3, 4, 5, 6, 7]


def test_what_a_stop_cannot_deliver_is_returned_in_order_the_unread_too() -> None:
    streams, worker = FakeStreams({"a": list(range(1, 8))}), Worker(failures("1"))
    streams.open = {"a"}

    left = poller(streams, worker, clock=Clock()).stop(Patience(0))

    assert [record["dynamodb"]["SequenceNumber"] for record in left] == ["1", "2", "3", "4", "5", "6", "7"]


def test_a_backlog_goes_before_everything_else_however_old() -> None:
    streams, worker = FakeStreams({"a": [1, 2]}), Worker(RuntimeError("not yet"), None)
    mapping = StreamMapping(
        batch_size=1,
        filter_pattern={},
        maximum_retry_attempts=5,
        maximum_record_age_seconds=60,
        bisect_batch_on_function_error=True,
    )
    backlog = [stream_record(number, created=0) for number in (8, 9)]
    clock = Clock(CREATED.timestamp())

    def step() -> bool:
        clock.now += 1
        return 2 in numbers(worker)

    step_until(poller(streams, worker, mapping=mapping, backlog=backlog, clock=clock), step)

    assert numbers(worker) == [8, 8, 9, 1, 2]


@pytest.mark.parametrize("count", [3, 250])
def test_writes_to_the_real_endpoint_arrive_in_order(clients: Clients, place: Place, count: int) -> None:
    worker = Worker()
    polling = StreamPoller(
        streams=clients.streams,
        sqs=clients.sqs,
        stream_arn=place.made.stream_arn,
        on_failure_queue_url=place.made.expirations_dead_letters_url,
        mapping=MAPPING,
        handler=worker,
        function_name="worker",
        idle_seconds=0.01,
    )
    polling.start()
    key = {"PK": {"S": "a"}, "SK": {"S": "b"}}
    for number in range(count):
        clients.dynamodb.put_item(TableName=place.made.table_name, Item={**key, "n": {"N": str(number)}})
    clients.dynamodb.delete_item(TableName=place.made.table_name, Key=key)

    wait_until(lambda: len(numbers(worker)) == count + 1, "all records")

    assert polling.stop() == []
    records = [record for event in worker.events for record in event["Records"]]
    assert [record["dynamodb"]["NewImage"]["n"]["N"] for record in records[:-1]] == [str(n) for n in range(count)]
    assert [record["eventName"] for record in records] == ["INSERT"] + ["MODIFY"] * (count - 1) + ["REMOVE"]
    assert records[-1]["dynamodb"]["OldImage"]["n"] == {"N": str(count - 1)}
    assert records[-1]["dynamodb"]["Keys"] == key
    assert isinstance(records[0]["dynamodb"]["ApproximateCreationDateTime"], int)
    assert {record["eventSourceARN"] for record in records} == {place.made.stream_arn}
    assert max(len(event["Records"]) for event in worker.events) <= 100


def test_what_is_given_up_arrives_on_the_real_on_failure_queue(clients: Clients, place: Place) -> None:
    polling = StreamPoller(
        streams=clients.streams,
        sqs=clients.sqs,
        stream_arn=place.made.stream_arn,
        on_failure_queue_url=place.made.expirations_dead_letters_url,
        mapping=MAPPING,
        handler=Worker(RuntimeError("broken")),
        function_name="worker",
        backoff=Backoff(first=0.001, ceiling=0.002),
    )
    clients.dynamodb.put_item(TableName=place.made.table_name, Item={"PK": {"S": "a"}, "SK": {"S": "b"}})

    assert polling.stop() == []

    (message,) = clients.sqs.receive_message(QueueUrl=place.made.expirations_dead_letters_url)["Messages"]
    assert json.loads(message["Body"])["DDBStreamBatchInfo"]["batchSize"] == 1
