"""A real endpoint for these tests, one in each test process, and names that keep the tests apart on it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from local_stack.endpoint import Endpoint
from local_stack.resources import Provisioned, Resources, provision, resources
from tests.local_stack.support import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, kw_only=True)
class Clients:
    """The AWS clients that the local stack uses."""

    dynamodb: DynamoDBClient
    sqs: SQSClient
    streams: DynamoDBStreamsClient


@dataclass(frozen=True, kw_only=True)
class Place:
    """Resources of one test's own on the shared endpoint."""

    wanted: Resources
    made: Provisioned


def clients_of(url: str) -> Clients:
    """Make clients of an endpoint; the caller closes them."""
    arguments: dict[str, Any] = {
        "region_name": "us-east-1",
        "endpoint_url": url,
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
        "config": Config(
            connect_timeout=2, read_timeout=30, retries={"total_max_attempts": 1, "mode": "standard"}, proxies={}
        ),
    }
    session = boto3.Session()
    return Clients(
        dynamodb=session.client("dynamodb", **arguments),
        sqs=session.client("sqs", **arguments),
        streams=session.client("dynamodbstreams", **arguments),
    )


def close(clients: Clients) -> None:
    """Close what `clients_of` made."""
    clients.dynamodb.close()
    clients.sqs.close()
    clients.streams.close()


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with Endpoint(directory=tmp_path_factory.mktemp("endpoint"), port=free_port()) as running:
        yield running


@pytest.fixture(scope="session")
def clients(endpoint: Endpoint) -> Iterator[Clients]:
    made = clients_of(endpoint.url)
    yield made
    close(made)


@pytest.fixture
def place(clients: Clients) -> Place:
    wanted = resources(prefix=f"{uuid.uuid4().hex[:8]}-", visibility_timeout_seconds=1)
    return Place(wanted=wanted, made=provision(wanted, dynamodb=clients.dynamodb, sqs=clients.sqs))
