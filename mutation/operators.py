"""What is taken out. Each operator looks at one place of the syntax tree, and gives the ways to make it weaker.

Operators are general: they know Python and boto3's conditions, and no name of this project but those in the tables
below. So what is written tomorrow is covered by itself.
"""

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mutation.places import Place

WRITES = frozenset({"put", "delete", "check", "update"})
"""Functions that take a condition: as `condition=`, or as the second argument."""

_ALWAYS = """
(lambda attr, built: built(attr.exists() | attr.not_exists()))(
    __import__("boto3").dynamodb.conditions.Attr("PK"), __import__("chalicelib.dao.conditions").dao.conditions.built
)
""".strip()
"""A condition for them that always holds, as source."""

_FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
_FLIPPED_BY_NAME = {"lt": "lte", "lte": "lt", "gt": "gte", "gte": "gt"}


@dataclass(frozen=True, slots=True)
class Change:
    """One way to make a place weaker."""

    what: str
    """What is taken out, as source: names the change within its function."""
    instead: tuple[ast.AST, ...]
    """What is there then."""
    at: ast.AST | None = None
    """Where it shows, if it is a part of the place."""


Operator = Callable[[Place], Iterator[Change]]


def operand(place: Place) -> Iterator[Change]:
    """Each operand of `and`, `or`, `&` and `|`, taken out; the others stay."""
    node = place.node
    if isinstance(node, ast.BoolOp):
        for index, value in enumerate(node.values):
            others = node.values[:index] + node.values[index + 1 :]
            yield Change(_text(value), (others[0] if len(others) == 1 else ast.BoolOp(node.op, others),), value)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr):
        if isinstance(place.parent, ast.BinOp) and type(place.parent.op) is type(node.op):
            return
        operands = _chain(node, type(node.op))
        for index, value in enumerate(operands):
            others = operands[:index] + operands[index + 1 :]
            joined = others[0]
            for other in others[1:]:
                joined = ast.BinOp(joined, node.op, other)
            yield Change(_text(value), (joined,), value)


def write_condition(place: Place) -> Iterator[Change]:
    """The whole condition of a write, replaced by one that always holds."""
    call = place.parent
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in WRITES):
        return
    holds = ast.parse(_ALWAYS, mode="eval").body
    if isinstance(place.node, ast.keyword) and place.node.arg == "condition":
        yield Change(_text(place.node.value), (ast.keyword("condition", holds),))
    elif place.field == "args" and place.index == 1:
        yield Change(_text(place.node), (holds,))


def test(place: Place) -> Iterator[Change]:
    """The test of an `if`, with which one side is always taken; a filter, which lets everything through."""
    node = place.node
    if isinstance(node, ast.If) and not _is_for_types(node):
        if not _is_guard(node):
            yield Change(f"if {_text(node.test)}: never", (*_still_called(node.test), *node.orelse))
        yield Change(f"if {_text(node.test)}: always", (*_still_called(node.test), *node.body))
    elif isinstance(node, ast.IfExp):
        yield Change(f"if {_text(node.test)}: never", (node.orelse,))
        yield Change(f"if {_text(node.test)}: always", (node.body,))
    elif isinstance(place.parent, ast.comprehension) and place.field == "ifs":
        yield Change(f"if {_text(node)}", ())


def compared_element(place: Place) -> Iterator[Change]:
    """Each element of a tuple that is compared as a whole."""
    node = place.node
    if not (isinstance(node, ast.Compare) and isinstance(node.left, ast.Tuple) and len(node.comparators) == 1):
        return
    left, right = node.left, node.comparators[0]
    for index, element in enumerate(left.elts):
        fewer = ast.Tuple(_without(left.elts, index), ast.Load())
        rest = ast.parse(f"(*({_text(right)})[:{index}], *({_text(right)})[{index + 1}:])", mode="eval").body
        yield Change(f"{_text(element)} == ...[{index}]", (ast.Compare(fewer, node.ops, [rest]),), element)


