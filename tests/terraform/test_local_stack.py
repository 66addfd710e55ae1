"""The local stack and the deployment describe the same thing: one can't drift from the other."""

import json

from local_stack.resources import API_TIMEOUT_SECONDS, WORKER_TIMEOUT_SECONDS, Key, resources
from tests.terraform.addresses import (
    BOOKINGS,
    BOOKINGS_DEAD_LETTERS,
    BOOKINGS_MAPPING,
    EXPIRATIONS_DEAD_LETTERS,
    EXPIRATIONS_MAPPING,
    TABLE,
    function,
)
from tests.terraform.deployment import Deployment

LOCAL = resources()


def test_the_table_is_the_same(deployment: Deployment) -> None:
    table = deployment.planned(TABLE)
    (ttl,) = table["ttl"]
    keys = [LOCAL.table.key, *LOCAL.table.indexes.values()]

    assert Key(partition=table["hash_key"], sort=table["range_key"]) == LOCAL.table.key
    assert {
        index["name"]: Key(partition=index["hash_key"], sort=index["range_key"])
        for index in table["global_secondary_index"]
    } == dict(LOCAL.table.indexes)
    assert {index["projection_type"] for index in table["global_secondary_index"]} == {"ALL"}
    assert {(attribute["name"], attribute["type"]) for attribute in table["attribute"]} == {
        (name, "S") for key in keys for name in (key.partition, key.sort)
    }
    assert table["stream_view_type"] == LOCAL.table.stream_view_type
    assert ttl["attribute_name"] == LOCAL.table.ttl_attribute


def test_the_queues_are_the_same(deployment: Deployment) -> None:
    suffix = deployment.planned(TABLE)["name"].removeprefix("appointments")
    for address, local in (
        (BOOKINGS, LOCAL.bookings),
        (BOOKINGS_DEAD_LETTERS, LOCAL.bookings_dead_letters),
        (EXPIRATIONS_DEAD_LETTERS, LOCAL.expirations_dead_letters),
    ):
        queue = deployment.planned(address)

        assert queue["name"] == local.name.replace("appointments", f"appointments{suffix}")
        assert queue["visibility_timeout_seconds"] == local.visibility_timeout_seconds
        assert queue["message_retention_seconds"] == local.retention_seconds

    redrive = json.loads(deployment.mocked(BOOKINGS)["redrive_policy"])
    assert redrive["maxReceiveCount"] == LOCAL.bookings.max_receive_count


def test_the_queue_is_read_in_the_same_way(deployment: Deployment) -> None:
    assert deployment.planned(BOOKINGS_MAPPING)["batch_size"] == LOCAL.bookings_mapping.batch_size


def test_dev_reads_the_queue_as_fast_as_the_local_stack(dev: Deployment) -> None:
    (scaling,) = dev.planned(BOOKINGS_MAPPING)["scaling_config"]

    assert scaling["maximum_concurrency"] == LOCAL.bookings_mapping.concurrency


def test_the_stream_is_read_in_the_same_way(deployment: Deployment) -> None:
    mapping = deployment.planned(EXPIRATIONS_MAPPING)
    local = LOCAL.expirations_mapping
    ((pattern,),) = ([entry["pattern"] for entry in criteria["filter"]] for criteria in mapping["filter_criteria"])

    assert json.loads(pattern) == dict(local.filter_pattern)
    assert mapping["batch_size"] == local.batch_size
    assert mapping["maximum_retry_attempts"] == local.maximum_retry_attempts
    assert mapping["maximum_record_age_in_seconds"] == local.maximum_record_age_seconds
    assert mapping["bisect_batch_on_function_error"] == local.bisect_batch_on_function_error


def test_the_functions_have_the_same_time(deployment: Deployment) -> None:
    assert deployment.planned(function("api"))["timeout"] == API_TIMEOUT_SECONDS
    for worker in ("process-bookings", "expire-bookings"):
        assert deployment.planned(function(worker))["timeout"] == WORKER_TIMEOUT_SECONDS
