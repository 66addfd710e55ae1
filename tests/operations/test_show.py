"""`show` tells all that the table knows of a booking."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.dao.items import Item
from operations.show import show, story_of
from tests.builders import NOW
from tests.operations.conftest import Sandbox
from tests.operations.damage import (
    LATE,
    MINE,
    OTHER,
    SLOT,
    cancelled,
    confirmed,
    expired,
    free,
    held,
    pending,
    reserved,
    trigger,
)


def shown(sandbox: Sandbox, *, as_json: bool = False) -> str:
    assert show(sandbox.target, sandbox.screen, booking_id=MINE.booking_id, as_json=as_json)
    return sandbox.said()


@pytest.mark.parametrize(
    ("items", "for_users", "in_the_table", "standing"),
    [
        ([held(), trigger()], "PENDING", "not written yet", "its message is in the queue, or a dead letter"),
        ([held(), trigger(), pending()], "PENDING", "PENDING", "waits for its user"),
        ([held(LATE), trigger(LATE), pending(LATE)], "EXPIRED", "PENDING", "waits for TTL"),
        ([held(LATE), pending(LATE)], "EXPIRED", "PENDING", "waits for the expiration handler"),
        ([reserved(), confirmed()], "CONFIRMED", "CONFIRMED", "settled"),
        ([free(), cancelled()], "CANCELLED", "CANCELLED", "settled"),
        ([free(), expired()], "EXPIRED", "EXPIRED", "settled"),
    ],
)
def test_the_first_line_tells_what_users_see_what_is_stored_and_where_it_stands(
    items: list[Item], for_users: str, in_the_table: str, standing: str, sandbox: Sandbox
) -> None:
    sandbox.put(items)
    first = shown(sandbox).splitlines()[0]
    assert first.startswith(f"{MINE.booking_id} is {for_users} for its users ({in_the_table} in the table): ")
    assert standing in first


def test_the_slot_is_told_as_users_see_it_and_as_it_is_stored(sandbox: Sandbox) -> None:
    sandbox.put([held(LATE), trigger(LATE)])
    assert f"Slot {SLOT.slot_id} of {SLOT.provider_id} is AVAILABLE for users (HELD in the table)" in shown(sandbox)


def test_a_slot_that_is_gone_is_told(sandbox: Sandbox) -> None:
    sandbox.put([cancelled()])
    assert "is missing for users (missing in the table)" in shown(sandbox)


def test_what_happened_and_will_happen_is_told_in_order(sandbox: Sandbox) -> None:
    sandbox.put([held(), trigger()])
    assert "  2030-05-01T12:05:01Z  the hold ends\n" in shown(sandbox)
    waiting = story_of(sandbox.target, MINE.booking_id)
    sandbox.put([reserved(), confirmed()])
    settled = story_of(sandbox.target, MINE.booking_id)
    assert waiting
    assert settled
    appointment = ["the appointment starts", "the appointment ends"]
    assert [what for _, what in waiting.timeline] == ["held by mine", "the hold ends", *appointment]
    assert [what for _, what in settled.timeline] == ["held by mine", "confirmed", *appointment]


def test_what_is_wrong_with_it_is_told(sandbox: Sandbox) -> None:
    sandbox.put([held(), pending()])
    assert "wrong     " in (text := shown(sandbox))
    assert "nothing ends that" in text


def test_what_is_wrong_with_others_is_not(sandbox: Sandbox) -> None:
    sandbox.put([held(OTHER), pending(OTHER), cancelled()])
    assert "wrong" not in shown(sandbox)


def test_programs_get_the_items_as_they_are_stored(sandbox: Sandbox) -> None:
    sandbox.put([held(), trigger()])
    document = json.loads(shown(sandbox, as_json=True))
    assert document["statusForUsers"] == "PENDING"
    assert document["items"] == {"own": None, "trigger": trigger(), "slot": held()}
    assert document["timeline"][0] == {"at": "2030-05-01T12:00:00.250000Z", "what": "held by mine"}


def test_a_booking_that_cant_be_read_is_shown_all_the_same(sandbox: Sandbox) -> None:
    sandbox.put([pending(createdAt=7)])
    text = shown(sandbox)
    assert text.startswith(f"{MINE.booking_id} is unreadable for its users (PENDING in the table): it can't be read")
    assert "  createdAt      7\n" in text


def test_what_would_steer_a_terminal_is_not_let_through(sandbox: Sandbox) -> None:
    sandbox.put([trigger(replace(MINE, user_id="\x1b[2Jme\nfaked line"))])
    text = shown(sandbox)
    assert "\x1b" not in text
    assert "[2Jme faked line" in text


def test_there_is_nothing_to_show_of_a_booking_that_does_not_exist(sandbox: Sandbox) -> None:
    assert not show(sandbox.target, sandbox.screen, booking_id="booking-none", as_json=False)
    assert sandbox.said() == ""


def test_it_goes_by_the_clock(sandbox: Sandbox) -> None:
    sandbox.put([held(), trigger()])
    sandbox.clock.now = NOW + timedelta(minutes=6)
    assert "is EXPIRED for its users" in shown(sandbox)
