"""The deployed functions do on the endpoint what they will do on AWS.

It can't show the REST API, which it can't import, so requests are handed to the function as the gateway would. And its
TTL writes no stream records, so what is due is deleted here.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from chalicelib.dao.values import serialized
from local_stack.issuer import TokenMaker
from local_stack.resources import Provisioned, resources
from operations.invariants import violations
from tests.deployed.conftest import Deployed, RefusedError
from tests.deployed.recorder import Permission
from tests.deployed.used import permissions_used
from tests.system import A_DAY, eventually

TTL_ATTRIBUTE = resources().table.ttl_attribute


def with_three_free_slots(deployed: Deployed, **policy: int) -> str:
    created = deployed.request("POST", "/providers", {"name": "Ann", **policy}, expect=201)
    window = {"date": A_DAY, "startTime": "09:00", "endTime": "12:00", "slotDurationMinutes": 60}
    deployed.request("POST", f"/providers/{created['providerId']}/availability", window, expect=201)
    provider_id: str = created["providerId"]
    return provider_id


@pytest.fixture
def provider_id(deployed: Deployed) -> str:
    """A provider with three free slots, for each of which a hold lasts for 3 s, as it is deployed."""
    return with_three_free_slots(deployed)


@pytest.fixture
def patient_provider_id(deployed: Deployed) -> str:
    """Another, with whom a hold lasts for as long as a function may take to start on a busy machine."""
    return with_three_free_slots(deployed, holdSeconds=600)


def hold(deployed: Deployed, provider_id: str, start: str, *, expect: int = 202) -> Any:
    """Ask for a slot."""
    body = {"providerId": provider_id, "slotId": f"{A_DAY}T{start}", "userId": "user-1"}
    return deployed.request("POST", "/bookings", body, expect=expect)


def test_the_api_function_is_ready(deployed: Deployed) -> None:
    ready = deployed.request("GET", "/health/ready", expect=200)
    assert ready["checks"] == {"table": "ok", "queue": "ok"}


def test_a_good_token_lets_its_user_in_everywhere_on_the_stage(deployed: Deployed) -> None:
    answer = deployed.authorize(f"Bearer {deployed.tokens.token('ann', 'provider')}")

    (statement,) = answer["policyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "execute-api:Invoke")
    # The gateway remembers it for five minutes, for every route.
    assert statement["Resource"] == ["arn:aws:execute-api:us-east-1:123456789012:api/dev/*/*"]
    assert (answer["principalId"], answer["context"]["userId"], answer["context"]["role"]) == ("ann", "ann", "provider")


def test_anything_else_is_refused_by_the_word_that_the_gateway_takes_for_401(deployed: Deployed) -> None:
    # A few of those that tests/access tries: a function that has raised is started anew here, which takes long.
    good = deployed.tokens
    for header in (
        "Bearer not.a.token",
        f"Bearer {good.token('ann', 'admin', seconds=-3600)}",
        f"Bearer {TokenMaker(good.url, rsa.generate_private_key(65537, 2048)).token('ann', 'admin')}",
    ):
        with pytest.raises(RefusedError):
            deployed.authorize(header)


def test_the_authorizer_knows_no_more_than_it_needs(deployed: Deployed) -> None:
    name = deployed.outputs["function_names"]["authorize"]
    configuration = deployed.lambdas.get_function_configuration(FunctionName=name)

    assert set(configuration["Environment"]["Variables"]) == {
        "TOKEN_ISSUER",
        "TOKEN_AUDIENCE",
        "ROLE_CLAIM",
        "LOG_LEVEL",
    }
    assert deployed.session.client("iam").list_role_policies(RoleName=name)["PolicyNames"] == ["telemetry"]


def test_the_api_lets_nobody_in_by_itself(deployed: Deployed, provider_id: str) -> None:
    """As if the gateway's authorizer had been forgotten."""
    path = f"/providers/{provider_id}"

    assert deployed.request("GET", path, expect=401, by=None)["code"] == "UNAUTHENTICATED"
    assert deployed.request("PATCH", path, {"name": "Bob"}, expect=403, by=("bob", "customer"))["code"] == "FORBIDDEN"
    assert deployed.request("GET", path, expect=200, by=("bob", "customer"))["name"] == "Ann"


