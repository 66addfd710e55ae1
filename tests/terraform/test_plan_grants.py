"""What each function may do, in dev and in prod."""

import json

import pytest

from tests.terraform.addresses import (
    AUTHORIZER,
    BOOKINGS,
    BOOKINGS_DEAD_LETTERS,
    EXPIRATIONS_DEAD_LETTERS,
    FUNCTIONS,
    TABLE,
)
from tests.terraform.deployment import Deployment

Grants = dict[str, set[str]]


def granted(deployment: Deployment, name: str) -> Grants:
    """Actions by the resource that they are allowed on, of the role of a function."""
    if name == AUTHORIZER:
        return in_documents(deployment, f'module.functions.data.aws_iam_policy_document.telemetry["{name}"]')
    assert deployment.mocked(f'module.functions.aws_iam_role_policy.grants["{name}"]')["policy"] == json.dumps(
        {"document": name.replace("-", "_")}, separators=(",", ":")
    )
    return in_documents(
        deployment,
        f"module.functions.data.aws_iam_policy_document.{name.replace('-', '_')}",
        f'module.functions.data.aws_iam_policy_document.telemetry["{name}"]',
    )


def in_documents(deployment: Deployment, *documents: str) -> Grants:
    grants: Grants = {}
    for document in documents:
        for statement in deployment.mocked(document)["statement"]:
            assert statement["effect"] in (None, "Allow")
            assert not statement["not_actions"]
            assert not statement["not_resources"]
            for resource in statement["resources"]:
                grants.setdefault(resource, set()).update(statement["actions"])
    return grants


def telemetry(deployment: Deployment, name: str) -> Grants:
    group = deployment.mocked(f'module.functions.aws_cloudwatch_log_group.this["{name}"]')
    return {
        f"{group['arn']}:*": {"logs:CreateLogStream", "logs:PutLogEvents"},
        # X-Ray knows no resources.
        "*": {"xray:PutTelemetryRecords", "xray:PutTraceSegments"},
    }


def test_the_api_may_do_what_it_does_and_no_more(deployment: Deployment) -> None:
    table = deployment.mocked(TABLE)["arn"]

    assert granted(deployment, "api") == {
        table: {
            "dynamodb:BatchGetItem",
            "dynamodb:ConditionCheckItem",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
        },
        f"{table}/index/GSI1": {"dynamodb:Query"},
        f"{table}/index/GSI2": {"dynamodb:Query"},
        deployment.mocked(BOOKINGS)["arn"]: {"sqs:GetQueueAttributes", "sqs:SendMessage"},
        **telemetry(deployment, "api"),
    }


def test_the_booking_processor_may_do_what_it_does_and_no_more(deployment: Deployment) -> None:
    assert granted(deployment, "process-bookings") == {
        deployment.mocked(TABLE)["arn"]: {"dynamodb:ConditionCheckItem", "dynamodb:PutItem"},
        deployment.mocked(BOOKINGS)["arn"]: {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"},
        deployment.mocked(BOOKINGS_DEAD_LETTERS)["arn"]: {"sqs:SendMessage"},
        **telemetry(deployment, "process-bookings"),
    }


def test_the_expiration_handler_may_do_what_it_does_and_no_more(deployment: Deployment) -> None:
    table = deployment.mocked(TABLE)

    assert granted(deployment, "expire-bookings") == {
        table["arn"]: {"dynamodb:UpdateItem"},
        table["stream_arn"]: {
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
        },
        deployment.mocked(EXPIRATIONS_DEAD_LETTERS)["arn"]: {"sqs:SendMessage"},
        **telemetry(deployment, "expire-bookings"),
    }


def test_the_authorizer_may_tell_what_it_does_and_nothing_else(deployment: Deployment) -> None:
    policies = {address for address in deployment.everything_planned() if f'["{AUTHORIZER}"]' in address}

    assert granted(deployment, AUTHORIZER) == telemetry(deployment, AUTHORIZER)
    assert {address for address in policies if ".aws_iam_role_policy." in address} == {
        f'module.functions.aws_iam_role_policy.telemetry["{AUTHORIZER}"]'
    }


def test_no_action_is_a_pattern(deployment: Deployment) -> None:
    documents = deployment.all_planned("aws_iam_policy_document").values()
    actions = [
        action for document in documents for statement in document["statement"] for action in statement["actions"]
    ]

    assert len(actions) > len(FUNCTIONS)
    assert [action for action in actions if "*" in action] == []


def test_roles_have_no_policies_but_their_own(deployment: Deployment) -> None:
    """Neither AWS's broad ones, nor a second way to allow something."""
    kinds = {address.split("[")[0] for address in deployment.everything_planned() if ".aws_iam_" in address}

    assert kinds == {
        "module.functions.aws_iam_role.this",
        "module.functions.aws_iam_role_policy.grants",
        "module.functions.aws_iam_role_policy.telemetry",
    }


@pytest.mark.parametrize("name", FUNCTIONS)
def test_only_lambda_may_take_a_role_on(deployment: Deployment, name: str) -> None:
    trust = json.loads(deployment.planned(f'module.functions.aws_iam_role.this["{name}"]')["assume_role_policy"])

    assert [(statement["Action"], statement["Principal"]) for statement in trust["Statement"]] == [
        ("sts:AssumeRole", {"Service": "lambda.amazonaws.com"})
    ]
