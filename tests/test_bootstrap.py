"""Settings from the environment, and the application that is built from them."""

import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from chalice.app import AuthRequest
from pydantic import ValidationError

from chalicelib.bootstrap import Clients, application, build
from chalicelib.dao.table import Retries
from chalicelib.domain.access import ANYBODY
from chalicelib.domain.errors import InvalidInputError, ProviderExistsError
from chalicelib.domain.models import CANCEL, BookingStatus
from chalicelib.gatekeeper import authorizer
from chalicelib.identity.authorizer import UnauthorizedError
from chalicelib.identity.keys import KeysUnavailableError
from chalicelib.services.listings import Page, PageRequest
from chalicelib.settings import AuthorizerSettings, Settings, SettingsError, authentication_is_off
from tests.builders import CURSOR_KEY, DAY, NOW, Clock, availability, booking, new_id, slot
from tests.events import event, failed, message, removal, sqs_record
from tests.identity.issuer import token
from tests.log_lines import unconfigured_logger
from tests.moto_region import REGION, Aws
from tests.ports import free_port
from tests.tables import dao_stores, table_on
from tests.wire import Wire, cancelled

ENVIRONMENT = {
    "TABLE_NAME": "appointments",
    "BOOKING_QUEUE_URL": "https://sqs.example/bookings",
    "BOOKING_DEAD_LETTER_QUEUE_URL": "https://sqs.example/bookings-dlq",
    "EXPIRATION_DEAD_LETTER_QUEUE_URL": "http://127.0.0.1:4566/000000000000/expirations-dlq",
    "AWS_REGION": "us-east-1",
    "CURSOR_KEYS": CURSOR_KEY,
}


def test_what_is_not_set_has_a_default() -> None:
    assert Settings.from_environment(ENVIRONMENT).model_dump() == {
        "table_name": "appointments",
        "booking_queue_url": "https://sqs.example/bookings",
        "booking_dead_letter_queue_url": "https://sqs.example/bookings-dlq",
        "expiration_dead_letter_queue_url": "http://127.0.0.1:4566/000000000000/expirations-dlq",
        "aws_region": "us-east-1",
        "cursor_keys": CURSOR_KEY,
        "hold_seconds": 300,
        "max_active_holds": 5,
        "booking_max_receives": 5,
        "expiration_max_age_seconds": 3600,
        "log_level": "INFO",
        "authentication": "on",
        "cors_origins": "",
    }


def test_everything_can_be_set_and_the_rest_of_the_environment_is_not_looked_at() -> None:
    settings = Settings.from_environment(
        {
            **ENVIRONMENT,
            "AWS_REGION": "us-gov-west-1",
            "HOLD_SECONDS": "86400",
            "MAX_ACTIVE_HOLDS": "100",
            "BOOKING_MAX_RECEIVES": "1",
            "EXPIRATION_MAX_AGE_SECONDS": "60",
            "LOG_LEVEL": "DEBUG",
            "PATH": "/bin",
            "hold_seconds": "7",
        }
    )

    assert settings.aws_region == "us-gov-west-1"
    assert (settings.hold_seconds, settings.booking_max_receives) == (86_400, 1)
    assert (settings.expiration_max_age_seconds, settings.log_level) == (60, "DEBUG")


