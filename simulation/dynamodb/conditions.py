"""Conditions, as functions of an item: what ConditionExpression and FilterExpression ask for."""

from collections.abc import Callable
from typing import TypeAlias

from simulation.dynamodb.grammar import (
    Among,
    Between,
    Both,
    Call,
    Comparison,
    Either,
    Literal,
    Node,
    Opposite,
    Parenthesised,
    Path,
    refusal,
)
from simulation.dynamodb.scope import Item, Operand, Scope, Values, attribute_at, wrong_operand
from simulation.dynamodb.values import (
    ORDERED,
    SIZED,
    TYPES,
    begins_with,
    contains,
    is_less,
    kind_of,
    length,
)

Predicate: TypeAlias = Callable[[Item, Values], bool]

_TEXT_OR_BINARY = frozenset({"S", "B"})
_MAX_OPTIONS = 100
_PREDICATES = {"attribute_exists": 1, "attribute_not_exists": 1, "attribute_type": 2, "begins_with": 2, "contains": 2}
"""The functions that are true or false, and how many arguments they take."""


class ConditionCompiler:
    """Makes functions of trees."""

    def __init__(self, scope: Scope, parameter: str) -> None:
        """`parameter` is what refusals name."""
        self._scope = scope
        self._parameter = parameter

    def predicate(self, node: Node) -> Predicate:
        """What is true or false of an item. Raises `Refused`."""
        match node:
            case Parenthesised(inner):
                return self.predicate(inner)
            case Both(conditions):
                return _all_of([self.predicate(condition) for condition in conditions])
            case Either(conditions):
                return _any_of([self.predicate(condition) for condition in conditions])
            case Opposite(condition):
                return _opposite(self.predicate(condition))
            case Comparison():
                return self._comparison(node)
            case Between():
                return self._between(node)
            case Among():
                return self._among(node)
            case Call(function, _) if function in _PREDICATES:
                return self._function(node)
            case Call(function, _):
                raise self._misused(function)
            case _:
                raise refusal(self._parameter, "Syntax error; a condition is missing")

    def _comparison(self, node: Comparison) -> Predicate:
        left, right = self._operands(node.operator, node.left, node.right)
        if node.operator in {"=", "<>"}:
            return _equality(left, right, wanted=node.operator == "=")
        for operand in (node.left, node.right):
            self._need_kind(operand, ORDERED, node.operator)
        return _ORDERS[node.operator](left, right)

    def _between(self, node: Between) -> Predicate:
        operand, lower, upper = self._operands("BETWEEN", node.operand, node.lower, node.upper)
        for each in (node.operand, node.lower, node.upper):
            self._need_kind(each, ORDERED, "BETWEEN")
        bounds = _bare(node.lower), _bare(node.upper)
        if isinstance(bounds[0], Literal) and isinstance(bounds[1], Literal):
            self._need_bounds(bounds[0], bounds[1])

        def is_between(item: Item, values: Values) -> bool:
            value, low, high = operand(item, values), lower(item, values), upper(item, values)
            if value is None or low is None or high is None:
                return False
            return _is_at_most(low, value) and _is_at_most(value, high)

        return is_between

    def _among(self, node: Among) -> Predicate:
        if len(node.options) > _MAX_OPTIONS:
            raise refusal(self._parameter, "The IN operator is provided with too many operands;")
        operand, *options = self._operands("IN", node.operand, *node.options)

        def is_among(item: Item, values: Values) -> bool:
            value = operand(item, values)
            return value is not None and any(option(item, values) == value for option in options)

        return is_among

    def _function(self, node: Call) -> Predicate:
        name = node.function
        if len(node.arguments) != _PREDICATES[name]:
            raise refusal(
                self._parameter,
                f"Incorrect number of operands for operator or function; operator or function: {name}, "
                f"number of operands: {len(node.arguments)}",
            )
        arguments = self._operands(name, *node.arguments)
        first = arguments[0]
        if name.endswith("exists"):
            if self._path(node.arguments[0]) is None:
                raise refusal(
                    self._parameter, f"Operator or function requires a document path; operator or function: {name}"
                )
            return _existence(first, wanted=name == "attribute_exists")
        second = arguments[1]
        if name == "attribute_type":
            self._need_type_name(node.arguments[1])
            return _type_test(first, second)
        if name == "begins_with":
            for argument in node.arguments:
                self._need_kind(argument, _TEXT_OR_BINARY, name)
        return _relation(begins_with if name == "begins_with" else contains, first, second)

    def _operands(self, operator_name: str, *nodes: Node) -> list[Operand]:
        first = self._path(nodes[0])
        if first is not None and first in [self._path(node) for node in nodes[1:]]:
            raise refusal(
                self._parameter,
                "The first operand must be distinct from the remaining operands for this operator or function; "
                f"operator: {operator_name}",
            )
        return [self._operand(node) for node in nodes]

    def _operand(self, node: Node) -> Operand:
        match node:
            case Parenthesised(inner):
                return self._operand(inner)
            case Path():
                return path_operand(self._scope, node, self._parameter)
            case Literal():
                return literal_operand(self._scope, node)
            case Call("size", arguments):
                return self._size(arguments)
            case Call(function, _):
                raise self._misused(function)
            case _:
                raise refusal(self._parameter, "Syntax error; an operand is missing")

    def _size(self, arguments: tuple[Node, ...]) -> Operand:
        if len(arguments) != 1:
            raise refusal(self._parameter, "Incorrect number of operands for operator or function: size")
        self._need_kind(arguments[0], SIZED, "size")
        operand = self._operand(arguments[0])

        def size(item: Item, values: Values) -> dict[str, str] | None:
            value = operand(item, values)
            measured = None if value is None else length(value)
            return None if measured is None else {"N": str(measured)}

        return size

    def _path(self, node: Node) -> tuple[str | int, ...] | None:
        bare = _bare(node)
        return self._scope.path(bare, self._parameter) if isinstance(bare, Path) else None

    def _need_kind(self, node: Node, allowed: frozenset[str], operator_name: str) -> None:
        """A value of the request must have one of these types, and what `size` gives is a number."""
        bare = _bare(node)
        if isinstance(bare, Literal):
            self._scope.need_kind(bare, allowed, operator_name, self._parameter)
        elif isinstance(bare, Call) and "N" not in allowed:
            raise wrong_operand(operator_name, "N", self._parameter)

    def _need_bounds(self, lower: Literal, upper: Literal) -> None:
        def check(values: Values) -> None:
            low, high = values[lower.name], values[upper.name]
            if kind_of(low) != kind_of(high):
                raise refusal(
                    self._parameter, "The BETWEEN operator requires same data type for lower and upper bounds;"
                )
            if is_less(high, low):
                raise refusal(
                    self._parameter,
                    "The BETWEEN operator requires upper bound to be greater than or equal to lower bound;",
                )

        self._scope.checks.append(check)

    def _need_type_name(self, node: Node) -> None:
        bare = _bare(node)
        if not isinstance(bare, Literal):
            raise wrong_operand("attribute_type", "a path", self._parameter)

        def check(values: Values) -> None:
            value = values[bare.name]
            if "S" not in value:
                raise wrong_operand("attribute_type", kind_of(value), self._parameter)
            if value["S"] not in TYPES:
                raise refusal(self._parameter, f"Invalid attribute type name found; type: {value['S']}")

        self._scope.checks.append(check)

    def _misused(self, function: str) -> Exception:
        known = function in _PREDICATES or function in {"size", "if_not_exists", "list_append"}
        problem = (
            "The function is not allowed to be used this way in an expression" if known else "Invalid function name"
        )
        return refusal(self._parameter, f"{problem}; function: {function}")


