"""What answers look like, and what the API's description says of them. JSON is camelCase."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
)
from pydantic.alias_generators import to_camel

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
    FreeSlotsOfDayQuery,
    FreeSlotsOfDaysQuery,
    InWindows,
)
from chalicelib.services.availability import Day, FreeSlots
from chalicelib.services.listings import Page

_T = TypeVar("_T")


class _View(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, defer_build=True, populate_by_name=True, frozen=True)


_IfAny = Annotated[_T | None, Field(exclude_if=lambda value: value is None)]
"""A field that an answer leaves out where there is nothing to say."""


class ProviderView(_View):
    """A provider, with those rules of its policy that it has."""

    provider_id: str
    name: str
    time_zone: str
    created_at: datetime
    min_notice_minutes: _IfAny[int] = None
    max_advance_days: _IfAny[int] = None
    cancel_cutoff_minutes: _IfAny[int] = None
    hold_seconds: _IfAny[int] = None

    @classmethod
    def of(cls, provider: Provider) -> "ProviderView":
        """Show a provider."""
        return cls(
            provider_id=provider.provider_id,
            name=provider.name,
            time_zone=provider.time_zone,
            created_at=provider.created_at,
            **{rule.name: getattr(provider.policy, rule.name) for rule in fields(Policy)},
        )


class SlotView(_View):
    """A slot. `date` and the times are the provider's, `startsAt` and `endsAt` the same instants in UTC."""

    slot_id: str
    date: str
    start_time: str
    end_time: str
    starts_at: datetime
    ends_at: datetime
    status: SlotStatus

    @classmethod
    def of(cls, slot: Slot) -> "SlotView":
        """Show a slot."""
        day, _, start_time = slot.slot_id.partition("T")
        return cls(
            slot_id=slot.slot_id,
            date=day,
            start_time=start_time,
            end_time=local_end_time(slot),
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            status=slot.status,
        )


class BreakView(_View):
    """A time within a window without appointments."""

    start_time: str
    end_time: str

    @classmethod
    def of(cls, pause: Break) -> "BreakView":
        """Show a break."""
        return cls(start_time=clock_time(pause.start), end_time=clock_time(pause.end))


class WindowView(_View):
    """Hours of a day that become slots, in the provider's time."""

    start_time: str
    end_time: str
    slot_duration_minutes: int
    buffer_minutes: int
    breaks: list[BreakView]

    @classmethod
    def of(cls, window: Window) -> "WindowView":
        """Show a window."""
        return cls(
            start_time=clock_time(window.start),
            end_time=clock_time(window.end),
            slot_duration_minutes=window.slot_minutes,
            buffer_minutes=window.buffer_minutes,
            breaks=[BreakView.of(pause) for pause in window.breaks],
        )


class _HoursView(_View):
    """One window or several, as they were asked for."""

    start_time: _IfAny[str] = None
    end_time: _IfAny[str] = None
    slot_duration_minutes: _IfAny[int] = None
    buffer_minutes: _IfAny[int] = None
    breaks: _IfAny[list[BreakView]] = None
    windows: _IfAny[list[WindowView]] = None


def _hours(asked: AskedForDay | AskedForPattern) -> dict[str, Any]:
    """The fields of an `_HoursView`."""
    windows = [WindowView.of(window) for window in asked.to_windows()]
    if isinstance(asked, InWindows):
        return {"windows": windows}
    return {name: value for name, value in windows[0] if name in asked.model_fields_set}


class DayView(_HoursView):
    """A provider's day after its availability was set."""

    provider_id: str
    date: str
    time_zone: str
    slots_created: int
    slots_kept: int
    slots_removed: int
    slots: list[SlotView]

    @classmethod
    def of(cls, day: Day, asked: AskedForDay) -> "DayView":
        """Show a day and what it was set to."""
        return cls(
            provider_id=day.provider.provider_id,
            date=str(day.day),
            **_hours(asked),
            time_zone=day.provider.time_zone,
            slots_created=day.created,
            slots_kept=len(day.kept),
            slots_removed=day.removed,
            slots=[SlotView.of(slot) for slot in day.slots],
        )


class DayCountsView(_View):
    """A day of a pattern that was set."""

    date: str
    slots_created: int
    slots_kept: int
    slots_removed: int

    @classmethod
    def of(cls, day: Day) -> "DayCountsView":
        """Show a day."""
        return cls(date=str(day.day), slots_created=day.created, slots_kept=len(day.kept), slots_removed=day.removed)


