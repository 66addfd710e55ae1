"""When a provider can be booked: windows become slots, and the free ones are shown."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from chalicelib.domain.changes import DayChange, change_of
from chalicelib.domain.errors import InvalidInputError, ServiceUnavailableError
from chalicelib.domain.models import Availability, Provider, Slot, WeeklyPattern
from chalicelib.domain.policy import allows_taking
from chalicelib.domain.ports import Clock, IdSource, SlotStore
from chalicelib.domain.slots import slots_of
from chalicelib.services.cursors import Cursors
from chalicelib.services.providers import ProviderService

_log = logging.getLogger(__name__)

MAX_SLOTS = 10_000
"""How many slots a request may make. See docs/decisions/017 for what that means for its time."""

_ATTEMPTS = 3
"""How often a day that another request has set meanwhile is tried; then the caller is told to come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A provider's day after its availability was set.

    `created` counts the free slots of the new windows and `removed` those that they replaced; `kept` are the held and
    reserved ones, whose status and owner are never touched.
    """

    provider: Provider
    day: date
    slots: list[Slot]
    """All of them, in order of time."""
    kept: list[Slot]
    """Those of them that somebody owns."""
    created: int
    removed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeSlots:
    """Slots that can be booked, in order of time; `time_zone` is the provider's."""

    time_zone: str
    slots: list[Slot]
    next_cursor: str | None = None
    """Where the next page begins; None if there is none."""


