"""Amazon's DynamoDB Local for the benchmarks, where `make test` puts it."""

import platform
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.engines import dynamodb_local

if TYPE_CHECKING:
    from collections.abc import Iterator


class EngineError(Exception):
    """It can't run here; the text is one line."""


@contextmanager
def dynamodb_local_running() -> "Iterator[dynamodb_local.DynamoDbLocal]":
    """One without data, for the length of a `with` block. Raises `EngineError`."""
    missing = dynamodb_local.what_is_missing(
        dynamodb_local.FOLDER,
        java_modules=dynamodb_local.java_modules(),
        system=platform.system(),
        machine=platform.machine(),
    )
    if missing:
        raise EngineError(missing)
    with (
        TemporaryDirectory() as folder,
        dynamodb_local.running(dynamodb_local.FOLDER, log_file=Path(folder) / "log") as engine,
    ):
        yield engine
