from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError

from local_stack.invocation import Backoff
from local_stack.resources import resources
from local_stack.stream_poller import StreamPoller
from local_stack.stream_records import matches
from local_stack.ttl import TTL_IDENTITY, TtlDeleter, mark_ttl_deletion
from tests.local_stack.support import Clock, Notes, Worker, stream_record, wait_until

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from local_stack.stream_records import Record
    from tests.local_stack.conftest import Clients, Place

NOW = 1_800_000_000
TABLE = resources().table


def removal(*, ttl: float | None, created: float = NOW, **extra: Any) -> Record:
    old = {"PK": {"S": "a"}} | ({} if ttl is None else {"ttl": {"N": str(ttl)}})
    return stream_record(1, name="REMOVE", created=created, old=old) | extra


@pytest.mark.parametrize("ttl", [NOW, NOW - 1, NOW - 86_400])
def test_a_removal_at_or_after_its_time_was_done_by_ttl(ttl: float) -> None:
    assert mark_ttl_deletion(removal(ttl=ttl), attribute="ttl")["userIdentity"] == TTL_IDENTITY


@pytest.mark.parametrize(
    "record",
    [
        removal(ttl=NOW + 1),
        removal(ttl=None),
        stream_record(1, name="REMOVE", created=NOW),
        stream_record(1, name="REMOVE", created=NOW, old={"ttl": {"S": str(NOW)}}),
        stream_record(1, name="MODIFY", created=NOW, old={"ttl": {"N": "1"}}, new={"ttl": {"N": "2"}}),
    ],
)
def test_every_other_change_was_not(record: Record) -> None:
    assert mark_ttl_deletion(record, attribute="ttl") == record


def test_an_endpoint_that_says_who_it_was_is_believed() -> None:
    record = removal(ttl=NOW, userIdentity={"type": "Root", "principalId": "someone"})

    assert mark_ttl_deletion(record, attribute="ttl") == record


class FakeTable:
    """A table that can be scanned and deleted from, and be away."""

    def __init__(self, *items: dict[str, Any], outages: int = 0) -> None:
        self.items = list(items)
        self.outages = outages
        self.deleted: list[str] = []
        self._lock = threading.Lock()

    def get_paginator(self, _: str) -> FakeTable:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        self._fail_sometimes()
        return [{"Items": [item]} for item in self.items]

    def delete_item(self, *, Key: dict[str, Any], **_: Any) -> None:  # noqa: N803 - boto3's
        self._fail_sometimes()
        self.deleted.append(Key["PK"]["S"])

    def _fail_sometimes(self) -> None:
        with self._lock:
            if self.outages:
                self.outages -= 1
                raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")


def item(name: str, ttl: float | str) -> dict[str, Any]:
    return {"PK": {"S": name}, "SK": {"S": "EXPIRATION_TRIGGER"}, "ttl": {"N": str(ttl)}}


def deleter(table: FakeTable, clock: Clock, notes: Notes | None = None) -> TtlDeleter:
    return TtlDeleter(
        dynamodb=cast("DynamoDBClient", table),
        table=TABLE,
        clock=clock,
        monitor=notes,
        backoff=Backoff(first=0.001, ceiling=0.002),
    )


def test_items_are_deleted_in_order_of_their_time_and_not_before() -> None:
    table, clock = FakeTable(item("late", NOW + 20), item("soon", NOW + 10), item("past", NOW - 5)), Clock(NOW)
    ttl = deleter(table, clock)
    ttl.scan()

    assert ttl.delete_due() == 1
    clock.now = NOW + 9.999
    assert ttl.delete_due() == 0
    clock.now = NOW + 30
    assert ttl.delete_due() == 2
    assert table.deleted == ["past", "soon", "late"]


def test_items_that_the_stream_tells_of_are_deleted_too() -> None:
    table, clock = FakeTable(), Clock(NOW)
    ttl = deleter(table, clock)
    ttl.observe(stream_record(1, new={"ttl": {"N": str(NOW + 1)}}))
    ttl.observe(stream_record(2, name="MODIFY", new={"other": {"N": "1"}}))
    ttl.observe(stream_record(3, name="REMOVE", old={"ttl": {"N": "1"}}))
    ttl.observe(stream_record(4, new={"ttl": {"S": "text"}}))

    clock.now = NOW + 1
    ttl.delete_due()

    assert table.deleted == ["P1"]


def test_a_time_within_a_second_counts_as_the_next_whole_one() -> None:
    table, clock = FakeTable(item("a", NOW + 0.5)), Clock(NOW + 0.9)
    ttl = deleter(table, clock)
    ttl.scan()

    assert ttl.delete_due() == 0
    clock.now = NOW + 1
    assert ttl.delete_due() == 1


def test_an_outage_is_told_once_and_nothing_is_forgotten() -> None:
    table, notes = FakeTable(item("a", NOW), outages=4), Notes()
    ttl = deleter(table, Clock(NOW), notes)
    ttl.start()
    wait_until(lambda: table.deleted == ["a"], "the deletion after the outage")

    table.outages = 3
    ttl.observe(stream_record(7, new={"ttl": {"N": str(NOW)}}))
    wait_until(lambda: table.deleted == ["a", "P7"], "the deletion after the second outage")

    ttl.stop()
    assert len(notes.troubles) == 2


def test_a_stop_leaves_the_rest_for_the_next_start() -> None:
    table = FakeTable(item("a", NOW))
    ttl = deleter(table, Clock(NOW))
    ttl.scan()
    ttl.stop()

    assert ttl.delete_due() == 0


def test_on_the_real_endpoint_an_expiry_reaches_the_worker_and_a_prolonged_item_stays(
    clients: Clients, place: Place
) -> None:
    table = place.wanted.table
    past, future = int(time.time()) - 1, int(time.time()) + 3600
    for name, ttl in (("expired", past), ("prolonged", past), ("later", future)):
        clients.dynamodb.put_item(TableName=table.name, Item=item(name, ttl))
    deleting = TtlDeleter(dynamodb=clients.dynamodb, table=table)
    deleting.scan()
    clients.dynamodb.put_item(TableName=table.name, Item=item("prolonged", future))
    worker = Worker()
    polling = StreamPoller(
        streams=clients.streams,
        sqs=clients.sqs,
        stream_arn=place.made.stream_arn,
        on_failure_queue_url=place.made.expirations_dead_letters_url,
        mapping=place.wanted.expirations_mapping,
        handler=worker,
        function_name="worker",
        prepare=lambda record: mark_ttl_deletion(record, attribute=table.ttl_attribute),
        observe=deleting.observe,
        idle_seconds=0.01,
    )

    deleting.start()
    polling.start()
    wait_until(lambda: bool(worker.events), "the expiry")
    deleting.stop()
    polling.stop()

    (record,) = [record for event in worker.events for record in event["Records"]]
    assert record["dynamodb"]["OldImage"] == item("expired", past)
    assert matches(place.wanted.expirations_mapping.filter_pattern, record)
    left = clients.dynamodb.scan(TableName=table.name)["Items"]
    assert sorted(entry["PK"]["S"] for entry in left) == ["later", "prolonged"]
