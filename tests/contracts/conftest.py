"""Every contract test runs over the fakes, over the simulation, over moto, and over real endpoints."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from local_stack.resources import resources
from simulation import dynamodb
from simulation.machine import in_turn
from tests.moto_region import mocked_region, own_resources
from tests.simulation.dynamodb.client import client_of
from tests.tables import EndpointTables, Stores, dao_stores, in_memory_stores, table_on

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

IMPLEMENTATIONS = [
    "memory",
    "simulated",
    "moto",
    "endpoint",
    pytest.param("dynamodb-local", marks=pytest.mark.xdist_group("dynamodb_local")),
]


@pytest.fixture(scope="session")
def simulated_dynamodb() -> "DynamoDBClient":
    """A client of the simulation's table, in this process. Tests use ids of their own."""
    table = dynamodb.Table(resources().table)
    return client_of(lambda operation, request: table.call(operation, request, now=0.0))


@pytest.fixture(params=IMPLEMENTATIONS)
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    """The stores over one table."""
    match request.param:
        case "memory":
            yield in_memory_stores()
        case "simulated":
            client: DynamoDBClient = request.getfixturevalue("simulated_dynamodb")
            yield dao_stores(table_on(client, resources().table.name, run_all=in_turn))
        case "moto":
            with mocked_region() as region:
                aws = own_resources(region)
                # moto does not even copy a table safely while another thread writes to it.
                yield dao_stores(table_on(aws.dynamodb, aws.its.table_name, run_all=in_turn))
        case "endpoint":
            yield dao_stores(_tables(request, "endpoint_tables").table())
        case "dynamodb-local":
            yield dao_stores(_tables(request, "dynamodb_local_tables").table())


def _tables(request: pytest.FixtureRequest, fixture: str) -> EndpointTables:
    # Asked for only now: an engine is started where it is used, and not for every other implementation too.
    tables: EndpointTables = request.getfixturevalue(fixture)
    return tables
