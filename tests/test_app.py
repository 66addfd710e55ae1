"""The Chalice application as Lambda loads it: its routes, and the workers' entry points."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from chalice.test import Client

import app as entry
from chalicelib.bootstrap import Application, application
from tests.builders import booking
from tests.events import Event, event, failed, message, removal, sqs_record
from tests.log_lines import log_lines, unconfigured_logger
from tests.moto_region import Aws, Region, own_resources

ROUTES = {
    ("POST", "/providers"),
    ("GET", "/providers/{providerId}"),
    ("PATCH", "/providers/{providerId}"),
    ("POST", "/providers/{providerId}/availability"),
    ("GET", "/providers/{providerId}/availability"),
    ("DELETE", "/providers/{providerId}/availability/{date}"),
    ("GET", "/providers/{providerId}/slots"),
    ("GET", "/providers/{providerId}/bookings"),
    ("GET", "/users/{userId}/bookings"),
    ("GET", "/bookings/{bookingId}/calendar.ics"),
    ("POST", "/bookings"),
    ("GET", "/bookings/{bookingId}"),
    ("POST", "/bookings/{bookingId}/confirm"),
    ("POST", "/bookings/{bookingId}/cancel"),
    ("POST", "/bookings/{bookingId}/reschedule"),
    ("GET", "/health"),
    ("GET", "/health/ready"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/docs/swagger-ui.css"),
    ("GET", "/docs/swagger-ui.js"),
}


@pytest.fixture
def aws(region: Region, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """AWS, and an environment that names it; the application is built anew in it."""
    own = own_resources(region)
    for name, value in own.environment.items():
        monkeypatch.setenv(name, value)
    with unconfigured_logger():
        application.cache_clear()
        yield own
        application.cache_clear()


def test_the_routes_are_those_of_the_contract() -> None:
    routes = {(method, path) for path, methods in entry.app.routes.items() for method in methods}

    assert {(method, path) for method, path in routes if not path.startswith("/{segment0}")} == ROUTES


def test_every_other_path_is_caught_up_to_eight_segments() -> None:
    caught = {path: set(methods) for path, methods in entry.app.routes.items() if path.startswith("/{segment0}")}

    assert sorted(path.count("/") for path in caught) == list(range(1, 9))
    assert all(methods == {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} for methods in caught.values())


@pytest.mark.usefixtures("aws")
def test_the_application_answers_over_http() -> None:
    response = Client(entry.app).http.get("/health/ready")

    assert response.status_code == 200
    assert response.json_body == {"status": "ready", "checks": {"table": "ok", "queue": "ok"}}


def test_ids_and_instants_are_made_by_the_application_itself(aws: Aws) -> None:
    http = Client(entry.app).http

    first, second = (
        http.post("/providers", headers={"Content-Type": "application/json"}, body=b'{"name": "Ann"}').json_body
        for _ in range(2)
    )

    assert first["providerId"] != second["providerId"]
    assert first["createdAt"].endswith("Z")
    assert len(aws.items()) == 2


@pytest.mark.usefixtures("aws")
def test_the_application_is_built_once() -> None:
    assert application() is application()
    assert isinstance(application(), Application)


def test_a_wrong_environment_is_answered_as_an_internal_error(monkeypatch: pytest.MonkeyPatch, aws: Aws) -> None:
    monkeypatch.setenv("HOLD_SECONDS", "forever")

    with log_lines() as lines:
        response = Client(entry.app).http.get("/health")

    assert (response.status_code, response.json_body["code"]) == (500, "INTERNAL")
    assert aws.its.bookings_url not in response.body.decode()
    assert "HOLD_SECONDS" in lines.the("unexpected error")["exception"]


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(("level", "written"), [("INFO", True), ("ERROR", False)])
def test_the_log_level_is_the_one_that_is_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], level: str, written: bool
) -> None:
    monkeypatch.setenv("LOG_LEVEL", level)

    Client(entry.app).http.get("/health")

    assert ('"message":"request"' in capsys.readouterr().out) is written


def test_the_booking_processor_answers_with_a_partial_batch_response(aws: Aws) -> None:
    dropped = message(booking())

    response = invoke("process_bookings", event(dropped, sqs_record("no booking")))

    assert response == {"batchItemFailures": []}
    assert [letter["Body"] for letter in aws.received(aws.its.bookings_dead_letters_url)] == ["no booking"]


def test_the_booking_processor_reports_what_failed_for_now(aws: Aws) -> None:
    aws.delete_table()
    record = message(booking())

    assert failed(invoke("process_bookings", event(record))) == [record["messageId"]]


def test_the_expiration_handler_answers_with_a_partial_batch_response(aws: Aws) -> None:
    response = invoke("expire_bookings", event(removal(booking()), removal(booking(), ttl=None)))

    assert response == {"batchItemFailures": []}
    assert len(aws.received(aws.its.expirations_dead_letters_url)) == 1


def test_the_expiration_handler_reports_what_failed_for_now(aws: Aws) -> None:
    aws.delete_table()
    record = removal(booking())
    record["dynamodb"].pop("ApproximateCreationDateTime")

    assert failed(invoke("expire_bookings", event(record))) == [record["dynamodb"]["SequenceNumber"]]


def test_the_application_can_be_loaded_without_any_setting() -> None:
    environment = {name: value for name, value in os.environ.items() if name in {"PATH", "LD_LIBRARY_PATH"}}

    loaded = subprocess.run(
        [sys.executable, "-W", "error", "-c", "import app"],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(entry.__file__).parent,
    )

    assert (loaded.returncode, loaded.stderr) == (0, "")


def invoke(function: str, an_event: Event) -> Event:
    """Call a worker as Lambda does."""
    response: Event = Client(entry.app).lambda_.invoke(function, an_event).payload
    return response
