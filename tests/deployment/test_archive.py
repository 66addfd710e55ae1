"""The zip's bytes depend on nothing but the content."""

import importlib.util
import io
import marshal
import stat
import sys
import zipfile
from collections.abc import Mapping

import pytest

from deployment.archive import contents, distributions, needed, packed, top_level_sizes, with_bytecode

FILES = {"app.py": b"print()", "core/fast.so": b"\x7fELF", "core/__init__.py": b"", "data/names.txt": b"a" * 5000}


def zipped(
    files: Mapping[str, bytes], *, date: tuple[int, int, int, int, int, int], mode: int, system: int, method: int
) -> bytes:
    """A zip as somebody else may have made it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, date)
            entry.external_attr = mode << 16
            entry.create_system = system
            archive.writestr(entry, content, method)
    return buffer.getvalue()


def test_two_zips_that_differ_in_all_but_their_content_become_the_same() -> None:
    one = zipped(FILES, date=(2026, 1, 2, 3, 4, 6), mode=0o600, system=3, method=zipfile.ZIP_STORED)
    noise = {"core/": b"", "core/__pycache__/fast.cpython-311.pyc": b"1", "core-1.dist-info/RECORD": b"made here"}
    other_order = dict(sorted({**FILES, **noise}.items(), reverse=True))
    other = zipped(other_order, date=(1999, 9, 9, 9, 9, 8), mode=0o777, system=0, method=zipfile.ZIP_DEFLATED)

    assert one != other
    assert packed(needed(contents(one))) == packed(needed(contents(other)))


def test_a_changed_byte_changes_the_zip() -> None:
    assert packed(FILES) != packed({**FILES, "app.py": b"print(1)"})


def test_the_content_comes_out_as_it_went_in() -> None:
    assert contents(packed(FILES)) == FILES


def test_everybody_may_read_what_is_unpacked() -> None:
    with zipfile.ZipFile(io.BytesIO(packed(FILES))) as archive:
        modes = {entry.filename: stat.filemode(entry.external_attr >> 16) for entry in archive.infolist()}

    assert modes["app.py"] == "-rw-r--r--"
    assert modes["core/fast.so"] == "-rwxr-xr-x"


@pytest.mark.parametrize(
    ("name", "is_kept"),
    [
        ("core/__pycache__/a.cpython-311.pyc", False),
        ("core/a.pyc", False),
        ("core-1.0.dist-info/RECORD", False),
        ("core-1.0.dist-info/INSTALLER", False),
        ("core-1.0.dist-info/REQUESTED", False),
        ("core-1.0.dist-info/direct_url.json", False),
        ("core-1.0.data/scripts/core.py", False),
        ("offapi/redoc.js", False),
        ("offapi/scalar.js", False),
        ("offapi/swagger_preset.js", False),
        (".gitignore", False),
        ("botocore/data/ec2/2016-11-15/service-2.json.gz", False),
        ("botocore/data/sqs-of-others/1/service-2.json.gz", False),
        ("icalendar/tests/test_time.py", False),
        ("botocore/data/dynamodb/2012-08-10/service-2.json.gz", True),
        ("botocore/data/sqs/2012-11-05/service-2.json.gz", True),
        ("botocore/data/endpoints.json", True),
        ("icalendar/tests.py", True),
        ("offapi/swagger_bundle.js", True),
        ("offapi/swagger_style.css", True),
        ("core-1.0.dist-info/METADATA", True),
        ("core-1.0.dist-info/entry_points.txt", True),
        ("core-1.0.dist-info/licenses/LICENSE", True),
        ("core/RECORD", True),
        ("core/some.data/file", True),
        ("core/pycache.py", True),
    ],
)
def test_what_installers_leave_behind_is_left_out_and_nothing_else(name: str, *, is_kept: bool) -> None:
    assert (name in needed({name: b""})) is is_kept


def test_bytecode_lies_beside_what_it_is_made_from() -> None:
    files = with_bytecode({"core/__init__.py": b"raise ValueError", "core/data.json": b"{}"})
    tag = sys.implementation.cache_tag
    header, code = (
        files[f"core/__pycache__/__init__.{tag}.pyc"][:16],
        files[f"core/__pycache__/__init__.{tag}.pyc"][16:],
    )

    assert files.keys() == {"core/__init__.py", "core/data.json", f"core/__pycache__/__init__.{tag}.pyc"}
    assert header[:4] == importlib.util.MAGIC_NUMBER
    assert header[4:8] == b"\1\0\0\0", "never checked against the source, by PEP 552"
    assert marshal.loads(code).co_filename == "/var/task/core/__init__.py"  # noqa: S302 - made just now


def test_versions_are_told_by_the_metadata() -> None:
    files = {
        "python_json_logger-4.2.0.dist-info/METADATA": b"",
        "python_dateutil-2.9.0.post0.dist-info/METADATA": b"",
        "core-1.0.dist-info/WHEEL": b"",
        "core/x-1.dist-info/METADATA": b"",
    }

    assert distributions(files) == {"python-json-logger": "4.2.0", "python-dateutil": "2.9.0.post0"}


def test_sizes_are_those_of_whole_packages() -> None:
    assert top_level_sizes(FILES) == {"app.py": 7, "core": 4, "data": 5000}
