"""The functions, in what would be made in dev and in prod."""

import json

import pytest

import app
from chalicelib.settings import AuthorizerSettings, Settings
from tests.terraform.addresses import (
    AUTHORIZER,
    BOOKINGS,
    BOOKINGS_DEAD_LETTERS,
    EXPIRATIONS_DEAD_LETTERS,
    EXPIRATIONS_MAPPING,
    FUNCTIONS,
    ON_DATA,
    TABLE,
    alias,
    function,
)
from tests.terraform.deployment import Deployment


def test_each_function_is_one_of_the_apps_handlers(deployment: Deployment) -> None:
    handlers = {name: deployment.planned(function(name))["handler"] for name in FUNCTIONS}

    assert handlers == {
        "api": "app.app",
        "authorize": "app.authorize",
        "process-bookings": "app.process_bookings",
        "expire-bookings": "app.expire_bookings",
    }
    for handler in handlers.values():
        module, _, attribute = handler.partition(".")
        assert module == app.__name__
        assert callable(getattr(app, attribute))


def environment_of(deployment: Deployment, name: str) -> dict[str, str]:
    (environment,) = deployment.mocked(function(name))["environment"]
    variables: dict[str, str] = environment["variables"]
    return variables


def test_the_functions_get_settings_that_the_app_accepts(deployment: Deployment) -> None:
    for name in ON_DATA:
        given = environment_of(deployment, name)

        assert set(given) == {field.upper() for field in Settings.model_fields} - {"AWS_REGION", "AUTHENTICATION"}
        settings = Settings.from_environment({**given, "AWS_REGION": "us-east-1"})

        assert settings.table_name == deployment.planned(TABLE)["name"]
        assert settings.booking_queue_url == deployment.mocked(BOOKINGS)["url"]
        assert settings.booking_dead_letter_queue_url == deployment.mocked(BOOKINGS_DEAD_LETTERS)["url"]
        assert settings.expiration_dead_letter_queue_url == deployment.mocked(EXPIRATIONS_DEAD_LETTERS)["url"]


def test_the_authorizer_knows_the_issuer_and_nothing_of_the_data(deployment: Deployment) -> None:
    given = environment_of(deployment, AUTHORIZER)

    assert set(given) == {field.upper() for field in AuthorizerSettings.model_fields}
    assert AuthorizerSettings.from_environment(given) == AuthorizerSettings(
        token_issuer="https://issuer.example.org/",
        token_audience="appointments",
        role_claim="role",
        log_level=Settings.from_environment({**environment_of(deployment, "api"), "AWS_REGION": "us-east-1"}).log_level,
    )


def test_no_function_lets_everybody_in(deployment: Deployment) -> None:
    for name in FUNCTIONS:
        assert "AUTHENTICATION" not in environment_of(deployment, name), "the setting's default is on"


def test_the_app_is_told_which_pages_may_call_it(deployment: Deployment) -> None:
    given = environment_of(deployment, "api")["CORS_ORIGINS"]

    assert given == "https://one.example.org,https://two.example.org"


def test_the_present_key_seals_cursors_and_the_former_opens_them(deployment: Deployment) -> None:
    present, former = (deployment.mocked(f'terraform_data.cursor_key["{version}"]')["output"] for version in (1, 0))

    for name in ON_DATA:
        assert environment_of(deployment, name)["CURSOR_KEYS"] == f"{present},{former}"


@pytest.mark.parametrize("name", ON_DATA)
def test_the_keys_of_cursors_are_not_shown(deployment: Deployment, name: str) -> None:
    (environment,) = deployment.hidden(function(name))["environment"]

    assert environment["variables"] == {"CURSOR_KEYS": True}


def test_app_and_queue_agree_on_the_last_delivery(deployment: Deployment) -> None:
    (environment,) = deployment.mocked(function("process-bookings"))["environment"]
    redrive = json.loads(deployment.mocked(BOOKINGS)["redrive_policy"])

    assert int(environment["variables"]["BOOKING_MAX_RECEIVES"]) == redrive["maxReceiveCount"]


def test_the_handler_gives_a_stream_record_up_before_lambda_does(deployment: Deployment) -> None:
    (environment,) = deployment.mocked(function("expire-bookings"))["environment"]
    mapping = deployment.planned(EXPIRATIONS_MAPPING)

    assert int(environment["variables"]["EXPIRATION_MAX_AGE_SECONDS"]) < mapping["maximum_record_age_in_seconds"]


def test_the_api_answers_before_the_gateway_stops_waiting(deployment: Deployment) -> None:
    """Of the authorizer it waits for 30 s; and the issuer has 3 s for each of two documents."""
    assert deployment.planned(function("api"))["timeout"] <= 29
    assert 2 * 3 < deployment.planned(function(AUTHORIZER))["timeout"] <= 10


def test_what_requests_start_is_bounded_and_leaves_room_in_the_account(deployment: Deployment) -> None:
    """AWS lets an account, which has 1000 at first, reserve only what leaves 100 to others."""
    reserved = {name: deployment.planned(function(name))["reserved_concurrent_executions"] for name in FUNCTIONS}

    assert {name for name, limit in reserved.items() if limit == -1} == {"process-bookings", "expire-bookings"}
    assert 0 < reserved["api"] + reserved[AUTHORIZER] <= 900


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
