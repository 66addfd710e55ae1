"""Every route, asked by everybody: the customer whose booking it is, another one, its provider, another, an admin."""

from collections.abc import Callable

import pytest

from chalicelib.handlers.access import RULES
from local_stack.issuer import TokenMaker
from tests.access.places import Place
from tests.access.world import PUBLIC, ROUTES, Route, World
from tests.builders import new_id
from tests.system import System

CALLERS: dict[str, Callable[[World], dict[str, str]]] = {
    "its customer": lambda world: world.bearer(world.customer, "customer"),
    "another customer": lambda world: world.bearer(f"other-{new_id()}", "customer"),
    "its provider": lambda world: world.bearer(world.owner, "provider"),
    "another provider": lambda world: world.bearer(f"other-{new_id()}", "provider"),
    "an admin": lambda world: world.bearer(f"admin-{new_id()}", "admin"),
    "its customer without a role": lambda world: world.bearer(world.customer, "visitor"),
    "its provider as a customer": lambda world: world.bearer(world.owner, "customer"),
}

EXPECTED: dict[Route, tuple[int, ...]] = {
    ("POST", "/providers"): (403, 403, 201, 201, 201, 403, 403),
    ("GET", "/providers/{providerId}"): (200, 200, 200, 200, 200, 403, 200),
    ("PATCH", "/providers/{providerId}"): (403, 403, 200, 403, 200, 403, 403),
    ("POST", "/providers/{providerId}/availability"): (403, 403, 201, 403, 201, 403, 403),
    ("GET", "/providers/{providerId}/availability"): (200, 200, 200, 200, 200, 403, 200),
    ("DELETE", "/providers/{providerId}/availability/{date}"): (403, 403, 200, 403, 200, 403, 403),
    ("GET", "/providers/{providerId}/slots"): (200, 200, 200, 200, 200, 403, 200),
    ("GET", "/providers/{providerId}/bookings"): (403, 403, 200, 403, 200, 403, 403),
    ("GET", "/users/{userId}/bookings"): (200, 403, 403, 403, 200, 403, 403),
    ("POST", "/bookings"): (202, 403, 202, 403, 202, 403, 403),
    ("GET", "/bookings/{bookingId}"): (200, 404, 200, 404, 200, 403, 404),
    ("POST", "/bookings/{bookingId}/confirm"): (200, 404, 200, 404, 200, 403, 404),
    ("POST", "/bookings/{bookingId}/cancel"): (200, 404, 200, 404, 200, 403, 404),
    ("POST", "/bookings/{bookingId}/reschedule"): (200, 404, 200, 404, 200, 403, 404),
    ("GET", "/bookings/{bookingId}/calendar.ics"): (200, 404, 200, 404, 200, 403, 404),
    **dict.fromkeys(PUBLIC, (200,) * len(CALLERS)),
}
"""The status for each of the callers. A new route has to be written down here, or the next test fails."""

CODES = {403: "FORBIDDEN", 404: "BOOKING_NOT_FOUND"}


def test_every_route_is_in_the_table() -> None:
    assert EXPECTED.keys() == RULES.keys()


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
@pytest.mark.parametrize("caller", CALLERS)
def test_who_may_what(place: Place, caller: str, route: Route) -> None:
    world = World(place)
    before = world.booking()
    answer = world.send(route, CALLERS[caller](world))
    assert answer.status_code == EXPECTED[route][list(CALLERS).index(caller)], answer.text
    if answer.status_code in CODES:
        assert answer.json()["code"] == CODES[answer.status_code]
        assert world.booking() == before, "what is refused changes nothing"


@pytest.mark.parametrize("route", PUBLIC, ids=" ".join)
def test_a_public_route_asks_nobody(place: Place, route: Route) -> None:
    world = World(place)
    for headers in ({}, {"Authorization": "Bearer garbage"}):
        assert world.send(route, headers).status_code == 200


