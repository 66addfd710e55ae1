"""`expire-overdue` ends what TTL and the expiration handler have not, and nothing that still lasts."""

from dataclasses import replace
from datetime import timedelta

from chalicelib.dao.items import Item
from chalicelib.domain.models import CANCEL
from operations.check import check
from operations.overdue import expire_overdue
from tests.builders import NOW, booking, slot
from tests.operations.conftest import Sandbox
from tests.operations.damage import (
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
    overdue,
    pending,
    reserved,
    trigger,
)

GRACE = timedelta(minutes=15)


def ended(sandbox: Sandbox, items: list[Item], *, act: bool = True, grace: timedelta = GRACE) -> str:
    sandbox.put(items)
    expire_overdue(sandbox.target, sandbox.screen, grace=grace, act=act)
    return sandbox.said()


def test_without_yes_it_tells_what_is_overdue_and_changes_nothing(sandbox: Sandbox) -> None:
    items = [held(LATE), pending(LATE), trigger(LATE)]
    text = ended(sandbox, items, act=False)
    assert text == (
        f"{MINE.booking_id}: over since 2030-05-01T11:00:00Z, its trigger is there\n"
        "1 overdue, 0 to be left alone. Nothing was changed; --yes ends what is overdue.\n"
    )
    assert sandbox.items() == by_place(as_stored(items))


def test_an_overdue_trigger_goes_together_with_its_booking_and_hold(sandbox: Sandbox) -> None:
    text = ended(sandbox, [held(LATE), pending(LATE), trigger(LATE)])
    assert sandbox.items() == by_place(as_stored([free(), expired(LATE)]))
    assert text.endswith("1 ended, 0 left alone.\n")


def test_it_is_the_same_as_the_expiration_handler_makes_of_it(sandbox: Sandbox) -> None:
    ended(sandbox, [held(LATE), trigger(LATE)])
    assert sandbox.items() == by_place(as_stored([free(), expired(LATE)]))


def test_a_booking_that_has_lost_its_trigger_is_ended_too(sandbox: Sandbox) -> None:
    text = ended(sandbox, [held(LATE), pending(LATE)])
    assert sandbox.items() == by_place(as_stored([free(), expired(LATE)]))
    assert "its trigger is gone: ended\n" in text


def test_a_slot_that_is_anothers_by_now_stays_so(sandbox: Sandbox) -> None:
    ended(sandbox, [held(OTHER), trigger(OTHER), pending(LATE), trigger(LATE)])
    assert sandbox.items() == by_place(as_stored([held(OTHER), trigger(OTHER), expired(LATE)]))


def test_what_still_lasts_or_is_over_for_less_than_the_grace_is_left(sandbox: Sandbox) -> None:
    elsewhere = slot()
    recent = replace(booking(elsewhere), expires_at=overdue(minutes=14).expires_at)
    items = [held(), pending(), trigger(), held(recent, elsewhere), pending(recent), trigger(recent)]
    assert ended(sandbox, items) == "0 ended, 0 left alone.\n"
    assert sandbox.items() == by_place(as_stored(items))
    assert ended(sandbox, [], grace=timedelta(minutes=13)).endswith("1 ended, 0 left alone.\n")


def test_a_stray_trigger_of_a_settled_booking_is_left_to_check(sandbox: Sandbox) -> None:
    items = [reserved(LATE), confirmed(LATE), trigger(LATE)]
    text = ended(sandbox, items)
    assert f"{MINE.booking_id}: is CONFIRMED, and its trigger is a stray one; see `check`\n" in text
    assert sandbox.items() == by_place(as_stored(items))


def test_a_booking_whose_own_deadline_is_not_over_is_left(sandbox: Sandbox) -> None:
    items = [held(), pending(), {**trigger(LATE), "createdAt": pending()["createdAt"]}]
    assert "its own deadline differs" in ended(sandbox, items)
    assert sandbox.items() == by_place(as_stored(items))


def test_what_cant_be_read_is_told_and_left_and_holds_nothing_up(sandbox: Sandbox) -> None:
    text = ended(sandbox, [pending(OTHER, expiresAt=1, userId=7), held(LATE), trigger(LATE)])
    assert f"{OTHER.booking_id}: can't be read; see `check`\n" in text
    assert text.endswith("1 ended, 1 left alone.\n")


def test_a_second_run_finds_nothing(sandbox: Sandbox) -> None:
    ended(sandbox, [held(LATE), pending(LATE), trigger(LATE)])
    assert ended(sandbox, []) == "0 ended, 0 left alone.\n"


def test_a_booking_that_somebody_settles_at_the_same_time_stays_as_they_made_it(sandbox: Sandbox) -> None:
    done: list[bool] = []

    def cancel_first(**_: object) -> None:
        if not done:
            done.append(True)
            sandbox.target.bookings.take_step(CANCEL, LATE, at=NOW)

    sandbox.target.dynamodb.meta.events.register("before-send.dynamodb.TransactWriteItems", cancel_first)
    text = ended(sandbox, [held(LATE), pending(LATE), trigger(LATE)])
    assert "somebody else did it meanwhile" in text
    assert (
        sandbox.items()[f"BOOKING#{MINE.booking_id}", "METADATA"]
        == by_place(as_stored([cancelled(LATE)]))[f"BOOKING#{MINE.booking_id}", "METADATA"]
    )


def test_afterwards_the_check_finds_nothing_late(sandbox: Sandbox) -> None:
    sandbox.put([held(LATE), pending(LATE), trigger(LATE)])
    assert len(check(sandbox.target).late) == 1
    ended(sandbox, [])
    report = check(sandbox.target)
    assert (report.violations, report.late) == ([], [])
