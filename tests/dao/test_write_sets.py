"""The write sets, call by call: how many, in what order, and what faults on the wire make of them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from chalicelib.dao.bookings import BookingDao
from chalicelib.dao.keys import POLICY_COPIES
from chalicelib.dao.listings import ListingDao
from chalicelib.dao.providers import ProviderDao
from chalicelib.domain.errors import ServiceUnavailableError, SlotNotFoundError, SlotUnavailableError
from chalicelib.domain.listings import ListedBy, Listing
from chalicelib.domain.models import CANCEL, CONFIRM, EXPIRE, BookingStatus, Policy, SlotStatus
from chalicelib.domain.ports import HeldBeforeError, IdempotencyKey, StepRefusedError
from tests.builders import NOW, booking, new_id, provider, slot
from tests.contracts.given import held, in_status, published, state, stored
from tests.dao.rig import Rig
from tests.tables import dao_stores
from tests.wire import Wire, cancelled, error, lost_acknowledgement


def test_a_hold_that_conflicts_is_not_tried_again_once_another_has_the_slot(rig: Rig) -> None:
    stores = dao_stores(rig.table)
    free, _ = held(stores)
    rig.wire.faults = [cancelled("TransactionConflict")]
    before = len(rig.wire.requests)
    with pytest.raises(SlotUnavailableError):
        stores.bookings.hold_slot(free, booking(free, user_id=new_id()), now=NOW)
    assert [request.keys() & {"TransactItems", "Key"} for request in rig.wire.requests[before:]] == [
        {"TransactItems"},
        {"Key"},
    ]


def test_a_hold_that_conflicts_is_not_tried_again_once_the_slot_is_gone(rig: Rig) -> None:
    stores = dao_stores(rig.table)
    free = slot()
    rig.wire.faults = [cancelled("TransactionConflict")]
    with pytest.raises(SlotNotFoundError):
        stores.bookings.hold_slot(free, booking(free, user_id=new_id()), now=NOW)
    assert len(rig.wire.requests) == 2


def test_a_hold_that_conflicts_and_can_still_be_had_is_tried_again(rig: Rig) -> None:
    stores = dao_stores(rig.table)
    free = published(stores)
    pending = booking(free)
    rig.wire.faults = [cancelled("TransactionConflict")]
    stores.bookings.hold_slot(free, pending, now=NOW)
    assert state(stores, free) == (SlotStatus.HELD, pending.booking_id, None)


def test_what_has_the_slot_by_a_try_whose_answer_was_lost_is_not_taken_for_another(rig: Rig) -> None:
    """botocore sends the hold again, and that try meets a conflict."""
    stores = dao_stores(rig.table)
    free = published(stores)
    pending = booking(free)
    rig.wire.faults = [lost_acknowledgement, cancelled("TransactionConflict")]
    stores.bookings.hold_slot(free, pending, now=NOW)
    assert state(stores, free) == (SlotStatus.HELD, pending.booking_id, None)


def test_with_a_key_the_transaction_alone_tells_who_has_the_slot(rig: Rig) -> None:
    stores = dao_stores(rig.table)
    free = published(stores)
    first, again = booking(free), booking(free)
    key = IdempotencyKey(user_id=new_id(), key="key")
    stores.bookings.hold_slot(free, first, now=NOW, key=key)
    undecided = ("ConditionalCheckFailed", "None", "None", "ConditionalCheckFailed", "TransactionConflict")
    rig.wire.faults = [cancelled(*undecided)]
    with pytest.raises(HeldBeforeError) as before:
        stores.bookings.hold_slot(free, again, now=NOW, key=key)
    assert before.value.booking == first


@pytest.mark.parametrize("acknowledgement_is_lost", [False, True])
@pytest.mark.parametrize("status", [BookingStatus.PENDING, BookingStatus.CONFIRMED])
def test_a_reschedule_that_conflicts_looks_at_the_new_slot_as_well(
    rig: Rig, status: BookingStatus, acknowledgement_is_lost: bool
) -> None:
    stores = dao_stores(rig.table)
    _, moving = in_status(stores, status)
    moving = stored(stores, moving)
    new = published(stores, provider_id=moving.provider_id, starts_at=moving.starts_at + timedelta(days=1))
    if acknowledgement_is_lost:
        rig.wire.faults = [lost_acknowledgement, cancelled("TransactionConflict")]
        assert stores.bookings.reschedule(moving, new, at=NOW).slot_id == new.slot_id
    else:
        stores.bookings.hold_slot(new, booking(new, user_id=new_id()), now=NOW)
        rig.wire.faults = [cancelled("TransactionConflict")]
        with pytest.raises(SlotUnavailableError):
            stores.bookings.reschedule(moving, new, at=NOW)


def test_a_hold_whose_acknowledgement_is_lost_is_not_taken_for_somebody_elses(rig: Rig) -> None:
    stores = dao_stores(rig.table)
    free = published(stores)
    pending = booking(free)
    rig.wire.faults = [lost_acknowledgement]
    stores.bookings.hold_slot(free, pending, now=NOW)
    assert state(stores, free) == (SlotStatus.HELD, pending.booking_id, None)


def test_a_hold_that_the_engine_reports_as_its_own_is_a_success(rig: Rig) -> None:
    """Where a token no longer protects, after ten minutes or on an engine that ignores it, the old item tells."""
    stores = dao_stores(rig.table)
    free = published(stores)
    pending = booking(free)
    stores.bookings.hold_slot(free, pending, now=NOW)
    stores.bookings.hold_slot(free, pending, now=NOW)
    assert state(stores, free) == (SlotStatus.HELD, pending.booking_id, None)


def test_a_confirmation_whose_acknowledgement_is_lost_is_confirmed(rig: Rig) -> None:
    stores = dao_stores(rig.table)
    free, pending = held(stores)
    rig.wire.faults = [lost_acknowledgement]
    assert BookingDao(table=rig.table).take_step(CONFIRM, pending, at=NOW).status is BookingStatus.CONFIRMED
    assert state(stores, free) == (SlotStatus.RESERVED, None, pending.booking_id)


def test_a_provider_whose_acknowledgement_is_lost_is_created(rig: Rig) -> None:
    ann = provider()
    rig.wire.faults = [lost_acknowledgement]
    ProviderDao(table=rig.table).create(ann)
    assert ProviderDao(table=rig.table).find(ann.provider_id) == ann


def test_a_hold_is_one_call_a_step_is_one_call_and_a_find_is_one_call(rig: Rig) -> None:
    stores = dao_stores(rig.table)
    free = published(stores)
    pending = booking(free)
    calls = []
    for act in (
        lambda: stores.bookings.hold_slot(free, pending, now=NOW),
        lambda: stores.bookings.create_pending(pending),
        lambda: stores.bookings.find(pending.booking_id),
        lambda: stores.bookings.take_step(CONFIRM, pending, at=NOW),
        lambda: stores.slots.find(slot().provider_id, free.slot_id),
    ):
        before = len(rig.wire.requests)
        act()
        calls.append(len(rig.wire.requests) - before)
    assert calls == [1, 1, 1, 1, 1]


def test_a_step_that_the_booking_refuses_is_one_call_as_nothing_else_could_win(rig: Rig) -> None:
    stores = dao_stores(rig.table)
    _, pending = held(stores)
    stores.bookings.take_step(CONFIRM, pending, at=NOW)
    before = len(rig.wire.requests)
    with pytest.raises(StepRefusedError):
        stores.bookings.take_step(EXPIRE, pending, at=NOW)
    assert len(rig.wire.requests) - before == 1


def test_a_hold_is_taken_back_in_one_call_and_one_that_never_came_in_two(rig: Rig) -> None:
    stores = dao_stores(rig.table)
    free, pending = held(stores)
    before = len(rig.wire.requests)
    assert stores.bookings.release_hold(pending)
    assert len(rig.wire.requests) - before == 1
    assert stores.bookings.release_hold(booking(free))
    assert len(rig.wire.requests) - before == 3


def test_a_hold_that_arrives_while_it_is_taken_back_is_taken_back(rig: Rig) -> None:
    """Its answer had got lost. Without its trigger, the slot would be held for nobody."""
    stores = dao_stores(rig.table)
    free = published(stores)
    late = booking(free)

    def hold_arrives(wire: Wire, request: AWSPreparedRequest) -> AWSResponse:
        stores.bookings.hold_slot(free, late, now=NOW)
        return wire.send(request)

    rig.wire.faults = [lambda wire, request: wire.send(request), hold_arrives]
    assert stores.bookings.release_hold(late)
    assert state(stores, free) == (SlotStatus.AVAILABLE, None, None)
    assert stores.bookings.find(late.booking_id) is None


def test_a_booking_that_is_settled_between_the_two_tries_of_a_step_is_left_alone(rig: Rig) -> None:
    """First only the slot refuses, so the booking is to end alone; by then somebody else has ended it."""
    stores = dao_stores(rig.table)
    _, pending = held(stores)
    stores.bookings.take_step(CANCEL, pending, at=NOW)
    before = stores.bookings.find(pending.booking_id)
    rig.wire.faults = [cancelled("None", "ConditionalCheckFailed")]
    with pytest.raises(StepRefusedError):
        stores.bookings.take_step(EXPIRE, pending, at=NOW)
    assert stores.bookings.find(pending.booking_id) == before


def test_a_page_of_a_listing_is_one_call_that_reads_more_only_where_some_are_left_out(rig: Rig) -> None:
    listing = Listing(by=ListedBy.USER, owner_id=new_id())
    pending = replace(listing, status=BookingStatus.PENDING)
    for asked, limit in ((listing, 5), (pending, 5), (pending, 101)):
        ListingDao(table=rig.table).find(asked, after=None, limit=limit, now=NOW)
    assert [request["Limit"] for request in rig.wire.requests] == [5, 100, 101]


def test_an_expiry_writes_two_items_as_the_trigger_is_gone_by_then(rig: Rig) -> None:
    stores = dao_stores(rig.table)
    _, pending = held(stores)
    stores.bookings.take_step(EXPIRE, pending, at=pending.expires_at)
    assert len(rig.wire.requests[-1]["TransactItems"]) == 2


@pytest.mark.parametrize("refused", ["booking", "old slot", "trigger"])
def test_a_reschedule_is_refused_by_each_that_is_not_as_it_was_read(rig: Rig, refused: str) -> None:
    stores = dao_stores(rig.table)
    _, pending = held(stores)
    other = published(stores, provider_id=pending.provider_id, starts_at=pending.starts_at + timedelta(days=1))
    actions = ["booking", "old slot", "new slot", "policy", "trigger"]
    rig.wire.faults = [cancelled(*("ConditionalCheckFailed" if name == refused else "None" for name in actions))]
    with pytest.raises(StepRefusedError):
        stores.bookings.reschedule(pending, other, at=NOW)


def test_a_policy_is_copied_only_when_there_are_rules_and_only_when_they_change(rig: Rig) -> None:
    providers = ProviderDao(table=rig.table)
    ann = provider()
    renamed = replace(ann, name="Bea")
    providers.create(ann)
    providers.change(ann, renamed)
    providers.change(renamed, replace(renamed, policy=Policy(hold_seconds=60)))
    alone, alone_again, with_copies = (len(request["TransactItems"]) for request in rig.wire.requests)
    assert alone == alone_again == 1
    assert with_copies == 1 + POLICY_COPIES


def test_an_index_that_can_not_be_read_is_an_outage_and_nothing_else(rig: Rig) -> None:
    rig.wire.faults = [error("ThrottlingException")] * 2
    asked = Listing(by=ListedBy.USER, owner_id="user-1")
    with pytest.raises(ServiceUnavailableError):
        ListingDao(table=rig.table).find(asked, after=None, limit=1, now=NOW)
