"""Each path is killed at each of its AWS calls, before and after it was applied, and then done again or left alone.

The calls are counted by running the path, so that a call that is added is covered by itself.
"""

import pytest

from operations.invariants import unfinished, violations
from simulation.machine import MAX_ACTIVE_HOLDS, machine, silence
from tests.crash_points.paths import PATHS, Path
from tests.crash_points.world import Engine, KilledError, Remote, Simulated, World
from tests.tables import EndpointTables


@pytest.fixture(params=["simulated", "endpoint"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """A table of the simulation, and one on a real endpoint."""
    if request.param == "simulated":
        return Simulated()
    shared: EndpointTables = request.getfixturevalue("endpoint_tables")
    own = EndpointTables(dynamodb=shared.dynamodb, sqs=shared.sqs)
    return Remote(own.dynamodb, own.name)


def calls_of(path: Path, engine: Engine) -> list[str]:
    """What the path asks of AWS when nothing happens to it."""
    world = World(machine(), engine)
    on = path.prepare(world)
    world.let_it_work()
    path.act(world, on)
    return world.calls


@pytest.mark.parametrize("name", PATHS)
def test_killed_at_any_call_and_done_again_or_left_alone_everything_holds(name: str, engine: Engine) -> None:
    path = PATHS[name]
    with silence():
        calls = calls_of(path, engine)
        assert calls
        for number in range(1, len(calls) + 1):
            for once_done in (False, True):
                for again in (True,) if path.comes_again else (False, True):
                    die_and_go_on(path, engine, number, once_done=once_done, again=again)


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
