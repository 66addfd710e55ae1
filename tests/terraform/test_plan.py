"""Every rule that matters, in what would be made in dev and in prod."""

import json
import re
from typing import Any

import pytest

import app
from chalicelib.bootstrap import Settings
from tests.terraform.cli import ROOT, Json
from tests.terraform.deployment import Deployment

TABLE = "module.table.aws_dynamodb_table.this"
BOOKINGS = "module.queue.aws_sqs_queue.bookings"
BOOKINGS_DEAD_LETTERS = "module.queue.aws_sqs_queue.bookings_dead_letters"
EXPIRATIONS_DEAD_LETTERS = "module.queue.aws_sqs_queue.expirations_dead_letters"
BOOKINGS_MAPPING = "module.event_sources.aws_lambda_event_source_mapping.bookings"
EXPIRATIONS_MAPPING = "module.event_sources.aws_lambda_event_source_mapping.expirations"
STAGE = "module.api.aws_api_gateway_stage.this"
FUNCTIONS = ("api", "process-bookings", "expire-bookings")

A_DAY = 24 * 3600


def function(name: str) -> str:
    return f'module.functions.aws_lambda_function.this["{name}"]'


def alias(name: str) -> str:
    return f'module.functions.aws_lambda_alias.live["{name}"]'


# The table


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


# The queues


def test_a_message_stays_invisible_for_six_times_its_workers_timeout(deployment: Deployment) -> None:
    worker_timeout = deployment.planned(function("process-bookings"))["timeout"]

    assert deployment.planned(BOOKINGS)["visibility_timeout_seconds"] == 6 * worker_timeout


def test_bookings_that_can_not_be_processed_move_to_their_dead_letter_queue(deployment: Deployment) -> None:
    redrive = json.loads(deployment.mocked(BOOKINGS)["redrive_policy"])

    assert redrive["deadLetterTargetArn"] == deployment.mocked(BOOKINGS_DEAD_LETTERS)["arn"]
    assert redrive["maxReceiveCount"] >= 5


def test_only_the_booking_queue_may_use_a_dead_letter_queue(deployment: Deployment) -> None:
    allowed = deployment.mocked("module.queue.aws_sqs_queue_redrive_allow_policy.bookings_dead_letters")

    assert allowed["queue_url"] == deployment.mocked(BOOKINGS_DEAD_LETTERS)["url"]
    assert json.loads(allowed["redrive_allow_policy"]) == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [deployment.mocked(BOOKINGS)["arn"]],
    }
    assert json.loads(deployment.planned(EXPIRATIONS_DEAD_LETTERS)["redrive_allow_policy"]) == {
        "redrivePermission": "denyAll"
    }


# The functions


def test_each_function_is_one_of_the_apps_handlers(deployment: Deployment) -> None:
    handlers = {name: deployment.planned(function(name))["handler"] for name in FUNCTIONS}

    assert handlers == {
        "api": "app.app",
        "process-bookings": "app.process_bookings",
        "expire-bookings": "app.expire_bookings",
    }
    for handler in handlers.values():
        module, _, attribute = handler.partition(".")
        assert module == app.__name__
        assert callable(getattr(app, attribute))


def test_the_functions_get_settings_that_the_app_accepts(deployment: Deployment) -> None:
    for name in FUNCTIONS:
        (environment,) = deployment.mocked(function(name))["environment"]
        given = environment["variables"]

        assert set(given) == {field.upper() for field in Settings.model_fields} - {"AWS_REGION"}
        settings = Settings.from_environment({**given, "AWS_REGION": "us-east-1"})

        assert settings.table_name == deployment.planned(TABLE)["name"]
        assert settings.booking_queue_url == deployment.mocked(BOOKINGS)["url"]
        assert settings.booking_dead_letter_queue_url == deployment.mocked(BOOKINGS_DEAD_LETTERS)["url"]
        assert settings.expiration_dead_letter_queue_url == deployment.mocked(EXPIRATIONS_DEAD_LETTERS)["url"]


