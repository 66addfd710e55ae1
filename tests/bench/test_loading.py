"""What each function loads before its first event, which every cold start waits for."""

import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

from tests.builders import CURSOR_KEY
from tests.system import ROOT

SAY = """
import sys, gc, app
assert gc.isenabled() and gc.get_freeze_count()
print(*sys.modules)
"""
HOW_MANY = """
import app
from chalicelib.{module} import {build}
print({build}.cache_info().currsize)
try:
    {build}()
except Exception as error:
    print(type(error).__name__)
"""
BUILT_BY = {
    "app.app": ("bootstrap", "application"),
    "app.authorize": ("gatekeeper", "authorizer"),
    "app.process_bookings": ("bootstrap", "application"),
    "app.expire_bookings": ("bootstrap", "application"),
}
SETTINGS = {
    "TABLE_NAME": "appointments",
    "BOOKING_QUEUE_URL": "https://sqs.example/bookings",
    "BOOKING_DEAD_LETTER_QUEUE_URL": "https://sqs.example/bookings-dlq",
    "EXPIRATION_DEAD_LETTER_QUEUE_URL": "https://sqs.example/expirations-dlq",
    "AWS_REGION": "us-east-1",
    "CURSOR_KEYS": CURSOR_KEY,
    "TOKEN_ISSUER": "https://issuer.example",
    "TOKEN_AUDIENCE": "appointments",
}

WITHOUT = {
    "app.app": {"chalicelib.gatekeeper", "cryptography", "icalendar", "jwt"},
    "app.authorize": {"boto3", "botocore.client", "chalicelib.bootstrap", "chalicelib.handlers", "icalendar"},
    "app.process_bookings": {"chalicelib.gatekeeper", "chalicelib.handlers", "cryptography", "icalendar", "jwt"},
    "app.expire_bookings": {"chalicelib.gatekeeper", "chalicelib.handlers", "cryptography", "icalendar", "jwt"},
}
WITH = {
    "app.app": {"chalicelib.bootstrap", "chalicelib.handlers"},
    "app.authorize": {"chalicelib.gatekeeper"},
    "app.process_bookings": {"chalicelib.bootstrap"},
    "app.expire_bookings": {"chalicelib.bootstrap"},
}


@pytest.mark.parametrize("handler", WITH)
def test_a_function_loads_what_it_needs_and_no_more(handler: str) -> None:
    loaded = set(said_by(SAY, {"_HANDLER": handler, **SETTINGS}))
    assert loaded >= WITH[handler]
    assert loaded.isdisjoint(WITHOUT[handler])


@pytest.mark.parametrize("handler", BUILT_BY)
def test_a_function_is_connected_before_its_first_event(handler: str) -> None:
    module, build = BUILT_BY[handler]
    assert said_by(HOW_MANY.format(module=module, build=build), {"_HANDLER": handler, **SETTINGS}) == ["1"]


@pytest.mark.parametrize("handler", BUILT_BY)
def test_settings_that_are_wrong_are_told_at_the_first_event(handler: str) -> None:
    module, build = BUILT_BY[handler]
    wrong = {"_HANDLER": handler, **SETTINGS, "LOG_LEVEL": "LOUD"}
    assert said_by(HOW_MANY.format(module=module, build=build), wrong) == ["0", "SettingsError"]


def test_where_it_is_no_function_all_of_it_can_be_called_and_nothing_is_connected() -> None:
    script = "import app; assert app.app.routes and app.app.handler_map.keys() >= {'authorize'}"
    assert said_by(script, {}) == []
    assert said_by(HOW_MANY.format(module="bootstrap", build="application"), SETTINGS) == ["0"]


def said_by(script: str, environment: Mapping[str, str]) -> list[str]:
    """What a new process writes, word by word."""
    search = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    said = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env={**search, **environment}, check=True, capture_output=True
    )
    return said.stdout.decode().split()
