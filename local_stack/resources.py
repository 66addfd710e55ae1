"""The table, the queues and the event source mappings, as data, and what makes the missing ones.

The same facts are written down in Terraform for AWS; a test holds the two against each other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.literals import StreamViewTypeType
    from mypy_boto3_dynamodb.type_defs import (
        AttributeDefinitionTypeDef,
        GlobalSecondaryIndexTypeDef,
        KeySchemaElementTypeDef,
        StreamSpecificationTypeDef,
        TableDescriptionTypeDef,
    )
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

WORKER_TIMEOUT_SECONDS = 30
API_TIMEOUT_SECONDS = 29  # API Gateway waits no longer


@dataclass(frozen=True, kw_only=True)
class Key:
    """A partition key and a sort key, both strings."""

    partition: str
    sort: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """An on-demand table with a stream; every index projects all attributes."""

    name: str
    key: Key
    indexes: Mapping[str, Key]
    ttl_attribute: str
    stream_view_type: StreamViewTypeType = "NEW_AND_OLD_IMAGES"


@dataclass(frozen=True, kw_only=True)
class Queue:
    """A standard queue; after `max_receive_count` receives a message moves to the queue's dead-letter queue."""

    name: str
    visibility_timeout_seconds: int = 30
    retention_seconds: int = 4 * 24 * 3600
    max_receive_count: int | None = None


@dataclass(frozen=True, kw_only=True)
class QueueMapping:
    """How Lambda reads a queue; failures are reported per message."""

    batch_size: int
    concurrency: int


@dataclass(frozen=True, kw_only=True)
class StreamMapping:
    """How Lambda reads a stream, from TRIM_HORIZON; failures are reported per record.

    `filter_pattern` is an EventBridge pattern. `maximum_record_age_seconds` of -1 sets no limit.
    """

    batch_size: int
    filter_pattern: Mapping[str, Any]
    maximum_retry_attempts: int
    maximum_record_age_seconds: int
    bisect_batch_on_function_error: bool


@dataclass(frozen=True, kw_only=True)
class Resources:
    """Everything that the application needs from AWS."""

    table: Table
    bookings: Queue
    bookings_dead_letters: Queue
    expirations_dead_letters: Queue
    bookings_mapping: QueueMapping
    expirations_mapping: StreamMapping


