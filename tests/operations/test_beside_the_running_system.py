"""The commands beside the running system: no false alarm, and nothing broken, while bookings go on."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from threading import Event

import httpx
import pytest
from localstack_client.session import Session

from chalicelib.aws import CLIENT_CONFIG
from chalicelib.dao.items import Item
from operations.check import check
from operations.invariants import findings
from operations.reading import scan
from operations.repair import repair
from operations.target import Target
from tests.system import PATIENCE_SECONDS, System, eventually, running

CLIENTS = 20
CHECKS = 40


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system for these tests alone: each check reads all that there is, and others leave much behind."""
    with running(tmp_path_factory.mktemp("checked-system"), hold_seconds=600) as started:
        yield started


@pytest.fixture
def target(system: System) -> Target:
    """The running system, as its operator reaches it."""
    session = Session(localstack_host=system.aws_host, aws_access_key_id=system.account)
    return Target(
        name="appointments",
        dynamodb=session.client("dynamodb", config=CLIENT_CONFIG),
        sqs=session.client("sqs", config=CLIENT_CONFIG),
    )


def written(system: System, booking_id: str) -> Item | None:
    return system.table.booking(booking_id).get("METADATA")


def day_of_slots(system: System) -> tuple[str, list[str]]:
    provider_id = system.provider()
    day = system.availability(provider_id, startTime="00:00", endTime="24:00", slotDurationMinutes=5)
    return provider_id, [slot["slotId"] for slot in day["slots"]]


@contextmanager
def busy_clients(system: System) -> Iterator[list[str]]:
    """Clients that hold, confirm and cancel on a few slots until the block ends; yields the bookings they made."""
    provider_id, slot_ids = day_of_slots(system)
    stopped, made = Event(), list[str]()

    def book(number: int) -> None:
        dice = random.Random(number)
        with httpx.Client(base_url=system.url, timeout=PATIENCE_SECONDS, trust_env=False) as client:
            while not stopped.is_set():
                wanted = {"providerId": provider_id, "slotId": dice.choice(slot_ids[:30]), "userId": f"user-{number}"}
                answer = client.post("/bookings", json=wanted)
                if answer.is_success:
                    booking_id = answer.json()["bookingId"]
                    made.append(booking_id)
                    for act in dice.choice([["confirm", "cancel"], ["cancel"]]):
                        client.post(f"/bookings/{booking_id}/{act}")

    with ThreadPoolExecutor(CLIENTS) as threads:
        clients = [threads.submit(book, number) for number in range(CLIENTS)]
        try:
            eventually("the clients are at work", lambda: len(made) > CLIENTS)
            yield made
        finally:
            stopped.set()
        for client in clients:
            client.result()


def test_a_check_while_20_clients_book_raises_no_false_alarm(system: System, target: Target) -> None:
    with busy_clients(system) as made:
        before = len(made)
        for _ in range(CHECKS):
            report = check(target)
            assert (report.violations, report.late) == ([], [])
        # Else it has only looked at a table at rest.
        assert len(made) > before
    assert findings(scan(target, lambda _: None), now=datetime.now(UTC)) == []


def test_a_repair_while_users_confirm_leaves_a_sound_table_with_what_the_users_did(
    system: System, target: Target
) -> None:
    """Triggers are put back where they are missing, and bookings confirmed, at the same time."""
    provider_id, slot_ids = day_of_slots(system)
    held = [system.hold(provider_id, slot_id)["bookingId"] for slot_id in slot_ids[:CLIENTS]]
    for booking_id in held:
        eventually(f"{booking_id} is written", partial(written, system, booking_id))
        key = {"PK": {"S": f"BOOKING#{booking_id}"}, "SK": {"S": "EXPIRATION_TRIGGER"}}
        target.dynamodb.delete_item(TableName=target.name, Key=key)
    found = check(target).violations
    assert len(found) == CLIENTS

    with ThreadPoolExecutor(CLIENTS) as threads:
        repairs = [threads.submit(repair, target, [each]) for each in found]
        confirms = [threads.submit(system.post, f"/bookings/{each}/confirm", expect=200) for each in held[::2]]
        for future in [*repairs, *confirms]:
            future.result()

    assert check(target).violations == []
    for number, booking_id in enumerate(held):
        assert system.get(f"/bookings/{booking_id}")["status"] == ("PENDING" if number % 2 else "CONFIRMED")
