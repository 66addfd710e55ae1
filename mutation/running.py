"""Runs tests in this process, which is to be a new one for each run: the modules under test are imported here."""

import gc
import importlib
import json
import logging
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice, zip_longest
from typing import Protocol, cast

import coverage
import pytest

from mutation.functions import Functions
from mutation.importing import import_in_place_of
from mutation.mutants import Mutant
from mutation.project import Project

_OPTIONS = (
    *("-q", "-n0", "--no-cov", "-p", "no:cacheprovider", "--import-mode=importlib", "--hypothesis-seed=0"),
    *("--tb=no", "-p", "no:schemathesis", "-W", "ignore::pytest.PytestAssertRewriteWarning"),
)
"""One process, and the same examples each time; pytest's plugins are imported already.

That a test fails is all that is asked: to show where takes longer than most tests.
"""

_IMPORT_SECONDS = 120
"""What may pass until the tests are imported, and for all schedules of a mutant."""

TIME_OUT = "time-out"
SCHEDULE = "schedule"


class BrokenRunError(Exception):
    """The tests fail without any mutant, or can't be run; the text is one line."""


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
class Attempt:
    """A mutant and the tests that could notice it, the quickest first, each with its seconds."""

    mutant: Mutant
    tests: Mapping[str, float]
    with_schedules: bool = True
    """Whether the schedules are run if no test notices."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A mutant, who noticed it, and how long that took."""

    mutant: Mutant
    noticed_by: str | None
    """A test by its id, the import, a schedule by its seed, or a time-out, of which test; None: nobody."""
    seconds: float


def learn(project: Project, tests: str) -> Reach:
    """Run a folder's tests on the code as it is. Raises `BrokenRunError` if one fails."""
    _prepare(project)
    lines = coverage.Coverage(
        config_file=False, data_file=None, include=[str(path) for path in project.modules.values()]
    )
    learner = _Learner(project, lines)
    lines.start()
    status = _pytest(project, [tests], learner)
    lines.stop()
    if status is not pytest.ExitCode.OK:
        raise BrokenRunError(f"{tests}: without any change, {learner.failed or 'pytest'} fails")
    data = lines.get_data()
    for module, path in project.modules.items():
        for line, contexts in data.contexts_by_lineno(str(path)).items():
            learner.reach.by_line[module, line] = set(contexts) - {""}
    return learner.reach


def verify(project: Project, tests: Collection[str]) -> None:
    """Run some tests on the code as it is. Raises `BrokenRunError` if one fails; one that is gone can't."""
    _prepare(project)
    files = _files_of(project, tests)
    if not files:
        return
    chosen = _Chosen(tests)
    status = _pytest(project, files, chosen)
    if status not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        raise BrokenRunError(f"without any change, {chosen.failed or 'pytest'} fails")


def _files_of(project: Project, tests: Iterable[str]) -> list[str]:
    """The files of tests, those that there still are."""
    return sorted(file for file in {test.partition("::")[0] for test in tests} if (project.root / file).exists())


def try_schedules(project: Project) -> Reach:
    """Run the schedules on the code as it is. Raises `BrokenRunError` if one fails."""
    _prepare(project)
    if seed := _failing_schedule(project.schedules):
        raise BrokenRunError(f"without any change, {seed} fails")
    return Reach()


def notice(project: Project, attempts: Sequence[Attempt]) -> list[Tried]:
    """Run tests and schedules on each mutant, in a copy of this process, until one notices.

    Either all change functions only, or there is one alone, which is imported in this process. Raises `BrokenRunError`.
    """
    _prepare(project)
    mutant = attempts[0].mutant
    if not mutant.in_functions:
        import_in_place_of(mutant.module, project.modules[mutant.module], mutant.source)
        try:
            importlib.import_module(mutant.module)
        except Exception as error:
            return [Tried(mutant, f"import: {type(error).__name__}", 0.0)]
    runner = _Runner(project, attempts)
    if files := _files_of(project, (test for attempt in attempts for test in attempt.tests)):
        status = _pytest(project, files, runner)
        if status is pytest.ExitCode.TESTS_FAILED and not mutant.in_functions:
            return [Tried(mutant, runner.failed, 0.0)]
        if status is not pytest.ExitCode.OK:
            raise BrokenRunError(runner.failed or f"{mutant.name}: pytest ended with {status!r}")
    else:
        runner.try_all({})
    return runner.tried


def _prepare(project: Project) -> None:
    """Be a process that nothing of the project was imported in."""
    signal.alarm(_IMPORT_SECONDS)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, sys.stdout.fileno())
    os.dup2(silent, sys.stderr.fileno())
    os.chdir(project.root)
    sys.path.insert(0, str(project.root))
    loaded = sorted(project.modules.keys() & sys.modules.keys())
    if loaded:
        raise RuntimeError(f"imported too early: {', '.join(loaded)}")


def _pytest(project: Project, where: Sequence[str], plugin: "_Plugin") -> int:
    return pytest.main([*_OPTIONS, f"--rootdir={project.root}", *where], plugins=[plugin])


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
            return f"{SCHEDULE} {seed}"
        if failed:
            return f"{SCHEDULE} {seed}"
    return None


class _Plugin:
    """Remembers the first failure."""

    def __init__(self) -> None:
        self.failed: str | None = None

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """A mistake of the run itself."""
        self.failed = self.failed or str(excinfo.value)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that can't be imported."""
        if report.failed:
            self.failed = self.failed or report.nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that fails, in its preparation too."""
        if report.failed:
            self.failed = self.failed or report.nodeid


class _Chosen(_Plugin):
    """Leaves out all but some tests."""

    def __init__(self, tests: Collection[str]) -> None:
        super().__init__()
        self._tests = tests

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave them out."""
        items[:] = [item for item in items if item.nodeid in self._tests]


