"""The AWS endpoints and the running systems that tests use."""

import os
from collections.abc import Iterator

# The application is imported once, and routes have an authorizer or none from then on: most tests are not about it.
os.environ["AUTHENTICATION"] = "off"

import pytest
from hypothesis import settings
from localstack_client.session import Session

from chalicelib.aws import CLIENT_CONFIG
from local_stack.endpoint import Endpoint
from tests.engines import dynamodb_local as engine
from tests.engines.dynamodb_local import DynamoDbLocal
from tests.moto_region import Aws, Region, mocked_region, own_resources
from tests.ports import free_port
from tests.system import System, running
from tests.tables import EndpointTables

# How long an example takes says nothing on a busy machine.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

SHARED = ("secured_system", "system", "short_hold_system", "dynamodb_local")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let all tests that share a system or engine that takes long to start run in one process: it is started once."""
    for item in items:
        for name in SHARED:
            if name in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group(name))


@pytest.fixture(scope="module")
def region() -> Iterator[Region]:
    """AWS in this process, by moto."""
    with mocked_region() as region:
        yield region


@pytest.fixture
def aws(region: Region) -> Aws:
    """A table and queues by moto."""
    return own_resources(region)


@pytest.fixture(scope="session")
def localstack_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`host:port` of the endpoint that LOCALSTACK_HOST names, or of an embedded one for these tests alone."""
    if named := os.environ.get("LOCALSTACK_HOST"):
        yield named
        return
    port = free_port()
    with Endpoint(directory=tmp_path_factory.mktemp("endpoint"), port=port):
        yield f"127.0.0.1:{port}"


@pytest.fixture(scope="session")
def endpoint_tables(localstack_host: str) -> EndpointTables:
    """Tables on a real endpoint."""
    session = Session(localstack_host=localstack_host)
    return EndpointTables(
        dynamodb=session.client("dynamodb", config=CLIENT_CONFIG), sqs=session.client("sqs", config=CLIENT_CONFIG)
    )


@pytest.fixture(scope="session")
def dynamodb_local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DynamoDbLocal]:
    """Amazon's DynamoDB Local, empty at first. Tests that need it are skipped where it can't run, and fail in CI."""
    with engine.running(engine.required(), log_file=tmp_path_factory.mktemp("dynamodb-local") / "log") as started:
        yield started


@pytest.fixture(scope="session")
def dynamodb_local_tables(dynamodb_local: DynamoDbLocal, endpoint_tables: EndpointTables) -> EndpointTables:
    """Tables on DynamoDB Local, with queues on the other endpoint: it has none."""
    return EndpointTables(dynamodb=dynamodb_local.client("dynamodb"), sqs=endpoint_tables.sqs)


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The whole system, with holds that outlast every test."""
    with running(tmp_path_factory.mktemp("system"), hold_seconds=600) as started:
        yield started


@pytest.fixture(scope="session")
def short_hold_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The whole system, with holds of two seconds."""
    with running(tmp_path_factory.mktemp("short-hold-system"), hold_seconds=2) as started:
        yield started
