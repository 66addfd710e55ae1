import pytest

from tests.handlers.api import Api


@pytest.fixture
def api() -> Api:
    return Api()
