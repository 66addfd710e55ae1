"""A provider's window becomes slots, also on the days the clocks change.

The instants expected here were worked out by hand from the zones' rules, not with the code under test.
"""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.models import Slot, Window
from chalicelib.domain.slots import local_end_time, slot_id_of, slots_of
from tests.builders import slot


def window_of(day: str, start: str, end: str, minutes: int) -> Window:
    return Window(
        day=date.fromisoformat(day), start=since_midnight(start), end=since_midnight(end), slot_minutes=minutes
    )


def since_midnight(clock: str) -> timedelta:
    hours, minutes = clock.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def made(zone: str, window: Window) -> list[Slot]:
    return slots_of(window, provider_id="ann", time_zone=zone)


def spans(zone: str, window: Window) -> list[str]:
    """Each slot as its local start by the clock and its true span in UTC."""
    return [f"{slot.slot_id[11:]} = {slot.starts_at:%dT%H:%M}-{slot.ends_at:%dT%H:%M}Z" for slot in made(zone, window)]


def test_only_slots_that_end_by_the_windows_end_are_made() -> None:
    assert spans("UTC", window_of("2031-05-02", "09:00", "10:00", 45)) == ["09:00 = 02T09:00-02T09:45Z"]


@pytest.mark.parametrize(("end", "count"), [("09:44", 0), ("09:45", 1), ("10:29", 1), ("10:30", 2)])
def test_a_slot_that_ends_with_the_window_is_made(end: str, count: int) -> None:
    assert len(made("UTC", window_of("2031-05-02", "09:00", end, 45))) == count


def test_a_whole_day_of_five_minutes_has_288_slots() -> None:
    slots = made("UTC", window_of("2031-05-02", "00:00", "24:00", 5))

    assert len(slots) == 288
    assert (slots[0].slot_id, slots[-1].slot_id) == ("2031-05-02T00:00", "2031-05-02T23:55")
    assert slots[-1].ends_at == datetime(2031, 5, 3, tzinfo=UTC)


def test_a_slot_belongs_to_its_provider_and_is_free() -> None:
    (only,) = slots_of(window_of("2031-05-02", "22:00", "24:00", 120), provider_id="ann", time_zone="Europe/Berlin")

    assert only == Slot(
        provider_id="ann",
        slot_id="2031-05-02T22:00",
        starts_at=datetime(2031, 5, 2, 20, tzinfo=UTC),
        ends_at=datetime(2031, 5, 2, 22, tzinfo=UTC),
        time_zone="Europe/Berlin",
    )


def test_an_unknown_time_zone_is_an_error() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        made("Mars/Olympus", window_of("2031-05-02", "09:00", "10:00", 30))


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


@pytest.mark.parametrize(("zone", "window", "expected"), CLOCK_CHANGES)
def test_slots_are_right_by_the_clock_and_in_utc(
    zone: str, window: tuple[str, str, str, int], expected: list[str]
) -> None:
    assert spans(zone, window_of(*window)) == expected


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
    assert len(made(zone, window_of(day, "00:00", "24:00", 60))) == count


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
def windows(draw: st.DrawFn) -> Window:
    start = draw(st.integers(0, 24 * 60 - 1))
    end = draw(st.integers(start + 1, 24 * 60))
    return Window(
        day=draw(DAYS),
        start=timedelta(minutes=start),
        end=timedelta(minutes=end),
        slot_minutes=draw(st.integers(5, 480)),
    )


def by_the_clock(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def closing(window: Window, zone: str) -> datetime:
    """The window's end, found by watching the clock minute by minute from well before."""
    end = datetime.combine(window.day, datetime.min.time()) + window.end
    instant = end.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(hours=2)
    assert by_the_clock(instant, zone) < end
    while by_the_clock(instant, zone) < end:
        instant += timedelta(minutes=1)
    return instant


@given(window=windows(), zone=st.sampled_from(ZONES))
def test_slots_lie_on_the_grid_inside_their_window(window: Window, zone: str) -> None:
    closes_at = closing(window, zone)
    midnight = datetime.combine(window.day, datetime.min.time())
    for each in made(zone, window):
        start = by_the_clock(each.starts_at, zone) - midnight
        assert window.start <= start < window.end
        assert (start - window.start) % timedelta(minutes=window.slot_minutes) == timedelta(0)
        assert each.slot_id == f"{midnight + start:%Y-%m-%dT%H:%M}"
        assert each.ends_at <= closes_at


@given(window=windows(), zone=st.sampled_from(ZONES))
def test_slots_have_their_true_length_follow_each_other_and_never_overlap(window: Window, zone: str) -> None:
    slots = made(zone, window)

    assert all(each.ends_at - each.starts_at == timedelta(minutes=window.slot_minutes) for each in slots)
    assert all(earlier.ends_at <= later.starts_at for earlier, later in pairwise(slots))
    assert [each.slot_id for each in slots] == sorted({each.slot_id for each in slots})


@given(window=windows(), zone=st.sampled_from(ZONES))
def test_a_start_on_the_grid_without_a_slot_has_a_reason(window: Window, zone: str) -> None:
    slots = made(zone, window)
    closes_at = closing(window, zone)
    length = timedelta(minutes=window.slot_minutes)
    midnight = datetime.combine(window.day, datetime.min.time())
    offered = {each.slot_id for each in slots}
    for minutes in range(0, int((window.end - window.start) / timedelta(minutes=1)), window.slot_minutes):
        start = midnight + window.start + timedelta(minutes=minutes)
        instant = start.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        if f"{start:%Y-%m-%dT%H:%M}" not in offered:
            assert (
                by_the_clock(instant, zone) != start
                or instant + length > closes_at
                or any(each.starts_at < instant + length and instant < each.ends_at for each in slots)
            )


@given(window=windows())
def test_where_clocks_never_change_the_window_is_filled(window: Window) -> None:
    opens_at = datetime.combine(window.day, datetime.min.time(), tzinfo=UTC) + window.start
    length = timedelta(minutes=window.slot_minutes)

    assert [each.starts_at for each in made("UTC", window)] == [
        opens_at + number * length for number in range((window.end - window.start) // length)
    ]


@given(window=windows(), zone=st.sampled_from(ZONES))
def test_the_same_window_makes_the_same_slots(window: Window, zone: str) -> None:
    assert made(zone, window) == made(zone, window)


@given(window=windows(), zone=st.sampled_from(ZONES))
def test_a_slot_that_ends_on_its_day_ends_later_by_the_clock_unless_the_clocks_went_back(
    window: Window, zone: str
) -> None:
    for each in made(zone, window):
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
