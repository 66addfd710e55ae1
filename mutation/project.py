"""What is mutated, and the tests that must notice."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A source tree with its tests."""

    root: Path
    packages: tuple[str, ...]
    """Folders, all modules of which are mutated."""
    tests: tuple[str, ...]
    """Files and folders of tests that run in this process alone, or on the endpoint that `LOCALSTACK_HOST` names."""
    without: frozenset[str] = frozenset()
    """Parameters of tests that are left out: what they run on is slow here, or is tested beside another."""
    schedules: int = 0
    """How many simulated schedules are to find what no test has found."""
    needs_endpoint: bool = False
    """Whether there are tests that run on an endpoint."""
    patience_seconds: int = 2
    """Of the processor, for a test of a mutant, beside ten times what it takes without."""

    @property
    def modules(self) -> dict[str, Path]:
        """The modules that are mutated, with their files."""
        paths = sorted(path for package in self.packages for path in (self.root / package).rglob("*.py"))
        return {self._name(path): path for path in paths}

    def _name(self, path: Path) -> str:
        within = path.parent if path.name == "__init__.py" else path.with_suffix("")
        return ".".join(within.relative_to(self.root).parts)


APPOINTMENTS = Project(
    root=Path(__file__).parents[1],
    packages=("chalicelib",),
    tests=(
        "tests/domain",
        "tests/services",
        "tests/identity",
        "tests/workers",
        "tests/queue",
        "tests/dao",
        "tests/contracts",
        "tests/handlers",
        "tests/access/test_who_may_what.py",
        "tests/crash_points",
        "tests/deployment/test_public_openapi.py",
        "tests/test_aws.py",
        "tests/test_bootstrap.py",
        "tests/test_logs.py",
    ),
    without=frozenset({"endpoint", "dynamodb-local", "moto", "make run"}),
    schedules=150,
    needs_endpoint=True,
)
