"""What requests and responses look like: the models that validate, and that the API's description is made from.

JSON is camelCase. A request's models are strict: no unknown field, no number for a text, and every message is written
for the person who sent the request.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
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
    WeeklyPattern,
    Window,
)
from chalicelib.domain.slots import local_end_time
from chalicelib.handlers.forms import Forms
from chalicelib.services.availability import Day, FreeSlots
from chalicelib.services.listings import Page, PageRequest

PROVIDER_ID: Final = r"^[A-Za-z0-9_-]{1,64}$"
IDEMPOTENCY_KEY: Final = r"^[\x21-\x7e]{1,255}$"
BOOKING_ID: Final = r"^booking-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_DAY: Final = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CONTROL: Final = r"\u0000-\u001f\u007f-\u009f"
_BLANK: Final = r"\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_LAST_DATE: Final = date(9999, 1, 1)
"""Later ones leave no room for time zones and day ends in Python's calendar, which ends with that year."""
_FIRST_LISTED_DATE: Final = date(1970, 1, 1)
_LARGEST_PAGE: Final = 100
_MOST_WINDOWS: Final = 10
_MOST_BREAKS: Final = 10
_MOST_DAYS_SET: Final = 366
_MOST_DAYS_OF_FREE_SLOTS: Final = 31
_LARGEST_PAGE_OF_SLOTS: Final = 500


def _no_control_characters(text: str) -> str:
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise ValueError("must not contain control characters")
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def _to_date(value: Any) -> date:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError("must be a date as YYYY-MM-DD")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError("is no day of the calendar") from None
    if day > _LAST_DATE:
        raise ValueError(f"must not be after {_LAST_DATE}")
    return day


def _to_bound(value: str) -> date | datetime:
    if not _DATE.fullmatch(value) and not _INSTANT.fullmatch(value):
        raise ValueError(
            "must be a date as YYYY-MM-DD, or an instant such as 2026-11-24T09:00:00Z (a + is written %2B)"
        )
    day = _to_date(value[: len("YYYY-MM-DD")])
    if day < _FIRST_LISTED_DATE:
        raise ValueError(f"must not be before {_FIRST_LISTED_DATE}")
    if _DATE.fullmatch(value):
        return day
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("is no instant of the calendar") from None


def _to_page_size(value: str) -> int:
    if not re.fullmatch("[0-9]{1,3}", value):
        raise ValueError(f"must be a whole number from 1 to {_LARGEST_PAGE}")
    return int(value)


def _to_time(value: Any) -> timedelta:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError("must be a time of the day as HH:MM")
    hours, minutes = value.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def _to_end_time(value: Any) -> timedelta:
    return timedelta(hours=24) if value == "24:00" else _to_time(value)


def _whole_number_up_to(largest: int) -> BeforeValidator:
    """For numbers in a query, where all is text."""

    def to_number(value: Any) -> int:
        if not re.fullmatch("[0-9]{1,3}", str(value)):
            raise ValueError(f"must be a whole number from 1 to {largest}")
        return int(value)

    return BeforeValidator(to_number)


def _check_range(first: date | None, last: date, *, name: str, most_days: int) -> date:
    """`last`, if it ends a range that begins on `first`, the field `name`. None: that is wrong already."""
    if first is not None and last < first:
        raise ValueError(f"must not be before {name}")
    if first is not None and (last - first).days >= most_days:
        raise ValueError(f"must be less than {most_days} days after {name}")
    return last


def _slot_id(value: str) -> str:
    day, _, start = value.partition("T")
    try:
        _to_date(day)
        _to_time(start)
    except ValueError:
        raise ValueError("must be a local date and time as YYYY-MM-DDTHH:MM") from None
    return value


@cache
def time_zones() -> frozenset[str]:
    """The names of the IANA time zones, from the tzdata package, so that every machine knows the same ones."""
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())


def _known_time_zone(name: str) -> str:
    if name not in time_zones():
        raise ValueError("must be the name of an IANA time zone, such as Europe/Berlin")
    return name


def _described(pattern: str, **keywords: str) -> Any:
    """Tells the API's description what a validator looks for, whose messages are better than a pattern's."""
    return Field(json_schema_extra={"pattern": pattern, **keywords})


