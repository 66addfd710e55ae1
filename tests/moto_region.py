"""AWS in this process: the table and the queues as the local stack makes them, and the settings that name them."""

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import boto3
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from local_stack.resources import Provisioned, provision, resources
from tests.builders import CURSOR_KEY, new_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

REGION = "eu-central-1"


@dataclass(frozen=True, kw_only=True)
class Aws:
    """A region, and what a test has of its own in it."""

    dynamodb: "DynamoDBClient"
    sqs: "SQSClient"
    its: Provisioned

    @property
    def environment(self) -> dict[str, str]:
        """The settings of an application that uses this."""
        return {
            "TABLE_NAME": self.its.table_name,
            "BOOKING_QUEUE_URL": self.its.bookings_url,
            "BOOKING_DEAD_LETTER_QUEUE_URL": self.its.bookings_dead_letters_url,
            "CURSOR_KEYS": CURSOR_KEY,
            "EXPIRATION_DEAD_LETTER_QUEUE_URL": self.its.expirations_dead_letters_url,
            "AWS_REGION": REGION,
        }

    def received(self, queue_url: str) -> "list[MessageTypeDef]":
        """The messages that are in a queue, with their attributes."""
        answer = self.sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        return answer.get("Messages", [])

    def delete_table(self) -> None:
        self.dynamodb.delete_table(TableName=self.its.table_name)

    def items(self) -> list[dict[str, object]]:
        """All that is in the table."""
        return [dict(item) for item in self.dynamodb.scan(TableName=self.its.table_name)["Items"]]


Region: TypeAlias = "tuple[DynamoDBClient, SQSClient]"
"""Clients of a region that exists in this process only, while moto's mock lasts."""


@cache
def clients() -> Region:
    """The region's clients, made once: that takes half a second, and they outlast the mock."""
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
    return session.client("dynamodb"), session.client("sqs")


@contextmanager
def mocked_region() -> "Iterator[Region]":
    """An empty region."""
    with mock_aws():
        yield clients()


def own_resources(region: Region) -> Aws:
    """A table and queues that no other test has."""
    dynamodb, sqs = region
    its = provision(resources(prefix=f"t{new_id()[:8]}-"), dynamodb=dynamodb, sqs=sqs)
    # Nobody reads the stream, and moto copies all of it for each action of each transaction.
    dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables[its.table_name].stream_shard = None
    return Aws(dynamodb=dynamodb, sqs=sqs, its=its)
