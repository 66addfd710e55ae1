"""Updates, as functions of an item: what UpdateExpression asks for.

All of an update is computed from the item as it was. What changes stands in a tree of steps, so that an attribute that
several paths lead into is made anew once, and indexes mean the list as it was.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from simulation.dynamodb.conditions import literal_operand, path_operand
from simulation.dynamodb.errors import Refused, invalid
from simulation.dynamodb.grammar import Call, Literal, Node, Parenthesised, Path, Total, Update, refusal
from simulation.dynamodb.scope import Item, Operand, Scope, Steps, Values, attribute_at, child_of
from simulation.dynamodb.values import SETS, Image, Value, kind_of, total, united, without

Tree: TypeAlias = dict[str | int, "Tree | Operand"]
"""What becomes of what is below a path: None means that it goes."""

Application: TypeAlias = Callable[[Image, Values], Image]

_PARAMETER = "UpdateExpression"
_LISTS = frozenset({"L"})
_NUMBERS = frozenset({"N"})
_ADDABLE = SETS | _NUMBERS


def compile_update(update: Update, scope: Scope) -> tuple[Application, frozenset[str]]:
    """The function that makes the new item of the old, and the attributes that it touches. Raises `Refused`."""
    compiler = _Compiler(scope)
    for path, node in update.sets:
        compiler.put(path, compiler.assigned(node))
    for path in update.removes:
        compiler.put(path, lambda *_: None)
    for path, literal in update.adds:
        scope.need_kind(literal, _ADDABLE, "ADD", _PARAMETER)
        compiler.put(path, compiler.added(path, literal))
    for path, literal in update.deletes:
        scope.need_kind(literal, SETS, "DELETE", _PARAMETER)
        compiler.put(path, compiler.deleted(path, literal))
    tree = compiler.tree
    steps = tuple((str(name), child) for name, child in tree.items())

    def apply(item: Image, values: Values) -> Image:
        return item.changed(
            {
                name: _rebuilt(item.get(name), child, item, values) if isinstance(child, dict) else child(item, values)
                for name, child in steps
            }
        )

    return apply, frozenset(name for name, _ in steps)


class _Compiler:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.tree: Tree = {}

    def put(self, path: Path, leaf: Operand) -> None:
        """Take a path into the tree; two that can't both be meant are refused."""
        *steps, last = self._scope.path(path, _PARAMETER)
        tree = self.tree
        for step in steps:
            self._check_kind(tree, step)
            child = tree.setdefault(step, {})
            if not isinstance(child, dict):
                raise self._overlap()
            tree = child
        self._check_kind(tree, last)
        if last in tree:
            raise self._overlap()
        tree[last] = leaf

    def assigned(self, node: Node) -> Operand:
        """The right side of a SET."""
        match node:
            case Parenthesised(inner):
                return self.assigned(inner)
            case Total(sign, left, right):
                return self._total(sign, left, right)
            case Call("list_append", arguments):
                return self._appended(arguments)
            case _:
                return self._operand(node)

    def added(self, path: Path, literal: Literal) -> Operand:
        """What ADD makes of what is there."""
        steps, name = self._scope.path(path, _PARAMETER), self._scope.value(literal)

        def added(item: Item, values: Values) -> Value:
            there, more = attribute_at(item, steps), values[name]
            if there is None:
                return more
            if kind_of(there) != kind_of(more):
                raise _wrong_type()
            return total(there, more) if "N" in more else united(there, more)

        return added

    def deleted(self, path: Path, literal: Literal) -> Operand:
        """What DELETE leaves of what is there."""
        steps, name = self._scope.path(path, _PARAMETER), self._scope.value(literal)

        def deleted(item: Item, values: Values) -> Value | None:
            there, less = attribute_at(item, steps), values[name]
            if there is None:
                return None
            if kind_of(there) != kind_of(less):
                raise _wrong_type()
            return without(there, less)

        return deleted

    def _operand(self, node: Node) -> Operand:
        match node:
            case Parenthesised(inner):
                return self._operand(inner)
            case Path():
                return _required(path_operand(self._scope, node, _PARAMETER))
            case Literal():
                return literal_operand(self._scope, node)
            case Call("if_not_exists", arguments):
                return self._if_not_exists(arguments)
            case Call(function, _):
                raise refusal(_PARAMETER, f"The function is not allowed in an update expression; function: {function}")
            case _:
                raise refusal(_PARAMETER, "Syntax error; an operand is missing")

    def _if_not_exists(self, arguments: tuple[Node, ...]) -> Operand:
        path, default = self._pair("if_not_exists", arguments)
        while isinstance(path, Parenthesised):
            path = path.inner
        if not isinstance(path, Path):
            raise refusal(_PARAMETER, "Operator or function requires a document path; operator: if_not_exists")
        if isinstance(default, Path) and self._steps(path) == self._steps(default):
            raise refusal(_PARAMETER, "The first operand must be distinct from the remaining operands;")
        there, otherwise = path_operand(self._scope, path, _PARAMETER), self._operand(default)

        def if_not_exists(item: Item, values: Values) -> Value | None:
            # DynamoDB looks at both in any case, and refuses a default that is missing.
            value, default = there(item, values), otherwise(item, values)
            return default if value is None else value

        return if_not_exists

    def _total(self, sign: int, left: Node, right: Node) -> Operand:
        for node in (left, right):
            self._need_kind(node, _NUMBERS, "+" if sign > 0 else "-")
        first, second = self._operand(left), self._operand(right)

        def sum_or_difference(item: Item, values: Values) -> Value:
            augend, addend = first(item, values), second(item, values)
            if augend is None or addend is None or "N" not in augend or "N" not in addend:
                raise _wrong_type()
            return total(augend, addend, sign=sign)

        return sum_or_difference

    def _appended(self, arguments: tuple[Node, ...]) -> Operand:
        pair = self._pair("list_append", arguments)
        for node in pair:
            self._need_kind(node, _LISTS, "list_append")
        first, second = map(self._operand, pair)

        def appended(item: Item, values: Values) -> Value:
            left, right = first(item, values), second(item, values)
            if left is None or right is None or "L" not in left or "L" not in right:
                raise _wrong_type()
            return {"L": [*left["L"], *right["L"]]}

        return appended

    def _pair(self, function: str, arguments: tuple[Node, ...]) -> tuple[Node, Node]:
        if len(arguments) != 2:
            raise refusal(
                _PARAMETER, f"Incorrect number of operands for operator or function; operator or function: {function}"
            )
        return arguments[0], arguments[1]

    def _need_kind(self, node: Node, allowed: frozenset[str], operator: str) -> None:
        while isinstance(node, Parenthesised):
            node = node.inner
        if isinstance(node, Literal):
            self._scope.need_kind(node, allowed, operator, _PARAMETER)

    def _steps(self, path: Path) -> Steps:
        return self._scope.path(path, _PARAMETER)

    def _check_kind(self, tree: Tree, step: str | int) -> None:
        if tree and type(step) is not type(next(iter(tree))):
            raise refusal(_PARAMETER, "Two document paths conflict with each other;")

    def _overlap(self) -> Refused:
        return refusal(_PARAMETER, "Two document paths overlap with each other;")


