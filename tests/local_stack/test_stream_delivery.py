from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from local_stack.invocation import Backoff
from local_stack.resources import StreamMapping
from local_stack.stream_delivery import ShardDelivery
from tests.local_stack.support import Clock, Notes, Worker, failures, stream_record

if TYPE_CHECKING:
    from local_stack.invocation import Event

MAPPING = StreamMapping(
    batch_size=8,
    filter_pattern={},
    maximum_retry_attempts=2,
    maximum_record_age_seconds=60,
    bisect_batch_on_function_error=True,
)


class Scene:
    """A delivery with everything around it."""

    def __init__(self, *answers: Any, mapping: StreamMapping = MAPPING) -> None:
        self.worker = Worker(*answers)
        self.clock = Clock()
        self.notes = Notes()
        self.lost: list[Event] = []
        self.delivery = ShardDelivery(
            shard_id="shard-1",
            stream_arn="arn:stream",
            mapping=mapping,
            handler=self.worker,
            function_name="worker",
            give_up=self.lost.append,
            monitor=self.notes,
            backoff=Backoff(first=1, ceiling=8, jitter=lambda _, most: most),
            clock=self.clock,
        )

    def add(self, *numbers: int) -> None:
        self.delivery.add(stream_record(number, created=self.clock.now) for number in numbers)

    def deliver_all(self) -> None:
        """Deliver until nothing is left; waits take no time."""
        for _ in range(1000):
            if not self.delivery.pending:
                return
            if not self.delivery.deliver():
                self.clock.now += 1
        pytest.fail("the delivery never ends")

    @property
    def batches(self) -> list[list[int]]:
        """The sequence numbers of every batch that the worker was given."""
        return [[int(record["dynamodb"]["SequenceNumber"]) for record in e["Records"]] for e in self.worker.events]


def refuse(*bad: int) -> Any:
    """Make a worker that reports these records."""
    names = {str(number) for number in bad}

    def answer(event: Event) -> dict[str, Any]:
        numbers = [record["dynamodb"]["SequenceNumber"] for record in event["Records"]]
        return failures(*(number for number in numbers if number in names))

    return answer


def crash_on(*bad: int) -> Any:
    """Make a worker that raises when one of these records is in the batch."""

    def answer(event: Event) -> None:
        if set(bad) & {int(record["dynamodb"]["SequenceNumber"]) for record in event["Records"]}:
            raise RuntimeError("broken")

    return answer


def test_records_come_in_order_and_in_batches() -> None:
    scene = Scene()
    scene.add(*range(1, 11))

    scene.deliver_all()

    assert scene.batches == [[1, 2, 3, 4, 5, 6, 7, 8], [9, 10]]
    assert scene.notes.batches == [(8, 0), (2, 0)]


def test_without_records_the_worker_is_left_alone() -> None:
    scene = Scene()

    assert not scene.delivery.deliver()
    assert scene.batches == []


def test_everything_from_the_lowest_failure_on_comes_again() -> None:
    scene = Scene(failures("4", "2"), None)
    scene.add(1, 2, 3, 4)

    scene.deliver_all()

    assert scene.batches == [[1, 2, 3, 4], [2, 3, 4]]


def test_an_exception_halves_the_batch_until_the_bad_record_is_alone_and_then_goes_on_without_it() -> None:
    scene = Scene(crash_on(3))
    scene.add(1, 2, 3, 4)

    scene.deliver_all()

    assert scene.batches == [[1, 2, 3, 4], [1, 2], [3, 4], [3], [3], [3], [4]]
    assert [lost["DDBStreamBatchInfo"]["startSequenceNumber"] for lost in scene.lost] == ["3"]


def test_a_record_that_is_always_reported_is_given_up_alone() -> None:
    scene = Scene(refuse(2))
    scene.add(1, 2, 3)

    scene.deliver_all()

    assert scene.batches == [[1, 2, 3], [2, 3], [2], [2], [3]]
    assert len(scene.lost) == 1


def test_halving_does_not_use_retries_up() -> None:
    scene = Scene(crash_on(1), mapping=replace(MAPPING, maximum_retry_attempts=0))
    scene.add(*range(1, 9))

    scene.deliver_all()

    assert [lost["DDBStreamBatchInfo"]["batchSize"] for lost in scene.lost] == [1]


