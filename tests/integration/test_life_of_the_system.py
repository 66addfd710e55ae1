"""The system is stopped, started again, or started beside what it needs."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.ports import free_port
from tests.system import A_DAY, ROOT, System, eventually, running, stop

needs_its_own_endpoint = pytest.mark.skipif(
    "LOCALSTACK_HOST" in os.environ, reason="stops its endpoint, which the one that LOCALSTACK_HOST names is not for"
)


@needs_its_own_endpoint
def test_what_was_booked_is_still_there_after_a_restart_and_a_hold_ends_though_it_was_stopped(tmp_path: Path) -> None:
    with running(tmp_path, hold_seconds=3) as first:
        provider_id = first.provider()
        first.availability(provider_id)
        kept = first.hold(provider_id, f"{A_DAY}T09:00")
        confirmed = first.post(f"/bookings/{kept['bookingId']}/confirm", expect=200)
        left = first.hold(provider_id, f"{A_DAY}T10:00")
        assert stop(first) == 0
    with running(tmp_path, hold_seconds=3) as second:
        assert second.get(f"/bookings/{kept['bookingId']}") == confirmed
        eventually(
            "the hold of the first run is ended in the table",
            lambda: second.table.booking(left["bookingId"]).get("METADATA", {}).get("status") == "EXPIRED",
        )
        assert second.free_slots(provider_id) == [f"{A_DAY}T10:00", f"{A_DAY}T11:00"]


def test_bookings_work_while_the_queue_is_gone_or_are_refused_cleanly(tmp_path: Path) -> None:
    with running(tmp_path, hold_seconds=600) as system:
        provider_id = system.provider()
        system.availability(provider_id)
        held = system.hold(provider_id, f"{A_DAY}T09:00")
        system.table.sqs.delete_queue(QueueUrl=system.table.queue_url("bookings"))

        refused = system.http.post(
            "/bookings", json={"providerId": provider_id, "slotId": f"{A_DAY}T10:00", "userId": "u"}
        )
        assert refused.status_code == httpx.codes.SERVICE_UNAVAILABLE
        assert refused.json()["code"] == "SERVICE_UNAVAILABLE"
        assert refused.headers["Retry-After"].isdecimal()
        assert f"{A_DAY}T10:00" in system.free_slots(provider_id)

        ready = system.get("/health/ready", expect=503)
        assert ready["checks"] == {"table": "ok", "queue": "unavailable"}
        assert system.get("/health") == {"status": "ok"}
        assert system.post(f"/bookings/{held['bookingId']}/confirm", expect=200)["status"] == "CONFIRMED"


@pytest.fixture
def chalice_local(system: System, tmp_path: Path) -> Iterator[httpx.Client]:
    """`chalice local --stage local`, as the README says, but with the ports of these tests."""
    for name in ("app.py", "chalicelib", "requirements.txt"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".chalice").mkdir()
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    environment = config["stages"]["local"]["environment_variables"]
    for name, value in environment.items():
        environment[name] = value.replace("127.0.0.1:4566", system.aws_host).replace("000000000000", system.account)
    environment["AWS_ACCESS_KEY_ID"] = system.account
    (tmp_path / ".chalice" / "config.json").write_text(json.dumps(config))
    port = free_port()
    chalice = shutil.which("chalice", path=str(Path(sys.executable).parent))
    assert chalice
    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen(
            [chalice, "local", "--stage", "local", "--port", str(port), "--no-autoreload"],
            cwd=tmp_path,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:

            def up() -> bool:
                assert process.poll() is None, (tmp_path / "output").read_text()
                try:
                    return client.get("/health").is_success
                except httpx.TransportError:
                    return False

            eventually("chalice local answers", up)
            yield client
    finally:
        process.terminate()
        process.wait(60)


def test_chalice_local_serves_the_same_api_and_the_same_errors(chalice_local: httpx.Client, system: System) -> None:
    assert chalice_local.get("/health/ready").json()["checks"] == {"table": "ok", "queue": "ok"}
    provider_id = chalice_local.post("/providers", json={"name": "Ann"}).json()["providerId"]
    system.availability(provider_id)
    body = {"providerId": provider_id, "slotId": f"{A_DAY}T09:00", "userId": "u"}
    held = chalice_local.post("/bookings", json=body)
    assert held.status_code == httpx.codes.ACCEPTED
    assert chalice_local.post("/bookings", json=body).json()["code"] == "SLOT_UNAVAILABLE"
    assert eventually("the worker writes it", lambda: system.table.booking(held.json()["bookingId"]).get("METADATA"))
    confirmed = chalice_local.post(f"/bookings/{held.json()['bookingId']}/confirm")
    assert confirmed.json()["status"] == "CONFIRMED"

    unknown = chalice_local.get("/no/such/path")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "NOT_FOUND")
    wrong = chalice_local.delete("/bookings")
    assert (wrong.status_code, wrong.json()["code"], wrong.headers["Allow"]) == (405, "METHOD_NOT_ALLOWED", "POST")
    broken = chalice_local.post("/providers", content=b"{", headers={"Content-Type": "application/json"})
    assert (broken.status_code, broken.json()["code"]) == (400, "VALIDATION_FAILED")
    form = chalice_local.post("/providers", data={"name": "Ann"})
    assert (form.status_code, form.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
