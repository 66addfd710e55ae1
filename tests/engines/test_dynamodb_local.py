"""How DynamoDB Local runs here, and what is said where it can't."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.engines import dynamodb_local as engine
from tests.engines.dynamodb_local import DynamoDbLocal, DynamoDbLocalError, what_is_missing
from tests.system import ROOT, eventually

A_JDK = "java.base@17.0.15\njdk.compiler@17.0.15\n"
A_RUNTIME = "java.base@17.0.15\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As the installation leaves it, but empty files."""
    (tmp_path / "DynamoDBLocal_lib").mkdir()
    (tmp_path / "DynamoDBLocal_lib/libsqlite4java-linux-amd64.so").touch()
    (tmp_path / "installed.stamp").touch()
    return tmp_path


def said(
    folder: Path, *, java_modules: str = A_JDK, system: str = "Linux", machine: str = "x86_64", stamp: bool = True
) -> str:
    """What is said to be missing; nothing if all is there."""
    if not stamp:
        (folder / "installed.stamp").unlink()
    line = what_is_missing(folder, java_modules=java_modules, system=system, machine=machine) or ""
    assert "\n" not in line
    return line


def test_where_all_is_there_nothing_is_missing(folder: Path) -> None:
    assert said(folder) == ""


@pytest.mark.parametrize("modules", ["", A_RUNTIME], ids=["no-java", "no-compiler"])
def test_without_a_jdk_that_is_said(folder: Path, modules: str) -> None:
    assert "java of a JDK" in said(folder, java_modules=modules)


def test_without_its_files_it_is_said_what_puts_them_there(folder: Path) -> None:
    line = said(folder, stamp=False)
    assert "make test" in line
    assert str(folder) in line


@pytest.mark.parametrize(("system", "machine"), [("Windows", "AMD64"), ("Linux", "riscv64")])
def test_a_machine_that_it_has_no_storage_for_is_named(folder: Path, system: str, machine: str) -> None:
    assert f"{system} on {machine}" in said(folder, system=system, machine=machine)


def test_storage_that_is_not_in_the_folder_is_named(folder: Path) -> None:
    assert "libsqlite4java-osx-aarch64.dylib" in said(folder, system="Darwin", machine="arm64")


def test_it_listens_on_the_loopback_address_alone(dynamodb_local: DynamoDbLocal) -> None:
    port = urlsplit(dynamodb_local.url).port or 0
    with socket.create_connection(("127.0.0.1", port)):
        pass
    # Linux has all of 127.0.0.0/8: a server that listened on every interface would answer here as well.
    with pytest.raises(OSError, match=re.compile("refused|assign", re.IGNORECASE)):
        socket.create_connection(("127.0.0.2", port)).close()


def test_what_does_not_start_says_why_in_one_line(tmp_path: Path) -> None:
    engine.required()
    with (
        pytest.raises(DynamoDbLocalError, match=r"^DynamoDB Local did not start: .*error") as refused,
        engine.running(tmp_path, log_file=tmp_path / "log"),
    ):
        raise AssertionError("it runs in a folder that it is not in")
    assert "\n" not in str(refused.value)


STARTER = """
import sys
from pathlib import Path
from tests.engines.dynamodb_local import FOLDER, running

with running(FOLDER, log_file=Path(sys.argv[1])) as local:
    print(local.url, flush=True)
    sys.stdin.read()
"""


def test_it_ends_when_the_tests_are_killed(tmp_path: Path) -> None:
    engine.required()
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path / "log")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout
        port = urlsplit(starter.stdout.readline().strip()).port
        assert port
        starter.send_signal(signal.SIGKILL)

    def gone() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0

    eventually("nobody listens", gone)
