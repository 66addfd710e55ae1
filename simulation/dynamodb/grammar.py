"""The grammar of expressions, and the trees that they are parsed into. A text is parsed once."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, lru_cache
from typing import Any, TypeAlias, cast

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedInput, VisitError

from simulation.dynamodb.errors import Refused, invalid

_MAX_BYTES = 4096
_MAX_STEPS = 32
_MAX_OPERATORS = 300
_MAX_INDEX_DIGITS = 9

_COMMON = r"""
    ?operand: path | value | function | parenthesised
    path: name ("." name | "[" INDEX "]")*
    name: NAME | ALIAS
    value: VALUE
    function: NAME "(" operand ("," operand)* ")"

    NAME: /[A-Za-z][A-Za-z0-9_]*/
    ALIAS: /#[A-Za-z0-9_]+/
    VALUE: /:[A-Za-z0-9_]+/
    INDEX: /0|[1-9][0-9]*/
    WHITESPACE: /[ \t\r\n]+/
    %ignore WHITESPACE
"""
_CONDITION = r"""
    ?start: either
    ?either: both (_OR both)*
    ?both: negation (_AND negation)*
    ?negation: test | _NOT negation -> opposite
    ?test: operand
        | operand COMPARATOR operand -> comparison
        | operand _BETWEEN operand _AND operand -> between
        | operand _IN "(" operand ("," operand)* ")" -> among
    parenthesised: "(" either ")"

    COMPARATOR: "=" | "<>" | "<=" | "<" | ">=" | ">"
    _OR.2: /or(?![A-Za-z0-9_])/i
    _AND.2: /and(?![A-Za-z0-9_])/i
    _NOT.2: /not(?![A-Za-z0-9_])/i
    _BETWEEN.2: /between(?![A-Za-z0-9_])/i
    _IN.2: /in(?![A-Za-z0-9_])/i
"""
_UPDATE = r"""
    start: (sets | removes | adds | deletes)+
    sets: _SET assignment ("," assignment)*
    removes: _REMOVE path ("," path)*
    adds: _ADD change ("," change)*
    deletes: _DELETE change ("," change)*
    assignment: path "=" sum
    change: path value
    ?sum: operand | operand SIGN operand -> total
    parenthesised: "(" sum ")"

    SIGN: "+" | "-"
    _SET.2: /set(?![A-Za-z0-9_])/i
    _REMOVE.2: /remove(?![A-Za-z0-9_])/i
    _ADD.2: /add(?![A-Za-z0-9_])/i
    _DELETE.2: /delete(?![A-Za-z0-9_])/i
"""
_PROJECTION = r"""
    start: path ("," path)*
    parenthesised: "(" operand ")"
"""


@dataclass(frozen=True, slots=True)
class Path:
    """The way to an attribute: names, aliases such as `#n`, and indexes."""

    steps: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Literal:
    """A value of the request, such as `:v`."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments."""

    function: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Parenthesised:
    """What stands in parentheses."""

    inner: "Node"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One of `=`, `<>`, `<`, `<=`, `>`, `>=`."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Between:
    """From one bound to the other, both included."""

    operand: "Node"
    lower: "Node"
    upper: "Node"


@dataclass(frozen=True, slots=True)
class Among:
    """One of several."""

    operand: "Node"
    options: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Both:
    """All of several conditions."""

    conditions: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of several conditions."""

    conditions: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Opposite:
    """Not the condition."""

    condition: "Node"


@dataclass(frozen=True, slots=True)
class Total:
    """A sum or difference."""

    sign: int
    left: "Node"
    right: "Node"


Node: TypeAlias = (
    Path | Literal | Call | Parenthesised | Comparison | Between | Among | Both | Either | Opposite | Total
)


@dataclass(frozen=True, slots=True)
class Update:
    """The parts of an update."""

    sets: tuple[tuple[Path, Node], ...] = ()
    removes: tuple[Path, ...] = ()
    adds: tuple[tuple[Path, Literal], ...] = ()
    deletes: tuple[tuple[Path, Literal], ...] = ()


@lru_cache(maxsize=4096)
def condition(text: str, parameter: str) -> Node:
    """Parse what is true or false of an item. Raises `Refused`, which names the parameter."""
    tree: Node = _parse("condition", text, parameter)
    return tree


@lru_cache(maxsize=4096)
def update(text: str, parameter: str) -> Update:
    """Parse what changes an item. Raises `Refused`."""
    tree: Update = _parse("update", text, parameter)
    return tree


@lru_cache(maxsize=4096)
def projection(text: str, parameter: str) -> tuple[Path, ...]:
    """Parse a list of paths. Raises `Refused`."""
    tree: tuple[Path, ...] = _parse("projection", text, parameter)
    return tree


def paths(node: Node) -> Iterator[Path]:
    """All paths in a condition."""
    if isinstance(node, Path):
        yield node
        return
    for field in fields(node):
        content = getattr(node, field.name)
        for child in content if isinstance(content, tuple) else (content,):
            if is_dataclass(child):
                yield from paths(cast("Node", child))


def refusal(parameter: str, problem: str) -> Refused:
    """An expression can't be right."""
    return invalid(f"Invalid {parameter}: {problem}")


