"""A booking's whole life where DynamoDB's own TTL deletes, and its own stream tells of that."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib.dao.items import Item
from chalicelib.domain.access import ANYBODY
from chalicelib.domain.instants import to_epoch_second, to_text
from chalicelib.domain.models import Booking
from tests.engines.deployment import Deployment
from tests.engines.dynamodb_local import DynamoDbLocal
from tests.tables import EndpointTables

A_LONG_HOLD = 600
BY_DYNAMODB = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


@pytest.fixture
def deployment(dynamodb_local: DynamoDbLocal, endpoint_tables: EndpointTables) -> Iterator[Deployment]:
    """The application on DynamoDB Local, with queues on the other endpoint: it has none."""
    deployment = Deployment(dynamodb_local, endpoint_tables.sqs, indexed=False)
    yield deployment
    deployment.stop()


def free(slot: Item) -> bool:
    return slot["status"] == "AVAILABLE" and not slot.keys() & {"heldBy", "holdExpiresAt", "reservedBy"}


def assert_expired(deployment: Deployment, booking: Booking) -> None:
    """The table says so, from the deadline on, and the trigger is gone."""
    items = deployment.items(booking)
    assert items.keys() == {"METADATA"}
    assert items["METADATA"]["status"] == "EXPIRED"
    assert items["METADATA"]["expiredAt"] == to_text(booking.expires_at)


def test_a_hold_that_nobody_confirms_is_deleted_by_ttl_and_expired_through_the_stream(deployment: Deployment) -> None:
    deployment.enable_ttl()
    deployment.start_queue_worker()
    deployment.start_stream_worker()
    held = deployment.hold("09:00")
    deployment.wait_for_message(held)

    record = deployment.wait_for_removal(held)
    assert record["eventName"] == "REMOVE"
    assert record["userIdentity"] == BY_DYNAMODB
    assert record["dynamodb"]["OldImage"]["ttl"] == {"N": str(to_epoch_second(held.expires_at))}
    assert_expired(deployment, held)
    assert free(deployment.slot(held))
    deployment.assert_finished_and_sound()


def test_a_confirm_and_a_cancel_delete_the_trigger_without_an_expiry(deployment: Deployment) -> None:
    deployment.enable_ttl()
    deployment.start_queue_worker()
    deployment.start_stream_worker()
    held = deployment.hold("09:00", hold_seconds=A_LONG_HOLD)
    deployment.wait_for_message(held)
    bookings = deployment.application().services.bookings

    bookings.confirm(held.booking_id, by=ANYBODY)
    assert {name: item["status"] for name, item in deployment.items(held).items()} == {"METADATA": "CONFIRMED"}
    assert deployment.slot(held)["reservedBy"] == held.booking_id
    bookings.cancel(held.booking_id, by=ANYBODY)
    assert {name: item["status"] for name, item in deployment.items(held).items()} == {"METADATA": "CANCELLED"}
    assert free(deployment.slot(held))

    deployment.stop()
    [removal] = [change for change in deployment.changes if change["eventName"] == "REMOVE"]
    assert removal["dynamodb"]["Keys"]["SK"] == {"S": "EXPIRATION_TRIGGER"}
    assert "userIdentity" not in removal
    assert deployment.removals == []
    deployment.assert_finished_and_sound()


def test_a_hold_whose_message_was_never_processed_expires_from_its_trigger_alone(deployment: Deployment) -> None:
    deployment.start_stream_worker()
    held = deployment.hold("09:00")
    deployment.let_hold_lapse(held)
    deployment.enable_ttl()
    deployment.wait_for_removal(held)
    assert_expired(deployment, held)
    assert free(deployment.slot(held))
    expired = deployment.application().services.bookings.get(held.booking_id, by=ANYBODY)
    assert expired == held.seen_at(held.expires_at)

    # The message comes in the end, and changes nothing.
    before = deployment.items(held)
    deployment.start_queue_worker()
    deployment.wait_for_message(held)
    assert deployment.items(held) == before
    assert free(deployment.slot(held))
    deployment.assert_finished_and_sound()


def test_a_slot_that_is_held_again_before_ttl_comes_by_stays_with_its_new_holder(deployment: Deployment) -> None:
    deployment.start_queue_worker()
    deployment.start_stream_worker()
    first = deployment.hold("09:00")
    deployment.let_hold_lapse(first)
    second = deployment.hold("09:00", hold_seconds=A_LONG_HOLD)
    deployment.wait_for_message(first)
    deployment.wait_for_message(second)
    deployment.enable_ttl()

    deployment.wait_for_removal(first)
    assert_expired(deployment, first)
    slot = deployment.slot(second)
    assert (slot["status"], slot["heldBy"]) == ("HELD", second.booking_id)
    deployment.application().services.bookings.confirm(second.booking_id, by=ANYBODY)
    slot = deployment.slot(second)
    assert (slot["status"], slot["reservedBy"]) == ("RESERVED", second.booking_id)
    deployment.assert_finished_and_sound()


def test_a_ttl_deletion_whose_record_comes_after_a_confirm_changes_nothing(deployment: Deployment) -> None:
    """A machine whose clock is behind may confirm a hold that TTL has deleted, while its slot is still its own."""
    deployment.start_queue_worker()
    held = deployment.hold("09:00")
    deployment.wait_for_message(held)
    deployment.let_hold_lapse(held)
    deployment.enable_ttl()
    deployment.wait_for_deletion(held)
    behind = deployment.application(clock=lambda: held.expires_at - timedelta(seconds=1))
    behind.services.bookings.confirm(held.booking_id, by=ANYBODY)
    booking, slot = deployment.items(held), deployment.slot(held)
    assert (booking["METADATA"]["status"], slot["status"]) == ("CONFIRMED", "RESERVED")

    deployment.start_stream_worker()
    deployment.wait_for_removal(held)
    assert (deployment.items(held), deployment.slot(held)) == (booking, slot)
    deployment.assert_finished_and_sound()
