"""Every interleaving, of fewer actors here than `python -m simulation explore` takes: it is done in a moment."""

from collections.abc import Mapping

import pytest

from chalicelib.dao import bookings
from chalicelib.dao.conditions import is_there
from simulation.explorations import Exploration, books_and_cancels, books_and_confirms, books_and_reschedules
from simulation.interleavings import Client, Explored, Fault

ONE: Mapping[str, Client] = {"first": books_and_confirms}


def explored(clients: Mapping[str, Client], fault: Fault) -> Explored:
    return Exploration("", clients, fault).run()


@pytest.mark.parametrize("client", [books_and_confirms, books_and_cancels, books_and_reschedules])
@pytest.mark.parametrize("fault", Fault)
def test_one_client_the_workers_and_one_fault_always_leave_a_sound_table(fault: Fault, client: Client) -> None:
    found = explored({"first": client}, fault)
    assert found.broken == []
    assert found.ends
    assert found.steps > found.states > 100


def test_a_fault_gives_states_that_there_are_not_without_it() -> None:
    without = explored(ONE, Fault.NONE).states
    assert all(explored(ONE, fault).states > without for fault in Fault if fault is not Fault.NONE)


def test_a_condition_that_is_broken_is_found_with_the_way_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted fault: an expiry that does not look at whose the slot is, which only a re-hold can show."""
    monkeypatch.setattr(bookings, "_is_owned", lambda *_, **__: is_there())
    found = explored({"first": books_and_confirms, "second": books_and_confirms}, Fault.NONE)
    assert found.broken
    *way, what = found.broken[0].splitlines()
    assert "TTL deletes a trigger" in way
    assert "2030-05-02T09:00 of ann is AVAILABLE" in what
