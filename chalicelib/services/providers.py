"""Who can be booked, and what they ask of those who book."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.domain.errors import ProviderNotFoundError, ServiceUnavailableError
from chalicelib.domain.models import NO_RULES, Policy, Provider
from chalicelib.domain.ports import Clock, IdSource, ProviderChangedError, ProviderStore
from chalicelib.services.recent import Recent

_LOOKS = 5
"""How often a change that another one has overtaken looks again."""

_FRESH = timedelta(seconds=10)
"""For how long a provider that was read is good enough to show by."""


class ProviderService:
    """Creates, changes and finds providers."""

    def __init__(self, *, providers: ProviderStore, clock: Clock, new_id: IdSource) -> None:
        self._providers = providers
        self._clock = clock
        self._new_id = new_id
        self._read: Recent[str, tuple[datetime, Provider]] = Recent()
        """The providers as they were read or written last, and when that was begun."""

    def create(
        self,
        *,
        name: str,
        time_zone: str,
        provider_id: str | None,
        policy: Policy = NO_RULES,
        owner_id: str | None = None,
    ) -> Provider:
        """Create a provider, under the caller's own id if one is given. Raises `ProviderExistsError`.

        It is its owner's, who acts for it; without one, admins do.
        """
        provider = Provider(
            provider_id=provider_id or f"provider-{self._new_id()}",
            name=name,
            time_zone=time_zone,
            created_at=self._clock(),
            policy=policy,
            owner_id=owner_id,
        )
        self._providers.create(provider)
        return provider

    def get(self, provider_id: str) -> Provider:
        """The provider. Raises `ProviderNotFoundError`."""
        now = self._clock()
        provider = self._providers.find(provider_id)
        if provider is None:
            raise ProviderNotFoundError(provider_id)
        self._read.keep(provider_id, (now, provider))
        return provider

    def lately(self, provider_id: str) -> Provider:
        """The provider as it was a few seconds ago at most: to show by, not to decide on.

        What this process has changed since counts. Raises `ProviderNotFoundError`.
        """
        read = self._read.get(provider_id)
        if read and self._clock() - read[0] < _FRESH:
            return read[1]
        return self.get(provider_id)

    def change(self, provider_id: str, *, name: str | None, rules: Mapping[str, int | None]) -> Provider:
        """Change the name, if one is given, and those rules of the policy that are named; None ends a rule.

        Bookings that were made before keep what they were made under. Raises `ProviderNotFoundError`.
        """
        for _ in range(_LOOKS):
            now = self._clock()
            before = self.get(provider_id)
            after = replace(before, name=name or before.name, policy=replace(before.policy, **rules))
            if after == before:
                return before
            try:
                self._providers.change(before, after)
            except ProviderChangedError:
                continue
            self._read.keep(provider_id, (now, after))
            return after
        raise ServiceUnavailableError("The provider is being changed.")
