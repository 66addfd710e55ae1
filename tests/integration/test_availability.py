"""Availability as people have it, on the running system: a year of weeks, closed days, and free slots over a range."""

from datetime import date, timedelta
from typing import Any

from tests.system import A_DAY, System, eventually

FIRST = date.fromisoformat(A_DAY)
A_YEAR: dict[str, Any] = {
    "startDate": A_DAY,
    "endDate": str(FIRST + timedelta(days=365)),
    "weekdays": ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"],
    "startTime": "09:00",
    "endTime": "18:00",
    "slotDurationMinutes": 25,
    "bufferMinutes": 5,
    "breaks": [{"startTime": "13:00", "endTime": "14:00"}],
}
SLOTS_A_DAY = 16


def free_in(system: System, provider_id: str, days: int, limit: int = 100) -> list[str]:
    """All free slots from the first day on, page by page, each of which must be full but for the last."""
    path = f"/providers/{provider_id}/slots?from={FIRST}&to={FIRST + timedelta(days=days - 1)}&limit={limit}"
    page = system.get(path)
    found = [slot["slotId"] for slot in page["slots"]]
    while page["nextCursor"]:
        assert page["count"] == limit
        page = system.get(f"{path}&cursor={page['nextCursor']}")
        found += [slot["slotId"] for slot in page["slots"]]
    return found


def test_a_year_of_weeks_is_set_shown_and_set_again(system: System) -> None:
    provider_id = system.provider(timeZone="Europe/Berlin")

    year = system.post(f"/providers/{provider_id}/availability", A_YEAR, expect=201)

    assert len(year["days"]) in range(261, 263)
    assert year["slotsCreated"] == SLOTS_A_DAY * len(year["days"])
    assert (year["slotsKept"], year["slotsRemoved"], year["kept"]) == (0, 0, [])
    shown = system.get(f"/providers/{provider_id}/availability?from={A_YEAR['startDate']}&to={A_YEAR['endDate']}")
    assert [day["date"] for day in shown["days"]] == [day["date"] for day in year["days"]]
    assert shown["days"][0]["windows"] == [
        {name: A_YEAR[name] for name in ("startTime", "endTime", "slotDurationMinutes", "bufferMinutes", "breaks")}
    ]

    month = free_in(system, provider_id, 31)
    weekdays = [day["date"] for day in year["days"] if date.fromisoformat(day["date"]) < FIRST + timedelta(days=31)]
    assert sorted({slot_id[:10] for slot_id in month}) == weekdays
    assert month == sorted(month)
    assert len(month) == SLOTS_A_DAY * len(weekdays)
    assert not [slot_id for slot_id in month if slot_id[11:13] == "13"]

    held = system.hold(provider_id, month[40])
    again = system.post(f"/providers/{provider_id}/availability", A_YEAR, expect=201)
    assert [slot["slotId"] for slot in again["kept"]] == [month[40]]
    assert again["slotsCreated"] == year["slotsCreated"] - 1
    assert free_in(system, provider_id, 31, limit=77) == [slot_id for slot_id in month if slot_id != month[40]]
    assert system.post(f"/bookings/{held['bookingId']}/confirm", expect=200)["status"] == "CONFIRMED"


def test_a_day_is_closed_and_what_was_booked_goes_with_its_booking(system: System) -> None:
    provider_id = system.provider()
    system.availability(provider_id)
    reserved = system.hold(provider_id, f"{A_DAY}T10:00")
    system.post(f"/bookings/{reserved['bookingId']}/confirm", expect=200)

    closed = system.http.delete(f"/providers/{provider_id}/availability/{A_DAY}")

    assert closed.status_code == 200
    assert [(slot["slotId"], slot["status"]) for slot in closed.json()["slots"]] == [(f"{A_DAY}T10:00", "RESERVED")]
    (shown,) = system.get(f"/providers/{provider_id}/availability?from={A_DAY}&to={A_DAY}")["days"]
    assert shown == {"date": A_DAY, "closed": True, "windows": []}
    assert system.free_slots(provider_id) == []
    system.post(f"/bookings/{reserved['bookingId']}/cancel", expect=200)
    assert system.free_slots(provider_id) == []
    assert system.hold(provider_id, f"{A_DAY}T10:00", expect=404)["code"] == "SLOT_NOT_FOUND"

    system.availability(provider_id)
    assert system.free_slots(provider_id) == [f"{A_DAY}T{hour}:00" for hour in ("09", "10", "11")]


def test_a_hold_on_a_closed_day_that_expires_leaves_nothing_to_book(short_hold_system: System) -> None:
    system = short_hold_system
    provider_id = system.provider()
    system.availability(provider_id)
    held = system.hold(provider_id, f"{A_DAY}T10:00")
    assert system.http.delete(f"/providers/{provider_id}/availability/{A_DAY}").json()["slotsKept"] == 1

    system.wait_for_status(held["bookingId"], "EXPIRED")

    eventually(
        "the worker has freed the slot",
        lambda: system.table.slot(provider_id, f"{A_DAY}T10:00")["status"] == "AVAILABLE",
    )
    assert system.free_slots(provider_id) == []
    assert system.hold(provider_id, f"{A_DAY}T10:00", expect=404)["code"] == "SLOT_NOT_FOUND"


def test_methods_of_the_new_paths_reach_the_application(system: System) -> None:
    provider_id = system.provider()

    answer = system.http.patch(f"/providers/{provider_id}/availability/{A_DAY}")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "DELETE")
    assert system.http.delete(f"/providers/{provider_id}/availability/today").status_code == 400
