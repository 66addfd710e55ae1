"""Creating and finding providers."""

import pytest

from chalicelib.domain.errors import ProviderExistsError, ProviderNotFoundError
from chalicelib.services.providers import ProviderService
from chalicelib.services.readiness import ReadinessService
from tests.builders import NOW, Clock
from tests.fakes import FakeDependency, InMemoryProviders, InMemoryStores


@pytest.fixture
def service() -> ProviderService:
    return ProviderService(providers=InMemoryProviders(InMemoryStores()), clock=Clock(), new_id=lambda: "some-uuid")


def test_a_new_provider_gets_an_id_and_can_be_found_by_it(service: ProviderService) -> None:
    created = service.create(name="Ann", time_zone="Europe/Berlin", provider_id=None)
    assert created.provider_id == "provider-some-uuid"
    assert created.created_at == NOW
    assert service.get("provider-some-uuid") == created


def test_a_caller_may_choose_the_id_once(service: ProviderService) -> None:
    created = service.create(name="Ann", time_zone="UTC", provider_id="ann")
    assert created.provider_id == "ann"
    with pytest.raises(ProviderExistsError):
        service.create(name="Bea", time_zone="UTC", provider_id="ann")
    assert service.get("ann").name == "Ann"


def test_an_unknown_provider_is_not_found(service: ProviderService) -> None:
    with pytest.raises(ProviderNotFoundError):
        service.get("bob")


def test_readiness_names_what_answers_and_what_does_not() -> None:
    service = ReadinessService(dependencies={"table": FakeDependency(), "queue": FakeDependency(ok=False)})
    assert service.check() == {"table": True, "queue": False}