class PatternView(_HoursView):
    """The days of a weekly pattern after it was set. `kept` are the held and reserved slots."""

    provider_id: str
    start_date: str
    end_date: str
    weekdays: list[Weekday]
    time_zone: str
    slots_created: int
    slots_kept: int
    slots_removed: int
    days: list[DayCountsView]
    kept: list[SlotView]

    @classmethod
    def of(cls, provider: Provider, days: Sequence[Day], asked: AskedForPattern) -> "PatternView":
        """Show the days and what they were set to."""
        kept = [slot for day in days for slot in day.kept]
        return cls(
            provider_id=provider.provider_id,
            start_date=str(asked.start_date),
            end_date=str(asked.end_date),
            weekdays=asked.weekdays,
            **_hours(asked),
            time_zone=provider.time_zone,
            slots_created=sum(day.created for day in days),
            slots_kept=len(kept),
            slots_removed=sum(day.removed for day in days),
            days=[DayCountsView.of(day) for day in days],
            kept=[SlotView.of(slot) for slot in kept],
        )


class ClosedDayView(_View):
    """A day that was closed. `slots` are the held and reserved ones, which were kept."""

    provider_id: str
    date: str
    time_zone: str
    slots_kept: int
    slots: list[SlotView]

    @classmethod
    def of(cls, day: Day) -> "ClosedDayView":
        """Show what is left of a day."""
        return cls(
            provider_id=day.provider.provider_id,
            date=str(day.day),
            time_zone=day.provider.time_zone,
            slots_kept=len(day.kept),
            slots=[SlotView.of(slot) for slot in day.kept],
        )


class DayHoursView(_View):
    """What a day is set to. A closed day has no windows."""

    date: str
    closed: bool
    windows: list[WindowView]

    @classmethod
    def of(cls, availability: Availability) -> "DayHoursView":
        """Show what is set."""
        windows = [WindowView.of(window) for window in availability.windows]
        return cls(date=str(availability.day), closed=not windows, windows=windows)


class AvailabilityView(_View):
    """What is set for a range of dates. Dates that were never set are not listed."""

    provider_id: str
    first_date: Annotated[str, Field(alias="from")]
    last_date: Annotated[str, Field(alias="to")]
    time_zone: str
    days: list[DayHoursView]


class FreeSlotsView(_View):
    """The slots of a day that can be booked now."""

    provider_id: str
    date: str
    time_zone: str
    slots: list[SlotView]
    count: int

    @classmethod
    def of(cls, found: FreeSlots, provider_id: str, asked: FreeSlotsOfDayQuery) -> "FreeSlotsView":
        """Show free slots."""
        slots = [SlotView.of(slot) for slot in found.slots]
        return cls(
            provider_id=provider_id, date=str(asked.date), time_zone=found.time_zone, slots=slots, count=len(slots)
        )


class FreeSlotsPageView(_View):
    """A page of the slots of a range of dates that can be booked now. The last one has null for its cursor."""

    provider_id: str
    first_date: Annotated[str, Field(alias="from")]
    last_date: Annotated[str, Field(alias="to")]
    time_zone: str
    slots: list[SlotView]
    count: int
    next_cursor: str | None

    @classmethod
    def of(cls, found: FreeSlots, provider_id: str, asked: FreeSlotsOfDaysQuery) -> "FreeSlotsPageView":
        """Show a page."""
        slots = [SlotView.of(slot) for slot in found.slots]
        return cls(
            provider_id=provider_id,
            first_date=str(asked.first_date),
            last_date=str(asked.last_date),
            time_zone=found.time_zone,
            slots=slots,
            count=len(slots),
            next_cursor=found.next_cursor,
        )


class BookingView(_View):
    """A booking. Of its last four fields it has the one that goes with its status."""

    booking_id: str
    status: BookingStatus
    provider_id: str
    slot_id: str
    user_id: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    created_at: datetime
    updated_at: datetime
    expires_at: _IfAny[datetime] = None
    confirmed_at: _IfAny[datetime] = None
    cancelled_at: _IfAny[datetime] = None
    expired_at: _IfAny[datetime] = None

    @classmethod
    def of(cls, booking: Booking) -> "BookingView":
        """Show a booking."""
        since = _FIELD_OF_STATUS[booking.status]
        return cls(
            booking_id=booking.booking_id,
            status=booking.status,
            provider_id=booking.provider_id,
            slot_id=booking.slot_id,
            user_id=booking.user_id,
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            time_zone=booking.time_zone,
            created_at=booking.created_at,
            updated_at=booking.updated_at,
            **{since: getattr(booking, since)},
        )


class BookingsView(_View):
    """A page of bookings. The last one has null for its cursor."""

    bookings: list[BookingView]
    next_cursor: str | None

    @classmethod
    def of(cls, page: Page) -> "BookingsView":
        """Show a page."""
        return cls(bookings=[BookingView.of(booking) for booking in page.bookings], next_cursor=page.next_cursor)


_FIELD_OF_STATUS: Final = {BookingStatus.PENDING: "expires_at", **TIMESTAMP_OF}


class HealthView(_View):
    """The process is up."""

    status: str = "ok"


class ReadinessView(_View):
    """Table and queue answer."""

    status: str = "ready"
    checks: dict[str, str]