def test_app_and_queue_agree_on_the_last_delivery(deployment: Deployment) -> None:
    (environment,) = deployment.mocked(function("process-bookings"))["environment"]
    redrive = json.loads(deployment.mocked(BOOKINGS)["redrive_policy"])

    assert int(environment["variables"]["BOOKING_MAX_RECEIVES"]) == redrive["maxReceiveCount"]


def test_the_handler_gives_a_stream_record_up_before_lambda_does(deployment: Deployment) -> None:
    (environment,) = deployment.mocked(function("expire-bookings"))["environment"]
    mapping = deployment.planned(EXPIRATIONS_MAPPING)

    assert int(environment["variables"]["EXPIRATION_MAX_AGE_SECONDS"]) < mapping["maximum_record_age_in_seconds"]


def test_the_api_answers_before_the_gateway_stops_waiting(deployment: Deployment) -> None:
    assert deployment.planned(function("api"))["timeout"] <= 29


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_built_traced_and_published_as_the_package_needs(deployment: Deployment, name: str) -> None:
    planned = deployment.planned(function(name))

    assert planned["architectures"] == ["x86_64"], "the package holds compiled wheels for it"
    assert planned["tracing_config"] == [{"mode": "Active"}]
    assert planned["publish"] is True
    assert planned["memory_size"] >= 512, "less makes the imports of a cold start slow"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_called_by_its_alias_for_the_published_version(deployment: Deployment, name: str) -> None:
    planned, mocked = deployment.planned(alias(name)), deployment.mocked(alias(name))

    assert planned["name"] == "live"
    assert mocked["function_version"] == deployment.mocked(function(name))["version"]
    assert mocked["function_name"] == deployment.planned(function(name))["function_name"]


def test_logs_are_kept_for_a_while_and_in_prod_for_a_year(dev: Deployment, prod: Deployment) -> None:
    in_dev = dev.all_planned("aws_cloudwatch_log_group").values()
    in_prod = prod.all_planned("aws_cloudwatch_log_group").values()

    assert len(in_dev) == len(in_prod) == len(FUNCTIONS) + 1
    assert all(0 < group["retention_in_days"] < 365 for group in in_dev)
    assert all(group["retention_in_days"] == 365 for group in in_prod)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_logs_where_its_retention_is_set(deployment: Deployment, name: str) -> None:
    group = deployment.planned(f'module.functions.aws_cloudwatch_log_group.this["{name}"]')

    assert group["name"] == f"/aws/lambda/{deployment.planned(function(name))['function_name']}"


# What each function may do

Grants = dict[str, set[str]]


