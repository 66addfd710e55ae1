"""The booking processor: batches of messages from the queue."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chalicelib.domain.errors import MalformedRecordError, ServiceUnavailableError
from chalicelib.queue.message import decode
from chalicelib.workers.batch import BatchWorker
from chalicelib.workers.sources import booking_messages
from tests.builders import booking
from tests.events import Event, as_lambda_sends, event, failed, message, sqs_record
from tests.fakes import FakeDeadLetters
from tests.log_lines import log_lines
from tests.workers.processing import FakeProcess

MAX_RECEIVES = 5
THROTTLED = ServiceUnavailableError("The table can't be reached.")


@pytest.fixture
def dead_letters() -> FakeDeadLetters:
    return FakeDeadLetters()


def worker(process: FakeProcess, dead_letters: FakeDeadLetters) -> BatchWorker:
    return BatchWorker(
        source=booking_messages(decode=decode, max_receives=MAX_RECEIVES), process=process, dead_letters=dead_letters
    )


def test_every_message_of_a_batch_is_processed_in_order(dead_letters: FakeDeadLetters) -> None:
    bookings = [booking() for _ in range(10)]
    process = FakeProcess()

    response = worker(process, dead_letters)(as_lambda_sends(event(*map(message, bookings))))

    assert failed(response) == []
    assert process.done == bookings
    assert not dead_letters.kept


def test_one_bad_message_in_ten_is_kept_and_holds_nobody_up(dead_letters: FakeDeadLetters) -> None:
    bookings = [booking() for _ in range(9)]
    records = [message(each) for each in bookings]
    records.insert(4, sqs_record('{"version": 1, "bookingId": "mine"}'))
    process = FakeProcess()

    response = worker(process, dead_letters)(event(*records))

    assert failed(response) == []
    assert process.done == bookings
    ((content, cause),) = dead_letters.kept
    assert content == '{"version": 1, "bookingId": "mine"}'
    assert "bookingId" in cause
    assert "userId: Field required" in cause


def test_a_message_that_failed_for_now_is_reported_alone(dead_letters: FakeDeadLetters) -> None:
    bookings = [booking() for _ in range(3)]
    records = [message(each, receives=MAX_RECEIVES - 1) for each in bookings]
    process = FakeProcess(fails_for={bookings[1].booking_id: THROTTLED})

    response = worker(process, dead_letters)(event(*records))

    assert failed(response) == [records[1]["messageId"]]
    assert process.done == [bookings[0], bookings[2]]
    assert not dead_letters.kept


@pytest.mark.parametrize("receives", [MAX_RECEIVES, MAX_RECEIVES + 1])
def test_a_message_that_fails_at_its_last_delivery_is_kept_with_its_cause(
    dead_letters: FakeDeadLetters, receives: int
) -> None:
    failing, fine = booking(), booking()
    record = message(failing, receives=receives)
    process = FakeProcess(fails_for={failing.booking_id: RuntimeError("no such thing")})

    response = worker(process, dead_letters)(event(record, message(fine, receives=receives)))

    assert failed(response) == []
    assert dead_letters.kept == [(record["body"], "RuntimeError: no such thing")]
    assert process.done == [fine]


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(sqs_record("no JSON"), id="malformed"),
        pytest.param(
            message(booking(booking_id="booking-00000000-0000-4000-8000-000000000000"), receives=5), id="last"
        ),
    ],
)
def test_what_the_dead_letter_queue_did_not_take_is_delivered_again(record: Event) -> None:
    fine = booking()
    process = FakeProcess(fails_for={"booking-00000000-0000-4000-8000-000000000000": THROTTLED})
    response = worker(process, FakeDeadLetters(unavailable=True))(event(record, message(fine)))

    assert failed(response) == [record["messageId"]]
    assert process.done == [fine]


def test_a_message_delivered_again_after_its_failure_is_processed(dead_letters: FakeDeadLetters) -> None:
    again = booking()
    record = message(again)
    worker(FakeProcess(fails_for={again.booking_id: THROTTLED}), dead_letters)(event(record))
    process = FakeProcess()

    assert failed(worker(process, dead_letters)(event(record))) == []
    assert process.done == [again]


def test_a_process_may_find_a_booking_unprocessable_for_good(dead_letters: FakeDeadLetters) -> None:
    poison = booking()
    record = message(poison)

    response = worker(FakeProcess(fails_for={poison.booking_id: MalformedRecordError("poison")}), dead_letters)(
        event(record)
    )

    assert failed(response) == []
    assert dead_letters.kept == [(record["body"], "poison")]


def test_an_empty_batch_has_no_failures(dead_letters: FakeDeadLetters) -> None:
    assert worker(FakeProcess(), dead_letters)(event()) == {"batchItemFailures": []}


@pytest.mark.parametrize("not_an_event", [{}, {"Records": None}, {"Records": {}}, {"records": []}, {"Records": "x"}])
def test_an_event_without_a_list_of_records_is_an_error(dead_letters: FakeDeadLetters, not_an_event: Event) -> None:
    with pytest.raises(MalformedRecordError):
        worker(FakeProcess(), dead_letters)(not_an_event)


def test_what_is_logged_of_a_message_bears_its_id_and_nothing_personal(dead_letters: FakeDeadLetters) -> None:
    secretive = booking(user_id="ann@example.org")
    records = [message(secretive, receives=5), sqs_record('{"userId": "ann@example.org"}')]
    process = FakeProcess(fails_for={secretive.booking_id: THROTTLED})

    with log_lines("DEBUG") as lines:
        worker(process, dead_letters)(event(*records))

    assert [line["record_id"] for line in lines.with_message("record kept as a dead letter")] == [
        record["messageId"] for record in records
    ]
    assert "ServiceUnavailableError" in lines.the("record failed")["exception"]
    assert all(line["cause"] for line in lines.with_message("record kept as a dead letter"))
    assert "ann@example.org" not in lines.text


def test_a_dead_letter_that_was_not_kept_is_logged_with_its_cause() -> None:
    with log_lines() as lines:
        worker(FakeProcess(), FakeDeadLetters(unavailable=True))(event(sqs_record("{}")))

    line = lines.the("dead letter not kept, the record will be delivered again")
    assert "userId" in line["cause"]


def test_the_time_of_a_batch_begins_before_its_first_record_and_ends_after_its_last(
    dead_letters: FakeDeadLetters,
) -> None:
    happened = []

    @contextmanager
    def begin() -> Iterator[None]:
        happened.append("time begins")
        yield
        happened.append("time ends")

    work = BatchWorker(
        source=booking_messages(decode=decode, max_receives=MAX_RECEIVES),
        process=lambda each: happened.append(each.user_id),
        dead_letters=dead_letters,
        begin=begin,
    )

    work(event(message(booking(user_id="first")), message(booking(user_id="last"))))

    assert happened == ["time begins", "first", "last", "time ends"]
