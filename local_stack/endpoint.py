"""The embedded AWS endpoint: MiniStack as a child process on the loopback interface."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HOST = "127.0.0.1"
_ROOT = Path(__file__).resolve().parent.parent
# What the child takes from our environment. Not more: many variables (SERVICES, AUTH, USE_SSL, ...) mean something to
# MiniStack, and the user set them for something else.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT", "VIRTUAL_ENV")


class EndpointError(Exception):
    """The endpoint did not start or did not stop as it should; the text is one line for the user."""


class StartCancelledError(EndpointError):
    """The start was given up because it was not wanted any more."""


class Endpoint:
    """One MiniStack process, which keeps its tables and queues in `directory` from run to run.

    It runs in a session of its own: a Ctrl-C in the terminal must not reach it before those who use it are done.
    It ends by itself, and saves, when this process dies in whatever way.
    """

    def __init__(self, *, directory: Path, port: int, keep_open: Sequence[int] = ()) -> None:
        """`keep_open`: descriptors that the child shall hold as long as it lives, such as that of a lock."""
        self._directory = directory.resolve()
        self._port = port
        self._keep_open = tuple(keep_open)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self._port}"

    @property
    def log_file(self) -> Path:
        """Where its output goes; begun anew at each start."""
        return self._directory / "endpoint.log"

    @property
    def process_id(self) -> int | None:
        """The child's process id while it was started and not stopped."""
        return None if self._process is None else self._process.pid

    def has_ended(self) -> bool:
        """Whether the child is gone though nobody stopped it."""
        return self._process is not None and self._process.poll() is not None

    def start(self, *, timeout: float = 30, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Start it and wait until it answers, at most `timeout` seconds or until `cancelled`.

        Raises EndpointError when it dies or does not answer in time, and StartCancelledError; nothing is left running
        then.
        """
        temporary = self._directory / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ} | {
            "GATEWAY_PORT": str(self._port),
            "BIND_HOST": HOST,
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self._directory / "state"),
            "LOG_LEVEL": "INFO",
            "TMPDIR": str(temporary),  # its process id file
            "PYTHONUNBUFFERED": "1",
            # What it would also do, and must not on somebody's machine: listen for MQTT and SFTP on all interfaces,
            # and clear away the containers of other MiniStacks when it finds a Docker daemon.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": f"unix://{temporary}/no-docker.sock",
        }
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local_stack._endpoint_child"],
                cwd=_ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=self._keep_open,
            )
        try:
            self._wait_until_ready(self._process, time.monotonic() + timeout, cancelled)
        except BaseException:
            with contextlib.suppress(EndpointError):
                self.stop()
            raise

    def stop(self, *, timeout: float = 20) -> None:
        """Let it save and end, at most `timeout` seconds; does nothing when it is not running.

        Raises EndpointError when it had to be killed or reported a failure: then what this run wrote may be lost.
        """
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        # End of input is the child's signal to save and stop. (A SIGTERM beside it could hit after its server's
        # handler is gone and before it has cleaned up.)
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise EndpointError(f"the AWS endpoint did not stop within {timeout:g} s; see {self.log_file}") from None
        if status not in (0, -signal.SIGTERM):
            raise EndpointError(f"the AWS endpoint ended with status {status}; see {self.log_file}")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait_until_ready(
        self, process: subprocess.Popen[bytes], deadline: float, cancelled: Callable[[], bool]
    ) -> None:
        while not answers(HOST, self._port):
            if (status := process.poll()) is not None:
                raise EndpointError(f"the AWS endpoint ended with status {status}{self._last_words()}")
            if cancelled():
                raise StartCancelledError("stopped while the AWS endpoint was starting")
            if time.monotonic() > deadline:
                raise EndpointError(f"the AWS endpoint did not answer in time; see {self.log_file}")
            time.sleep(0.02)

    def _last_words(self) -> str:
        lines = self.log_file.read_text(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f" ({last[:200]}); see {self.log_file}" if last else f"; see {self.log_file}"


def answers(host: str, port: int, *, path: str = "/_localstack/health", timeout: float = 2, tls: bool = False) -> bool:
    """Whether an AWS endpoint, MiniStack or LocalStack, answers there. Proxies of the environment are left aside."""
    make = http.client.HTTPSConnection if tls else http.client.HTTPConnection
    connection = make(host, port, timeout=timeout)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
