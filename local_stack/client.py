"""A client of the booking API, local or deployed."""

from __future__ import annotations

import http.client
import json
import urllib.parse
from dataclasses import dataclass
from typing import Any

_TIMEOUT_SECONDS = 30
_CONNECTIONS = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}


class ApiError(Exception):
    """What was asked for is no booking API, or not in reach; the text is one line."""


class UnreachableError(ApiError):
    """Nothing answers."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; `body` is what its JSON says."""

    status: int
    body: dict[str, Any]


class Api:
    """The API at a URL, whose path is the gateway's stage if it has one."""

    def __init__(self, url: str) -> None:
        """Send nothing yet. Raises ApiError for what is no such URL."""
        parts = urllib.parse.urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in _CONNECTIONS or not parts.hostname or port == -1:
            raise ApiError(f"--url must be like http://127.0.0.1:8000 or https://api.example.com/stage, not {url}")
        self._url = url
        self._connection = _CONNECTIONS[parts.scheme]
        self._address = (parts.hostname, port)
        self._stage = parts.path.rstrip("/")

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, *, token: str | None = None) -> Answer:
        """Send one request. Raises UnreachableError, and ApiError when the answer is no JSON object."""
        connection = self._connection(*self._address, timeout=_TIMEOUT_SECONDS)
        try:
            headers = {} if body is None else {"Content-Type": "application/json"}
            if token is not None:
                headers["Authorization"] = f"Bearer {token}"
            connection.request(method, self._stage + path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            document = json.loads(response.read())
        except (OSError, http.client.HTTPException) as error:
            raise UnreachableError(f"no booking API answers at {self._url}: {error}") from None
        except ValueError:
            raise ApiError(f"what answers at {self._url} is no booking API: {method} {path} gave no JSON") from None
        finally:
            connection.close()
        if not isinstance(document, dict):
            raise ApiError(f"what answers at {self._url} is no booking API: {method} {path} gave no JSON object")
        return Answer(response.status, document)
