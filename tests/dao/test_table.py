"""What failures of the table's calls mean: an answer, a reason to try again, or "can't be reached"."""

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.dao import keys
from chalicelib.dao.actions import put
from chalicelib.dao.conditions import is_absent
from chalicelib.dao.table import ConditionFailedError, Retries
from chalicelib.dao.values import serialized
from chalicelib.domain.errors import ServiceUnavailableError
from tests.ports import free_port
from tests.tables import table_on
from tests.wire import Fault, cancelled, error, page

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


from tests.dao.rig import Rig, new_item


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_cancellation_that_passes_by_itself_is_tried_again_after_growing_waits(rig: Rig, reason: str) -> None:
    item = new_item()
    rig.wire.faults = [cancelled("None", reason)] * 3
    rig.table.transact([put(item, is_absent())])
    assert rig.table.get({"PK": item["PK"], "SK": "X"}) == item
    assert rig.slept == [0.025, 0.05, 0.1]


def test_all_tries_of_one_transaction_carry_one_token_and_another_transaction_another(rig: Rig) -> None:
    rig.wire.faults = [cancelled("TransactionConflict")]
    rig.table.transact([put(new_item())])
    rig.table.transact([put(new_item())])
    first, again, second = (request["ClientRequestToken"] for request in rig.wire.requests)
    assert first == again != second


def test_a_cancellation_that_does_not_pass_ends_as_unavailable_within_the_time_of_a_request(rig: Rig) -> None:
    rig.wire.faults = [cancelled("TransactionConflict")] * 100
    with pytest.raises(ServiceUnavailableError):
        rig.table.transact([put(new_item())])
    assert len(rig.wire.requests) == Retries().attempts
    assert sum(rig.slept) < 5


def test_the_last_try_counts_as_well(rig: Rig) -> None:
    item = new_item()
    rig.wire.faults = [cancelled("TransactionConflict")] * (Retries().attempts - 1)
    rig.table.transact([put(item)])
    assert rig.table.get({"PK": item["PK"], "SK": "X"}) == item


def test_a_failed_condition_is_an_answer_even_beside_a_conflict(rig: Rig) -> None:
    rig.wire.faults = [cancelled("TransactionConflict", "ConditionalCheckFailed")]
    with pytest.raises(ConditionFailedError) as refused:
        rig.table.transact([put(new_item()), put(new_item())])
    assert refused.value.failed == {1: None}
    assert rig.slept == []


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError"])
def test_what_decides_must_be_known_before_another_refusal_is_an_answer(rig: Rig, reason: str) -> None:
    rig.wire.faults = [cancelled("ConditionalCheckFailed", reason), cancelled("ConditionalCheckFailed", "None")]
    with pytest.raises(ConditionFailedError) as refused:
        rig.table.transact([put(new_item()), put(new_item())], decided_by=1)
    assert refused.value.failed == {0: None}
    assert rig.slept == [0.025]


def test_before_each_other_try_comes_a_look_that_may_end_it(rig: Rig) -> None:
    rig.wire.faults = [cancelled("TransactionConflict")] * 100
    tries_before_looks = []

    def look() -> None:
        tries_before_looks.append(len(rig.wire.requests))
        if len(tries_before_looks) == 3:
            raise LookupError

    with pytest.raises(LookupError):
        rig.table.transact([put(new_item())], look=look)

    assert tries_before_looks == [1, 2, 3]
    assert len(rig.wire.requests) == len(rig.slept) == 3


def test_a_failed_condition_brings_the_item_that_was_there(rig: Rig) -> None:
    item = new_item() | {"note": "first"}
    rig.table.transact([put(item)])
    with pytest.raises(ConditionFailedError) as refused:
        rig.table.transact([put(new_item()), put(item | {"note": "second"}, is_absent())])
    assert refused.value.failed == {1: item}


