"""How days are changed, call by call: as few calls as can be, each day at once, and safe to repeat."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from localstack_client.session import Session

from chalicelib.aws import RunAll, side_by_side
from chalicelib.dao.slots import SlotDao
from chalicelib.dao.table import MAX_ACTIONS, Retries
from chalicelib.domain.changes import DayChange
from chalicelib.domain.errors import ServiceUnavailableError
from chalicelib.domain.models import Slot
from simulation.machine import in_turn
from tests.builders import DAY, NOW, availability, change, new_id, slot
from tests.tables import EndpointTables, table_on
from tests.wire import Wire, cancelled, error, lost_acknowledgement


class Rig:
    """Slots behind a wire."""

    def __init__(self, host: str, table_name: str, run_all: RunAll = in_turn) -> None:
        client = Session(localstack_host=host).client(
            "dynamodb", config=Config(retries={"mode": "standard", "total_max_attempts": 1}, max_pool_connections=10)
        )
        self.wire = Wire(client)
        self.slots = SlotDao(table=table_on(client, table_name, Retries(sleep=lambda _: None), run_all))
        self.provider_id = f"p-{new_id()}"

    def days(self, *sizes: int, minutes: int = 5) -> list[DayChange]:
        """Changes of adjacent days from what they are now, with so many slots each."""
        days = [DAY + timedelta(days=number) for number in range(len(sizes))]
        there = {each.day: each.revision for each in self.slots.availability(self.provider_id, days[0], days[-1])}
        wanted = [
            change(
                availability=replace(availability(day=day), revision=new_id()),
                replaces=there.get(day, ""),
                add=self.adjacent(size, minutes, datetime.combine(day, datetime.min.time(), tzinfo=UTC)),
            )
            for day, size in zip(days, sizes, strict=True)
        ]
        self.wire.requests.clear()
        return wanted

    def adjacent(self, count: int, minutes: int, starts_at: datetime) -> tuple[Slot, ...]:
        length = timedelta(minutes=minutes)
        starts = (starts_at + number * length for number in range(count))
        return tuple(slot(provider_id=self.provider_id, starts_at=each, ends_at=each + length) for each in starts)

    def change(self, changes: Sequence[DayChange]) -> list[DayChange]:
        return self.slots.change_days(self.provider_id, changes, now=NOW)

    def transactions(self) -> list[list[str]]:
        """The sort keys in each transaction that was sent."""
        return [
            [self._sort_key(action) for action in request["TransactItems"]]
            for request in self.wire.requests
            if "TransactItems" in request
        ]

    def there(self, days: int) -> list[str]:
        last_day = DAY + timedelta(days=days)
        return [each.slot_id for each in self.slots.of_days(self.provider_id, DAY, last_day)]

    def _sort_key(self, action: dict[str, Any]) -> str:
        (part,) = action.values()
        return str((part.get("Key") or part["Item"])["SK"]["S"])


@pytest.fixture
def rig(localstack_host: str, endpoint_tables: EndpointTables) -> Rig:
    return Rig(localstack_host, endpoint_tables.name)


@pytest.fixture
def threaded(localstack_host: str, endpoint_tables: EndpointTables) -> Rig:
    return Rig(localstack_host, endpoint_tables.name, side_by_side)


def days_in(transaction: Sequence[str]) -> Counter[str]:
    return Counter(key.split("#")[1] for key in transaction)


def test_days_share_transactions_as_long_as_they_fit_in_whole(rig: Rig) -> None:
    rig.change(rig.days(*[16] * 12))

    assert [len(each) for each in rig.transactions()] == [85, 85, 34]
    assert all(set(days_in(each).values()) == {17} for each in rig.transactions())


def test_a_day_of_99_slots_is_changed_at_once_and_a_larger_one_in_as_few_transactions_as_can_be(rig: Rig) -> None:
    rig.change(rig.days(99, 100, 288, 1))

    assert [len(each) for each in rig.transactions()] == [100, 100, 2, 100, 100, 91, 2]
    assert all(key.startswith("AVAILABILITY#") for key, *_ in rig.transactions()), "each is guarded"


def test_days_without_a_slot_to_write_take_one_action_each(rig: Rig) -> None:
    rig.change(rig.days(*[0] * 366))

    assert [len(each) for each in rig.transactions()] == [100, 100, 100, 66]


def test_a_year_is_written_side_by_side_within_the_limits_of_transactions(threaded: Rig) -> None:
    threaded.change(threaded.days(*[24] * 100))

    transactions = threaded.transactions()
    assert len(transactions) == 25
    assert max(map(len, transactions)) <= MAX_ACTIONS
    assert len(threaded.there(99)) == 2400


def test_no_two_transactions_that_are_under_way_touch_the_same_day(threaded: Rig) -> None:
    """They would be cancelled for each other's sake."""
    threaded.change(threaded.days(*[40] * 30))

    days = [set(days_in(each)) for each in threaded.transactions()]
    assert sum(map(len, days)) == len(set[str]().union(*days))


