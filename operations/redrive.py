"""`redrive`: dead letters back to where they can be processed, after a look at them.

A booking's message goes back to the queue of bookings. A stream record has no queue to go back to: it is processed
here, by the application's own service. Either is deleted only after that, so a crash in between repeats, and never
loses; and a repeat does no harm.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any

from chalicelib.bootstrap import Clients, build
from chalicelib.dao.stream import booking_of_trigger
from chalicelib.domain.errors import MalformedRecordError
from chalicelib.domain.models import Booking
from chalicelib.queue.message import decode
from chalicelib.settings import Settings
from chalicelib.workers.sources import removed_triggers
from operations.dead_letters import DeadLetterQueue
from operations.screen import ago, counted, short
from operations.target import new_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from operations.dead_letters import DeadLetter
    from operations.screen import Screen
    from operations.target import Target

BOOKINGS = "bookings"
EXPIRATIONS = "expirations"


@dataclass(frozen=True, slots=True)
class Way:
    """How the letters of one worker are understood, and brought back."""

    read: Callable[[str], Booking]
    """The booking that a letter's body is about. Raises `MalformedRecordError`."""
    bring_back: Callable[[str, Booking], None]
    """Have a body processed. Raises botocore's errors and `ServiceUnavailableError`."""
    done: str
    """What that was, in words."""


def redrive(system: "Target", screen: "Screen", *, which: str, act: bool, limit: int | None, only: str) -> bool:
    """Show the dead letters, and bring them back if told to; whether none is left that should have been.

    `only` leaves out those whose cause does not contain it. Raises botocore's errors and `ServiceUnavailableError`.
    """
    queue = DeadLetterQueue(client=system.sqs, url=system.queue_url(f"{which}-dlq"))
    way = _WAYS[which](system)
    brought_back: set[str] = set()
    fit = unfit = 0
    try:
        for letter in islice(_wanted(queue, only), limit):
            _show(letter, screen, age=system.clock() - letter.sent_at)
            try:
                booking = way.read(letter.body)
            except MalformedRecordError as error:
                unfit += 1
                screen.say(short(letter.body), mark="  body")
                screen.say(f"it stays here: {error}", mark="  left", mark_style="yellow")
                continue
            fit += 1
            screen.say(f"{booking.booking_id}, {booking.slot_id} of {booking.provider_id}", mark="  about")
            if act and letter.body not in brought_back:
                way.bring_back(letter.body, booking)
                queue.delete(letter)
                brought_back.add(letter.body)
                screen.say(way.done, mark="  done", mark_style="green")
    finally:
        queue.give_back()
    if act:
        screen.say(f"{len(brought_back)} {way.done}, {fit + unfit - len(brought_back)} left.")
        return len(brought_back) == fit + unfit
    screen.say(f"{fit} can be brought back, {unfit} can't. Nothing was changed; --yes brings them back.")
    return True


def _wanted(queue: DeadLetterQueue, only: str) -> "Iterator[DeadLetter]":
    return (letter for letter in queue.letters() if only in letter.cause)


def _show(letter: "DeadLetter", screen: "Screen", *, age: timedelta) -> None:
    screen.say(f"{letter.message_id}, {ago(age)} old, received {counted(letter.receives, 'time')}", style="bold")
    screen.say(letter.cause or "not told: the worker did not put it here", mark="  cause")


def _booking_messages(system: "Target") -> Way:
    url = system.queue_url(BOOKINGS)

    def send(body: str, _: Booking) -> None:
        system.sqs.send_message(QueueUrl=url, MessageBody=body)

    return Way(decode, send, "moved back to the queue")


def _stream_records(system: "Target") -> Way:
    settings = Settings(
        table_name=system.name,
        booking_queue_url=system.queue_url(BOOKINGS),
        booking_dead_letter_queue_url=system.queue_url(f"{BOOKINGS}-dlq"),
        expiration_dead_letter_queue_url=system.queue_url(f"{EXPIRATIONS}-dlq"),
        aws_region=system.dynamodb.meta.region_name,
        cursor_keys=token_urlsafe(32),  # nobody lists anything here
    )
    clients = Clients(dynamodb=system.dynamodb, sqs=system.sqs)
    application = build(settings, clients, clock=system.clock, new_id=new_id)
    source = removed_triggers(decode=booking_of_trigger, max_age=_NEVER_GIVEN_UP, clock=system.clock)

    def read(body: str) -> Booking:
        record = _json_object(body)
        if isinstance(batch := record.get("DDBStreamBatchInfo"), dict):
            raise MalformedRecordError(
                "it is Lambda's own note, without the records themselves: those of shard "
                f"{batch.get('shardId')} from {batch.get('startSequenceNumber')} to {batch.get('endSequenceNumber')}"
            )
        try:
            booking = source.booking(record)
        except (AttributeError, KeyError, TypeError) as error:
            raise MalformedRecordError(f"it is no stream record: {type(error).__name__}: {error}") from error
        if booking is None:
            raise MalformedRecordError("it is no deletion of an expiration trigger by TTL")
        return booking

    return Way(read, lambda _, booking: application.services.bookings.expire(booking), "processed")


def _json_object(body: str) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise MalformedRecordError("it is no JSON object")
    return document


_NEVER_GIVEN_UP = timedelta.max
_WAYS: Mapping[str, Callable[["Target"], Way]] = {BOOKINGS: _booking_messages, EXPIRATIONS: _stream_records}