_Printable = AfterValidator(_no_control_characters)
_NotBlank = _described(f"^[^{_CONTROL}]*[^{_BLANK}][^{_CONTROL}]*$")
_StartTimeText = Annotated[str, _described(f"^{_TIME.pattern}$")]
_BoundText = Annotated[str, _described(f"^({_DATE.pattern}|{_INSTANT.pattern})$", format="date-or-instant")]
_EndTimeText = Annotated[str, _described(f"^({_TIME.pattern}|24:00)$")]

Name = Annotated[str, Field(min_length=1, max_length=200), _NotBlank, _Printable]
UserId = Annotated[str, Field(min_length=1, max_length=128), _NotBlank, _Printable]
IdempotencyKey = Annotated[str, StringConstraints(pattern=IDEMPOTENCY_KEY)]
ProviderId = Annotated[str, StringConstraints(pattern=PROVIDER_ID)]
SlotId = Annotated[str, _described(f"^{_DAY}T{_TIME.pattern}$", format="local-date-time"), AfterValidator(_slot_id)]
TimeZone = Annotated[str, Field(json_schema_extra={"format": "iana-time-zone"}), AfterValidator(_known_time_zone)]
LocalDate = Annotated[date, BeforeValidator(_to_date, json_schema_input_type=date)]
StartTime = Annotated[timedelta, BeforeValidator(_to_time, json_schema_input_type=_StartTimeText)]
EndTime = Annotated[timedelta, BeforeValidator(_to_end_time, json_schema_input_type=_EndTimeText)]
Bound = Annotated[date | datetime, BeforeValidator(_to_bound, json_schema_input_type=_BoundText)]
PageSize = Annotated[int, Field(ge=1, le=_LARGEST_PAGE), BeforeValidator(_to_page_size)]
Status = Annotated[BookingStatus, Field(strict=False), WithJsonSchema({"type": "string", "enum": [*BookingStatus]})]
SlotMinutes = Annotated[int, Field(ge=5, le=480)]
BufferMinutes = Annotated[int, Field(ge=0, le=480)]
Weekday = Literal["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
_WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)
Minutes = Annotated[int, Field(ge=0, le=525_600)]
"""Up to a year."""
Days = Annotated[int, Field(ge=0, le=3_650)]
HoldSeconds = Annotated[int, Field(ge=1, le=86_400)]


def _header(field: str) -> str:
    """`idempotency_key` becomes `Idempotency-Key`."""
    return field.replace("_", "-").title()


class _Request(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, defer_build=True, extra="forbid", frozen=True, strict=True)

    nullable: ClassVar[frozenset[str]] = frozenset()
    """The fields in which null means something; one that is not meant is left out, and null is no value of it."""

    @field_validator("*", mode="before")
    @classmethod
    def _not_null(cls, value: object, info: ValidationInfo) -> object:
        if value is None and info.field_name not in cls.nullable:
            raise ValueError("must not be null")
        return value


_T = TypeVar("_T")
_OrNull = Annotated[_T | None, Field(json_schema_extra={"nullable": True})]
"""A field in which null means something."""


class NoBody(_Request):
    """A request that says all in its path."""


class CreateProvider(_Request):
    """`POST /providers`."""

    name: Name
    time_zone: TimeZone = "UTC"
    provider_id: ProviderId | None = None
    min_notice_minutes: Minutes | None = None
    max_advance_days: Days | None = None
    cancel_cutoff_minutes: Minutes | None = None
    hold_seconds: HoldSeconds | None = None

    def to_policy(self) -> Policy:
        """The policy that is asked for."""
        return Policy(**{rule.name: getattr(self, rule.name) for rule in fields(Policy)})


class ChangeProvider(_Request):
    """`PATCH /providers/{providerId}`: what is not there stays as it is, and null ends a rule (RFC 7396)."""

    name: Name | None = None
    min_notice_minutes: _OrNull[Minutes] = None
    max_advance_days: _OrNull[Days] = None
    cancel_cutoff_minutes: _OrNull[Minutes] = None
    hold_seconds: _OrNull[HoldSeconds] = None

    nullable = frozenset(rule.name for rule in fields(Policy))

    def to_rules(self) -> dict[str, int | None]:
        """The rules of the policy that are to change."""
        return {rule.name: getattr(self, rule.name) for rule in fields(Policy) if rule.name in self.model_fields_set}


