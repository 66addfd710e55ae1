"""What each operation may cost, exactly: one call more, or one unit, is a failure."""

import pytest

from bench.calls import BESIDE
from bench.meter import Usage
from bench.operations import OPERATIONS, World, measure
from local_stack.resources import resources
from tests.builders import new_id
from tests.engines.dynamodb_local import DynamoDbLocal

HOLD, SEND, LOOK, READ = "TransactWriteItems", "SendMessage", "BatchGetItem", "Query"
STEP = (READ, "TransactWriteItems")
DAY = ("GetItem", READ, READ)

BUDGETS = {
    "create": Usage(calls=(HOLD, SEND), in_sequence=2, write_units=8),
    "create, with a key": Usage(calls=(HOLD, SEND), in_sequence=2, write_units=10),
    "create, unknown provider": Usage(calls=(LOOK, HOLD, SEND), in_sequence=3, write_units=8, read_units=3),
    "create, one held": Usage(calls=(HOLD, HOLD, SEND), in_sequence=3, write_units=16),
    "create, lost": Usage(calls=(HOLD,), in_sequence=1, write_units=8),
    "worker": Usage(calls=("TransactWriteItems",), in_sequence=1, write_units=6, index_write_units=2),
    "get": Usage(calls=(READ,), in_sequence=1, read_units=1),
    "confirm": Usage(calls=STEP, in_sequence=2, write_units=8, index_write_units=2, read_units=1),
    "cancel, pending": Usage(calls=STEP, in_sequence=2, write_units=8, index_write_units=2, read_units=1),
    "cancel, confirmed": Usage(calls=STEP, in_sequence=2, write_units=10, index_write_units=2, read_units=1),
    "reschedule": Usage(calls=STEP, in_sequence=2, write_units=12, index_write_units=4, read_units=1),
    "expire": Usage(calls=("TransactWriteItems",), in_sequence=1, write_units=6, index_write_units=2),
    "slots": Usage(calls=(READ,), in_sequence=1, read_units=1),
    "slots, unknown provider": Usage(calls=("GetItem", READ), in_sequence=2, read_units=2),
    "day": Usage(calls=(*DAY, "TransactWriteItems"), in_sequence=4, write_units=34, read_units=3),
    "long day": Usage(calls=(*DAY, *["TransactWriteItems"] * 3), in_sequence=6, write_units=582, read_units=3),
}


@pytest.fixture(scope="module")
def world(dynamodb_local: DynamoDbLocal) -> World:
    table = resources(prefix=f"t{new_id()[:8]}-").table
    return World(dynamodb_local.client("dynamodb"), dynamodb_local.client("dynamodb"), table)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_costs_what_it_may(world: World, name: str) -> None:
    assert measure(world, name) == BUDGETS[name]


def test_the_page_compares_each_operation() -> None:
    assert BESIDE.keys() == OPERATIONS.keys()


def test_the_days_of_a_pattern_are_written_side_by_side(world: World) -> None:
    """Ten days of 96 slots, each in a transaction, a few at a time."""
    provider_id = world.provider()
    with world.meter.measuring() as usage:
        world.set_days(provider_id, days=10)
    assert usage().calls.count("TransactWriteItems") == 10
    assert usage().in_sequence == len(DAY) + 3
