"""Many who want one slot, in threads over the services, on DynamoDB Local: one winner each time."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from chalicelib.domain.access import ANYBODY
from chalicelib.domain.errors import SlotUnavailableError
from chalicelib.domain.models import Booking
from tests.engines.deployment import Deployment
from tests.engines.dynamodb_local import DynamoDbLocal
from tests.system import PATIENCE_SECONDS
from tests.tables import EndpointTables

USERS = 32


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
                provider_id=deployment.provider_id, slot_id=slot_id, user_id=f"user-{user}", by=ANYBODY
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