class AvailabilityService:
    """Sets when a provider can be booked, and tells what is free."""

    def __init__(
        self, *, providers: ProviderService, slots: SlotStore, cursors: Cursors, clock: Clock, new_id: IdSource
    ) -> None:
        self._providers = providers
        self._slots = slots
        self._cursors = cursors
        self._clock = clock
        self._new_id = new_id

    def set_day(self, provider_id: str, availability: Availability) -> Day:
        """Make the day's free slots those of its windows; held and reserved slots stay as they are.

        No new slot is made where it would overlap a kept one: the provider can't be in two places. A kept slot that
        is not among those of the windows is not offered again when its booking ends. A day without windows is closed.
        Safe to repeat after a failure half way. Raises `ProviderNotFoundError`, `InvalidInputError` for a past date.
        """
        provider = self._providers.get(provider_id)
        self._refuse_past("date", availability.day, provider)
        (day,) = self._set(provider, [availability])
        return day

    def set_pattern(self, provider_id: str, pattern: WeeklyPattern) -> tuple[Provider, list[Day]]:
        """Set each of the pattern's days as `set_day` does, side by side; returns them in order.

        A failure half way leaves some days set and others not; a repeat writes what is missing. Raises
        `ProviderNotFoundError`, `InvalidInputError` for a start in the past and for more than `MAX_SLOTS` slots.
        """
        provider = self._providers.get(provider_id)
        self._refuse_past("startDate", pattern.first_day, provider)
        days = pattern.days()
        return provider, self._set(provider, days) if days else []

    def availability(self, provider_id: str, first_day: date, last_day: date) -> tuple[str, list[Availability]]:
        """The provider's time zone, and what is set for these days, in order. Raises `ProviderNotFoundError`."""
        time_zone = self._providers.get(provider_id).time_zone
        return time_zone, self._slots.availability(provider_id, first_day, last_day)

    def free_slots(self, provider_id: str, day: date) -> FreeSlots:
        """The slots of a day that can be booked now. Raises `ProviderNotFoundError`."""
        return self._free(provider_id, day, day)

    def free_slots_of_days(
        self, provider_id: str, first_day: date, last_day: date, *, limit: int, cursor: str | None
    ) -> FreeSlots:
        """The slots of a range of days that can be booked now, `limit` at a time: a page is full if there is more.

        Raises `ProviderNotFoundError`, `InvalidInputError` for a cursor that is none of this listing.
        """
        listing = f"free slots of {provider_id} from {first_day} to {last_day}"
        after = "" if cursor is None else self._cursors.open(listing, cursor)
        found = self._free(provider_id, first_day, last_day, after=after, most=limit + 1)
        if len(found.slots) <= limit:
            return found
        page = found.slots[:limit]
        return replace(found, slots=page, next_cursor=self._cursors.seal(listing, page[-1].slot_id))

    def _free(
        self, provider_id: str, first_day: date, last_day: date, *, after: str = "", most: int | None = None
    ) -> FreeSlots:
        # The clock first: a slot that is reserved while it is being read must not be shown as it was, its hold over.
        now = self._clock()
        # A policy is kept by the hold, in its transaction: to show what it allows, that of a moment ago will do.
        provider = self._providers.lately(provider_id)
        free = list[Slot]()
        for slot in self._slots.of_days(provider_id, first_day, last_day, after=after, page_size=most):
            if slot.can_be_booked_at(now) and allows_taking(provider.policy, slot, now):
                free.append(slot.seen_at(now))
            if len(free) == most:
                break
        return FreeSlots(time_zone=provider.time_zone, slots=free)

    def _refuse_past(self, field: str, day: date, provider: Provider) -> None:
        today = self._clock().astimezone(ZoneInfo(provider.time_zone)).date()
        if day < today:
            raise InvalidInputError(field, f"is past: it is {today} in {provider.time_zone}")

    def _set(self, provider: Provider, days: Sequence[Availability]) -> list[Day]:
        wanted = _slots_by_day(provider, days)
        done: dict[date, DayChange] = {}
        left = days
        for _ in range(_ATTEMPTS):
            done |= {change.availability.day: change for change in self._try_to_set(provider, left, wanted)}
            left = [each for each in left if each.day not in done]
            if not left:
                return [_after(done[each.day], provider) for each in days]
            overtaken = [str(each.day) for each in left]
            _log.info("availability overtaken", extra={"provider_id": provider.provider_id, "dates": overtaken})
        raise ServiceUnavailableError(f"Others are setting {left[0].day} at the same time.")

    def _try_to_set(
        self, provider: Provider, days: Sequence[Availability], wanted: Mapping[date, list[Slot]]
    ) -> list[DayChange]:
        """Change days from what is there now. Those that others set meanwhile are not among the changes."""
        now, provider_id, revision = self._clock(), provider.provider_id, self._new_id()
        first_day, last_day = days[0].day, days[-1].day
        # The revisions first: where one is still the same when slots are written, these are as they were read after it.
        revisions = {each.day: each.revision for each in self._slots.availability(provider_id, first_day, last_day)}
        before = defaultdict[date, list[Slot]](list)
        for slot in self._slots.of_days(provider_id, first_day, last_day):
            before[slot.day].append(slot)
        changes = [
            change_of(
                replace(each, revision=revision),
                replaces=revisions.get(each.day, ""),
                before=before[each.day],
                wanted=wanted[each.day],
                now=now,
            )
            for each in days
        ]
        return self._slots.change_days(provider_id, changes, now=now)


def _slots_by_day(provider: Provider, days: Sequence[Availability]) -> dict[date, list[Slot]]:
    """The slots of all days. Raises `InvalidInputError` as soon as there are too many."""
    found: dict[date, list[Slot]] = {}
    count = 0
    for each in days:
        found[each.day] = slots_of(each, provider_id=provider.provider_id, time_zone=provider.time_zone)
        count += len(found[each.day])
        if count > MAX_SLOTS:
            message = f"makes more than {MAX_SLOTS} slots from startDate on; set fewer days at a time"
            raise InvalidInputError("endDate", message)
    return found


def _after(change: DayChange, provider: Provider) -> Day:
    slots = sorted([*change.offered, *change.kept], key=lambda slot: slot.starts_at)
    return Day(
        provider=provider,
        day=change.availability.day,
        slots=slots,
        kept=sorted(change.kept, key=lambda slot: slot.starts_at),
        created=len(change.offered),
        removed=change.replaced,
    )
