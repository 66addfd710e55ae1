"""A provider's windows become slots, also on the days the clocks change.

The instants expected here were worked out by hand from the zones' rules, not with the code under test.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.models import Availability, Break, Slot, Window
from chalicelib.domain.slots import local_end_time, slot_id_of, slots_of
from tests.builders import availability, slot


def day_of(day: str, start: str, end: str, minutes: int, **fields: Any) -> Availability:
    """A day with one window."""
    return Availability(day=date.fromisoformat(day), windows=(window_of(start, end, minutes, **fields),))


def window_of(start: str, end: str, minutes: int, *, buffer: int = 0, breaks: Sequence[str] = ()) -> Window:
    """A window; breaks are written as `12:00-13:00`."""
    return Window(
        start=since_midnight(start),
        end=since_midnight(end),
        slot_minutes=minutes,
        buffer_minutes=buffer,
        breaks=tuple(Break(start=since_midnight(each[:5]), end=since_midnight(each[6:])) for each in breaks),
    )


def since_midnight(clock: str) -> timedelta:
    hours, minutes = clock.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def made(zone: str, availability: Availability) -> list[Slot]:
    return slots_of(availability, provider_id="ann", time_zone=zone)


def spans(zone: str, availability: Availability) -> list[str]:
    """Each slot as its local start by the clock and its true span in UTC."""
    return [
        f"{slot.slot_id[11:]} = {slot.starts_at:%dT%H:%M}-{slot.ends_at:%dT%H:%M}Z" for slot in made(zone, availability)
    ]


def hours(availability: Availability) -> list[str]:
    """Start and end of each slot where the clocks never change."""
    return [f"{slot.starts_at:%H:%M}-{slot.ends_at:%H:%M}" for slot in made("UTC", availability)]


def test_only_slots_that_end_by_the_windows_end_are_made() -> None:
    assert spans("UTC", day_of("2031-05-02", "09:00", "10:00", 45)) == ["09:00 = 02T09:00-02T09:45Z"]


@pytest.mark.parametrize(("end", "count"), [("09:44", 0), ("09:45", 1), ("10:29", 1), ("10:30", 2)])
def test_a_slot_that_ends_with_the_window_is_made(end: str, count: int) -> None:
    assert len(made("UTC", day_of("2031-05-02", "09:00", end, 45))) == count


def test_a_whole_day_of_five_minutes_has_288_slots() -> None:
    slots = made("UTC", day_of("2031-05-02", "00:00", "24:00", 5))

    assert len(slots) == 288
    assert (slots[0].slot_id, slots[-1].slot_id) == ("2031-05-02T00:00", "2031-05-02T23:55")
    assert slots[-1].ends_at == datetime(2031, 5, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"buffer": 15}, ["09:00-09:30", "09:45-10:15", "10:30-11:00"], id="a buffer widens the grid"),
        pytest.param({"buffer": 60}, ["09:00-09:30", "10:30-11:00"], id="the last buffer may be cut off"),
        pytest.param({"breaks": ["10:00-10:15"]}, ["09:00-09:30", "09:30-10:00", "10:15-10:45"], id="a break"),
        pytest.param({"breaks": ["09:45-10:00"]}, ["09:00-09:30", "10:00-10:30", "10:30-11:00"], id="into a break"),
        pytest.param(
            {"breaks": ["09:35-09:40", "10:10-10:20"]},
            ["09:00-09:30", "09:40-10:10", "10:20-10:50"],
            id="after each break the grid begins anew",
        ),
        pytest.param({"breaks": ["09:00-10:00"]}, ["10:00-10:30", "10:30-11:00"], id="a break at the beginning"),
        pytest.param({"breaks": ["10:00-11:00"]}, ["09:00-09:30", "09:30-10:00"], id="a break at the end"),
        pytest.param({"breaks": ["09:30-09:35", "09:35-10:30"]}, ["09:00-09:30", "10:30-11:00"], id="breaks in a row"),
        pytest.param({"breaks": ["09:00-11:00"]}, [], id="nothing but a break"),
        pytest.param(
            {"buffer": 10, "breaks": ["09:35-09:40"]},
            ["09:00-09:30", "09:40-10:10", "10:20-10:50"],
            id="a break ends a buffer",
        ),
    ],
)
def test_breaks_and_buffers_stay_free(fields: dict[str, Any], expected: list[str]) -> None:
    assert hours(day_of("2031-05-02", "09:00", "11:00", 30, **fields)) == expected


def test_each_window_of_a_day_has_its_own_grid() -> None:
    morning, evening = window_of("09:05", "10:15", 30), window_of("18:00", "20:00", 60, buffer=5)

    assert hours(availability(morning, evening)) == ["09:05-09:35", "09:35-10:05", "18:00-19:00"]


def test_a_closed_day_has_no_slots() -> None:
    assert made("UTC", Availability(day=date(2031, 5, 2), windows=())) == []


def test_a_slot_belongs_to_its_provider_and_is_free() -> None:
    (only,) = slots_of(day_of("2031-05-02", "22:00", "24:00", 120), provider_id="ann", time_zone="Europe/Berlin")

    assert only == Slot(
        provider_id="ann",
        slot_id="2031-05-02T22:00",
        starts_at=datetime(2031, 5, 2, 20, tzinfo=UTC),
        ends_at=datetime(2031, 5, 2, 22, tzinfo=UTC),
        time_zone="Europe/Berlin",
    )


def test_an_unknown_time_zone_is_an_error() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        made("Mars/Olympus", day_of("2031-05-02", "09:00", "10:00", 30))


CLOCK_CHANGES = [
    pytest.param(
        "Asia/Kathmandu",
        ("2031-05-02", "00:00", "02:00", 60),
        ["00:00 = 01T18:15-01T19:15Z", "01:00 = 01T19:15-01T20:15Z"],
        id="Kathmandu is three quarters of an hour off, and a day earlier in UTC",
    ),
    # Europe/Berlin, 30 March 2031: at 02:00 (01:00Z) the clocks go to 03:00.
    pytest.param(
        "Europe/Berlin",
        ("2031-03-30", "01:00", "05:00", 60),
        ["01:00 = 30T00:00-30T01:00Z", "03:00 = 30T01:00-30T02:00Z", "04:00 = 30T02:00-30T03:00Z"],
        id="Berlin, spring: the start that the clocks skip makes no slot",
    ),
    pytest.param(
        "Europe/Berlin",
        ("2031-03-30", "01:30", "05:30", 60),
        ["01:30 = 30T00:30-30T01:30Z", "03:30 = 30T01:30-30T02:30Z", "04:30 = 30T02:30-30T03:30Z"],
        id="Berlin, spring: a slot spans the skipped hour at its full length",
    ),
    pytest.param(
        "Europe/Berlin",
        ("2031-03-30", "01:00", "06:00", 90),
        ["01:00 = 30T00:00-30T01:30Z", "04:00 = 30T02:00-30T03:30Z"],
        id="Berlin, spring: 90 minutes from 01:00 end at 03:30 by the clock, and 02:30 is skipped",
    ),
    pytest.param(
        "Europe/Berlin",
        ("2031-03-30", "00:30", "06:30", 120),
        ["00:30 = 29T23:30-30T01:30Z", "04:30 = 30T02:30-30T04:30Z"],
        id="Berlin, spring: two hours from 00:30 end at 03:30 by the clock",
    ),
    pytest.param(
        "Europe/Berlin",
        ("2031-03-30", "00:00", "08:00", 160),
        ["00:00 = 29T23:00-30T01:40Z", "05:20 = 30T03:20-30T06:00Z"],
        id="Berlin, spring: the grid goes on by the clock after the change",
    ),
    pytest.param(
        "Europe/Berlin",
        ("2031-03-30", "01:45", "03:30", 15),
        ["01:45 = 30T00:45-30T01:00Z", "03:00 = 30T01:00-30T01:15Z", "03:15 = 30T01:15-30T01:30Z"],
        id="Berlin, spring: no slot between 02:00 and 03:00",
    ),
    pytest.param(
        "Europe/Berlin",
        ("2031-03-30", "01:00", "09:00", 120),
        ["01:00 = 30T00:00-30T02:00Z", "05:00 = 30T03:00-30T05:00Z", "07:00 = 30T05:00-30T07:00Z"],
        id="Berlin, spring: what a slot over the skipped hour would overlap is left out",
    ),
    pytest.param(
        "Europe/Berlin",
        ("2031-03-30", "01:00", "04:30", 100),
        ["01:00 = 30T00:00-30T01:40Z"],
        id="Berlin, spring: the slot that begins at 02:40 by the grid does not exist",
    ),
    pytest.param(
        "Europe/Berlin",
        ("2031-03-30", "00:40", "06:00", 80),
        ["00:40 = 29T23:40-30T01:00Z", "03:20 = 30T01:20-30T02:40Z", "04:40 = 30T02:40-30T04:00Z"],
        id="Berlin, spring: a slot may end at the change itself",
    ),
    pytest.param(
        "Europe/Berlin",
        ("2031-03-30", "01:00", "02:30", 30),
        ["01:00 = 30T00:00-30T00:30Z", "01:30 = 30T00:30-30T01:00Z"],
        id="Berlin, spring: a window that ends in the gap ends at the change",
    ),
    pytest.param(
        "Europe/Berlin",
        ("2031-03-30", "01:00", "02:30", 90),
        [],
        id="Berlin, spring: 90 minutes do not fit a window that the gap cuts",
    ),
    pytest.param(
        "Europe/Berlin",
        ("2031-03-30", "01:02", "02:57", 60),
        [],
        id="Berlin, spring: nor does an hour that lacks two minutes",
    ),
    pytest.param(
        "Europe/Berlin", ("2031-03-30", "02:00", "03:00", 15), [], id="Berlin, spring: a window in the gap has no slot"
    ),
    pytest.param(
        "Europe/Berlin",
        ("2031-03-30", "02:30", "03:30", 30),
        ["03:00 = 30T01:00-30T01:30Z"],
        id="Berlin, spring: a window that starts in the gap starts at its first start that exists",
    ),
    # Europe/Berlin, 26 October 2031: at 03:00 (01:00Z) the clocks go back to 02:00.
    pytest.param(
        "Europe/Berlin",
        ("2031-10-26", "01:00", "04:00", 60),
        ["01:00 = 25T23:00-26T00:00Z", "02:00 = 26T00:00-26T01:00Z", "03:00 = 26T02:00-26T03:00Z"],
        id="Berlin, autumn: the start that comes twice makes one slot, at its first coming",
    ),
    pytest.param(
        "Europe/Berlin",
        ("2031-10-26", "02:00", "02:30", 30),
        ["02:00 = 26T00:00-26T00:30Z"],
        id="Berlin, autumn: a window that ends at a time that comes twice ends at its first coming",
    ),
    pytest.param(
        "Europe/Berlin",
        ("2031-10-26", "02:30", "03:30", 30),
        ["02:30 = 26T00:30-26T01:00Z", "03:00 = 26T02:00-26T02:30Z"],
        id="Berlin, autumn: a window that starts at a time that comes twice starts at its first coming",
    ),
    pytest.param(
        "Europe/Berlin",
        ("2031-10-26", "01:30", "03:30", 120),
        ["01:30 = 25T23:30-26T01:30Z"],
        id="Berlin, autumn: two hours from 01:30 end at the second 02:30",
    ),
    # America/New_York: 9 March 2031 at 02:00 (07:00Z) to 03:00; 2 November 2031 at 02:00 (06:00Z) back to 01:00.
    pytest.param(
        "America/New_York",
        ("2031-03-09", "01:00", "04:00", 30),
        [
            "01:00 = 09T06:00-09T06:30Z",
            "01:30 = 09T06:30-09T07:00Z",
            "03:00 = 09T07:00-09T07:30Z",
            "03:30 = 09T07:30-09T08:00Z",
        ],
        id="New York, spring",
    ),
    pytest.param(
        "America/New_York",
        ("2031-11-02", "00:30", "02:30", 30),
        [
            "00:30 = 02T04:30-02T05:00Z",
            "01:00 = 02T05:00-02T05:30Z",
            "01:30 = 02T05:30-02T06:00Z",
            "02:00 = 02T07:00-02T07:30Z",
        ],
        id="New York, autumn",
    ),
    # Australia/Lord_Howe: 5 October 2031 at 02:00 (+10:30, 15:30Z the day before) to 02:30 (+11);
    # 6 April 2031 at 02:00 (+11, 15:00Z the day before) back to 01:30 (+10:30).
    pytest.param(
        "Australia/Lord_Howe",
        ("2031-10-05", "01:30", "03:30", 30),
        ["01:30 = 04T15:00-04T15:30Z", "02:30 = 04T15:30-04T16:00Z", "03:00 = 04T16:00-04T16:30Z"],
        id="Lord Howe, spring: half an hour is skipped",
    ),
    pytest.param(
        "Australia/Lord_Howe",
        ("2031-10-05", "01:00", "04:00", 60),
        ["01:00 = 04T14:30-04T15:30Z", "03:00 = 04T16:00-04T17:00Z"],
        id="Lord Howe, spring: the hour that lost its start is left out",
    ),
    pytest.param(
        "Australia/Lord_Howe",
        ("2031-10-05", "01:30", "04:30", 60),
        ["01:30 = 04T15:00-04T16:00Z", "03:30 = 04T16:30-04T17:30Z"],
        id="Lord Howe, spring: what a slot over the skipped half hour would overlap is left out",
    ),
    pytest.param(
        "Australia/Lord_Howe",
        ("2031-10-05", "01:45", "03:45", 30),
        ["01:45 = 04T15:15-04T15:45Z", "02:45 = 04T15:45-04T16:15Z", "03:15 = 04T16:15-04T16:45Z"],
        id="Lord Howe, spring: a slot spans the skipped half hour",
    ),
    pytest.param(
        "Australia/Lord_Howe",
        ("2031-04-06", "01:00", "02:30", 30),
        ["01:00 = 05T14:00-05T14:30Z", "01:30 = 05T14:30-05T15:00Z", "02:00 = 05T15:30-05T16:00Z"],
        id="Lord Howe, autumn: half an hour comes twice",
    ),
    # America/Santiago: 7 September 2031 at 00:00 (04:00Z) to 01:00; 6 April 2031 at 00:00 (03:00Z) back to 23:00.
    pytest.param(
        "America/Santiago",
        ("2031-09-07", "00:00", "03:00", 60),
        ["01:00 = 07T04:00-07T05:00Z", "02:00 = 07T05:00-07T06:00Z"],
        id="Santiago, spring: a day that has no midnight",
    ),
    pytest.param(
        "America/Santiago",
        ("2031-09-06", "22:00", "24:00", 60),
        ["22:00 = 07T02:00-07T03:00Z", "23:00 = 07T03:00-07T04:00Z"],
        id="Santiago, spring: the day before ends at the change, though its 24:00 does not exist",
    ),
    pytest.param(
        "America/Santiago",
        ("2031-09-06", "23:30", "24:00", 60),
        [],
        id="Santiago, spring: the day before is not longer for it",
    ),
    pytest.param(
        "America/Santiago",
        ("2031-04-05", "22:00", "24:00", 60),
        ["22:00 = 06T01:00-06T02:00Z", "23:00 = 06T02:00-06T03:00Z"],
        id="Santiago, autumn: the day has its 23:00 twice, and one slot for it",
    ),
    pytest.param(
        "America/Santiago",
        ("2031-04-06", "00:00", "01:00", 30),
        ["00:00 = 06T04:00-06T04:30Z", "00:30 = 06T04:30-06T05:00Z"],
        id="Santiago, autumn: the next day starts after the second 23:00",
    ),
]


@pytest.mark.parametrize(
    ("day", "window", "expected"),
    [
        pytest.param(
            "2031-03-30",
            window_of("01:00", "05:00", 60, breaks=["02:15-02:45"]),
            ["01:00 = 30T00:00-30T01:00Z", "03:45 = 30T01:45-30T02:45Z"],
            id="spring: a break that the clocks skip is at the change",
        ),
        pytest.param(
            "2031-03-30",
            window_of("01:15", "06:00", 60, buffer=30),
            ["01:15 = 30T00:15-30T01:15Z", "04:15 = 30T02:15-30T03:15Z"],
            id="spring: 01:15 ends at 03:15 by the clock, and its buffer lasts until 03:45",
        ),
        pytest.param(
            "2031-03-30",
            window_of("01:30", "06:00", 60, buffer=60),
            ["01:30 = 30T00:30-30T01:30Z"],
            id="spring: a start within the buffer is left out",
        ),
        pytest.param(
            "2031-10-26",
            window_of("01:00", "05:00", 60, breaks=["02:15-02:45"]),
            ["01:00 = 25T23:00-26T00:00Z", "02:45 = 26T00:45-26T01:45Z", "03:45 = 26T02:45-26T03:45Z"],
            id="autumn: a break that comes twice is at its first coming",
        ),
    ],
)
def test_breaks_and_buffers_are_right_when_the_clocks_change_in_berlin(
    day: str, window: Window, expected: list[str]
) -> None:
    assert spans("Europe/Berlin", Availability(day=date.fromisoformat(day), windows=(window,))) == expected


@pytest.mark.parametrize(("zone", "window", "expected"), CLOCK_CHANGES)
def test_slots_are_right_by_the_clock_and_in_utc(
    zone: str, window: tuple[str, str, str, int], expected: list[str]
) -> None:
    assert spans(zone, day_of(*window)) == expected


@pytest.mark.parametrize(
    ("zone", "day", "count"),
    [
        ("UTC", "2031-03-30", 24),
        ("Europe/Berlin", "2031-03-29", 24),
        ("Europe/Berlin", "2031-03-30", 23),
        ("Europe/Berlin", "2031-10-26", 24),
        ("America/Santiago", "2031-09-07", 23),
        ("Australia/Lord_Howe", "2031-10-05", 23),
        ("Australia/Lord_Howe", "2031-04-06", 24),
    ],
)
def test_a_day_has_as_many_full_hours_as_the_clock_shows_starts(zone: str, day: str, count: int) -> None:
    assert len(made(zone, day_of(day, "00:00", "24:00", 60))) == count


ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "America/Havana",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Atlantic/Azores",
    "Pacific/Kiritimati",
]
CHANGES = [
    date(2031, month, day)
    for month, day in [(1, 26), (3, 9), (3, 30), (4, 5), (4, 6), (4, 25), (9, 6), (9, 7), (10, 5), (10, 25), (10, 26),
                       (10, 30), (11, 2), (12, 14)]
]  # fmt: skip
DAYS = st.sampled_from(CHANGES) | st.dates(date(2031, 1, 1), date(2031, 12, 31))


@st.composite
def windows(draw: st.DrawFn) -> list[Window]:
    """Up to three windows of a day, with up to two breaks each."""
    count = draw(st.integers(1, 3))
    edges = sorted(draw(st.lists(st.integers(0, 24 * 60), min_size=2 * count, max_size=2 * count, unique=True)))
    return [draw(windows_within(*edges[number : number + 2])) for number in range(0, 2 * count, 2)]


@st.composite
def windows_within(draw: st.DrawFn, start: int, end: int) -> Window:
    edges = sorted(draw(st.lists(st.integers(start, end), max_size=4, unique=True)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return Window(
        start=timedelta(minutes=start),
        end=timedelta(minutes=end),
        slot_minutes=draw(st.integers(5, 480)),
        buffer_minutes=draw(st.just(0) | st.integers(0, 240)),
        breaks=tuple(Break(start=timedelta(minutes=first), end=timedelta(minutes=last)) for first, last in pairs),
    )


availabilities = st.builds(Availability, day=DAYS, windows=windows().map(tuple))
zones = st.sampled_from(ZONES)


def by_the_clock(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def first_shown(day: date, since_midnight: timedelta, zone: str) -> datetime:
    """When the clock shows a time or a later one, found by watching it minute by minute from well before."""
    local = datetime.combine(day, datetime.min.time()) + since_midnight
    instant = local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(hours=2)
    assert by_the_clock(instant, zone) < local
    while by_the_clock(instant, zone) < local:
        instant += timedelta(minutes=1)
    return instant


def grids(of: Window) -> list[tuple[timedelta, timedelta]]:
    """The spans in which a window has a grid of its own: before, between and after its breaks."""
    starts, ends = [of.start, *(each.end for each in of.breaks)], [*(each.start for each in of.breaks), of.end]
    return list(zip(starts, ends, strict=True))


def step(of: Window) -> timedelta:
    return timedelta(minutes=of.slot_minutes + of.buffer_minutes)


@given(availability=availabilities, zone=zones)
def test_each_slot_lies_on_the_grid_between_two_breaks_of_a_window(availability: Availability, zone: str) -> None:
    day = availability.day
    midnight = datetime.combine(day, datetime.min.time())
    for each in made(zone, availability):
        start = by_the_clock(each.starts_at, zone) - midnight
        assert each.slot_id == f"{midnight + start:%Y-%m-%dT%H:%M}"
        ((window, opens, closes),) = (
            (window, opens, closes)
            for window in availability.windows
            for opens, closes in grids(window)
            if opens <= start < closes
        )
        assert (start - opens) % step(window) == timedelta(0)
        assert each.ends_at - each.starts_at == timedelta(minutes=window.slot_minutes)
        assert each.ends_at <= first_shown(day, closes, zone)


@given(availability=availabilities, zone=zones)
def test_slots_follow_each_other_and_never_overlap(availability: Availability, zone: str) -> None:
    slots = made(zone, availability)

    assert all(earlier.ends_at <= later.starts_at for earlier, later in pairwise(slots))
    assert [each.slot_id for each in slots] == sorted({each.slot_id for each in slots})


@given(day=DAYS, window=windows_within(0, 24 * 60), zone=zones)
def test_between_two_breaks_each_slot_is_followed_by_its_buffer(day: date, window: Window, zone: str) -> None:
    unbroken = replace(window, breaks=())
    slots = made(zone, Availability(day=day, windows=(unbroken,)))

    buffer = timedelta(minutes=window.buffer_minutes)
    assert all(earlier.ends_at + buffer <= later.starts_at for earlier, later in pairwise(slots))


@given(availability=availabilities, zone=zones)
def test_no_slot_is_in_a_break(availability: Availability, zone: str) -> None:
    slots = made(zone, availability)
    for pause in (pause for window in availability.windows for pause in window.breaks):
        begins, ends = (first_shown(availability.day, each, zone) for each in (pause.start, pause.end))
        assert all(each.ends_at <= begins or each.starts_at >= ends for each in slots)


@given(availability=availabilities, zone=zones)
def test_a_start_on_the_grid_without_a_slot_has_a_reason(availability: Availability, zone: str) -> None:
    slots = made(zone, availability)
    midnight = datetime.combine(availability.day, datetime.min.time())
    offered = {each.slot_id for each in slots}
    for window in availability.windows:
        length, buffer = (timedelta(minutes=each) for each in (window.slot_minutes, window.buffer_minutes))
        for opens, closes in grids(window):
            closes_at = first_shown(availability.day, closes, zone)
            for number in range(-((opens - closes) // step(window))):
                start = midnight + opens + number * step(window)
                instant = start.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
                if f"{start:%Y-%m-%dT%H:%M}" not in offered:
                    assert (
                        by_the_clock(instant, zone) != start
                        or instant + length > closes_at
                        or any(each.starts_at < instant + length and instant < each.ends_at + buffer for each in slots)
                    )


@given(day=DAYS, window=windows_within(0, 24 * 60))
def test_where_clocks_never_change_each_grid_is_filled(day: date, window: Window) -> None:
    midnight = datetime.combine(day, datetime.min.time(), tzinfo=UTC)
    length = timedelta(minutes=window.slot_minutes)

    assert [each.starts_at for each in made("UTC", Availability(day=day, windows=(window,)))] == [
        midnight + opens + number * step(window)
        for opens, closes in grids(window)
        for number in range(24 * 60)
        if opens + number * step(window) + length <= closes
    ]


@given(availability=availabilities, zone=zones)
def test_the_same_windows_make_the_same_slots(availability: Availability, zone: str) -> None:
    assert made(zone, availability) == made(zone, availability)


@given(availability=availabilities, zone=zones)
def test_a_slot_that_ends_on_its_day_ends_later_by_the_clock_unless_the_clocks_went_back(
    availability: Availability, zone: str
) -> None:
    for each in made(zone, availability):
        start, end = by_the_clock(each.starts_at, zone), by_the_clock(each.ends_at, zone)
        if end - start == each.ends_at - each.starts_at:
            assert local_end_time(each) > each.slot_id[11:]


@pytest.mark.parametrize(
    ("zone", "starts_at", "minutes", "expected"),
    [
        pytest.param("UTC", datetime(2031, 5, 2, 9, tzinfo=UTC), 45, "09:45", id="plain"),
        pytest.param("UTC", datetime(2031, 5, 2, 23, tzinfo=UTC), 60, "24:00", id="midnight is 24:00"),
        pytest.param("UTC", datetime(2031, 5, 2, 0, tzinfo=UTC), 5, "00:05", id="after midnight"),
        pytest.param(
            "America/Havana", datetime(2026, 11, 1, 4, 30, tzinfo=UTC), 30, "00:00", id="midnight comes twice"
        ),
        pytest.param(
            "Asia/Kathmandu", datetime(2031, 5, 2, 17, 15, tzinfo=UTC), 60, "24:00", id="Kathmandu's midnight"
        ),
        pytest.param(
            "Europe/Berlin", datetime(2031, 3, 30, 0, 30, tzinfo=UTC), 60, "03:30", id="over the skipped hour"
        ),
        pytest.param("Europe/Berlin", datetime(2031, 3, 30, 0, tzinfo=UTC), 60, "03:00", id="to the skipped hour"),
        pytest.param(
            "Europe/Berlin", datetime(2031, 10, 25, 23, 30, tzinfo=UTC), 120, "02:30", id="to the second 02:30"
        ),
        pytest.param("America/Santiago", datetime(2031, 9, 7, 3, tzinfo=UTC), 60, "01:00", id="no midnight to end at"),
    ],
)
def test_the_end_is_shown_as_the_providers_clock_shows_it(
    zone: str, starts_at: datetime, minutes: int, expected: str
) -> None:
    of = slot(starts_at=starts_at, ends_at=starts_at + timedelta(minutes=minutes), time_zone=zone)

    assert local_end_time(of) == expected


def test_a_slots_id_is_its_local_start() -> None:
    assert slot_id_of(datetime.fromisoformat("2031-01-02T03:04")) == "2031-01-02T03:04"
