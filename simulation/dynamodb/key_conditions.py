"""Key conditions: the partition, and which part of its order, that KeyConditionExpression asks for."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from simulation.dynamodb.conditions import ConditionCompiler
from simulation.dynamodb.errors import invalid
from simulation.dynamodb.grammar import Between, Both, Call, Comparison, Literal, Node, Parenthesised, Path
from simulation.dynamodb.scope import Scope, Steps

Row: TypeAlias = tuple[str, tuple[str, str]]
"""An item's place in a partition: its sort key there, and its primary key."""

PARAMETER = "KeyConditionExpression"

_MIRRORED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class KeyTest:
    """A test of one attribute against values of the request."""

    attribute: str
    operator: str
    values: tuple[str, ...]


def compile_key_condition(node: Node, scope: Scope) -> tuple[KeyTest, ...]:
    """The tests that must all hold. Raises `Refused`."""
    # It is a condition like any other first: what is wrong there is wrong here.
    ConditionCompiler(scope, PARAMETER).predicate(node)
    return tuple(_tests(node, scope))


def span(rows: Sequence[Row], operator: str, *bounds: str) -> tuple[int, int]:
    """Where those that pass a test begin and end."""
    return _SPANS[operator](rows, *bounds)


def _tests(node: Node, scope: Scope) -> Iterator[KeyTest]:
    match node:
        case Parenthesised(inner):
            yield from _tests(inner, scope)
        case Both(conditions):
            for condition in conditions:
                yield from _tests(condition, scope)
        case Comparison(operator, left, right) if operator in _MIRRORED:
            left, right = _operand(left), _operand(right)
            if isinstance(left, Literal):
                operator, left, right = _MIRRORED[operator], right, left
            yield _test(operator, scope, left, right)
        case Between(operand, lower, upper):
            yield _test("BETWEEN", scope, *map(_operand, (operand, lower, upper)))
        case Call("begins_with", arguments):
            yield _test("begins_with", scope, *map(_operand, arguments))
        case _:
            raise invalid(f"Invalid operator used in {PARAMETER}")


def _test(operator: str, scope: Scope, path: Node, *values: Node) -> KeyTest:
    names = tuple(value.name for value in values if isinstance(value, Literal))
    if not isinstance(path, Path) or len(names) != len(values):
        raise invalid(f"Invalid condition in {PARAMETER}: one attribute name and values are needed")
    steps: Steps = scope.path(path, PARAMETER)
    if len(steps) > 1:
        raise invalid("Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed")
    return KeyTest(str(steps[0]), operator, names)


def _operand(node: Node) -> Node:
    while isinstance(node, Parenthesised):
        node = node.inner
    return node


def _equal(rows: Sequence[Row], bound: str) -> tuple[int, int]:
    return bisect_left(rows, bound, key=_sort_key), bisect_right(rows, bound, key=_sort_key)


def _between(rows: Sequence[Row], lower: str, upper: str) -> tuple[int, int]:
    return bisect_left(rows, lower, key=_sort_key), bisect_right(rows, upper, key=_sort_key)


def _beginning(rows: Sequence[Row], start: str) -> tuple[int, int]:
    first = bisect_left(rows, start, key=_sort_key)
    # What is looked for among "begins with it, or not" is a bool.
    return first, bisect_left(rows, True, first, key=lambda row: not row[0].startswith(start))  # noqa: FBT003


def _sort_key(row: Row) -> str:
    return row[0]


_SPANS: dict[str, Callable[..., tuple[int, int]]] = {
    "=": _equal,
    "<": lambda rows, bound: (0, bisect_left(rows, bound, key=_sort_key)),
    "<=": lambda rows, bound: (0, bisect_right(rows, bound, key=_sort_key)),
    ">": lambda rows, bound: (bisect_right(rows, bound, key=_sort_key), len(rows)),
    ">=": lambda rows, bound: (bisect_left(rows, bound, key=_sort_key), len(rows)),
    "BETWEEN": _between,
    "begins_with": _beginning,
}
