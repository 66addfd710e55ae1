"""What starts the workers: the queue, TTL, and the stream of what TTL deletes."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from local_stack.invocation import failed_identifiers
from local_stack.resources import WORKER_TIMEOUT_SECONDS
from local_stack.stream_records import Record, matches, sequence_number
from simulation.cloud import Message, sqs_event
from simulation.dynamodb import Change
from simulation.functions import Functions
from simulation.invocations import Invocation
from simulation.machine import WANTED
from simulation.system import Action, System

_FOREVER = float("inf")
_LARGEST_BATCH = 3
"""Smaller than in production, so that batches differ from each other."""

_SHARDS = 2
_FARTHEST_BACK = 2
"""How many records before the last one a shard that repeats begins."""


class Messages:
    """SQS, and its event source mapping: any order, at least once, and a dead-letter queue in the end."""

    def __init__(self, system: System, functions: Functions) -> None:
        self._system = system
        self._functions = functions
        self._queue = system.cloud.bookings

    def actions(self) -> Iterable[Action]:
        """A batch can be delivered; of messages that are being processed as well, if there are repeats."""
        if self._deliverable():
            yield Action(2.0, self._deliver)

    def moments(self) -> Iterable[float]:
        """When messages that were not processed come back."""
        return [message.visible_at for message in self._queue.messages]

    def latest(self) -> float:
        """Messages may wait."""
        return _FOREVER

    def redrive(self) -> None:
        """Give the dead letters back to the queue."""
        dead_letters = self._system.cloud.bookings_dead_letters.messages
        for message in dead_letters:
            self._queue.messages.append(replace(message, receives=0, visible_at=self._system.now))
        dead_letters.clear()

    def _deliverable(self) -> list[Message]:
        if self._system.conditions.repeats:
            return self._queue.messages
        return self._queue.visible(self._system.now)

    def _deliver(self) -> None:
        system, choices = self._system, self._system.choices
        batch: list[Message] = []
        waiting = list(self._deliverable())
        for _ in range(1 + choices.one_of(min(_LARGEST_BATCH, len(waiting)))):
            message = waiting.pop(choices.one_of(len(waiting)))
            if message.receives >= (self._queue.settings.max_receive_count or _FOREVER):
                system.note(f"message {message.number} was received too often: it is a dead letter now")
                self._queue.messages.remove(message)
                system.cloud.bookings_dead_letters.messages.append(message)
                continue
            message.receives += 1
            message.visible_at = system.now + self._queue.settings.visibility_timeout_seconds
            batch.append(message)
        if not batch:
            return
        numbers = [message.number for message in batch]
        system.note(f"queue: messages {numbers} are delivered")
        event = sqs_event(batch, queue=self._queue)
        self._functions.invoke(
            "booking processor",
            lambda application: application.process_bookings(event),
            partial(self._settle, batch),
            timeout_seconds=WORKER_TIMEOUT_SECONDS,
        )

    def _settle(self, batch: list[Message], invocation: Invocation) -> None:
        """Delete what was processed; what was not comes back when its time is over."""
        if not _succeeded(invocation):
            return
        failed = failed_identifiers(invocation.result, [str(message.number) for message in batch])
        for message in batch:
            if str(message.number) in failed or message not in self._queue.messages:
                continue
            if self._system.conditions.repeats and self._system.choices.happens(0.2):
                self._system.note(f"queue: message {message.number} is processed, but not deleted")
                continue
            self._queue.messages.remove(message)


class Ttl:
    """Deletes the items whose time has come, as late as it likes."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._table = system.cloud.table

    def actions(self) -> Iterable[Action]:
        """Each item that is due can be deleted."""
        for key in self._table.expired(self._system.now):
            yield Action(0.5, partial(self._delete, key))

    def moments(self) -> Iterable[float]:
        """When items are due."""
        for item in self._table.items().values():
            if "ttl" in item:
                # TTL deletes what is older than the current time, so not yet at that second.
                yield float(item["ttl"]["N"]) + 0.25

    def latest(self) -> float:
        """Nothing is promised."""
        return _FOREVER

    def _delete(self, key: Any) -> None:
        self._system.note(f"TTL deletes {key[0][-4:]}/{key[1]}")
        self._table.delete_expired(key, now=self._system.now)


