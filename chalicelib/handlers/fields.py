"""What the fields of requests may be, each told in words for the person who sent it, and described for tools."""

import re
import unicodedata
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from chalicelib.domain.models import (
    BookingStatus,
)

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
Minutes = Annotated[int, Field(ge=0, le=525_600)]
"""Up to a year."""
Days = Annotated[int, Field(ge=0, le=3_650)]
HoldSeconds = Annotated[int, Field(ge=1, le=86_400)]
