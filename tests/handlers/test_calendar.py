"""`/bookings/{bookingId}/calendar.ics`, as two calendar libraries read it, and as RFC 5545 and 5546 ask for it."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import icalendar
import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.models import Booking, BookingStatus
from tests.builders import NOW, booking, provider, slot
from tests.handlers.api import Answer, Api, Json, assert_problem

METHODS = {
    BookingStatus.PENDING: ("PUBLISH", "TENTATIVE"),
    BookingStatus.CONFIRMED: ("PUBLISH", "CONFIRMED"),
    BookingStatus.CANCELLED: ("CANCEL", "CANCELLED"),
    BookingStatus.EXPIRED: ("CANCEL", "CANCELLED"),
}


def calendar_of(api: Api, of: Json) -> Answer:
    answer = api.get(f"/bookings/{of['bookingId']}/calendar.ics")
    assert answer.status == 200, answer.text
    return answer


def event_in(answer: Answer) -> Any:
    """The one event of a calendar."""
    calendar = icalendar.Calendar.from_ical(answer.text)
    assert calendar.errors == []
    (event,) = calendar.events
    assert event.errors == []
    return event


def has(api: Api, name: str = "Ann", **changes: Any) -> Json:
    """A booking in the store, as it is."""
    api.stores.providers["ann"] = provider(provider_id="ann", name=name)
    there: Booking = booking(slot(provider_id="ann"), **changes)
    api.stores.bookings[there.booking_id] = there
    return {"bookingId": there.booking_id}


def test_a_booking_is_an_event_in_utc_with_the_provider(api: Api) -> None:
    api.has_provider(name="Dr. Example", timeZone="America/New_York")
    day = {"date": "2030-05-02", "startTime": "09:00", "endTime": "09:45", "slotDurationMinutes": 45}
    api.post("/providers/ann/availability", day)
    held = api.has_booking("2030-05-02T09:00")
    api.clock.advance(seconds=30)

    answer = calendar_of(api, held)

    assert sorted(answer.text.split("\r\n")) == sorted(
        [
            "BEGIN:VCALENDAR",
            "PRODID:-//Appointments//Bookings//EN",
            "VERSION:2.0",
            "METHOD:PUBLISH",
            "BEGIN:VEVENT",
            f"UID:{held['bookingId']}@appointments.invalid",
            "SEQUENCE:0",
            "STATUS:TENTATIVE",
            "SUMMARY:Appointment with Dr. Example",
            "DTSTART:20300502T130000Z",
            "DTEND:20300502T134500Z",
            'ORGANIZER;CN="Dr. Example":mailto:ann@appointments.invalid',
            "DTSTAMP:20300501T120030Z",
            "CREATED:20300501T120000Z",
            "LAST-MODIFIED:20300501T120000Z",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ]
    )


def test_its_headers_say_what_it_is_and_what_to_call_it(api: Api) -> None:
    there = has(api)

    headers = calendar_of(api, there).headers

    assert headers["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert headers["Content-Disposition"] == f'attachment; filename="{there["bookingId"]}.ics"'
    assert headers["X-Request-Id"]


def test_a_booking_keeps_its_uid_and_tells_when_it_was_changed(api: Api) -> None:
    api.has_slots()
    held = api.has_booking()
    uids, changed = set(), []
    for step in ("", "/confirm", "/cancel"):
        if step:
            api.post(f"/bookings/{held['bookingId']}{step}")
        event = event_in(calendar_of(api, held))
        uids.add(str(event["uid"]))
        changed.append(event["last-modified"].dt)
        api.clock.advance(seconds=10)

    assert uids == {f"{held['bookingId']}@appointments.invalid"}
    assert changed == [datetime(2030, 5, 1, 12, 0, second, tzinfo=UTC) for second in (0, 10, 20)]


@pytest.mark.parametrize("status", BookingStatus)
def test_an_event_is_published_until_its_booking_has_ended_and_then_cancelled(api: Api, status: BookingStatus) -> None:
    there = has(api, status=status, sequence=3)
    method, event_status = METHODS[status]

    answer = calendar_of(api, there)

    assert f"METHOD:{method}\r\n" in answer.text
    assert answer.headers["Content-Type"].endswith(f"; method={method}")
    assert event_in(answer)["status"] == event_status
    assert event_in(answer)["sequence"] == 3


def test_the_event_of_a_booking_past_its_deadline_is_cancelled_and_one_change_on(api: Api) -> None:
    there = has(api)
    stored = api.stores.bookings[there["bookingId"]]
    api.clock.now = stored.expires_at

    event = event_in(calendar_of(api, there))

    assert event["status"] == "CANCELLED"
    assert event["sequence"] == stored.seen_at(stored.expires_at).sequence
    assert event["last-modified"].dt == stored.expires_at


def test_nothing_of_the_user_is_in_it(api: Api) -> None:
    assert "private-user" not in calendar_of(api, has(api, user_id="private-user")).text


def test_a_booking_that_does_not_exist_has_no_calendar(api: Api) -> None:
    for booking_id in ("booking-00000000-0000-4000-8000-000000000000", "nonsense"):
        assert_problem(api.get(f"/bookings/{booking_id}/calendar.ics"), 404, "BOOKING_NOT_FOUND")


# What RFC 5546, 3.2.1 and 3.2.5, has exactly one of in an event that is published or cancelled; it wants no attendees.
NEEDED = ("DTSTAMP", "DTSTART", "ORGANIZER", "SEQUENCE", "STATUS", "SUMMARY", "UID")
NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=200)


def organizer_in(text: str) -> str:
    """The organizer's name by RFC 5545, 3.1 and 3.2, and RFC 6868; icalendar misreads one that ends in a backslash."""
    whole_lines = text.replace("\r\n ", "").split("\r\n")
    (line,) = (line for line in whole_lines if line.startswith("ORGANIZER;CN="))
    value = line.removeprefix("ORGANIZER;CN=").removesuffix(":mailto:ann@appointments.invalid")
    if re.search('[;:,"]', value):
        assert re.fullmatch('"[^"]*"', value), "what has a delimiter in it is quoted"
    return re.sub(r"\^[n'^]", lambda found: {"^n": "\n", "^'": '"', "^^": "^"}[found[0]], value.strip('"'))