def test_reading_a_range_is_one_query_whatever_its_length(rig: Rig) -> None:
    rig.change(rig.days(*[5] * 40))
    rig.wire.requests.clear()

    rig.there(39)
    rig.slots.availability(rig.provider_id, DAY, DAY + timedelta(days=39))

    assert len(rig.wire.requests) == 2


def test_a_page_is_read_no_further_than_it_is_asked_for(rig: Rig) -> None:
    rig.change(rig.days(50))
    rig.wire.requests.clear()

    found = rig.slots.of_days(rig.provider_id, DAY, DAY, page_size=10)
    assert rig.wire.requests == []
    for _ in range(11):
        next(found)

    assert [request["Limit"] for request in rig.wire.requests] == [10, 10]


@pytest.mark.parametrize("failing", range(5))
def test_after_a_failure_half_way_only_days_are_missing_and_a_repeat_writes_them(rig: Rig, failing: int) -> None:
    sizes = [60] * 4 + [150]
    wanted = rig.days(*sizes)
    rig.wire.faults = [let_through] * failing + [error("InternalServerError", 500)]

    with pytest.raises(ServiceUnavailableError):
        rig.change(wanted)

    assert len(rig.there(4)) == 60 * failing
    rig.change(rig.days(*sizes))
    assert rig.there(4) == [each.slot_id for day in wanted for each in day.add]


def test_after_a_failure_within_a_large_day_a_repeat_writes_the_rest(rig: Rig) -> None:
    wanted = rig.days(288)
    rig.wire.faults = [let_through, error("InternalServerError", 500)]

    with pytest.raises(ServiceUnavailableError):
        rig.change(wanted)

    assert len(rig.there(0)) == 99
    rig.change(rig.days(288))
    assert len(rig.there(0)) == 288


def test_a_transaction_that_was_done_though_it_seemed_to_fail_does_not_stop_a_repeat(rig: Rig) -> None:
    wanted = rig.days(150)
    rig.wire.faults = [lost_acknowledgement]
    with pytest.raises(ServiceUnavailableError):
        rig.change(wanted)

    again = rig.days(150)

    assert rig.change(again) == again
    assert len(rig.there(0)) == 150


def test_a_conflict_is_tried_again(rig: Rig) -> None:
    wanted = rig.days(3, 3)
    rig.wire.faults = [cancelled("TransactionConflict")]

    assert rig.change(wanted) == wanted
    assert len(rig.there(1)) == 6


def test_a_large_day_that_is_overtaken_in_the_middle_is_left_alone_from_then_on(
    localstack_host: str, endpoint_tables: EndpointTables, rig: Rig
) -> None:
    other = Rig(localstack_host, endpoint_tables.name)
    other.provider_id = rig.provider_id

    def overtaken(_: Wire, __: AWSPreparedRequest) -> AWSResponse | None:
        assert other.change(other.days(0))
        return None

    wanted = rig.days(288, 3)
    rig.wire.faults = [let_through, overtaken]

    assert [each.availability.day for each in rig.change(wanted)] == [DAY + timedelta(days=1)]
    assert len(rig.there(0)) == 99


def test_who_has_read_a_large_day_in_the_middle_of_its_change_writes_nothing(
    localstack_host: str, endpoint_tables: EndpointTables, rig: Rig
) -> None:
    """Of the slots that came after that, its change would know nothing."""
    other = Rig(localstack_host, endpoint_tables.name)
    other.provider_id = rig.provider_id
    read: list[DayChange] = []

    def reads(_: Wire, __: AWSPreparedRequest) -> AWSResponse | None:
        read.extend(other.days(0))
        return None

    wanted = rig.days(288)
    rig.wire.faults = [let_through, reads, reads]
    assert rig.change(wanted) == wanted

    assert [other.change([each]) for each in read] == [[], []]
    assert other.change(other.days(0)), "who reads it afterwards may write"


def let_through(_: Wire, __: AWSPreparedRequest) -> AWSResponse | None:
    return None
