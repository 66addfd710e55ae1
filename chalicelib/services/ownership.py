"""Which providers are whose."""

from chalicelib.domain.access import Caller, Role
from chalicelib.domain.errors import ProviderNotFoundError
from chalicelib.domain.models import Booking
from chalicelib.domain.ports import ProviderStore
from chalicelib.services.recent import Recent


class Ownership:
    """Tells whether a provider, or a booking, is the caller's. An owner never changes, and so is read once."""

    def __init__(self, *, providers: ProviderStore) -> None:
        self._providers = providers
        self._owners: Recent[str, tuple[str | None]] = Recent()

    def has_provider(self, caller: Caller, provider_id: str) -> bool:
        """Whether the caller acts for the provider. Raises `ProviderNotFoundError`."""
        if caller.is_admin:
            return True
        if caller.role is not Role.PROVIDER:
            return False
        owner = self._owner_of(provider_id)
        return owner is not None and caller.is_user(owner)

    def has_booking(self, caller: Caller, booking: Booking) -> bool:
        """Whether the booking is the caller's own, or with a provider that the caller acts for."""
        return caller.is_user(booking.user_id) or self.has_provider(caller, booking.provider_id)

    def _owner_of(self, provider_id: str) -> str | None:
        known = self._owners.get(provider_id)
        if known is None:
            provider = self._providers.find(provider_id)
            if provider is None:
                raise ProviderNotFoundError(provider_id)
            known = (provider.owner_id,)
            self._owners.keep(provider_id, known)
        return known[0]
