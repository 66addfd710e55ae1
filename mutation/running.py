"""Runs tests in this process, which is to be a new one for each run: the modules under test are imported here."""

import importlib
import logging
import os
import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

import coverage
import pytest

from mutation.importing import import_in_place_of
from mutation.mutants import Mutant
from mutation.project import Project

_OPTIONS = (
    *("-x", "-q", "-n0", "--no-cov", "-p", "no:cacheprovider", "--hypothesis-seed=0"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)
"""One process, the first failure, the same examples each time; pytest's plugins are imported already."""

_CPU_SECONDS = 60
"""What a run may work before it is ended by the system: far more than any that comes to its end."""


@dataclass(slots=True)
class Reach:
    """What tests run, and how long they take."""

    seconds: dict[str, float] = field(default_factory=dict)
    by_line: dict[tuple[str, int], set[str]] = field(default_factory=dict)
    """The tests that run a line of a module."""

    def add(self, other: "Reach") -> None:
        """Know what another knows, too."""
        self.seconds |= other.seconds
        for line, tests in other.by_line.items():
            self.by_line.setdefault(line, set()).update(tests)


@dataclass(frozen=True, slots=True)
class Noticed:
    """Who noticed a mutant: a test by its id, the import, or a schedule by its seed."""

    by: str


@dataclass(frozen=True, slots=True)
class Broken:
    """A run that says nothing about a mutant: the tests could not be run, or fail by themselves."""

    why: str


Result = Reach | Noticed | Broken | None
"""None: nobody noticed."""


def learn(project: Project, folder: str) -> Result:
    """Run a folder's tests on the code as it is; gives their `Reach`."""
    _prepare(project)
    lines = coverage.Coverage(data_file=None, include=[str(project.path_of(module)) for module in project.modules])
    learner = _Learner(project, lines)
    lines.start()
    status = _pytest([folder], learner)
    lines.stop()
    if status is not pytest.ExitCode.OK:
        return Broken(f"{folder}: without any change, {learner.failed or 'pytest'} fails")
    data = lines.get_data()
    for module in project.modules:
        for line, tests in data.contexts_by_lineno(str(project.path_of(module))).items():
            learner.reach.by_line[module, line] = set(tests) - {""}
    return learner.reach


def try_schedules(project: Project) -> Result:
    """Run the schedules on the code as it is."""
    _prepare(project)
    seed = _failing_schedule(project.schedules)
    return Reach() if seed is None else Broken(f"without any change, {seed} fails")


def notice(project: Project, mutant: Mutant, tests: Sequence[str]) -> Result:
    """Run tests and schedules on a mutant until one notices; gives who did."""
    _prepare(project)
    import_in_place_of(mutant.module, project.path_of(mutant.module), mutant.source)
    try:
        importlib.import_module(mutant.module)
    except Exception as error:
        return Noticed(f"import: {type(error).__name__}")
    if tests:
        chosen = _Chosen(project, tests)
        status = _pytest(sorted({test.partition("::")[0] for test in tests}), chosen)
        if chosen.failed:
            return Noticed(chosen.failed)
        if status is not pytest.ExitCode.OK:
            return Broken(f"pytest ended with {status!r}")
    seed = _failing_schedule(project.schedules)
    return Noticed(seed) if seed else None


def _prepare(project: Project) -> None:
    """Be a process that nothing of the project was imported in, and that can't run for ever."""
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS + 1))
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, sys.stdout.fileno())
    os.dup2(silent, sys.stderr.fileno())
    os.chdir(project.root)
    sys.path.insert(0, str(project.root))
    loaded = sorted(set(project.modules) & sys.modules.keys())
    if loaded:
        raise RuntimeError(f"imported too early: {', '.join(loaded)}")


def _pytest(where: Sequence[str], plugin: "_Chosen | _Learner") -> int:
    return pytest.main([*_OPTIONS, *where], plugins=[plugin])


def _failing_schedule(schedules: int) -> str | None:
    """The first schedule in which something does not hold, or that can't be run."""
    if not schedules:
        return None
    from simulation.campaign import run_seeds, seeds_from  # noqa: PLC0415 - it imports the code under test

    logging.disable(logging.CRITICAL)
    for seed in islice(seeds_from(1), schedules):
        try:
            failed = run_seeds([seed]).failed
        except Exception:
            return f"schedule {seed}"
        if failed:
            return f"schedule {seed}"
    return None


class _Plugin:
    """Leaves out what the project leaves out, and remembers the first failure."""

    def __init__(self, project: Project) -> None:
        self.failed: str | None = None
        self._without = project.without

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that can't be imported."""
        if report.failed:
            self.failed = self.failed or report.nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that fails, in its preparation too."""
        if report.failed:
            self.failed = self.failed or report.nodeid

    def is_left_out(self, item: pytest.Item) -> bool:
        """Whether one of its parameters is left out."""
        parameters = (
            item.callspec.params.values() if isinstance(item, pytest.Function) and hasattr(item, "callspec") else ()
        )
        return any(isinstance(each, str) and each in self._without for each in parameters)


class _Learner(_Plugin):
    """Has each test's lines recorded under its name, and its time."""

    def __init__(self, project: Project, lines: coverage.Coverage) -> None:
        super().__init__(project)
        self.reach = Reach()
        self._lines = lines

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out."""
        items[:] = [item for item in items if not self.is_left_out(item)]

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """What runs from here on is run by this test."""
        self._lines.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up preparation, test and tidying up."""
        super().pytest_runtest_logreport(report)
        self.reach.seconds[report.nodeid] = self.reach.seconds.get(report.nodeid, 0.0) + report.duration


class _Chosen(_Plugin):
    """Runs chosen tests, in the given order."""

    def __init__(self, project: Project, tests: Sequence[str]) -> None:
        super().__init__(project)
        self._places = {test: place for place, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Choose."""
        items[:] = sorted(
            (item for item in items if item.nodeid in self._places), key=lambda item: self._places[item.nodeid]
        )
