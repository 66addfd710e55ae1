"""What answers look like, and what the API's description says of them: plain values, under the names that JSON has.

Each answer is a TypedDict, which mypy checks and pydantic describes, and which `http.answer` writes as it is. They are
those of typing_extensions, as pydantic wants them before Python 3.12.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final, NotRequired, cast

from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict

from chalicelib.domain.instants import clock_time
from chalicelib.domain.models import (
    TIMESTAMP_OF,
    Availability,
    Booking,
    BookingStatus,
    Break,
    Policy,
    Provider,
    Slot,
    SlotStatus,
    Window,
)
from chalicelib.domain.slots import local_end_time
from chalicelib.handlers.fields import Weekday
from chalicelib.handlers.requests import (
    AskedForDay,
    AskedForPattern,
    AvailabilityQuery,
    FreeSlotsOfDayQuery,
    FreeSlotsOfDaysQuery,
    InWindows,
)
from chalicelib.services.availability import Day, FreeSlots
from chalicelib.services.listings import Page


class ProviderView(TypedDict):
    """A provider, with those rules of its policy that it has."""

    providerId: str
    name: str
    timeZone: str
    createdAt: datetime
    minNoticeMinutes: NotRequired[int]
    maxAdvanceDays: NotRequired[int]
    cancelCutoffMinutes: NotRequired[int]
    holdSeconds: NotRequired[int]


def provider_view(provider: Provider) -> ProviderView:
    """Show a provider."""
    rules = {to_camel(rule.name): getattr(provider.policy, rule.name) for rule in fields(Policy)}
    shown: Mapping[str, Any] = {
        "providerId": provider.provider_id,
        "name": provider.name,
        "timeZone": provider.time_zone,
        "createdAt": provider.created_at,
        **{name: value for name, value in rules.items() if value is not None},
    }
    return cast("ProviderView", shown)


class SlotView(TypedDict):
    """A slot. `date` and the times are the provider's, `startsAt` and `endsAt` the same instants in UTC."""

    slotId: str
    date: str
    startTime: str
    endTime: str
    startsAt: datetime
    endsAt: datetime
    status: SlotStatus


def slot_view(slot: Slot) -> SlotView:
    """Show a slot."""
    day, _, start_time = slot.slot_id.partition("T")
    return {
        "slotId": slot.slot_id,
        "date": day,
        "startTime": start_time,
        "endTime": local_end_time(slot),
        "startsAt": slot.starts_at,
        "endsAt": slot.ends_at,
        "status": slot.status,
    }


class BreakView(TypedDict):
    """A time within a window without appointments."""

    startTime: str
    endTime: str


class WindowView(TypedDict):
    """Hours of a day that become slots, in the provider's time."""

    startTime: str
    endTime: str
    slotDurationMinutes: int
    bufferMinutes: int
    breaks: list[BreakView]


def window_view(window: Window) -> WindowView:
    """Show a window."""
    return {
        "startTime": clock_time(window.start),
        "endTime": clock_time(window.end),
        "slotDurationMinutes": window.slot_minutes,
        "bufferMinutes": window.buffer_minutes,
        "breaks": [_break_view(pause) for pause in window.breaks],
    }


def _break_view(pause: Break) -> BreakView:
    return {"startTime": clock_time(pause.start), "endTime": clock_time(pause.end)}


class _HoursView(TypedDict):
    """One window or several, as they were asked for."""

    startTime: NotRequired[str]
    endTime: NotRequired[str]
    slotDurationMinutes: NotRequired[int]
    bufferMinutes: NotRequired[int]
    breaks: NotRequired[list[BreakView]]
    windows: NotRequired[list[WindowView]]


def _hours_view(asked: AskedForDay | AskedForPattern) -> _HoursView:
    windows = [window_view(window) for window in asked.to_windows()]
    if isinstance(asked, InWindows):
        return {"windows": windows}
    given = {to_camel(name) for name in asked.model_fields_set}
    return cast("_HoursView", {name: value for name, value in windows[0].items() if name in given})


class DayView(_HoursView):
    """A provider's day after its availability was set."""

    providerId: str
    date: str
    timeZone: str
    slotsCreated: int
    slotsKept: int
    slotsRemoved: int
    slots: list[SlotView]


def day_view(day: Day, asked: AskedForDay) -> DayView:
    """Show a day and what it was set to."""
    return {
        "providerId": day.provider.provider_id,
        "date": str(day.day),
        **_hours_view(asked),
        "timeZone": day.provider.time_zone,
        "slotsCreated": day.created,
        "slotsKept": len(day.kept),
        "slotsRemoved": day.removed,
        "slots": [slot_view(slot) for slot in day.slots],
    }


class DayCountsView(TypedDict):
    """A day of a pattern that was set."""

    date: str
    slotsCreated: int
    slotsKept: int
    slotsRemoved: int


def _day_counts_view(day: Day) -> DayCountsView:
    return {
        "date": str(day.day),
        "slotsCreated": day.created,
        "slotsKept": len(day.kept),
        "slotsRemoved": day.removed,
    }


class PatternView(_HoursView):
    """The days of a weekly pattern after it was set. `kept` are the held and reserved slots."""

    providerId: str
    startDate: str
    endDate: str
    weekdays: list[Weekday]
    timeZone: str
    slotsCreated: int
    slotsKept: int
    slotsRemoved: int
    days: list[DayCountsView]
    kept: list[SlotView]


