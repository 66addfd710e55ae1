"""What requests look like: strict models, with no unknown field and no number for a text. JSON is camelCase."""

import re
from collections.abc import Sequence
from dataclasses import fields
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias, TypeVar, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic.alias_generators import to_camel

from chalicelib.domain.instants import clock_time
from chalicelib.domain.models import (
    Availability,
    Break,
    Policy,
    WeeklyPattern,
    Window,
)
from chalicelib.handlers.fields import (
    Bound,
    BufferMinutes,
    Days,
    EndTime,
    HoldSeconds,
    IdempotencyKey,
    LocalDate,
    Minutes,
    Name,
    PageSize,
    ProviderId,
    SlotId,
    SlotMinutes,
    StartTime,
    Status,
    TimeZone,
    UserId,
    Weekday,
)
from chalicelib.handlers.forms import Forms
from chalicelib.services.listings import PageRequest

_MOST_WINDOWS: Final = 10
_MOST_BREAKS: Final = 10
_MOST_DAYS_SET: Final = 366
_MOST_DAYS_OF_FREE_SLOTS: Final = 31
_LARGEST_PAGE_OF_SLOTS: Final = 500
_WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)


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


class InWindows(_Request):
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


class SetDayInWindows(InWindows, _OnDate):
    """A date, and several windows."""


class SetPattern(_InOneWindow, _OnWeekdays):
    """Weekdays of up to 366 days, and one window."""


class SetPatternInWindows(InWindows, _OnWeekdays):
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