def test_without_bisect_the_whole_batch_is_retried_and_given_up() -> None:
    scene = Scene(RuntimeError("broken"), mapping=replace(MAPPING, bisect_batch_on_function_error=False))
    scene.add(1, 2)
    scene.delivery.deliver()
    scene.add(3)

    scene.deliver_all()

    assert scene.batches == [[1, 2]] * 3 + [[3]] * 3
    assert [lost["DDBStreamBatchInfo"]["batchSize"] for lost in scene.lost] == [2, 1]


def test_retries_wait_longer_each_time() -> None:
    scene = Scene(RuntimeError("broken"))
    scene.add(1)

    assert scene.delivery.deliver()
    scene.clock.now += 0.9
    assert not scene.delivery.deliver()
    scene.clock.now += 0.1
    assert scene.delivery.deliver()
    scene.clock.now += 1.9
    assert not scene.delivery.deliver()
    scene.clock.now += 0.1
    assert scene.delivery.deliver()


def test_a_negative_maximum_retries_for_ever() -> None:
    scene = Scene(*[RuntimeError("broken")] * 50, None, mapping=replace(MAPPING, maximum_retry_attempts=-1))
    scene.delivery.add([stream_record(1, created=scene.clock.now + 1000)])

    scene.deliver_all()

    assert len(scene.batches) == 51
    assert scene.lost == []


@pytest.mark.parametrize("answer", ["no object", failures("unknown"), failures(""), failures(None)])
def test_a_malformed_answer_counts_as_a_failure_of_the_batch(answer: Any) -> None:
    scene = Scene(answer, None)
    scene.add(1)

    scene.deliver_all()

    assert scene.batches == [[1], [1]]


def test_what_is_given_up_is_described_as_lambda_does() -> None:
    scene = Scene(RuntimeError("broken"))
    scene.add(7)

    scene.deliver_all()

    (lost,) = scene.lost
    assert lost.pop("timestamp").endswith("Z")
    assert lost["requestContext"].pop("requestId")
    assert lost == {
        "requestContext": {
            "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:worker",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 3,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
        "DDBStreamBatchInfo": {
            "shardId": "shard-1",
            "startSequenceNumber": "7",
            "endSequenceNumber": "7",
            "approximateArrivalOfFirstRecord": "2027-01-15T08:00:00.000Z",
            "approximateArrivalOfLastRecord": "2027-01-15T08:00:00.000Z",
            "batchSize": 1,
            "streamArn": "arn:stream",
        },
    }


def test_records_that_are_too_old_are_given_up_and_younger_ones_delivered() -> None:
    scene = Scene()
    scene.delivery.add([stream_record(number, created=scene.clock.now - 61) for number in (1, 2)])
    scene.add(3)

    scene.deliver_all()

    assert scene.batches == [[3]]
    (lost,) = scene.lost
    assert lost["requestContext"]["condition"] == "RecordAgeExceeded"
    assert lost["DDBStreamBatchInfo"]["batchSize"] == 2
    assert "functionError" not in lost["responseContext"]


def test_without_a_maximum_age_nothing_is_too_old() -> None:
    scene = Scene(mapping=replace(MAPPING, maximum_record_age_seconds=-1))
    scene.delivery.add([stream_record(1, created=0)])

    scene.deliver_all()

    assert scene.batches == [[1]]


def test_what_cannot_be_given_up_now_is_kept() -> None:
    scene = Scene(RuntimeError("broken"), mapping=replace(MAPPING, maximum_retry_attempts=0))
    lost: list[Event] = []
    outages = [ConnectionError("the queue is away")]

    def give_up(description: Event) -> None:
        if outages:
            raise outages.pop()
        lost.append(description)

    delivery = ShardDelivery(
        shard_id="shard-1",
        stream_arn="arn:stream",
        mapping=replace(MAPPING, maximum_retry_attempts=0),
        handler=scene.worker,
        function_name="worker",
        give_up=give_up,
        clock=scene.clock,
    )
    delivery.add([stream_record(1, created=scene.clock.now)])

    with pytest.raises(ConnectionError):
        delivery.deliver()
    assert len(delivery.pending) == 1
    delivery.deliver()

    assert delivery.pending == []
    assert len(lost) == 1
