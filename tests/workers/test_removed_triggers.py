"""The expiration handler: batches of records from the table's stream."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.dao.stream import booking_of_trigger
from chalicelib.domain.errors import ServiceUnavailableError
from chalicelib.workers.batch import BatchWorker
from chalicelib.workers.sources import removed_triggers
from tests.builders import Clock, booking
from tests.events import (
    TTL_IDENTITY,
    Event,
    as_lambda_sends,
    event,
    failed,
    removal,
    stream_record,
    trigger_image,
)
from tests.fakes import FakeDeadLetters
from tests.workers.processing import FakeProcess

MAX_AGE = timedelta(hours=1)
CREATED = datetime(2030, 5, 1, 12, tzinfo=UTC)
THROTTLED = ServiceUnavailableError("The table can't be reached.")


@pytest.fixture
def dead_letters() -> FakeDeadLetters:
    return FakeDeadLetters()


def worker(process: FakeProcess, dead_letters: FakeDeadLetters, *, now: datetime = CREATED) -> BatchWorker:
    return BatchWorker(
        source=removed_triggers(decode=booking_of_trigger, max_age=MAX_AGE, clock=Clock(now)),
        process=process,
        dead_letters=dead_letters,
    )


def created_then(record: Event) -> Event:
    record["dynamodb"]["ApproximateCreationDateTime"] = CREATED.timestamp()
    return record


def test_the_bookings_of_removed_triggers_are_processed_in_order(dead_letters: FakeDeadLetters) -> None:
    bookings = [booking(user_id=f"user-{number}") for number in range(5)]
    process = FakeProcess()

    response = worker(process, dead_letters)(as_lambda_sends(event(*map(removal, bookings))))

    assert failed(response) == []
    assert process.done == bookings


OTHER_RECORDS = [
    pytest.param(stream_record(trigger_image(booking()), identity=None), id="a confirm or cancel removed the trigger"),
    pytest.param(
        stream_record(trigger_image(booking()), identity={"type": "Service", "principalId": "other.amazonaws.com"}),
        id="another service removed it",
    ),
    pytest.param(
        stream_record(trigger_image(booking()), identity={"type": "User", "principalId": "dynamodb.amazonaws.com"}),
        id="a user of that name removed it",
    ),
    pytest.param(stream_record(trigger_image(booking()), identity={}), id="an identity that says nothing"),
    pytest.param(stream_record(None, event_name="INSERT", identity=None), id="an insertion"),
    pytest.param(stream_record(trigger_image(booking()), event_name="MODIFY"), id="a change"),
    pytest.param(
        stream_record({"PK": {"S": "PROVIDER#ann"}, "SK": {"S": "SLOT#2030-05-02#09:00"}, "ttl": {"N": "1"}}),
        id="another item with a TTL",
    ),
    pytest.param(stream_record({"PK": {"S": "BOOKING#1"}, "SK": {"S": "METADATA"}}), id="a booking's own item"),
    pytest.param(stream_record({"PK": {"S": "X"}}), id="an item without a sort key"),
    pytest.param(stream_record({}), id="an item without anything"),
]


@pytest.mark.parametrize("record", OTHER_RECORDS)
def test_other_records_are_passed_over(dead_letters: FakeDeadLetters, record: Event) -> None:
    process = FakeProcess()
    after = booking()

    response = worker(process, dead_letters)(event(record, removal(after)))

    assert failed(response) == []
    assert process.done == [after]
    assert not dead_letters.kept


MALFORMED = [
    pytest.param(stream_record(None), "old image", id="no old image"),
    pytest.param(stream_record(None) | {"dynamodb": {"SequenceNumber": "7", "OldImage": []}}, "old image", id="a list"),
    *(
        pytest.param(removal(booking(), **{name: None}), name, id=f"no {name}")
        for name in ("providerId", "slotId", "userId", "startsAt", "endsAt", "timeZone", "createdAt", "ttl")
    ),
    pytest.param(removal(booking(), PK=None), "PK", id="no partition key"),
    pytest.param(removal(booking(), PK={"S": "BOOKING#"}), "no booking's key", id="no id in the key"),
    pytest.param(removal(booking(), PK={"S": "PROVIDER#ann"}), "no booking's key", id="a provider's key"),
    pytest.param(removal(booking(), PK={"N": "5"}), "AttributeError", id="a number as key"),
    pytest.param(removal(booking(), startsAt={"N": "5"}), "TypeError", id="a number as instant"),
    pytest.param(removal(booking(), startsAt={"S": "soon"}), "soon", id="no instant"),
    pytest.param(removal(booking(), endsAt={"S": "2030-05-02T10:00:00"}), "no time zone", id="an instant of no zone"),
    pytest.param(removal(booking(), createdAt={"NULL": True}), "TypeError", id="null as instant"),
    pytest.param(removal(booking(), ttl={"N": str(2**60)}), "no expiration trigger", id="a TTL that no clock shows"),
    pytest.param(removal(booking(), ttl={"S": "1900000000"}), "no whole number of seconds", id="text as TTL"),
    pytest.param(removal(booking(), ttl={"N": "1e40"}), "InvalidOperation", id="a TTL beyond all calendars"),
    pytest.param(removal(booking(), ttl={"N": "NaN"}), "no whole number of seconds", id="NaN as TTL"),
    pytest.param(removal(booking(), ttl={"N": "soon"}), "no whole number of seconds", id="a number that is none"),
    pytest.param(removal(booking(), ttl={"N": "1.5"}), "no whole number of seconds", id="half a second as TTL"),
    pytest.param(removal(booking(), slotId={"S": ""}), "no text", id="an empty id"),
    pytest.param(removal(booking(), ttl={"Q": "1"}), "TypeError", id="a type that does not exist"),
    pytest.param(removal(booking(), ttl={}), "TypeError", id="a value of no type"),
    pytest.param(removal(booking(), ttl="1900000000"), "AttributeError", id="a bare value"),
]


@pytest.mark.parametrize(("record", "cause"), MALFORMED)
def test_a_malformed_record_is_kept_whole_with_its_cause_and_holds_nobody_up(
    dead_letters: FakeDeadLetters, record: Event, cause: str
) -> None:
    bookings = [booking() for _ in range(9)]
    records = [removal(each) for each in bookings]
    records.insert(4, record)
    process = FakeProcess()

    response = worker(process, dead_letters)(as_lambda_sends(event(*records)))

    assert failed(response) == []
    assert process.done == bookings
    ((content, kept_cause),) = dead_letters.kept
    assert json.loads(content) == record
    assert cause in kept_cause


def test_a_failed_record_is_reported_by_its_sequence_number(dead_letters: FakeDeadLetters) -> None:
    bookings = [booking() for _ in range(3)]
    records = [created_then(removal(each)) for each in bookings]
    process = FakeProcess(fails_for={bookings[1].booking_id: THROTTLED})

    response = worker(process, dead_letters)(event(*records))

    assert failed(response) == [records[1]["dynamodb"]["SequenceNumber"]]
    assert process.done == [bookings[0], bookings[2]]
    assert not dead_letters.kept


@pytest.mark.parametrize(
    ("age", "given_up"),
    [
        (timedelta(0), False),
        (MAX_AGE - timedelta(seconds=1), False),
        (MAX_AGE, True),
        (MAX_AGE + timedelta(hours=5), True),
    ],
)
def test_a_record_that_fails_is_given_up_when_it_is_too_old(
    dead_letters: FakeDeadLetters, age: timedelta, given_up: bool
) -> None:
    failing, fine = booking(), booking()
    records = [created_then(removal(each)) for each in (failing, fine)]
    process = FakeProcess(fails_for={failing.booking_id: RuntimeError("no luck")})

    response = worker(process, dead_letters, now=CREATED + age)(event(*records))

    assert failed(response) == ([] if given_up else [records[0]["dynamodb"]["SequenceNumber"]])
    assert [(json.loads(content), cause) for content, cause in dead_letters.kept] == (
        [(records[0], "RuntimeError: no luck")] if given_up else []
    )
    assert process.done == [fine]


def test_a_record_that_does_not_tell_its_age_is_tried_again(dead_letters: FakeDeadLetters) -> None:
    failing = booking()
    record = removal(failing)
    del record["dynamodb"]["ApproximateCreationDateTime"]

    response = worker(FakeProcess(fails_for={failing.booking_id: THROTTLED}), dead_letters)(event(record))

    assert failed(response) == [record["dynamodb"]["SequenceNumber"]]
    assert not dead_letters.kept


def test_a_record_that_the_dead_letter_queue_did_not_take_is_delivered_again() -> None:
    record = stream_record(None, identity=TTL_IDENTITY)

    response = worker(FakeProcess(), FakeDeadLetters(unavailable=True))(event(record))

    assert failed(response) == [record["dynamodb"]["SequenceNumber"]]


def test_an_old_record_that_succeeds_is_not_given_up(dead_letters: FakeDeadLetters) -> None:
    late = booking()
    process = FakeProcess()

    response = worker(process, dead_letters, now=CREATED + timedelta(hours=20))(event(created_then(removal(late))))

    assert failed(response) == []
    assert process.done == [late]
    assert not dead_letters.kept
