"""The rig of these tests."""

import pytest
from botocore.config import Config
from localstack_client.session import Session

from chalicelib.dao.table import Retries
from tests.dao.rig import Rig
from tests.tables import EndpointTables, table_on
from tests.wire import Wire


@pytest.fixture
def rig(localstack_host: str, endpoint_tables: EndpointTables) -> Rig:
    """A rig of its own for each test; botocore tries everything twice, without a long wait."""
    client = Session(localstack_host=localstack_host).client(
        "dynamodb", config=Config(retries={"mode": "standard", "total_max_attempts": 2})
    )
    slept: list[float] = []
    table = table_on(client, endpoint_tables.name, Retries(sleep=slept.append, jitter=lambda: 1.0))
    return Rig(endpoint_tables.name, table, Wire(client), slept)
