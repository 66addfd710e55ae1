"""One proxy for all tests of faults."""

from collections.abc import Iterator

import pytest

from tests.faults.proxy import running_proxy
from tests.faults.world import Bench
from tests.tables import EndpointTables


@pytest.fixture(scope="session")
def bench(
    localstack_host: str, endpoint_tables: EndpointTables, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    """The proxy before the endpoint, and clients that go through it."""
    with running_proxy(localstack_host, tmp_path_factory.mktemp("proxy") / "log") as proxy:
        # Its own table, and not the one that tests share: it is emptied before each run.
        yield Bench(proxy, EndpointTables(dynamodb=endpoint_tables.dynamodb, sqs=endpoint_tables.sqs))