def test_a_booking_goes_from_hold_over_the_queue_to_its_confirmation(
    deployed: Deployed, patient_provider_id: str
) -> None:
    held = hold(deployed, patient_provider_id, "09:00")
    assert hold(deployed, patient_provider_id, "09:00", expect=409)["code"] == "SLOT_UNAVAILABLE"
    confirmed = deployed.request("POST", f"/bookings/{held['bookingId']}/confirm", expect=200)
    assert confirmed["status"] == "CONFIRMED"
    second = hold(deployed, patient_provider_id, "10:00")
    written = eventually("the worker writes it", lambda: deployed.table.booking(second["bookingId"]).get("METADATA"))
    assert written["status"] == "PENDING"
    assert violations(deployed.table.all(), now=datetime.now(UTC)) == []


def test_a_booking_is_made_once_for_its_key_and_rescheduled_as_the_policy_allows(
    deployed: Deployed, patient_provider_id: str
) -> None:
    provider_id = patient_provider_id
    body = {"providerId": provider_id, "slotId": f"{A_DAY}T09:00", "userId": "user-2"}
    held = deployed.request("POST", "/bookings", body, expect=202, key="key-1")
    assert deployed.request("POST", "/bookings", body, expect=202, key="key-1") == held
    other = {**body, "slotId": f"{A_DAY}T10:00"}
    assert deployed.request("POST", "/bookings", other, expect=422, key="key-1")["code"] == "IDEMPOTENCY_KEY_REUSED"

    path = f"/bookings/{held['bookingId']}/reschedule"
    moved = deployed.request("POST", path, {"slotId": f"{A_DAY}T11:00"}, expect=200)
    assert (moved["slotId"], moved["status"]) == (f"{A_DAY}T11:00", "PENDING")
    assert deployed.request("GET", f"/providers/{provider_id}/slots?date={A_DAY}", expect=200)["count"] == 2

    deployed.request("PATCH", f"/providers/{provider_id}", {"minNoticeMinutes": 7 * 24 * 60}, expect=200)
    refused = deployed.request("POST", path, {"slotId": f"{A_DAY}T10:00"}, expect=409)
    assert refused["code"] == "TOO_SHORT_NOTICE"
    deployed.request("POST", f"/bookings/{held['bookingId']}/cancel", expect=200)
    assert violations(deployed.table.all(), now=datetime.now(UTC)) == []


def test_a_message_that_can_never_be_processed_becomes_a_dead_letter(deployed: Deployed) -> None:
    queue_url = deployed.outputs["queue_urls"]["bookings"]
    deployed.table.sqs.send_message(QueueUrl=queue_url, MessageBody="no booking: 4-8-15")
    dead = deployed.table.dead_letter("bookings-dlq", "4-8-15")
    assert dead["Body"] == "no booking: 4-8-15"
    assert "no booking message" in dead["MessageAttributes"]["cause"]["StringValue"]


@pytest.fixture
def ttl(deployed: Deployed) -> Iterator[Callable[[str], None]]:
    """Deletes what is due in a partition, as TTL would. The endpoint's own, which writes no stream record, is off."""
    dynamodb, name = deployed.table.dynamodb, deployed.table.name

    def switch(*, on: bool) -> None:
        setting = {"AttributeName": TTL_ATTRIBUTE, "Enabled": on}
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=setting)

    def delete_due(partition: str) -> None:
        triggers = {key: item for key, item in deployed.table.items(partition).items() if TTL_ATTRIBUTE in item}
        due = max(item[TTL_ATTRIBUTE] for item in triggers.values())
        eventually(f"{partition} is due", lambda: time.time() > due)
        for sort_key in triggers:
            dynamodb.delete_item(TableName=name, Key=serialized({"PK": partition, "SK": sort_key}))

    switch(on=False)
    yield delete_due
    switch(on=True)


