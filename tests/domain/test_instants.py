"""Instants, deadlines and times of the day as text and numbers."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.instants import clock_time, deadline, from_epoch_second, from_text, to_epoch_second, to_text

ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
INSTANTS = st.datetimes(
    datetime.fromisoformat("1971-01-01"), datetime.fromisoformat("9998-12-31"), timezones=ZONES.map(ZoneInfo)
)
CLOCK = st.datetimes(datetime.fromisoformat("1971-01-01"), datetime.fromisoformat("9000-01-01"), timezones=st.just(UTC))
"""What a clock may show; such instants come in UTC."""
HOLDS = st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=1))


@given(INSTANTS)
def test_an_instant_survives_as_text(instant: datetime) -> None:
    assert from_text(to_text(instant)) == instant.astimezone(UTC)
    assert from_text(to_text(instant)).tzinfo is UTC
    assert to_text(instant).endswith("Z")


@given(first=INSTANTS, second=INSTANTS)
def test_whole_seconds_sort_as_text_as_they_do_in_time(first: datetime, second: datetime) -> None:
    earlier, later = sorted(instant.astimezone(UTC).replace(microsecond=0) for instant in (first, second))

    assert to_text(earlier) <= to_text(later)


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (datetime(2030, 5, 1, 12, tzinfo=UTC), "2030-05-01T12:00:00Z"),
        (datetime(2030, 5, 1, 12, 0, 0, 250_000, tzinfo=UTC), "2030-05-01T12:00:00.250000Z"),
        (datetime(2030, 5, 1, 12, tzinfo=ZoneInfo("Europe/Berlin")), "2030-05-01T10:00:00Z"),
        (datetime(2030, 5, 1, 0, tzinfo=timezone(timedelta(hours=5, minutes=45))), "2030-04-30T18:15:00Z"),
    ],
)
def test_instants_are_written_in_utc(instant: datetime, text: str) -> None:
    assert to_text(instant) == text


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2030-05-01T12:00:00Z", datetime(2030, 5, 1, 12, tzinfo=UTC)),
        ("2030-05-01T12:00:00+02:00", datetime(2030, 5, 1, 10, tzinfo=UTC)),
        ("2030-05-01T12:00:00.5-00:30", datetime(2030, 5, 1, 12, 30, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_instants_are_read_with_any_offset(text: str, instant: datetime) -> None:
    assert from_text(text) == instant


@pytest.mark.parametrize(
    "text",
    ["", "now", "2030-05-01", "2030-05-01T12:00:00", "2030-02-30T12:00:00Z", "2030-05-01T25:00:00Z", "1900000000"],
)
def test_what_is_no_instant_with_an_offset_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_text(text)


@given(start=CLOCK, length=HOLDS)
def test_a_deadline_is_a_whole_second_and_never_cuts_a_hold_short(start: datetime, length: timedelta) -> None:
    end = deadline(start, length)

    assert end.microsecond == 0
    assert timedelta(0) <= end - (start + length) < timedelta(seconds=1)


@given(start=CLOCK, seconds=st.integers(min_value=1, max_value=86_400))
def test_a_hold_that_ends_on_a_whole_second_ends_right_then(start: datetime, seconds: int) -> None:
    on_the_second = start.replace(microsecond=0)

    assert deadline(on_the_second, timedelta(seconds=seconds)) == on_the_second + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("microsecond", "expected"),
    [
        (0, datetime(2030, 5, 1, 12, 5, 0, tzinfo=UTC)),
        (1, datetime(2030, 5, 1, 12, 5, 1, tzinfo=UTC)),
        (999_999, datetime(2030, 5, 1, 12, 5, 1, tzinfo=UTC)),
    ],
)
def test_a_deadline_between_two_seconds_is_the_later_one(microsecond: int, expected: datetime) -> None:
    start = datetime(2030, 5, 1, 12, 0, 0, microsecond, tzinfo=UTC)

    assert deadline(start, timedelta(minutes=5)) == expected


@given(start=CLOCK, length=HOLDS, now=CLOCK)
def test_counted_in_seconds_a_deadline_is_reached_exactly_when_it_is_in_time(
    start: datetime, length: timedelta, now: datetime
) -> None:
    end = deadline(start, length)

    assert (to_epoch_second(end) <= to_epoch_second(now)) == (end <= now)


@given(start=CLOCK, length=HOLDS)
def test_a_microsecond_before_a_deadline_its_second_is_not_reached(start: datetime, length: timedelta) -> None:
    end = deadline(start, length)

    assert to_epoch_second(end - timedelta(microseconds=1)) == to_epoch_second(end) - 1


@given(st.integers(min_value=-(10**9), max_value=10**11))
def test_a_whole_second_survives_as_a_number(second: int) -> None:
    assert to_epoch_second(from_epoch_second(second)) == second
    assert from_epoch_second(second).tzinfo is UTC


@pytest.mark.parametrize("second", [10**12, 10**20, 10**400])
def test_a_second_out_of_all_calendars_is_rejected(second: int) -> None:
    with pytest.raises((ValueError, OverflowError, OSError)):
        from_epoch_second(second)


@pytest.mark.parametrize(
    ("since_midnight", "text"),
    [
        (timedelta(0), "00:00"),
        (timedelta(hours=9, minutes=5), "09:05"),
        (timedelta(hours=23, minutes=59, seconds=59), "23:59"),
        (timedelta(hours=24), "24:00"),
    ],
)
def test_a_time_of_the_day_is_written_as_hours_and_minutes(since_midnight: timedelta, text: str) -> None:
    assert clock_time(since_midnight) == text
