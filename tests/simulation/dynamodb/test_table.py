"""What the simulated table keeps, tells and forgets, apart from what single requests answer."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from local_stack.resources import resources
from simulation.dynamodb import Refused, Table

DESCRIPTION = resources().table
NAME = DESCRIPTION.name
NOW = 1_903_867_200.25
TEN_MINUTES = 600
FIVE_YEARS = 5 * 365 * 24 * 3600

Item = dict[str, Any]


@pytest.fixture
def table() -> Table:
    return Table(DESCRIPTION)


def key(sort: str = "1", partition: str = "a") -> Item:
    return {"PK": {"S": partition}, "SK": {"S": sort}}


def item(sort: str = "1", partition: str = "a", **attributes: str) -> Item:
    return key(sort, partition) | {name: {"S": value} for name, value in attributes.items()}


def put(table: Table, new: Item, *, now: float = NOW) -> None:
    table.call("PutItem", {"TableName": NAME, "Item": new}, now=now)


def get(table: Table, sort: str = "1") -> Any:
    return table.call("GetItem", {"TableName": NAME, "Key": key(sort)}, now=NOW).get("Item")


def transact(table: Table, *actions: tuple[str, Item], now: float = NOW, **parameters: Any) -> Any:
    entries = [{kind: {"TableName": NAME, **body}} for kind, body in actions]
    return table.call("TransactWriteItems", {"TransactItems": entries, **parameters}, now=now)


def query(table: Table, partition: str = "a", **parameters: Any) -> Any:
    name = "GSI1PK" if "IndexName" in parameters else "PK"
    request = {
        "TableName": NAME,
        "KeyConditionExpression": f"{name} = :p",
        "ExpressionAttributeValues": {":p": {"S": partition}},
    }
    return table.call("Query", request | parameters, now=NOW)


def sorts(answer: Any) -> list[str]:
    return [each["SK"]["S"] for each in answer["Items"]]


def refusal(call: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value


# tokens


def append(text: str) -> tuple[str, Item]:
    """Adds to a list, so that a second time shows."""
    change = "SET texts = list_append(if_not_exists(texts, :none), :more)"
    values = {":none": {"L": []}, ":more": {"L": [{"S": text}]}}
    return "Update", {"Key": key(), "UpdateExpression": change, "ExpressionAttributeValues": values}


def texts(table: Table) -> list[str]:
    return [element["S"] for element in get(table)["texts"]["L"]]


def test_a_token_makes_a_repeat_do_nothing_for_ten_minutes(table: Table) -> None:
    for now in (NOW, NOW + 1, NOW + TEN_MINUTES - 1):
        transact(table, append("x"), ClientRequestToken="t", now=now)
    assert texts(table) == ["x"]
    transact(table, append("x"), ClientRequestToken="t", now=NOW + TEN_MINUTES)
    assert texts(table) == ["x", "x"]


def test_without_a_token_and_with_another_one_a_repeat_is_done(table: Table) -> None:
    transact(table, append("x"))
    transact(table, append("x"))
    transact(table, append("x"), ClientRequestToken="t")
    transact(table, append("x"), ClientRequestToken="u")
    assert texts(table) == ["x"] * 4


def test_a_token_of_another_transaction_is_refused(table: Table) -> None:
    transact(table, append("x"), ClientRequestToken="t")
    refused = refusal(lambda: transact(table, append("y"), ClientRequestToken="t"))
    assert refused.code == "IdempotentParameterMismatchException"
    assert texts(table) == ["x"]


def test_the_token_of_a_cancelled_transaction_is_not_kept(table: Table) -> None:
    only_if_there = ("ConditionCheck", {"Key": key("2"), "ConditionExpression": "attribute_exists(PK)"})
    for _ in range(2):
        refused = refusal(lambda: transact(table, append("x"), only_if_there, ClientRequestToken="t"))
        assert refused.code == "TransactionCanceledException"
    put(table, item("2"))
    transact(table, append("x"), only_if_there, ClientRequestToken="t")
    assert texts(table) == ["x"]


# cancellations


def test_a_cancelled_transaction_changes_nothing_and_has_a_reason_for_each_action_in_order(table: Table) -> None:
    there = item("2", note="there")
    put(table, there)
    changes = len(table.changes)
    absent = {"ConditionExpression": "attribute_not_exists(PK)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    refused = refusal(
        lambda: transact(
            table,
            ("Put", {"Item": item("1")}),
            ("Put", {"Item": item("2"), **absent}),
            ("Delete", {"Key": key("3"), "ConditionExpression": "attribute_exists(PK)"}),
            ("Update", {"Key": key("4"), "UpdateExpression": "SET note = nothing"}),
        )
    )
    assert (refused.status, refused.code) == (400, "TransactionCanceledException")
    reasons = refused.members["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == [
        "None",
        "ConditionalCheckFailed",
        "ConditionalCheckFailed",
        "ValidationError",
    ]
    assert [reason.get("Item") for reason in reasons] == [None, there, None, None]
    assert refused.message.endswith("[None, ConditionalCheckFailed, ConditionalCheckFailed, ValidationError]")
    assert dict(table.items()) == {("a", "2"): there}
    assert len(table.changes) == changes


def test_the_first_key_that_does_not_fit_cancels_before_anything_else_is_looked_at(table: Table) -> None:
    refused = refusal(
        lambda: transact(
            table,
            ("Delete", {"Key": key("2"), "ConditionExpression": "attribute_exists(PK)"}),
            ("Delete", {"Key": {"PK": {"S": "a"}, "SK": {"N": "1"}}}),
            ("Delete", {"Key": {"PK": {"S": "a"}}}),
            ("Delete", {"Key": key("2")}),
        )
    )
    codes = [reason["Code"] for reason in refused.members["CancellationReasons"]]
    assert codes == ["None", "ValidationError", "None", "None"]


@pytest.mark.parametrize(
    ("actions", "code"),
    [
        ([], "ValidationException"),
        ([("Put", {"Item": item(str(number))}) for number in range(101)], "ValidationException"),
        ([("Put", {"Item": item("1")}), ("Delete", {"Key": key("1")})], "ValidationException"),
        ([("Put", {"Item": item(str(n), text="x" * 400_000)}) for n in range(11)], "ValidationException"),
        ([("Put", {"Item": item("1", text="x" * 409_600)})], "ValidationException"),
        ([("Put", {"Item": item("1"), "TableName": "another"})], "ResourceNotFoundException"),
    ],
    ids=["nothing", "101 actions", "one item twice", "more than 4 MB", "an item too large", "another table"],
)
def test_a_transaction_that_can_not_be_is_refused(table: Table, actions: list[tuple[str, Item]], code: str) -> None:
    assert refusal(lambda: transact(table, *actions)).code == code
    assert not table.items()


def test_a_hundred_actions_are_done(table: Table) -> None:
    transact(table, *[("Put", {"Item": item(f"{number:03}")}) for number in range(100)])
    assert sorts(query(table)) == [f"{number:03}" for number in range(100)]


# the stream


def test_the_stream_tells_of_each_change_with_both_images_and_of_nothing_else(table: Table) -> None:
    put(table, item(note="one"))
    put(table, item(note="one"), now=NOW + 1)
    put(table, item(note="two"), now=NOW + 2)
    transact(table, ("Update", {"Key": key(), "UpdateExpression": "REMOVE nothing"}), now=NOW + 3)
    transact(table, ("ConditionCheck", {"Key": key(), "ConditionExpression": "attribute_exists(PK)"}), now=NOW + 4)
    transact(table, ("Delete", {"Key": key()}), ("Delete", {"Key": key("2")}), now=NOW + 5)
    one, two = item(note="one"), item(note="two")
    told = [(change.event_name, change.old_image, change.new_image, change.time) for change in table.changes]
    assert told == [
        ("INSERT", None, one, NOW),
        ("MODIFY", one, two, NOW + 2),
        ("REMOVE", two, None, NOW + 5),
    ]
    assert all(change.keys == key() and not change.by_ttl for change in table.changes)


def test_an_image_is_never_changed_and_stays_the_same_object_while_its_item_is_the_same(table: Table) -> None:
    put(table, item(note="one"))
    image = table.items()["a", "1"]
    put(table, item(note="one"))
    assert table.items()["a", "1"] is image
    transact(table, append("x"))
    assert table.items()["a", "1"] is not image
    assert image == item(note="one")


# time to live


@pytest.mark.parametrize(
    ("ttl", "expires"),
    [
        ({"N": str(int(NOW) - 1)}, True),
        ({"N": str(int(NOW))}, True),
        ({"N": str(NOW)}, False),
        ({"N": str(int(NOW) + 1)}, False),
        ({"N": str(int(NOW) - FIVE_YEARS + 1)}, True),
        ({"N": str(int(NOW) - FIVE_YEARS)}, False),
        ({"S": "1"}, False),
        (None, False),
    ],
    ids=["over", "just over", "now", "to come", "nearly five years over", "five years over", "text", "none"],
)
def test_an_item_expires_when_the_number_in_its_ttl_is_over_but_not_for_five_years(
    table: Table, ttl: Item | None, expires: bool
) -> None:
    put(table, item() | ({DESCRIPTION.ttl_attribute: ttl} if ttl else {}))
    assert table.expired(NOW) == ([("a", "1")] if expires else [])
    table.delete_expired(("a", "1"), now=NOW)
    assert (get(table) is None) is expires


def test_a_deletion_by_ttl_is_told_as_one(table: Table) -> None:
    old = item() | {DESCRIPTION.ttl_attribute: {"N": "1903867200"}}
    put(table, old)
    table.delete_expired(("a", "1"), now=NOW)
    removed = table.changes[-1]
    assert (removed.event_name, removed.old_image, removed.by_ttl) == ("REMOVE", old, True)


def test_an_item_whose_ttl_was_put_off_or_taken_away_stays(table: Table) -> None:
    put(table, item() | {DESCRIPTION.ttl_attribute: {"N": "1903867200"}})
    put(table, item("2") | {DESCRIPTION.ttl_attribute: {"N": "1903867200"}})
    put(table, item() | {DESCRIPTION.ttl_attribute: {"N": "1903868200"}})
    put(table, item("2"))
    for sort in ("1", "2"):
        table.delete_expired(("a", sort), now=NOW)
        assert get(table, sort)


# snapshots


def test_a_snapshot_brings_back_items_indexes_stream_tokens_and_ttl(table: Table) -> None:
    put(table, item(GSI1PK="g", GSI1SK="x") | {DESCRIPTION.ttl_attribute: {"N": "1903867200"}})
    transact(table, append("x"), ClientRequestToken="t")
    before, changes = table.snapshot(), list(table.changes)

    transact(table, append("y"), ClientRequestToken="u")
    put(table, item("2", GSI1PK="g", GSI1SK="y"))
    table.delete_expired(("a", "1"), now=NOW)
    after = table.snapshot()

    table.restore(before)
    transact(table, append("x"), ClientRequestToken="t")
    assert texts(table) == ["x"]
    assert sorts(query(table, "g", IndexName="GSI1")) == ["1"]
    assert sorts(query(table)) == ["1"]
    assert table.changes == changes
    assert table.expired(NOW) == [("a", "1")]
    transact(table, append("y"), ClientRequestToken="u")
    assert texts(table) == ["x", "y"]

    table.restore(after)
    assert sorts(query(table)) == sorts(query(table, "g", IndexName="GSI1")) == ["2"]


def test_a_frozen_snapshot_tells_states_apart_and_not_how_they_came_to_be(table: Table) -> None:
    empty = table.snapshot().frozen()
    put(table, item(note="one"))
    one = table.snapshot().frozen()
    put(table, item(note="two"))
    two = table.snapshot().frozen()
    put(table, item(note="one"))
    assert len({empty, one, two}) == 3
    assert table.snapshot().frozen() == one
    transact(table, append("x"), ClientRequestToken="t")
    transact(table, ("Put", {"Item": item(note="one")}))
    assert table.snapshot().frozen() != one, "a token that is known makes a difference"


# indexes that lag behind


def test_an_index_shows_what_was_there_some_changes_ago_and_the_table_what_is_there(table: Table) -> None:
    put(table, item("1", GSI1PK="g", GSI1SK="x"))
    put(table, item("2", GSI1PK="g", GSI1SK="w"))
    put(table, item("1", GSI1PK="h", GSI1SK="x"))
    transact(table, ("Delete", {"Key": key("2")}), ("Put", {"Item": item("3", GSI1PK="g", GSI1SK="a")}))
    shown = []
    for lag in range(7):
        table.index_lag = partial(int, lag)
        shown.append(sorts(query(table, "g", IndexName="GSI1")))
        assert sorts(query(table)) == ["1", "3"]
    assert shown == [["3"], [], ["2"], ["2", "1"], ["1"], [], []]


def test_a_lagging_index_shows_the_images_of_then_in_a_scan_too(table: Table) -> None:
    put(table, item("1", GSI1PK="g", GSI1SK="x", note="old"))
    put(table, item("1", GSI1PK="g", GSI1SK="x", note="new"))
    table.index_lag = lambda: 1
    (shown,) = query(table, "g", IndexName="GSI1")["Items"]
    (scanned,) = table.call("Scan", {"TableName": NAME, "IndexName": "GSI1"}, now=NOW)["Items"]
    assert shown == scanned == item("1", GSI1PK="g", GSI1SK="x", note="old")


# what is not simulated


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("UpdateTable", {"TableName": NAME}),
        ("GetItem", {"TableName": NAME, "Key": key(), "AttributesToGet": ["note"]}),
        ("GetItem", {"TableName": NAME, "Key": key(), "ReturnConsumedCapacity": "TOTAL"}),
        ("UpdateItem", {"TableName": NAME, "Key": key(), "ReturnValues": "UPDATED_NEW"}),
        ("Scan", {"TableName": NAME, "Segment": 0, "TotalSegments": 2}),
    ],
)
def test_what_is_not_simulated_is_no_answer(table: Table, operation: str, request_: Item) -> None:
    with pytest.raises(NotImplementedError, match="does not know"):
        table.call(operation, request_, now=NOW)


# more than one read


def test_a_batch_reads_sixteen_megabytes_and_names_the_rest(table: Table) -> None:
    size = 409_600 - 7
    for number in range(42):
        put(table, item(f"{number:02}") | {"t": {"S": "x" * (size - 1)}})
    keys = [key(f"{number:02}") for number in range(42)]
    answer = table.call("BatchGetItem", {"RequestItems": {NAME: {"Keys": keys}}}, now=NOW)
    assert len(answer["Responses"][NAME]) == 40
    assert answer["UnprocessedKeys"] == {NAME: {"Keys": keys[40:]}}


def test_a_transaction_of_reads_answers_in_order_with_nothing_for_what_is_not_there(table: Table) -> None:
    put(table, item("1", note="one"))
    gets = [{"Get": {"TableName": NAME, "Key": key(sort)}} for sort in ("2", "1")]
    answer = table.call("TransactGetItems", {"TransactItems": gets}, now=NOW)
    assert answer == {"Responses": [{}, {"Item": item("1", note="one")}]}
