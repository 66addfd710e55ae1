"""`check --repair` mends what is safe, once, and touches nothing else; on a real endpoint."""

import pytest

from chalicelib.dao.items import Item
from chalicelib.domain.models import CANCEL, CONFIRM
from operations.check import check
from operations.invariants import Kind
from operations.repair import Outcome, repair
from tests.builders import NOW
from tests.operations.conftest import Sandbox
from tests.operations.damage import (
    DAMAGES,
    LATE,
    MINE,
    OTHER,
    as_stored,
    by_place,
    cancelled,
    confirmed,
    expired,
    free,
    held,
    pending,
    reserved,
    trigger,
)
from tests.wire import Wire


def repaired(sandbox: Sandbox) -> list[Outcome]:
    report = check(sandbox.target)
    return repair(sandbox.target, [*report.violations, *report.late])


@pytest.mark.parametrize("name", DAMAGES)
def test_a_repair_makes_of_the_table_what_it_should_be_and_a_second_one_nothing_more(
    name: str, sandbox: Sandbox
) -> None:
    damage = DAMAGES[name]
    sandbox.put(damage.items)
    outcomes = repaired(sandbox)
    expected = by_place(as_stored(damage.items if damage.mended is None else damage.mended))
    assert sandbox.items() == expected
    assert {each.finding.kind for each in outcomes if not each.mended} == damage.found_after_repair

    again = repaired(sandbox)
    assert sandbox.items() == expected
    assert {each.finding.kind for each in again} == damage.found_after_repair
    assert not any(each.mended for each in again)


def test_every_outcome_says_what_was_done_or_why_not(sandbox: Sandbox) -> None:
    sandbox.put([held(), pending()])
    assert [each.says for each in repaired(sandbox)] == ["its trigger is there again"]
    sandbox.put([confirmed(OTHER), confirmed()])
    assert all("a person must decide" in each.says for each in repaired(sandbox))


class Meanwhile:
    """Something that somebody does just before the repair writes."""

    def __init__(self, sandbox: Sandbox, act: str, *items: Item) -> None:
        self._sandbox = sandbox
        self._act = act
        self._items = items
        self.done = False
        sandbox.target.dynamodb.meta.events.register("before-send.dynamodb.TransactWriteItems", self._intervene)

    def _intervene(self, **_: object) -> None:
        if not self.done:
            self.done = True
            step = {"confirm": CONFIRM, "cancel": CANCEL}.get(self._act)
            if step:
                self._sandbox.target.bookings.take_step(step, MINE, at=NOW)
            self._sandbox.put(self._items)


@pytest.mark.parametrize(
    ("items", "act", "afterwards"),
    [
        ([held(), pending()], "confirm", "CONFIRMED"),
        ([held(), pending()], "cancel", "CANCELLED"),
    ],
)
def test_a_booking_that_is_settled_while_its_trigger_is_put_back_gets_none(
    items: list[Item], act: str, afterwards: str, sandbox: Sandbox
) -> None:
    sandbox.put(items)
    meanwhile = Meanwhile(sandbox, act)
    (outcome,) = repaired(sandbox)
    assert meanwhile.done
    assert (outcome.mended, outcome.says) == (False, "changed at this very moment: check again")
    assert sandbox.target.bookings.find(MINE.booking_id).status == afterwards  # type: ignore[union-attr] # it is there
    assert (report := check(sandbox.target)).violations == [], report


@pytest.mark.parametrize(
    ("items", "taken"),
    [
        ([held(LATE)], [held(OTHER), trigger(OTHER)]),
        ([held(LATE), cancelled(LATE)], [held(OTHER), trigger(OTHER)]),
        ([held(), expired()], [held(OTHER), trigger(OTHER)]),
        ([reserved(), cancelled()], [held(OTHER), trigger(OTHER)]),
        ([free(heldBy=MINE.booking_id), expired()], [held(OTHER), trigger(OTHER)]),
        ([free(), confirmed()], [reserved(OTHER), confirmed(OTHER)]),
    ],
)
def test_a_slot_that_somebody_takes_while_it_is_mended_stays_theirs(
    items: list[Item], taken: list[Item], sandbox: Sandbox
) -> None:
    sandbox.put(items)
    meanwhile = Meanwhile(sandbox, "", *taken)
    outcomes = repaired(sandbox)
    assert meanwhile.done
    assert not any(each.mended for each in outcomes)
    assert by_place(as_stored(taken)).items() <= sandbox.items().items()


def test_a_booking_that_is_confirmed_while_it_is_expired_stays_so(sandbox: Sandbox) -> None:
    sandbox.put([held(LATE), pending(LATE)])
    settled = [reserved(LATE), confirmed(LATE)]
    meanwhile = Meanwhile(sandbox, "", *settled)
    assert [each.mended for each in repaired(sandbox)] == [False]
    assert meanwhile.done
    assert sandbox.items() == by_place(as_stored(settled))


def test_what_two_bookings_claim_is_not_touched_by_any_repair(sandbox: Sandbox) -> None:
    sandbox.put([free(), confirmed(OTHER), trigger(OTHER), pending(GSI1PK="USER#somebody")])
    before = sandbox.items()
    outcomes = repaired(sandbox)
    found = {Kind.TWO_OWNERS, Kind.WITHOUT_SLOT, Kind.WITHOUT_TRIGGER, Kind.STRAY_TRIGGER, Kind.INDEX_KEYS}
    assert {each.finding.kind for each in outcomes} == found
    assert not any(each.mended for each in outcomes)
    assert sandbox.items() == before


def test_what_was_found_and_is_gone_is_left_alone(sandbox: Sandbox) -> None:
    sandbox.put([held(), pending()])
    report = check(sandbox.target)
    sandbox.put([trigger()])
    wire = Wire(sandbox.target.dynamodb)
    (outcome,) = repair(sandbox.target, report.violations)
    assert outcome.says.startswith("gone")
    assert not any("ClientRequestToken" in request for request in wire.requests)
