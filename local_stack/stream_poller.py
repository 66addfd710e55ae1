"""Reads a table's stream and hands its records to a worker, as Lambda's DynamoDB event source mapping does."""

from __future__ import annotations

import json
import logging
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local_stack.invocation import Backoff, Event, Handler, Monitor, Silence
from local_stack.patience import Patience
from local_stack.stream_delivery import ShardDelivery
from local_stack.stream_records import Record, matches, to_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_dynamodbstreams.type_defs import GetShardIteratorInputTypeDef, ShardTypeDef
    from mypy_boto3_sqs import SQSClient

    from local_stack.resources import StreamMapping

_log = logging.getLogger(__name__)

_READ_AHEAD = 1000  # records of a shard that may wait for the worker before reading pauses
_PAGE = 1000


class ShardReader:
    """Reads one shard from its oldest record on, and again from where it was when its iterator expires."""

    def __init__(self, *, streams: DynamoDBStreamsClient, stream_arn: str, shard_id: str) -> None:
        self._streams = streams
        self._stream_arn = stream_arn
        self._shard_id = shard_id
        self._iterator: str | None = None
        self._last_read: str | None = None
        self.finished = False

    def read(self) -> list[Record]:
        """Return the next records, oldest first; sets `finished` when the shard is closed and read to its end.

        Raises botocore's errors when the stream can't be read; the next call goes on at the same place.
        """
        if self.finished:
            return []
        if self._iterator is None:
            self._iterator = self._new_iterator()
        try:
            page = self._streams.get_records(ShardIterator=self._iterator, Limit=_PAGE)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "TrimmedDataAccessException":
                self._last_read = None  # what follows it is gone as well: on with the oldest that is left
            elif code != "ExpiredIteratorException":
                raise
            self._iterator = None
            return []
        records = [to_record(raw, stream_arn=self._stream_arn) for raw in page["Records"]]
        if records:
            self._last_read = records[-1]["dynamodb"]["SequenceNumber"]
        self._iterator = page.get("NextShardIterator")
        self.finished = self._iterator is None
        return records

    def copy(self) -> ShardReader:
        """Make another reader that goes on where this one is."""
        other = ShardReader(streams=self._streams, stream_arn=self._stream_arn, shard_id=self._shard_id)
        other._last_read = self._last_read
        other.finished = self.finished
        return other

    def _new_iterator(self) -> str:
        request: GetShardIteratorInputTypeDef = {
            "StreamArn": self._stream_arn,
            "ShardId": self._shard_id,
            "ShardIteratorType": "TRIM_HORIZON",
        }
        if self._last_read is not None:
            request["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER"
            request["SequenceNumber"] = self._last_read
        try:
            return self._streams.get_shard_iterator(**request)["ShardIterator"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "TrimmedDataAccessException":
                self._last_read = None
            raise


class _Shard:
    def __init__(self, shard_id: str, parent: str | None, reader: ShardReader, delivery: ShardDelivery) -> None:
        self.shard_id = shard_id
        self.parent = parent
        self.reader = reader
        self.delivery = delivery

    @property
    def done(self) -> bool:
        return self.reader.finished and not self.delivery.pending


class StreamPoller:
    """Follows every shard of a stream from TRIM_HORIZON, parents before children, in one background thread.

    Every record is first given to `prepare`, which may complete it, then to `observe`; the records that pass the
    mapping's filter go to the worker. An endpoint that can't be reached is tried again for ever.
    """

    def __init__(
        self,
        *,
        streams: DynamoDBStreamsClient,
        sqs: SQSClient,
        stream_arn: str,
        on_failure_queue_url: str,
        mapping: StreamMapping,
        handler: Handler,
        function_name: str,
        prepare: Callable[[Record], Record] = lambda record: record,
        observe: Callable[[Record], None] = lambda _: None,
        backlog: Iterable[Record] = (),
        idle_seconds: float = 0.2,
        rediscover_seconds: float = 10.0,
        monitor: Monitor | None = None,
        backoff: Backoff | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`backlog`: records that an earlier run read and could not deliver; they go before all others.

        `idle_seconds` is the pause when there is nothing to do, `rediscover_seconds` how often new shards are
        looked for.
        """
        self._streams = streams
        self._sqs = sqs
        self._stream_arn = stream_arn
        self._on_failure_queue_url = on_failure_queue_url
        self._mapping = mapping
        self._handler = handler
        self._function_name = function_name
        self._prepare = prepare
        self._observe = observe
        self._idle_seconds = idle_seconds
        self._rediscover_seconds = rediscover_seconds
        self._monitor = monitor or Silence()
        self._backoff = backoff
        self._clock = clock
        self._shards: dict[str, _Shard] = {}
        self._finished: set[str] = set()
        self._rediscover_at = 0.0
        # However old: the system may have been down for days.
        self._backlog = self._delivery("backlog", replace(mapping, maximum_record_age_seconds=-1))
        self._backlog.add(backlog)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to follow the stream in the background."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name=self._function_name, daemon=True)
        self._thread.start()

    def stop(self, patience: Patience | None = None) -> list[Record]:
        """Stop following, deliver what is there as long as patience lasts, and return what is still undelivered.

        Call it when nobody writes to the table any more: on an endpoint that does not keep its streams, what is not
        returned from here and not delivered is gone.
        """
        patience = patience or Patience(5.0)
        self._stopping.set()
        left: list[Record] = []
        try:
            if self._thread is None or patience.join([self._thread]):
                self._drain(patience)
            # Otherwise the worker is still at a batch, which counts as undelivered.
            left = self._undelivered() + self._unread()
        except (BotoCoreError, ClientError) as error:
            self._monitor.trouble(self._function_name, f"can't read its stream to the end: {error}")
        except Exception:
            _log.exception("%s: can't read its stream to the end", self._function_name)
        return left or self._undelivered()

    def step(self) -> bool:
        """Read each shard once and deliver one batch of each; returns whether there was anything to do.

        Raises botocore's errors when the stream or the on-failure queue can't be reached.
        """
        if time.monotonic() >= self._rediscover_at:
            self._discover()
        busy = self._backlog.deliver()
        for shard in list(self._shards.values()):
            if shard.parent in self._shards:
                continue
            if len(shard.delivery.pending) < _READ_AHEAD:
                busy |= self._read(shard) > 0
            if not self._backlog.pending:
                busy |= shard.delivery.deliver()
            if shard.done:
                del self._shards[shard.shard_id]
                self._finished.add(shard.shard_id)
                self._rediscover_at = 0.0
        return busy

    def _run(self) -> None:
        failures = 0
        backoff = self._backoff or Backoff()
        while not self._stopping.is_set():
            try:
                busy = self.step()
                failures = 0
                if not busy:
                    self._stopping.wait(self._idle_seconds)
            except (BotoCoreError, ClientError) as error:
                failures += 1
                if failures == 1:
                    self._monitor.trouble(self._function_name, f"can't read its stream: {error}")
                self._stopping.wait(backoff.delay(failures))
            except Exception:
                # A fault in this module must not end the worker.
                failures += 1
                _log.exception("%s: reading the stream failed", self._function_name)
                self._stopping.wait(backoff.delay(failures))

    def _drain(self, patience: Patience) -> None:
        while (self.step() or self._undelivered()) and not patience.is_over():
            time.sleep(0.02)

    def _discover(self) -> None:
        for description in self._describe_shards():
            shard_id = description["ShardId"]
            if shard_id in self._shards or shard_id in self._finished:
                continue
            self._shards[shard_id] = _Shard(
                shard_id,
                description.get("ParentShardId"),
                ShardReader(streams=self._streams, stream_arn=self._stream_arn, shard_id=shard_id),
                self._delivery(shard_id, self._mapping),
            )
        self._rediscover_at = time.monotonic() + self._rediscover_seconds

    def _describe_shards(self) -> list[ShardTypeDef]:
        shards: list[ShardTypeDef] = []
        arguments: dict[str, Any] = {"StreamArn": self._stream_arn}
        while True:
            page = self._streams.describe_stream(**arguments)["StreamDescription"]
            shards += page.get("Shards", [])
            if "LastEvaluatedShardId" not in page:
                return shards
            arguments["ExclusiveStartShardId"] = page["LastEvaluatedShardId"]

    def _delivery(self, shard_id: str, mapping: StreamMapping) -> ShardDelivery:
        return ShardDelivery(
            shard_id=shard_id,
            stream_arn=self._stream_arn,
            mapping=mapping,
            handler=self._handler,
            function_name=self._function_name,
            give_up=self._give_up,
            monitor=self._monitor,
            backoff=self._backoff,
            clock=self._clock,
        )

    def _read(self, shard: _Shard) -> int:
        records = [self._prepare(record) for record in shard.reader.read()]
        for record in records:
            self._observe(record)
        shard.delivery.add(record for record in records if matches(self._mapping.filter_pattern, record))
        return len(records)

    def _undelivered(self) -> list[Record]:
        waiting = self._backlog.pending
        for shard in self._shards.values():
            waiting += shard.delivery.pending
        return waiting

    def _unread(self) -> list[Record]:
        unread: list[Record] = []
        for shard in list(self._shards.values()):
            reader = shard.reader.copy()  # its own may be in use by a worker that hangs
            while records := reader.read():
                unread += [self._prepare(record) for record in records]
        return [record for record in unread if matches(self._mapping.filter_pattern, record)]

    def _give_up(self, description: Event) -> None:
        self._sqs.send_message(QueueUrl=self._on_failure_queue_url, MessageBody=json.dumps(description))
