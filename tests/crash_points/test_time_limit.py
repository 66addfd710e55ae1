"""However slow AWS is, each path ends while its caller still waits: by an answer, a 503, or a failed record."""

from contextlib import suppress
from datetime import timedelta

import pytest

from chalicelib.domain.errors import ServiceUnavailableError
from local_stack.resources import API_TIMEOUT_SECONDS
from simulation.machine import machine, silence
from tests.crash_points.paths import PATHS
from tests.crash_points.world import Simulated, World


@pytest.mark.parametrize("tries_needed", [2, 3, 4])
@pytest.mark.parametrize("name", PATHS)
def test_a_path_ends_in_time_if_each_call_is_answered_late_or_never(name: str, tries_needed: int) -> None:
    """After the third try botocore gives up."""
    path = PATHS[name]
    with silence():
        world = World(machine(), Simulated())
        on = path.prepare(world)
        world.let_it_work()
        world.tries_needed = tries_needed
        began = world.now
        with world.application.services.begin(), suppress(ServiceUnavailableError):
            path.act(world, on)
        assert world.calls
        assert world.now - began < timedelta(seconds=API_TIMEOUT_SECONDS)


@pytest.mark.parametrize(("tries_needed", "outcome"), [(3, "created"), (4, "ServiceUnavailableError")])
def test_a_call_is_tried_three_times(tries_needed: int, outcome: str) -> None:
    with silence():
        world = World(machine(), Simulated())
        world.tries_needed = tries_needed
        assert PATHS["provider"].act(world, None) == outcome
