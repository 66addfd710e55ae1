"""The package, made once for all tests that look into it."""

import os
from collections.abc import Mapping

import pytest

from deployment.package import ROOT, build


@pytest.fixture(scope="session")
def package() -> Mapping[str, bytes]:
    """What `make package` writes, by name."""
    return build(ROOT, os.environ)
