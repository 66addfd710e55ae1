"""What `make package` writes: made by Chalice, from a clean copy, with the versions of the lock."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from importlib.util import cache_from_source
from io import BytesIO
from pathlib import Path

import pytest

from deployment import openapi
from deployment.archive import contents, distributions, needed
from deployment.package import LOCK, ROOT, PackageError, main, pins, require_versions, summary
from deployment.public_openapi import FILE
from tests.builders import CURSOR_KEY

EXTENSION = f"cpython-{sys.version_info.major}{sys.version_info.minor}-x86_64-linux-gnu.so"
"""The end of a compiled module's name."""
CODE = {
    f"_cffi_backend.{EXTENSION}",
    "__pycache__",
    "annotated_types",
    "app.py",
    "boto3",
    "botocore",
    "cffi",
    "chalice",
    "chalicelib",
    "cryptography",
    "dateutil",
    "icalendar",
    "itsdangerous",
    "jmespath",
    "jwt",
    "offapi",
    "pycparser",
    "pydantic",
    "pydantic_core",
    "pythonjsonlogger",
    "s3transfer",
    "six.py",
    "typing_extensions.py",
    "typing_inspection",
    "tzdata",
    "urllib3",
}
X86_64 = b"\x3e\x00"
"""`e_machine` in the head of an ELF file."""
SETTINGS = {
    "TABLE_NAME": "appointments",
    "BOOKING_QUEUE_URL": "https://sqs.test/bookings",
    "BOOKING_DEAD_LETTER_QUEUE_URL": "https://sqs.test/bookings-dlq",
    "CURSOR_KEYS": CURSOR_KEY,
    "EXPIRATION_DEAD_LETTER_QUEUE_URL": "https://sqs.test/expirations-dlq",
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
}


def tree(to: Path) -> Path:
    """A copy of all that a package is made from."""
    shutil.copytree(ROOT / "chalicelib", to / "chalicelib")
    shutil.copytree(ROOT / "requirements", to / "requirements")
    shutil.copy(ROOT / "app.py", to)
    (to / ".chalice").mkdir()
    shutil.copy(ROOT / ".chalice/config.json", to / ".chalice")
    return to


def fingerprints(package: Mapping[str, bytes]) -> dict[str, str]:
    """Short enough to be shown when they differ."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in package.items()}


def test_the_same_tree_gives_the_same_bytes_whatever_else_lies_in_it(
    package: Mapping[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tree(tmp_path)
    for stray in ("chalicelib/__pycache__/stray.cpython-311.pyc", "chalicelib/.app.py.swp", "vendor/stray.py", ".env"):
        (root / stray).parent.mkdir(exist_ok=True)
        (root / stray).write_text("stray")
    for file in root.rglob("*.py"):
        file.chmod(0o600)
        os.utime(file, (1, 1_000_000_000))

    status = main(root, {**os.environ, "AWS_PROFILE": "nobody-has-this", "TZ": "Asia/Tokyo"})

    again = {file.name: file.read_bytes() for file in (root / "build").iterdir()}
    assert (status, fingerprints(again)) == (0, fingerprints(package))
    assert capsys.readouterr().out == summary(package) + "\n"


def test_the_zip_has_the_application_and_what_it_needs_and_nothing_else(package: Mapping[str, bytes]) -> None:
    names = contents(package["deployment.zip"])

    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == CODE


def test_the_zip_has_the_application_as_it_stands(package: Mapping[str, bytes]) -> None:
    names = contents(package["deployment.zip"])
    sources = [ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py"), FILE]

    own = {name: content for name, content in needed(names).items() if name.startswith(("app.py", "chalicelib/"))}
    assert own == {str(source.relative_to(ROOT)): source.read_bytes() for source in sources}


def test_the_zip_carries_no_leftovers_of_an_installation_and_all_bytecode(package: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(BytesIO(package["deployment.zip"])) as archive:
        names = archive.namelist()
    sources = needed(dict.fromkeys(names, b""))
    compiled = {cache_from_source(name) for name in sources if name.endswith(".py")}

    assert names == sorted({*sources, *compiled})


def test_the_versions_are_those_of_the_lock(package: Mapping[str, bytes]) -> None:
    packed = distributions(contents(package["deployment.zip"]))

    assert packed == pins((ROOT / LOCK).read_text())
    assert packed


def test_the_locked_versions_are_the_ones_that_are_tested() -> None:
    tested = pins((ROOT / "requirements/local.txt").read_text())

    assert pins((ROOT / LOCK).read_text()).items() <= tested.items()


@pytest.fixture(scope="module")
def unpacked(package: Mapping[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("function")
    with zipfile.ZipFile(BytesIO(package["deployment.zip"])) as archive:
        archive.extractall(directory)
    return directory


def in_function(directory: Path, code: str) -> str:
    """Run code as Lambda would: the zip's content, the standard library, and nothing else."""
    finished = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", f"import sys; sys.path.insert(0, {str(directory)!r})\n{code}"],
        cwd=directory,
        env=SETTINGS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_the_zip_alone_has_the_three_handlers(unpacked: Path) -> None:
    code = "import app, chalicelib; print(chalicelib.__path__[0])\n"
    code += "print([callable(getattr(app, name)) for name in ('app', 'process_bookings', 'expire_bookings')])"

    assert in_function(unpacked, code).splitlines() == [str(unpacked / "chalicelib"), "[True, True, True]"]


