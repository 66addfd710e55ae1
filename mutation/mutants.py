"""The mutants of a module: each its whole source with one piece taken out."""

import ast
import difflib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mutation.functions import differ_in_functions_only
from mutation.operators import OPERATORS, Change
from mutation.places import Place, places


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A module with one piece taken out."""

    name: str
    """What was taken out where; it holds as long as the code is the same, wherever in the file that stands."""
    module: str
    kind: str
    line: int
    lines: range
    """Lines of the module of which a test must run one to notice."""
    binds: str
    """The name that it changes the value of, where it is outside of all functions; else empty."""
    in_functions: bool
    """Whether it changes nothing but what functions do, and so can be put in place after the module was imported."""
    source: str
    difference: str
    """The lines that differ, without comments."""


def mutants_of(module: str, path: Path) -> Iterator[Mutant]:
    """The mutants of the module in this file, in order of their lines."""
    text = path.read_text()
    tree = ast.parse(text)
    original = ast.unparse(tree)
    compiled = compile(original, path, "exec")
    seen: Counter[str] = Counter()
    for place in list(places(tree)):
        for kind, operators in OPERATORS.items():
            for change in (change for operator in operators for change in operator(place)):
                source = _mutated(tree, place, change)
                if source == original:
                    continue
                name = f"{module} {place.function or _binds(place) or '-'}: {kind}: {' '.join(change.what.split())}"
                seen[name] += 1
                at = change.at or place.node
                yield Mutant(
                    name=name if seen[name] == 1 else f"{name} ({seen[name]})",
                    module=module,
                    kind=kind,
                    line=getattr(at, "lineno", place.statement.lineno),
                    lines=_lines(at if isinstance(at, ast.stmt) else place.statement),
                    binds="" if place.function else _binds(place),
                    in_functions=differ_in_functions_only(compiled, compile(source, path, "exec")),
                    source=source,
                    difference=_difference(original, source),
                )


def _mutated(tree: ast.Module, place: Place, change: Change) -> str:
    """The tree's source with the change, which is taken back."""
    value = getattr(place.parent, place.field)
    before = list(value) if isinstance(value, list) else value
    place.put(change.instead)
    source = ast.unparse(ast.fix_missing_locations(tree))
    if isinstance(value, list):
        value[:] = before
    else:
        setattr(place.parent, place.field, before)
    return source


def _lines(statement: ast.stmt | ast.ExceptHandler) -> range:
    """The lines that are run whenever the statement is; of one with a block, those of its head."""
    body = getattr(statement, "body", None)
    last = max(statement.lineno, body[0].lineno - 1) if body else statement.end_lineno or statement.lineno
    return range(statement.lineno, last + 1)


def _binds(place: Place) -> str:
    """The name that the statement gives a value."""
    match place.statement:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return ""


def _difference(original: str, source: str) -> str:
    lines = difflib.unified_diff(original.splitlines(), source.splitlines(), lineterm="", n=0)
    return "\n".join(line for line in lines if line[0] in "+-" and line[:3] not in {"+++", "---"})
