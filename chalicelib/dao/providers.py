"""Providers in the table."""

from boto3.dynamodb.conditions import Attr

from chalicelib.dao import keys
from chalicelib.dao.actions import put
from chalicelib.dao.items import provider_item, to_provider
from chalicelib.dao.table import ConditionFailedError, Table
from chalicelib.domain.errors import ProviderExistsError
from chalicelib.domain.models import Provider


class ProviderDao:
    """A `ProviderStore`."""

    def __init__(self, *, table: Table) -> None:
        self._table = table

    def create(self, provider: Provider) -> None:
        """Put the provider, if its id is free. Raises `ProviderExistsError`."""
        try:
            self._table.transact([put(provider_item(provider), Attr("PK").not_exists())])
        except ConditionFailedError as refused:
            raise ProviderExistsError(provider.provider_id) from refused

    def find(self, provider_id: str) -> Provider | None:
        """Read the provider."""
        item = self._table.get(keys.provider(provider_id))
        return to_provider(item) if item else None
