"""Amazon's DynamoDB Local, in a process of its own."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from typing import Any

import boto3
import pytest
from botocore.config import Config

from chalicelib.aws import CLIENT_CONFIG

FOLDER = Path(sys.prefix) / "dynamodb-local"
"""Where `make test` puts it: beside what this Python has installed."""

REGION = "us-east-1"
"""Where its clients think it is. Each region and access key has tables of its own."""

STAMP = "installed.stamp"
"""The file in the folder that says that all of it is there."""

PATIENT = Config(read_timeout=60, retries={"mode": "standard", "total_max_attempts": 1})
"""For calls that may take long on a busy machine and can't be repeated, such as one that makes a table."""

_LAUNCHER = Path(__file__).with_name("LoopbackDynamoDb.java")
_LIBRARIES = "DynamoDBLocal_lib"
_PATIENCE_SECONDS = 60
_NATIVE = {
    ("Linux", "x86_64"): "libsqlite4java-linux-amd64.so",
    ("Linux", "aarch64"): "libsqlite4java-linux-aarch64.so",
    ("Darwin", "x86_64"): "libsqlite4java-osx-x86_64.dylib",
    ("Darwin", "arm64"): "libsqlite4java-osx-aarch64.dylib",
}
"""Its storage is native code, by system and machine as `platform` names them."""


class DynamoDbLocalError(Exception):
    """It did not start; the text is one line."""


def what_is_missing(folder: Path, *, java_modules: str, system: str, machine: str) -> str | None:
    """One line on what these tests need and don't find, or None.

    `java_modules` is what `java --list-modules` writes: a runtime without the compiler can't run the launcher.
    """
    if "jdk.compiler" not in java_modules:
        return "the tests on DynamoDB Local need the command java of a JDK, such as 17, on the PATH"
    native = _NATIVE.get((system, machine))
    if native is None:
        return f"the tests on DynamoDB Local can't run here: it has no storage for {system} on {machine}"
    if not (folder / STAMP).is_file():
        return f"the tests on DynamoDB Local need it in {folder}, where `make test` puts it if there is npm"
    if not (folder / _LIBRARIES / native).is_file():
        return f"the tests on DynamoDB Local need {native}, which its package does not have"
    return None


def java_modules() -> str:
    """What `java --list-modules` writes; nothing if there is no java, or one that is too old to know of modules."""
    java = shutil.which("java")
    if java is None:
        return ""
    return subprocess.run([java, "--list-modules"], capture_output=True, text=True, check=False).stdout


def required() -> Path:
    """The folder that it is in. Where something is missing, the test is skipped; in CI it fails."""
    missing = what_is_missing(FOLDER, java_modules=java_modules(), system=platform.system(), machine=platform.machine())
    if missing and os.environ.get("CI") == "true":
        pytest.fail(missing, pytrace=False)
    if missing:
        pytest.skip(missing)
    return FOLDER


@dataclass(frozen=True)
class DynamoDbLocal:
    """Where one answers."""

    url: str
    session: boto3.Session = field(
        default_factory=lambda: boto3.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION
        )
    )

    def client(self, service: str, config: Config = CLIENT_CONFIG) -> Any:
        """A client for `dynamodb` or `dynamodbstreams`, with the application's limits if no others are given."""
        # The types know each service by its name, and take no other string.
        make: Any = self.session.client
        return make(service, endpoint_url=self.url, config=config)


@contextmanager
def running(folder: Path, *, log_file: Path) -> Iterator[DynamoDbLocal]:
    """One without data on a free port of the loopback interface, for the length of a `with` block.

    `log_file` gets what it writes on standard error. Raises `DynamoDbLocalError`.
    """
    # The launcher is run from its source. Without a limit, the heap may grow to a quarter of the machine's memory.
    java = ["java", "-Xmx256m", "-XX:+UseSerialGC", f"-Djava.library.path={_LIBRARIES}"]
    with (
        log_file.open("wb") as log,
        subprocess.Popen(
            [*java, "-classpath", "DynamoDBLocal.jar", str(_LAUNCHER)],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,  # a Ctrl-C in the terminal must not reach it before the tests have ended
        ) as process,
    ):
        watchdog = Timer(_PATIENCE_SECONDS, process.kill)
        watchdog.start()
        try:
            port = process.stdout.readline().strip() if process.stdout else ""
        finally:
            watchdog.cancel()
        if not port:
            lines = log_file.read_text(errors="replace").split("\n")
            raise DynamoDbLocalError(f"DynamoDB Local did not start: {lines[0] or 'it did not say why'}")
        local = DynamoDbLocal(f"http://127.0.0.1:{port}")
        local.client("dynamodb", PATIENT).list_tables()  # the first call brings up its storage
        yield local
        # The end of the block closes its standard input, at which it ends, and waits for that.