class _Cache(Protocol):
    def cache_clear(self) -> None:
        """Remember nothing."""


class _Learner(_Plugin):
    """Leaves out what the project leaves out, and has each test's lines recorded under its name, and its time."""

    def __init__(self, project: Project, lines: coverage.Coverage) -> None:
        super().__init__()
        self.reach = Reach()
        self._without = project.without
        self._modules = project.modules.keys()
        self._known_caches: Sequence[_Cache] | None = None
        self._lines = lines

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave them out."""
        items[:] = [item for item in items if not self._is_left_out(item)]

    def _is_left_out(self, item: pytest.Item) -> bool:
        parameters = (
            item.callspec.params.values() if isinstance(item, pytest.Function) and hasattr(item, "callspec") else ()
        )
        return any(isinstance(each, str) and each in self._without for each in parameters)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """What runs from here on is run by this test, also what earlier ones have left for it to remember."""
        self._lines.switch_context("")
        for each in self._caches():
            each.cache_clear()
        self._lines.switch_context(nodeid)

    def _caches(self) -> "Sequence[_Cache]":
        """What the project's functions remember."""
        if self._known_caches is None:
            # The collector does not show what was frozen, as the tests of this project do with all that they import.
            gc.unfreeze()
            kind, modules = type(cache(str)), self._modules
            self._known_caches = [
                each for each in gc.get_objects() if type(each) is kind and each.__module__ in modules
            ]
        return self._known_caches

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up preparation, test and tidying up."""
        super().pytest_runtest_logreport(report)
        self.reach.seconds[report.nodeid] = self.reach.seconds.get(report.nodeid, 0.0) + report.duration


class _Runner(_Plugin):
    """Tries each mutant once the tests are imported."""

    def __init__(self, project: Project, attempts: Sequence[Attempt]) -> None:
        super().__init__()
        self.tried: list[Tried] = []
        self._project = project
        self._attempts = attempts

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of pytest's own, which would run all tests once."""
        if session.testsfailed:
            return False
        self.try_all({item.nodeid: item for item in session.items})
        return True

    def try_all(self, items: Mapping[str, pytest.Item]) -> None:
        """Try each mutant in a copy of this process, so that none leaves anything behind."""
        modules = {attempt.mutant.module for attempt in self._attempts}
        # What no test reaches, none has imported.
        for module in modules:
            importlib.import_module(module)
        functions = (
            {module: Functions(self._project.modules[module]) for module in modules}
            if self._attempts[0].mutant.in_functions
            else {}
        )
        signal.alarm(0)
        for attempt in self._attempts:
            started = time.monotonic()

            def try_it(begins: Callable[[str], None], attempt: Attempt = attempt) -> str | None:
                if functions:
                    functions[attempt.mutant.module].replace(attempt.mutant.source)
                return self._noticed_by(attempt, items, begins)

            try:
                noticed_by = in_a_copy(try_it)
            except BrokenRunError as error:
                raise BrokenRunError(f"{attempt.mutant.name}: {error}") from error
            self.tried.append(Tried(attempt.mutant, noticed_by, time.monotonic() - started))

    def _noticed_by(
        self, attempt: Attempt, items: Mapping[str, pytest.Item], begins: Callable[[str], None]
    ) -> str | None:
        # Who noticed the last time may have another name by now.
        tests = [test for test in attempt.tests if test in items]
        for test, following in zip_longest(tests, tests[1:]):
            begins(test)
            _limit(self._project.patience_seconds + 10 * attempt.tests[test])
            item = items[test]
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=items[following] if following else None)
            if self.failed:
                return self.failed
        if not attempt.with_schedules:
            return None
        _limit(_IMPORT_SECONDS)
        begins("schedules")
        return _failing_schedule(self._project.schedules)


def _limit(seconds: float) -> None:
    """End this process when it has worked for so long, which a busy machine makes no shorter; and one that does nothing
    but wait, some time later."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.alarm(math.ceil(3 * seconds))


def in_a_copy(function: Callable[[Callable[[str], None]], str | None]) -> str | None:
    """Call it in a copy of this process, with what it shall call with the name of each thing that it begins.

    Gives what it gives, or a time-out and what was begun last, where a limit has ended the copy. Raises
    `BrokenRunError` if it ended in another way.
    """
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        told = os.fdopen(writing, "w", encoding="utf-8")
        outcome = _outcome(function, lambda name: print(name, file=told, flush=True))
        print(json.dumps(outcome), file=told, flush=True)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as answer:
        *_, last = answer.read().splitlines() or [""]
    _, status = os.waitpid(process, 0)
    ended_with = os.waitstatus_to_exitcode(status)
    if ended_with in {-signal.SIGPROF, -signal.SIGALRM}:
        return f"{TIME_OUT}: {last}"
    if ended_with:
        raise BrokenRunError(f"a process ended with {ended_with}")
    result, error = json.loads(last)
    if error:
        raise BrokenRunError(error)
    return cast("str | None", result)


def _outcome(
    function: Callable[[Callable[[str], None]], str | None], begins: Callable[[str], None]
) -> tuple[str | None, str]:
    try:
        return function(begins), ""
    except BaseException as error:
        return None, f"{type(error).__name__}: {error}"
