"""What a `ProviderStore` promises."""

import pytest

from chalicelib.domain.errors import ProviderExistsError
from tests.builders import new_id, provider
from tests.tables import Stores


@pytest.mark.parametrize("owner_id", ["ann", None])
def test_a_created_provider_is_found_as_it_was(stores: Stores, owner_id: str | None) -> None:
    ann = provider(name="Ann Ångström 💇", time_zone="Europe/Berlin", owner_id=owner_id)
    stores.providers.create(ann)
    assert stores.providers.find(ann.provider_id) == ann


def test_an_unknown_provider_is_not_found(stores: Stores) -> None:
    assert stores.providers.find(f"p-{new_id()}") is None


def test_an_id_that_is_taken_is_refused_and_the_first_provider_stays(stores: Stores) -> None:
    ann = provider(name="Ann")
    stores.providers.create(ann)
    with pytest.raises(ProviderExistsError):
        stores.providers.create(provider(provider_id=ann.provider_id, name="Bea"))
    assert stores.providers.find(ann.provider_id) == ann
