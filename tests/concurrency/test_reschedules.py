"""Reschedules at the same time, over HTTP: one owner for each slot, and a sound table after each round."""

from collections import Counter

import pytest

from tests.concurrency.conftest import Crowd
from tests.concurrency.test_races import Act, a_user, assert_sound, change, day_of_slots, hold, reschedule
from tests.system import System

ROUNDS = 15
RIVALS = 8


def booked(system: System, provider_id: str, slot_id: str, *, is_confirmed: bool) -> str:
    """A booking of a slot; returns its id."""
    booking_id: str = system.hold(provider_id, slot_id)["bookingId"]
    if is_confirmed:
        system.post(f"/bookings/{booking_id}/confirm", expect=200)
    return booking_id


def owners(system: System, provider_id: str, slot_ids: list[str]) -> list[str | None]:
    """Whose the slots are, by the table."""
    slots = [system.table.slot(provider_id, slot_id) for slot_id in slot_ids]
    return [slot.get("reservedBy") or slot.get("heldBy") for slot in slots]


def rounds(slot_ids: list[str], size: int) -> list[list[str]]:
    """So many slots for each round."""
    return [slot_ids[number * size : (number + 1) * size] for number in range(ROUNDS)]


@pytest.mark.parametrize("is_confirmed", [False, True], ids=["held", "confirmed"])
def test_of_many_that_want_one_slot_by_a_reschedule_or_a_hold_one_gets_it_and_the_others_keep_theirs(
    system: System, crowd: Crowd, is_confirmed: bool
) -> None:
    provider_id, slot_ids = day_of_slots(system)
    winners = Counter[str]()
    for wanted, *had in rounds(slot_ids, 1 + RIVALS):
        bookings = [booked(system, provider_id, slot_id, is_confirmed=is_confirmed) for slot_id in had]
        acts: list[Act] = [reschedule(each, wanted) for each in bookings]
        acts += [hold(provider_id, wanted, a_user()) for _ in range(RIVALS)]
        answers = crowd.all_at_once(acts)
        won = [answer for answer in answers if answer.is_success]
        assert len(won) == 1
        assert {answer.json()["code"] for answer in answers if answer.is_error} == {"SLOT_UNAVAILABLE"}
        winner = won[0].json()["bookingId"]
        left = [None if booking_id == winner else booking_id for booking_id in bookings]
        assert owners(system, provider_id, [wanted, *had]) == [winner, *left]
        winners["reschedule" if winner in bookings else "hold"] += 1
    assert winners.total() == ROUNDS
    assert_sound(system)


def test_two_bookings_that_want_each_others_slots_both_keep_their_own(system: System, crowd: Crowd) -> None:
    """Neither slot is free until the other booking has left, so there is no way to swap them."""
    provider_id, slot_ids = day_of_slots(system)
    for number, (first_slot, second_slot) in enumerate(rounds(slot_ids, 2)):
        first = booked(system, provider_id, first_slot, is_confirmed=number % 2 == 0)
        second = booked(system, provider_id, second_slot, is_confirmed=number % 3 == 0)
        answers = crowd.all_at_once([reschedule(first, second_slot), reschedule(second, first_slot)] * 2)
        assert [answer.json()["code"] for answer in answers] == ["SLOT_UNAVAILABLE"] * 4
        assert owners(system, provider_id, [first_slot, second_slot]) == [first, second]
    assert_sound(system)


def test_a_slot_that_one_booking_leaves_goes_to_one_other_at_most(system: System, crowd: Crowd) -> None:
    provider_id, slot_ids = day_of_slots(system)
    for free, had, followers_slot in rounds(slot_ids, 3):
        leaver = booked(system, provider_id, had, is_confirmed=True)
        follower = booked(system, provider_id, followers_slot, is_confirmed=True)
        left, followed, held = crowd.all_at_once(
            [reschedule(leaver, free), reschedule(follower, had), hold(provider_id, had, a_user())]
        )
        assert left.status_code == 200
        assert sorted([followed.status_code, held.status_code]) in ([200, 409], [202, 409], [409, 409])
        now_has_it = next((each.json()["bookingId"] for each in (followed, held) if each.is_success), None)
        assert owners(system, provider_id, [free, had]) == [leaver, now_has_it]
    assert_sound(system)


@pytest.mark.parametrize("act", ["confirm", "cancel"])
def test_a_reschedule_against_another_step_leaves_one_slot_with_the_booking_or_none(
    system: System, crowd: Crowd, act: str
) -> None:
    provider_id, slot_ids = day_of_slots(system)
    for had, wanted in rounds(slot_ids, 2):
        booking_id = booked(system, provider_id, had, is_confirmed=False)
        moved, stepped = crowd.all_at_once([reschedule(booking_id, wanted), change(booking_id, act)])
        assert stepped.status_code == 200
        if act == "confirm":
            assert moved.status_code == 200
            assert owners(system, provider_id, [had, wanted]) == [None, booking_id]
            assert system.get(f"/bookings/{booking_id}")["status"] == "CONFIRMED"
        else:
            assert moved.status_code in {200, 409}
            assert owners(system, provider_id, [had, wanted]) == [None, None]
            assert system.get(f"/bookings/{booking_id}")["status"] == "CANCELLED"
    assert_sound(system)
