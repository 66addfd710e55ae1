"""The checker of what must always hold finds what is planted."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.dao.items import Item, booking_fields, pending_item, slot_item, trigger_item
from chalicelib.domain.instants import to_epoch_second
from chalicelib.domain.models import Booking
from operations.invariants import unfinished, violations
from tests.builders import NOW, booking, slot

SLOT = slot()
MINE, OTHER = booking(SLOT), booking(SLOT)
FREE = slot_item(SLOT)


def held_by(owner: Booking, **changes: object) -> Item:
    return {
        **FREE,
        "status": "HELD",
        "heldBy": owner.booking_id,
        "holdExpiresAt": to_epoch_second(owner.expires_at),
        **changes,
    }


def reserved_by(owner: Booking) -> Item:
    return {**FREE, "status": "RESERVED", "reservedBy": owner.booking_id}


def in_status(of: Booking, status: str) -> Item:
    return {**pending_item(of), **booking_fields(of), "status": status}


def numbers_as_the_table_gives_them(items: list[Item]) -> list[Item]:
    return [
        {name: Decimal(value) if isinstance(value, int) else value for name, value in item.items()} for item in items
    ]


@pytest.mark.parametrize(
    "items",
    [
        [FREE],
        [held_by(MINE), trigger_item(MINE)],
        [held_by(MINE), trigger_item(MINE), pending_item(MINE)],
        [reserved_by(MINE), in_status(MINE, "CONFIRMED")],
        [FREE, in_status(MINE, "CANCELLED"), in_status(OTHER, "EXPIRED")],
        [held_by(OTHER), trigger_item(OTHER), in_status(MINE, "EXPIRED")],
    ],
)
def test_a_sound_table_has_no_violations(items: list[Item]) -> None:
    assert violations(numbers_as_the_table_gives_them(items), now=NOW) == []


@pytest.mark.parametrize(
    ("items", "found"),
    [
        ([held_by(MINE), trigger_item(MINE), trigger_item(OTHER)], "both have"),
        ([FREE, pending_item(MINE)], "belongs to None"),
        ([held_by(OTHER), trigger_item(OTHER), in_status(MINE, "CONFIRMED")], "belongs to None"),
        ([reserved_by(MINE), in_status(MINE, "CANCELLED")], "is reserved by"),
        ([reserved_by(MINE)], "is reserved by"),
        ([reserved_by(MINE), in_status(replace(MINE, slot_id="2030-05-02T11:00"), "CONFIRMED")], "which names"),
        ([held_by(MINE)], "nothing ends that"),
        ([held_by(MINE, holdExpiresAt=to_epoch_second(MINE.expires_at) + 60), trigger_item(MINE)], "is held until"),
        ([reserved_by(MINE), in_status(MINE, "CONFIRMED"), trigger_item(MINE)], "has a trigger"),
    ],
)
def test_a_planted_fault_is_found(items: list[Item], found: str) -> None:
    assert found in " ".join(violations(numbers_as_the_table_gives_them(items), now=NOW))


AFTERWARDS = MINE.expires_at


@pytest.mark.parametrize("items", [[held_by(MINE)], [trigger_item(MINE)], [pending_item(MINE)]])
def test_what_has_lapsed_and_waits_for_a_worker_is_unfinished_from_its_deadline_on(items: list[Item]) -> None:
    table = numbers_as_the_table_gives_them(items)
    assert len(unfinished(table, now=AFTERWARDS)) == 1
    assert unfinished(table, now=AFTERWARDS - timedelta(microseconds=1)) == []


def test_what_is_settled_is_finished() -> None:
    table = numbers_as_the_table_gives_them([FREE, in_status(MINE, "EXPIRED"), in_status(OTHER, "CONFIRMED")])
    assert unfinished(table, now=AFTERWARDS) == []


def test_a_hold_that_has_lapsed_may_have_lost_its_trigger_already() -> None:
    assert violations(numbers_as_the_table_gives_them([held_by(MINE)]), now=AFTERWARDS) == []