def test_settings_can_not_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings.from_environment(ENVIRONMENT).hold_seconds = 1  # type: ignore[misc] # mypy refuses it, too


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TABLE_NAME", ""),
        ("TABLE_NAME", "ab"),
        ("TABLE_NAME", "x" * 256),
        ("TABLE_NAME", "my table"),
        ("BOOKING_QUEUE_URL", ""),
        ("BOOKING_QUEUE_URL", "bookings"),
        ("BOOKING_QUEUE_URL", "arn:aws:sqs:us-east-1:123456789012:bookings"),
        ("BOOKING_DEAD_LETTER_QUEUE_URL", "https://sqs.example/a b"),
        ("EXPIRATION_DEAD_LETTER_QUEUE_URL", "ftp://sqs.example/x"),
        ("AWS_REGION", ""),
        ("AWS_REGION", "us-east"),
        ("AWS_REGION", "us-east-1\n"),
        ("AWS_REGION", "US-EAST-1"),
        ("HOLD_SECONDS", "0"),
        ("HOLD_SECONDS", "-300"),
        ("HOLD_SECONDS", "86401"),
        ("HOLD_SECONDS", "300.5"),
        ("HOLD_SECONDS", "five minutes"),
        ("HOLD_SECONDS", ""),
        ("MAX_ACTIVE_HOLDS", "0"),
        ("MAX_ACTIVE_HOLDS", "101"),
        ("MAX_ACTIVE_HOLDS", "many"),
        ("BOOKING_MAX_RECEIVES", "0"),
        ("BOOKING_MAX_RECEIVES", "1001"),
        ("EXPIRATION_MAX_AGE_SECONDS", "59"),
        ("EXPIRATION_MAX_AGE_SECONDS", "86401"),
        ("LOG_LEVEL", "info"),
        ("LOG_LEVEL", "CHATTY"),
    ],
)
def test_a_wrong_setting_gives_one_line_with_its_name_and_what_it_is(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({**ENVIRONMENT, name: value})

    _headline, *lines = str(caught.value).splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"  {name}: ")
    assert lines[0].endswith(f", but it is {value!r}")


