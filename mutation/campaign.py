"""All mutants of a project, each with the tests that could notice it, quickest first."""

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from mutation.mutants import Mutant, mutants_of
from mutation.processes import Processes
from mutation.project import Project
from mutation.running import Attempt, Reach, Tried, learn, notice, try_schedules, verify

_TOGETHER = 100
"""How many mutants share a process that imports the tests: more would leave others idle at the end."""


@dataclass(slots=True)
class Learned:
    """What the tests reach, and where a module's names are mentioned."""

    reach: Reach = field(default_factory=Reach)
    mentions: dict[str, set[tuple[str, int]]] = field(default_factory=dict)

    def attempt(self, mutant: Mutant) -> Attempt:
        """The tests that could notice the mutant, quickest first."""
        if mutant.in_functions:
            tests = self._quickest(self._of_lines((mutant.module, line) for line in mutant.lines))
        else:
            # It decides what is imported: the tests that run a line which names it, and then those of whole modules.
            named = self.mentions.get(mutant.binds, set())
            modules = {mutant.module, *(module for module, _ in named)}
            near = self._of_lines(named)
            far = self._of_lines(line for line in self.reach.by_line if line[0] in modules)
            tests = [*self._quickest(near), *self._quickest(far - near)]
        return Attempt(mutant, {test: self.reach.seconds[test] for test in tests})

    def _of_lines(self, lines: Iterable[tuple[str, int]]) -> set[str]:
        return {test for line in lines for test in self.reach.by_line.get(line, ())}

    def _quickest(self, tests: set[str]) -> list[str]:
        return sorted(tests, key=lambda test: (self.reach.seconds[test], test))


def all_mutants(project: Project) -> list[Mutant]:
    """The mutants of every module."""
    return [mutant for module, path in project.modules.items() for mutant in mutants_of(module, path)]


def learned(project: Project, processes: Processes) -> Learned:
    """Run everything on the code as it is. Raises `BrokenRunError` if something fails."""
    runs: list[tuple[Callable[..., Reach], tuple[Project, *tuple[str, ...]]]] = [
        (try_schedules, (project,)),
        *((learn, (project, tests)) for tests in project.tests),
    ]
    found = Learned(mentions=_mentions(project))
    for reach in processes.results(runs):
        found.reach.add(reach)
    return found


def verified(project: Project, attempts: Sequence[Attempt], processes: Processes) -> None:
    """Run what attempts ask on the code as it is. What fails would notice anything: raises `BrokenRunError`."""
    of_files: dict[str, set[str]] = {}
    for attempt in attempts:
        for test in attempt.tests:
            of_files.setdefault(test.partition("::")[0], set()).add(test)
    # Two halves of files, as to import what tests need takes longer than to run these.
    halves = [set().union(*list(of_files.values())[start::2]) for start in (0, 1)]
    runs: list[tuple[Callable[..., object], tuple[object, ...]]] = [
        (verify, (project, frozenset(half))) for half in halves
    ]
    if any(attempt.with_schedules for attempt in attempts):
        runs.append((try_schedules, (project,)))
    for _ in processes.results(runs):
        pass


def tried(project: Project, attempts: Sequence[Attempt], processes: Processes) -> Iterator[Tried]:
    """Try mutants; gives them as they are done. Raises `BrokenRunError` if one can't be tried."""
    for done in processes.results([(notice, (project, group)) for group in _together(attempts)]):
        yield from done


def _together(attempts: Sequence[Attempt]) -> Iterator[Sequence[Attempt]]:
    """Those that can share a process, as they change functions only; the others are alone."""
    in_functions = [attempt for attempt in attempts if attempt.mutant.in_functions]
    for start in range(0, len(in_functions), _TOGETHER):
        yield in_functions[start : start + _TOGETHER]
    for attempt in attempts:
        if not attempt.mutant.in_functions:
            yield [attempt]


def _mentions(project: Project) -> dict[str, set[tuple[str, int]]]:
    """The lines of all modules that read a name."""
    mentions: dict[str, set[tuple[str, int]]] = {}
    for module, path in project.modules.items():
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name, ctx=ast.Load()):
                    mentions.setdefault(name, set()).add((module, node.lineno))
    return mentions
