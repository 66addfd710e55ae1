"""The function's zip: the same bytes for the same content, whoever builds it, and when."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# What an installer notes for itself; RECORD lists files that are not packed. The rest of the metadata is read at run
# time: pydantic looks for plugins among the entry points of all distributions.
_NOISE = re.compile(
    r"(^|/)__pycache__/|\.py[co]$|\.dist-info/(RECORD|INSTALLER|REQUESTED|direct_url\.json)$|^[^/]+\.data/|/$"
    # botocore describes all services of AWS, in 15 MB of the zip; two are called. icalendar brings its tests.
    r"|^botocore/data/(?!dynamodb/|sqs/)[^/]+/|^icalendar/tests/"
    # Of the viewers that offapi carries, one is shown (`chalicelib.handlers.docs`); the others are 7 MB.
    r"|^offapi/(redoc|scalar|swagger_preset)\.js$|^\.gitignore$"
)
_DIST_INFO = re.compile(r"^(?P<name>[^/]+)-(?P<version>[^/-]+)\.dist-info/METADATA$")
_FUNCTION_FOLDER = "/var/task"
"""Where Lambda unpacks, which tracebacks tell: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def contents(archive: bytes) -> dict[str, bytes]:
    """The files in a zip, by name."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def needed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files that are needed at run time."""
    return {name: content for name, content in files.items() if not _NOISE.search(name)}


def with_bytecode(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files, and what this Python compiles its modules to.

    Lambda can't write bytecode where a function lies, so without it each cold start would compile all that it imports,
    which takes longer than all else. It is not checked against the source, whose date is none. A Python of another
    version, to which it means nothing, takes the source.
    """
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        for name, content in files.items():
            if name.endswith(".py"):
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_bytes(content)
        options = ["-q", "--invalidation-mode", "unchecked-hash", "-s", directory, "-p", _FUNCTION_FOLDER]
        # In a process of its own, with our own arguments (S603): what else is loaded would show in the bytes.
        subprocess.run([sys.executable, "-I", "-S", "-m", "compileall", *options, directory], check=True)  # noqa: S603
        compiled = {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*.pyc")}
    return {**files, **compiled}


def packed(files: Mapping[str, bytes]) -> bytes:
    """A zip of the files that depends on nothing but them (and on the compressor, zlib)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX
            # Lambda runs as another user than the one who unpacks.
            entry.external_attr = (0o100755 if name.endswith(".so") else 0o100644) << 16
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED, compresslevel=9)
    return buffer.getvalue()


def distributions(files: Mapping[str, bytes]) -> dict[str, str]:
    """The versions of the packages among the files, by normalised name."""
    found = (_DIST_INFO.match(name) for name in files)
    return {re.sub(r"[-_.]+", "-", match["name"]).lower(): match["version"] for match in found if match}


def top_level_sizes(files: Mapping[str, bytes]) -> Counter[str]:
    """The unpacked bytes of each package or module."""
    sizes: Counter[str] = Counter()
    for name, content in files.items():
        sizes[name.partition("/")[0]] += len(content)
    return sizes
