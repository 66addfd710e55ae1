"""Races on the real endpoint, over HTTP: one winner, and a sound table after each.

Never on moto, which lets two transactions through at once.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import httpx
import pytest

from operations.invariants import unfinished, violations
from tests.builders import new_id
from tests.concurrency.conftest import Crowd
from tests.system import A_DAY, System, eventually

ROUNDS = 50
CLIENTS = 64
PAIRS = 24
"""Races that run side by side, each on a slot of its own: a confirm against an expiry can't be hurried."""

WEEKDAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]

SIMULTANEOUS = 20
"""Holds that one user asks for at the same moment."""

Act = Callable[[httpx.Client], httpx.Response]


def day_of_slots(system: System) -> tuple[str, list[str]]:
    """A provider with 288 free slots."""
    provider_id = system.provider()
    day = system.availability(provider_id, startTime="00:00", endTime="24:00", slotDurationMinutes=5)
    return provider_id, [slot["slotId"] for slot in day["slots"]]


def assert_sound(system: System) -> None:
    """The table holds to what must always hold."""
    assert violations(system.table.all(), now=datetime.now(UTC), max_active_holds=5) == []


def assert_finished_and_sound(system: System) -> None:
    """Whatever came to its deadline gets done, and the table is sound then."""
    eventually("all is done", lambda: not unfinished(system.table.all(), now=datetime.now(UTC)))
    assert_sound(system)


def a_user() -> str:
    """A user who has no holds yet."""
    return f"user-{new_id()}"


def hold(provider_id: str, slot_id: str, user_id: str, *, key: str | None = None) -> Act:
    body = {"providerId": provider_id, "slotId": slot_id, "userId": user_id}
    headers = {"Idempotency-Key": key} if key else {}
    return lambda client: client.post("/bookings", json=body, headers=headers)


def reschedule(booking_id: str, slot_id: str) -> Act:
    return lambda client: client.post(f"/bookings/{booking_id}/reschedule", json={"slotId": slot_id})


def change(booking_id: str, act: str) -> Act:
    return lambda client: client.post(f"/bookings/{booking_id}/{act}")


def test_of_64_clients_that_want_one_slot_one_gets_it_and_63_are_told_so(system: System, crowd: Crowd) -> None:
    provider_id, slot_ids = day_of_slots(system)
    for number, slot_id in enumerate(slot_ids[:ROUNDS]):
        answers = crowd.all_at_once([hold(provider_id, slot_id, a_user()) for _ in range(CLIENTS)])
        assert Counter(answer.status_code for answer in answers) == {202: 1, 409: CLIENTS - 1}, f"round {number}"
        assert {answer.json()["code"] for answer in answers if answer.is_error} == {"SLOT_UNAVAILABLE"}
        winner = next(answer.json() for answer in answers if answer.is_success)
        assert system.table.slot(provider_id, slot_id)["heldBy"] == winner["bookingId"]
    assert_sound(system)


def test_64_clients_that_want_64_slots_all_get_theirs(system: System, crowd: Crowd) -> None:
    provider_id, slot_ids = day_of_slots(system)
    answers = crowd.all_at_once([hold(provider_id, each, a_user()) for each in slot_ids[:CLIENTS]])
    assert Counter(answer.status_code for answer in answers) == {202: CLIENTS}
    assert_sound(system)


def test_20_clients_that_send_one_request_with_one_key_get_one_hold_and_20_equal_answers(
    system: System, crowd: Crowd
) -> None:
    provider_id, slot_ids = day_of_slots(system)
    for number, slot_id in enumerate(slot_ids[:ROUNDS]):
        answers = crowd.all_at_once([hold(provider_id, slot_id, a_user(), key="key")] * 20)
        assert Counter(answer.status_code for answer in answers) == {202: 20}, f"round {number}"
        assert len({answer.text for answer in answers}) == 1
        assert system.table.slot(provider_id, slot_id)["heldBy"] == answers[0].json()["bookingId"]
    made = {item["PK"] for item in system.table.all() if item.get("providerId") == provider_id and "slotId" in item}
    assert len({each for each in made if each.startswith("BOOKING#")}) == ROUNDS
    assert_sound(system)


