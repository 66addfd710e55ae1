from __future__ import annotations

import threading

from local_stack.patience import Patience


def test_patience_ends_with_its_time_or_with_a_hurry() -> None:
    hurry = threading.Event()
    patience = Patience(3600, in_a_hurry=hurry.is_set)

    assert Patience(0).is_over()
    assert not patience.is_over()
    hurry.set()
    assert patience.is_over()


def test_a_condition_is_waited_for_until_it_holds_or_patience_ends() -> None:
    condition = threading.Condition()
    answers = iter([False, False, True])

    with condition:
        assert Patience(3600).wait_for(condition, lambda: next(answers))
        assert not Patience(0).wait_for(condition, lambda: False)
        assert Patience(0).wait_for(condition, lambda: True)


def test_threads_are_waited_for_until_they_end_or_patience_does() -> None:
    go_on = threading.Event()
    thread = threading.Thread(target=go_on.wait)
    thread.start()

    assert not Patience(0).join([thread])
    go_on.set()
    assert Patience(20).join([thread])
