"""Every contract test runs over the fakes, over moto, and over a real endpoint."""

from collections.abc import Iterator

import pytest

from tests.moto_region import mocked_region, own_resources
from tests.tables import EndpointTables, Stores, dao_stores, in_memory_stores, table_on


@pytest.fixture(params=["memory", "moto", "endpoint"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    """The three stores over one table."""
    match request.param:
        case "memory":
            yield in_memory_stores()
        case "moto":
            with mocked_region() as region:
                aws = own_resources(region)
                yield dao_stores(table_on(aws.dynamodb, aws.its.table_name))
        case _:
            tables: EndpointTables = request.getfixturevalue("endpoint_tables")
            yield dao_stores(tables.table())
