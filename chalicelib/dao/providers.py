"""Providers in the table, each with copies of its policy."""

from dataclasses import asdict

from chalicelib.dao import keys, policies
from chalicelib.dao.actions import put, update
from chalicelib.dao.conditions import is_absent
from chalicelib.dao.items import camel, policy_fields, provider_item, to_provider
from chalicelib.dao.table import ConditionFailedError, Table
from chalicelib.domain.errors import ProviderExistsError
from chalicelib.domain.models import NO_RULES, Policy, Provider
from chalicelib.domain.ports import ProviderChangedError


class ProviderDao:
    """A `ProviderStore`."""

    def __init__(self, *, table: Table) -> None:
        self._table = table

    def create(self, provider: Provider) -> None:
        """Put the provider, if its id is free. Raises `ProviderExistsError`."""
        copies = [] if provider.policy == NO_RULES else policies.copies(provider)
        try:
            self._table.transact([put(provider_item(provider), is_absent()), *copies])
        except ConditionFailedError as refused:
            raise ProviderExistsError(provider.provider_id) from refused

    def find(self, provider_id: str) -> Provider | None:
        """Read the provider."""
        item = self._table.get(keys.provider(provider_id))
        return to_provider(item) if item else None

    def change(self, before: Provider, after: Provider) -> None:
        """Write the name and the policy with its copies, if both are as they were."""
        rules = policy_fields(after.policy)
        change = update(
            keys.provider(before.provider_id),
            write={"name": after.name, **rules},
            remove=tuple(name for name in map(camel, Policy.__dataclass_fields__) if name not in rules),
            condition=policies.provider_is_as_read(name=before.name, **asdict(before.policy)),
        )
        copies = [] if before.policy == after.policy else policies.copies(after)
        try:
            self._table.transact([change, *copies])
        except ConditionFailedError as refused:
            raise ProviderChangedError from refused
