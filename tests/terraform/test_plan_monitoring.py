"""Alarms and dashboard, in what would be made in dev and in prod."""

import json
import re
from typing import Any

from tests.terraform.addresses import (
    AUTHORIZER,
    BOOKINGS,
    BOOKINGS_DEAD_LETTERS,
    EXPIRATIONS_DEAD_LETTERS,
    FUNCTIONS,
    STAGE,
    TABLE,
    function,
)
from tests.terraform.cli import ROOT, Json
from tests.terraform.deployment import Deployment

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
            # It refuses a token by an error, so anybody can make some.
            if (metric, name) != ("Errors", functions[AUTHORIZER])
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
