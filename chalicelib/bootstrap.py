"""The one place that builds and connects everything but the authorizer.

Nothing is built by its import: `application()` builds once, when it is first called. The clock and the source of ids
stand here and nowhere else.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
from botocore.session import Session as BotocoreSession

from chalicelib import logs
from chalicelib.aws import CLIENT_CONFIG, RunAll, TimeLimit, side_by_side
from chalicelib.dao.bookings import BookingDao
from chalicelib.dao.listings import ListingDao
from chalicelib.dao.providers import ProviderDao
from chalicelib.dao.slots import SlotDao
from chalicelib.dao.stream import booking_of_trigger
from chalicelib.dao.table import MAX_ACTIONS, Retries, Table
from chalicelib.domain.ports import Clock, IdSource
from chalicelib.queue.message import decode
from chalicelib.queue.sender import SqsBookingQueue, SqsDeadLetters
from chalicelib.services import (
    AvailabilityService,
    BookingService,
    CalendarService,
    ListingService,
    Ownership,
    ProviderService,
    ReadinessService,
    Services,
)
from chalicelib.services.cursors import Cursors
from chalicelib.settings import Settings
from chalicelib.workers.batch import BatchWorker
from chalicelib.workers.sources import booking_messages, removed_triggers

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class Clients:
    """The AWS clients that everything shares."""

    dynamodb: "DynamoDBClient"
    sqs: "SQSClient"

    @classmethod
    def of(cls, settings: Settings) -> "Clients":
        """Clients with this project's limits, in the region of the settings."""
        session = boto3.Session(region_name=settings.aws_region, botocore_session=with_plain_values())
        return cls(session.client("dynamodb", config=CLIENT_CONFIG), session.client("sqs", config=CLIENT_CONFIG))


def with_plain_values(*others: str) -> BotocoreSession:
    """A session whose DynamoDB clients hand on attribute values, and `others` of its model's shapes, as JSON has them.

    By its model botocore takes each value apart and puts it together again, which is the same but for binary values,
    and takes longer than all else that it does with an answer. The application has no binary values.
    """
    session = BotocoreSession()
    shapes = session.get_component("data_loader").load_service_model("dynamodb", "service-2")["shapes"]
    for name in ("AttributeValue", *others):
        shapes[name]["document"] = True
    return session


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """All entry points, connected."""

    services: Services
    process_bookings: BatchWorker
    expire_bookings: BatchWorker


def build(
    settings: Settings,
    clients: Clients,
    *,
    clock: Clock,
    new_id: IdSource,
    retries: Retries | None = None,
    time_limit: TimeLimit | None = None,
    run_all: RunAll = side_by_side,
    max_actions: int = MAX_ACTIONS,
) -> Application:
    """Connect everything under these settings.

    `retries`, `time_limit` and `run_all` are for tests and simulations, which own the time and the order of things;
    `max_actions` for those that want what is large to be small.
    """
    time_limit = time_limit or TimeLimit()
    table = Table(
        client=clients.dynamodb,
        name=settings.table_name,
        retries=retries or Retries(),
        time_limit=time_limit,
        run_all=run_all,
        new_token=new_id,
        max_actions=max_actions,
    )
    queue = SqsBookingQueue(client=clients.sqs, url=settings.booking_queue_url, time_limit=time_limit)
    cursors = Cursors(keys=settings.cursor_keys.split(","))
    provider_dao, slot_dao = ProviderDao(table=table), SlotDao(table=table)

    providers = ProviderService(providers=provider_dao, clock=clock, new_id=new_id)
    ownership = Ownership(providers=provider_dao)
    bookings = BookingService(
        providers=provider_dao,
        ownership=ownership,
        bookings=BookingDao(table=table),
        queue=queue,
        clock=clock,
        new_id=new_id,
        hold=timedelta(seconds=settings.hold_seconds),
        max_active_holds=settings.max_active_holds,
    )
    return Application(
        services=Services(
            providers=providers,
            availability=AvailabilityService(
                providers=providers, slots=slot_dao, cursors=cursors, clock=clock, new_id=new_id
            ),
            bookings=bookings,
            listings=ListingService(
                listing=ListingDao(table=table),
                providers=providers,
                cursors=cursors,
                clock=clock,
            ),
            calendar=CalendarService(bookings=bookings, providers=providers, clock=clock),
            readiness=ReadinessService(dependencies={"table": table, "queue": queue}),
            ownership=ownership,
            clock=clock,
            cors_origins=frozenset(filter(None, settings.cors_origins.split(","))),
            without_authentication=settings.authentication == "off",
            begin=time_limit.begun,
        ),
        process_bookings=BatchWorker(
            source=booking_messages(decode=decode, max_receives=settings.booking_max_receives),
            process=bookings.create,
            dead_letters=SqsDeadLetters(
                client=clients.sqs, url=settings.booking_dead_letter_queue_url, time_limit=time_limit
            ),
            begin=time_limit.begun,
        ),
        expire_bookings=BatchWorker(
            source=removed_triggers(
                decode=booking_of_trigger,
                max_age=timedelta(seconds=settings.expiration_max_age_seconds),
                clock=clock,
            ),
            process=bookings.expire,
            dead_letters=SqsDeadLetters(
                client=clients.sqs, url=settings.expiration_dead_letter_queue_url, time_limit=time_limit
            ),
            begin=time_limit.begun,
        ),
    )


@cache
def application() -> Application:
    """The application under the process's environment, built at the first call. Raises `SettingsError`."""
    settings = Settings.from_environment(os.environ)
    logs.configure(settings.log_level)
    return build(settings, Clients.of(settings), clock=lambda: datetime.now(UTC), new_id=lambda: str(uuid4()))