@pytest.mark.parametrize("reasons", [("ValidationError",), ("TransactionConflict", "DuplicateItem"), ()])
def test_a_cancellation_that_is_not_understood_goes_on_up(rig: Rig, reasons: tuple[str, ...]) -> None:
    rig.wire.faults = [cancelled(*reasons)] * 2
    with pytest.raises(ClientError, match="TransactionCanceled"):
        rig.table.transact([put(new_item()), put(new_item())])
    assert len(rig.wire.requests) == 1


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ProvisionedThroughputExceededException", 400),
        ("ThrottlingException", 400),
        ("RequestLimitExceeded", 400),
        ("TransactionInProgressException", 400),
        ("ResourceNotFoundException", 400),
        ("InternalServerError", 500),
        ("ServiceUnavailable", 503),
        ("WhateverNext", 502),
    ],
)
def test_errors_that_say_the_table_is_out_of_reach_become_unavailable(rig: Rig, code: str, status: int) -> None:
    rig.wire.faults = [error(code, status)] * 2
    with pytest.raises(ServiceUnavailableError):
        rig.table.get(keys.provider("nobody"))


@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException", "UnrecognizedClientException"])
def test_errors_that_say_the_request_is_wrong_go_on_up(rig: Rig, code: str) -> None:
    rig.wire.faults = [error(code)] * 2
    with pytest.raises(ClientError, match=code):
        rig.table.query("PROVIDER#nobody")


def test_an_endpoint_that_nobody_listens_on_is_unavailable() -> None:
    client: DynamoDBClient = boto3.client(
        "dynamodb",
        endpoint_url=f"http://127.0.0.1:{free_port()}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(connect_timeout=1, retries={"total_max_attempts": 1}),
    )
    table = table_on(client, "appointments")
    with pytest.raises(ServiceUnavailableError):
        table.get(keys.provider("nobody"))
    with pytest.raises(ServiceUnavailableError):
        table.query("PROVIDER#nobody")
    with pytest.raises(ServiceUnavailableError):
        table.transact([put(new_item())])
    assert not table.answers()


def test_a_table_that_is_there_answers(rig: Rig) -> None:
    assert rig.table.answers()


def test_a_query_reads_on_over_all_pages(rig: Rig) -> None:
    first, second = ({"PK": {"S": "p"}, "SK": {"S": str(number)}} for number in range(2))
    rig.wire.faults = [page({"Items": [first], "LastEvaluatedKey": first}), page({"Items": [second]})]
    assert [item["SK"] for item in rig.table.query("p")] == ["0", "1"]
    assert rig.wire.requests[1]["ExclusiveStartKey"] == first


def test_reads_are_consistent(rig: Rig) -> None:
    rig.table.get(keys.provider("nobody"))
    rig.table.query("PROVIDER#nobody")
    assert [request["ConsistentRead"] for request in rig.wire.requests] == [True, True]


def test_what_a_batch_leaves_out_is_asked_for_again_after_a_wait(rig: Rig) -> None:
    first, second = new_item(), new_item()
    rig.table.transact([put(first), put(second)])
    wanted: list[keys.Key] = [{"PK": item["PK"], "SK": item["SK"]} for item in (first, second)]
    rig.wire.faults = [left_out(rig, wanted[1], found=first)]

    assert rig.table.get_all(wanted) == [first, second]

    (asked,) = rig.wire.requests[-1]["RequestItems"].values()
    assert asked["Keys"] == [serialized(wanted[1])]
    assert rig.slept == [0.025]


def test_a_batch_that_leaves_out_each_time_ends_as_unavailable(rig: Rig) -> None:
    rig.wire.faults = [left_out(rig, keys.provider("ann"))] * 100
    with pytest.raises(ServiceUnavailableError):
        rig.table.get_all([keys.provider("ann")])
    assert len(rig.wire.requests) == Retries().attempts
    assert len(rig.slept) == Retries().attempts - 1


def left_out(rig: Rig, key: keys.Key, **found: dict[str, Any]) -> Fault:
    """A batch that is throttled: what was found, and the key of what was not looked for."""
    return page(
        {
            "Responses": {rig.name: [serialized(item) for item in found.values()]},
            "UnprocessedKeys": {rig.name: {"Keys": [serialized(key)], "ConsistentRead": True}},
        }
    )
