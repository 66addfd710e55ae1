"""`redrive` looks at dead letters without consuming them, and brings them back when told to; on real queues."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.aws import TimeLimit
from chalicelib.domain.errors import ServiceUnavailableError
from chalicelib.queue.message import encode
from chalicelib.queue.sender import SqsDeadLetters
from operations.dead_letters import DeadLetterQueue
from operations.redrive import redrive
from tests.builders import new_id
from tests.events import removal, stream_record, trigger_image
from tests.operations.conftest import Sandbox
from tests.operations.damage import MINE, OTHER, as_stored, by_place, expired, free, held, pending
from tests.wire import Wire, error

CAUSE = "ServiceUnavailableError: The table can't be reached."


class DeadLetters:
    """The queues of one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.urls = {
            "bookings": sandbox.queues.bookings_dead_letters_url,
            "expirations": sandbox.queues.expirations_dead_letters_url,
        }

    def bury(self, which: str, *bodies: str, cause: str = CAUSE) -> None:
        """Put letters there as the workers do."""
        for body in bodies:
            SqsDeadLetters(client=self.sandbox.target.sqs, url=self.urls[which], time_limit=TimeLimit()).keep(
                body, cause=cause
            )

    def bodies(self, url: str) -> list[str]:
        """What is on a queue, visible at once; it stays there."""
        queue = DeadLetterQueue(client=self.sandbox.target.sqs, url=url, wait_seconds=0)
        found = [letter.body for letter in queue.letters()]
        queue.give_back()
        return sorted(found)

    def dead(self, which: str) -> list[str]:
        """The dead letters."""
        return self.bodies(self.urls[which])

    def redrive(self, which: str, *, act: bool = True, limit: int | None = None, only: str = "") -> bool:
        """Run the command."""
        return redrive(self.sandbox.target, self.sandbox.screen, which=which, act=act, limit=limit, only=only)

    def said(self) -> str:
        """What it showed."""
        return self.sandbox.said()


@pytest.fixture
def letters(sandbox: Sandbox) -> DeadLetters:
    return DeadLetters(sandbox)


def record(of: Any = MINE) -> str:
    return json.dumps(removal(of))


LAMBDAS_NOTE = json.dumps(
    {
        "requestContext": {"condition": "RetryAttemptsExhausted"},
        "DDBStreamBatchInfo": {
            "shardId": "shardId-7",
            "startSequenceNumber": "100",
            "endSequenceNumber": "102",
            "streamArn": "arn:aws:dynamodb:us-east-1:123456789012:table/appointments/stream/x",
        },
    }
)


def test_a_look_shows_each_letter_and_leaves_all_of_them_visible(letters: DeadLetters) -> None:
    bodies = [encode(MINE), encode(OTHER)]
    letters.bury("bookings", *bodies)
    assert letters.redrive("bookings", act=False)
    text = letters.said()
    for booking in (MINE, OTHER):
        assert f"  about   {booking.booking_id}, {booking.slot_id} of {booking.provider_id}\n" in text
    assert text.count(f"  cause   {CAUSE}\n") == 2
    assert "2 can be brought back, 0 can't. Nothing was changed" in text
    assert letters.dead("bookings") == sorted(bodies)
    assert letters.bodies(letters.sandbox.queues.bookings_url) == []


def test_an_empty_queue_is_told(letters: DeadLetters) -> None:
    assert letters.redrive("expirations", act=False)
    assert letters.said() == "0 can be brought back, 0 can't. Nothing was changed; --yes brings them back.\n"


def test_booking_messages_go_back_to_their_queue_as_they_were(letters: DeadLetters) -> None:
    newer = json.dumps(json.loads(encode(OTHER)) | {"ofALaterVersion": 1})
    letters.bury("bookings", encode(MINE), newer)
    assert letters.redrive("bookings")
    assert letters.bodies(letters.sandbox.queues.bookings_url) == sorted([encode(MINE), newer])
    assert letters.dead("bookings") == []
    assert "2 moved back to the queue, 0 left.\n" in letters.said()


MALFORMED = sorted(["no JSON", "[]", "{}", '{"dynamodb": 7, "eventName": "REMOVE"}', '"text"', "\x9b2J"])


@pytest.mark.parametrize(
    ("which", "summary"),
    [("bookings", "0 moved back to the queue, 6 left.\n"), ("expirations", "0 processed, 6 left.\n")],
)
def test_what_is_malformed_stays_and_is_said_so(which: str, summary: str, letters: DeadLetters) -> None:
    letters.bury(which, *MALFORMED)
    assert not letters.redrive(which)
    text = letters.said()
    assert text.count("  left    it stays here: ") == 6
    assert "  body    no JSON\n" in text
    assert "\x9b" not in text
    assert text.endswith(summary)
    assert letters.dead(which) == MALFORMED


def test_a_removed_trigger_expires_its_booking_and_frees_its_slot(letters: DeadLetters) -> None:
    letters.sandbox.put([held(), pending()])
    letters.bury("expirations", record())
    assert letters.redrive("expirations")
    assert letters.sandbox.items() == by_place(as_stored([free(), expired()]))
    assert letters.dead("expirations") == []


