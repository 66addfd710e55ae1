"""The model of a flash sale: what must hold in any, whatever the seed, and faults that would break it."""

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from bench.flash_model import (
    PARTITION_READ_UNITS,
    PARTITION_WRITE_UNITS,
    Answer,
    Bucket,
    Limit,
    Model,
    Run,
    Sale,
    Setup,
    Steps,
)
from bench.flash_sale import DEPLOYED, OPEN, PART, SETUPS, measure

SALE = Sale(clients=600, slots=120)
NARROW = Setup(name="narrow", gateway_rate=100, gateway_burst=200, functions=20)


def broken(run: Run, sale: Sale, setup: Setup) -> set[str]:
    """The properties that do not hold."""
    booked = {number for number, request in enumerate(run.requests) if request.answer is Answer.BOOKED}
    holders = [number for numbers in run.owners.values() for number in numbers]
    properties = {
        "each client has one answer": len(run.requests) == sale.clients and all(r.answer for r in run.requests),
        "a slot has one owner": all(len(numbers) == 1 for numbers in run.owners.values()),
        "who has a slot was told so, and nobody else": booked == set(holders),
        "an owner has the slot that it asked for": all(
            run.requests[number].slot == slot for slot, numbers in run.owners.items() for number in numbers
        ),
        "only a slot that is held is called taken": all(
            request.slot in run.owners for request in run.requests if request.answer is Answer.TAKEN
        ),
        "no partition gives more than it has in a second": all(
            spent <= (PARTITION_READ_UNITS if "reads" in name else PARTITION_WRITE_UNITS) * (1 + setup.burst_seconds)
            for name, bucket in run.buckets.items()
            for spent in bucket.spent.values()
        ),
        "no more functions run than there are": run.most_at_once <= setup.functions,
        "nobody is answered before they were let in": all(r.ended >= r.began for r in run.requests),
    }
    return {name for name, holds in properties.items() if not holds}


@pytest.mark.parametrize("setup", [*SETUPS, NARROW], ids=lambda setup: setup.name)
@pytest.mark.parametrize("seed", range(3))
def test_what_must_hold_holds(setup: Setup, seed: int) -> None:
    run = Model(SALE, setup, seed=seed).hold()
    assert broken(run, SALE, setup) == set()


def test_what_must_hold_holds_where_a_partition_is_asked_for_more_than_it_has() -> None:
    sale = Sale(clients=4000, slots=1000)
    run = Model(sale, OPEN, seed=1).hold()
    assert broken(run, sale, OPEN) == set()
    slots = run.buckets["PROVIDER#p"]
    assert max(slots.spent.values()) == PARTITION_WRITE_UNITS
    assert run.times[Limit.SLOTS] > 0


class Forgetful(Model):
    """Does not see who holds a slot."""

    def is_taken(self, slot: str) -> bool:  # noqa: ARG002 - whichever it is
        return False


class Refusing(Model):
    """Takes each slot for held."""

    def is_taken(self, slot: str) -> bool:  # noqa: ARG002 - whichever it is
        return True


class Spendthrift(Model):
    """Has partitions of ten times the capacity."""

    def _bucket(self, name: str, per_second: int) -> Bucket:
        return super()._bucket(name, 10 * per_second)


class Silent(Model):
    """Leaves those that have to try again without an answer."""

    def _look(self, slot: str) -> Steps:  # noqa: ARG002 - whichever it is
        yield self.env.event()


@pytest.mark.parametrize(
    ("model", "what"),
    [
        (Forgetful, {"a slot has one owner"}),
        (Refusing, {"only a slot that is held is called taken"}),
        (Spendthrift, {"no partition gives more than it has in a second"}),
        (Silent, {"each client has one answer", "nobody is answered before they were let in"}),
    ],
)
def test_a_fault_in_the_model_shows(model: Callable[..., Model], what: set[str]) -> None:
    sale = Sale(clients=2000, slots=200, seconds=0.5)
    run = model(sale, OPEN, seed=1).hold()
    assert broken(run, sale, OPEN) == what


def test_the_same_seed_gives_the_same_sale() -> None:
    first, second, other = (Model(SALE, OPEN, seed=seed).hold() for seed in (1, 1, 2))
    assert first.requests == second.requests
    assert first.requests != other.requests


def test_for_one_slot_one_wins_and_all_others_are_told() -> None:
    sale = Sale(clients=300, slots=1)
    answers = [request.answer for request in Model(sale, OPEN, seed=1).hold().requests]
    assert answers.count(Answer.BOOKED) == 1
    assert answers.count(Answer.TAKEN) == 299


def test_a_waiting_room_lets_in_so_many_a_second_and_nobody_is_turned_away() -> None:
    setup = Setup(name="room", gateway_rate=100, gateway_burst=200, functions=100, admitted_a_second=50)
    run = Model(SALE, setup, seed=1).hold()
    assert run.times[Limit.GATEWAY] == run.times[Limit.FUNCTIONS] == 0
    began = sorted(request.began for request in run.requests)
    assert all(later - earlier == pytest.approx(1 / 50) for earlier, later in pairwise(began))


def test_the_gateway_and_the_functions_turn_away_who_is_too_many() -> None:
    run = Model(SALE, NARROW, seed=1).hold()
    assert run.times[Limit.GATEWAY] > 0
    assert run.times[Limit.FUNCTIONS] > 0
    assert run.most_at_once == NARROW.functions


def test_days_of_their_own_have_partitions_of_their_own() -> None:
    spread = replace(OPEN, partition_a_day=True)
    sale = Sale(clients=1000, slots=1000)
    together, apart = (Model(sale, setup, seed=1).hold() for setup in (OPEN, spread))
    assert together.times[Limit.SLOTS] > 0
    assert apart.times[Limit.SLOTS] == 0


def test_what_is_called_deployed_is_what_production_has() -> None:
    text = (Path(__file__).parents[2] / "terraform/environments/prod.tfvars").read_text()
    functions = re.search(r"^api_reserved_concurrency += (\d+)$", text, re.MULTILINE)
    route = re.search(r'"POST /bookings" += \{ rate = (\d+), burst = (\d+) \}', text)
    assert functions
    assert route
    deployed = (DEPLOYED.functions, DEPLOYED.gateway_rate, DEPLOYED.gateway_burst)
    assert deployed == tuple(map(int, (functions[1], route[1], route[2])))


def test_the_section_tells_each_sale_with_its_picture() -> None:
    result = measure([Sale(clients=400, slots=1), Sale(clients=1200, slots=10)], 1, lambda _: None)
    said = PART.describe(result)
    for words in ("A model", "**400 clients for 1 slot**", "**1,200 clients for 10 slots**", "flash-sale-answers.svg"):
        assert words in said
    assert said.count("| as deployed |") == 2
    assert [*PART.draw(result)] == ["answers"]
