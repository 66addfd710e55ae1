"""`python -m deployment.smoke --url URL`: tries a deployed system, or a local one, for real.

It makes a provider of its own with one day of slots, and leaves it there: the API deletes nothing. A system with
authentication needs a token for that, of a provider or an admin: the variable TOKEN of the environment, since others
can read a command line.
"""

from __future__ import annotations

import argparse
import datetime
import http
import os
import sys
import time
import uuid
from typing import TYPE_CHECKING, Any, Protocol

from rich.console import Console
from rich.text import Text

from local_stack.client import Api, ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from local_stack.client import Answer

_PATIENCE_SECONDS = 30.0
_PAUSE_SECONDS = 0.5


class SmokeError(Exception):
    """The system does not do what it should; the text is one line."""


class Caller(Protocol):
    """Whatever answers the API's requests."""

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, *, token: str | None = None) -> Answer:
        """Send one request."""
        ...


class Smoke:
    """A walk through the API; stops at the first answer that is not what it should be."""

    def __init__(
        self,
        api: Caller,
        console: Console,
        *,
        today: datetime.date,
        token: str | None = None,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Without a `token`, the system must have authentication off."""
        self._api = api
        self._token = token
        self._console = console
        # Not tomorrow: that may be over somewhere already, and then nothing could be booked.
        self._date = str(today + datetime.timedelta(days=2))
        self._now = now
        self._sleep = sleep

    def run(self) -> None:
        """Try everything. Raises SmokeError when a step goes wrong, and ApiError when no API answers."""
        provider = f"smoke-{uuid.uuid4().hex[:12]}"
        day = f"/providers/{provider}/slots?date={self._date}"
        window = {"date": self._date, "startTime": "09:00", "endTime": "10:00", "slotDurationMinutes": 30}
        slot = f"{self._date}T09:00"

        self._expect("the process is up", 200, "GET", "/health")
        self._expect("table and queue answer", 200, "GET", "/health/ready")
        self._expect("an unknown path is a problem", 404, "GET", "/no/such/path", code="NOT_FOUND")
        if self._token is not None:
            self._lets_nobody_in("nobody gets in without a token", None)
            self._lets_nobody_in("nor with a made-up one", "made.up.token")
        self._expect("an invalid body is a problem", 400, "POST", "/providers", {"name": ""}, code="VALIDATION_FAILED")
        self._expect("a provider", 201, "POST", "/providers", {"providerId": provider, "name": "Smoke test"})
        self._expect("two free slots", 201, "POST", f"/providers/{provider}/availability", window)
        first = {"providerId": provider, "slotId": slot, "userId": "smoke-1"}
        booking = self._expect("the first is held", 202, "POST", "/bookings", first)
        path = f"/bookings/{booking.get('bookingId')}"
        self._until_readable(path)
        self._expect("it is confirmed", 200, "POST", f"{path}/confirm", status="CONFIRMED")
        second = first | {"userId": "smoke-2"}
        self._expect("nobody else can have it", 409, "POST", "/bookings", second, code="SLOT_UNAVAILABLE")
        self._is_free("and it is not offered", day, slot, free=False)
        self._until_listed(provider)
        self._expect("it is cancelled", 200, "POST", f"{path}/cancel", status="CANCELLED")
        self._is_free("and the slot is free again", day, slot, free=True)

    def _lets_nobody_in(self, step: str, token: str | None) -> None:
        path = "/providers/nobody"
        answer = self._api.call("GET", path, token=token)
        self._require(step, (401, "GET", path), answer, {"code": "UNAUTHENTICATED"})

    def _until_readable(self, path: str) -> None:
        self._wait_for(path, lambda answer: answer.status == http.HTTPStatus.OK)
        self._expect("the booking can be read", 200, "GET", path, status="PENDING")

    def _until_listed(self, provider: str) -> None:
        """The indexes are a moment behind."""
        path = f"/providers/{provider}/bookings?status=CONFIRMED&from={self._date}&to={self._date}"
        self._wait_for(path, lambda answer: bool(answer.body.get("bookings")))
        if not self._expect("the provider's list has it", 200, "GET", path).get("bookings"):
            raise SmokeError(f"the provider's list has it: {path} still lists nothing")

    def _wait_for(self, path: str, condition: Callable[[Answer], bool]) -> None:
        deadline = self._now() + _PATIENCE_SECONDS
        while not condition(self._api.call("GET", path, token=self._token)) and self._now() < deadline:
            self._sleep(_PAUSE_SECONDS)

    def _is_free(self, step: str, path: str, slot: str, *, free: bool) -> None:
        slots = [each.get("slotId") for each in self._expect(step, 200, "GET", path).get("slots", [])]
        if (slot in slots) is not free:
            raise SmokeError(f"{step}: slot {slot} is {'missing from' if free else 'among'} the free ones")

    def _expect(
        self, step: str, status: int, method: str, path: str, body: dict[str, Any] | None = None, /, **members: str
    ) -> dict[str, Any]:
        answer = self._api.call(method, path, body, token=self._token)
        self._require(step, (status, method, path), answer, members)
        return answer.body

    def _require(self, step: str, expected: tuple[int, str, str], answer: Answer, members: Mapping[str, str]) -> None:
        status, method, path = expected
        as_expected = answer.status == status and members.items() <= answer.body.items()
        line = Text("ok    " if as_expected else "FAIL  ", "green" if as_expected else "bold red")
        line.append(f"{step:<30}", "default").append(f"  {method} {path} ", "dim").append(str(answer.status))
        self._console.print(line, soft_wrap=True)
        if not as_expected:
            wanted = " ".join([str(status), *(f"with {name} {value}" for name, value in members.items())])
            raise SmokeError(f"{step}: {method} {path} should answer {wanted}, not {answer.status}: {answer.body}")


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Try the system; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m deployment.smoke", description=__doc__, allow_abbrev=False)
    parser.add_argument("--url", required=True, help="the API, as Terraform's output says it")
    given = parser.parse_args(arguments)
    try:
        today = datetime.datetime.now(tz=datetime.UTC).date()
        token = environment.get("TOKEN") or None
        Smoke(Api(given.url), Console(highlight=False), today=today, token=token).run()
    except (SmokeError, ApiError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
