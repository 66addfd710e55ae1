"""A provider's windows become slots, right on the days the clocks change.

Slots lie on the grid that people read off a clock: the window's start, then every `slot_minutes` and `buffer_minutes`
of wall time. A break ends the grid, and after it a new one starts at the break's end. Each slot lasts its full length
in real time. On a day the clocks change this means:

- a start that the clocks skip makes no slot;
- a start that comes twice makes one slot, at its first coming (PEP 495, `fold=0`), as a slot's id is its local start;
- a slot that runs over the skipped hour ends later on the clock, and what it or its buffer would overlap is left out;
- a break or an end of a window that the clocks skip is at the change, and one that comes twice at its first coming.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.domain.errors import AppointmentError, SlotNotFoundError, SlotUnavailableError
from chalicelib.domain.models import Availability, Booking, Slot, Window

_MINUTE = timedelta(minutes=1)


def slots_of(availability: Availability, *, provider_id: str, time_zone: str) -> list[Slot]:
    """Make the slots of a day, in order of time; only those that end by the next break, and by their window's end.

    `time_zone` is an IANA name; raises `zoneinfo.ZoneInfoNotFoundError` for an unknown one.
    """
    midnight = datetime.combine(availability.day, time.min)
    return [
        Slot(
            provider_id=provider_id,
            slot_id=slot_id_of(local_start),
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=window.slot_minutes),
            time_zone=time_zone,
        )
        for window in availability.windows
        for start, end in _spans_between_breaks(window)
        for local_start, starts_at in _starts(midnight + start, midnight + end, window, ZoneInfo(time_zone))
    ]


def slot_like(other: Booking | Slot, slot_id: str) -> Slot | None:
    """What a slot must be like if it is as long as another one of its provider; None at a time that never comes."""
    starts_at = _instant(datetime.fromisoformat(slot_id), ZoneInfo(other.time_zone))
    if starts_at is None:
        return None
    return Slot(
        provider_id=other.provider_id,
        slot_id=slot_id,
        starts_at=starts_at,
        ends_at=starts_at + (other.ends_at - other.starts_at),
        time_zone=other.time_zone,
    )


def why_not_bookable(slot: Slot, now: datetime) -> AppointmentError | None:
    """What a hold of the slot at `now` is refused with; None where it is not (`Slot.can_be_booked_at`)."""
    if slot.starts_at <= now:
        return SlotUnavailableError(slot.slot_id, "has started")
    if slot.is_owned_at(now):
        return SlotUnavailableError(slot.slot_id, "is taken")
    if slot.withdrawn:
        return SlotNotFoundError(slot.provider_id, slot.slot_id)
    return None


def slot_id_of(local_start: datetime) -> str:
    """The id of the slot that starts at a local time, such as `2026-11-24T09:00`."""
    return local_start.strftime("%Y-%m-%dT%H:%M")


def local_end_time(slot: Slot) -> str:
    """The slot's end on the provider's clock as `HH:MM`; midnight at the day's end is `24:00`, as in the request."""
    end = slot.ends_at.astimezone(ZoneInfo(slot.time_zone))
    shown = f"{end.hour:02}:{end.minute:02}"
    return "24:00" if shown == "00:00" and end.date() > slot.day else shown


def _spans_between_breaks(window: Window) -> Iterator[tuple[timedelta, timedelta]]:
    start = window.start
    for pause in window.breaks:
        yield start, pause.start
        start = pause.end
    yield start, window.end


def _starts(opens: datetime, closes: datetime, window: Window, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """The starts of the slots of one grid, by the clock and as instants."""
    length, buffer = timedelta(minutes=window.slot_minutes), timedelta(minutes=window.buffer_minutes)
    closes_at = first_instant_from(closes, zone)
    local_start, free_from = opens, None
    while local_start < closes:
        starts_at = _instant(local_start, zone)
        if starts_at and starts_at + length <= closes_at and (free_from is None or starts_at >= free_from):
            yield local_start, starts_at
            free_from = starts_at + length + buffer
        local_start += length + buffer


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
