"""A running system with authentication on."""

from collections.abc import Iterator

import pytest

from local_stack.issuer import TokenMaker
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
