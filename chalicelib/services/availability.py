"""When a provider can be booked: a window becomes slots, and the free ones are shown."""

import logging
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from chalicelib.domain.errors import InvalidInputError, ServiceUnavailableError
from chalicelib.domain.models import Provider, Slot, SlotStatus, Window
from chalicelib.domain.ports import AvailabilitySupersededError, Clock, IdSource, SlotStore
from chalicelib.domain.slots import slots_of
from chalicelib.services.providers import ProviderService

_log = logging.getLogger(__name__)

_ATTEMPTS = 3
"""How often a request that another one for the same date has overtaken starts again; then it is told to come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A provider's day after its availability was set.

    `created` counts the free slots of the new window and `removed` those that it replaced; `kept` counts the held
    and reserved ones, which are never touched.
    """

    provider: Provider
    slots: list[Slot]
    created: int
    kept: int
    removed: int


class AvailabilityService:
    """Sets a day's window, and tells what is free."""

    def __init__(self, *, providers: ProviderService, slots: SlotStore, clock: Clock, new_id: IdSource) -> None:
        self._providers = providers
        self._slots = slots
        self._clock = clock
        self._new_id = new_id

    def set_day(self, provider_id: str, window: Window) -> Day:
        """Replace the day's free slots by those of `window`; held and reserved slots stay as they are.

        No new slot is made where it would overlap a kept one: the provider can't be in two places. Safe to repeat
        after a failure half way. Raises `ProviderNotFoundError`, `InvalidInputError` for a past date.
        """
        provider = self._providers.get(provider_id)
        today = self._clock().astimezone(ZoneInfo(provider.time_zone)).date()
        if window.day < today:
            raise InvalidInputError("date", f"is past: it is {today} in {provider.time_zone}")
        for _ in range(_ATTEMPTS):
            try:
                return self._replace_free_slots(provider, window)
            except AvailabilitySupersededError:
                _log.info("availability overtaken", extra={"provider_id": provider_id, "date": str(window.day)})
        raise ServiceUnavailableError(f"Others are setting {window.day} at the same time.")

    def free_slots(self, provider_id: str, day: date) -> tuple[str, list[Slot]]:
        """The provider's time zone, and the slots of a day that can be booked now, in order of time.

        Raises `ProviderNotFoundError`.
        """
        # The clock first: a slot that is reserved while it is being read must not be shown as it was, its hold over.
        now = self._clock()
        slots = self._slots.of_day(provider_id, day)
        time_zone = slots[0].time_zone if slots else self._providers.get(provider_id).time_zone
        return time_zone, [slot.seen_at(now) for slot in slots if slot.can_be_booked_at(now)]

    def _replace_free_slots(self, provider: Provider, window: Window) -> Day:
        """First take away, then add: at no instant are two slots free that overlap."""
        revision = self._new_id()
        self._slots.open_window(provider.provider_id, window, revision=revision)
        now = self._clock()
        wanted = slots_of(window, provider_id=provider.provider_id, time_zone=provider.time_zone)
        spans_wanted = {_span(slot) for slot in wanted}

        before = self._slots.of_day(provider.provider_id, window.day)
        kept = [slot for slot in before if slot.status_at(now) is not SlotStatus.AVAILABLE]
        free = [slot for slot in before if slot.status_at(now) is SlotStatus.AVAILABLE]
        unwanted = [slot for slot in free if _span(slot) not in spans_wanted]
        taken_since = self._slots.remove_free(unwanted, window, revision=revision, now=now)
        kept += taken_since

        spans_there = {_span(slot) for slot in free}
        offered = [slot for slot in wanted if not any(slot.overlaps(other) for other in kept)]
        self._slots.add([slot for slot in offered if _span(slot) not in spans_there], window, revision=revision)
        return Day(
            provider=provider,
            slots=sorted([*offered, *kept], key=lambda slot: slot.starts_at),
            created=len(offered),
            kept=len(kept),
            removed=len(free) - len(taken_since),
        )


def _span(slot: Slot) -> tuple[str, object, object]:
    return slot.slot_id, slot.starts_at, slot.ends_at
