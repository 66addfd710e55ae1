"""What is wrong with a change of a booking is found by that change alone, and what may happen is let through."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.dao.items import Item, camel, pending_item, provider_item, trigger_item
from chalicelib.dao.values import serialized
from chalicelib.domain.instants import deadline, to_text
from chalicelib.domain.models import TIMESTAMP_OF, Booking, BookingStatus, Policy
from simulation.clients import Exchange, Request
from simulation.dynamodb import Change
from simulation.dynamodb.values import Image
from simulation.machine import Answer
from simulation.steps import Steps
from tests.builders import HOLD, NOW, booking, provider, slot

LATER = NOW + timedelta(seconds=1)
SLOT = slot(provider_id="ann")
OTHER = slot(provider_id="ann", starts_at=SLOT.starts_at + timedelta(hours=1))
NOTICE = SLOT.starts_at - NOW
"""Of the first slot: 20 hours, 59 minutes and 59.75 seconds."""

MINUTES = NOTICE // timedelta(minutes=1)
HELD = booking(SLOT)
CONFIRMED = HELD.moved(BookingStatus.CONFIRMED, at=LATER)
CANCELLED = CONFIRMED.moved(BookingStatus.CANCELLED, at=LATER)
EXPIRED = HELD.moved(BookingStatus.EXPIRED, at=HELD.expires_at)
MOVED = HELD.rescheduled(OTHER, at=LATER)
CONFIRMED_AND_MOVED = CONFIRMED.rescheduled(OTHER, at=LATER)
LONG = replace(HELD, expires_at=deadline(NOW, timedelta(seconds=600)))


def changed(old: Item | None, new: Item | None) -> Change:
    """A change of an item, as the stream tells of it."""
    there: Any = new or old
    return Change(
        event_name="MODIFY" if old and new else "INSERT" if new else "REMOVE",
        keys=serialized({name: there[name] for name in ("PK", "SK")}),
        old_image=Image(serialized(old)) if old else None,
        new_image=Image(serialized(new)) if new else None,
        by_ttl=False,
        time=0.0,
    )


def item(of: Booking) -> Item:
    """A booking's own item."""
    since = {camel(name): to_text(at) for name in TIMESTAMP_OF.values() if (at := getattr(of, name))}
    return {**pending_item(of), "status": of.status, **since}


def rules(policy: Policy) -> Change:
    """The provider's policy, from here on."""
    return changed(None, provider_item(provider(provider_id="ann", policy=policy)))


def held(of: Booking) -> Change:
    """The booking's trigger is put."""
    return changed(None, trigger_item(of))


def wrong(*story: Booking | Policy) -> list[str]:
    """What is found in a story: of a booking, which is first held, and of policies."""
    steps = Steps(hold=HOLD)
    found: list[str] = []
    before: Booking | None = None
    for each in story:
        if isinstance(each, Policy):
            found += steps.wrong(rules(each))
            continue
        found += steps.wrong(changed(item(before), item(each)) if before else held(each))
        before = each
    return found


@pytest.mark.parametrize(
    "story",
    [
        pytest.param([HELD, HELD, CONFIRMED, CANCELLED], id="a booking that is confirmed and cancelled"),
        pytest.param([HELD, CONFIRMED], id="a confirm before the booking is written"),
        pytest.param([HELD, EXPIRED], id="an expiry"),
        pytest.param([HELD, MOVED, MOVED.moved(BookingStatus.CONFIRMED, at=LATER)], id="a reschedule and a confirm"),
        pytest.param([HELD, CONFIRMED, CONFIRMED_AND_MOVED], id="a confirmed booking that is rescheduled"),
        pytest.param([Policy(min_notice_minutes=MINUTES), HELD], id="a hold with just as much notice as there must be"),
        pytest.param([HELD, Policy(min_notice_minutes=MINUTES + 1), CONFIRMED], id="a policy that came after the hold"),
        pytest.param([Policy(max_advance_days=1), HELD], id="a hold of tomorrow, as far ahead as is allowed"),
        pytest.param([Policy(hold_seconds=600), LONG], id="a hold as long as the policy says"),
        pytest.param(
            [Policy(cancel_cutoff_minutes=MINUTES), HELD, CONFIRMED, CANCELLED], id="a cancel just before the cutoff"
        ),
        pytest.param(
            [Policy(cancel_cutoff_minutes=MINUTES + 1), HELD, HELD.moved(BookingStatus.CANCELLED, at=LATER)],
            id="a cancel after the cutoff, of what was not confirmed",
        ),
    ],
)
def test_what_may_happen_is_let_through(story: Sequence[Booking | Policy]) -> None:
    assert wrong(*story) == []


