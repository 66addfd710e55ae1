"""The checker of what must always hold finds what is planted, and nothing else."""

from datetime import timedelta

import pytest

from operations.advice import ADVICE
from operations.invariants import Kind, findings, unfinished, violations
from operations.records import slot_place
from tests.builders import NOW, slot
from tests.operations.damage import (
    DAMAGES,
    MAX_ACTIVE_HOLDS,
    MINE,
    OTHER,
    SLOT,
    SOUND,
    as_stored,
    confirmed,
    expired,
    free,
    held,
    pending,
    trigger,
)
from tests.system import ROOT

AFTERWARDS = MINE.expires_at


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_table_has_no_violations(name: str) -> None:
    assert violations(as_stored(SOUND[name]), now=NOW, max_active_holds=MAX_ACTIVE_HOLDS) == []


@pytest.mark.parametrize("name", DAMAGES)
def test_a_planted_fault_is_found_and_nothing_beside_it(name: str) -> None:
    damage = DAMAGES[name]
    found = findings(as_stored(damage.items), now=NOW, max_active_holds=MAX_ACTIVE_HOLDS)
    assert {finding.kind for finding in found} == damage.found


def test_every_kind_of_fault_is_planted_and_has_advice() -> None:
    assert {kind for damage in DAMAGES.values() for kind in damage.found} == set(Kind)
    assert ADVICE.keys() == set(Kind)


@pytest.mark.parametrize("name", DAMAGES)
def test_the_items_that_a_finding_rests_on_are_enough_to_find_it_again(name: str) -> None:
    items = as_stored(DAMAGES[name].items)
    for finding in findings(items, now=NOW, max_active_holds=MAX_ACTIVE_HOLDS):
        alone = [item for item in items if (item["PK"], item["SK"]) in finding.rests_on]
        assert finding in findings(alone, now=NOW, max_active_holds=MAX_ACTIVE_HOLDS)


def test_nobody_holds_too_many_slots_where_nobody_knows_how_many_are_allowed() -> None:
    assert findings(as_stored(DAMAGES["a user holds more slots than one may"].items), now=NOW) == []


def test_a_long_slot_overlaps_each_that_lies_within_it() -> None:
    long = slot(provider_id=SLOT.provider_id, ends_at=SLOT.starts_at + timedelta(hours=4))
    within = [slot(provider_id=SLOT.provider_id, starts_at=SLOT.starts_at + timedelta(hours=hour)) for hour in (1, 3)]
    found = findings(as_stored(map(free, [*within, long])), now=NOW)
    assert [finding.about for finding in found] == [(slot_place(long), slot_place(each)) for each in within]


def test_slots_of_two_providers_at_the_same_time_do_not_overlap() -> None:
    assert findings(as_stored([free(), free(slot())]), now=NOW) == []


def test_the_documentation_tells_of_every_kind_of_fault() -> None:
    told = (ROOT / "docs" / "operations.md").read_text()
    assert [kind for kind in Kind if f"| `{kind}` |" not in told] == []


@pytest.mark.parametrize("items", [[held()], [trigger()], [pending()]])
def test_what_has_lapsed_and_waits_for_a_worker_is_unfinished_from_its_deadline_on(
    items: list[dict[str, object]],
) -> None:
    table = as_stored(items)
    assert len(unfinished(table, now=AFTERWARDS)) == 1
    assert unfinished(table, now=AFTERWARDS - timedelta(microseconds=1)) == []


def test_what_is_settled_is_finished() -> None:
    assert unfinished(as_stored([free(), expired(), confirmed(OTHER)]), now=AFTERWARDS) == []


def test_a_hold_that_has_lapsed_may_have_lost_its_trigger_already() -> None:
    assert violations(as_stored([held()]), now=AFTERWARDS) == []
