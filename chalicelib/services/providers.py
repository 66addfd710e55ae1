"""Who can be booked."""

from chalicelib.domain.errors import ProviderNotFoundError
from chalicelib.domain.models import Provider
from chalicelib.domain.ports import Clock, IdSource, ProviderStore


class ProviderService:
    """Creates and finds providers."""

    def __init__(self, *, providers: ProviderStore, clock: Clock, new_id: IdSource) -> None:
        self._providers = providers
        self._clock = clock
        self._new_id = new_id

    def create(self, *, name: str, time_zone: str, provider_id: str | None) -> Provider:
        """Create a provider, under the caller's own id if one is given. Raises `ProviderExistsError`."""
        provider = Provider(
            provider_id=provider_id or f"provider-{self._new_id()}",
            name=name,
            time_zone=time_zone,
            created_at=self._clock(),
        )
        self._providers.create(provider)
        return provider

    def get(self, provider_id: str) -> Provider:
        """The provider. Raises `ProviderNotFoundError`."""
        provider = self._providers.find(provider_id)
        if provider is None:
            raise ProviderNotFoundError(provider_id)
        return provider