def resources(*, prefix: str = "", visibility_timeout_seconds: int = 6 * WORKER_TIMEOUT_SECONDS) -> Resources:
    """Describe the resources; `prefix` begins every name, so that several sets fit on one endpoint.

    The visibility timeout is six times the worker's own, as Lambda asks for: a batch that Lambda has to hold back
    must not become visible again while it waits.
    """
    fortnight = 14 * 24 * 3600
    return Resources(
        table=Table(
            name=f"{prefix}appointments",
            key=Key(partition="PK", sort="SK"),
            indexes={
                "GSI1": Key(partition="GSI1PK", sort="GSI1SK"),
                "GSI2": Key(partition="GSI2PK", sort="GSI2SK"),
            },
            ttl_attribute="ttl",
        ),
        bookings=Queue(
            name=f"{prefix}appointments-bookings",
            visibility_timeout_seconds=visibility_timeout_seconds,
            max_receive_count=5,
        ),
        bookings_dead_letters=Queue(name=f"{prefix}appointments-bookings-dlq", retention_seconds=fortnight),
        expirations_dead_letters=Queue(name=f"{prefix}appointments-expirations-dlq", retention_seconds=fortnight),
        bookings_mapping=QueueMapping(batch_size=10, concurrency=2),
        expirations_mapping=StreamMapping(
            batch_size=100,
            # Only triggers that TTL removed: an item that was deleted by a request carries no identity, and TTL removes
            # what remembers idempotency keys, too.
            filter_pattern={
                "eventName": ["REMOVE"],
                "dynamodb": {"Keys": {"SK": {"S": ["EXPIRATION_TRIGGER"]}}},
                "userIdentity": {"type": ["Service"], "principalId": ["dynamodb.amazonaws.com"]},
            },
            maximum_retry_attempts=10_000,  # the age is what ends them
            maximum_record_age_seconds=6 * 3600,
            bisect_batch_on_function_error=True,
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Provisioned:
    """Where the resources are, once they exist."""

    table_name: str
    stream_arn: str
    bookings_url: str
    bookings_arn: str
    bookings_dead_letters_url: str
    expirations_dead_letters_url: str


def provision(wanted: Resources, *, dynamodb: DynamoDBClient, sqs: SQSClient) -> Provisioned:
    """Make what is missing and say where everything is; may be called again and again.

    Raises botocore's errors when the endpoint can't be reached or refuses.
    """
    stream_arn = provision_table(wanted.table, dynamodb)
    dead_letters_url, dead_letters_arn = _provision_queue(wanted.bookings_dead_letters, sqs)
    expirations_url, _ = _provision_queue(wanted.expirations_dead_letters, sqs)
    bookings_url, bookings_arn = _provision_queue(wanted.bookings, sqs, dead_letters_arn=dead_letters_arn)
    return Provisioned(
        table_name=wanted.table.name,
        stream_arn=stream_arn,
        bookings_url=bookings_url,
        bookings_arn=bookings_arn,
        bookings_dead_letters_url=dead_letters_url,
        expirations_dead_letters_url=expirations_url,
    )


def provision_table(table: Table, dynamodb: DynamoDBClient) -> str:
    """Make the table if it is missing; returns its stream's ARN."""
    keys = [table.key, *table.indexes.values()]
    attributes: list[AttributeDefinitionTypeDef] = [
        {"AttributeName": name, "AttributeType": "S"} for key in keys for name in (key.partition, key.sort)
    ]
    indexes: list[GlobalSecondaryIndexTypeDef] = [
        {"IndexName": name, "KeySchema": _key_schema(key), "Projection": {"ProjectionType": "ALL"}}
        for name, key in table.indexes.items()
    ]
    stream: StreamSpecificationTypeDef = {"StreamEnabled": True, "StreamViewType": table.stream_view_type}
    try:
        dynamodb.create_table(
            TableName=table.name,
            AttributeDefinitions=attributes,
            KeySchema=_key_schema(table.key),
            GlobalSecondaryIndexes=indexes,
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification=stream,
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceInUseException":
            raise
    # UpdateTimeToLive is left out on purpose: MiniStack would then delete items by itself, without a stream record,
    # and the expiry of a booking would be lost. `local_stack.ttl` plays that part.
    found = _wait_for_table(table, dynamodb)
    if not found.get("StreamSpecification", {}).get("StreamEnabled"):
        # A table of the user's own, made without.
        dynamodb.update_table(TableName=table.name, StreamSpecification=stream)
        found = _wait_for_table(table, dynamodb)
    return found["LatestStreamArn"]


def _wait_for_table(table: Table, dynamodb: DynamoDBClient) -> TableDescriptionTypeDef:
    dynamodb.get_waiter("table_exists").wait(TableName=table.name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    return dynamodb.describe_table(TableName=table.name)["Table"]


def _key_schema(key: Key) -> list[KeySchemaElementTypeDef]:
    return [
        {"AttributeName": key.partition, "KeyType": "HASH"},
        {"AttributeName": key.sort, "KeyType": "RANGE"},
    ]


def _provision_queue(queue: Queue, sqs: SQSClient, *, dead_letters_arn: str = "") -> tuple[str, str]:
    attributes: dict[QueueAttributeNameType, str] = {
        "VisibilityTimeout": str(queue.visibility_timeout_seconds),
        "MessageRetentionPeriod": str(queue.retention_seconds),
    }
    if queue.max_receive_count is not None:
        attributes["RedrivePolicy"] = json.dumps(
            {"deadLetterTargetArn": dead_letters_arn, "maxReceiveCount": queue.max_receive_count}
        )
    try:
        url = sqs.get_queue_url(QueueName=queue.name)["QueueUrl"]
    except sqs.exceptions.QueueDoesNotExist:
        url = sqs.create_queue(QueueName=queue.name)["QueueUrl"]
    # Set apart from creating: a queue kept from an earlier run gets today's values as well.
    sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return url, arn
