"""Every contract test runs over the fakes, over moto, and over a real endpoint."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from local_stack.resources import provision, resources
from tests.tables import EndpointTables, Stores, dao_stores, in_memory_stores, table_on


@pytest.fixture(params=["memory", "moto", "endpoint"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    """The three stores over one table."""
    match request.param:
        case "memory":
            yield in_memory_stores()
        case "moto":
            with mock_aws():
                dynamodb = boto3.client("dynamodb", region_name="us-east-1")
                sqs = boto3.client("sqs", region_name="us-east-1")
                yield dao_stores(table_on(dynamodb, provision(resources(), dynamodb=dynamodb, sqs=sqs).table_name))
        case _:
            tables: EndpointTables = request.getfixturevalue("endpoint_tables")
            yield dao_stores(tables.table())
