"""Which system a command is about: its table and queues, by name, under the usual settings of AWS."""

import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
from botocore.config import Config

from chalicelib.aws import CLIENT_CONFIG, TimeLimit, side_by_side
from chalicelib.dao.bookings import BookingDao
from chalicelib.dao.table import Retries, Table
from chalicelib.domain.ports import Clock
from local_stack.environment import BadEnvironmentError, external_endpoint, use_endpoint

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

LOCAL_NAME = "appointments"
"""What the local stack calls its table, and begins the names of its queues with."""

_PATIENT = CLIENT_CONFIG.merge(Config(read_timeout=20, retries={"mode": "standard", "total_max_attempts": 4}))
"""Nobody waits for an answer within 29 s here; a page of a scan may take longer than a request's calls."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One deployed system, or the local one."""

    name: str
    """The table's name, which the queues' names begin with: `appointments-prod`."""
    dynamodb: "DynamoDBClient"
    sqs: "SQSClient"
    clock: Clock = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    max_active_holds: int | None = None
    """How many slots a user can hold at a time, if somebody has said so: the system's own setting is not seen here."""

    @cached_property
    def table(self) -> Table:
        """The table, as the application writes to it."""
        return Table(
            client=self.dynamodb,
            name=self.name,
            retries=Retries(sleep=self.sleep),
            time_limit=TimeLimit(),
            run_all=side_by_side,
            new_token=new_id,
        )

    @cached_property
    def bookings(self) -> BookingDao:
        """The bookings, with the application's own write sets."""
        return BookingDao(table=self.table)

    @property
    def where(self) -> str:
        """What is being looked at, for people."""
        return f"{self.name} ({self.dynamodb.meta.region_name}, {self.dynamodb.meta.endpoint_url})"

    def queue_url(self, suffix: str) -> str:
        """The URL of the queue `{name}-{suffix}`. Raises botocore's errors."""
        return self.sqs.get_queue_url(QueueName=f"{self.name}-{suffix}")["QueueUrl"]


def new_id() -> str:
    """A new id."""
    return str(uuid4())


def connect(name: str, environ: MutableMapping[str, str]) -> Target:
    """The system of this name, where AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL and the like say.

    LOCALSTACK_HOST is enough by itself: that endpoint, and a region and made-up credentials where there are none.
    Raises `BadEnvironmentError` and botocore's errors.
    """
    if environ.get("LOCALSTACK_HOST", "").strip() and (url := external_endpoint(environ)):
        use_endpoint(environ, url, embedded=False)
    # boto3 itself reads AWS_DEFAULT_REGION alone.
    session = boto3.Session(region_name=environ.get("AWS_REGION") or None)
    try:
        dynamodb, sqs = session.client("dynamodb", config=_PATIENT), session.client("sqs", config=_PATIENT)
    except ValueError as error:
        # botocore's word for a URL that is none.
        raise BadEnvironmentError(str(error)) from error
    return Target(name=name, dynamodb=dynamodb, sqs=sqs)
