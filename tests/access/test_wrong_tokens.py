"""Every route that is not public, with every token that proves nothing, at the running system."""

import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from local_stack.issuer import AUDIENCE, KEY_ID, TokenMaker
from tests.access.places import Place
from tests.access.world import PRIVATE, World
from tests.identity.issuer import ec_key, public_pem, rsa_key
from tests.identity.test_tokens import unsigned
from tests.system import System


class Forger:
    """Makes tokens for a user out of what the issuer has, and of what it has not."""

    def __init__(self, maker: TokenMaker, user_id: str) -> None:
        self.maker = maker
        self._user_id = user_id

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {"iss": self.maker.url, "aud": AUDIENCE, "sub": self._user_id, "role": "admin", "exp": now + 600}
        return {name: value for name, value in {**claims, **changes}.items() if value is not None}

    def signed(self, *, key: Any = None, algorithm: str = "RS256", key_id: str = KEY_ID, **changes: Any) -> str:
        return jwt.encode(self.claims(**changes), key or self.maker.key, algorithm=algorithm, headers={"kid": key_id})

    def with_public_key(self) -> str:
        header, payload, _ = unsigned({"alg": "HS256", "kid": KEY_ID}, self.claims()).split(".")
        algorithm = jwt.get_algorithm_by_name("HS256")
        signature = algorithm.sign(f"{header}.{payload}".encode(), public_pem(self.maker.key))
        return f"{header}.{payload}.{jwt.utils.base64url_encode(signature).decode()}"


HEADERS: dict[str, Callable[[Forger], dict[str, str]]] = {
    "no token": lambda _: {},
    "an empty header": lambda _: {"Authorization": ""},
    "an empty token": lambda _: {"Authorization": "Bearer"},
    "garbage": lambda _: {"Authorization": "Bearer garbage"},
    "another scheme": lambda forger: {"Authorization": f"Basic {forger.signed()}"},
    "no scheme": lambda forger: {"Authorization": forger.signed()},
    **{
        kind: lambda forger, make=make: {"Authorization": f"Bearer {make(forger)}"}  # type: ignore[misc] # mypy gives a lambda's default no type
        for kind, make in {
            "expired": lambda forger: forger.signed(exp=int(time.time()) - 60),
            "not yet valid": lambda forger: forger.signed(nbf=int(time.time()) + 600),
            "wrong issuer": lambda forger: forger.signed(iss="https://other.example"),
            "wrong audience": lambda forger: forger.signed(aud="other"),
            "no audience": lambda forger: forger.signed(aud=None),
            "no end": lambda forger: forger.signed(exp=None),
            "nobody": lambda forger: forger.signed(sub=None),
            "alg: none": lambda forger: unsigned({"alg": "none", "kid": KEY_ID}, forger.claims()),
            "HS256 with the public key": lambda forger: forger.with_public_key(),
            "unknown key": lambda forger: forger.signed(key=rsa_key("two"), key_id="two"),
            "another key under a known id": lambda forger: forger.signed(key=rsa_key("two")),
            "another kind of key": lambda forger: forger.signed(key=ec_key(), algorithm="ES256"),
            "a changed token": lambda forger: forger.signed()[:-20] + "A" * 20,
            "a second signature": lambda forger: forger.signed() + ".x",
        }.items()
    },
}


@pytest.mark.parametrize("kind", HEADERS)
def test_a_token_that_proves_nothing_opens_no_route(running_place: Place, tokens: TokenMaker, kind: str) -> None:
    world = World(running_place)
    before = world.booking()
    headers = HEADERS[kind](Forger(tokens, world.customer))
    for route in PRIVATE:
        answer = world.send(route, headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED"), route
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert world.booking() == before


def test_the_same_claims_with_the_right_signature_do_open_them(running_place: Place, tokens: TokenMaker) -> None:
    """Or else the tests above would show nothing."""
    for route in PRIVATE:
        world = World(running_place)
        headers = {"Authorization": f"Bearer {Forger(tokens, world.customer).signed()}"}
        assert world.send(route, headers).is_success, route


def test_the_log_has_neither_tokens_nor_names(secured_system: System, running_place: Place, tokens: TokenMaker) -> None:
    world = World(running_place)
    token = tokens.token(world.customer, "customer")
    answer = world.send(("GET", "/users/{userId}/bookings"), {"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    forged = Forger(tokens, world.customer).signed(exp=int(time.time()) - 60)
    world.send(("GET", "/users/{userId}/bookings"), {"Authorization": f"Bearer {forged}"})
    log = secured_system.log()
    assert "token refused" in log
    for secret in (token, forged, forged.split(".")[1], world.customer, world.owner):
        assert secret not in log