def test_the_zip_alone_answers_a_request_and_a_batch(unpacked: Path) -> None:
    request = {
        "requestContext": {"resourcePath": "/health", "httpMethod": "GET", "requestId": "r-1"},
        "headers": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
    }
    code = f"import app; print(app.app({request!r}, None)['body'])\n"
    code += "print(app.process_bookings({'Records': []}, None), app.expire_bookings({'Records': []}, None))"

    output = in_function(unpacked, code).splitlines()

    assert '{"status":"ok"}' in output
    assert output[-1] == "{'batchItemFailures': []} {'batchItemFailures': []}"


def test_metadata_that_is_read_at_run_time_is_there(unpacked: Path) -> None:
    code = "import importlib.metadata as m; print(m.version('pydantic'), len(list(m.distributions())))"
    locked = pins((ROOT / LOCK).read_text())

    assert in_function(unpacked, code).split() == [locked["pydantic"], str(len(locked))]


def test_the_package_says_what_it_is_for(package: Mapping[str, bytes]) -> None:
    runtime = f"python{sys.version_info.major}.{sys.version_info.minor}"

    assert json.loads(package["package.json"]) == {"architecture": "x86_64", "runtime": runtime}
    native = {name: code for name, code in contents(package["deployment.zip"]).items() if name.endswith(".so")}
    assert native
    for name, code in native.items():
        # What uses the stable interface only loads into any Python, and does not name a processor.
        assert name.endswith((f".{EXTENSION}", ".abi3.so"))
        assert (code[:4], code[18:20]) == (b"\x7fELF", X86_64), name


def test_the_zip_can_be_uploaded(package: Mapping[str, bytes]) -> None:
    unpacked_size = sum(map(len, contents(package["deployment.zip"]).values()))

    assert len(package["deployment.zip"]) < 50 * 2**20, "Lambda's limit for a direct upload"
    assert unpacked_size < 250 * 2**20, "Lambda's limit for all that is unpacked"


def test_the_api_body_comes_with_it(package: Mapping[str, bytes]) -> None:
    assert package["api.json"].decode() == openapi.text()


def test_the_summary_tells_the_sizes(package: Mapping[str, bytes]) -> None:
    lines = summary(package).splitlines()

    assert lines[0].startswith(f"build/deployment.zip  {len(package['deployment.zip']) / 1e6:.1f} MB")
    assert lines[1].split()[0] == "cryptography"
    assert len(lines) == 1 + 5 + 1


def test_an_index_out_of_reach_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull, "PATH": os.environ["PATH"]}

    assert main(tree(tmp_path), offline) == 1

    said = capsys.readouterr().err
    assert said.startswith("error: Chalice can't make the package; is the package index in reach?")
    assert "annotated-types" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "build").exists()


def test_a_package_that_chalice_left_out_is_told() -> None:
    locked = {"pydantic-core": "2.50.4", "six": "1.17.0", "tzdata": "2026.6"}

    with pytest.raises(PackageError, match=r"no wheel .* for: pydantic-core 2\.50\.4, tzdata 2026\.6$"):
        require_versions({"six": "1.17.0"}, locked)


@pytest.mark.parametrize("packed", [{"six": "1.18.0"}, {"six": "1.17.0", "pip": "26.2"}])
def test_a_package_that_the_lock_does_not_name_is_told(packed: dict[str, str]) -> None:
    with pytest.raises(PackageError, match=r"does not name .*: (six 1\.18\.0|pip 26\.2)$"):
        require_versions(packed, {"six": "1.17.0"})


def test_pins_are_those_for_this_python() -> None:
    lock = """# a comment
Typing_Extensions==4.16.0
    # via pydantic
old==1 ; python_version < '3'
new==2.post1 ; python_version > '3'
"""

    assert pins(lock) == {"typing-extensions": "4.16.0", "new": "2.post1"}
