"""Every contract test runs over the fakes, over moto, and over real endpoints."""

from collections.abc import Iterator

import pytest

from tests.moto_region import mocked_region, own_resources
from tests.tables import EndpointTables, Stores, dao_stores, in_memory_stores, table_on

IMPLEMENTATIONS = [
    "memory",
    "moto",
    "endpoint",
    pytest.param("dynamodb-local", marks=pytest.mark.xdist_group("dynamodb_local")),
]


@pytest.fixture(params=IMPLEMENTATIONS)
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    """The three stores over one table."""
    match request.param:
        case "memory":
            yield in_memory_stores()
        case "moto":
            with mocked_region() as region:
                aws = own_resources(region)
                yield dao_stores(table_on(aws.dynamodb, aws.its.table_name))
        case "endpoint":
            yield dao_stores(_tables(request, "endpoint_tables").table())
        case "dynamodb-local":
            yield dao_stores(_tables(request, "dynamodb_local_tables").table())


def _tables(request: pytest.FixtureRequest, fixture: str) -> EndpointTables:
    # Asked for only now: an engine is started where it is used, and not for every other implementation too.
    tables: EndpointTables = request.getfixturevalue(fixture)
    return tables
