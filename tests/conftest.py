"""The AWS endpoints and the running systems that tests use."""

import gc
import os
import re
import sys
import threading
from collections.abc import Iterator, Mapping

# The application is imported once, and routes have an authorizer or none from then on: most tests are not about it.
os.environ["AUTHENTICATION"] = "off"

import pytest
from hypothesis import settings
from localstack_client.session import Session

from chalicelib.aws import CLIENT_CONFIG
from deployment.package import ROOT, build
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

MEASURED = re.compile(
    r"""tests/(?:\w+\.py
        | (?:dao|domain|handlers|identity|queue|services|workers)/
        | contracts/.*\bsimulated\b
        | access/.*\bin[ ]process\b)""",
    re.ASCII | re.VERBOSE,
)
"""Tests in which the coverage is measured: those that call the application's code themselves, by their ids. Elsewhere
it runs so often, or among so much other code, that to measure it would take as long again."""

SHARED = ("campaign", "dynamodb_local", "package", "terraform")
"""What takes so long to make that it is made once, in one process, for all tests that use it."""

STARTED_FIRST = ("tests/simulation/test_schedules", "tests/simulation/test_interleavings", "tests/fuzz/")
"""What takes longest of all that runs in any process: else it is still running when the others have nothing to do."""


# Before xdist's own, which reads the groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Settle what runs in one process, and what comes first."""
    for item in items:
        for name in SHARED:
            if name in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group(name))
    items.sort(key=lambda item: not item.nodeid.startswith(STARTED_FIRST))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Measure no coverage where none is to be measured.

    pytest-cov has a mark for that, which does nothing in xdist's workers: it measures twice there, and stops once.
    Where it does not measure, somebody else may, who wants to know of every test (`mutation`).
    """
    if MEASURED.match(item.nodeid) or item.config.getoption("no_cov"):
        return (yield)
    of_this_thread, of_new_ones = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(of_this_thread)
        threading.settrace(of_new_ones)


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over the tests and the modules, thousands of objects that stay to the end."""
    gc.collect()
    gc.freeze()


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


@pytest.fixture(scope="session")
def package() -> Mapping[str, bytes]:
    """What `make package` writes, by name."""
    return build(ROOT, os.environ)
