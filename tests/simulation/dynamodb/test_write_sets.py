"""What the application sends, in every order, to the simulated table and to DynamoDB Local at once."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.changes import change_of
from chalicelib.domain.errors import SlotNotFoundError, SlotUnavailableError
from chalicelib.domain.models import CANCEL, CONFIRM, EXPIRE, NO_HOLDS, Booking, Holds, Slot
from chalicelib.domain.ports import HoldsChangedError, SlotChangedError, StepRefusedError
from local_stack.resources import resources
from simulation.machine import in_turn
from tests.builders import DAY, HOLD, NOW, availability, booking, new_id, slot
from tests.engines.dynamodb_local import DynamoDbLocal
from tests.simulation.dynamodb.both import Both
from tests.simulation.dynamodb.client import client_of
from tests.simulation.dynamodb.local import LocalTable
from tests.tables import Stores, dao_stores, table_on

EXAMPLES = int(os.environ.get("EXAMPLES", "300")) // 6
TABLE = resources(prefix="write-sets-").table

MOMENTS = [NOW, NOW + HOLD / 2, NOW + HOLD, NOW + timedelta(days=1)]
STEPS = ["set", "set otherwise", "close", "read", "hold", "release", "create", "confirm", "cancel", "expire"]


REFUSALS = (
    HoldsChangedError,
    SlotChangedError,
    SlotNotFoundError,
    SlotUnavailableError,
    StepRefusedError,
)


class Rig:
    """The stores over both tables; `both` is exchanged for every example, the client is not: it is slow to make."""

    def __init__(self, local: LocalTable) -> None:
        self.local = local
        self.both = Both(TABLE, local)
        self.stores = dao_stores(table_on(client_of(self._call), TABLE.name, run_all=in_turn))

    def _call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        return self.both.call(operation, request)


@pytest.fixture(scope="module")
def rig(dynamodb_local: DynamoDbLocal) -> Iterator[Rig]:
    local = LocalTable(dynamodb_local.url, TABLE)
    yield Rig(local)
    local.close()


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(
            st.sampled_from(STEPS), st.integers(0, 1), st.integers(0, 2), st.sampled_from(MOMENTS), st.integers(0, 1)
        ),
        min_size=5,
        max_size=25,
    )
)
def test_every_order_of_write_sets_has_the_same_answers_items_and_stream(
    rig: Rig, steps: list[tuple[str, int, int, datetime, int]]
) -> None:
    rig.both = Both(TABLE, rig.local)
    application = Application(rig.stores)
    for name, which_slot, which_booking, at, which_revision in [("set", 0, 0, NOW, 0), *steps]:
        with suppress(*REFUSALS):
            application.do(name, which_slot, which_booking, at, which_revision)
    rig.both.compare()


class Application:
    """Two slots, three bookings of each, by one user and another, and requests that set their day."""

    def __init__(self, stores: Stores) -> None:
        provider_id = f"p-{new_id()}"
        first = slot(provider_id=provider_id)
        self._stores = stores
        self._slots = [first, slot(provider_id=provider_id, starts_at=first.starts_at + timedelta(hours=1))]
        users = [f"user-{new_id()}"] * 2 + [f"user-{new_id()}"]
        self._bookings = [[booking(each, user_id=user_id) for user_id in users] for each in self._slots]

    def do(self, name: str, which_slot: int, which_booking: int, at: datetime, which_revision: int) -> None:
        """Take one step. Raises what the stores raise."""
        one, its = self._slots[which_slot], self._bookings[which_slot][which_booking]
        match name:
            case "set":
                self._change(self._slots, at, which_revision)
            case "set otherwise":
                longer = replace(self._slots[0], ends_at=self._slots[1].ends_at)
                self._change([longer], at, which_revision)
            case "close":
                self._change([], at, which_revision)
            case "read":
                list(self._stores.slots.of_days(one.provider_id, DAY, DAY, after=one.slot_id, page_size=1))
                self._stores.slots.find(one.provider_id, one.slot_id)
                self._stores.bookings.find(its.booking_id)
                self._stores.bookings.still_pending([its.booking_id])
            case "hold":
                others = self._holds(one, its, at) if which_revision == 0 else NO_HOLDS
                self._stores.bookings.hold_slot(one, replace(its, expires_at=at + HOLD), now=at, holds=others)
            case "release":
                self._stores.bookings.release_hold(its)
            case "create":
                self._stores.bookings.create_pending(its)
            case _:
                step = {"confirm": CONFIRM, "cancel": CANCEL, "expire": EXPIRE}[name]
                self._stores.bookings.take_step(step, its, at=at)

    def _holds(self, one: Slot, its: Booking, at: datetime) -> Holds:
        """What the booking's user holds, as a hold reads it."""
        found = self._stores.bookings.prospect(one.provider_id, one.slot_id, its.user_id, now=at, key=None)
        return found.holds.live_at(at)

    def _change(self, wanted: list[Slot], at: datetime, which_revision: int) -> None:
        """Set the day, from what was read before or, with the second revision, from what nobody has read."""
        provider_id = self._slots[0].provider_id
        (there, *_) = [*self._stores.slots.availability(provider_id, DAY, DAY), availability()]
        change = change_of(
            replace(availability(), revision=new_id()),
            replaces=there.revision if which_revision == 0 else "another",
            before=list(self._stores.slots.of_days(provider_id, DAY, DAY)),
            wanted=wanted,
            now=at,
        )
        self._stores.slots.change_days(provider_id, [change], now=at)