def listed_case(place: Place) -> Iterator[Change]:
    """Each element of a set, of states, reasons or codes, and of a tuple that is gone through or returned."""
    node = place.node
    if isinstance(node, ast.Set):
        for index, element in enumerate(node.elts):
            rest = _without(node.elts, index)
            yield Change(_text(element), (ast.Set(rest) if rest else ast.parse("set()", mode="eval").body,), element)
    elif isinstance(node, ast.Tuple) and (place.field == "iter" or isinstance(place.parent, ast.Return)):
        for index, element in enumerate(node.elts):
            yield Change(_text(element), (ast.Tuple(_without(node.elts, index), ast.Load()),), element)


def flag(place: Place) -> Iterator[Change]:
    """Each True or False that is given by name, turned round."""
    node = place.node
    if not (
        isinstance(node, ast.keyword) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, bool)
    ):
        return
    yield Change(_text(node), (ast.keyword(node.arg, ast.Constant(not node.value.value)),))


def boundary(place: Place) -> Iterator[Change]:
    """Each `<`, `<=`, `>` and `>=`, in Python and in conditions, with the boundary on the other side."""
    node = place.node
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _FLIPPED:
        yield Change(_text(node), (ast.Compare(node.left, [_FLIPPED[type(node.ops[0])]()], node.comparators),))
    elif isinstance(node, ast.Attribute) and node.attr in _FLIPPED_BY_NAME and isinstance(place.parent, ast.Call):
        yield Change(_text(place.parent), (ast.Attribute(node.value, _FLIPPED_BY_NAME[node.attr], ast.Load()),))


def tried_once(place: Place) -> Iterator[Change]:
    """Each loop that only counts its tries, gone through once; each number that is called attempts, set to 1."""
    node, one = place.node, ast.Constant(1)
    if isinstance(node, ast.For) and isinstance(node.target, ast.Name) and node.target.id == "_":
        once = ast.Call(ast.Name("range", ast.Load()), [one], [])
        yield Change(f"for _ in {_text(node.iter)}", (ast.For(node.target, once, node.body, node.orelse),))
    elif isinstance(node, ast.Constant) and type(node.value) is int and "attempts" in _bound_to(place):
        yield Change(f"{_bound_to(place)}: {_text(node)}", (one,))


def made_once(place: Place) -> Iterator[Change]:
    """Each token, id and instant that a method makes once and uses more often, made anew for each use."""
    function = place.node
    if not isinstance(function, ast.FunctionDef):
        return
    for made in _own_nodes(function):
        match made:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Attribute(value=ast.Name(id="self")), args=[], keywords=[]) as call,
            ):
                anew = copy.deepcopy(function)
                uses = _Inlined(name, made, call)
                uses.visit(anew)
                if uses.count > 1:
                    yield Change(_text(made), (anew,), made)


def handler(place: Place) -> Iterator[Change]:
    """Each type of error that a handler meets, which then passes on; each `with` that handles errors or tidies up."""
    node = place.node
    if isinstance(node, ast.ExceptHandler) and node.type is not None:
        types = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        for index, each in enumerate(types):
            rest = ast.Tuple(_without(types, index), ast.Load())
            yield Change(f"except {_text(each)}", (ast.ExceptHandler(rest, node.name, node.body),), each)
    elif isinstance(node, ast.With) and all(item.optional_vars is None for item in node.items):
        yield Change(f"with {', '.join(_text(item) for item in node.items)}", tuple(node.body))


def effect(place: Place) -> Iterator[Change]:
    """Each call that is made for what it does, and each `+=` and `|=`, left out."""
    node = place.node
    is_call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    if is_call or isinstance(node, ast.AugAssign):
        yield Change(_text(node), ())


