"""The issuer's keys: fetched when needed, kept, and never believed without reason."""

import gzip
import json
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest

from chalicelib.identity.keys import MOST_BYTES, HttpFetch, IssuerKeys, KeysUnavailableError
from local_stack.endpoint import HOST
from tests.identity.issuer import URL, Documents, ec_key, entry, rsa_key
from tests.identity.server import Served, serving
from tests.ports import free_port


class World:
    """Keys of an issuer, and the time that passes."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.documents = Documents()
        self.times_read = 0
        self.keys = IssuerKeys(issuer=URL, fetch=self.documents, clock=self.clock)

    def clock(self) -> float:
        self.times_read += 1
        return self.now

    @property
    def times_fetched(self) -> int:
        return self.documents.fetched.count(f"{URL}/.well-known/openid-configuration")


@pytest.fixture
def world() -> World:
    return World()


def test_a_key_is_fetched_once_and_kept(world: World) -> None:
    first = world.keys.find("one")
    assert first is not None
    assert world.keys.find("one") is first
    assert world.times_fetched == 1


def test_one_reading_of_the_clock_decides_whether_to_ask_and_says_when_that_was(world: World) -> None:
    world.keys.find("one")
    assert world.times_read == 1


def test_an_unknown_key_is_looked_for_but_at_most_once_a_minute(world: World) -> None:
    assert world.keys.find("two") is None
    for _ in range(100):
        assert world.keys.find("two") is None
    assert world.times_fetched == 1

    world.documents.keys.append(entry("two", rsa_key("two")))
    world.now += 59
    assert world.keys.find("two") is None
    world.now += 1
    assert world.keys.find("two") is not None
    assert world.times_fetched == 2


def test_other_keys_are_found_while_an_unknown_one_waits(world: World) -> None:
    world.keys.find("two")
    assert world.keys.find("one") is not None


def test_a_key_that_the_issuer_has_withdrawn_is_believed_an_hour_at_most(world: World) -> None:
    world.keys.find("one")
    world.documents.keys = [entry("two", rsa_key("two"))]
    world.now += 3599
    assert world.keys.find("one") is not None
    world.now += 1
    assert world.keys.find("one") is None


def test_while_the_issuer_is_down_known_keys_are_believed_and_it_is_left_alone(world: World) -> None:
    world.keys.find("one")
    world.documents.down = True
    world.now += 4000
    for _ in range(100):
        assert world.keys.find("one") is not None
    assert world.times_fetched == 2


def test_without_any_keys_nobody_can_be_told_until_the_issuer_is_back(world: World) -> None:
    world.documents.down = True
    for _ in range(3):
        with pytest.raises(KeysUnavailableError):
            world.keys.find("one")
    assert world.times_fetched == 1, "it is not asked again at once"
    world.documents.down = False
    world.now += 5
    assert world.keys.find("one") is not None


@pytest.mark.parametrize(
    "discovery",
    [
        pytest.param({"issuer": "https://other.example", "jwks_uri": f"{URL}/keys"}, id="another issuer's"),
        pytest.param({"issuer": URL + "/", "jwks_uri": f"{URL}/keys"}, id="almost the issuer's"),
        pytest.param({"jwks_uri": f"{URL}/keys"}, id="nobody's"),
        pytest.param({"issuer": URL}, id="no address"),
        pytest.param({"issuer": URL, "jwks_uri": 7}, id="a number"),
        pytest.param({"issuer": URL, "jwks_uri": "http://issuer.example/keys"}, id="in the clear"),
        pytest.param({"issuer": URL, "jwks_uri": "file:///etc/passwd"}, id="a file"),
        pytest.param([], id="a list"),
        pytest.param(None, id="null"),
    ],
)
def test_a_discovery_document_that_is_wrong_gives_no_keys(world: World, discovery: Any) -> None:
    world.documents.discovery = discovery
    with pytest.raises(KeysUnavailableError):
        world.keys.find("one")
    assert len(world.documents.fetched) == 1, "nothing is asked for that it names"


@pytest.mark.parametrize("address", [f"http://{HOST}:8002/keys", "https://keys.example/"])
def test_an_issuer_on_this_machine_may_have_its_keys_in_the_clear(address: str) -> None:
    issuer = f"http://{HOST}:8002"
    documents = Documents(discovery={"issuer": issuer, "jwks_uri": address})
    assert IssuerKeys(issuer=issuer, fetch=documents).find("one") is not None
    assert documents.fetched == [f"{issuer}/.well-known/openid-configuration", address]


@pytest.mark.parametrize("raw", [b"", b"<html>", b"\xff", b"[" * 100_000, b"[]", b"{}", b'{"keys": {}}'])
def test_a_key_set_that_is_none_gives_no_keys(world: World, raw: bytes) -> None:
    world.documents.raw = {f"{URL}/keys": raw}
    with pytest.raises(KeysUnavailableError):
        world.keys.find("one")


@pytest.mark.parametrize(
    "unusable",
    [
        pytest.param({"kty": "oct", "kid": "bad", "k": "c2VjcmV0"}, id="symmetric"),
        pytest.param(entry("bad", rsa_key("one"), use="enc"), id="for encryption"),
        pytest.param({**entry("bad", rsa_key("one")), "n": "!"}, id="broken"),
        pytest.param({**entry("bad", rsa_key("one")), "kid": None}, id="without an id"),
        pytest.param({**entry("bad", rsa_key("one")), "kid": ["bad"]}, id="an id that is a list"),
        pytest.param({**entry("bad", rsa_key("one")), "alg": "none"}, id="for signing nothing"),
        pytest.param({"kty": "RSA", "kid": "bad"}, id="empty"),
        pytest.param({"kty": "OKP", "kid": "bad", "crv": "Ed25519", "x": "AA"}, id="of another kind"),
        pytest.param("bad", id="text"),
    ],
)
def test_a_key_that_can_not_be_used_is_passed_over(world: World, unusable: Any) -> None:
    world.documents.keys = [unusable, entry("one", rsa_key("one")), entry("two", ec_key())]
    assert world.keys.find("bad") is None
    assert world.keys.find("one") is not None
    assert world.keys.find("two") is not None


def test_whoever_comes_while_the_keys_are_fetched_waits_for_them(world: World) -> None:
    is_fetching, goes_on = threading.Event(), threading.Event()

    def slowly(url: str) -> bytes:
        is_fetching.set()
        goes_on.wait(60)
        return world.documents(url)

    keys = IssuerKeys(issuer=URL, fetch=slowly, clock=world.clock)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(keys.find, "one")
        is_fetching.wait(60)
        second = threads.submit(keys.find, "one")
        # What would not wait has an answer by then.
        wait([second], timeout=0.2)
        goes_on.set()
        assert first.result() is second.result() is not None
    assert world.times_fetched == 1


def test_documents_are_fetched_over_http() -> None:
    with serving(Served(body=b"[]")) as url:
        assert HttpFetch()(url) == b"[]"


def test_a_document_may_come_compressed() -> None:
    with serving(Served(body=gzip.compress(b"[]"), headers={"Content-Encoding": "gzip"})) as url:
        assert HttpFetch()(url) == b"[]"


def test_a_document_may_have_so_many_bytes_and_no_more() -> None:
    with serving(Served(body=b"x" * MOST_BYTES)) as url:
        assert len(HttpFetch()(url)) == MOST_BYTES


@pytest.mark.parametrize(
    "served",
    [
        pytest.param(Served(status=500), id="500"),
        pytest.param(Served(headers={"Location": "/elsewhere"}, status=302), id="a redirect"),
        pytest.param(Served(body=b"x" * (MOST_BYTES + 1)), id="too large"),
        pytest.param(
            Served(body=gzip.compress(b"x" * (MOST_BYTES + 1)), headers={"Content-Encoding": "gzip"}), id="a bomb"
        ),
        pytest.param(Served(body=b"no gzip", headers={"Content-Encoding": "gzip"}), id="broken"),
        pytest.param(Served(hangs=True), id="no answer"),
    ],
)
def test_what_can_not_be_fetched_is_told(served: Served) -> None:
    with serving(served) as url, pytest.raises(KeysUnavailableError, match=HOST):
        HttpFetch()(url)
    assert served.asked == ["/"], "it is asked once, and no other is"


def test_where_nothing_listens_nothing_is_fetched() -> None:
    with pytest.raises(KeysUnavailableError):
        HttpFetch()(f"http://{HOST}:{free_port()}/")


def test_the_documents_of_these_tests_are_those_of_an_issuer() -> None:
    assert json.loads(Documents()(f"{URL}/keys"))["keys"][0]["kid"] == "one"
