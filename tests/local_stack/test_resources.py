from __future__ import annotations

import json
from typing import TYPE_CHECKING

from local_stack.resources import provision, resources

if TYPE_CHECKING:
    from tests.local_stack.conftest import Clients, Place


def test_what_is_made_is_what_was_described(clients: Clients, place: Place) -> None:
    table = clients.dynamodb.describe_table(TableName=place.made.table_name)["Table"]
    queue = clients.sqs.get_queue_attributes(QueueUrl=place.made.bookings_url, AttributeNames=["All"])["Attributes"]

    assert table["KeySchema"] == [
        {"AttributeName": "PK", "KeyType": "HASH"},
        {"AttributeName": "SK", "KeyType": "RANGE"},
    ]
    assert {index["IndexName"] for index in table["GlobalSecondaryIndexes"]} == {"GSI1", "GSI2"}
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["LatestStreamArn"] == place.made.stream_arn
    assert queue["VisibilityTimeout"] == "1"
    assert json.loads(queue["RedrivePolicy"]) == {
        "deadLetterTargetArn": place.made.bookings_arn + "-dlq",
        "maxReceiveCount": 5,
    }
    for url in (place.made.bookings_dead_letters_url, place.made.expirations_dead_letters_url):
        kept = clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["MessageRetentionPeriod"])
        assert kept["Attributes"]["MessageRetentionPeriod"] == str(14 * 24 * 3600)


def test_time_to_live_stays_off_where_it_would_lose_expiries(clients: Clients, place: Place) -> None:
    described = clients.dynamodb.describe_time_to_live(TableName=place.made.table_name)

    assert described["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED"


def test_making_them_again_changes_nothing(clients: Clients, place: Place) -> None:
    clients.dynamodb.put_item(TableName=place.made.table_name, Item={"PK": {"S": "a"}, "SK": {"S": "b"}})
    clients.sqs.send_message(QueueUrl=place.made.bookings_url, MessageBody="kept")

    assert provision(place.wanted, dynamodb=clients.dynamodb, sqs=clients.sqs) == place.made

    assert clients.dynamodb.scan(TableName=place.made.table_name)["Count"] == 1
    assert clients.sqs.receive_message(QueueUrl=place.made.bookings_url)["Messages"][0]["Body"] == "kept"


def test_a_queue_of_an_earlier_run_gets_the_settings_of_today(clients: Clients, place: Place) -> None:
    clients.sqs.set_queue_attributes(QueueUrl=place.made.bookings_url, Attributes={"VisibilityTimeout": "77"})

    provision(place.wanted, dynamodb=clients.dynamodb, sqs=clients.sqs)

    queue = clients.sqs.get_queue_attributes(QueueUrl=place.made.bookings_url, AttributeNames=["VisibilityTimeout"])
    assert queue["Attributes"]["VisibilityTimeout"] == "1"


def test_a_table_that_was_made_without_a_stream_gets_one(clients: Clients, place: Place) -> None:
    clients.dynamodb.update_table(TableName=place.made.table_name, StreamSpecification={"StreamEnabled": False})

    made = provision(place.wanted, dynamodb=clients.dynamodb, sqs=clients.sqs)

    assert clients.streams.describe_stream(StreamArn=made.stream_arn)["StreamDescription"]["StreamStatus"] == "ENABLED"


def test_the_visibility_timeout_is_six_times_the_workers() -> None:
    assert resources().bookings.visibility_timeout_seconds == 180


def test_a_prefix_begins_every_name() -> None:
    prefixed = resources(prefix="x-")
    names = [
        prefixed.table.name,
        prefixed.bookings.name,
        prefixed.bookings_dead_letters.name,
        prefixed.expirations_dead_letters.name,
    ]

    assert all(name.startswith("x-appointments") for name in names)
    assert len(set(names)) == 4
