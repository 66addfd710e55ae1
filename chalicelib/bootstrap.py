"""The one place that reads the settings, and builds and connects everything.

Nothing is built at import: `application()` builds once, at the first event. The clock and the source of ids stand here
and nowhere else.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Annotated, Literal, Self
from urllib.parse import urlsplit
from uuid import uuid4

import boto3
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

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
from chalicelib.workers.batch import BatchWorker
from chalicelib.workers.sources import booking_messages, removed_triggers

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

    from chalicelib.identity.authorizer import Authorizer


class SettingsError(ValueError):
    """Settings that are missing or wrong; the text names each, what is wrong with it, and what it should be."""


_QueueUrl = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]


def _long_enough(keys: str) -> str:
    if not all(re.fullmatch("[!-~]{32,}", key) for key in keys.split(",")):
        raise ValueError("each key must have 32 characters or more, ASCII and without spaces, with commas between keys")
    return keys


def _origins(listed: str) -> str:
    for origin in listed.split(",") if listed else ():
        if not re.fullmatch(r"https?://[a-z0-9.-]+(:\d{1,5})?", origin):
            raise ValueError("each must be an origin such as https://www.example.com, with commas between")
    return listed


def _issuer(url: str) -> str:
    """Empty, or https; on this machine http will do."""
    parts = urlsplit(url)
    is_local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"}
    if url and not (
        parts.hostname and (parts.scheme == "https" or is_local) and not parts.query and not parts.fragment
    ):
        raise ValueError("must be an https URL, as the issuer's tokens have it")
    return url


_SECRET = frozenset({"cursor_keys"})
"""Settings that no message shows."""


class _FromEnvironment(BaseModel):
    """Settings, each named in the environment as its field, in capitals."""

    model_config = ConfigDict(frozen=True)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read and check the settings. Raises `SettingsError`."""
        given = {name: environment[name.upper()] for name in cls.model_fields if name.upper() in environment}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            wrong = [
                f"  {str(problem['loc'][0]).upper()}: {problem['msg']}"
                + (
                    ""
                    if problem["type"] == "missing" or problem["loc"][0] in _SECRET
                    else f", but it is {problem['input']!r}"
                )
                if problem["loc"]
                else f"  {problem['msg']}"
                for problem in error.errors()
            ]
            raise SettingsError("\n".join(["These settings in the environment are wrong:", *wrong])) from None


class AuthorizerSettings(_FromEnvironment):
    """What the environment decides of the authorizer."""

    token_issuer: Annotated[str, AfterValidator(_issuer)] = ""
    """An OpenID Connect issuer, as its tokens name it in `iss`; none: nobody gets in."""
    token_audience: str = ""
    """What the tokens name in `aud` if they are meant for this API."""
    role_claim: Annotated[str, StringConstraints(min_length=1)] = "role"
    """The claim with a role, or a list of them (`chalicelib.domain.access.Role`)."""

    @model_validator(mode="after")
    def _names_an_audience(self) -> Self:
        if self.token_issuer and not self.token_audience:
            raise ValueError("TOKEN_AUDIENCE must be set together with TOKEN_ISSUER: tokens for others are no use here")
        return self


class Settings(_FromEnvironment):
    """What the environment decides of all else. Durations are in seconds."""

    table_name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{3,255}$")]
    booking_queue_url: _QueueUrl
    booking_dead_letter_queue_url: _QueueUrl
    expiration_dead_letter_queue_url: _QueueUrl
    aws_region: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,}(-[a-z]+)+-\d$")]
    cursor_keys: Annotated[str, AfterValidator(_long_enough), Field(repr=False)]
    """Secrets that seal the cursors of listings: 32 characters or more, with commas between; the first one seals."""
    hold_seconds: Annotated[int, Field(ge=1, le=86_400)] = 300
    """How long a slot is held for a user to confirm."""
    max_active_holds: Annotated[int, Field(ge=1, le=100)] = 5
    """How many slots a user can hold at a time."""
    booking_max_receives: Annotated[int, Field(ge=1, le=1000)] = 5
    """The booking queue's `maxReceiveCount`."""
    expiration_max_age_seconds: Annotated[int, Field(ge=60, le=86_400)] = 3600
    """The age at which the expiration handler gives a stream record up; less than the event source's maximum."""
    cors_origins: Annotated[str, AfterValidator(_origins)] = ""
    """Origins of the web pages that may call the API from a browser, with commas between."""
    authentication: Literal["on", "off"] = "on"
    """Off: everybody may do everything. For a system on one's own machine, and for nothing else."""


@dataclass(frozen=True, slots=True)
class Clients:
    """The AWS clients that everything shares."""

    dynamodb: "DynamoDBClient"
    sqs: "SQSClient"

    @classmethod
    def of(cls, settings: Settings) -> "Clients":
        """Clients with this project's limits, in the region of the settings."""
        session = boto3.Session(region_name=settings.aws_region)
        return cls(session.client("dynamodb", config=CLIENT_CONFIG), session.client("sqs", config=CLIENT_CONFIG))


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


def authentication_is_off(environment: Mapping[str, str]) -> bool:
    """Whether the settings say so in plain words."""
    return environment.get("AUTHENTICATION") == "off"


@cache
def authorizer() -> "Authorizer":
    """The authorizer under the process's environment, built at the first call. Raises `SettingsError`."""
    # Imported here: it takes some 60 ms, for which the other functions need not wait.
    from chalicelib.identity.authorizer import Authorizer  # noqa: PLC0415
    from chalicelib.identity.keys import HttpFetch, IssuerKeys  # noqa: PLC0415
    from chalicelib.identity.tokens import Tokens  # noqa: PLC0415

    settings = AuthorizerSettings.from_environment(os.environ)
    logs.configure(settings.log_level)
    if not settings.token_issuer:
        return Authorizer(None)
    return Authorizer(
        Tokens(
            issuer=settings.token_issuer,
            audience=settings.token_audience,
            role_claim=settings.role_claim,
            keys=IssuerKeys(issuer=settings.token_issuer, fetch=HttpFetch()),
        )
    )