@pytest.mark.parametrize(
    "keys",
    [
        "",
        "too-short-a-secret-of-31-chars-",
        f"{CURSOR_KEY},too-short-a-secret",
        f"{CURSOR_KEY},",
        f",{CURSOR_KEY}",
        f"{CURSOR_KEY} {CURSOR_KEY}",
        f"{CURSOR_KEY}\n",
        f"{CURSOR_KEY}ä",
    ],
)
def test_wrong_keys_are_named_and_not_shown(keys: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({**ENVIRONMENT, "CURSOR_KEYS": keys})

    _headline, line = str(caught.value).splitlines()
    assert line.startswith("  CURSOR_KEYS: ")
    assert "32 characters or more" in line
    assert "secret" not in line
    assert CURSOR_KEY not in line


@pytest.mark.parametrize("keys", ["k" * 32, f"{CURSOR_KEY},{'!' * 32},{'~' * 100}"])
def test_there_may_be_several_keys_and_no_text_of_the_settings_shows_any(keys: str) -> None:
    settings = Settings.from_environment({**ENVIRONMENT, "CURSOR_KEYS": keys})

    assert settings.cursor_keys == keys
    assert not any(key in text for key in keys.split(",") for text in (repr(settings), str(settings)))


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_a_missing_setting_is_named(name: str) -> None:
    rest = {other: value for other, value in ENVIRONMENT.items() if other != name}

    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(rest)

    assert str(caught.value).splitlines()[1:] == [f"  {name}: Field required"]


def test_all_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({"TABLE_NAME": "?", "AWS_REGION": "us-east-1", "HOLD_SECONDS": "long"})

    headline, *lines = str(caught.value).splitlines()
    assert "settings in the environment are wrong" in headline
    assert [line.split(":")[0].strip() for line in lines] == [
        "TABLE_NAME",
        "BOOKING_QUEUE_URL",
        "BOOKING_DEAD_LETTER_QUEUE_URL",
        "EXPIRATION_DEAD_LETTER_QUEUE_URL",
        "CURSOR_KEYS",
        "HOLD_SECONDS",
    ]


def test_a_built_application_takes_a_booking_from_the_hold_to_its_confirmation(aws: Aws) -> None:
    clock = Clock()
    settings = Settings.from_environment({**aws.environment, "HOLD_SECONDS": "60"})
    application = build(settings, Clients.of(settings), clock=clock, new_id=new_id)
    services = application.services
    ann = services.providers.create(name="Ann", time_zone="UTC", provider_id=None)
    services.availability.set_day(ann.provider_id, availability())

    held = services.bookings.hold(provider_id=ann.provider_id, slot_id=f"{DAY}T09:00", user_id="user-1", by=ANYBODY)
    (sent,) = aws.received(aws.its.bookings_url)
    response = application.process_bookings(event(sqs_record(sent["Body"])))
    confirmed = services.bookings.confirm(held.booking_id, by=ANYBODY)

    assert timedelta(seconds=60) <= held.expires_at - NOW < timedelta(seconds=61)
    assert failed(response) == []
    assert confirmed.status is BookingStatus.CONFIRMED
    free = services.availability.free_slots(ann.provider_id, DAY)
    assert [slot.slot_id for slot in free.slots] == [f"{DAY}T10:00", f"{DAY}T11:00"]


def test_a_built_application_lists_by_the_first_key_and_goes_on_by_the_others(aws: Aws) -> None:
    def pages(keys: str, cursor: str | None = None) -> Page:
        settings = Settings.from_environment({**aws.environment, "CURSOR_KEYS": keys})
        services = build(settings, Clients.of(settings), clock=Clock(), new_id=new_id).services
        return services.listings.of_user("user-1", PageRequest(limit=1, cursor=cursor))

    stores = dao_stores(table_on(aws.dynamodb, aws.its.table_name))
    for hour in (9, 10):
        held = booking(slot(starts_at=datetime(2030, 5, 2, hour, tzinfo=UTC)), user_id="user-1")
        stores.bookings.take_step(CANCEL, held, at=NOW)
    newer, older = "n" * 32, "o" * 32

    first = pages(older)
    second = pages(f"{newer},{older}", first.next_cursor)

    assert [len(page.bookings) for page in (first, second)] == [1, 1]
    assert second.next_cursor is None
    assert pages(newer, pages(f"{newer},{older}").next_cursor) == second
    with pytest.raises(InvalidInputError):
        pages(newer, first.next_cursor)


def test_a_built_application_expires_the_booking_of_a_removed_trigger(aws: Aws) -> None:
    clock = Clock()
    settings = Settings.from_environment(aws.environment)
    application = build(settings, Clients.of(settings), clock=clock, new_id=new_id)
    services = application.services
    ann = services.providers.create(name="Ann", time_zone="UTC", provider_id=None)
    services.availability.set_day(ann.provider_id, availability())
    held = services.bookings.hold(provider_id=ann.provider_id, slot_id=f"{DAY}T09:00", user_id="user-1", by=ANYBODY)
    clock.advance(seconds=301)

    response = application.expire_bookings(event(removal(held)))

    assert failed(response) == []
    (stored,) = [item for item in aws.items() if item["PK"] == {"S": f"BOOKING#{held.booking_id}"} and "status" in item]
    assert stored["status"] == {"S": "EXPIRED"}


def test_each_worker_has_its_own_dead_letter_queue(aws: Aws) -> None:
    settings = Settings.from_environment(aws.environment)
    application = build(settings, Clients.of(settings), clock=Clock(), new_id=new_id)
    bad_removal = removal(booking(), ttl=None)

    application.process_bookings(event(sqs_record("no booking")))
    application.expire_bookings(event(bad_removal))

    assert [letter["Body"] for letter in aws.received(aws.its.bookings_dead_letters_url)] == ["no booking"]
    (kept,) = aws.received(aws.its.expirations_dead_letters_url)
    assert bad_removal["dynamodb"]["SequenceNumber"] in kept["Body"]
    assert not aws.received(aws.its.bookings_url)


@pytest.mark.parametrize(("receives", "given_up"), [(2, False), (3, True)])
def test_the_number_of_deliveries_after_which_a_message_is_given_up_can_be_set(
    aws: Aws, receives: int, given_up: bool
) -> None:
    settings = Settings.from_environment({**aws.environment, "BOOKING_MAX_RECEIVES": "3"})
    application = build(settings, Clients.of(settings), clock=Clock(), new_id=new_id)
    aws.delete_table()
    record = message(booking(), receives=receives)

    response = application.process_bookings(event(record))

    assert failed(response) == ([] if given_up else [record["messageId"]])
    assert len(aws.received(aws.its.bookings_dead_letters_url)) == int(given_up)


@pytest.mark.parametrize(("age", "given_up"), [(119, False), (120, True)])
def test_the_age_at_which_a_removal_is_given_up_can_be_set(aws: Aws, age: int, given_up: bool) -> None:
    settings = Settings.from_environment({**aws.environment, "EXPIRATION_MAX_AGE_SECONDS": "120"})
    application = build(settings, Clients.of(settings), clock=Clock(NOW), new_id=new_id)
    aws.delete_table()
    record = removal(booking())
    record["dynamodb"]["ApproximateCreationDateTime"] = NOW.timestamp() - age

    response = application.expire_bookings(event(record))

    assert failed(response) == ([] if given_up else [record["dynamodb"]["SequenceNumber"]])
    assert len(aws.received(aws.its.expirations_dead_letters_url)) == int(given_up)


def test_the_application_is_ready_when_table_and_queue_are_there(aws: Aws) -> None:
    settings = Settings.from_environment(aws.environment)
    application = build(settings, Clients.of(settings), clock=Clock(), new_id=new_id)

    assert application.services.readiness.check() == {"table": True, "queue": True}


def test_the_application_is_not_ready_without_its_table(aws: Aws) -> None:
    settings = Settings.from_environment(aws.environment)
    application = build(settings, Clients.of(settings), clock=Clock(), new_id=new_id)
    aws.delete_table()

    assert application.services.readiness.check() == {"table": False, "queue": True}


def test_the_application_is_not_ready_without_its_queue(aws: Aws) -> None:
    settings = Settings.from_environment(aws.environment)
    application = build(settings, Clients.of(settings), clock=Clock(), new_id=new_id)
    aws.sqs.delete_queue(QueueUrl=aws.its.bookings_url)

    assert application.services.readiness.check() == {"table": True, "queue": False}


def test_the_region_is_the_one_that_is_set_and_no_other(aws: Aws) -> None:
    elsewhere = Settings.from_environment({**aws.environment, "AWS_REGION": "ap-southeast-2"})

    assert elsewhere.aws_region != REGION
    assert (
        build(elsewhere, Clients.of(elsewhere), clock=Clock(), new_id=new_id).services.readiness.check()["table"]
        is False
    )


def test_a_built_application_tries_again_as_it_is_told(aws: Aws) -> None:
    settings = Settings.from_environment(aws.environment)
    clients = Clients.of(settings)
    slept: list[float] = []
    retries = Retries(sleep=slept.append, jitter=lambda: 1.0)
    services = build(settings, clients, clock=Clock(), new_id=new_id, retries=retries).services

    Wire(clients.dynamodb).faults = [cancelled("TransactionConflict")]
    # moto is asked behind the wire as well, and knows no tokens: for it, the second try comes too late.
    with suppress(ProviderExistsError):
        services.providers.create(name="Ann", time_zone="UTC", provider_id=None)

    assert slept == [0.025]


def test_the_processes_own_application_logs_at_the_level_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**ENVIRONMENT, "LOG_LEVEL": "ERROR"}.items():
        monkeypatch.setenv(name, value)
    with unconfigured_logger() as logger:
        application.__wrapped__()
        assert logger.level == logging.ERROR