def path_operand(scope: Scope, path: Path, parameter: str) -> Operand:
    """What is at a path."""
    steps = scope.path(path, parameter)
    if len(steps) > 1:
        return lambda item, _: attribute_at(item, steps)
    name = str(steps[0])
    return lambda item, _: item.get(name)


def literal_operand(scope: Scope, literal: Literal) -> Operand:
    """A value of the request."""
    name = scope.value(literal)
    return lambda _, values: values[name]


def _bare(node: Node) -> Node:
    while isinstance(node, Parenthesised):
        node = node.inner
    return node


def _all_of(predicates: list[Predicate]) -> Predicate:
    def all_of(item: Item, values: Values) -> bool:
        for predicate in predicates:  # noqa: SIM110 - a generator takes as long as all the rest
            if not predicate(item, values):
                return False
        return True

    return all_of


def _any_of(predicates: list[Predicate]) -> Predicate:
    def any_of(item: Item, values: Values) -> bool:
        for predicate in predicates:  # noqa: SIM110 - see above
            if predicate(item, values):
                return True
        return False

    return any_of


def _opposite(predicate: Predicate) -> Predicate:
    return lambda item, values: not predicate(item, values)


def _existence(operand: Operand, *, wanted: bool) -> Predicate:
    return lambda item, values: (operand(item, values) is not None) is wanted


def _type_test(operand: Operand, name: Operand) -> Predicate:
    def has_type(item: Item, values: Values) -> bool:
        value, wanted = operand(item, values), name(item, values)
        return value is not None and wanted is not None and wanted["S"] in value

    return has_type


def _equality(left: Operand, right: Operand, *, wanted: bool) -> Predicate:
    def is_equal(item: Item, values: Values) -> bool:
        value = left(item, values)
        return (value is not None and value == right(item, values)) is wanted

    return is_equal


def _relation(holds: Callable[..., bool], left: Operand, right: Operand) -> Predicate:
    def relation(item: Item, values: Values) -> bool:
        first, second = left(item, values), right(item, values)
        return first is not None and second is not None and holds(first, second)

    return relation


def _is_at_most(left: Values, right: Values) -> bool:
    return is_less(left, right) or (kind_of(left) in ORDERED and left == right)


_ORDERS: dict[str, Callable[[Operand, Operand], Predicate]] = {
    "<": lambda left, right: _relation(is_less, left, right),
    "<=": lambda left, right: _relation(_is_at_most, left, right),
    ">": lambda left, right: _relation(is_less, right, left),
    ">=": lambda left, right: _relation(_is_at_most, right, left),
}
