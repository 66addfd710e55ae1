"""Projections, as functions of an item: what ProjectionExpression asks for."""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from simulation.dynamodb.grammar import Path, refusal
from simulation.dynamodb.scope import Item, Scope, child_of
from simulation.dynamodb.values import Value

Projection: TypeAlias = Callable[[Item], dict[str, Value]]

_Tree: TypeAlias = dict[Any, Any]
"""Steps to what is wanted below them; nothing below means all."""

_PARAMETER = "ProjectionExpression"


def compile_projection(paths: Iterable[Path], scope: Scope) -> Projection:
    """The function that takes the paths out of an item. Raises `Refused`."""
    tree: _Tree = {}
    for path in paths:
        _put(tree, scope.path(path, _PARAMETER))

    def project(item: Item) -> dict[str, Value]:
        picked = ((name, _picked(item.get(name), below)) for name, below in tree.items())
        return {name: value for name, value in picked if value is not None}

    return project


def _put(tree: _Tree, steps: tuple[str | int, ...]) -> None:
    *inner, last = steps
    for step in inner:
        _check_kind(tree, step)
        if tree.get(step, True) == {}:
            raise _overlap()
        tree = tree.setdefault(step, {})
    _check_kind(tree, last)
    if last in tree:
        raise _overlap()
    tree[last] = {}


def _picked(value: Value | None, tree: _Tree) -> Value | None:
    if value is None or not tree:
        return value
    found = {step: _picked(child_of(value, step), below) for step, below in sorted(tree.items())}
    found = {step: child for step, child in found.items() if child is not None}
    if not found:
        return None
    return {"L": list(found.values())} if "L" in value else {"M": found}


def _check_kind(tree: _Tree, step: str | int) -> None:
    if tree and type(step) is not type(next(iter(tree))):
        raise refusal(_PARAMETER, "Two document paths conflict with each other;")


def _overlap() -> Exception:
    return refusal(_PARAMETER, "Two document paths overlap with each other;")