def compensation(place: Place) -> Iterator[Change]:
    """Each call of its own methods that a handler asks for its outcome, left out, with either outcome."""
    node = place.node
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _text(node).startswith("self._")):
        return
    if place.is_within(ast.ExceptHandler) and not isinstance(place.parent, ast.Expr):
        for outcome in (True, False):
            yield Change(f"{_text(node)}: {outcome}", (ast.Constant(outcome),))


def raised(place: Place) -> Iterator[Change]:
    """Each `raise` that is no guard's, left out: the error goes no further."""
    node = place.node
    in_guard = isinstance(place.parent, ast.If) and _is_guard(place.parent)
    if isinstance(node, ast.Raise) and not in_guard:
        yield Change(_text(node), ())


def action(place: Place) -> Iterator[Change]:
    """Each element of a list, such as one action of a transaction."""
    node = place.node
    if isinstance(node, ast.List) and isinstance(node.ctx, ast.Load):
        for index, element in enumerate(node.elts):
            yield Change(_text(element), (ast.List(_without(node.elts, index), ast.Load()),), element)


def guard(place: Place) -> Iterator[Change]:
    """Each `if` that ends in `raise`, `return`, `continue` or `break`, left out."""
    node = place.node
    if isinstance(node, ast.If) and _is_guard(node):
        yield Change(f"if {_text(node.test)}: never", _still_called(node.test))


OPERATORS: dict[str, tuple[Operator, ...]] = {
    "clause removal": (operand, write_condition, test, compared_element),
    "case removal": (listed_case,),
    "flag": (flag,),
    "boundary": (boundary,),
    "retry removal": (tried_once, made_once),
    "handler removal": (handler,),
    "compensation removal": (effect, compensation, raised, action),
    "guard removal": (guard,),
}
"""The kinds of mutants, by the names that the field has for them, and what makes each."""


class _Inlined(ast.NodeTransformer):
    """Puts a call wherever the name was read that it had been assigned to."""

    def __init__(self, name: str, made: ast.AST, call: ast.Call) -> None:
        self.count = 0
        self._name = name
        self._made = ast.dump(made, include_attributes=True)
        self._call = call

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        """Take the assignment out."""
        return ast.Pass() if ast.dump(node, include_attributes=True) == self._made else self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Make it anew."""
        if node.id != self._name:
            return node
        self.count += 1
        return self._call


def _own_nodes(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """The nodes of a function without those of the functions in it."""
    waiting = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop(0)
        yield node
        if not isinstance(node, ast.FunctionDef):
            waiting += ast.iter_child_nodes(node)


def _text(node: ast.AST) -> str:
    return ast.unparse(node)


def _without(nodes: Sequence[ast.expr], index: int) -> list[ast.expr]:
    return [*nodes[:index], *nodes[index + 1 :]]


def _chain(node: ast.expr, kind: type[ast.operator]) -> list[ast.expr]:
    """The operands of `a & b & c`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, kind):
        return [*_chain(node.left, kind), *_chain(node.right, kind)]
    return [node]


def _is_guard(node: ast.If) -> bool:
    return not node.orelse and isinstance(node.body[-1], ast.Raise | ast.Return | ast.Continue | ast.Break)


def _still_called(tested: ast.expr) -> tuple[ast.stmt, ...]:
    """What a test does beside its answer is done all the same."""
    return (ast.Expr(tested),) if any(isinstance(each, ast.Call) for each in ast.walk(tested)) else ()


def _is_for_types(node: ast.If) -> bool:
    return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _bound_to(place: Place) -> str:
    """The name that a value is given: as a field, by keyword, or as a key of a literal; lower case only."""
    parent = place.parent
    if isinstance(parent, ast.AnnAssign):
        return _text(parent.target)
    if isinstance(parent, ast.keyword):
        return parent.arg or ""
    if isinstance(parent, ast.Dict) and place.field == "values" and place.index is not None:
        key = parent.keys[place.index]
        return str(key.value) if isinstance(key, ast.Constant) else ""
    return ""
