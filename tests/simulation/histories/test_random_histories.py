"""Random histories: what a sound system gives is accepted, and what it can't have given is not."""

import random
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simulation.histories import Kind, Operation
from tests.simulation.histories.reference import Reference, Request, slot_ids
from tests.simulation.histories.stories import (
    OTHER_SLOT,
    SLOT,
    START,
    availability,
    confirm,
    found_in,
    hold,
    hold_without,
    not_rescheduled,
    place,
    refused,
    reschedule,
    shown,
    slot_view,
)

KINDS = [Kind.HOLD, Kind.HOLD, Kind.GET, Kind.CONFIRM, Kind.CANCEL, *[Kind.RESCHEDULE] * 2, Kind.SLOTS, "tidy"]
KEYS = [None, None, "key-1", "key-2"]
SLOTS = 3
MICROSECOND = 1e-6
AFTER = st.one_of(st.floats(MICROSECOND, 3), st.floats(MICROSECOND, 3), st.floats(50, 310))
SHORT = st.floats(0, 6)

REQUESTS = st.builds(
    Request,
    what=st.sampled_from(KINDS),
    slot=st.integers(0, SLOTS - 1),
    booking=st.integers(0, 20),
    after=AFTER,
    held_up=SHORT,
    decided=SHORT,
    answered=SHORT,
    fate=st.sampled_from(["answered"] * 6 + ["no answer", "failed"]),
    key=st.sampled_from(KEYS),
)
ONE_AFTER_THE_OTHER = st.tuples(
    st.sampled_from(KINDS), st.integers(0, SLOTS - 1), st.integers(0, 20), AFTER, st.sampled_from(KEYS)
).map(lambda fields: Request(*fields[:4], key=fields[4]))


def run(requests: list[Request]) -> list[Operation]:
    system = Reference(slot_ids(SLOTS))
    for each in requests:
        system.do(each)
    return system.history


@given(st.lists(REQUESTS, max_size=60))
def test_whatever_a_sound_system_answers_is_accepted(requests: list[Request]) -> None:
    assert found_in(run(requests)) == []


def other_answers(operation: Operation, bookings: dict[str, Operation]) -> list[Operation]:
    """The operation with every other answer that looks right by itself."""
    begun, takes = operation.invoked, (operation.returned or operation.invoked) - operation.invoked

    def answered(other: Operation) -> Operation:
        return replace(other, client=operation.client, invoked=begun, returned=begun + takes)

    if operation.kind == Kind.HOLD:
        asked: dict[str, Any] = {"slot_id": operation.slot_id, "key": operation.key}
        made = hold(begun - START, **asked)
        refusals = [hold_without(status, 0, **asked) for status in ((409, 422) if operation.key else (409,))]
        return [answered(each) for each in (made, *refusals) if each.status != operation.status]
    if operation.kind == Kind.SLOTS:
        listed = {slot["slotId"] for slot in operation.body["slots"]}
        return [
            replace(operation, body={"slots": [slot_view(each) for each in listed ^ {changed}]})
            for changed in slot_ids(SLOTS)
        ]
    held = bookings[str(operation.booking_id)]
    at = begun - START
    now = operation.body["status"] if operation.status == 200 else operation.body.get("bookingStatus")
    others: list[Operation] = []
    if operation.status == 200:
        elsewhere = set(slot_ids(SLOTS)) - {operation.body["slotId"]}
        others += [replace(operation, body={**operation.body, **place(each)}) for each in sorted(elsewhere)]
    if operation.kind == Kind.GET:
        for status in {"PENDING", "CONFIRMED", "CANCELLED", "EXPIRED"} - {now}:
            since = None if status in {"PENDING", "EXPIRED"} else at
            others.append(replace(operation, body=shown(held, status, since=since, slot_id=operation.body["slotId"])))
        return others
    done, forbidding = {
        Kind.CONFIRM: ("CONFIRMED", {"CANCELLED", "EXPIRED"}),
        Kind.CANCEL: ("CANCELLED", {"EXPIRED"}),
        Kind.RESCHEDULE: ("PENDING", {"CANCELLED", "EXPIRED"}),
    }[Kind(operation.kind)]
    asked = {"slot_id": operation.slot_id} if operation.kind == Kind.RESCHEDULE else {}
    others += [answered(refused(held, Kind(operation.kind), at, status, **asked)) for status in forbidding - {now}]
    if operation.status == 409:
        others.append(replace(operation, status=200, body=shown(held, done, since=at, moved=at, **asked)))
    if asked and operation.body.get("code") != "SLOT_UNAVAILABLE":
        others.append(answered(not_rescheduled(held, at, **asked)))
    return others