def test_a_removed_trigger_of_a_booking_that_was_never_written_writes_it_as_expired(letters: DeadLetters) -> None:
    letters.sandbox.put([held()])
    letters.bury("expirations", record())
    assert letters.redrive("expirations")
    assert letters.sandbox.items() == by_place(as_stored([free(), expired()]))


def test_a_look_expires_nothing(letters: DeadLetters) -> None:
    letters.sandbox.put([held(), pending()])
    letters.bury("expirations", body := record())
    assert letters.redrive("expirations", act=False)
    assert letters.sandbox.items() == by_place(as_stored([held(), pending()]))
    assert letters.dead("expirations") == [body]


WITHOUT_A_HOLD = {
    LAMBDAS_NOTE: "Lambda's own note, without the records themselves: those of shard shardId-7 from 100 to 102",
    json.dumps(stream_record(trigger_image(MINE), identity=None)): "no deletion of an expiration trigger by TTL",
    json.dumps(removal(MINE, userId=None)): "no expiration trigger: KeyError: 'userId'",
    json.dumps(stream_record(None)): "has no old image",
}


def test_a_record_that_ends_no_hold_stays_and_changes_nothing(letters: DeadLetters) -> None:
    letters.sandbox.put([held(), pending()])
    letters.bury("expirations", *WITHOUT_A_HOLD)
    assert not letters.redrive("expirations")
    text = letters.said()
    assert [why for why in WITHOUT_A_HOLD.values() if why not in text] == []
    assert letters.dead("expirations") == sorted(WITHOUT_A_HOLD)
    assert letters.sandbox.items() == by_place(as_stored([held(), pending()]))


def test_a_record_that_fails_stays_and_can_be_seen_again_at_once(letters: DeadLetters) -> None:
    letters.sandbox.put([held(), pending()])
    body = record()
    letters.bury("expirations", body)
    Wire(letters.sandbox.target.dynamodb, faults=[error("ProvisionedThroughputExceededException")] * 9)
    with pytest.raises(ServiceUnavailableError):
        letters.redrive("expirations")
    assert letters.dead("expirations") == [body]


def test_a_message_is_deleted_only_after_it_was_sent(letters: DeadLetters) -> None:
    letters.bury("bookings", encode(MINE))
    target = letters.sandbox.target

    class Refusing:
        """SQS that takes no messages."""

        def __getattr__(self, name: str) -> Any:
            if name == "send_message":
                raise ServiceUnavailableError("The queue can't be reached.")
            return getattr(target.sqs, name)

    letters.sandbox.target = replace(target, sqs=Refusing())  # type: ignore[arg-type] # but for one method
    with pytest.raises(ServiceUnavailableError):
        letters.redrive("bookings")
    letters.sandbox.target = target
    assert letters.dead("bookings") == [encode(MINE)]


def test_no_more_than_the_limit_are_touched(letters: DeadLetters) -> None:
    bookings = [replace(MINE, booking_id=f"booking-{new_id()}") for _ in range(15)]
    letters.bury("bookings", *map(encode, bookings))
    assert letters.redrive("bookings", limit=12)
    assert len(letters.bodies(letters.sandbox.queues.bookings_url)) == 12
    assert len(letters.dead("bookings")) == 3


def test_only_those_of_a_cause_are_touched(letters: DeadLetters) -> None:
    letters.bury("bookings", encode(MINE), cause="a throttle")
    letters.bury("bookings", encode(OTHER), cause="a bug")
    assert letters.redrive("bookings", only="throttle")
    assert letters.bodies(letters.sandbox.queues.bookings_url) == [encode(MINE)]
    assert letters.dead("bookings") == [encode(OTHER)]


def test_the_same_letter_twice_is_brought_back_once(letters: DeadLetters) -> None:
    letters.bury("bookings", encode(MINE), encode(MINE))
    assert not letters.redrive("bookings")
    assert letters.bodies(letters.sandbox.queues.bookings_url) == [encode(MINE)]
    assert letters.dead("bookings") == [encode(MINE)]
    assert "1 moved back to the queue, 1 left.\n" in letters.said()


def test_many_letters_are_each_read_once(letters: DeadLetters) -> None:
    bookings = [replace(MINE, booking_id=f"booking-{new_id()}") for _ in range(35)]
    letters.bury("bookings", *map(encode, bookings))
    assert letters.redrive("bookings", act=False)
    text = letters.said()
    assert all(text.count(booking.booking_id) == 1 for booking in bookings)
    assert len(letters.dead("bookings")) == 35


def test_a_letter_without_a_cause_is_told_to_be_somebody_elses(letters: DeadLetters) -> None:
    letters.sandbox.target.sqs.send_message(QueueUrl=letters.urls["bookings"], MessageBody=encode(MINE))
    letters.redrive("bookings", act=False)
    assert "  cause   not told: the worker did not put it here\n" in letters.said()
