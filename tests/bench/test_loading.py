"""What each function loads before its first event, which every cold start waits for."""

import os
import subprocess
import sys

import pytest

from tests.system import ROOT

SAY = """
import sys, gc, app
assert gc.isenabled() and gc.get_freeze_count()
print(*sys.modules)
"""

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
    environment = {**os.environ, "_HANDLER": handler}
    said = subprocess.run([sys.executable, "-c", SAY], cwd=ROOT, env=environment, check=True, capture_output=True)
    loaded = set(said.stdout.decode().split())
    assert loaded >= WITH[handler]
    assert loaded.isdisjoint(WITHOUT[handler])


def test_where_it_is_no_function_all_of_it_can_be_called() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "_HANDLER"}
    script = "import app; assert app.app.routes and app.app.handler_map.keys() >= {'authorize'}"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, check=True)