def _parse(kind: str, text: str, parameter: str) -> Any:
    if not text:
        raise refusal(parameter, "The expression can not be empty;")
    if len(text.encode()) > _MAX_BYTES:
        raise refusal(parameter, "Expression size has exceeded the maximum allowed size")
    try:
        transformer, tree = _Trees(), _parser(kind).parse(text)
        result = transformer.transform(tree)
    except UnexpectedInput as error:
        raise refusal(parameter, f'Syntax error; near: "{error.get_context(text, span=10).splitlines()[0]}"') from None
    except VisitError as error:
        raise refusal(parameter, str(error.orig_exc)) from None
    if transformer.operators > _MAX_OPERATORS:
        raise refusal(parameter, "The expression contains too many operators;")
    return result


@cache
def _parser(kind: str) -> Lark:
    grammar = {"condition": _CONDITION, "update": _UPDATE, "projection": _PROJECTION}[kind]
    return Lark(grammar + _COMMON, parser="lalr", maybe_placeholders=False)


class _WrongError(Exception):
    """The words are in order, but what they say can't be."""


class _Trees(Transformer[Token, Any]):
    """Lark's trees to ours."""

    def __init__(self) -> None:
        super().__init__()
        self.operators = 0

    def name(self, children: list[Token]) -> str:
        return str(children[0])

    def path(self, children: list[str | Token]) -> Path:
        if len(children) > _MAX_STEPS:
            raise _WrongError(f"The document path has too many nesting levels; nesting levels: {len(children)}")
        return Path(tuple(self._step(child) for child in children))

    def value(self, children: list[Token]) -> Literal:
        return Literal(str(children[0]))

    def function(self, children: list[Any]) -> Call:
        self.operators += 1
        return Call(str(children[0]), tuple(children[1:]))

    def parenthesised(self, children: list[Node]) -> Parenthesised:
        if isinstance(children[0], Parenthesised):
            raise _WrongError("The expression has redundant parentheses;")
        return Parenthesised(children[0])

    def comparison(self, children: list[Any]) -> Comparison:
        self.operators += 1
        left, operator, right = children
        return Comparison(str(operator), left, right)

    def between(self, children: list[Node]) -> Between:
        self.operators += 1
        return Between(*children)

    def among(self, children: list[Node]) -> Among:
        self.operators += 1
        return Among(children[0], tuple(children[1:]))

    def both(self, children: list[Node]) -> Both:
        self.operators += len(children) - 1
        return Both(tuple(children))

    def either(self, children: list[Node]) -> Either:
        self.operators += len(children) - 1
        return Either(tuple(children))

    def opposite(self, children: list[Node]) -> Opposite:
        self.operators += 1
        return Opposite(children[0])

    def total(self, children: list[Any]) -> Total:
        self.operators += 1
        left, sign, right = children
        return Total(1 if sign == "+" else -1, left, right)

    def assignment(self, children: list[Any]) -> tuple[Path, Node]:
        self.operators += 1
        return children[0], children[1]

    def change(self, children: list[Any]) -> tuple[Path, Literal]:
        self.operators += 1
        return children[0], children[1]

    def sets(self, children: list[Any]) -> tuple[str, tuple[Any, ...]]:
        return "sets", tuple(children)

    def removes(self, children: list[Any]) -> tuple[str, tuple[Any, ...]]:
        self.operators += len(children)
        return "removes", tuple(children)

    def adds(self, children: list[Any]) -> tuple[str, tuple[Any, ...]]:
        return "adds", tuple(children)

    def deletes(self, children: list[Any]) -> tuple[str, tuple[Any, ...]]:
        return "deletes", tuple(children)

    def start(self, children: list[Any]) -> Update | tuple[Path, ...]:
        if isinstance(children[0], Path):
            return tuple(children)
        parts: dict[str, Any] = {}
        for section, actions in children:
            if section in parts:
                word = section[:-1].upper()
                raise _WrongError(f'The "{word}" section can only be used once in an update expression;')
            parts[section] = actions
        return Update(**parts)

    @staticmethod
    def _step(child: str | Token) -> str | int:
        if not isinstance(child, Token):
            return child
        if len(child) > _MAX_INDEX_DIGITS:
            raise _WrongError(f"List index is not within the allowable range; index: [{child}]")
        return int(child)
