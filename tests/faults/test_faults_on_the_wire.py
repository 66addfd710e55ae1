"""Every AWS call of every path meets every fault: the answer is right or says "try again", and nothing is half done.

The calls are those that a run without faults makes, so a call that is added to a path is tested from then on.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.aws import CLIENT_CONFIG
from chalicelib.dao import keys
from chalicelib.dao.items import Item, to_slot
from chalicelib.domain.models import Booking, Slot
from chalicelib.queue.message import decode
from operations.invariants import violations
from tests.builders import HOLD
from tests.faults.faults import TRIES, Fault, Plan, Strikes
from tests.faults.paths import PATHS, Outcome, Path
from tests.faults.world import Bench, World
from tests.handlers.api import Answer, Api, assert_problem
from tests.system import ROOT

GATEWAY_TIMEOUT_SECONDS = 29
SENDS = "sqs.SendMessage"
WITHOUT_AWS = {"/health", "/openapi.json", "/docs", "/docs/swagger-ui.css", "/docs/swagger-ui.js"}


@dataclass(frozen=True)
class Undisturbed:
    """A run without faults."""

    at: datetime
    bookings: list[Booking]
    before: list[Item]
    after: Any
    calls: list[str]
    outcome: Any
    asked: list[tuple[str, str]]
    kept: int
    """How many dead letters it left."""


Runs = Callable[[Path], Undisturbed]


@pytest.fixture(scope="session")
def undisturbed(bench: Bench) -> Runs:
    """Runs without faults, each path once."""
    done: dict[str, Undisturbed] = {}

    def run(path: Path) -> Undisturbed:
        if path.name not in done:
            preparing = World(bench, bench.settings)
            path.prepare(preparing)
            before = bench.items()
            world = world_at(bench, path, preparing.clock(), preparing.bookings, before)
            outcome = shown(world, path.act(world))
            after = rows(world.told(bench.items()))
            kept = len(dead_letters(world)) if SENDS in world.calls else 0
            done[path.name] = Undisturbed(
                preparing.clock(), preparing.bookings, before, after, list(world.calls), outcome, world.api.asked, kept
            )
        return done[path.name]

    return run


def world_at(bench: Bench, path: Path, now: datetime, bookings: list[Booking], items: Iterable[Item]) -> World:
    """The world as it is before the path's act."""
    settings = bench.settings
    if path.queue_is_gone:
        settings = settings.model_copy(update={"booking_queue_url": settings.booking_queue_url + "-gone"})
    world = World(bench, settings, now=now, bookings=bookings)
    bench.restore(items)
    return world


def shown(world: World, outcome: Outcome) -> Any:
    """An outcome as it can be compared with that of another run."""
    if isinstance(outcome, Answer):
        if "json" not in outcome.headers["Content-Type"]:
            return world.told([outcome.status, outcome.text])
        body = {name: value for name, value in outcome.json.items() if name != "requestId"}
        return world.told([outcome.status, body])
    return outcome


def rows(items: Iterable[Item]) -> list[Item]:
    return sorted(items, key=lambda item: (item["PK"], item["SK"]))


def dead_letters(world: World) -> list[str]:
    _, *dead_letter_queues = world.bench.queue_urls
    return [body for queue_url in dead_letter_queues for body in world.bench.received(queue_url)]


def plans(fault: Fault, strikes: Strikes, calls: list[str]) -> list[Plan]:
    return [Plan(fault, strikes, at) for at in range(len(calls))]


def of_every_path(function: Any) -> Any:
    return pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)(function)


of_every_fault = pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name.lower())


@of_every_fault
@of_every_path
def test_a_fault_that_strikes_once_is_not_seen(bench: Bench, undisturbed: Runs, path: Path, fault: Fault) -> None:
    normal = undisturbed(path)
    for plan in plans(fault, Strikes.ONCE, normal.calls):
        world = world_at(bench, path, normal.at, normal.bookings, normal.before)
        world.strike(plan)
        outcome = path.act(world)
        assert world.recover() == 1, plan
        assert world.calls == normal.calls, plan
        assert shown(world, outcome) == normal.outcome, plan
        assert rows(world.told(bench.items())) == normal.after, plan
        if normal.kept:
            assert len(dead_letters(world)) >= normal.kept, plan


@of_every_fault
@of_every_path
def test_a_call_that_fails_at_every_try_is_a_503_or_a_record_to_be_delivered_again(
    bench: Bench, undisturbed: Runs, path: Path, fault: Fault
) -> None:
    normal = undisturbed(path)
    for plan in plans(fault, Strikes.EVERY_TRY, normal.calls):
        world = world_at(bench, path, normal.at, normal.bookings, normal.before)
        world.strike(plan)
        outcome = path.act(world)
        assert world.recover() == TRIES, plan
        assert_try_again(outcome)
        assert_nothing_is_half_done(world, path, normal, plan)
        assert_works_again(world, path, normal)


