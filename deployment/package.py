"""`python -m deployment.package`: makes what Terraform deploys, in `build/`.

- `deployment.zip`: the functions, as Chalice packs them, with the versions of `requirements/runtime.txt`, compiled;
- `api.json`: the REST API's body, see `deployment.openapi`;
- `package.json`: the runtime and the architecture that the zip is for.

All three are the same, byte for byte, whenever they are made from the same tree with the same Python.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deployment import archive, openapi

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[1]
LOCK = Path("requirements/runtime.txt")
ARCHITECTURE = "x86_64"
"""Chalice's default, whose wheels it fetches wherever it runs."""

_CHALICE = "from chalice.cli import main; raise SystemExit(main())"
_MEGABYTE = 1_000_000
_LARGEST = 5


class PackageError(Exception):
    """The package can't be made; the text is one line."""


def build(root: Path, environment: Mapping[str, str]) -> dict[str, bytes]:
    """The files of the package by name, made from a source tree. Raises PackageError."""
    locked = pins((root / LOCK).read_text(encoding="utf-8"))
    files = archive.needed(archive.contents(_chalice_zip(root, environment)))
    require_versions(archive.distributions(files), locked)
    made_for = {"architecture": ARCHITECTURE, "runtime": f"python{sys.version_info.major}.{sys.version_info.minor}"}
    return {
        "deployment.zip": archive.packed(archive.with_bytecode(files)),
        "api.json": openapi.text().encode(),
        "package.json": (json.dumps(made_for, indent=2, sort_keys=True) + "\n").encode(),
    }


def pins(lock: str) -> dict[str, str]:
    """The versions that a lock file gives for this Python, by normalised name."""
    lines = (line.partition("#")[0].strip() for line in lock.splitlines())
    requirements = [Requirement(line) for line in lines if line]
    return {
        canonicalize_name(requirement.name): str(requirement.specifier).removeprefix("==")
        for requirement in requirements
        if requirement.marker is None or requirement.marker.evaluate()
    }


def _chalice_zip(root: Path, environment: Mapping[str, str]) -> bytes:
    """What Chalice packs, from a copy of what it needs: so nothing else in the tree can get in."""
    with tempfile.TemporaryDirectory() as directory:
        project = Path(directory) / "project"
        shutil.copytree(root / "chalicelib", project / "chalicelib", ignore=shutil.ignore_patterns("__pycache__", ".*"))
        shutil.copy(root / "app.py", project)
        (project / ".chalice").mkdir()
        shutil.copy(root / ".chalice/config.json", project / ".chalice")
        shutil.copy(root / LOCK, project / "requirements.txt")
        finished = subprocess.run(  # noqa: S603 - our own arguments
            [sys.executable, "-c", _CHALICE, "package", "--pkg-format", "terraform", "packaged"],
            cwd=project,
            # It asks for a region, and sends nothing to AWS. A profile of the caller's is none of its business.
            env={name: value for name, value in environment.items() if not name.startswith("AWS_")}
            | {"AWS_DEFAULT_REGION": "us-east-1", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if finished.returncode:
            said = [line for line in finished.stderr.splitlines() if line.strip()] or ["it gave no reason"]
            raise PackageError(
                f"Chalice can't make the package; is the package index in reach? It says: {said[-1].strip()}"
            )
        return (project / "packaged/deployment.zip").read_bytes()


def require_versions(packed: Mapping[str, str], locked: Mapping[str, str]) -> None:
    """Chalice leaves out what it finds no wheel for, and goes on; that must not be deployed. Raises PackageError."""
    if missing := sorted(locked.keys() - packed.keys()):
        wanted = ", ".join(f"{name} {locked[name]}" for name in missing)
        raise PackageError(f"no wheel was found that Lambda's {ARCHITECTURE} can run, for: {wanted}")
    if other := sorted(name for name, version in packed.items() if locked.get(name) != version):
        found = ", ".join(f"{name} {packed[name]}" for name in other)
        raise PackageError(f"the zip would have what {LOCK} does not name (make lock): {found}")


def summary(package: Mapping[str, bytes]) -> str:
    """What was made, and what takes the room."""
    files = archive.contents(package["deployment.zip"])
    sizes = archive.top_level_sizes(files)
    target = json.loads(package["package.json"])
    packed, unpacked = len(package["deployment.zip"]) / _MEGABYTE, sizes.total() / _MEGABYTE
    lines = [
        f"build/deployment.zip  {packed:.1f} MB, {unpacked:.1f} MB unpacked, for {target['runtime']}",
        *(f"  {name:<22} {size / _MEGABYTE:5.1f} MB" for name, size in sizes.most_common(_LARGEST)),
        f"build/api.json        {len(json.loads(package['api.json'])['paths'])} paths",
    ]
    return "\n".join(lines)


def main(root: Path, environment: Mapping[str, str]) -> int:
    """Make the package of a source tree, in its folder `build`; returns the exit status."""
    try:
        package = build(root, environment)
    except PackageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    (root / "build").mkdir(exist_ok=True)
    for name, content in package.items():
        (root / "build" / name).write_bytes(content)
    print(summary(package))
    return 0


if __name__ == "__main__":
    sys.exit(main(ROOT, os.environ))
