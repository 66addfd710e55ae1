"""A system with authentication on: the application in this process, and the running one."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from local_stack.issuer import TokenMaker
from tests.access.places import IN_PROCESS, RUNNING, Place, in_process
from tests.ports import free_port
from tests.system import System, running


@pytest.fixture(scope="session")
def secured_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The system as `make run AUTHENTICATION=on` starts it."""
    options = ("--authentication", "on", "--issuer-port", str(free_port()))
    with running(tmp_path_factory.mktemp("secured"), hold_seconds=300, options=options) as system:
        yield system


@pytest.fixture(scope="session")
def tokens(secured_system: System) -> TokenMaker:
    """What makes tokens for it."""
    return TokenMaker.of(secured_system.data_dir)


@pytest.fixture
def running_place(secured_system: System, tokens: TokenMaker) -> Place:
    """The running system."""
    return Place(secured_system.http, tokens.token)


@pytest.fixture(params=[IN_PROCESS, RUNNING])
def place(request: pytest.FixtureRequest) -> Place:
    """The application in this process, and then the running system."""
    if request.param == IN_PROCESS:
        return in_process(datetime.now(UTC))
    running_place: Place = request.getfixturevalue("running_place")
    return running_place
