"""Who wins, who loses, and what is not tried again, where many want the same: the real code, conflicts as on AWS."""

from collections import Counter

import pytest

from bench.contention import CLIENTS, race_for


@pytest.mark.parametrize("within", [0.0, 1.0])
def test_a_slot_has_one_winner_and_all_others_are_told_so(within: float) -> None:
    clients = race_for(slots=1, within=within)
    assert Counter(client.outcome for client in clients) == {"held": 1, "SlotUnavailableError": CLIENTS - 1}


def test_who_comes_when_the_slot_is_taken_pays_for_one_transaction_and_nothing_else() -> None:
    clients = race_for(slots=1, within=100.0)
    assert {(client.outcome, client.calls.total(), client.write_units) for client in clients} == {
        ("held", 2, 8),
        ("SlotUnavailableError", 1, 8),
    }


def test_no_loser_tries_again_after_it_could_have_seen_that_the_slot_is_taken() -> None:
    """Each try after the first follows a look; in vain is one only if the slot was taken in the moment between."""
    losers = [client for client in race_for(slots=1, within=0.0) if client.outcome != "held"]
    assert all(loser.calls["GetItem"] >= loser.calls["TransactWriteItems"] - 1 for loser in losers)
    assert all(loser.hopeless <= 1 for loser in losers)
    assert sum(loser.hopeless for loser in losers) < CLIENTS / 10


def test_where_there_is_a_slot_for_each_all_get_theirs_though_all_come_at_once() -> None:
    clients = race_for(slots=CLIENTS, within=0.0)
    assert Counter(client.outcome for client in clients) == {"held": CLIENTS}


def test_who_want_different_slots_seldom_wait_for_each_other() -> None:
    """They meet in the copies of the policy, which is why there are so many: with 16, it would be 5.7 tries."""
    clients = race_for(slots=CLIENTS, within=0.0)
    assert sum(client.calls["TransactWriteItems"] for client in clients) < 4.5 * CLIENTS