@given(name=NAMES, status=st.sampled_from(BookingStatus), sequence=st.integers(0, 2**31 - 1))
def test_any_providers_name_gives_a_calendar_by_the_rules(name: str, status: BookingStatus, sequence: int) -> None:
    api = Api()
    there = has(api, name=name, status=status, sequence=sequence)

    answer = calendar_of(api, there)

    lines = answer.text.removesuffix("\r\n").split("\r\n")
    assert all("\n" not in line and "\r" not in line for line in lines)
    assert max(len(line.encode()) for line in lines) <= 75
    properties = [re.split("[;:]", line)[0] for line in lines if not line.startswith(" ")]
    assert {name: properties.count(name) for name in NEEDED} == dict.fromkeys(NEEDED, 1)
    assert "ATTENDEE" not in properties
    event = event_in(answer)
    assert event["summary"] == f"Appointment with {name}"
    assert organizer_in(answer.text) == name
    assert event["sequence"] == sequence


@pytest.mark.parametrize("status", BookingStatus)
@pytest.mark.parametrize("name", ["Ann", 'Müller, Söhne; & "Co": a\\b', "\U0001f600" * 200])
def test_another_library_reads_the_same(api: Api, status: BookingStatus, name: str) -> None:
    there = has(api, name=name, status=status, sequence=2, updated_at=NOW)
    stored = api.stores.bookings[there["bookingId"]]
    method, event_status = METHODS[status]

    calendar = vobject.readOne(calendar_of(api, there).text)

    assert calendar.validate(raiseException=True)
    assert calendar.method.value == method
    event = calendar.vevent
    read = {key: event.getChildValue(key) for key in ("uid", "summary", "status", "sequence", "dtstart", "dtend")}
    assert read == {
        "uid": f"{stored.booking_id}@appointments.invalid",
        "summary": f"Appointment with {name}",
        "status": event_status,
        "sequence": "2",
        "dtstart": stored.starts_at,
        "dtend": stored.ends_at,
    }


def test_the_library_is_loaded_by_the_first_calendar_only() -> None:
    program = "import app, sys; sys.exit('icalendar' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