def test_of_20_slots_that_a_user_wants_at_once_5_are_held_and_each_that_is_settled_makes_room_for_one(
    system: System, crowd: Crowd
) -> None:
    """With keys in every second round, which must make no difference."""
    provider_id, slot_ids = day_of_slots(system)
    for number in range(ROUNDS // 8):
        user = a_user()
        wanted = slot_ids[number * SIMULTANEOUS : (number + 1) * SIMULTANEOUS]
        acts = [hold(provider_id, each, user, key=f"key-{each}" if number % 2 else None) for each in wanted]

        answers = crowd.all_at_once(acts)

        assert Counter(answer.status_code for answer in answers) == {202: 5, 429: SIMULTANEOUS - 5}, f"round {number}"
        assert {answer.json()["code"] for answer in answers if answer.is_error} == {"TOO_MANY_HOLDS"}
        held = [answer.json()["bookingId"] for answer in answers if answer.is_success]
        left = [each for each in wanted if system.table.slot(provider_id, each)["status"] == "AVAILABLE"]
        assert len(left) == SIMULTANEOUS - 5

        for booking_id, step in zip(held, ("confirm", "cancel"), strict=False):
            system.post(f"/bookings/{booking_id}/{step}", expect=200)
            answers = crowd.all_at_once([hold(provider_id, each, user) for each in left])
            assert Counter(answer.status_code for answer in answers) == {202: 1, 429: len(left) - 1}
            left = [each for each in left if system.table.slot(provider_id, each)["status"] == "AVAILABLE"]
    assert_sound(system)


def test_many_confirms_of_one_booking_confirm_it_once_and_answer_alike(system: System, crowd: Crowd) -> None:
    provider_id, slot_ids = day_of_slots(system)
    for slot_id in slot_ids[:10]:
        held = system.hold(provider_id, slot_id)
        answers = crowd.all_at_once([change(held["bookingId"], "confirm")] * 16)
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.text for answer in answers}) == 1
    assert_sound(system)


def test_confirm_against_cancel_ends_cancelled_with_a_free_slot_whoever_is_first(system: System, crowd: Crowd) -> None:
    provider_id, slot_ids = day_of_slots(system)
    orders = Counter[int]()
    for slot_id in slot_ids[:ROUNDS]:
        held = system.hold(provider_id, slot_id)
        confirm, cancel = crowd.all_at_once([change(held["bookingId"], "confirm"), change(held["bookingId"], "cancel")])
        assert cancel.status_code == 200
        assert confirm.status_code in {200, 409}
        if confirm.status_code == 409:
            assert confirm.json()["bookingStatus"] == "CANCELLED"
        orders[confirm.status_code] += 1
        assert system.get(f"/bookings/{held['bookingId']}") == cancel.json()
        assert system.table.slot(provider_id, slot_id)["status"] == "AVAILABLE"
    assert sum(orders.values()) == ROUNDS
    assert_sound(system)


def test_setting_a_day_while_it_is_being_booked_never_takes_a_slot_from_its_owner(system: System, crowd: Crowd) -> None:
    provider_id, slot_ids = day_of_slots(system)
    grids = [
        {"date": A_DAY, "startTime": "00:00", "endTime": "24:00", "slotDurationMinutes": minutes}
        for minutes in (5, 10, 15)
    ]
    acts: list[Act] = [hold(provider_id, each, a_user()) for each in slot_ids[:61]]
    acts += [
        lambda client, grid=grid: client.post(f"/providers/{provider_id}/availability", json=grid)  # type: ignore[misc] # mypy gives a lambda's default no type
        for grid in grids
    ]
    answers = crowd.all_at_once(acts)
    statuses = Counter(answer.status_code for answer in answers[:61])
    assert set(statuses) <= {202, 404}, "a slot was there and got held, or was not there any more"
    assert {answer.status_code for answer in answers[61:]} <= {201, 503}
    for answer in answers[:61]:
        if answer.is_success:
            held = answer.json()
            assert system.table.slot(provider_id, held["slotId"])["heldBy"] == held["bookingId"]
    slots = sorted(
        (item["startsAt"], item["endsAt"])
        for item in system.table.items(f"PROVIDER#{provider_id}").values()
        if item["SK"].startswith("SLOT#")
    )
    assert all(end <= next_start for (_, end), (next_start, _) in pairwise(slots)), "no overlap"
    assert_sound(system)