class _SpanRequest(_Request):
    """From a time of the day to another."""

    start_time: StartTime
    end_time: EndTime

    @field_validator("end_time")
    @classmethod
    def _ends_after_it_starts(cls, end_time: timedelta, info: ValidationInfo) -> timedelta:
        if end_time <= info.data.get("start_time", timedelta(0)):
            raise ValueError("must be after startTime")
        return end_time


class BreakRequest(_SpanRequest):
    """A time within a window without appointments."""

    def to_break(self) -> Break:
        """The break that is asked for."""
        return Break(start=self.start_time, end=self.end_time)


class WindowRequest(_SpanRequest):
    """Hours of a day that become slots."""

    slot_duration_minutes: SlotMinutes
    breaks: Annotated[list[BreakRequest], Field(max_length=_MOST_BREAKS)] = []
    buffer_minutes: BufferMinutes = 0

    @field_validator("breaks")
    @classmethod
    def _fit_in(cls, breaks: list[BreakRequest], info: ValidationInfo) -> list[BreakRequest]:
        _refuse_overlaps(breaks)
        if {"start_time", "end_time"} <= info.data.keys():
            for each in breaks:
                if each.start_time < info.data["start_time"] or each.end_time > info.data["end_time"]:
                    raise ValueError(f"must lie between startTime and endTime, but {_from_to(each)} does not")
        return breaks

    def to_window(self) -> Window:
        """The window that is asked for."""
        return Window(
            start=self.start_time,
            end=self.end_time,
            slot_minutes=self.slot_duration_minutes,
            buffer_minutes=self.buffer_minutes,
            breaks=tuple(each.to_break() for each in sorted(self.breaks, key=_start)),
        )


class _InOneWindow(WindowRequest):
    def to_windows(self) -> tuple[Window, ...]:
        """The windows that are asked for."""
        return (self.to_window(),)


class _InWindows(_Request):
    windows: Annotated[list[WindowRequest], Field(min_length=1, max_length=_MOST_WINDOWS)]

    @field_validator("windows")
    @classmethod
    def _do_not_overlap(cls, windows: list[WindowRequest]) -> list[WindowRequest]:
        _refuse_overlaps(windows)
        return windows

    def to_windows(self) -> tuple[Window, ...]:
        """The windows that are asked for, in order of time."""
        return tuple(each.to_window() for each in sorted(self.windows, key=_start))


class _OnDate(_Request):
    date: LocalDate


class _OnWeekdays(_Request):
    start_date: LocalDate
    end_date: LocalDate
    weekdays: Annotated[list[Weekday], Field(min_length=1, max_length=len(_WEEKDAYS))]

    @field_validator("end_date")
    @classmethod
    def _ends_in_a_year(cls, end_date: date, info: ValidationInfo) -> date:
        first = info.data.get("start_date")
        return _check_range(first, end_date, name="startDate", most_days=_MOST_DAYS_SET)


class SetDay(_InOneWindow, _OnDate):
    """`POST /providers/{providerId}/availability`: a date, and one window."""


class SetDayInWindows(_InWindows, _OnDate):
    """A date, and several windows."""


class SetPattern(_InOneWindow, _OnWeekdays):
    """Weekdays of up to 366 days, and one window."""


class SetPatternInWindows(_InWindows, _OnWeekdays):
    """Weekdays of up to 366 days, and several windows."""


AskedForDay = SetDay | SetDayInWindows
AskedForPattern: TypeAlias = SetPattern | SetPatternInWindows
SET_AVAILABILITY: Final = Forms[AskedForDay | AskedForPattern](SetDay, SetDayInWindows, SetPattern, SetPatternInWindows)


def to_availability(asked: AskedForDay) -> Availability:
    """The day that is asked for."""
    return Availability(day=asked.date, windows=asked.to_windows())