def test_a_hold_that_nobody_confirms_is_expired_over_the_stream_and_nothing_else_is_delivered(
    deployed: Deployed, provider_id: str, ttl: Callable[[str], None]
) -> None:
    calls = deployed.calls("expire-bookings")
    given_back = hold(deployed, provider_id, "10:00")
    deployed.request("POST", f"/bookings/{given_back['bookingId']}/cancel", expect=200)
    held = hold(deployed, provider_id, "11:00")
    ttl(f"BOOKING#{held['bookingId']}")

    def expired() -> Any:
        booking = deployed.table.booking(held["bookingId"]).get("METADATA", {})
        return booking if booking.get("status") == "EXPIRED" else None

    assert eventually("the handler ends it", expired)["expiredAt"] == held["expiresAt"]
    assert deployed.table.slot(provider_id, f"{A_DAY}T11:00")["status"] == "AVAILABLE"
    assert violations(deployed.table.all(), now=datetime.now(UTC)) == []
    called = eventually("the call is logged", lambda: deployed.calls("expire-bookings") - calls)
    assert called == 1, "the trigger that the cancellation deleted has no identity, and is filtered out"


def test_a_removed_trigger_that_tells_no_booking_becomes_a_dead_letter(
    deployed: Deployed, ttl: Callable[[str], None]
) -> None:
    deployed.table.put({"PK": "BOOKING#4-8-15", "SK": "EXPIRATION_TRIGGER", TTL_ATTRIBUTE: 1})
    ttl("BOOKING#4-8-15")
    dead = deployed.table.dead_letter("expirations-dlq", "4-8-15")
    assert json.loads(dead["Body"])["dynamodb"]["OldImage"]["SK"] == {"S": "EXPIRATION_TRIGGER"}
    assert "no expiration trigger" in dead["MessageAttributes"]["cause"]["StringValue"]


def test_both_mappings_are_on_and_report_single_failures(deployed: Deployed) -> None:
    for mapping_id in deployed.outputs["event_source_mapping_ids"].values():
        mapping = deployed.lambdas.get_event_source_mapping(UUID=mapping_id)
        assert mapping["State"] == "Enabled"
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["FunctionArn"].endswith(":live")


def test_each_function_may_do_exactly_what_it_does(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """The calls of every path, recorded before the endpoint, against the policies that were applied."""
    urls = deployed.outputs["queue_urls"]
    names = Provisioned(
        table_name=deployed.outputs["table_name"],
        stream_arn="",
        bookings_url=urls["bookings"],
        bookings_arn="",
        bookings_dead_letters_url=urls["bookings_dead_letters"],
        expirations_dead_letters_url=urls["expirations_dead_letters"],
    )
    used = permissions_used(deployed.host, names, monkeypatch)
    assert used.api == granted(deployed, "api")
    assert used.process_bookings == granted(deployed, "process-bookings")
    assert used.expire_bookings == granted(deployed, "expire-bookings")


def granted(deployed: Deployed, function: str) -> set[Permission]:
    """What a function's role allows its code; what Lambda itself needs to read the event source is left out."""
    iam = deployed.session.client("iam")
    role = deployed.outputs["function_names"][function]
    policy = iam.get_role_policy(RoleName=role, PolicyName="grants")["PolicyDocument"]
    found = set()
    for statement in policy["Statement"]:
        if statement["Sid"] == "EventSource":
            continue
        actions, resources = (
            [value] if isinstance(value, str) else value for value in (statement["Action"], statement["Resource"])
        )
        found |= {Permission(each, re.split("[:/]", arn)[-1]) for each in actions for arn in resources}
    return found


def test_a_second_plan_is_empty(deployed: Deployed) -> None:
    """Without monitoring: the endpoint gives alarms back without their dimensions and statistics."""
    assert deployed.changes("table", "queue", "functions", "event_sources") == []


def test_destroying_leaves_nothing(deployed: Deployed) -> None:
    """The last test of this file, on the deployment that the others used."""
    deployed.destroy()
    session = deployed.session
    assert session.client("dynamodb").list_tables()["TableNames"] == []
    assert session.client("sqs").list_queues().get("QueueUrls", []) == []
    assert deployed.lambdas.list_functions()["Functions"] == []
    assert deployed.lambdas.list_event_source_mappings()["EventSourceMappings"] == []
    assert session.client("iam").list_roles()["Roles"] == []
    assert session.client("logs").describe_log_groups()["logGroups"] == []
    assert session.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
