"""Each path is killed at each of its AWS calls, before and after it was applied, and then done again or left alone.

The calls are counted by running the path, so that a call that is added is covered by itself.
"""

from collections.abc import Callable
from typing import TypeAlias

import pytest

from operations.invariants import unfinished, violations
from simulation.machine import MAX_ACTIVE_HOLDS, machine, silence
from tests.crash_points.paths import PATHS, Path
from tests.crash_points.world import Engine, KilledError, Remote, Simulated, World
from tests.tables import EndpointTables

NewEngine: TypeAlias = Callable[[], Engine]
"""Gives each run an empty table: the whole table is read after every step, and must not grow from run to run."""


@pytest.fixture(params=["simulated", "endpoint"])
def new_engine(request: pytest.FixtureRequest) -> NewEngine:
    """Tables of the simulation, and tables on a real endpoint."""
    if request.param == "simulated":
        return Simulated
    shared: EndpointTables = request.getfixturevalue("endpoint_tables")

    def remote() -> Engine:
        own = EndpointTables(dynamodb=shared.dynamodb, sqs=shared.sqs)
        return Remote(own.dynamodb, own.name)

    return remote


def calls_of(path: Path, new_engine: NewEngine) -> list[str]:
    """What the path asks of AWS when nothing happens to it."""
    world = World(machine(), new_engine())
    on = path.prepare(world)
    world.let_it_work()
    path.act(world, on)
    return world.calls


@pytest.mark.parametrize("name", PATHS)
def test_killed_at_any_call_and_done_again_or_left_alone_everything_holds(name: str, new_engine: NewEngine) -> None:
    path = PATHS[name]
    with silence():
        calls = calls_of(path, new_engine)
        assert calls
        for number in range(1, len(calls) + 1):
            for once_done in (False, True):
                for again in (True,) if path.comes_again else (False, True):
                    die_and_go_on(path, new_engine(), number, once_done=once_done, again=again)


def die_and_go_on(path: Path, engine: Engine, number: int, *, once_done: bool, again: bool) -> None:
    world = World(machine(), engine)
    on = path.prepare(world)
    world.let_it_work()
    world.kill_at, world.kill_once_done = number, once_done
    with pytest.raises(KilledError):
        path.act(world, on)
    where = (
        f"killed {'after' if once_done else 'before'} call {number}, {world.calls[-1]}, {'again' if again else 'left'}"
    )
    assert violations(world.items(), now=world.now, max_active_holds=MAX_ACTIVE_HOLDS) == [], where

    world.let_it_work()
    if again:
        result = path.act(world, on)
        assert path.again(result), (where, result)
        assert violations(world.items(), now=world.now, max_active_holds=MAX_ACTIVE_HOLDS) == [], where

    world.heal()
    world.heal()
    assert violations(world.items(), now=world.now, max_active_holds=MAX_ACTIVE_HOLDS) == [], where
    assert unfinished(world.items(), now=world.now) == [], where


@pytest.mark.parametrize(
    ("name", "calls"),
    [
        ("hold and enqueue", ["BatchGetItem", "TransactWriteItems", "SendMessage"]),
        ("hold again after the deadline", ["TransactWriteItems", "SendMessage"]),
        ("hold after the slots became shorter", ["TransactWriteItems", "TransactWriteItems", "SendMessage"]),
        ("hold after the policy was changed", ["TransactWriteItems", "TransactWriteItems", "SendMessage"]),
        ("hold when another is confirmed", ["TransactWriteItems", "BatchGetItem", "TransactWriteItems", "SendMessage"]),
        ("hold one more than a user may", ["TransactWriteItems", "BatchGetItem", "BatchGetItem"]),
    ],
)
def test_a_hold_costs_further_calls_only_where_the_process_knows_nothing_or_something_is_not_as_it_was(
    name: str, calls: list[str]
) -> None:
    assert calls_of(PATHS[name], Simulated) == calls
