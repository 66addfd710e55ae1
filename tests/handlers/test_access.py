"""Who calls, by what the gateway passes on."""

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.domain.access import ANYBODY, Caller, Role
from chalicelib.domain.errors import UnauthenticatedError
from chalicelib.handlers.access import caller_in
from chalicelib.identity.authorizer import Authorizer
from chalicelib.services import Services
from tests.builders import NOW, Clock
from tests.handlers.api import Api

END = int(NOW.timestamp())
ANN = {"userId": "ann", "role": "provider", "expiresAt": str(END + 1)}


@pytest.fixture
def services() -> Services:
    """With authentication on."""
    whole_second = Clock(NOW.replace(microsecond=0))
    return Api(clock=whole_second, authorizer=Authorizer(None)).make_services()


@pytest.mark.parametrize("role", [*Role, None])
def test_the_authorizer_tells_who_calls(services: Services, role: Role | None) -> None:
    context = {"authorizer": {**ANN, "role": role or ""}}
    assert caller_in(context, services=services) == Caller(user_id="ann", role=role)


@pytest.mark.parametrize(
    "context", [{}, {"authorizer": None}, {"authorizer": {}}, {"authorizer": {"principalId": "ann"}}]
)
def test_without_it_nobody_is_known(services: Services, context: Mapping[str, Any]) -> None:
    with pytest.raises(UnauthenticatedError):
        caller_in(context, services=services)


def test_what_it_said_holds_until_the_token_ends(services: Services) -> None:
    """The gateway remembers it for longer."""
    with pytest.raises(UnauthenticatedError):
        caller_in({"authorizer": {**ANN, "expiresAt": str(END)}}, services=services)


def test_a_token_may_end_later_than_any_date(services: Services) -> None:
    assert caller_in({"authorizer": {**ANN, "expiresAt": str(10**30)}}, services=services).user_id == "ann"


def test_with_authentication_off_anybody_calls() -> None:
    assert caller_in({"authorizer": ANN}, services=Api().make_services()) == ANYBODY
