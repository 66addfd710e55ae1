"""Creating, changing and finding providers."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chalicelib.domain.errors import ProviderExistsError, ProviderNotFoundError, ServiceUnavailableError
from chalicelib.domain.models import NO_RULES, Policy, Provider
from chalicelib.services.providers import ProviderService
from chalicelib.services.readiness import ReadinessService
from tests.builders import NOW, Clock
from tests.fakes import FakeDependency, InMemoryProviders, InMemoryStores

if TYPE_CHECKING:
    from collections.abc import Callable


class Providers(InMemoryProviders):
    """Providers in memory, where the next changes may be overtaken by another's."""

    def __init__(self) -> None:
        super().__init__(InMemoryStores())
        self.before_change: list[Callable[[], None]] = []
        self.changes = 0
        self.reads = 0
        self.after_find: Callable[[], None] = lambda: None

    def find(self, provider_id: str) -> Provider | None:
        self.reads += 1
        found = super().find(provider_id)
        self.after_find()
        return found

    def change(self, before: Provider, after: Provider) -> None:
        if self.before_change:
            self.before_change.pop(0)()
        super().change(before, after)
        self.changes += 1


@pytest.fixture
def store() -> Providers:
    return Providers()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(store: Providers, clock: Clock) -> ProviderService:
    return ProviderService(providers=store, clock=clock, new_id=lambda: "some-uuid")


def test_to_show_by_a_provider_is_read_once_in_ten_seconds(
    service: ProviderService, store: Providers, clock: Clock
) -> None:
    with pytest.raises(ProviderNotFoundError):
        service.lately("ann")
    ann = service.create(name="Ann", time_zone="UTC", provider_id="ann")
    store.reads = 0
    assert service.lately("ann") == service.lately("ann") == ann

    store.change(ann, replace(ann, name="Bea"))
    clock.advance(seconds=9.9)
    assert service.lately("ann") == ann
    assert store.reads == 1
    clock.advance(seconds=0.1)
    assert service.lately("ann").name == "Bea"
    assert store.reads == 2


def test_what_this_process_has_changed_is_shown_at_once(service: ProviderService) -> None:
    service.create(name="Ann", time_zone="UTC", provider_id="ann")
    service.lately("ann")

    service.change("ann", name="Bea", rules={"hold_seconds": 60})

    assert service.lately("ann") == service.get("ann")
    assert service.lately("ann").policy == Policy(hold_seconds=60)


def test_how_old_it_is_counts_from_before_it_was_read(service: ProviderService, store: Providers, clock: Clock) -> None:
    """By the time the answer is there, it may be another provider already."""
    service.create(name="Ann", time_zone="UTC", provider_id="ann")
    store.after_find = lambda: clock.advance(seconds=10)
    service.lately("ann")
    service.lately("ann")
    assert store.reads == 2


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


def test_a_change_that_another_one_overtakes_is_made_to_what_is_there_by_then(
    service: ProviderService, store: Providers
) -> None:
    ann = service.create(name="Ann", time_zone="UTC", provider_id="ann")
    renamed = replace(ann, name="Ann B.")
    store.before_change = [lambda: InMemoryProviders.change(store, ann, renamed)]

    changed = service.change("ann", name=None, rules={"hold_seconds": 60})

    assert changed == service.get("ann") == replace(renamed, policy=Policy(hold_seconds=60))


def test_a_change_that_is_overtaken_each_time_ends_as_unavailable(service: ProviderService, store: Providers) -> None:
    service.create(name="Ann", time_zone="UTC", provider_id="ann")

    def overtake() -> None:
        there = service.get("ann")
        InMemoryProviders.change(store, there, replace(there, name=f"{there.name}!"))

    store.before_change = [overtake] * 10
    with pytest.raises(ServiceUnavailableError):
        service.change("ann", name=None, rules={"hold_seconds": 60})

    assert len(store.before_change) == 5
    assert service.get("ann").policy == NO_RULES


def test_a_change_to_what_is_there_already_writes_nothing(service: ProviderService, store: Providers) -> None:
    ann = service.create(name="Ann", time_zone="UTC", provider_id="ann", policy=Policy(hold_seconds=60))

    assert service.change("ann", name="Ann", rules={"hold_seconds": 60}) == ann

    assert store.changes == 0