@pytest.mark.parametrize(
    ("what", "story"),
    [
        ("went from CANCELLED on .*09:00 to CONFIRMED", [HELD, CONFIRMED, CANCELLED, replace(CONFIRMED, sequence=3)]),
        ("went from CANCELLED on", [HELD, CONFIRMED, CANCELLED, CANCELLED.rescheduled(OTHER, at=LATER)]),
        ("went from EXPIRED on", [HELD, EXPIRED, EXPIRED.rescheduled(OTHER, at=LATER)]),
        ("went from PENDING on .* to PENDING", [HELD, replace(HELD, sequence=1)]),
        (
            "was rescheduled by a step from PENDING to CONFIRMED",
            [HELD, replace(CONFIRMED, slot_id=OTHER.slot_id)],
        ),
        ("changed from", [HELD, replace(CONFIRMED, user_id="user-2")]),
        ("changed from", [HELD, replace(MOVED, expires_at=LONG.expires_at)]),
        ("took a step from number 0 to 0", [HELD, replace(CONFIRMED, sequence=0)]),
        ("was CONFIRMED at", [HELD, HELD.moved(BookingStatus.CONFIRMED, at=HELD.expires_at)]),
        ("was PENDING at", [HELD, HELD.rescheduled(OTHER, at=HELD.expires_at)]),
        ("was EXPIRED at", [HELD, HELD.moved(BookingStatus.EXPIRED, at=LATER)]),
        ("when it had started", [replace(HELD, starts_at=NOW)]),
        ("too late for .*min_notice_minutes=1260", [Policy(min_notice_minutes=MINUTES + 1), HELD]),
        ("too late for", [HELD, Policy(min_notice_minutes=MINUTES + 61), MOVED]),
        ("too early for .*max_advance_days=0", [Policy(max_advance_days=0), HELD]),
        ("too early for", [HELD, Policy(max_advance_days=0), MOVED]),
        ("holds are 300.0 s long", [LONG]),
        ("holds are 60.0 s long", [Policy(hold_seconds=60), HELD]),
        ("left .*09:00 .* too late for", [HELD, CONFIRMED, Policy(cancel_cutoff_minutes=MINUTES + 1), CANCELLED]),
        (
            "left .*09:00 .* too late for",
            [HELD, CONFIRMED, Policy(cancel_cutoff_minutes=MINUTES + 1), CONFIRMED_AND_MOVED],
        ),
    ],
)
def test_what_must_not_happen_is_found(what: str, story: Sequence[Booking | Policy]) -> None:
    (found,) = wrong(*story)
    assert re.search(what, found), found


def test_a_booking_that_nobody_has_held_that_is_held_twice_or_that_goes_away_is_found() -> None:
    steps = Steps(hold=HOLD)
    assert [*steps.wrong(changed(None, item(HELD)))] == [f"BOOKING#{HELD.booking_id} was written without a hold"]
    assert [*steps.wrong(held(HELD))] == [f"BOOKING#{HELD.booking_id} was held twice"]
    assert [*steps.wrong(changed(item(HELD), None))] == [f"BOOKING#{HELD.booking_id} was deleted"]


def refused(code: str, *, at: float) -> Exchange:
    """A refusal, half a second after the request."""
    return Exchange("user-1", Request("POST", "/bookings"), Answer(409, {"code": code}), at, at + 0.5)


@pytest.mark.parametrize(
    ("code", "policy"),
    [
        ("TOO_SHORT_NOTICE", Policy(min_notice_minutes=5)),
        ("TOO_FAR_AHEAD", Policy(max_advance_days=5)),
        ("CANCEL_CUTOFF_PASSED", Policy(cancel_cutoff_minutes=5)),
    ],
)
def test_a_refusal_by_a_rule_needs_a_policy_that_has_it_within_the_request(code: str, policy: Policy) -> None:
    steps = Steps(hold=HOLD)
    for at, since_then in ((10.0, policy), (20.0, Policy(hold_seconds=60))):
        assert [*steps.wrong(rules(since_then)._replace(time=at))] == []
    is_wrong = {at: bool([*steps.wrong_refusal(refused(code, at=at))]) for at in (9.0, 9.6, 15.0, 19.9, 20.1)}
    assert is_wrong == {9.0: True, 9.6: False, 15.0: False, 19.9: False, 20.1: True}


def test_another_refusal_needs_no_policy() -> None:
    assert [*Steps(hold=HOLD).wrong_refusal(refused("SLOT_UNAVAILABLE", at=0.0))] == []
