"""The issuer's public keys, by its discovery document and its JWKS (OpenID Connect Discovery 1.0; RFC 7517)."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import urllib3
from jwt import PyJWK, PyJWTError

_log = logging.getLogger(__name__)

MOST_BYTES: Final = 256 * 1024
"""Of a document of the issuer's."""

_FRESH_SECONDS: Final = 3600.0
"""After which the keys are asked for again: one that the issuer has withdrawn is believed no longer than this."""

_UNKNOWN_KEY_SECONDS: Final = 60.0
"""A token with an unknown key makes them asked for again, but not more often than this: anybody can send one."""

_PAUSE_SECONDS: Final = 5.0
"""How long an issuer that did not answer is left alone."""


class KeysUnavailableError(Exception):
    """The issuer's keys can't be had, so nobody's token can be checked. The text is for the log."""


class Fetch(Protocol):
    """Gets a document."""

    def __call__(self, url: str) -> bytes:
        """Its bytes. Raises `KeysUnavailableError`."""


class HttpFetch:
    """A `Fetch` over HTTP: within 3 s, without redirects, and no more than `MOST_BYTES`."""

    def __init__(self) -> None:
        timeout = urllib3.Timeout(connect=1.0, read=2.0, total=3.0)
        # To urllib3, a redirect is a retry.
        self._pool = urllib3.PoolManager(timeout=timeout, retries=False)

    def __call__(self, url: str) -> bytes:
        """The document. Raises `KeysUnavailableError`."""
        try:
            with self._pool.request("GET", url, preload_content=False) as response:
                document: bytes = response.read(MOST_BYTES + 1, decode_content=True)
                status = response.status
        except urllib3.exceptions.HTTPError as error:
            raise KeysUnavailableError(f"{url}: {error}") from error
        if status != 200 or len(document) > MOST_BYTES:
            raise KeysUnavailableError(f"{url}: status {status}, {len(document)} bytes")
        return document


class IssuerKeys:
    """The keys of one issuer, kept in memory. While it can't be reached, those that are known are believed."""

    def __init__(self, *, issuer: str, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds since whenever."""
        self._issuer = issuer
        self._fetch = fetch
        self._clock = clock
        self._keys: Mapping[str, PyJWK] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = Lock()

    def find(self, key_id: str) -> PyJWK | None:
        """The key with this id, or None. Raises `KeysUnavailableError` when no keys are known at all."""
        with self._lock:
            now = self._clock()
            if self._is_due(key_id, now):
                self._tried_at = now
                try:
                    self._keys = self._fetched()
                    self._fetched_at = now
                except KeysUnavailableError as error:
                    _log.warning("the issuer's keys can't be had", extra={"cause": str(error)})
            if not self._keys:
                raise KeysUnavailableError(self._issuer)
            return self._keys.get(key_id)

    def _is_due(self, key_id: str, now: float) -> bool:
        if now - self._tried_at < _PAUSE_SECONDS:
            return False
        age = now - self._fetched_at
        return age >= _FRESH_SECONDS or (key_id not in self._keys and now - self._tried_at >= _UNKNOWN_KEY_SECONDS)

    def _fetched(self) -> Mapping[str, PyJWK]:
        discovery = self._document(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        if discovery.get("issuer") != self._issuer:
            raise KeysUnavailableError(f"the discovery document is of another issuer: {discovery.get('issuer')!r}")
        address = discovery.get("jwks_uri")
        if not isinstance(address, str) or urlsplit(address).scheme not in {"https", urlsplit(self._issuer).scheme}:
            raise KeysUnavailableError(f"jwks_uri can't be used: {address!r}")
        entries = self._document(address).get("keys")
        if not isinstance(entries, list):
            raise KeysUnavailableError("the JWKS has no keys")
        return dict(filter(None, map(_usable, entries)))

    def _document(self, url: str) -> dict[str, Any]:
        try:
            document = json.loads(self._fetch(url))
        except (ValueError, RecursionError) as error:
            raise KeysUnavailableError(f"{url}: no JSON") from error
        if not isinstance(document, dict):
            raise KeysUnavailableError(f"{url}: no JSON object")
        return document


def _usable(entry: object) -> tuple[str, PyJWK] | None:
    """A key under its id, if it is one that signatures can be checked with; the others are the issuer's business."""
    if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str):
        return None
    if entry.get("use", "sig") != "sig" or entry.get("kty") not in {"RSA", "EC"}:
        return None
    try:
        return entry["kid"], PyJWK(entry)
    except (PyJWTError, NotImplementedError):
        return None
