"""The checker of histories finds what is planted, by the rule that it breaks, and lets through what may happen."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from simulation.histories import Kind, Operation
from tests.simulation.histories.stories import (
    DAY,
    DAY_AFTER,
    DAY_BEFORE,
    HOLD,
    OTHER_SLOT,
    SLOT,
    START,
    availability,
    cancel,
    closing,
    confirm,
    found_in,
    get,
    hold,
    hold_without,
    not_found,
    not_rescheduled,
    once_more,
    operation,
    page,
    pattern,
    refused,
    reschedule,
    rules,
    slots,
    text,
    unsettled,
)

MINE = hold(0)
DEADLINE = HOLD
THEIRS = hold(1)
LATER = hold(DEADLINE + 1)
AFTER_A_CANCEL = hold(20)
TOUCHING = hold(0, slot_id=OTHER_SLOT)
SLOW = hold(0, takes=5)
SHORT = hold(0)
SHORT = replace(SHORT, body={**SHORT.body, "expiresAt": text(HOLD - 60)})
TWICE = replace(AFTER_A_CANCEL, body=MINE.body)
WITH_KEY = hold(0, key="key")
LONGER = hold(0)
LONGER = replace(LONGER, body={**LONGER.body, "expiresAt": text(HOLD + 60)})
A_DAY = 24 * 3600
BEGINS = datetime.fromisoformat(f"{SLOT}:00Z").timestamp() - START

Story = Sequence[Operation]


@pytest.mark.parametrize(
    "story",
    [
        pytest.param([], id="nothing"),
        pytest.param([MINE, hold_without(409, 1), get(MINE, 2, "PENDING")], id="a hold and its loser"),
        pytest.param([MINE, confirm(MINE, 5), get(MINE, 6, "CONFIRMED", since=5), slots(7)], id="a confirmation"),
        pytest.param(
            [MINE, confirm(MINE, 5), confirm(MINE, 400, since=5), hold_without(409, 500)],
            id="a late repeat of a confirm",
        ),
        pytest.param([MINE, cancel(MINE, 5), slots(6, SLOT), cancel(MINE, 7, since=5), AFTER_A_CANCEL], id="a cancel"),
        pytest.param([MINE, confirm(MINE, 5), cancel(MINE, 6), AFTER_A_CANCEL], id="a cancel after a confirm"),
        pytest.param([MINE, get(MINE, DEADLINE, "EXPIRED"), slots(DEADLINE, SLOT), LATER], id="an expiry"),
        pytest.param([MINE, refused(MINE, Kind.CONFIRM, DEADLINE, "EXPIRED")], id="a confirm that is too late"),
        pytest.param([MINE, refused(MINE, Kind.CANCEL, DEADLINE, "EXPIRED")], id="a cancel that is too late"),
        pytest.param(
            [MINE, cancel(MINE, 5), refused(MINE, Kind.CONFIRM, 6, "CANCELLED")], id="a confirm of what was cancelled"
        ),
        pytest.param([TOUCHING, MINE, slots(5)], id="two slots"),
        pytest.param(
            [MINE, confirm(MINE, 299, takes=5), get(MINE, 302, "EXPIRED"), get(MINE, 310, "CONFIRMED", since=299)],
            id="a confirm that was held up on the wire while others saw the booking expired",
        ),
        pytest.param(
            [MINE, confirm(MINE, 299, takes=5), get(MINE, 302, "EXPIRED"), cancel(MINE, 310)],
            id="such a confirm, and a cancel after it",
        ),
        pytest.param(
            [MINE, LATER, get(MINE, 302, "EXPIRED"), cancel(MINE, 299, takes=10), hold_without(409, 312)],
            id="a cancel that was held up on the wire until somebody else had the slot",
        ),
        pytest.param([not_found(MINE, 1)], id="a request for a booking that nobody holds"),
        pytest.param(
            [SLOW, not_found(SLOW, 1), get(SLOW, 6, "PENDING")], id="a request for a booking whose hold is on its way"
        ),
        pytest.param([hold_without(404, -5), availability(0, SLOT), THEIRS], id="a slot before its day is set"),
        pytest.param([slots(0, SLOT), hold_without(409, BEGINS), slots(BEGINS)], id="a slot that has begun"),
        pytest.param(
            [hold_without(503, 0), hold_without(409, 1), hold_without(409, 299), hold(331 + HOLD)],
            id="a hold without an answer that stands until its deadline",
        ),
        pytest.param([hold_without(None, 0), slots(1), THEIRS], id="a hold without an answer that was given back"),
        pytest.param(
            [
                MINE,
                unsettled(MINE, Kind.CONFIRM, 5),
                hold_without(409, 100),
                slots(DEADLINE),
                get(MINE, DEADLINE + 1, "CONFIRMED", since=5),
            ],
            id="a confirm without an answer that was done",
        ),
        pytest.param(
            [MINE, unsettled(MINE, Kind.CONFIRM, 5), slots(DEADLINE, SLOT), LATER],
            id="a confirm without an answer that was not done",
        ),
        pytest.param(
            [MINE, unsettled(MINE, Kind.CANCEL, 5, 503), get(MINE, 6, "PENDING"), hold(20)],
            id="a cancel without an answer that was done after a while",
        ),
        pytest.param(
            [availability(0, SLOT), MINE, availability(5, OTHER_SLOT, SLOT), hold_without(409, 7)],
            id="a slot that is kept",
        ),
        pytest.param(
            [availability(0, SLOT), availability(5, OTHER_SLOT), slots(6, OTHER_SLOT), hold_without(404, 7)],
            id="a slot that is removed",
        ),
        pytest.param(
            [availability(0, SLOT), availability(5, SLOT, takes=2), slots(6)],
            id="a slot that is missing while its day is set",
        ),
        pytest.param(
            [
                availability(0, SLOT),
                MINE,
                closing(5, SLOT),
                hold_without(409, 7),
                cancel(MINE, 8),
                hold_without(404, 9),
            ],
            id="a slot of a closed day that is gone when its booking is cancelled",
        ),
        pytest.param(
            [availability(0, SLOT), closing(5), slots(7), availability(9, SLOT), slots(11, SLOT), hold(12)],
            id="a closed day that is opened again",
        ),
        pytest.param(
            [availability(0, SLOT), closing(5, status=503), slots(7, SLOT), slots(20)],
            id="a day whose closing was done after a while",
        ),
        pytest.param(
            [availability(0, SLOT), closing(5, takes=2), slots(6, SLOT)], id="a slot that is shown as its day is closed"
        ),
        pytest.param(
            [availability(0, SLOT), pattern(5, DAY), slots(7), slots(9, SLOT), slots(11, OTHER_SLOT)],
            id="a day that a pattern has set to what its answer does not tell",
        ),
        pytest.param(
            [availability(0, SLOT, OTHER_SLOT), page(1, SLOT, more=True), page(2, OTHER_SLOT, is_continued=True)],
            id="slots in two pages",
        ),
        pytest.param(
            [availability(0, SLOT), MINE, page(1), page(2, is_continued=True)], id="a page without the taken slot"
        ),
        pytest.param(
            [
                MINE,
                operation(Kind.HOLD, 1, 400, {"code": "VALIDATION_FAILED"}, provider_id="ann", slot_id=SLOT),
                get(MINE, 2, "PENDING"),
            ],
            id="a request that is refused at the door",
        ),
        pytest.param(
            [
                MINE,
                reschedule(MINE, 5),
                get(MINE, 6, "PENDING", slot_id=OTHER_SLOT, moved=5),
                hold_without(409, 7, slot_id=OTHER_SLOT),
                AFTER_A_CANCEL,
                get(MINE, DEADLINE, "EXPIRED", slot_id=OTHER_SLOT),
                hold(DEADLINE, slot_id=OTHER_SLOT),
            ],
            id="a hold that is rescheduled, and ends when it would have",
        ),
        pytest.param(
            [
                MINE,
                confirm(MINE, 5),
                reschedule(MINE, 400, status="CONFIRMED", since=5),
                slots(401, SLOT),
                hold(402),
                hold_without(409, 900, slot_id=OTHER_SLOT),
                cancel(MINE, 901, slot_id=OTHER_SLOT),
                hold(902, slot_id=OTHER_SLOT),
            ],
            id="a confirmed booking that is rescheduled",
        ),
        pytest.param(
            [
                MINE,
                reschedule(MINE, 5),
                confirm(MINE, 6, slot_id=OTHER_SLOT),
                hold_without(409, 400, slot_id=OTHER_SLOT),
            ],
            id="a confirmation on the new slot",
        ),
        pytest.param(
            [MINE, reschedule(MINE, 5), reschedule(MINE, 6, slot_id=SLOT), hold_without(409, 7), slots(8, OTHER_SLOT)],
            id="a booking that comes back",
        ),
        pytest.param(
            [MINE, reschedule(MINE, 5, takes=0), reschedule(MINE, 5, slot_id=SLOT, takes=0), slots(6, OTHER_SLOT)],
            id="a booking that comes back at the same instant",
        ),
        pytest.param(
            [MINE, reschedule(MINE, 5, slot_id=SLOT, moved=0), get(MINE, 6, "PENDING")],
            id="a reschedule to the slot that it has",
        ),
        pytest.param(
            [TOUCHING, MINE, not_rescheduled(MINE, 5), get(MINE, 6, "PENDING"), cancel(MINE, 7)],
            id="a reschedule to a slot that another has",
        ),
        pytest.param(
            [MINE, cancel(MINE, 5), refused(MINE, Kind.RESCHEDULE, 6, "CANCELLED", slot_id=OTHER_SLOT)],
            id="a reschedule of what was cancelled",
        ),
        pytest.param(
            [MINE, refused(MINE, Kind.RESCHEDULE, DEADLINE, "EXPIRED", slot_id=OTHER_SLOT)],
            id="a reschedule that is too late",
        ),
        pytest.param(
            [MINE, reschedule(MINE, 299, takes=5), get(MINE, 302, "EXPIRED"), hold(310, slot_id=OTHER_SLOT)],
            id="a reschedule that was held up on the wire until the hold was over",
        ),
        pytest.param(
            [
                MINE,
                unsettled(MINE, Kind.RESCHEDULE, 5, slot_id=OTHER_SLOT),
                get(MINE, 6, "PENDING"),
                get(MINE, 7, "PENDING", slot_id=OTHER_SLOT, moved=5),
                hold(8),
                hold_without(409, 9, slot_id=OTHER_SLOT),
            ],
            id="a reschedule without an answer that was done after a while",
        ),
        pytest.param(
            [
                MINE,
                unsettled(MINE, Kind.RESCHEDULE, 5, slot_id=OTHER_SLOT),
                confirm(MINE, 40),
                hold(41, slot_id=OTHER_SLOT),
            ],
            id="a reschedule without an answer that was not done",
        ),
        pytest.param(
            [
                MINE,
                confirm(MINE, 5),
                reschedule(MINE, 10, slot_id=SLOT, status="CONFIRMED", since=5, moved=17, takes=10),
                reschedule(MINE, 14, status="CONFIRMED", since=5, moved=14.5, takes=1),
                get(MINE, 25, "CONFIRMED", since=5, moved=17),
            ],
            id="a reschedule that changes something only after another one",
        ),
        pytest.param(
            [
                MINE,
                confirm(MINE, 5),
                not_rescheduled(MINE, 6, "CANCEL_CUTOFF_PASSED"),
                not_rescheduled(MINE, 7, "TOO_SHORT_NOTICE"),
                operation(Kind.CANCEL, 8, 409, {"code": "CANCEL_CUTOFF_PASSED"}, booking_id=MINE.body["bookingId"]),
                get(MINE, 9, "CONFIRMED", since=5),
            ],
            id="steps that the policy forbids",
        ),
        pytest.param(
            [operation(Kind.HOLD, 0, 409, {"code": "TOO_FAR_AHEAD"}, provider_id="ann", slot_id=SLOT), slots(1, SLOT)],
            id="a hold that the policy forbids, of a free slot",
        ),
        pytest.param(
            [WITH_KEY, once_more(WITH_KEY, 5), confirm(WITH_KEY, 6), once_more(WITH_KEY, DEADLINE + 5)],
            id="a request that is sent again with its key",
        ),
        pytest.param(
            [WITH_KEY, hold_without(422, 5, slot_id=OTHER_SLOT, key="key"), hold(6, slot_id=OTHER_SLOT)],
            id="another request with the same key",
        ),
        pytest.param(
            [
                hold_without(503, 0, key="key"),
                hold(10, created=0.05, key="key"),
                hold_without(409, 11),
            ],
            id="a hold without an answer that is sent again with its key, and was done at the first time",
        ),
        pytest.param(
            [WITH_KEY, cancel(WITH_KEY, 5), hold(A_DAY + 1, key="key")], id="a key that is sent anew after a day"
        ),
    ],
)
def test_what_may_happen_is_no_anomaly(story: Story) -> None:
    assert found_in(story) == []


@pytest.mark.parametrize(
    ("rule", "story"),
    [
        pytest.param("slot", [MINE, THEIRS], id="two holds of one slot"),
        pytest.param("owners", [MINE, THEIRS], id="two holds of one slot, as two clients see it"),
        pytest.param("slot", [hold_without(409, 0), slots(1, SLOT)], id="a 409 on a slot that nobody ever took"),
        pytest.param(
            "slot", [MINE, cancel(MINE, 5), hold_without(409, 6)], id="a cancelled slot that is not free again"
        ),
        pytest.param("slot", [MINE, cancel(MINE, 5), slots(6)], id="a cancelled slot that is not shown as free again"),
        pytest.param("slot", [MINE, hold_without(409, DEADLINE + 0.001)], id="a hold that outlasts its deadline"),
        pytest.param(
            "slot", [MINE, slots(DEADLINE + 0.001)], id="a hold whose slot is not shown as free at its deadline"
        ),
        pytest.param("slot", [MINE, hold(DEADLINE - 1)], id="a hold taken a second before its deadline"),
        pytest.param("owners", [MINE, hold(DEADLINE - 1)], id="the same, as two clients see it"),
        pytest.param("slot", [MINE, confirm(MINE, 5), slots(6, SLOT)], id="a reserved slot that is shown as free"),
        pytest.param("slot", [MINE, slots(1, SLOT)], id="a held slot that is shown as free"),
        pytest.param(
            "slot",
            [MINE, confirm(MINE, 299, takes=0.5), get(MINE, 298, "EXPIRED", takes=4)],
            id="a read that took an old state and a new clock",
        ),
        pytest.param(
            "slot",
            [MINE, confirm(MINE, 299, takes=0.5), slots(298, SLOT, takes=4)],
            id="a list that took an old state and a new clock",
        ),
        pytest.param("slot", [MINE, confirm(MINE, DEADLINE)], id="a slot that is reserved after the deadline"),
        pytest.param("slot", [MINE, cancel(MINE, DEADLINE)], id="a slot that is given back after the deadline"),
        pytest.param("slot", [MINE, get(MINE, DEADLINE, "PENDING")], id="a slot that is held at the deadline"),
        pytest.param("slot", [get(MINE, -5, "PENDING"), MINE], id="a booking that is seen before it is made"),
        pytest.param(
            "slot",
            [MINE, LATER, confirm(MINE, 299, takes=10)],
            id="a slot that is reserved for one and held by another",
        ),
        pytest.param("slot", [slots(0, SLOT), slots(BEGINS, SLOT)], id="a slot that is offered after it has begun"),
        pytest.param("slot", [MINE, confirm(MINE, 5), LATER], id="a reserved slot that is held again"),
        pytest.param("owners", [MINE, confirm(MINE, 5), LATER], id="the same, as two clients see it, too"),
        pytest.param(
            "owners",
            [MINE, LATER, confirm(MINE, 5), confirm(LATER, DEADLINE + 5)],
            id="two confirmed bookings of one slot",
        ),
        pytest.param("slot", [MINE, hold_without(404, 1)], id="a slot that is told not to exist while it is held"),
        pytest.param("slot", [MINE, confirm(MINE, 5), get(MINE, 6, "PENDING")], id="an old state after a confirm"),
        pytest.param(
            "booking", [MINE, confirm(MINE, 5), get(MINE, 6, "PENDING")], id="a booking that is PENDING again"
        ),
        pytest.param(
            "booking", [MINE, cancel(MINE, 5), confirm(MINE, 6)], id="a confirm of a booking that has been cancelled"
        ),
        pytest.param(
            "booking", [MINE, confirm(MINE, 5), get(MINE, DEADLINE, "EXPIRED")], id="a confirmed booking that expires"
        ),
        pytest.param(
            "booking",
            [MINE, confirm(MINE, 5), refused(MINE, Kind.CANCEL, DEADLINE, "EXPIRED")],
            id="a confirmed booking that can't be cancelled",
        ),
        pytest.param(
            "booking",
            [MINE, get(MINE, DEADLINE, "EXPIRED"), confirm(MINE, DEADLINE + 1)],
            id="an expired one confirmed",
        ),
        pytest.param(
            "booking",
            [MINE, confirm(MINE, 298, takes=5), confirm(MINE, 299, since=298), get(MINE, 304, "EXPIRED")],
            id="a booking that expires after a confirm",
        ),
        pytest.param("booking", [MINE, confirm(MINE, DEADLINE)], id="a confirm after the deadline"),
        pytest.param("booking", [MINE, cancel(MINE, DEADLINE)], id="a cancel after the deadline"),
        pytest.param("booking", [MINE, get(MINE, DEADLINE, "PENDING")], id="a booking that is PENDING at its deadline"),
        pytest.param("booking", [MINE, get(MINE, 5, "EXPIRED")], id="a booking that expires before its deadline"),
        pytest.param("booking", [MINE, get(MINE, 5, "CONFIRMED", since=4)], id="a confirmation that nobody asked for"),
        pytest.param("booking", [MINE, get(MINE, 5, "CANCELLED", since=4)], id="a cancellation that nobody asked for"),
        pytest.param(
            "booking", [MINE, confirm(MINE, 5), confirm(MINE, 6)], id="a repeat of a confirm that gives another body"
        ),
        pytest.param(
            "booking", [MINE, cancel(MINE, 5), cancel(MINE, 6)], id="a repeat of a cancel that gives another body"
        ),
        pytest.param("booking", [MINE, get(MINE, 5, "PENDING", userId="other")], id="another user"),
        pytest.param(
            "booking", [MINE, get(MINE, 5, "PENDING", expiresAt="2030-03-17T18:00:00Z")], id="another deadline"
        ),
        pytest.param(
            "booking",
            [MINE, confirm(MINE, 5), get(MINE, 6, "CONFIRMED", since=5, slotId=OTHER_SLOT)],
            id="another slot",
        ),
        pytest.param("booking", [SHORT], id="a hold that is shorter than promised"),
        pytest.param("booking", [hold(0, created=-60)], id="a hold that is older than its request"),
        pytest.param(
            "booking", [MINE, get(MINE, DEADLINE, "EXPIRED", userId="other")], id="another user in another status"
        ),
        pytest.param(
            "booking", [MINE, get(MINE, DEADLINE + 9, "EXPIRED", since=DEADLINE + 5)], id="an expiry after the deadline"
        ),
        pytest.param("booking", [MINE, cancel(MINE, 5), TWICE], id="one id for two bookings"),
        pytest.param(
            "booking",
            [
                MINE,
                unsettled(MINE, Kind.CONFIRM, 5),
                get(MINE, DEADLINE, "EXPIRED"),
                get(MINE, DEADLINE + 1, "CONFIRMED", since=5),
            ],
            id="an expired booking that is confirmed by what was over before",
        ),
        pytest.param("booking", [MINE, confirm(MINE, 5, since=1)], id="a confirmation that is older than its request"),
        pytest.param("booking", [get(MINE, 5, "PENDING")], id="a booking that nobody was given"),
        pytest.param("lost", [MINE, not_found(MINE, 1)], id="a booking that is not there after its 202"),
        pytest.param(
            "lost", [MINE, not_found(MINE, DEADLINE + 9)], id="a booking that is not there after its deadline"
        ),
        pytest.param(
            "lost", [MINE, not_found(MINE, 1, Kind.CONFIRM)], id="a booking that can't be found to be confirmed"
        ),
        pytest.param(
            "answer", [MINE, refused(MINE, Kind.CONFIRM, 5, "PENDING")], id="a confirm refused for being PENDING"
        ),
        pytest.param(
            "answer", [MINE, refused(MINE, Kind.CANCEL, 5, "CANCELLED")], id="a repeated cancel that is refused"
        ),
        pytest.param(
            "answer",
            [MINE, operation(Kind.CONFIRM, 5, 200, dict(MINE.body), booking_id=MINE.body["bookingId"])],
            id="a confirm that leaves the booking PENDING",
        ),
        pytest.param("answer", [operation(Kind.HOLD, 0, 200, dict(MINE.body))], id="a hold that is answered with 200"),
        pytest.param(
            "slot",
            [availability(0, SLOT), availability(5, SLOT), hold_without(404, 7)],
            id="a slot that is missing though its day was set with it",
        ),
        pytest.param(
            "slot",
            [availability(0, SLOT), MINE, availability(5, OTHER_SLOT), hold_without(404, 7)],
            id="a held slot that setting the day has removed",
        ),
        pytest.param(
            "slot",
            [availability(0, SLOT, OTHER_SLOT), closing(5), slots(7, OTHER_SLOT)],
            id="a slot that is shown though its day was closed",
        ),
        pytest.param("slot", [availability(0, SLOT), closing(5), hold(7)], id="a slot that is held on a closed day"),
        pytest.param(
            "slot",
            [availability(0, SLOT), MINE, closing(5, SLOT), cancel(MINE, 7), slots(9, SLOT)],
            id="a kept slot that comes back on a closed day",
        ),
        pytest.param(
            "slot",
            [availability(0, SLOT), availability(5, OTHER_SLOT), slots(7, SLOT, OTHER_SLOT)],
            id="a slot that is shown though its day was set without it",
        ),
        pytest.param(
            "slot",
            [availability(0, SLOT), pattern(3, DAY_BEFORE, DAY_AFTER), slots(7)],
            id="a slot that a pattern for other days has removed",
        ),
        pytest.param(
            "slot",
            [availability(0, SLOT, OTHER_SLOT), page(1, OTHER_SLOT)],
            id="a slot that is missing on a first page",
        ),
        pytest.param(
            "slot",
            [availability(0, SLOT, OTHER_SLOT), page(1, SLOT)],
            id="a slot that is missing on a last page",
        ),
        pytest.param("slot", [hold_without(503, 0), hold_without(409, HOLD + 40)], id="a lost hold that never lapses"),
        pytest.param(
            "slot",
            [MINE, cancel(MINE, 40), hold_without(503, 5), hold_without(409, 50)],
            id="a lost hold that got the slot from its owner",
        ),
        pytest.param(
            "slot",
            [MINE, unsettled(MINE, Kind.CANCEL, 5), get(MINE, 40, "PENDING"), hold(60)],
            id="a cancel without an answer that is done after all bounds",
        ),
        pytest.param(
            "slot",
            [MINE, unsettled(MINE, Kind.CONFIRM, 5), slots(DEADLINE), LATER],
            id="a confirm without an answer that was done for some",
        ),
        pytest.param(
            "slot", [MINE, reschedule(MINE, 5), hold_without(409, 6)], id="a reschedule that leaves the old slot taken"
        ),
        pytest.param(
            "slot",
            [MINE, confirm(MINE, 5), reschedule(MINE, 6, status="CONFIRMED", since=5), slots(7)],
            id="a reschedule that leaves the old slot reserved",
        ),
        pytest.param("slot", [TOUCHING, MINE, reschedule(MINE, 5)], id="a reschedule that shares the new slot"),
        pytest.param(
            "owners",
            [TOUCHING, MINE, reschedule(MINE, 5)],
            id="a reschedule that shares the new slot, as clients see it",
        ),
        pytest.param(
            "slot",
            [MINE, reschedule(MINE, 5), hold(6, slot_id=OTHER_SLOT)],
            id="a reschedule that does not take the new slot",
        ),
        pytest.param(
            "slot",
            [
                MINE,
                confirm(MINE, 5),
                reschedule(MINE, 6, status="CONFIRMED", since=5),
                slots(DEADLINE, SLOT, OTHER_SLOT),
            ],
            id="a confirmed booking whose new slot is only held",
        ),
        pytest.param(
            "slot",
            [MINE, reschedule(MINE, 5), slots(DEADLINE + 1, SLOT)],
            id="a reschedule that makes the hold longer",
        ),
        pytest.param(
            "booking",
            [MINE, confirm(MINE, 5), reschedule(MINE, 6)],
            id="a reschedule that makes a confirmed booking pending",
        ),
        pytest.param(
            "booking",
            [MINE, reschedule(MINE, 6, status="CONFIRMED", since=6)],
            id="a reschedule that makes a pending booking confirmed",
        ),
        pytest.param(
            "booking",
            [MINE, confirm(MINE, 5), cancel(MINE, 6), reschedule(MINE, 7, status="CONFIRMED", since=5)],
            id="a reschedule that revives a cancelled booking",
        ),
        pytest.param(
            "slot",
            [
                MINE,
                confirm(MINE, 5),
                cancel(MINE, 6, takes=1),
                reschedule(MINE, 6.5, status="CONFIRMED", since=5, takes=1),
                get(MINE, 8, "CONFIRMED", since=5, slot_id=OTHER_SLOT, moved=6.5),
            ],
            id="a reschedule that revives a booking that is being cancelled",
        ),
        pytest.param("booking", [MINE, reschedule(MINE, DEADLINE)], id="a reschedule that revives an expired booking"),
        pytest.param(
            "booking",
            [MINE, reschedule(MINE, 5), get(MINE, DEADLINE - 1, "PENDING", slot_id=OTHER_SLOT, moved=DEADLINE - 2)],
            id="a reschedule at a time at which nobody asked for one",
        ),
        pytest.param(
            "booking",
            [MINE, replace(reschedule(MINE, 5), slot_id=SLOT)],
            id="a reschedule to another slot than asked for",
        ),
        pytest.param(
            "booking",
            [MINE, reschedule(MINE, 5), get(MINE, 6, "PENDING", slot_id=OTHER_SLOT, moved=5, timeZone="Asia/Tokyo")],
            id="a reschedule that changes what it must not",
        ),
        pytest.param(
            "slot",
            [MINE, reschedule(MINE, 5), get(MINE, 6, "PENDING")],
            id="a booking that is told on its old slot after a reschedule",
        ),
        pytest.param(
            "slot", [MINE, not_rescheduled(MINE, 5, slot_id=SLOT)], id="a booking that is refused the slot that it has"
        ),
        pytest.param(
            "slot", [MINE, not_rescheduled(MINE, 5)], id="a reschedule that is refused a slot that nobody has"
        ),
        pytest.param(
            "slot",
            [TOUCHING, confirm(TOUCHING, 5), MINE, not_rescheduled(MINE, DEADLINE)],
            id="a reschedule of an expired booking that is refused for the slot",
        ),
        pytest.param(
            "slot",
            [
                MINE,
                unsettled(MINE, Kind.RESCHEDULE, 5, slot_id=OTHER_SLOT),
                get(MINE, 40, "PENDING"),
                hold(60),
            ],
            id="a reschedule without an answer that is done after all bounds",
        ),
        pytest.param(
            "lost",
            [MINE, replace(not_found(MINE, 1, Kind.RESCHEDULE), slot_id=OTHER_SLOT)],
            id="a booking that can't be found to be rescheduled",
        ),
        pytest.param(
            "answer",
            [MINE, cancel(MINE, 5), reschedule(MINE, 6, status="CANCELLED", since=5)],
            id="a reschedule that is answered with a cancelled booking",
        ),
        pytest.param(
            "booking",
            [MINE, not_rescheduled(MINE, 6, "CANCEL_CUTOFF_PASSED")],
            id="a cutoff for a booking that is not confirmed",
        ),
        pytest.param("key", [WITH_KEY, hold(5, slot_id=OTHER_SLOT, key="key")], id="two bookings with one key"),
        pytest.param(
            "key",
            [
                WITH_KEY,
                confirm(WITH_KEY, 5),
                replace(once_more(WITH_KEY, 6), body={**WITH_KEY.body, "updatedAt": text(5)}),
            ],
            id="a repeat with its key that gives another body",
        ),
        pytest.param(
            "key", [WITH_KEY, hold_without(409, 5, key="key")], id="a repeat with its key that finds its own hold"
        ),
        pytest.param(
            "key",
            [WITH_KEY, hold_without(409, 5, slot_id=OTHER_SLOT, key="key")],
            id="another request with the same key that is refused for its slot",
        ),
        pytest.param(
            "key", [hold_without(422, 5, key="key")], id="a key that is refused though nobody has used it before"
        ),
        pytest.param(
            "key",
            [hold(0, key="key", user_id="other"), hold_without(422, 5, slot_id=OTHER_SLOT, key="key")],
            id="a key that is refused though only another user has used it",
        ),
        pytest.param("booking", [MINE, once_more(MINE, 5)], id="one booking for two requests without a key"),
        pytest.param(
            "booking",
            [hold_without(503, 0, key="key"), hold(50, created=40, key="key")],
            id="a booking that was made between a request and its repeat",
        ),
    ],
)
def test_a_planted_anomaly_is_found_by_its_rule(rule: str, story: Story) -> None:
    found = found_in(story)
    assert rule in rules(found), found
    assert all(any(each.client in text for each in story) for text in found), "an anomaly names its operations"


FIRST, SECOND, THIRD = (hold(at, slot_id=f"{DAY}T{hour}:00") for at, hour in ((0, 11), (1, 12), (2, 13)))
OTHERS = replace(FIRST, user_id="other", body={**FIRST.body, "userId": "other"})
LOST_ONE = f"{DAY}T12:00"


@pytest.mark.parametrize(
    "story",
    [
        pytest.param([FIRST, SECOND, hold_without(429, 3)], id="a third hold that is refused"),
        pytest.param([OTHERS, SECOND, THIRD], id="a third hold, of another user"),
        pytest.param([FIRST, confirm(FIRST, 1.5), SECOND, THIRD], id="a hold once another is confirmed"),
        pytest.param([FIRST, cancel(FIRST, 1.5), SECOND, THIRD], id="a hold once another is cancelled"),
        pytest.param(
            [FIRST, unsettled(FIRST, Kind.CANCEL, 1.5), SECOND, THIRD], id="a hold once another may have ended"
        ),
        pytest.param([FIRST, SECOND, hold(DEADLINE, slot_id=f"{DAY}T13:00")], id="a hold once another has lapsed"),
        pytest.param(
            [FIRST, SECOND, confirm(FIRST, 3, takes=1), hold_without(429, 3.5)],
            id="a refusal while one of two is being confirmed",
        ),
        pytest.param(
            [FIRST, replace(SECOND, returned=START + 9), hold_without(429, 3)],
            id="a refusal while the second is being held",
        ),
        pytest.param(
            [FIRST, hold_without(503, 1, slot_id=LOST_ONE), hold_without(429, 100)],
            id="a refusal when a hold failed that may be there",
        ),
        pytest.param(
            [FIRST, hold_without(None, 1, slot_id=LOST_ONE), hold_without(429, 100)],
            id="a refusal when a hold was not answered that may be there",
        ),
    ],
)
def test_what_may_happen_where_a_user_may_have_two_holds_is_let_through(story: Story) -> None:
    assert found_in(story, max_active_holds=2) == []


@pytest.mark.parametrize(
    "story",
    [
        pytest.param([FIRST, SECOND, THIRD], id="three holds"),
        pytest.param([FIRST, SECOND, THIRD, cancel(FIRST, 4)], id="three holds until one ends"),
        pytest.param([FIRST, SECOND, reschedule(FIRST, 1.5), THIRD], id="three holds, of which one was rescheduled"),
        pytest.param([hold_without(429, 0)], id="a refusal for no hold at all"),
        pytest.param([FIRST, hold_without(429, 3)], id="a refusal for one hold"),
        pytest.param(
            [FIRST, SECOND, cancel(SECOND, 3), hold_without(429, 4)], id="a refusal when one of two has ended"
        ),
        pytest.param([FIRST, SECOND, hold_without(429, DEADLINE + 0.1)], id="a refusal when one of two has lapsed"),
        pytest.param([OTHERS, SECOND, hold_without(429, 4)], id="a refusal for another user's hold"),
        pytest.param([FIRST, hold_without(429, 3), hold(4, slot_id=f"{DAY}T14:00")], id="a refusal for a hold to come"),
        pytest.param(
            [FIRST, hold_without(503, 1, slot_id=LOST_ONE), hold_without(429, 400)],
            id="a refusal when a hold that failed must have lapsed",
        ),
    ],
)
def test_too_many_holds_and_too_few_for_a_refusal_are_found(story: Story) -> None:
    found = found_in(story, max_active_holds=2)
    assert rules(found) == {"limit"}, found


@pytest.mark.parametrize(
    ("story", "terms"),
    [
        ([FIRST, SECOND, hold(DEADLINE - 0.4, slot_id=f"{DAY}T13:00")], {"clock_skew": 0.5}),
        ([FIRST, SECOND, hold_without(429, DEADLINE + 1.4)], {"clock_skew": 1.5}),
        ([FIRST, SECOND, THIRD], {"max_active_holds": 3}),
    ],
)
def test_clocks_that_differ_and_another_limit_are_granted_and_nothing_else_grants_it(
    story: Story, terms: dict[str, Any]
) -> None:
    assert found_in(story, max_active_holds=2)
    assert found_in(story, **{"max_active_holds": 2, **terms}) == []


@pytest.mark.parametrize(("code", "found"), [("TOO_MANY_HOLDS", {"answer"}), ("RATE_LIMITED", set())])
def test_too_many_holds_are_no_answer_to_a_step(code: str, found: set[str]) -> None:
    answer = operation(Kind.CONFIRM, 5, 429, {"code": code}, booking_id=MINE.body["bookingId"])
    assert rules(found_in([MINE, answer])) == found


def test_a_repeat_with_its_key_is_never_too_many() -> None:
    assert "key" in rules(found_in([WITH_KEY, hold_without(429, 5, key="key")], max_active_holds=1))


@pytest.mark.parametrize(
    ("story", "terms"),
    [
        ([MINE, get(MINE, DEADLINE + 0.4, "PENDING")], {"clock_skew": 0.5}),
        ([MINE, hold(DEADLINE - 0.4)], {"clock_skew": 0.5}),
        ([MINE, hold_without(409, DEADLINE + 0.4)], {"clock_skew": 0.5}),
        ([MINE, not_found(MINE, DEADLINE)], {"creation_may_lag": True}),
        ([LONGER], {"hold_seconds": [HOLD, HOLD + 60]}),
        ([MINE, unsettled(MINE, Kind.CANCEL, 5), get(MINE, 40, "PENDING"), hold(60)], {"effect_within": 50}),
    ],
)
def test_what_the_caller_grants_is_granted_and_nothing_else_grants_it(story: Story, terms: dict[str, Any]) -> None:
    assert found_in(story)
    assert found_in(story, **terms) == []


def test_a_booking_may_only_be_missing_after_its_deadline_even_where_workers_may_lag() -> None:
    assert rules(found_in([MINE, not_found(MINE, 5)], creation_may_lag=True)) == {"lost"}


def test_an_order_is_found_where_every_operation_overlaps_every_other() -> None:
    first, second = hold(1, takes=11), hold(2, takes=10)
    story = [first, second, *(hold_without(409, 1, takes=11) for _ in range(62))]
    assert rules(found_in(story)) == {"slot", "owners"}
    assert found_in([*story, cancel(first, 3, takes=9)]) == []
    assert found_in([*story, cancel(second, 3, takes=9)]) == []


@pytest.mark.parametrize("winners", [1, 2])
def test_a_race_of_64_clients_has_one_winner(winners: int) -> None:
    story = [hold(each / 100, takes=3) for each in range(winners)]
    story += [hold_without(409, each / 100, takes=3) for each in range(64 - winners)]
    assert bool(found_in(story)) == (winners == 2)
