"""Schedules of the real code: they hold, they come again alike, and what is broken is found and made short."""

from types import ModuleType

import pytest
from boto3.dynamodb.conditions import Attr

from chalicelib.dao import bookings, policies
from chalicelib.dao.conditions import Condition, built, is_there
from chalicelib.dao.items import Item, idempotency_item
from chalicelib.domain.instants import to_epoch_second
from chalicelib.domain.models import Booking
from simulation.campaign import Tally, kept_seeds, run_seeds, shortest
from simulation.faults import Fault
from simulation.schedule import run

MANY = 500
"""More than it takes to meet every kind of fault, however the schedules turn out."""

KINDS = {fault.value for fault in Fault} - {Fault.NONE.value}


def test_schedules_hold_and_sooner_or_later_meet_every_kind_of_fault() -> None:
    tally = Tally()
    for seed in range(1, MANY + 1):
        tally.add(run_seeds([seed]))
        if tally.faults.keys() == KINDS:
            break
    assert tally.faults.keys() == KINDS
    assert tally.failed == []
    assert tally.calls > 10 * tally.schedules


def test_the_seeds_that_once_failed_hold() -> None:
    assert run_seeds(kept_seeds()).failed == []


def test_a_seed_gives_the_same_schedule_each_time() -> None:
    first, again = run(seed=11), run(seed=11)
    assert first == again
    assert first.trace != run(seed=12).trace


def test_the_choices_of_a_schedule_give_it_once_more() -> None:
    first = run(seed=11)
    assert run(script=first.choices).trace == first.trace


def if_there(*_: object, **__: object) -> Condition:
    return is_there()


def anyway(*_: object, **__: object) -> Condition:
    return built(Attr("PK").exists() | Attr("PK").not_exists())


def soon_forgotten(booking: Booking, user_id: str, key: str) -> Item:
    return {**idempotency_item(booking, user_id, key), "ttl": to_epoch_second(booking.created_at)}


def first_failing() -> int:
    return next(seed for seed in range(1, 200) if run(seed=seed).violation)


@pytest.mark.parametrize(
    ("module", "name", "broken"),
    [(bookings, "_is_owned", if_there), (policies, "allows_a_hold", anyway), (bookings, "_holds_are_as_in", anyway)],
)
def test_a_condition_that_is_broken_is_found(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, broken: object
) -> None:
    """A planted fault: the code itself is broken here, and nothing else put in its place."""
    monkeypatch.setattr(module, name, broken)
    assert first_failing()


@pytest.mark.parametrize(
    ("module", "name", "broken"),
    [(bookings, "_is_free_as_read", if_there), (bookings, "idempotency_item", soon_forgotten)],
)
def test_what_is_found_is_shown_in_a_few_lines(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, broken: object
) -> None:
    """Planted as well; by conditions that come into play soon, since it is looked for by trying."""
    monkeypatch.setattr(module, name, broken)
    seed = first_failing()
    choices, trace, violation = shortest(seed)
    assert violation
    # Half of it, where it is not short by itself.
    assert len(choices) < max(60, len(run(seed=seed).choices) / 2)
    assert run(script=choices).violation == violation
    assert any("POST /bookings" in line for line in trace)


def test_a_seed_that_does_not_fail_has_no_shortest_schedule() -> None:
    with pytest.raises(ValueError, match="does not fail"):
        shortest(1)
