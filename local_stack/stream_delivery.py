"""The records of one shard on their way to a worker: batches, partial failures, retries, halving and giving up."""

from __future__ import annotations

import datetime
import json
import logging
import time
import uuid
from collections import deque
from itertools import takewhile
from typing import TYPE_CHECKING

from local_stack.invocation import Backoff, Event, Handler, Monitor, Silence, failed_identifiers, make_context
from local_stack.resources import WORKER_TIMEOUT_SECONDS
from local_stack.stream_records import Record, created_at, sequence_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from local_stack.resources import StreamMapping

_log = logging.getLogger(__name__)


class ShardDelivery:
    """Delivers one shard's records in order, as Lambda's DynamoDB event source mapping does.

    A reported failure makes the lowest sequence number the checkpoint: everything from it on is delivered again. A
    failure without progress halves the batch, which does not count as a retry. What still fails after the maximum
    of retries, or is too old, is described to `give_up`, and the shard goes on. Not safe to use from several threads.
    """

    def __init__(
        self,
        *,
        shard_id: str,
        stream_arn: str,
        mapping: StreamMapping,
        handler: Handler,
        function_name: str,
        give_up: Callable[[Event], None],
        monitor: Monitor | None = None,
        backoff: Backoff | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`give_up` sends the description of lost records to the on-failure queue; when it raises, they stay here."""
        self._shard_id = shard_id
        self._stream_arn = stream_arn
        self._mapping = mapping
        self._handler = handler
        self._function_name = function_name
        self._give_up = give_up
        self._monitor = monitor or Silence()
        self._backoff = backoff or Backoff(ceiling=30.0)
        self._clock = clock
        self._pending: deque[Record] = deque()
        self._sizes: list[int] = []  # of the batches that a halving made, the next one last
        self._failures = 0  # since the head of the shard last moved
        self._not_before = 0.0

    @property
    def pending(self) -> list[Record]:
        """What is not delivered yet, in order."""
        return list(self._pending)

    def add(self, records: Iterable[Record]) -> None:
        """Take records that passed the filter, in the order of the shard."""
        self._pending.extend(records)

    def deliver(self) -> bool:
        """Deliver the next batch, unless there is none or a failure has to be waited for; returns whether it did.

        Raises what `give_up` raises; nothing is lost then.
        """
        if not self._pending or self._clock() < self._not_before:
            return False
        self._drop_aged()
        batch = self._next_batch()
        if not batch:
            return False
        started = time.monotonic()
        error: Exception | None = None
        try:
            context = make_context(self._function_name, timeout_seconds=WORKER_TIMEOUT_SECONDS)
            sent = {sequence_number(record): place for place, record in reversed(list(enumerate(batch)))}
            failed = failed_identifiers(self._handler({"Records": batch}, context), sent)
            done = min((sent[number] for number in failed), default=len(batch))
        except Exception as caught:
            _log.exception("%s: the whole batch failed", self._function_name)
            error, done = caught, 0
        self._monitor.batch_done(
            self._function_name, size=len(batch), failed=len(batch) - done, seconds=time.monotonic() - started
        )
        self._settle(batch, done, error)
        return True

    def _next_batch(self) -> list[Record]:
        size = self._sizes[-1] if self._sizes else self._mapping.batch_size
        return [self._pending[place] for place in range(min(size, len(self._pending)))]

    def _settle(self, batch: list[Record], done: int, error: Exception | None) -> None:
        if self._sizes:
            self._sizes.pop()
        if done:
            self._advance(done)
            if done == len(batch):
                return
            self._sizes.append(len(batch) - done)  # bisected at the checkpoint: only the rest comes again
        elif len(batch) > 1 and self._mapping.bisect_batch_on_function_error:
            half = (len(batch) + 1) // 2
            self._sizes += [len(batch) - half, half]
            return  # no wait: nothing is known yet about either half
        else:
            self._sizes.append(len(batch))
            if 0 <= self._mapping.maximum_retry_attempts < self._failures + 1:
                self._discard(batch, "RetryAttemptsExhausted", error)
                return
        self._failures += 1
        self._not_before = self._clock() + self._backoff.delay(self._failures)

    def _drop_aged(self) -> None:
        limit = self._mapping.maximum_record_age_seconds
        oldest_allowed = self._clock() - limit
        while limit >= 0:
            aged = list(takewhile(lambda record: created_at(record) < oldest_allowed, self._next_batch()))
            if not aged:
                return
            self._discard(aged, "RecordAgeExceeded", None)

    def _discard(self, batch: list[Record], condition: str, error: Exception | None) -> None:
        region = batch[0]["awsRegion"]
        invoked = self._failures + (1 if condition == "RetryAttemptsExhausted" else 0)
        first, last = created_at(batch[0]), created_at(batch[-1])
        self._give_up(
            {
                "requestContext": {
                    "requestId": str(uuid.uuid4()),
                    "functionArn": f"arn:aws:lambda:{region}:000000000000:function:{self._function_name}",
                    "condition": condition,
                    "approximateInvokeCount": invoked,
                },
                "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"}
                | ({"functionError": "Unhandled"} if error else {}),
                "version": "1.0",
                "timestamp": _instant(self._clock()),
                "DDBStreamBatchInfo": {
                    "shardId": self._shard_id,
                    "startSequenceNumber": sequence_number(batch[0]),
                    "endSequenceNumber": sequence_number(batch[-1]),
                    "approximateArrivalOfFirstRecord": _instant(first),
                    "approximateArrivalOfLastRecord": _instant(last),
                    "batchSize": len(batch),
                    "streamArn": self._stream_arn,
                },
            }
        )
        # Lambda's description names the records but does not hold them; here the stream won't be there to look at.
        _log.error("%s: gave up: %s", self._function_name, json.dumps({"condition": condition, "records": batch}))
        self._monitor.trouble(self._function_name, f"gave up on {len(batch)} record(s): {condition}")
        if self._sizes:
            self._sizes.pop()
        self._advance(len(batch))

    def _advance(self, count: int) -> None:
        for _ in range(count):
            self._pending.popleft()
        self._failures = 0
        self._not_before = 0.0


def _instant(epoch_seconds: float) -> str:
    moment = datetime.datetime.fromtimestamp(epoch_seconds, tz=datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
