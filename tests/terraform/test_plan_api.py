"""The REST API, in what would be made in dev and in prod."""

import json
import re

from tests.terraform.addresses import BOOKINGS_MAPPING, STAGE, alias, function
from tests.terraform.deployment import Deployment


def test_the_api_is_regional_and_calls_the_functions_alias(deployment: Deployment) -> None:
    (endpoint,) = deployment.planned("module.api.aws_api_gateway_rest_api.this")["endpoint_configuration"]
    body = deployment.mocked("module.api.aws_api_gateway_rest_api.this")["body"]

    assert endpoint["types"] == ["REGIONAL"]
    assert deployment.mocked(alias("api"))["invoke_arn"] in body
    assert "${" not in body


def test_only_the_apis_stage_may_call_its_function(deployment: Deployment) -> None:
    permissions = deployment.all_planned("aws_lambda_permission")
    permission = deployment.mocked("module.api.aws_lambda_permission.gateway")
    api = deployment.mocked("module.api.aws_api_gateway_rest_api.this")

    assert len(permissions) == 1
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
    assert not [value for value in logged.values() if re.search(r"identity|authorizer|\$context\.path", value)]
    assert deployment.planned(STAGE)["xray_tracing_enabled"] is True


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