@pytest.mark.parametrize("route", [route for route in ROUTES if "{bookingId}" in route[1]], ids=" ".join)
@pytest.mark.parametrize("caller", ["another customer", "another provider"])
def test_somebody_elses_booking_looks_like_one_that_does_not_exist(place: Place, caller: str, route: Route) -> None:
    world = World(place)
    headers = CALLERS[caller](world)
    missing = f"booking-{new_id()}"
    answers = [world.send(route, headers), world.send(route, headers, booking_id=missing)]
    bodies = [{**answer.json(), "requestId": ""} for answer in answers]
    bodies[0]["detail"] = bodies[0]["detail"].replace(world.booking_id, missing)
    assert bodies[0] == bodies[1]
    assert [answer.status_code for answer in answers] == [404, 404]
    names = [{name for name in answer.headers if name != "content-length"} for answer in answers]
    assert names[0] == names[1]


def test_a_booking_is_the_callers_unless_another_user_is_named(place: Place) -> None:
    world = World(place)
    body = {"providerId": world.provider_id, "slotId": world.slots[1]}
    me = f"me-{new_id()}"
    answer = place.http.post("/bookings", json=body, headers=world.bearer(me, "customer"))
    assert answer.status_code == 202
    assert answer.json()["userId"] == me


def test_a_provider_without_an_owner_is_the_admins(secured_system: System, tokens: TokenMaker) -> None:
    """Such as one that was made while authentication was off."""
    provider_id = f"p-{new_id()}"
    admin = {"Authorization": f"Bearer {tokens.token('admin', 'admin')}"}
    secured_system.http.post("/providers", json={"name": "Ann", "providerId": provider_id}, headers=admin)
    key = {"PK": {"S": f"PROVIDER#{provider_id}"}, "SK": {"S": "METADATA"}}
    table = secured_system.table
    table.dynamodb.update_item(TableName=table.name, Key=key, UpdateExpression="REMOVE ownerId")
    for user, role, status in (("admin", "provider", 403), ("admin", "admin", 200)):
        headers = {"Authorization": f"Bearer {tokens.token(user, role)}"}
        answer = secured_system.http.patch(f"/providers/{provider_id}", json={"name": "B"}, headers=headers)
        assert answer.status_code == status


def test_a_key_of_one_caller_tells_another_nothing(place: Place) -> None:
    """A provider may name a user, and not learn by trying what keys that user has sent."""
    world = World(place)
    body = {"providerId": world.provider_id, "slotId": world.slots[1], "userId": world.customer}
    first = place.http.post(
        "/bookings", json=body, headers={**world.bearer(world.customer, "customer"), "Idempotency-Key": "key"}
    )
    other = place.http.post(
        "/bookings", json=body, headers={**world.bearer(world.owner, "provider"), "Idempotency-Key": "key"}
    )
    assert (first.status_code, other.status_code) == (202, 409)
    assert other.json()["code"] == "SLOT_UNAVAILABLE"


def test_a_key_is_sent_again_for_the_same_user_or_it_is_another_request(place: Place) -> None:
    world = World(place)
    headers = {**world.bearer(world.owner, "provider"), "Idempotency-Key": "key"}
    body = {"providerId": world.provider_id, "slotId": world.slots[1], "userId": f"one-{new_id()}"}
    first, again, other = (
        place.http.post("/bookings", json={**body, **changes}, headers=headers)
        for changes in ({}, {}, {"userId": f"two-{new_id()}"})
    )
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize("body", [[], "text", None, 1])
def test_a_body_that_is_no_object_is_wrong_whoever_sends_it(place: Place, body: object) -> None:
    world = World(place)
    answer = place.http.post("/bookings", json=body, headers=world.bearer(world.customer, "customer"))
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")


@pytest.mark.parametrize(("role", "status"), [("customer", 403), ("provider", 404), ("admin", 404)])
def test_only_who_provides_is_told_that_there_is_no_such_provider(place: Place, role: str, status: int) -> None:
    world = World(place)
    path = f"/providers/none-{new_id()}"
    answer = place.http.patch(path, json={"name": "B"}, headers=world.bearer(world.owner, role))
    assert (answer.status_code, answer.json()["code"]) == (
        status,
        "FORBIDDEN" if status == 403 else "PROVIDER_NOT_FOUND",
    )
