"""`python -m local_stack`: the whole system on one machine, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import errno
import fcntl
import logging
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from rich.console import Console

from local_stack.endpoint import HOST, EndpointError, StartCancelledError
from local_stack.environment import BadEnvironmentError, external_endpoint
from local_stack.stack import Options, Stack, StackError
from local_stack.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import FrameType

_LOCK_PATIENCE_SECONDS = 3.0
_DOUBLE_SECONDS = 0.5
_MAX_PORT = 65535


class UsageError(Exception):
    """What the user asked for can't be done; the text is one line."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


class StopRequests:
    """Turns SIGINT, SIGTERM and SIGHUP into a wish to stop, and a second Ctrl-C into a hurry.

    The handler sets plain attributes only: a lock could be held by the very code that it interrupts.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.stopping = False
        self.in_a_hurry = False
        self._clock = clock
        self._first_at = 0.0

    def install(self) -> None:
        """Begin to listen; must be called in the main thread."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.hear)

    def hear(self, number: int, _: FrameType | None = None) -> None:
        """Take note of a signal."""
        if not self.stopping:
            self.stopping, self._first_at = True, self._clock()
        elif number == signal.SIGINT and self._clock() - self._first_at > _DOUBLE_SECONDS:
            # Not within a moment of the first: the terminal and make may both pass the same Ctrl-C on.
            self.in_a_hurry = True


def main(arguments: Sequence[str]) -> int:
    """Run until told to stop; returns the exit status."""
    stop = StopRequests()
    stop.install()
    try:
        options = parse(arguments, os.environ)
        with _data_directory(options.data_dir) as lock:
            return _run(options, stop, lock)
    except StartCancelledError:
        return 0
    except (UsageError, BadEnvironmentError, StackError, EndpointError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _run(options: Options, stop: StopRequests, lock: int) -> int:
    _check_ports(options)
    log_file = options.data_dir / "app.log"
    with log_file.open("a", encoding="utf-8", buffering=1) as log:
        # The application writes its log to standard output, which is what Lambda wants. Here it goes to a file, so
        # that the terminal stays readable: whatever asks for `sys.stdout` from now on gets the file.
        terminal = Terminal(Console(file=sys.stdout, highlight=False))
        with contextlib.redirect_stdout(log):
            logging.basicConfig(
                handlers=[logging.FileHandler(options.data_dir / "local_stack.log", encoding="utf-8", delay=True)],
                level=logging.WARNING,
                format="%(asctime)s %(levelname)s %(name)s %(message)s",
            )
            stack = Stack(options, environ=os.environ, monitor=terminal, lock=lock)
            try:
                stack.start(cancelled=lambda: stop.stopping)
                if not stop.stopping:
                    terminal.welcome(
                        api_url=stack.api_url,
                        aws_url=stack.aws_url,
                        hold_seconds=options.hold_seconds,
                        data_dir=options.data_dir,
                        authentication=options.issuer_port is not None,
                    )
                failure = _wait(stack, stop)
            finally:
                if stop.stopping:
                    terminal.show(
                        "Stopping: finishing what is under way and saving the data (Ctrl-C again to hurry) ..."
                    )
                stack.stop(in_a_hurry=lambda: stop.in_a_hurry)
        if failure:
            raise StackError(failure)
        terminal.show("Stopped.")
    return 0


def _wait(stack: Stack, stop: StopRequests) -> str | None:
    while not stop.stopping:
        if failure := stack.has_failed():
            return failure
        time.sleep(0.1)
    return None


def parse(arguments: Sequence[str], environ: Mapping[str, str]) -> Options:
    """Read what the user asks for. Raises UsageError or BadEnvironmentError."""
    parser = _Parser(prog="python -m local_stack", description=__doc__, allow_abbrev=False)
    parser.add_argument("--port", default="8000", help="where the API answers (default 8000)")
    parser.add_argument("--aws-port", default="4566", help="where the embedded AWS endpoint answers (default 4566)")
    parser.add_argument("--hold-seconds", default="300", help="how long a slot is held for a booking (default 300)")
    parser.add_argument("--max-active-holds", default="5", help="how many slots a user can hold at a time (default 5)")
    parser.add_argument("--data-dir", default=".local", help="where data and logs are kept (default .local)")
    parser.add_argument("--authentication", default="off", help="on: tokens are needed (default off)")
    parser.add_argument("--issuer-port", default="8002", help="where that issuer answers (default 8002)")
    given = parser.parse_args(arguments)
    if not given.data_dir:
        raise UsageError("--data-dir (DATA_DIR) must not be empty")
    if given.authentication not in {"on", "off"}:
        raise UsageError(f"--authentication (AUTHENTICATION) must be on or off, not {given.authentication!r}")
    return Options(
        port=_port("--port (PORT)", given.port),
        aws_port=_port("--aws-port (AWS_PORT)", given.aws_port),
        hold_seconds=_one_or_more("--hold-seconds (HOLD_SECONDS)", given.hold_seconds),
        max_active_holds=_one_or_more("--max-active-holds (MAX_ACTIVE_HOLDS)", given.max_active_holds),
        data_dir=Path(given.data_dir).resolve(),
        external_url=external_endpoint(environ),
        issuer_port=_port("--issuer-port (ISSUER_PORT)", given.issuer_port) if given.authentication == "on" else None,
    )


def _one_or_more(name: str, text: str) -> str:
    """A number as the application's setting has it; what is too large, that one refuses in words of its own."""
    if not (text.isdecimal() and int(text) > 0):
        raise UsageError(f"{name} must be a whole number of 1 or more, not {text!r}")
    return text


def _port(name: str, text: str) -> int:
    if not (text.isdecimal() and 0 < int(text) <= _MAX_PORT):
        raise UsageError(f"{name} must be a whole number from 1 to {_MAX_PORT}, not {text!r}")
    return int(text)


@contextlib.contextmanager
def _data_directory(path: Path) -> Iterator[int]:
    """Make the directory and lock it; yields the lock's descriptor."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise UsageError(f"the data directory {path} can't be used: {error.strerror} (DATA_DIR=...)") from None
    try:
        # The endpoint's process holds the lock as well, until it has saved. So one that was left by a killed run and
        # is about to end is waited for.
        deadline = time.monotonic() + _LOCK_PATIENCE_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise UsageError(
                        f"another run uses the data directory {path}; choose one with DATA_DIR=..."
                    ) from None
                time.sleep(0.1)
        yield lock
    finally:
        os.close(lock)


def _check_ports(options: Options) -> None:
    wanted = [(options.port, "PORT")]
    if options.external_url is None:
        if options.port == options.aws_port:
            raise UsageError(f"PORT and AWS_PORT must differ, both are {options.port}")
        wanted.append((options.aws_port, "AWS_PORT"))
    if options.issuer_port is not None:
        if options.issuer_port in {port for port, _ in wanted}:
            raise UsageError(f"ISSUER_PORT must be another than PORT and AWS_PORT, but it is {options.issuer_port}")
        wanted.append((options.issuer_port, "ISSUER_PORT"))
    for port, variable in wanted:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                reason = "is in use" if error.errno == errno.EADDRINUSE else f"can't be opened ({error.strerror})"
                raise UsageError(f"port {port} {reason}; choose another with {variable}=...") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
