"""`python -m local_stack.demo`: shows on the running system what it does, step by step, over HTTP alone."""

from __future__ import annotations

import argparse
import datetime
import http
import json
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from local_stack.client import Api, ApiError, UnreachableError
from local_stack.issuer import NoIssuerError, TokenMaker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from local_stack.client import Answer

_LONG_HOLD_SECONDS = 20.0
_EXPIRY_PATIENCE_SECONDS = 15.0

_DOCTOR = "dr-demo"
_ROLE_OF = {_DOCTOR: "provider"}
"""Everybody else is a customer."""


class DemoError(Exception):
    """The system did not do what the demonstration is about; the text is one line."""


class Demo:
    """A walk through the API; stops at the first answer that is not what it should be."""

    def __init__(
        self,
        api: Api,
        console: Console,
        *,
        wait: bool,
        today: datetime.date,
        token_for: Callable[[str, str], str] | None = None,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`wait`: sit an expiry out however long the hold lasts. `token_for` a user in a role, if tokens are needed."""
        self._api = api
        self._console = console
        self._wait = wait
        self._token_for = token_for
        self._date = (today + datetime.timedelta(days=1)).isoformat()
        self._now = now
        self._sleep = sleep
        self._step_number = 0

    def run(self) -> None:
        """Show everything. Raises DemoError when a step goes wrong, and ApiError when no API answers."""
        self._step("Is it up, and can it reach its table and its queue?")
        self._expect(200, "GET", "/health/ready")

        self._step("A provider")
        provider = f"demo-{uuid.uuid4().hex[:8]}"
        self._expect(
            201,
            "POST",
            "/providers",
            {"providerId": provider, "name": "Dr. Demo", "timeZone": "Europe/Berlin"},
            by=_DOCTOR,
        )

        self._step("Their hours for tomorrow become slots")
        window = {"date": self._date, "startTime": "09:00", "endTime": "11:00", "slotDurationMinutes": 30}
        self._expect(
            201, "POST", f"/providers/{provider}/availability", window, show=("slotsCreated", "timeZone"), by=_DOCTOR
        )
        slots = self._free_slots(provider, "alice")

        self._step("Alice asks for the first slot: it is held for her at once, the booking is made by the queue worker")
        alice = self._hold(provider, slots[0], "alice")

        self._step("Bob wants the same slot: a clean conflict, he can pick another")
        taken = {"providerId": provider, "slotId": slots[0], "userId": "bob"}
        self._expect(409, "POST", "/bookings", taken, show=("code", "detail"), by="bob")

        self._step("Alice confirms: the slot is hers")
        self._expect(200, "POST", f"/bookings/{alice['bookingId']}/confirm", show=("status", "confirmedAt"), by="alice")

        self._step("Bob takes the second slot, then thinks better of it: the slot is free again")
        bob = self._hold(provider, slots[1], "bob")
        self._expect(200, "POST", f"/bookings/{bob['bookingId']}/cancel", show=("status", "cancelledAt"), by="bob")
        self._require(slots[1] in self._free_slots(provider, "bob"), "the cancelled slot is not free")

        self._step("Carol holds the third slot and never confirms")
        self._show_expiry(provider, slots[2], self._hold(provider, slots[2], "carol"))

    def _show_expiry(self, provider: str, slot: str, booking: dict[str, Any]) -> None:
        left = datetime.datetime.fromisoformat(booking["expiresAt"]).timestamp() - self._now()
        if left > _LONG_HOLD_SECONDS and not self._wait:
            self._say(
                f"Her hold ends in {left:.0f} s. To see that happen: `make run HOLD_SECONDS=5`, then `make demo` "
                "again; or wait for it here with `python -m local_stack.demo --wait`.",
                "yellow",
            )
            return
        self._say(f"Her hold ends in {left:.0f} s; waiting for it ...", "dim")
        self._sleep(max(0.0, left))
        path = f"/bookings/{booking['bookingId']}"
        # The deadline is told by another clock than ours, and in whole seconds.
        deadline = self._now() + _EXPIRY_PATIENCE_SECONDS
        while (answer := self._call("GET", path, by="carol")).body.get("status") != "EXPIRED":
            self._require(self._now() < deadline, f"the booking did not expire: {answer.body}")
            self._sleep(0.2)

        self._step(
            "Her booking has expired. TTL and the stream worker tidy up: see expire_bookings where `make run` is"
        )
        self._expect(200, "GET", path, show=("status", "expiredAt"), by="carol")
        self._require(slot in self._free_slots(provider, "carol"), "the expired slot is not free")

        self._step("Dave books the slot that Carol let go")
        dave = self._hold(provider, slot, "dave")
        self._expect(
            200, "POST", f"/bookings/{dave['bookingId']}/confirm", show=("status", "userId", "slotId"), by="dave"
        )

    def _hold(self, provider: str, slot: str, user: str) -> dict[str, Any]:
        request = {"providerId": provider, "slotId": slot, "userId": user}
        return self._expect(
            202, "POST", "/bookings", request, show=("bookingId", "status", "startsAt", "expiresAt"), by=user
        )

    def _free_slots(self, provider: str, user: str) -> list[str]:
        path = f"/providers/{provider}/slots?date={self._date}"
        answer = self._expect(200, "GET", path, show=("count",), by=user)
        return [slot["slotId"] for slot in answer["slots"]]

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None, *, by: str = "") -> Answer:
        """Send a request as somebody, or as nobody."""
        if self._token_for is None or not by:
            return self._api.call(method, path, body)
        return self._api.call(method, path, body, token=self._token_for(by, _ROLE_OF.get(by, "customer")))

    def _expect(
        self,
        status: int,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        show: Sequence[str] = (),
        by: str = "",
    ) -> dict[str, Any]:
        answer = self._call(method, path, body, by=by)
        as_expected = answer.status == status
        line = Text("   ").append(f"{method} {path} ", "cyan").append("" if body is None else json.dumps(body), "dim")
        self._console.print(line, soft_wrap=True)
        result = Text("   → ").append(str(answer.status), "bold green" if as_expected else "bold red")
        for name in show:
            result.append(f"  {name} ", "dim").append(str(answer.body.get(name)))
        self._console.print(result, soft_wrap=True)
        self._require(as_expected, f"{method} {path} should have answered {status}, not {answer.status}: {answer.body}")
        return answer.body

    def _step(self, title: str) -> None:
        self._step_number += 1
        self._console.print()
        self._say(f"{self._step_number}. {title}", "bold")

    def _say(self, text: str, style: str) -> None:
        self._console.print(Text(text, style), soft_wrap=True)

    @staticmethod
    def _require(holds: bool, text: str) -> None:  # noqa: FBT001 - reads as a sentence
        if not holds:
            raise DemoError(text)


def main(arguments: Sequence[str]) -> int:
    """Run the demonstration; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local_stack.demo", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="the API (default http://127.0.0.1:8000)")
    parser.add_argument("--wait", action="store_true", help="wait for the expiry, however long the hold lasts")
    parser.add_argument(
        "--data-dir", type=Path, default=Path(".local"), help="the system's, for tokens if it asks for them"
    )
    given = parser.parse_args(arguments)
    console = Console(highlight=False)
    try:
        api = Api(given.url)
        needs_tokens = api.call("GET", "/providers/demo").status == http.HTTPStatus.UNAUTHORIZED
        Demo(
            api,
            console,
            wait=given.wait,
            today=datetime.datetime.now(tz=datetime.UTC).date(),
            token_for=TokenMaker.of(given.data_dir).token if needs_tokens else None,
        ).run()
    except UnreachableError as error:
        print(f"error: {error}; start it with `make run`", file=sys.stderr)
        return 1
    except (DemoError, ApiError, NoIssuerError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    console.print("\n[bold green]That was all of it.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
