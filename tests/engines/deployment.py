"""The application over DynamoDB Local and the queues of another endpoint, its workers fed as by the local stack."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from chalicelib.bootstrap import Application, Clients, build
from chalicelib.dao.items import Item
from chalicelib.domain.access import ANYBODY
from chalicelib.domain.models import Booking, Slot
from chalicelib.settings import Settings
from local_stack.resources import Table, provision, resources
from local_stack.sqs_poller import SqsPoller
from local_stack.stream_poller import StreamPoller
from operations.invariants import unfinished, violations
from tests.builders import CURSOR_KEY, availability, new_id, window
from tests.engines.dynamodb_local import PATIENT, REGION, DynamoDbLocal
from tests.system import A_DAY, AwsTable, eventually

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

Event = dict[str, Any]


def real_time() -> datetime:
    return datetime.now(UTC)


class Deployment:
    """A table and queues of its own, with one provider and three free slots. No worker runs until it is started.

    `messages` and `removals` are the records that the booking processor and the expiration handler are done with;
    `changes` are all that the stream has brought, whether they passed the filter or not.
    """

    def __init__(self, local: DynamoDbLocal, sqs: "SQSClient", *, indexed: bool = True) -> None:
        """`indexed`: with the table's indexes. DynamoDB Local's TTL works on a table without them only.

        It names the item to delete by the keys of the table and of all indexes, and fails on one that is in no index,
        as a trigger is. No decision is made from an index, so nothing that these tests are about is lost.
        """
        self._wanted = resources(prefix=f"t{new_id()[:8]}-")
        self._clients = Clients(local.client("dynamodb"), sqs)
        self._patient = local.client("dynamodb", PATIENT)
        if not indexed:
            _create_without_indexes(self._wanted.table, self._patient)
        self._its = provision(self._wanted, dynamodb=self._patient, sqs=sqs)
        self.messages: list[Event] = []
        self.removals: list[Event] = []
        self.changes: list[Event] = []
        self.table = AwsTable(local, self._its.table_name)
        workers = self.application()
        self._queue_worker = SqsPoller(
            sqs=sqs,
            queue_url=self._its.bookings_url,
            queue_arn=self._its.bookings_arn,
            region=REGION,
            mapping=self._wanted.bookings_mapping,
            handler=_kept(self.messages, workers.process_bookings),
            function_name="process_bookings",
        )
        # Nothing is added to the records: who deleted an item is what DynamoDB Local says.
        self._stream_worker = StreamPoller(
            streams=local.client("dynamodbstreams"),
            sqs=sqs,
            stream_arn=self._its.stream_arn,
            on_failure_queue_url=self._its.expirations_dead_letters_url,
            mapping=self._wanted.expirations_mapping,
            handler=_kept(self.removals, workers.expire_bookings),
            function_name="expire_bookings",
            observe=self.changes.append,
        )
        self.provider_id = workers.services.providers.create(name="Ann", time_zone="UTC", provider_id=None).provider_id
        self.set_day(slot_minutes=60)

    def set_day(self, *, slot_minutes: int) -> list[Slot]:
        """Set the day after tomorrow from 09:00 to 12:00; returns its slots."""
        day = availability(window(slot_minutes=slot_minutes), day=date.fromisoformat(A_DAY))
        return self.application().services.availability.set_day(self.provider_id, day).slots

    def application(self, *, hold_seconds: int = 1, clock: Callable[[], datetime] = real_time) -> Application:
        """The application, connected as on AWS."""
        settings = Settings(
            table_name=self._its.table_name,
            booking_queue_url=self._its.bookings_url,
            booking_dead_letter_queue_url=self._its.bookings_dead_letters_url,
            expiration_dead_letter_queue_url=self._its.expirations_dead_letters_url,
            aws_region=REGION,
            cursor_keys=CURSOR_KEY,
            hold_seconds=hold_seconds,
        )
        return build(settings, self._clients, clock=clock, new_id=new_id)

    def hold(self, start: str, *, hold_seconds: int = 1) -> Booking:
        """Hold the slot that begins at a time of the day."""
        bookings = self.application(hold_seconds=hold_seconds).services.bookings
        return bookings.hold(
            provider_id=self.provider_id, slot_id=f"{A_DAY}T{start}", user_id=f"user-{new_id()}", by=ANYBODY
        )

    def start_queue_worker(self) -> None:
        """Begin to deliver the messages that are and will be in the queue."""
        self._queue_worker.start()

    def start_stream_worker(self) -> None:
        """Begin to deliver the stream, from its first record on."""
        self._stream_worker.start()

    def stop(self) -> None:
        """Deliver what is there, and end both workers."""
        self._queue_worker.stop()
        self._stream_worker.stop()

    def enable_ttl(self) -> None:
        """Let DynamoDB Local delete what is past its time: what is so already at once, then every eleven seconds.

        It looks at twenty items at a time, with ten seconds in between, so a small table is a quick one.
        """
        self._patient.update_time_to_live(
            TableName=self._its.table_name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": self._wanted.table.ttl_attribute},
        )

    def let_hold_lapse(self, booking: Booking) -> None:
        """Wait for a hold's deadline."""
        eventually("the hold is over", lambda: real_time() >= booking.expires_at)

    def wait_for_message(self, booking: Booking) -> None:
        """Wait until the booking processor is done with a booking's message."""
        eventually(
            "the message is processed", lambda: any(booking.booking_id in each["body"] for each in self.messages)
        )

    def wait_for_deletion(self, booking: Booking) -> None:
        """Wait until the booking's trigger is gone."""
        eventually("the trigger is gone", lambda: "EXPIRATION_TRIGGER" not in self.items(booking))

    def wait_for_removal(self, booking: Booking) -> Event:
        """Wait until the expiration handler is done with the trigger's record, and return that."""
        key = f"BOOKING#{booking.booking_id}"

        def delivered() -> Event | None:
            return next((each for each in self.removals if each["dynamodb"]["Keys"]["PK"] == {"S": key}), None)

        return eventually("the removed trigger is delivered", delivered)

    def items(self, booking: Booking) -> dict[str, Item]:
        """The booking's items in the table, by sort key."""
        return self.table.booking(booking.booking_id)

    def slot(self, booking: Booking) -> Item:
        """The item of the booking's slot."""
        return self.table.slot(booking.provider_id, booking.slot_id)

    def assert_finished_and_sound(self) -> None:
        """Nothing in the table is wrong or waits to be done, and no record became a dead letter."""
        items, now = self.table.all(), real_time()
        assert violations(items, now=now) == []
        assert unfinished(items, now=now) == []
        for url in (self._its.bookings_dead_letters_url, self._its.expirations_dead_letters_url):
            assert "Messages" not in self._clients.sqs.receive_message(QueueUrl=url)


def _create_without_indexes(table: Table, dynamodb: "DynamoDBClient") -> None:
    """Make the table before `provision`, which leaves one that is there as it is."""
    dynamodb.create_table(
        TableName=table.name,
        AttributeDefinitions=[
            {"AttributeName": table.key.partition, "AttributeType": "S"},
            {"AttributeName": table.key.sort, "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": table.key.partition, "KeyType": "HASH"},
            {"AttributeName": table.key.sort, "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": table.stream_view_type},
    )


def _kept(done: list[Event], worker: Callable[[Event], Any]) -> Callable[[Event, Any], Any]:
    """A handler that notes what the worker is done with."""

    def handle(event: Event, _: object) -> Any:
        answer = worker(event)
        if not answer["batchItemFailures"]:
            done.extend(event["Records"])
        return answer

    return handle
