from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from local_stack.terminal import Terminal


def test_each_event_is_one_line() -> None:
    output = io.StringIO()
    terminal = Terminal(Console(file=output, width=40))

    terminal.request_served("GET", "/providers/" + "x" * 300, 200, 0.0123)
    terminal.request_served("POST", "/a\x1b[2J\n[bold]", 500, 0)
    terminal.batch_done("worker", size=3, failed=0, seconds=0.5)
    terminal.batch_done("worker", size=3, failed=1, seconds=0.5)
    terminal.trouble("worker", "can't poll")

    lines = output.getvalue().splitlines()
    assert len(lines) == 5
    assert "200  12 ms" in lines[0]
    assert len(lines[0]) < 130
    assert "/a?[2J?[bold]" in lines[1]
    assert "3 done  500 ms" in lines[2]
    assert "2 done, 1 to come again" in lines[3]
    assert "can't poll" in lines[4]


def test_the_welcome_names_what_one_needs_and_its_commands_are_not_broken() -> None:
    output = io.StringIO()

    Terminal(Console(file=output, width=40)).welcome(
        api_url="http://127.0.0.1:8000",
        aws_url="http://127.0.0.1:4566",
        hold_seconds="300",
        data_dir=Path("/somewhere/data"),
    )

    text = output.getvalue()
    for expected in ("http://127.0.0.1:4566", "300 s", "/somewhere/data", "make demo PORT=8000", "Ctrl-C"):
        assert expected in text
    commands = [line for line in text.replace("\\\n", "").splitlines() if line.startswith("curl")]
    assert len(commands) == 5
    assert all(command.count("'") % 2 == 0 for command in commands)


def test_a_closed_terminal_hurts_nobody() -> None:
    output = io.StringIO()
    terminal = Terminal(Console(file=output))
    output.close()

    terminal.trouble("worker", "nobody reads this")
