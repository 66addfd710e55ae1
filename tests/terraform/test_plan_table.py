"""The table, in what would be made in dev and in prod."""

from tests.terraform.addresses import TABLE
from tests.terraform.deployment import Deployment


def test_the_table_keeps_both_images_and_ends_items_by_their_ttl(deployment: Deployment) -> None:
    table = deployment.planned(TABLE)

    assert (table["stream_enabled"], table["stream_view_type"]) == (True, "NEW_AND_OLD_IMAGES")
    assert table["ttl"] == [{"attribute_name": "ttl", "enabled": True}]
    assert table["billing_mode"] == "PAY_PER_REQUEST"


def test_the_table_can_be_restored_to_any_second(deployment: Deployment) -> None:
    (recovery,) = deployment.planned(TABLE)["point_in_time_recovery"]

    assert recovery["enabled"] is True


def test_the_table_of_prod_can_not_be_deleted(prod: Deployment) -> None:
    assert prod.planned(TABLE)["deletion_protection_enabled"] is True


def test_the_table_of_dev_goes_with_it(dev: Deployment) -> None:
    assert dev.planned(TABLE)["deletion_protection_enabled"] is False


def test_data_is_encrypted_with_keys_that_nobody_can_lose(deployment: Deployment) -> None:
    (table_encryption,) = deployment.planned(TABLE)["server_side_encryption"]
    queues = deployment.all_planned("aws_sqs_queue").values()

    assert table_encryption["enabled"] is False, "false is the key that AWS owns"
    assert len(queues) == 3
    assert all(queue["sqs_managed_sse_enabled"] and queue["kms_master_key_id"] is None for queue in queues)