def pattern_view(provider: Provider, days: Sequence[Day], asked: AskedForPattern) -> PatternView:
    """Show the days and what they were set to."""
    kept = [slot for day in days for slot in day.kept]
    return {
        "providerId": provider.provider_id,
        "startDate": str(asked.start_date),
        "endDate": str(asked.end_date),
        "weekdays": asked.weekdays,
        **_hours_view(asked),
        "timeZone": provider.time_zone,
        "slotsCreated": sum(day.created for day in days),
        "slotsKept": len(kept),
        "slotsRemoved": sum(day.removed for day in days),
        "days": [_day_counts_view(day) for day in days],
        "kept": [slot_view(slot) for slot in kept],
    }


class ClosedDayView(TypedDict):
    """A day that was closed. `slots` are the held and reserved ones, which were kept."""

    providerId: str
    date: str
    timeZone: str
    slotsKept: int
    slots: list[SlotView]


def closed_day_view(day: Day) -> ClosedDayView:
    """Show what is left of a day."""
    return {
        "providerId": day.provider.provider_id,
        "date": str(day.day),
        "timeZone": day.provider.time_zone,
        "slotsKept": len(day.kept),
        "slots": [slot_view(slot) for slot in day.kept],
    }


class DayHoursView(TypedDict):
    """What a day is set to. A closed day has no windows."""

    date: str
    closed: bool
    windows: list[WindowView]


def _day_hours_view(availability: Availability) -> DayHoursView:
    windows = [window_view(window) for window in availability.windows]
    return {"date": str(availability.day), "closed": not windows, "windows": windows}


_FromTo = TypedDict("_FromTo", {"from": str, "to": str})
"""The first and the last date of a range; not a class's field, as Python keeps the first name for itself."""


class AvailabilityView(_FromTo):
    """What is set for a range of dates. Dates that were never set are not listed."""

    providerId: str
    timeZone: str
    days: list[DayHoursView]


def availability_view(
    provider_id: str, time_zone: str, days: Sequence[Availability], asked: AvailabilityQuery
) -> AvailabilityView:
    """Show what is set for the dates that were asked for."""
    return {
        "providerId": provider_id,
        "from": str(asked.first_date),
        "to": str(asked.last_date),
        "timeZone": time_zone,
        "days": [_day_hours_view(day) for day in days],
    }


class FreeSlotsView(TypedDict):
    """The slots of a day that can be booked now."""

    providerId: str
    date: str
    timeZone: str
    slots: list[SlotView]
    count: int


def free_slots_view(found: FreeSlots, provider_id: str, asked: FreeSlotsOfDayQuery) -> FreeSlotsView:
    """Show free slots."""
    return {
        "providerId": provider_id,
        "date": str(asked.date),
        "timeZone": found.time_zone,
        "slots": [slot_view(slot) for slot in found.slots],
        "count": len(found.slots),
    }


class FreeSlotsPageView(_FromTo):
    """A page of the slots of a range of dates that can be booked now. The last one has null for its cursor."""

    providerId: str
    timeZone: str
    slots: list[SlotView]
    count: int
    nextCursor: str | None


def free_slots_page_view(found: FreeSlots, provider_id: str, asked: FreeSlotsOfDaysQuery) -> FreeSlotsPageView:
    """Show a page."""
    return {
        "providerId": provider_id,
        "from": str(asked.first_date),
        "to": str(asked.last_date),
        "timeZone": found.time_zone,
        "slots": [slot_view(slot) for slot in found.slots],
        "count": len(found.slots),
        "nextCursor": found.next_cursor,
    }


class BookingView(TypedDict):
    """A booking. Of its last four fields it has the one that goes with its status."""

    bookingId: str
    status: BookingStatus
    providerId: str
    slotId: str
    userId: str
    startsAt: datetime
    endsAt: datetime
    timeZone: str
    createdAt: datetime
    updatedAt: datetime
    expiresAt: NotRequired[datetime]
    confirmedAt: NotRequired[datetime]
    cancelledAt: NotRequired[datetime]
    expiredAt: NotRequired[datetime]


def booking_view(booking: Booking) -> BookingView:
    """Show a booking."""
    since = _FIELD_OF_STATUS[booking.status]
    shown: Mapping[str, Any] = {
        "bookingId": booking.booking_id,
        "status": booking.status,
        "providerId": booking.provider_id,
        "slotId": booking.slot_id,
        "userId": booking.user_id,
        "startsAt": booking.starts_at,
        "endsAt": booking.ends_at,
        "timeZone": booking.time_zone,
        "createdAt": booking.created_at,
        "updatedAt": booking.updated_at,
        _NAMES[since]: getattr(booking, since),
    }
    return cast("BookingView", shown)


class BookingsView(TypedDict):
    """A page of bookings. The last one has null for its cursor."""

    bookings: list[BookingView]
    nextCursor: str | None


def bookings_view(page: Page) -> BookingsView:
    """Show a page."""
    return {"bookings": [booking_view(booking) for booking in page.bookings], "nextCursor": page.next_cursor}


_FIELD_OF_STATUS: Final = {BookingStatus.PENDING: "expires_at", **TIMESTAMP_OF}
_NAMES: Final = {field: to_camel(field) for field in _FIELD_OF_STATUS.values()}


class HealthView(TypedDict):
    """The process is up."""

    status: str


class ReadinessView(TypedDict):
    """Table and queue answer."""

    status: str
    checks: dict[str, str]
