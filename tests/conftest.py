"""The AWS endpoints that tests run on."""

import os
import socket
from collections.abc import Iterator

import pytest
from localstack_client.session import Session

from local_stack.endpoint import Endpoint
from tests.tables import EndpointTables


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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
    return EndpointTables(Session(localstack_host=localstack_host))
