"""What the person at the terminal sees: one short line for each request and each batch."""

from __future__ import annotations

import contextlib
import datetime
import json
import secrets
import time
from typing import TYPE_CHECKING, Any

from rich.text import Text

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console, RenderableType

_CLIENT_ERROR = 400
_SERVER_ERROR = 500


class Terminal:
    """A monitor that writes to a console, in colour where there is one."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def show(self, what: RenderableType) -> None:
        """Write it. A terminal that was closed meanwhile must not keep anything from ending properly."""
        with contextlib.suppress(OSError, ValueError):
            # Lines are not broken here, or a command could not be copied from them.
            self._console.print(what, soft_wrap=True)

    def welcome(
        self, *, api_url: str, aws_url: str, hold_seconds: str, data_dir: Path, authentication: bool = False
    ) -> None:
        """Say that everything runs, where, and what to try."""
        facts = Text()
        for name, value in (
            ("API", api_url),
            ("AWS endpoint", aws_url),
            ("A hold lasts", f"{hold_seconds} s"),
            ("Data and logs", f"{data_dir}  (the application's own log is app.log)"),
        ):
            facts.append(f"  {name:<14} ", "dim").append(f"{value}\n")
        facts.append(f"  {'Authentication':<14} ", "dim")
        if authentication:
            facts.append("on; `make token USER=alice ROLE=customer` gives a token\n")
        else:
            facts.append("off: whoever reaches the API may do everything (`make run AUTHENTICATION=on`)\n", "yellow")
        commands = Text("\n\n".join(_commands(api_url, data_dir if authentication else None)), style="green")
        demo = Text("\nOr ").append(f"make demo PORT={api_url.rpartition(':')[2]}", "green")
        demo.append(" shows it all, an expiry too. Ctrl-C stops everything.\n")
        ready = Text("\nReady", style="bold green")
        if not authentication:
            ready.append(", with authentication OFF", "bold yellow")
        self.show(ready.append("\n"))
        self.show(facts)
        self.show(Text("To try, in another terminal:\n", style="bold"))
        self.show(commands)
        self.show(demo)

    def request_served(self, method: str, path: str, status: int, seconds: float) -> None:
        """Write a line for a request."""
        colour = "green" if status < _CLIENT_ERROR else "yellow" if status < _SERVER_ERROR else "bold red"
        self._line(f"{method:<6} {_short(path)}", str(status), colour, seconds)

    def batch_done(self, worker: str, *, size: int, failed: int, seconds: float) -> None:
        """Write a line for a batch."""
        outcome = f"{size} done" if not failed else f"{size - failed} done, {failed} to come again"
        self._line(worker, outcome, "red" if failed else "cyan", seconds)

    def trouble(self, source: str, text: str) -> None:
        """Write a line for what can't go on."""
        self._line(source, text, "bold red", None)

    def _line(self, what: str, outcome: str, colour: str, seconds: float | None) -> None:
        line = Text(no_wrap=True, overflow="ignore")
        line.append(time.strftime("%H:%M:%S  "), "dim")
        line.append(f"{what:<58} ")
        line.append(outcome, colour)
        if seconds is not None:
            line.append(f"  {seconds * 1000:.0f} ms", "dim")
        self.show(line)


def _commands(url: str, tokens_in: Path | None) -> list[str]:
    # A new name each time: the data of earlier runs is still there.
    provider = f"dr-{secrets.token_hex(2)}"
    tomorrow = (datetime.datetime.now(tz=datetime.UTC) + datetime.timedelta(days=1)).date().isoformat()
    window = {"date": tomorrow, "startTime": "09:00", "endTime": "12:00", "slotDurationMinutes": 30}
    ann, alice = (
        ""
        if tokens_in is None
        else f' \\\n  -H "Authorization: Bearer $(make -s token USER={user} ROLE={role} DATA_DIR={tokens_in})"'
        for user, role in ((provider, "provider"), ("alice", "customer"))
    )
    return [
        f"curl {url}/health/ready",
        _post(f"{url}/providers", {"providerId": provider, "name": "Dr. Example"}) + ann,
        _post(f"{url}/providers/{provider}/availability", window) + ann,
        f"curl '{url}/providers/{provider}/slots?date={tomorrow}'" + alice,
        _post(f"{url}/bookings", {"providerId": provider, "slotId": f"{tomorrow}T09:00", "userId": "alice"}) + alice,
    ]


def _post(url: str, body: dict[str, Any]) -> str:
    return f"curl {url} -H 'Content-Type: application/json' \\\n  -d '{json.dumps(body)}'"


def _short(path: str) -> str:
    # Control characters of a client must not reach the terminal.
    printable = "".join(character if character.isprintable() else "?" for character in path)
    return printable if len(printable) <= 90 else f"{printable[:87]}..."
