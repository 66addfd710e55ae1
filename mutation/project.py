"""What is mutated, and the tests that must notice."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A source tree with its tests."""

    root: Path
    modules: tuple[str, ...]
    """Modules that are mutated."""
    tests: tuple[str, ...]
    """Folders of tests that run in this process alone, or on the endpoint that `LOCALSTACK_HOST` names."""
    without: frozenset[str] = frozenset()
    """Parameters of tests that are left out: what they run on is slow here, or is tested beside another."""
    schedules: int = 0
    """How many simulated schedules are to find what no test has found."""

    def path_of(self, module: str) -> Path:
        """The file of a module."""
        return self.root / f"{module.replace('.', '/')}.py"


APPOINTMENTS = Project(
    root=Path(__file__).parents[1],
    modules=(
        "chalicelib.aws",
        "chalicelib.dao.actions",
        "chalicelib.dao.bookings",
        "chalicelib.dao.providers",
        "chalicelib.dao.slots",
        "chalicelib.dao.stream",
        "chalicelib.dao.table",
        "chalicelib.domain.models",
        "chalicelib.queue.message",
        "chalicelib.queue.sender",
        "chalicelib.services.availability",
        "chalicelib.services.bookings",
        "chalicelib.services.providers",
        "chalicelib.workers.batch",
        "chalicelib.workers.sources",
    ),
    tests=(
        "tests/domain",
        "tests/services",
        "tests/workers",
        "tests/queue",
        "tests/dao",
        "tests/contracts",
        "tests/handlers",
        "tests/crash_points",
    ),
    without=frozenset({"endpoint", "dynamodb-local", "moto"}),
    schedules=150,
)
