"""Many who want one slot, and one who wants many, in threads over the services, on DynamoDB Local."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from chalicelib.domain.access import ANYBODY
from chalicelib.domain.errors import SlotUnavailableError, TooManyHoldsError
from chalicelib.domain.models import Booking
from tests.engines.deployment import Deployment
from tests.engines.dynamodb_local import DynamoDbLocal
from tests.system import PATIENCE_SECONDS
from tests.tables import EndpointTables

USERS = 32
ROUNDS = 10


def test_of_32_who_want_one_slot_one_gets_it_and_31_are_told_so(
    dynamodb_local: DynamoDbLocal, endpoint_tables: EndpointTables
) -> None:
    deployment = Deployment(dynamodb_local, endpoint_tables.sqs)
    bookings = deployment.application(hold_seconds=600).services.bookings
    slots = deployment.set_day(slot_minutes=9)
    assert len(slots) == 20
    barrier = Barrier(USERS)

    def hold(user: int, slot_id: str) -> Booking | None:
        barrier.wait(PATIENCE_SECONDS)
        try:
            return bookings.hold(
                provider_id=deployment.provider_id, slot_id=slot_id, user_id=f"user-{user}-{slot_id}", by=ANYBODY
            )
        except SlotUnavailableError:
            return None

    with ThreadPoolExecutor(USERS) as users:
        for slot in slots:
            held = list(users.map(hold, range(USERS), [slot.slot_id] * USERS))
            winners = [booking for booking in held if booking]
            assert Counter(map(bool, held)) == {True: 1, False: USERS - 1}
            assert deployment.slot(winners[0])["heldBy"] == winners[0].booking_id
    deployment.assert_finished_and_sound()


def test_of_20_slots_that_one_user_wants_at_once_5_are_held(
    dynamodb_local: DynamoDbLocal, endpoint_tables: EndpointTables
) -> None:
    deployment = Deployment(dynamodb_local, endpoint_tables.sqs)
    bookings = deployment.application(hold_seconds=600).services.bookings
    slots = deployment.set_day(slot_minutes=9)
    barrier = Barrier(len(slots))

    def hold(user_id: str, slot_id: str) -> Booking | None:
        barrier.wait(PATIENCE_SECONDS)
        try:
            return bookings.hold(provider_id=deployment.provider_id, slot_id=slot_id, user_id=user_id, by=ANYBODY)
        except TooManyHoldsError:
            return None

    with ThreadPoolExecutor(len(slots)) as threads:
        for number in range(ROUNDS):
            held = list(threads.map(hold, [f"user-{number}"] * len(slots), [slot.slot_id for slot in slots]))
            winners = [booking for booking in held if booking]
            assert len(winners) == 5
            for booking in winners:
                bookings.cancel(booking.booking_id, by=ANYBODY)
    deployment.assert_finished_and_sound()