@of_every_path
def test_an_outage_in_the_midst_leaves_nothing_that_the_deadline_does_not_end(
    bench: Bench, undisturbed: Runs, path: Path
) -> None:
    normal = undisturbed(path)
    for plan in plans(Fault.SERVER_ERROR, Strikes.FROM_THEN_ON, normal.calls):
        world = world_at(bench, path, normal.at, normal.bookings, normal.before)
        world.strike(plan)
        outcome = path.act(world)
        failed_calls = len(world.calls) - plan.at
        assert world.recover() == TRIES * failed_calls, plan
        assert failed_calls * longest_call_seconds() < GATEWAY_TIMEOUT_SECONDS, world.calls
        assert_try_again(outcome)
        assert_nothing_is_half_done(world, path, normal, plan)
        assert_works_again(world, path, normal)


def test_every_route_and_every_operation_on_aws_is_on_a_path(bench: Bench, undisturbed: Runs) -> None:
    """So a new one can't be forgotten here."""
    runs = [undisturbed(path) for path in PATHS]
    asked = {each for run in runs for each in run.asked}
    api = Api()
    for route, methods in api.app.routes.items():
        pattern = re.sub(r"{\w+}", "[^/]+", route)
        for method in methods:
            known = "segment" in route or route in WITHOUT_AWS
            assert known or any(method == used and re.fullmatch(pattern, path) for used, path in asked), (method, route)
    source = "".join(file.read_text() for file in (ROOT / "chalicelib").rglob("*.py"))
    operations = re.findall(r'_client\.(?:get_paginator\("(\w+)"|(\w+)\()', source)
    made = {call.partition(".")[2] for run in runs for call in run.calls}
    names = {**bench.clients.dynamodb.meta.method_to_api_mapping, **bench.clients.sqs.meta.method_to_api_mapping}
    assert {names[paginated or method] for paginated, method in operations} == made


def assert_try_again(outcome: Outcome) -> None:
    if isinstance(outcome, Answer):
        assert_problem(outcome, 503, "SERVICE_UNAVAILABLE")
        assert int(outcome.headers["Retry-After"]) > 0
    else:
        assert outcome == ["failed"]


def assert_nothing_is_half_done(world: World, path: Path, normal: Undisturbed, plan: Plan) -> None:
    """All or nothing was done; a hold was taken back, or where that was hit as well, its deadline does so."""
    now = world.bench.items()
    assert violations(now, now=world.clock() + path.clocks_differ_by) == [], plan
    last = len(world.calls) - 1
    if path.is_taken_back and plan.hits(last) and (last > plan.at or path.queue_is_gone):
        over = world.clock() + HOLD + timedelta(seconds=1)
        assert as_at_the_deadline(now, over) == as_at_the_deadline(normal.before, over), plan
    else:
        done = not path.is_taken_back and rows(world.told(now)) == normal.after
        assert done or but_for_holds(now) == but_for_holds(normal.before), plan


def but_for_holds(items: Iterable[Item]) -> list[Item]:
    """What is in the table, but for what users hold: one that was taken back is found to be over where it matters."""
    return [item for item in rows(items) if item["SK"] != keys.HOLDS]


def as_at_the_deadline(items: Iterable[Item], deadline: datetime) -> list[Item | Slot]:
    """What is in the table, but for holds that are over by then, and what remembers the request that made one."""
    seen: list[Item | Slot] = []
    for item in but_for_holds(items):
        if item["SK"].startswith(keys.SLOT_PREFIX):
            seen.append(to_slot(item).seen_at(deadline))
        elif item["SK"] != keys.EXPIRATION_TRIGGER and not item["SK"].startswith(keys.IDEMPOTENCY_PREFIX):
            seen.append(item)
    return seen


def assert_works_again(world: World, path: Path, normal: Undisturbed) -> None:
    """When the fault is over, the same request or record is done, and so are messages that got through before."""
    if SENDS in world.calls:
        for body in world.bench.received(world.bench.settings.booking_queue_url):
            world.application.services.bookings.create(decode(body))
    outcome = path.act(world)
    if isinstance(outcome, Answer) and outcome.status == 409 and normal.outcome[0] != 409:
        world.clock.advance(seconds=HOLD.total_seconds() + 1)
        outcome = path.act(world)
    if isinstance(outcome, Answer):
        assert outcome.status == normal.outcome[0]
    else:
        assert outcome == normal.outcome
        if normal.kept:
            assert len(dead_letters(world)) >= normal.kept
    assert violations(world.bench.items(), now=world.clock() + path.clocks_differ_by) == []


def longest_call_seconds() -> float:
    """How long a call may take that fails at every try, by the time-outs and botocore's waits of up to 1, 2, ... s."""
    config: Any = CLIENT_CONFIG
    waits = sum(2.0**retry for retry in range(TRIES - 1))
    return float(TRIES * (config.connect_timeout + config.read_timeout) + waits)
