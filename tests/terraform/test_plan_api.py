"""The REST API, in what would be made in dev and in prod."""

import json
import re

import pytest

from deployment.operations import OPERATIONS
from tests.terraform.addresses import AUTHORIZER, BOOKINGS_MAPPING, STAGE, alias, function
from tests.terraform.deployment import Deployment

PERSONAL = (
    r"identity|authenticate|\$context\.(path|requestOverride)|\$input|error\.(message|validation)"
    r"|authorizer\.(?!(status|latency)$)"
)
"""What tells who asks, from where, or for what: the address, the token and what is in it, the path, the query."""


def test_the_api_is_regional_and_calls_the_functions_alias(deployment: Deployment) -> None:
    (endpoint,) = deployment.planned("module.api.aws_api_gateway_rest_api.this")["endpoint_configuration"]
    body = deployment.mocked("module.api.aws_api_gateway_rest_api.this")["body"]

    assert endpoint["types"] == ["REGIONAL"]
    assert deployment.mocked(alias("api"))["invoke_arn"] in body
    assert "${" not in body


def test_the_api_asks_the_authorizers_alias(deployment: Deployment) -> None:
    body = json.loads(deployment.mocked("module.api.aws_api_gateway_rest_api.this")["body"])
    (scheme,) = body["components"]["securitySchemes"].values()

    uri = scheme["x-amazon-apigateway-authorizer"]["authorizerUri"]
    assert uri == deployment.mocked(alias(AUTHORIZER))["invoke_arn"]


def test_only_this_api_may_ask_the_authorizer(deployment: Deployment) -> None:
    permission = deployment.mocked("module.api.aws_lambda_permission.authorizer")
    api = deployment.mocked("module.api.aws_api_gateway_rest_api.this")

    assert permission["principal"] == "apigateway.amazonaws.com"
    assert permission["source_arn"] == f"{api['execution_arn']}/authorizers/*"
    assert (permission["function_name"], permission["qualifier"]) == (
        deployment.planned(function(AUTHORIZER))["function_name"],
        deployment.planned(alias(AUTHORIZER))["name"],
    )


def test_only_the_apis_stage_may_call_its_function(deployment: Deployment) -> None:
    permissions = deployment.all_planned("aws_lambda_permission")
    permission = deployment.mocked("module.api.aws_lambda_permission.gateway")
    api = deployment.mocked("module.api.aws_api_gateway_rest_api.this")

    assert set(permissions) == {
        "module.api.aws_lambda_permission.gateway",
        "module.api.aws_lambda_permission.authorizer",
    }
    assert permission["principal"] == "apigateway.amazonaws.com"
    assert permission["source_arn"] == f"{api['execution_arn']}/{deployment.planned(STAGE)['stage_name']}/*"
    assert (permission["function_name"], permission["qualifier"]) == (
        deployment.planned(function("api"))["function_name"],
        deployment.planned(alias("api"))["name"],
    )


def test_the_stage_logs_each_request_as_json_without_personal_data(deployment: Deployment) -> None:
    (log,) = deployment.planned(STAGE)["access_log_settings"]
    logged = json.loads(log["format"])

    assert {"requestId", "route", "status", "responseLatency"} <= set(logged)
    assert not [value for value in logged.values() if re.search(PERSONAL, value)]
    assert deployment.planned(STAGE)["xray_tracing_enabled"] is True


@pytest.mark.parametrize(
    "variable",
    [
        *(
            "$context.identity.sourceIp",
            "$context.identity.userAgent",
            "$context.path",
            "$context.requestOverride.path.id",
        ),
        *("$context.authorizer.principalId", "$context.authorizer.userId", "$context.authorizer.claims.sub"),
        *("$input.params('x')", "$context.authenticate.error", "$context.error.message", "$context.authorizer.error"),
    ],
)
def test_what_may_be_personal_would_be_seen(variable: str) -> None:
    assert re.search(PERSONAL, variable)


def test_what_writes_most_has_limits_of_its_own(deployment: Deployment) -> None:
    (of_all,) = deployment.planned("module.api.aws_api_gateway_method_settings.all")["settings"]
    own = {
        address: found
        for address, found in deployment.all_planned("aws_api_gateway_method_settings").items()
        if ".route[" in address
    }

    assert {found["method_path"] for found in own.values()} == {
        "~1bookings/POST",
        "~1providers~1{providerId}~1availability/POST",
    }
    for found in own.values():
        (limits,) = found["settings"]
        assert 0 < limits["throttling_rate_limit"] < of_all["throttling_rate_limit"]
        assert 0 < limits["throttling_burst_limit"] < of_all["throttling_burst_limit"]


def test_every_route_with_limits_is_one_of_the_real_api(deployment: Deployment) -> None:
    """The stand-in that these tests plan with has those two, too: a route that is renamed must not be left behind."""
    limited = {
        tuple(json.loads(address.partition(".route[")[2].removesuffix("]")).split())
        for address in deployment.all_planned("aws_api_gateway_method_settings")
        if ".route[" in address
    }

    assert limited <= OPERATIONS.keys()


def test_every_method_is_throttled(deployment: Deployment) -> None:
    settings = deployment.planned("module.api.aws_api_gateway_method_settings.all")
    (limits,) = settings["settings"]

    assert settings["method_path"] == "*/*"
    assert 0 < limits["throttling_rate_limit"] <= limits["throttling_burst_limit"]


def test_prod_takes_more_than_dev(dev: Deployment, prod: Deployment) -> None:
    def limits(deployment: Deployment) -> list[float]:
        (settings,) = deployment.planned("module.api.aws_api_gateway_method_settings.all")["settings"]
        (scaling,) = deployment.planned(BOOKINGS_MAPPING)["scaling_config"]
        return [
            settings["throttling_rate_limit"],
            settings["throttling_burst_limit"],
            scaling["maximum_concurrency"],
            deployment.planned(function("api"))["memory_size"],
        ]

    assert all(more > less for more, less in zip(limits(prod), limits(dev), strict=True))