def to_pattern(asked: AskedForPattern) -> WeeklyPattern:
    """The pattern that is asked for."""
    return WeeklyPattern(
        first_day=asked.start_date,
        last_day=asked.end_date,
        weekdays=frozenset(_WEEKDAYS.index(each) for each in asked.weekdays),
        windows=asked.to_windows(),
    )


class DayInPath(_Request):
    """The date in `DELETE /providers/{providerId}/availability/{date}`."""

    date: LocalDate


class BookingsQuery(_Request):
    """The query of `GET /users/{userId}/bookings` and `GET /providers/{providerId}/bookings`."""

    status: Status | None = None
    starts_from: Annotated[Bound | None, Field(alias="from")] = None
    starts_to: Annotated[Bound | None, Field(alias="to")] = None
    order: Literal["asc", "desc"] = "asc"
    limit: PageSize = 25
    cursor: str | None = None

    def to_page_request(self) -> PageRequest:
        """The page that is asked for."""
        return PageRequest(
            status=self.status,
            first=self.starts_from,
            last=self.starts_to,
            latest_first=self.order == "desc",
            limit=self.limit,
            cursor=self.cursor,
        )


class UsersBookingsQuery(BookingsQuery):
    """The same with the user, whose id can have any characters."""

    user_id: UserId


class AvailabilityQuery(_Request):
    """The query of `GET /providers/{providerId}/availability`."""

    first_date: Annotated[LocalDate, Field(alias="from")]
    last_date: Annotated[LocalDate, Field(alias="to")]

    @field_validator("last_date")
    @classmethod
    def _ends_in_a_year(cls, last_date: date, info: ValidationInfo) -> date:
        return _check_range(info.data.get("first_date"), last_date, name="from", most_days=_MOST_DAYS_SET)


class FreeSlotsOfDayQuery(_Request):
    """The query of `GET /providers/{providerId}/slots`, for one date."""

    date: LocalDate


class FreeSlotsOfDaysQuery(_Request):
    """The same for a range of dates, a page at a time."""

    first_date: Annotated[LocalDate, Field(alias="from")]
    last_date: Annotated[LocalDate, Field(alias="to")]
    limit: Annotated[int, Field(ge=1, le=_LARGEST_PAGE_OF_SLOTS), _whole_number_up_to(_LARGEST_PAGE_OF_SLOTS)] = 100
    cursor: str | None = None

    @field_validator("last_date")
    @classmethod
    def _ends_in_a_month(cls, last_date: date, info: ValidationInfo) -> date:
        return _check_range(info.data.get("first_date"), last_date, name="from", most_days=_MOST_DAYS_OF_FREE_SLOTS)


FREE_SLOTS_QUERY: Final = Forms[FreeSlotsOfDayQuery | FreeSlotsOfDaysQuery](FreeSlotsOfDayQuery, FreeSlotsOfDaysQuery)


def _start(span: _SpanRequest) -> timedelta:
    return span.start_time


def _from_to(span: _SpanRequest) -> str:
    return f"{clock_time(span.start_time)} to {clock_time(span.end_time)}"


def _refuse_overlaps(spans: Sequence[_SpanRequest]) -> None:
    for earlier, later in pairwise(sorted(spans, key=_start)):
        if later.start_time < earlier.end_time:
            raise ValueError(f"must not overlap, but {_from_to(earlier)} and {_from_to(later)} do")


def _user_may_be_left_out(schema: dict[str, Any]) -> None:
    """The caller is meant then, whom the token names."""
    schema["required"].remove("userId")


class CreateBooking(_Request):
    """`POST /bookings`; without a `userId`, for the caller."""

    model_config = ConfigDict(json_schema_extra=_user_may_be_left_out)

    provider_id: ProviderId
    slot_id: SlotId
    user_id: UserId


class CreateBookingHeaders(_Request):
    """The headers of `POST /bookings` that mean something."""

    model_config = ConfigDict(alias_generator=_header, extra="ignore")

    idempotency_key: IdempotencyKey | None = None


class RescheduleBooking(_Request):
    """`POST /bookings/{bookingId}/reschedule`."""

    slot_id: SlotId


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
    if isinstance(asked, _InWindows):
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
