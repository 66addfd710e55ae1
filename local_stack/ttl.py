"""DynamoDB's time to live, played for endpoints that don't have it or get it wrong.

MiniStack deletes what is past its time once a minute, but writes no stream record for it, so nobody could ever act on
an expiry. Time to live therefore stays switched off on the table, and this module does both halves: it deletes each
item soon after its time, and it marks the stream records of such deletions as DynamoDB would.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import math
import threading
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local_stack.invocation import Backoff, Monitor, Silence
from local_stack.patience import Patience
from local_stack.stream_records import Record, created_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

    from local_stack.resources import Table

_log = logging.getLogger(__name__)

TTL_IDENTITY = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


def ttl_of(image: Mapping[str, Any] | None, attribute: str) -> float | None:
    """Return an item's time to live in epoch seconds; None when it has none that DynamoDB would heed (a Number)."""
    value = (image or {}).get(attribute)
    if not isinstance(value, dict) or "N" not in value:
        return None
    return float(value["N"])


def mark_ttl_deletion(record: Record, *, attribute: str) -> Record:
    """Give a deletion by TTL the identity that DynamoDB gives it; leave every other record as it is.

    The rule needs no memory, so it holds across a crash of ours: an item that was removed at or after its time, by
    nobody in particular, was removed by TTL. It also fits an item that a request removed after its time, as when a
    booking is cancelled late; that is harmless, since the worker finds nothing left to expire. A record that carries
    an identity came from an endpoint that knows better.
    """
    if record["eventName"] != "REMOVE" or "userIdentity" in record:
        return record
    deadline = ttl_of(record["dynamodb"].get("OldImage"), attribute)
    if deadline is None or created_at(record) < deadline:
        return record
    return {**record, "userIdentity": dict(TTL_IDENTITY)}


class TtlDeleter:
    """Deletes items when their time has come; learns of them from one scan and then from the stream."""

    def __init__(
        self,
        *,
        dynamodb: DynamoDBClient,
        table: Table,
        clock: Callable[[], float] = time.time,
        monitor: Monitor | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock
        self._monitor = monitor or Silence()
        self._backoff = backoff or Backoff()
        self._due: list[tuple[int, int, dict[str, Any]]] = []
        self._order = itertools.count()  # keeps the heap from comparing keys
        self._changed = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to delete in the background, first what the table holds already."""
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="ttl", daemon=True)
        self._thread.start()

    def stop(self, patience: Patience | None = None) -> None:
        """End; what was not deleted yet is found by the scan of the next start."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread is not None:
            (patience or Patience(5.0)).join([self._thread])

    def observe(self, record: Record) -> None:
        """Hear of a change; an item that was written with a time to live is taken note of."""
        change = record["dynamodb"]
        deadline = ttl_of(change.get("NewImage"), self._table.ttl_attribute)
        if deadline is not None:
            self._schedule(deadline, change["Keys"])

    def scan(self) -> None:
        """Take note of every item in the table that has a time to live.

        Raises botocore's errors when the table can't be read.
        """
        names = (self._table.key.partition, self._table.key.sort)
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._table.name,
            FilterExpression="attribute_exists(#ttl)",
            ProjectionExpression="#partition, #sort, #ttl",
            ExpressionAttributeNames={"#partition": names[0], "#sort": names[1], "#ttl": self._table.ttl_attribute},
        )
        for page in pages:
            for item in page["Items"]:
                deadline = ttl_of(item, self._table.ttl_attribute)
                if deadline is not None:
                    self._schedule(deadline, {name: item[name] for name in names})

    def delete_due(self) -> int:
        """Delete every item whose time has come; returns how many were tried.

        Raises botocore's errors when the endpoint can't be reached; the item at hand is kept for the next call.
        """
        tried = 0
        while (entry := self._next_due()) is not None:
            deadline, key = entry
            try:
                self._delete(key)
            except BaseException:
                self._schedule(deadline, key)
                raise
            tried += 1
        return tried

    def _run(self) -> None:
        scanned = False
        failures = 0
        while not self._stopping:
            try:
                if not scanned:
                    self.scan()
                    scanned = True
                self.delete_due()
                failures = 0
                self._wait(None)
            except (BotoCoreError, ClientError) as error:
                failures += 1
                if failures == 1:
                    self._monitor.trouble("ttl", f"can't delete what has expired: {error}")
                self._wait(self._backoff.delay(failures))
            except Exception:
                failures += 1
                _log.exception("deleting what has expired failed")
                self._wait(self._backoff.delay(failures))

    def _wait(self, seconds: float | None) -> None:
        """Wait so long, or, when None, until the next item is due; a stop ends either."""
        end = None if seconds is None else time.monotonic() + seconds
        with self._changed:
            while not self._stopping:
                if end is not None:
                    left: float | None = end - time.monotonic()
                else:
                    # At most a second at a time: the clock may be set meanwhile.
                    left = min(1.0, self._due[0][0] - self._clock()) if self._due else None
                if left is not None and left <= 0:
                    return
                self._changed.wait(left)

    def _schedule(self, deadline: float, key: dict[str, Any]) -> None:
        with self._changed:
            # Whole seconds, rounded up: so the stream record's time, which is cut to seconds, is not before it.
            heapq.heappush(self._due, (math.ceil(deadline), next(self._order), key))
            self._changed.notify()

    def _next_due(self) -> tuple[int, dict[str, Any]] | None:
        with self._changed:
            if self._stopping or not self._due or self._due[0][0] > self._clock():
                return None
            deadline, _, key = heapq.heappop(self._due)
            return deadline, key

    def _delete(self, key: dict[str, Any]) -> None:
        try:
            self._dynamodb.delete_item(
                TableName=self._table.name,
                Key=key,
                # The item may have been written again meanwhile, with a later time.
                ConditionExpression="#ttl <= :now",
                ExpressionAttributeNames={"#ttl": self._table.ttl_attribute},
                ExpressionAttributeValues={":now": {"N": str(int(self._clock()))}},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            # Gone, or its time is another one by now, of which the stream has told.
