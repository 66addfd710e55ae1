from __future__ import annotations

import pytest

from local_stack.environment import BadEnvironmentError, configure_application, external_endpoint, use_endpoint
from local_stack.resources import Provisioned

URL = "http://127.0.0.1:4566"


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, None),
        ({"LOCALSTACK_HOST": "", "AWS_ENDPOINT_URL": " "}, None),
        ({"LOCALSTACK_HOST": "example.test"}, "http://example.test:4566"),
        ({"LOCALSTACK_HOST": "example.test:1234"}, "http://example.test:1234"),
        ({"AWS_ENDPOINT_URL": "https://example.test:1/"}, "https://example.test:1"),
        ({"AWS_ENDPOINT_URL": "http://a", "LOCALSTACK_HOST": "b"}, "http://a"),
    ],
)
def test_the_user_may_name_an_endpoint(environ: dict[str, str], url: str | None) -> None:
    assert external_endpoint(environ) == url


@pytest.mark.parametrize("environ", [{"LOCALSTACK_HOST": "host:port"}, {"AWS_ENDPOINT_URL": "localhost:4566"}])
def test_an_endpoint_that_cannot_be_understood_is_refused_by_its_variable(environ: dict[str, str]) -> None:
    with pytest.raises(BadEnvironmentError, match=next(iter(environ))):
        external_endpoint(environ)


def test_made_up_credentials_and_a_region_stand_in_for_none() -> None:
    environ: dict[str, str] = {}

    assert use_endpoint(environ, URL, embedded=True) == "us-east-1"

    assert environ["AWS_ENDPOINT_URL"] == URL
    assert environ["AWS_REGION"] == environ["AWS_DEFAULT_REGION"] == "us-east-1"
    assert environ["AWS_ACCESS_KEY_ID"] == environ["AWS_SECRET_ACCESS_KEY"] == "test"


def test_the_users_own_credentials_and_region_are_kept() -> None:
    environ = {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}

    assert use_endpoint(environ, URL, embedded=True) == "eu-west-1"

    assert environ["AWS_REGION"] == "eu-west-1"
    assert environ["AWS_ACCESS_KEY_ID"] == "key"


@pytest.mark.parametrize(
    "name", ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_PROFILE"]
)
def test_nothing_leads_past_the_embedded_endpoint(name: str) -> None:
    environ = {name: "true"}

    use_endpoint(environ, URL, embedded=True)

    assert name not in environ


def test_a_profile_is_kept_for_the_users_own_endpoint() -> None:
    environ = {"AWS_PROFILE": "mine"}

    use_endpoint(environ, URL, embedded=False)

    assert environ["AWS_PROFILE"] == "mine"
    assert "AWS_ACCESS_KEY_ID" not in environ


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, "127.0.0.1,localhost"),
        ({"NO_PROXY": "a"}, "a,127.0.0.1,localhost"),
        ({"no_proxy": "b", "NO_PROXY": "a"}, "b,127.0.0.1,localhost"),
    ],
)
def test_no_proxy_stands_before_loopback(before: dict[str, str], after: str) -> None:
    use_endpoint(before, URL, embedded=True)

    assert before["no_proxy"] == before["NO_PROXY"] == after


def test_the_application_finds_its_resources() -> None:
    environ = {"LOG_LEVEL": "DEBUG"}
    made = Provisioned(
        table_name="t",
        stream_arn="s",
        bookings_url="u",
        bookings_arn="a",
        bookings_dead_letters_url="d",
        expirations_dead_letters_url="e",
    )

    configure_application(environ, made, hold_seconds="5", max_active_holds="7", issuer=None)

    assert len(environ.pop("CURSOR_KEYS")) >= 32
    assert environ == {
        "TABLE_NAME": "t",
        "BOOKING_QUEUE_URL": "u",
        "BOOKING_DEAD_LETTER_QUEUE_URL": "d",
        "EXPIRATION_DEAD_LETTER_QUEUE_URL": "e",
        "HOLD_SECONDS": "5",
        "MAX_ACTIVE_HOLDS": "7",
        "LOG_LEVEL": "DEBUG",
        "AUTHENTICATION": "off",
    }