def _rebuilt(value: Value | None, tree: Tree, item: Item, values: Values) -> Value:
    """A map or a list with what the tree says."""
    is_list = isinstance(next(iter(tree)), int)
    if value is None or ("L" if is_list else "M") not in value:
        raise invalid("The document path provided in the update expression is invalid for update")
    children: dict[str | int, Value | None] = {}
    for step, child in tree.items():
        if isinstance(child, dict):
            children[step] = _rebuilt(child_of(value, step), child, item, values)
        else:
            children[step] = child(item, values)
    return {"L": _list(value["L"], children)} if is_list else {"M": _map(value["M"], children)}


def _map(old: Mapping[str, Value], children: Mapping[str | int, Value | None]) -> dict[str | int, Value]:
    merged: dict[str | int, Value | None] = {}
    merged.update(old)
    merged.update(children)
    return {name: value for name, value in merged.items() if value is not None}


def _list(old: list[Value], children: Mapping[str | int, Value | None]) -> list[Value]:
    """Beyond its end, a list grows by what is set there, in order, without gaps."""
    there = [children.get(index, value) for index, value in enumerate(old)]
    beyond = [value for index, value in sorted(children.items()) if int(index) >= len(old)]
    return [value for value in there + beyond if value is not None]


def _required(operand: Operand) -> Operand:
    def required(item: Item, values: Values) -> Value:
        value = operand(item, values)
        if value is None:
            raise invalid("The provided expression refers to an attribute that does not exist in the item")
        return value

    return required


def _wrong_type() -> Refused:
    return invalid("An operand in the update expression has an incorrect data type")