def granted(deployment: Deployment, name: str) -> Grants:
    """Actions by the resource that they are allowed on, of the role of a function."""
    assert deployment.mocked(f'module.functions.aws_iam_role_policy.grants["{name}"]')["policy"] == json.dumps(
        {"document": name.replace("-", "_")}, separators=(",", ":")
    )
    documents = (
        f"module.functions.data.aws_iam_policy_document.{name.replace('-', '_')}",
        f'module.functions.data.aws_iam_policy_document.telemetry["{name}"]',
    )
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
    assert granted(deployment, "api") == {
        deployment.mocked(TABLE)["arn"]: {
            "dynamodb:ConditionCheckItem",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
        },
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


# The event sources


@pytest.mark.parametrize("mapping", [BOOKINGS_MAPPING, EXPIRATIONS_MAPPING])
def test_failures_are_reported_one_by_one(deployment: Deployment, mapping: str) -> None:
    assert deployment.planned(mapping)["function_response_types"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize(
    ("mapping", "name"), [(BOOKINGS_MAPPING, "process-bookings"), (EXPIRATIONS_MAPPING, "expire-bookings")]
)
def test_an_event_source_calls_its_functions_alias(deployment: Deployment, mapping: str, name: str) -> None:
    assert deployment.mocked(mapping)["function_name"] == deployment.mocked(alias(name))["arn"]


def test_the_queues_concurrency_is_bounded_without_throttling(deployment: Deployment) -> None:
    (scaling,) = deployment.planned(BOOKINGS_MAPPING)["scaling_config"]

    assert 2 <= scaling["maximum_concurrency"] <= 1000
    for worker in ("process-bookings", "expire-bookings"):
        assert deployment.planned(function(worker))["reserved_concurrent_executions"] == -1


def test_a_bad_record_holds_the_stream_up_for_a_bounded_time(deployment: Deployment) -> None:
    mapping = deployment.planned(EXPIRATIONS_MAPPING)

    assert mapping["bisect_batch_on_function_error"] is True
    assert mapping["maximum_retry_attempts"] == 10_000, "finite, and so many that it is the age that ends them"
    assert 0 < mapping["maximum_record_age_in_seconds"] < A_DAY, "-1 is for ever, and the stream forgets after a day"


def test_what_the_stream_gives_up_is_told_to_its_dead_letter_queue(deployment: Deployment) -> None:
    (destination,) = deployment.mocked(EXPIRATIONS_MAPPING)["destination_config"]

    assert destination["on_failure"] == [{"destination_arn": deployment.mocked(EXPIRATIONS_DEAD_LETTERS)["arn"]}]


def test_the_stream_is_read_from_its_beginning(deployment: Deployment) -> None:
    mapping = deployment.planned(EXPIRATIONS_MAPPING)

    assert mapping["starting_position"] == "TRIM_HORIZON"
    assert deployment.mocked(EXPIRATIONS_MAPPING)["event_source_arn"] == deployment.mocked(TABLE)["stream_arn"]


def test_bookings_come_from_the_booking_queue(deployment: Deployment) -> None:
    assert deployment.mocked(BOOKINGS_MAPPING)["event_source_arn"] == deployment.mocked(BOOKINGS)["arn"]


# The API


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


# Monitoring

Watched = tuple[str, str, str]
"""Namespace, metric, and the name of what is watched."""


def watched(alarm: Json) -> set[Watched]:
    metrics: list[dict[str, Any]] = (
        [metric for query in alarm["metric_query"] for metric in query["metric"]] if alarm["metric_query"] else [alarm]
    )
    return {
        (metric["namespace"], metric["metric_name"], "/".join(sorted(metric["dimensions"].values())))
        for metric in metrics
    }


def test_there_is_an_alarm_for_each_way_to_fail(deployment: Deployment) -> None:
    table = deployment.planned(TABLE)
    functions = {name: deployment.planned(function(name))["function_name"] for name in FUNCTIONS}
    stage = deployment.planned(STAGE)["stage_name"]
    api = "/".join(sorted((deployment.planned("module.api.aws_api_gateway_rest_api.this")["name"], stage)))
    throttled = [
        table["name"],
        *("/".join(sorted((i["name"], table["name"]))) for i in table["global_secondary_index"]),
    ]

    assert {
        seen for alarm in deployment.all_planned("aws_cloudwatch_metric_alarm").values() for seen in watched(alarm)
    } == {
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", deployment.planned(BOOKINGS_DEAD_LETTERS)["name"]),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", deployment.planned(EXPIRATIONS_DEAD_LETTERS)["name"]),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", deployment.planned(BOOKINGS)["name"]),
        ("AWS/Lambda", "IteratorAge", functions["expire-bookings"]),
        *(
            ("AWS/Lambda", metric, name)
            for metric in ("Errors", "Throttles", "Duration")
            for name in functions.values()
        ),
        ("AWS/ApiGateway", "5XXError", api),
        ("AWS/ApiGateway", "Latency", api),
        *(("AWS/DynamoDB", f"{kind}ThrottleEvents", name) for kind in ("Read", "Write") for name in throttled),
    }


def test_silence_is_no_alarm_and_a_limit_is_always_above_what_is_normal(deployment: Deployment) -> None:
    for address, alarm in deployment.all_planned("aws_cloudwatch_metric_alarm").items():
        assert alarm["treat_missing_data"] == "notBreaching", address
        assert alarm["comparison_operator"] == "GreaterThanThreshold", address


def test_dead_letters_alarm_at_the_first_one(deployment: Deployment) -> None:
    for queue in ("bookings", "expirations"):
        alarm = deployment.planned(f'module.monitoring.aws_cloudwatch_metric_alarm.queue["{queue}-dead-letters"]')

        assert (alarm["threshold"], alarm["evaluation_periods"], alarm["statistic"]) == (0, 1, "Maximum")


def test_waiting_bookings_alarm_before_their_holds_are_over(deployment: Deployment) -> None:
    (environment,) = deployment.mocked(function("api"))["environment"]
    alarm = deployment.planned('module.monitoring.aws_cloudwatch_metric_alarm.queue["bookings-age"]')

    assert alarm["threshold"] < int(environment["variables"]["HOLD_SECONDS"])


def test_slow_functions_alarm_before_they_time_out(deployment: Deployment) -> None:
    for name in FUNCTIONS:
        alarm = deployment.planned(f'module.monitoring.aws_cloudwatch_metric_alarm.function["{name}-duration"]')

        assert 0 < alarm["threshold"] < deployment.planned(function(name))["timeout"] * 1000
        assert alarm["extended_statistic"] == "p99"


def test_the_runbook_says_what_to_do_for_each_alarm_and_for_no_other(deployment: Deployment) -> None:
    prefix = deployment.planned(TABLE)["name"]
    alarms = {
        alarm["alarm_name"].removeprefix(f"{prefix}-")
        for alarm in deployment.all_planned("aws_cloudwatch_metric_alarm").values()
    }
    headings = re.findall(r"^### (.*)$", (ROOT / "docs/runbook.md").read_text(), re.MULTILINE)

    assert set(re.findall(r"`([a-z0-9-]+)`", " ".join(headings))) == alarms


def test_the_dashboard_shows_every_part(deployment: Deployment) -> None:
    (dashboard,) = deployment.all_planned("aws_cloudwatch_dashboard").values()
    shown = {
        str(entry)
        for widget in json.loads(dashboard["dashboard_body"])["widgets"]
        for metric in widget["properties"]["metrics"]
        for entry in metric
    }

    assert {"AWS/ApiGateway", "AWS/DynamoDB", "AWS/Lambda", "AWS/SQS"} <= shown
    assert {deployment.planned(function(name))["function_name"] for name in FUNCTIONS} <= shown
    assert {queue["name"] for queue in deployment.all_planned("aws_sqs_queue").values()} <= shown
    assert deployment.planned(TABLE)["name"] in shown


# All of it


def test_everything_that_can_be_tagged_tells_where_it_belongs(deployment: Deployment) -> None:
    tagged = {a: found["tags_all"] for a, found in deployment.everything_planned().items() if "tags_all" in found}
    environment = deployment.planned(STAGE)["stage_name"]

    assert TABLE in tagged
    for address, tags in tagged.items():
        assert tags == {"application": "appointments", "environment": environment, "managed-by": "terraform"}, address


def test_two_environments_share_no_name(dev: Deployment, prod: Deployment) -> None:
    def names(deployment: Deployment) -> set[str]:
        keys = ("name", "function_name", "alarm_name", "dashboard_name")
        return {
            str(found[key])
            for address, found in deployment.everything_planned().items()
            for key in keys
            if found.get(key) and ".aws_iam_role_policy." not in address and ".aws_lambda_alias." not in address
        }

    assert len(names(dev)) == len(names(prod)) > len(FUNCTIONS)
    assert names(dev) & names(prod) == set()
