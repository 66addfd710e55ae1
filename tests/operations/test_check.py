"""`check` reports what is wrong in a table, on a real endpoint, and nothing that only looks so."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.errors import ServiceUnavailableError
from operations.check import GRACE, check
from operations.invariants import Kind
from operations.reading import read_together
from operations.records import booking_place, slot_place, trigger_place
from tests.builders import NOW, new_id, slot
from tests.operations.conftest import Sandbox
from tests.operations.damage import (
    DAMAGES,
    MINE,
    NOT_TOO_LATE,
    OTHER,
    SLOT,
    SOUND,
    confirmed,
    free,
    held,
    overdue,
    pending,
    trigger,
)
from tests.wire import Wire, cancelled, error


def test_sound_tables_are_reported_as_sound_with_the_number_of_their_items(sandbox: Sandbox) -> None:
    sandbox.put(SOUND["a hold whose booking is written"])
    report = check(sandbox.target)
    assert (report.items, report.violations, report.late, report.waiting) == (3, [], [], 0)


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_reported_as_a_violation_or_as_late(name: str, sandbox: Sandbox) -> None:
    sandbox.put(DAMAGES[name].items)
    report = check(sandbox.target)
    reported, other = (report.late, report.violations) if name in NOT_TOO_LATE else (report.violations, report.late)
    assert {finding.kind for finding in reported} == DAMAGES[name].found
    assert other == []


def test_a_table_of_many_pages_is_read_to_its_end_each_item_once(sandbox: Sandbox) -> None:
    padding = "x" * 300_000
    sandbox.put(
        {**free(slot(starts_at=SLOT.starts_at + timedelta(hours=each))), "padding": padding} for each in range(24)
    )
    sandbox.put([held(), pending()])
    pages: list[int] = []
    report = check(sandbox.target, pages.append)
    assert report.items == sum(pages) == 26
    assert len(pages) > 4
    assert [finding.kind for finding in report.violations] == [Kind.WITHOUT_TRIGGER]


def test_what_a_scan_saw_halfway_through_a_change_is_not_reported(sandbox: Sandbox) -> None:
    sandbox.put([held(), pending()])

    def somebody_writes_the_rest(_: int) -> None:
        sandbox.put([trigger()])

    assert check(sandbox.target, somebody_writes_the_rest).violations == []


def test_what_is_gone_at_the_second_look_is_not_reported(sandbox: Sandbox) -> None:
    sandbox.put([held(), pending()])

    def somebody_writes_the_rest(seconds: float) -> None:
        if seconds:
            sandbox.put([trigger()])

    assert check(replace(sandbox.target, sleep=somebody_writes_the_rest)).violations == []


def test_a_hold_that_ends_by_a_clock_a_little_ahead_of_this_one_is_no_fault(sandbox: Sandbox) -> None:
    ending = replace(MINE, expires_at=NOW.replace(microsecond=0) + timedelta(seconds=3))
    sandbox.put([pending(ending), trigger(ending), held(OTHER), trigger(OTHER)])
    assert check(sandbox.target).violations == []


def test_what_is_over_for_a_moment_is_counted_and_not_reported(sandbox: Sandbox) -> None:
    just_over = overdue(seconds=GRACE.total_seconds() - 1)
    sandbox.put([held(just_over), trigger(just_over)])
    report = check(sandbox.target)
    assert (report.violations, report.late, report.waiting) == ([], [], 1)


@pytest.mark.parametrize(
    ("items", "hours_in_time", "hours_too_late"),
    [
        (lambda of: [held(of), trigger(of), pending(of)], 47, 49),
        (lambda of: [held(of), pending(of)], 71, 73),
        (lambda of: [held(of)], 71, 73),
    ],
)
def test_what_waits_is_a_violation_once_nothing_can_come_any_more(
    items: Callable[..., list[dict[str, object]]], hours_in_time: float, hours_too_late: float, sandbox: Sandbox
) -> None:
    sandbox.put(items(overdue(hours=hours_in_time)))
    in_time = check(sandbox.target)
    assert (len(in_time.late), in_time.violations) == (1, [])
    sandbox.put(items(overdue(hours=hours_too_late)))
    too_late = check(sandbox.target)
    assert (too_late.late, len(too_late.violations)) == ([], 1)


def test_what_belongs_together_is_read_at_one_instant_from_any_of_its_items(sandbox: Sandbox) -> None:
    sandbox.put([held(), trigger(), pending(), confirmed(OTHER), free(slot(starts_at=SLOT.ends_at))])
    mine = {booking_place(MINE.booking_id), trigger_place(MINE.booking_id), slot_place(SLOT)}
    wire = Wire(sandbox.target.dynamodb)
    for place in mine:
        assert read_together(sandbox.target, [place]).keys() == mine
    assert {len(request["TransactItems"]) for request in wire.requests[-1:]} == {3}


def test_a_look_that_is_in_somebodys_way_is_repeated(sandbox: Sandbox) -> None:
    sandbox.put([free()])
    Wire(sandbox.target.dynamodb, faults=[cancelled("TransactionConflict"), cancelled("TransactionConflict")])
    assert read_together(sandbox.target, [slot_place(SLOT)]).keys() == {slot_place(SLOT)}


def test_a_look_that_is_always_in_somebodys_way_is_given_up(sandbox: Sandbox) -> None:
    Wire(sandbox.target.dynamodb, faults=[cancelled("TransactionConflict")] * 20)
    with pytest.raises(ServiceUnavailableError):
        read_together(sandbox.target, [slot_place(SLOT)])


def test_a_look_that_is_refused_for_another_reason_is_an_error(sandbox: Sandbox) -> None:
    Wire(sandbox.target.dynamodb, faults=[cancelled("ValidationError")])
    with pytest.raises(sandbox.target.dynamodb.exceptions.TransactionCanceledException):
        read_together(sandbox.target, [slot_place(SLOT)])


def test_more_items_than_one_call_takes_are_read_in_several(sandbox: Sandbox) -> None:
    claimants = [replace(MINE, booking_id=f"booking-{new_id()}") for _ in range(60)]
    sandbox.put([free(), *map(confirmed, claimants)])
    report = check(sandbox.target)
    assert sorted(finding.kind for finding in report.violations) == [Kind.TWO_OWNERS, *[Kind.WITHOUT_SLOT] * 60]


def test_one_failed_page_fails_the_check(sandbox: Sandbox) -> None:
    Wire(sandbox.target.dynamodb, faults=[error("AccessDeniedException")])
    with pytest.raises(sandbox.target.dynamodb.exceptions.ClientError, match="AccessDenied"):
        check(sandbox.target)
