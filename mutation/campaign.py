"""All mutants of a project, each with the tests that could notice it, quickest first."""

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from mutation.mutants import Mutant, mutants_of
from mutation.processes import Processes
from mutation.project import Project
from mutation.report import Tried
from mutation.running import Broken, Noticed, Reach, learn, notice, try_schedules


class BrokenRunError(Exception):
    """The tests fail without any mutant, or can't be run; the text is one line."""


@dataclass(slots=True)
class Learned:
    """What the tests reach, and where a module's names are mentioned."""

    reach: Reach = field(default_factory=Reach)
    mentions: dict[str, set[tuple[str, int]]] = field(default_factory=dict)

    def tests_for(self, mutant: Mutant) -> list[str]:
        """The tests that could notice the mutant, quickest first."""
        if not mutant.binds:
            return self._quickest(self._of_lines((mutant.module, line) for line in mutant.lines))
        # What is bound is used elsewhere: the tests that run a line which names it, and then those of the whole module.
        near = self._of_lines(self.mentions.get(mutant.binds, ()))
        modules = {mutant.module} | {module for module, _ in self.mentions.get(mutant.binds, ())}
        far = self._of_lines(line for line in self.reach.by_line if line[0] in modules)
        return [*self._quickest(near), *self._quickest(far - near)]

    def _of_lines(self, lines: Iterator[tuple[str, int]] | set[tuple[str, int]] | tuple[()]) -> set[str]:
        return {test for line in lines for test in self.reach.by_line.get(line, ())}

    def _quickest(self, tests: set[str]) -> list[str]:
        return sorted(tests, key=lambda test: (self.reach.seconds[test], test))


def all_mutants(project: Project) -> list[Mutant]:
    """The mutants of every module."""
    return [mutant for module in project.modules for mutant in mutants_of(module, project.path_of(module))]


def learned(project: Project, processes: Processes, done: Callable[[], None]) -> Learned:
    """Run everything on the code as it is. Raises `BrokenRunError` if something fails."""
    runs = [(folder, learn, (project, folder)) for folder in project.tests]
    found = Learned(mentions=_mentions(project))
    for _, result, _seconds in processes.results([*runs, ("schedules", try_schedules, (project,))]):
        if not isinstance(result, Reach):
            raise BrokenRunError(result.why if isinstance(result, Broken) else f"the tests do not end: {result}")
        found.reach.add(result)
        done()
    return found


def tried(project: Project, mutants: Sequence[Mutant], known: Learned, processes: Processes) -> Iterator[Tried]:
    """Try each mutant; gives them as they are done. Raises `BrokenRunError` if one can't be tried."""
    runs = [(mutant, notice, (project, mutant, known.tests_for(mutant))) for mutant in mutants]
    for mutant, result, seconds in processes.results(runs):
        if isinstance(result, Broken):
            raise BrokenRunError(f"{mutant.name}: {result.why}")
        yield Tried(mutant, result.by if isinstance(result, Noticed) else None, seconds)


def _mentions(project: Project) -> dict[str, set[tuple[str, int]]]:
    """The lines of all modules that read a name."""
    mentions: dict[str, set[tuple[str, int]]] = {}
    for module in project.modules:
        for node in ast.walk(ast.parse(project.path_of(module).read_text())):
            match node:
                case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name, ctx=ast.Load()):
                    mentions.setdefault(name, set()).add((module, node.lineno))
    return mentions