def test_a_pattern_and_a_closing_while_the_days_are_booked_take_no_slot_from_its_owner(
    system: System, crowd: Crowd
) -> None:
    provider_id = system.provider()
    days = [str(date.fromisoformat(A_DAY) + timedelta(days=number)) for number in range(7)]
    pattern = {
        "startDate": days[0],
        "endDate": days[-1],
        "weekdays": WEEKDAYS,
        "startTime": "09:00",
        "endTime": "17:00",
    }
    path = f"/providers/{provider_id}/availability"
    system.post(path, {**pattern, "slotDurationMinutes": 20}, expect=201)
    free = system.get(f"/providers/{provider_id}/slots?from={days[0]}&to={days[-1]}&limit=500")["slots"]
    chance = random.Random(0)

    acts: list[Act] = [hold(provider_id, slot["slotId"], a_user()) for slot in chance.sample(free, 56)]
    for minutes in (15, 20, 30):
        body = {**pattern, "slotDurationMinutes": minutes}
        acts.append(lambda client, body=body: client.post(path, json=body))  # type: ignore[misc] # mypy gives a lambda's default no type
    acts += [lambda client, day=day: client.delete(f"{path}/{day}") for day in days[:5]]  # type: ignore[misc] # mypy gives a lambda's default no type
    chance.shuffle(acts)
    answers = crowd.all_at_once(acts)

    held = [answer.json() for answer in answers if answer.status_code == 202]
    assert {answer.status_code for answer in answers} <= {200, 201, 202, 404, 503}
    assert held
    for booking in held:
        assert system.table.slot(provider_id, booking["slotId"])["heldBy"] == booking["bookingId"]
    slots = sorted(
        (item["startsAt"], item["endsAt"])
        for item in system.table.items(f"PROVIDER#{provider_id}").values()
        if item["SK"].startswith("SLOT#")
    )
    assert all(end <= next_start for (_, end), (next_start, _) in pairwise(slots)), "no overlap"

    # In the end all days are as the last request leaves them, whatever was before; what is held is kept.
    for day in days:
        assert system.http.delete(f"{path}/{day}").is_success
    for booking in held:
        system.post(f"/bookings/{booking['bookingId']}/cancel", expect=200)
    assert system.get(f"/providers/{provider_id}/slots?from={days[0]}&to={days[-1]}")["slots"] == []
    assert_sound(system)


def at_about(deadline: datetime, act: Act, offset_seconds: float) -> Act:
    """Act around the deadline, so that the deadline and the act race."""

    def wait_and_act(client: httpx.Client) -> httpx.Response:
        time.sleep(max(0.0, (deadline - datetime.now(UTC)).total_seconds() + offset_seconds))
        return act(client)

    return wait_and_act


def holds_with_one_deadline(system: System, crowd: Crowd, count: int) -> tuple[str, list[dict[str, str]]]:
    """Bookings of as many slots, held at about the same time."""
    provider_id, slot_ids = day_of_slots(system)
    answers = crowd.all_at_once([hold(provider_id, each, a_user()) for each in slot_ids[:count]])
    return provider_id, [answer.json() for answer in answers]


@pytest.mark.parametrize("seed", range(3))
def test_confirm_against_expiry_has_one_winner(short_hold_system: System, short_hold_crowd: Crowd, seed: int) -> None:
    system, chance = short_hold_system, random.Random(seed)
    provider_id, held = holds_with_one_deadline(system, short_hold_crowd, PAIRS)
    answers = short_hold_crowd.all_at_once(
        [
            at_about(
                datetime.fromisoformat(each["expiresAt"]),
                change(each["bookingId"], "confirm"),
                chance.uniform(-0.15, 0.15),
            )
            for each in held
        ]
    )
    for each, answer in zip(held, answers, strict=True):
        assert answer.status_code in {200, 409}
        if answer.status_code == 200:
            assert system.get(f"/bookings/{each['bookingId']}") == answer.json()
            assert system.table.slot(provider_id, each["slotId"])["reservedBy"] == each["bookingId"]
        else:
            assert answer.json()["bookingStatus"] == "EXPIRED"
            eventually(
                "the expiry is done",
                lambda each=each: (
                    system.table.booking(each["bookingId"]).get("METADATA", {}).get("status")  # type: ignore[misc] # mypy gives a lambda's default no type
                    == "EXPIRED"
                ),
            )
            assert system.table.slot(provider_id, each["slotId"])["status"] == "AVAILABLE"
    assert_finished_and_sound(system)


@pytest.mark.parametrize("seed", range(3))
def test_a_re_hold_of_an_expired_hold_against_a_late_confirm_has_one_winner(
    short_hold_system: System, short_hold_crowd: Crowd, seed: int
) -> None:
    system, chance = short_hold_system, random.Random(seed)
    provider_id, held = holds_with_one_deadline(system, short_hold_crowd, PAIRS)
    acts: list[Act] = []
    for each in held:
        deadline = datetime.fromisoformat(each["expiresAt"])
        acts.append(at_about(deadline, change(each["bookingId"], "confirm"), chance.uniform(-0.1, 0.1)))
        acts.append(at_about(deadline, hold(provider_id, each["slotId"], a_user()), chance.uniform(-0.1, 0.1)))
    answers = short_hold_crowd.all_at_once(acts)
    for each, confirm, again in zip(held, answers[::2], answers[1::2], strict=True):
        assert confirm.status_code in {200, 409}
        assert again.status_code in {202, 409}
        assert (confirm.status_code, again.status_code) != (200, 202), f"two owners of {each['slotId']}"
        if confirm.status_code == 200:
            assert system.table.slot(provider_id, each["slotId"])["reservedBy"] == each["bookingId"]
    assert_finished_and_sound(system)