@dataclass(slots=True)
class Shard:
    """A part of the stream, in order."""

    records: list[Record] = field(default_factory=list)
    position: int = 0
    """What was processed lies before it."""
    is_in_flight: bool = False


class Records:
    """The table's stream, and its event source mapping: in order within a shard, at least once, for ever."""

    def __init__(self, system: System, functions: Functions) -> None:
        self._system = system
        self._functions = functions
        self._shards = [Shard() for _ in range(_SHARDS)]
        self._taken = 0

    def waiting(self) -> list[Record]:
        """What was not processed yet."""
        self._take_changes()
        return [record for shard in self._shards for record in shard.records[shard.position :]]

    def redrive(self) -> None:
        """Give the dead letters, which are whole records, to the handler once more."""
        dead_letters = self._system.cloud.expirations_dead_letters.messages
        self._shards[0].records += [json.loads(message.body) for message in dead_letters]
        dead_letters.clear()

    def actions(self) -> Iterable[Action]:
        """Each shard with records can deliver some."""
        self._take_changes()
        for shard in self._shards:
            if shard.position < len(shard.records) and not shard.is_in_flight:
                yield Action(2.0, partial(self._deliver, shard))

    def moments(self) -> Iterable[float]:
        """None: records are there as soon as they are written."""
        return ()

    def latest(self) -> float:
        """Records may wait."""
        return _FOREVER

    def _take_changes(self) -> None:
        """What the mapping's filter lets through."""
        changes = self._system.cloud.table.changes
        for number in range(self._taken, len(changes)):
            record = to_record(changes[number], number)
            if matches(WANTED.expirations_mapping.filter_pattern, record):
                partition = changes[number].keys["PK"]["S"]
                self._shards[sum(partition.encode()) % _SHARDS].records.append(record)
        self._taken = len(changes)

    def _deliver(self, shard: Shard) -> None:
        system, choices = self._system, self._system.choices
        end = len(shard.records) - choices.one_of(len(shard.records) - shard.position)
        batch = shard.records[shard.position : end]
        shard.is_in_flight = True
        system.note(f"stream: records {[sequence_number(record) for record in batch]} are delivered")
        self._functions.invoke(
            "expiration handler",
            lambda application: application.expire_bookings({"Records": batch}),
            partial(self._settle, shard, end),
            timeout_seconds=WORKER_TIMEOUT_SECONDS,
        )

    def _settle(self, shard: Shard, end: int, invocation: Invocation) -> None:
        """The first record that failed, and all after it, come again; and sometimes some before it, too."""
        shard.is_in_flight = False
        start = shard.position
        if _succeeded(invocation):
            places = {sequence_number(shard.records[place]): place for place in range(start, end)}
            failed = failed_identifiers(invocation.result, places)
            shard.position = min((places[number] for number in failed), default=end)
        conditions = self._system.conditions
        if conditions.repeats and shard.position and self._system.choices.happens(0.2):
            shard.position -= 1 + self._system.choices.one_of(min(_FARTHEST_BACK, shard.position))
            self._system.note("stream: some records will be delivered again")


def _succeeded(invocation: Invocation) -> bool:
    if invocation.error:
        raise invocation.error
    return not invocation.was_killed


def to_record(change: Change, number: int) -> Record:
    """A change as the event source mapping hands it on."""
    record: Record = {
        "eventID": str(number),
        "eventName": change.event_name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": int(change.time),
            "Keys": change.keys,
            "SequenceNumber": str(number),
            "StreamViewType": WANTED.table.stream_view_type,
        },
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/appointments/stream/simulation",
    }
    for name, image in (("OldImage", change.old_image), ("NewImage", change.new_image)):
        if image is not None:
            record["dynamodb"][name] = image
    if change.by_ttl:
        record["userIdentity"] = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    return record