@pytest.mark.parametrize("listed", ["https://www.example.com", "https://a.example,http://localhost:3000", ""])
def test_origins_are_listed_with_commas(listed: str) -> None:
    assert Settings.from_environment({**ENVIRONMENT, "CORS_ORIGINS": listed}).cors_origins == listed


@pytest.mark.parametrize(
    "listed", ["*", "https://a.example/", "a.example", "https://a.example, https://b.example", ","]
)
def test_what_is_no_origin_is_refused(listed: str) -> None:
    with pytest.raises(SettingsError, match=r"CORS_ORIGINS: .*https://www\.example\.com"):
        Settings.from_environment({**ENVIRONMENT, "CORS_ORIGINS": listed})


ISSUER = {"TOKEN_ISSUER": "https://issuer.example/pool", "TOKEN_AUDIENCE": "appointments"}


def test_the_authorizer_has_settings_of_its_own() -> None:
    settings = AuthorizerSettings.from_environment(ISSUER)
    assert settings.model_dump() == {
        "log_level": "INFO",
        "token_issuer": "https://issuer.example/pool",
        "token_audience": "appointments",
        "role_claim": "role",
    }
    for none in ({}, {"TOKEN_ISSUER": ""}):
        assert AuthorizerSettings.from_environment(none).token_issuer == ""


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"TOKEN_ISSUER": "http://issuer.example"}, "TOKEN_ISSUER: .*https URL"),
        ({"TOKEN_ISSUER": "issuer.example"}, "TOKEN_ISSUER: .*https URL"),
        ({"TOKEN_ISSUER": "https://issuer.example?x=1"}, "TOKEN_ISSUER: .*https URL"),
        ({"TOKEN_ISSUER": "https://issuer.example#x"}, "TOKEN_ISSUER: .*https URL"),
        ({"TOKEN_ISSUER": "ftp://127.0.0.1"}, "TOKEN_ISSUER: .*https URL"),
        ({"TOKEN_ISSUER": "https://"}, "TOKEN_ISSUER: .*https URL"),
        ({"TOKEN_AUDIENCE": ""}, "TOKEN_AUDIENCE must be set together with TOKEN_ISSUER"),
        ({"ROLE_CLAIM": ""}, "ROLE_CLAIM: "),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL: .*but it is 'LOUD'"),
    ],
)
def test_a_wrong_setting_of_the_authorizer_is_told(changes: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        AuthorizerSettings.from_environment({**ISSUER, **changes})


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:8001", "http://localhost:8001"])
def test_an_issuer_on_this_machine_needs_no_tls(issuer: str) -> None:
    assert AuthorizerSettings.from_environment({**ISSUER, "TOKEN_ISSUER": issuer}).token_issuer == issuer


@pytest.mark.parametrize(
    ("environment", "off"), [({}, False), ({"AUTHENTICATION": "on"}, False), ({"AUTHENTICATION": "off"}, True)]
)
def test_authentication_is_on_unless_it_is_said_in_plain_words(environment: dict[str, str], off: bool) -> None:
    assert authentication_is_off(environment) is off
    assert Settings.from_environment({**ENVIRONMENT, **environment}).authentication == ("off" if off else "on")


def test_an_authorizer_without_an_issuer_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TOKEN_ISSUER", "TOKEN_AUDIENCE"):
        monkeypatch.delenv(name, raising=False)
    with unconfigured_logger(), pytest.raises(UnauthorizedError):
        authorizer.__wrapped__()(AuthRequest("TOKEN", f"Bearer {token()}", "arn:aws:execute-api:a:1:b/c/GET/d"))


def test_an_authorizer_with_an_issuer_asks_that_issuer_and_logs_at_the_level_that_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOKEN_ISSUER", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("TOKEN_AUDIENCE", "appointments")
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    with unconfigured_logger() as logger:
        with pytest.raises(KeysUnavailableError):
            authorizer.__wrapped__()(AuthRequest("TOKEN", f"Bearer {token()}", "arn:aws:execute-api:a:1:b/c/GET/d"))
        assert logger.level == logging.ERROR
