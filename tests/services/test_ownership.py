"""Which providers and bookings are whose."""

import pytest

from chalicelib.domain.access import Caller, Role
from chalicelib.domain.errors import ProviderNotFoundError
from chalicelib.domain.models import Provider
from chalicelib.services.ownership import Ownership
from tests.builders import booking, provider
from tests.fakes import InMemoryProviders, InMemoryStores

ANN = Caller(user_id="ann", role=Role.PROVIDER)


class Providers(InMemoryProviders):
    """Providers in memory, which count how often one is looked for."""

    times_read = 0

    def find(self, provider_id: str) -> Provider | None:
        self.times_read += 1
        return super().find(provider_id)


@pytest.fixture
def providers() -> Providers:
    stores = InMemoryStores()
    for provider_id, owner_id in (("hers", "ann"), ("another's", "bob"), ("nobody's", None)):
        stores.providers[provider_id] = provider(provider_id=provider_id, owner_id=owner_id)
    return Providers(stores)


@pytest.fixture
def ownership(providers: Providers) -> Ownership:
    return Ownership(providers=providers)


def test_that_a_provider_is_nobodys_is_looked_for_once_too(ownership: Ownership, providers: Providers) -> None:
    for _ in range(3):
        assert not ownership.has_provider(ANN, "nobody's")
    assert providers.times_read == 1


@pytest.mark.parametrize(("provider_id", "is_hers"), [("hers", True), ("another's", False), ("nobody's", False)])
def test_a_provider_is_its_owners(ownership: Ownership, provider_id: str, is_hers: bool) -> None:
    assert ownership.has_provider(ANN, provider_id) is is_hers


@pytest.mark.parametrize("role", [Role.CUSTOMER, None])
def test_who_does_not_provide_has_none(ownership: Ownership, role: Role | None) -> None:
    assert not ownership.has_provider(Caller(user_id="ann", role=role), "hers")


def test_who_is_nobody_in_particular_does_not_have_those_of_nobody(ownership: Ownership) -> None:
    assert not ownership.has_provider(Caller(user_id=None, role=Role.PROVIDER), "nobody's")


@pytest.mark.parametrize("provider_id", ["hers", "another's", "nobody's", "none at all"])
def test_an_admin_has_all_and_nothing_is_looked_for(
    ownership: Ownership, providers: Providers, provider_id: str
) -> None:
    assert ownership.has_provider(Caller(user_id="root", role=Role.ADMIN), provider_id)
    assert providers.times_read == 0


def test_a_provider_that_does_not_exist_is_told(ownership: Ownership) -> None:
    with pytest.raises(ProviderNotFoundError):
        ownership.has_provider(ANN, "none at all")


def test_an_owner_is_looked_for_once(ownership: Ownership, providers: Providers) -> None:
    """It never changes."""
    for _ in range(3):
        ownership.has_provider(ANN, "hers")
    assert providers.times_read == 1


@pytest.mark.parametrize(
    ("caller", "has_it"),
    [
        (Caller(user_id="carl", role=Role.CUSTOMER), True),
        (Caller(user_id="dora", role=Role.CUSTOMER), False),
        (ANN, True),
        (Caller(user_id="bob", role=Role.PROVIDER), False),
        (Caller(user_id="root", role=Role.ADMIN), True),
    ],
)
def test_a_booking_is_its_users_and_its_providers(ownership: Ownership, caller: Caller, has_it: bool) -> None:
    assert ownership.has_booking(caller, booking(provider_id="hers", user_id="carl")) is has_it