def mutants(history: list[Operation]) -> list[tuple[Operation, list[Operation]]]:
    """Every history with one answer changed, beside the operation that was changed."""
    bookings = {each.body["bookingId"]: each for each in history if each.status == 202}
    found: list[tuple[Operation, list[Operation]]] = []
    for index, operation in enumerate(history):
        if operation.is_unsettled or operation.kind == Kind.AVAILABILITY:
            continue
        found += [
            (other, [*history[:index], other, *history[index + 1 :]]) for other in other_answers(operation, bookings)
        ]
    return found


@given(st.lists(ONE_AFTER_THE_OTHER, min_size=1, max_size=25), st.integers(0, 10_000))
def test_where_nothing_overlaps_every_other_answer_is_an_anomaly(requests: list[Request], choice: int) -> None:
    possible = mutants(run(requests))
    if possible:
        changed, mutant = possible[choice % len(possible)]
        assert found_in(mutant), str(changed)


def test_most_other_answers_are_anomalies_where_operations_overlap() -> None:
    chance = random.Random(20301)
    found, tried = 0, 0
    for _ in range(60):
        requests = [random_request(chance) for _ in range(30)]
        for _, mutant in chance.sample(mutants(run(requests)), 10):
            tried += 1
            found += bool(found_in(mutant))
    assert found > 0.95 * tried, f"{found} of {tried}"


def random_request(chance: random.Random) -> Request:
    durations: dict[str, Any] = {name: chance.uniform(0, 1) for name in ("held_up", "decided", "answered")}
    after = chance.choice([chance.uniform(0.1, 3), chance.uniform(50, 310)])
    where = chance.randrange(SLOTS), chance.randrange(20)
    return Request(chance.choice(KINDS), *where, after, key=chance.choice(KEYS), **durations)


def test_the_reference_itself_gives_every_kind_of_answer() -> None:
    """Else the tests above would say little."""
    chance = random.Random(1)
    seen = set()
    for _ in range(40):
        for each in run([random_request(chance) for _ in range(40)]):
            seen.add((str(each.kind), each.status, each.body.get("status", each.body.get("bookingStatus"))))
    assert seen >= {
        ("hold", 202, "PENDING"),
        ("hold", 409, None),
        ("hold", 422, None),
        ("slots", 200, None),
        *(("get", 200, status) for status in ("PENDING", "CONFIRMED", "CANCELLED", "EXPIRED")),
        ("confirm", 200, "CONFIRMED"),
        ("confirm", 409, "CANCELLED"),
        ("confirm", 409, "EXPIRED"),
        ("cancel", 200, "CANCELLED"),
        ("cancel", 409, "EXPIRED"),
        ("reschedule", 200, "PENDING"),
        ("reschedule", 200, "CONFIRMED"),
        ("reschedule", 409, None),
        ("reschedule", 409, "CANCELLED"),
        ("reschedule", 409, "EXPIRED"),
    }


def test_confirms_that_were_answered_on_different_slots_are_told_apart() -> None:
    """One is answered late, when the booking is on its next slot already. Hypothesis found that."""
    held = hold(1)
    story = [
        availability(-100, SLOT, OTHER_SLOT),
        held,
        reschedule(held, 10),
        confirm(held, 60, slot_id=OTHER_SLOT),
        reschedule(held, 61, slot_id=SLOT, status="CONFIRMED", since=60),
        confirm(held, 59, takes=3, since=60, slot_id=SLOT, moved=61),
    ]
    assert found_in(story) == []
