"""A provider's window becomes slots, right on the days the clocks change.

Slots lie on the grid that people read off a clock: the window's start, then every `slot_minutes` of wall time. Each
lasts its full length in real time. On a day the clocks change this means:

- a start that the clocks skip makes no slot;
- a start that comes twice makes one slot, at its first coming (PEP 495, `fold=0`), as a slot's id is its local start;
- a slot that runs over the skipped hour ends later on the clock, and what it would overlap is left out.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.domain.models import Booking, Slot, Window

_MINUTE = timedelta(minutes=1)


def slots_of(window: Window, *, provider_id: str, time_zone: str) -> list[Slot]:
    """Make the slots of a window, in order of time; only those that end by the window's end.

    `time_zone` is an IANA name; raises `zoneinfo.ZoneInfoNotFoundError` for an unknown one.
    """
    zone = ZoneInfo(time_zone)
    length = timedelta(minutes=window.slot_minutes)
    midnight = datetime.combine(window.day, time.min)
    closes_at = first_instant_from(midnight + window.end, zone)
    slots: list[Slot] = []
    for local_start in _grid(midnight, window):
        starts_at = _instant(local_start, zone)
        if starts_at is None or starts_at + length > closes_at:
            continue
        if slots and starts_at < slots[-1].ends_at:
            continue
        slots.append(
            Slot(
                provider_id=provider_id,
                slot_id=slot_id_of(local_start),
                starts_at=starts_at,
                ends_at=starts_at + length,
                time_zone=time_zone,
            )
        )
    return slots


def slot_like(booking: Booking, slot_id: str) -> Slot | None:
    """What another slot of the booking's provider must be like, if it is as long; None at a time that never comes."""
    starts_at = _instant(datetime.fromisoformat(slot_id), ZoneInfo(booking.time_zone))
    if starts_at is None:
        return None
    return Slot(
        provider_id=booking.provider_id,
        slot_id=slot_id,
        starts_at=starts_at,
        ends_at=starts_at + (booking.ends_at - booking.starts_at),
        time_zone=booking.time_zone,
    )


def slot_id_of(local_start: datetime) -> str:
    """The id of the slot that starts at a local time, such as `2026-11-24T09:00`."""
    return local_start.strftime("%Y-%m-%dT%H:%M")


def local_end_time(slot: Slot) -> str:
    """The slot's end on the provider's clock as `HH:MM`; midnight at the day's end is `24:00`, as in the request."""
    end = slot.ends_at.astimezone(ZoneInfo(slot.time_zone))
    start = slot.starts_at.astimezone(ZoneInfo(slot.time_zone))
    ends_the_day = end.time() == time.min and end.date() > start.date()
    return "24:00" if ends_the_day else end.strftime("%H:%M")


def _grid(midnight: datetime, window: Window) -> Iterator[datetime]:
    since_midnight = window.start
    while since_midnight < window.end:
        yield midnight + since_midnight
        since_midnight += timedelta(minutes=window.slot_minutes)


def _instant(local: datetime, zone: ZoneInfo) -> datetime | None:
    """The first instant at which the zone's clocks show `local`; None when they never do."""
    instant = local.replace(tzinfo=zone).astimezone(UTC)
    exists = instant.astimezone(zone).replace(tzinfo=None) == local
    return instant if exists else None


def first_instant_from(local: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which the zone's clocks show `local` or later: the change itself, if they skip it."""
    shown = local
    while (instant := _instant(shown, zone)) is None:
        shown += _MINUTE
    return instant
