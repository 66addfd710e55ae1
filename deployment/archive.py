"""The function's zip: the same bytes for the same content, whoever builds it, and when."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# What an installer notes for itself; RECORD lists files that are not packed. The rest of the metadata is read at run
# time: pydantic looks for plugins among the entry points of all distributions.
_NOISE = re.compile(
    r"(^|/)__pycache__/|\.py[co]$|\.dist-info/(RECORD|INSTALLER|REQUESTED|direct_url\.json)$|^[^/]+\.data/|/$"
    # Of the viewers that offapi carries, one is shown (`chalicelib.handlers.docs`); the others are 7 MB.
    r"|^offapi/(redoc|scalar|swagger_preset)\.js$|^\.gitignore$"
    # botocore describes some 400 services, in 14 MB, and loads the descriptions of those that are called.
    r"|^botocore/data/(?!(dynamodb|sqs)/)[^/]+/"
)
_DIST_INFO = re.compile(r"^(?P<name>[^/]+)-(?P<version>[^/-]+)\.dist-info/METADATA$")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def contents(archive: bytes) -> dict[str, bytes]:
    """The files in a zip that are needed at run time, by name."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist() if not _NOISE.search(name)}


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
