"""Requests by chance: right ones mostly, over few items, names and values, so that they meet each other."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
Request: TypeAlias = tuple[str, dict[str, Any]]
Draw: TypeAlias = Callable[[st.SearchStrategy[T]], T]
Path: TypeAlias = tuple[str | int, ...]

PARTITIONS = ["a", "a", "ü😀"]
SORTS = ["1", "1", "1", "2", "2", "2x", "\uffff", "😀"]

_PATHS: list[Path] = [
    *[(name,) for name in ("n", "s", "l", "m", "ns", "ss", "bin", "flag", "nothing", "ttl", "extra", "PK", "status")],
    *[("m", "x"), ("m", "y"), ("m", "y", "z"), ("m", "l", 0), ("l", 0), ("l", 1), ("l", 7)],
]
_LIKELY: list[Path] = [("n",), ("s",), ("l",), ("m",), ("m", "x"), ("m", "l", 0), ("l", 0), ("l", 1)]
_ODD_PATHS: list[Path] = [("s", "x"), ("m", 0), ("l", "x"), ("l", 2, "x"), ("nothing", "x"), ("PK", "x"), ("GSI1PK",)]
_TARGETS: list[Path] = [
    *[(name,) for name in ("n", "s", "ns", "ss", "bin", "ttl", "extra", "status")],
    *[("m", "x"), ("m", "y", "z"), ("m", "w"), ("l", 0), ("l", 1), ("l", 7), ("l", 9)],
]
"""What one update can change at once: no path leads into another."""


def _seldom(draw: Any, one_in: int) -> bool:
    """True once in so many times. Hypothesis likes the ends of a range better than its middle."""
    return bool(draw(st.sampled_from(range(one_in))) == one_in // 2)


def _of(kind: str, contents: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return contents.map(lambda content: {kind: content})


_text = st.sampled_from(["", "a", "ab", "b", "é", "😀", "2026-11-24"])
_number = st.sampled_from(
    ["0", "1", "2", "-1", "10", "0.5", "1.0", "1E2", "12345678901234567890123456789012345678", "1E-130"]
)
_binary = st.sampled_from(["", "YQ==", "YWI=", "Yg=="])
_scalar = st.one_of(
    _text.map(lambda text: {"S": text}),
    _number.map(lambda text: {"N": text}),
    _binary.map(lambda text: {"B": text}),
    st.booleans().map(lambda flag: {"BOOL": flag}),
    st.just({"NULL": True}),
)
_set = st.one_of(
    st.lists(_text, min_size=1, max_size=3, unique=True).map(lambda texts: {"SS": texts}),
    st.lists(st.sampled_from(["0", "1", "2", "-1"]), min_size=1, max_size=3, unique=True).map(
        lambda texts: {"NS": texts}
    ),
    st.lists(_binary, min_size=1, max_size=2, unique=True).map(lambda texts: {"BS": texts}),
)
_ordered = st.one_of(_of("S", _text), _of("N", _number), _of("B", _binary))
_text_set = _of("SS", st.lists(_text, min_size=1, max_size=3, unique=True))
_number_set = _of("NS", st.lists(st.sampled_from(["0", "1", "2", "-1"]), min_size=1, max_size=3, unique=True))
_list = st.lists(_scalar, max_size=3).map(lambda elements: {"L": elements})
_map = st.fixed_dictionaries(
    {}, optional={"x": _scalar, "y": st.one_of(_scalar, st.just({"M": {"z": {"N": "1"}}})), "l": _list}
)
_any_value: st.SearchStrategy[dict[str, Any]] = st.one_of(
    _scalar, _scalar, _set, _list, _map.map(lambda content: {"M": content})
)
_usual = st.fixed_dictionaries(
    {
        "n": _number.map(lambda text: {"N": text}),
        "s": _text.map(lambda text: {"S": text}),
        "l": st.lists(_scalar, min_size=2, max_size=3).map(lambda elements: {"L": elements}),
        "m": st.builds(
            lambda x, z: {"M": {"x": x, "y": {"M": {"z": z}}, "l": {"L": [z]}}},
            _number.map(lambda text: {"N": text}),
            _scalar,
        ),
    },
    optional={
        "ns": st.just({"NS": ["1", "2"]}),
        "ss": st.just({"SS": ["a", "b"]}),
        "ttl": _number.map(lambda text: {"N": text}),
        "status": _text.map(lambda text: {"S": text}),
    },
)
_unusual = st.dictionaries(
    st.sampled_from(["n", "s", "l", "m", "ns", "ss", "bin", "flag", "status"]), _any_value, max_size=4
)
_malformed_value: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"N": "x"},
        {"N": "1E126"},
        {"N": "1E-131"},
        {"N": "123456789012345678901234567890123456789"},
        {"NULL": False},
        {"SS": []},
        {"SS": ["a", "a"]},
        {"NS": ["1", "1.0"]},
        {"NS": ["x"]},
        {"S": "a", "N": "1"},
        {},
        {"L": [{}]},
        {"M": {"x": {"SS": []}}},
        {"M": {"": {"N": "1"}}},
    ]
)


class Expressions:
    """Expressions of one request, with the names and values that they need.

    Most are made with care, so that they can be right; the others put anything anywhere.
    """

    def __init__(self, draw: Any, key: dict[str, Any] | None = None) -> None:
        """`key` is the item's, where there is one."""
        self._draw = draw
        self._key = key
        self._careful = not _seldom(draw, 6)
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}
        self.texts: dict[str, str] = {}

    def parameters(self) -> dict[str, Any]:
        """All of them; of those made without care, some have one name or value too many or too few."""
        if not self._careful:
            self._slip()
        request: dict[str, Any] = dict(self.texts)
        if self._names:
            request["ExpressionAttributeNames"] = self._names
        if self._values:
            request["ExpressionAttributeValues"] = self._values
        return request

    def condition(self, depth: int = 2) -> str:
        """What can be true or false."""
        if depth and self._draw(st.integers(0, 3)) == 0:
            return self._joined(self._one_of(["and", "or", "not", "parentheses"]), depth - 1)
        makers = [
            self._comparison,
            self._comparison,
            self._order,
            self._function,
            self._between,
            self._among,
            self._size,
        ]
        maker: Callable[[], str] = self._draw(st.sampled_from(makers))
        return maker()

    def _joined(self, how: str, depth: int) -> str:
        inner = self.condition(depth)
        if how == "not":
            return f"NOT {inner}"
        if how == "parentheses":
            return inner if self._careful and inner.startswith("(") else f"({inner})"
        word = self._one_of([how, how.upper()])
        return f" {word} ".join([inner, *(self.condition(depth) for _ in range(self._draw(st.integers(1, 2))))])

    def _comparison(self) -> str:
        return f"{self._path()} {self._one_of(['=', '=', '<>'])} {self._operand(_any_value)}"

    def _order(self) -> str:
        return f"{self._path()} {self._comparator()} {self._operand(_ordered)}"

    def _function(self) -> str:
        name = self._one_of(["attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains"])
        first = self._path()
        if name == "attribute_type":
            types = st.sampled_from(["S", "N", "L", "M", "NULL", "BOOL", "SS", "NS", "B", "BS"])
            return f"{name}({first}, {self._value(_of('S', types))})"
        if name == "begins_with":
            return f"{name}({first}, {self._value(st.one_of(_of('S', _text), _of('B', _binary)))})"
        return f"{name}({first}, {self._operand(_scalar)})" if name == "contains" else f"{name}({first})"

    def _between(self) -> str:
        return f"{self._path()} BETWEEN {self._bounds()}"

    def _among(self) -> str:
        options = [self._value(_any_value) for _ in range(self._draw(st.integers(1, 3)))]
        return f"{self._path()} IN ({', '.join(options)})"

    def _size(self) -> str:
        return f"size({self._path()}) {self._comparator()} {self._value(_of('N', _number))}"

    def update(self) -> str:
        """What changes an item."""
        actions: dict[str, list[str]] = {}
        if self._careful:
            likely = st.sampled_from([target for target in _TARGETS if len(target) == 1])
            wanted = st.one_of(likely, likely, st.sampled_from(_TARGETS))
            targets = self._draw(st.lists(wanted, min_size=1, max_size=4, unique=True))
        else:
            targets = self._draw(st.lists(st.sampled_from([*_PATHS, *_ODD_PATHS]), min_size=1, max_size=4))
        for target in targets:
            word, action = self._action(target)
            actions.setdefault(word, []).append(action)
        if self._key is not None and self._draw(st.integers(0, 2)) == 0:
            for name, value in self._draw(index_attributes(self._key)).items():
                actions.setdefault("SET", []).append(f"{self._name(name)} = {self._value(st.just(value))}")
        return " ".join(f"{word} {', '.join(texts)}" for word, texts in actions.items())

    def projection(self) -> str:
        """A list of paths."""
        paths = self._draw(
            st.lists(st.sampled_from(_TARGETS if self._careful else _PATHS), min_size=1, max_size=3, unique=True)
        )
        return ", ".join(map(self._written, paths))

    def key_condition(self, partition: str, sort: str, partitions: Sequence[str], sorts: Sequence[str]) -> str:
        """What asks for a part of a partition."""
        first = f"{self._name(partition)} = {self._value(_of('S', st.sampled_from(partitions)))}"
        bound = _of("S", st.sampled_from(sorts if self._careful else [*sorts, ""]))
        kind = self._one_of(["none", "compare", "compare", "between", "begins", *([] if self._careful else ["wrong"])])
        match kind:
            case "none":
                return first
            case "compare":
                second = f"{self._name(sort)} {self._one_of(['=', '<', '<=', '>', '>='])} {self._value(bound)}"
            case "between":
                low, high = sorted(self._draw(st.tuples(bound, bound)), key=lambda value: str(value["S"]))
                second = f"{self._name(sort)} BETWEEN {self._value(st.just(low))} AND {self._value(st.just(high))}"
            case "begins":
                second = f"begins_with({self._name(sort)}, {self._value(bound)})"
            case _:
                second = self.condition(1)
        return " AND ".join([first, second] if self._draw(st.booleans()) else [second, first])

    def _one_of(self, options: Sequence[str]) -> str:
        return self._draw(st.sampled_from(options))  # type: ignore[no-any-return] # hypothesis' stubs

    def _value(self, strategy: st.SearchStrategy[Any]) -> str:
        """A new value's placeholder; without care, the value may be any."""
        name = f":v{len(self._values)}"
        self._values[name] = self._draw(strategy if self._careful else st.one_of(strategy, _any_value))
        return name

    def _path(self) -> str:
        paths = _PATHS if self._careful else [*_PATHS, *_ODD_PATHS]
        return self._written(self._draw(st.sampled_from(paths)))

    def _written(self, path: Path) -> str:
        text = ""
        for step in path:
            text += f"[{step}]" if isinstance(step, int) else ("." if text else "") + self._name(step)
        return text

    def _name(self, name: str) -> str:
        """A name, as it is or by an alias; with care, a reserved word has one."""
        if (name in {"status", "ttl"} and self._careful) or self._draw(st.booleans()):
            self._names[f"#{name}"] = name
            return f"#{name}"
        return name

    def _operand(self, strategy: st.SearchStrategy[Any]) -> str:
        kind = self._one_of(["value", "value", "value", "path", "size"])
        if kind == "size":
            return f"size({self._path()})"
        return self._value(strategy) if kind == "value" else self._path()

    def _bounds(self) -> str:
        if self._draw(st.booleans()) or not self._careful:
            return f"{self._operand(_ordered)} AND {self._path()}"
        low, high = sorted(self._draw(st.tuples(_number, _number)), key=float)
        return f"{self._value(st.just({'N': low}))} AND {self._value(st.just({'N': high}))}"

    def _comparator(self) -> str:
        return self._one_of(["=", "<>", "<", "<=", ">", ">="])

    def _action(self, target: Path) -> tuple[str, str]:
        text = self._written(target)
        number = self._value
        match self._one_of(["assign", "assign", "assign", "sum", "default", "append", "remove", "add", "delete"]):
            case "remove":
                return "REMOVE", text
            case "add" | "delete" if self._careful and target[0] not in {"n", "ns", "ss", "extra"}:
                return "SET", f"{text} = {self._set_operand()}"
            case "add":
                strategy = {"ns": _number_set, "ss": _text_set}.get(str(target[0]), _of("N", _number))
                return "ADD", f"{text} {self._value(strategy)}"
            case "delete":
                return "DELETE", f"{text} {self._value(_text_set if target == ('ss',) else _number_set)}"
            case "sum":
                operands = self._draw(st.permutations([self._numeric(), number(_of("N", _number))]))
                return "SET", f"{text} = {operands[0]} {self._one_of(['+', '-'])} {operands[1]}"
            case "default":
                return "SET", f"{text} = if_not_exists({self._path()}, {self._set_operand()})"
            case "append":
                operands = self._draw(st.permutations([self._written(("l",)), self._value(_list)]))
                return "SET", f"{text} = list_append({operands[0]}, {operands[1]})"
        return "SET", f"{text} = {self._set_operand()}"

    def _numeric(self) -> str:
        if self._draw(st.booleans()):
            return f"if_not_exists({self._path()}, {self._value(_of('N', _number))})"
        return self._written(self._draw(st.sampled_from([("n",), ("m", "x")])))

    def _set_operand(self) -> str:
        return (
            self._value(_any_value)
            if self._draw(st.integers(0, 3))
            else self._written(self._draw(st.sampled_from(_PATHS)))
        )

    def _slip(self) -> None:
        slip = self._draw(
            st.sampled_from(["none", "extra name", "extra value", "no name", "no value", "bad value", "garbled"])
        )
        if slip == "extra name":
            self._names["#extra"] = "n"
        elif slip == "extra value":
            self._values[":extra"] = {"N": "1"}
        elif slip == "no name" and self._names:
            self._names.popitem()
        elif slip == "no value" and self._values:
            self._values.popitem()
        elif slip == "bad value" and self._values:
            self._values[next(iter(self._values))] = self._draw(_malformed_value)
        elif slip == "garbled":
            self._garble()

    def _garble(self) -> None:
        """Put something else in the place of one character."""
        for parameter, text in self.texts.items():
            at = self._draw(st.integers(0, len(text) - 1))
            piece = self._one_of(["", "(", ")", " ", ",", "AND ", "=", ":v0", "n", ".", "[0]", "$"])
            self.texts[parameter] = text[:at] + piece + text[at + 1 :]


def keys() -> st.SearchStrategy[dict[str, Any]]:
    """A primary key, seldom a wrong one."""
    right = st.builds(
        lambda partition, sort: {"PK": {"S": partition}, "SK": {"S": sort}},
        st.sampled_from(PARTITIONS),
        st.sampled_from(SORTS),
    )
    wrong: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
        [
            {"PK": {"S": "a"}},
            {"PK": {"S": "a"}, "SK": {"S": ""}},
            {"PK": {"S": "a"}, "SK": {"N": "1"}},
            {"PK": {"S": "a"}, "SK": {"S": "1"}, "n": {"N": "1"}},
            {"PK": {"S": "a"}, "SK": {"S": "x" * 1025}},
            {"PK": {"S": "a"}, "SK": {"NULL": False}},
            {},
        ]
    )
    return st.sampled_from(range(60)).flatmap(lambda number: wrong if number == 30 else right)


def index_attributes(key: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Keys of the first index; its sort keys are unique, as the order of equal ones is open."""
    own = str([value for attribute in key.values() for value in attribute.values()])
    return st.fixed_dictionaries(
        {},
        optional={
            "GSI1PK": st.sampled_from(["g", "h"]).map(lambda text: {"S": text}),
            "GSI1SK": st.sampled_from(["x", "y", "é"]).map(lambda text: {"S": text + own}),
        },
    )


@st.composite
def items(draw: Draw[Any], key: dict[str, Any]) -> dict[str, Any]:
    """An item, seldom a wrong one."""
    item: dict[str, Any] = key | draw(st.one_of(_usual, _usual, _unusual)) | draw(index_attributes(key))
    match draw(st.sampled_from(range(80))):
        case 40:
            item["n"] = draw(_malformed_value)
        case 41:
            item["GSI1PK"] = draw(st.sampled_from([{"S": ""}, {"N": "1"}, {"S": "x" * 2049}]))
        case 42:
            item[""] = {"N": "1"}
        case 43:
            item["s"] = {"S": "x" * 409_600}
    return item


@st.composite
def _write(draw: Draw[Any], kind: str, key: dict[str, Any], *, table: str) -> dict[str, Any]:
    """The body of a Put, an Update, a Delete or a ConditionCheck."""
    body: dict[str, Any] = {"TableName": table}
    if kind == "Put":
        body["Item"] = draw(items(key))
    else:
        body["Key"] = key
    expressions = Expressions(draw, key=key)
    if kind == "Update":
        expressions.texts["UpdateExpression"] = expressions.update()
    if kind == "ConditionCheck" or draw(st.integers(0, 2)) == 0:
        expressions.texts["ConditionExpression"] = expressions.condition()
    body |= expressions.parameters()
    if draw(st.booleans()):
        body["ReturnValuesOnConditionCheckFailure"] = draw(st.sampled_from(["ALL_OLD", "ALL_OLD", "NONE"]))
    return body


@st.composite
def _single(draw: Draw[Any], *, table: str) -> Request:
    kind = draw(st.sampled_from(["Put", "Put", "Update", "Update", "Update", "Delete"]))
    body = draw(_write(kind, draw(keys()), table=table))
    if draw(st.booleans()):
        allowed = ["NONE", "ALL_OLD", "ALL_OLD", "ALL_NEW"] if kind == "Update" else ["NONE", "ALL_OLD", "ALL_OLD"]
        body["ReturnValues"] = draw(st.sampled_from(allowed * 5 + ["ALL_NEW", "ALL"]))
    return f"{kind}Item", body


@st.composite
def _transaction(draw: Draw[Any], *, table: str) -> Request:
    kinds = draw(
        st.lists(
            st.sampled_from(["Put", "Put", "Update", "Update", "Delete", "ConditionCheck"]), min_size=1, max_size=4
        )
    )
    several = draw(
        st.lists(keys(), min_size=len(kinds), max_size=len(kinds), unique_by=None if _seldom(draw, 10) else repr)
    )
    request: dict[str, Any] = {
        "TransactItems": [
            {kind: draw(_write(kind, key, table=table))} for kind, key in zip(kinds, several, strict=True)
        ]
    }
    if draw(st.booleans()):
        request["ClientRequestToken"] = draw(st.sampled_from(["token-1", "token-2"] * 20 + ["t" * 37]))
    return "TransactWriteItems", request


@st.composite
def _get(draw: Draw[Any], *, table: str) -> Request:
    request: dict[str, Any] = {"TableName": table, "Key": draw(keys())}
    if draw(st.integers(0, 2)) == 0:
        expressions = Expressions(draw)
        expressions.texts["ProjectionExpression"] = expressions.projection()
        request |= expressions.parameters()
        request.pop("ExpressionAttributeValues", None)
    if draw(st.booleans()):
        request["ConsistentRead"] = draw(st.booleans())
    return "GetItem", request


@st.composite
def _query(draw: Draw[Any], *, table: str) -> Request:
    request: dict[str, Any] = {"TableName": table}
    expressions = Expressions(draw)
    if draw(st.booleans()):
        text = expressions.key_condition("PK", "SK", PARTITIONS, SORTS)
        start = keys()
    else:
        start = keys().flatmap(lambda key: index_attributes(key).map(key.__or__))
        request["IndexName"] = "NONE" if _seldom(draw, 20) else "GSI1"
        text = expressions.key_condition("GSI1PK", "GSI1SK", ["g", "h"], ["x", "x[", "y", "é"])
    expressions.texts["KeyConditionExpression"] = text
    request |= _page(draw, expressions)
    if draw(st.integers(0, 3)) == 0:
        request["ExclusiveStartKey"] = draw(start)
    if draw(st.booleans()):
        request["ScanIndexForward"] = draw(st.booleans())
    return "Query", request


@st.composite
def _scan(draw: Draw[Any], *, table: str) -> Request:
    request: dict[str, Any] = {"TableName": table}
    if draw(st.booleans()):
        request["IndexName"] = "GSI1"
    return "Scan", request | _page(draw, Expressions(draw))


def _page(draw: Draw[Any], expressions: Expressions) -> dict[str, Any]:
    if draw(st.integers(0, 2)) == 0:
        expressions.texts["FilterExpression"] = expressions.condition()
    if draw(st.integers(0, 3)) == 0:
        expressions.texts["ProjectionExpression"] = expressions.projection()
    request = expressions.parameters()
    if draw(st.booleans()):
        request["Limit"] = draw(st.sampled_from([1, 1, 2, 2, 3, 3, 4, 4, 0]))
    if _seldom(draw, 10):
        request["ConsistentRead"] = draw(st.booleans())
    if _seldom(draw, 10):
        wanted = ["COUNT", "ALL_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "NONE"]
        request["Select"] = draw(st.sampled_from(wanted))
    return request


@st.composite
def _batch(draw: Draw[Any], *, table: str) -> Request:
    match draw(st.sampled_from(["get", "write", "transact"])):
        case "get":
            return "BatchGetItem", {"RequestItems": {table: {"Keys": draw(st.lists(keys(), max_size=3))}}}
        case "transact":
            gets = draw(st.lists(_get(table=table), max_size=3))
            for _, request in gets:
                request.pop("ConsistentRead", None)
            return "TransactGetItems", {"TransactItems": [{"Get": request} for _, request in gets]}
    put = keys().flatmap(items).map(lambda item: {"PutRequest": {"Item": item}})
    delete = keys().map(lambda key: {"DeleteRequest": {"Key": key}})
    return "BatchWriteItem", {"RequestItems": {table: draw(st.lists(st.one_of(put, delete), max_size=3))}}


def _text_of(texts: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(texts).map(lambda text: {"S": text})


def seeds(table: str) -> st.SearchStrategy[list[Request]]:
    """Some items to begin with."""
    right = st.builds(lambda usual, key: key | usual, _usual, keys())
    with_index = right.flatmap(
        lambda item: index_attributes({k: item[k] for k in ("PK", "SK") if k in item}).map(item.__or__)
    )
    put = with_index.map(lambda item: ("PutItem", {"TableName": table, "Item": item}))
    return st.lists(put, max_size=5)


@st.composite
def sequences(draw: Draw[Any], table: str) -> list[Request]:
    """Requests one after the other: first some puts, and now and then what was asked for before."""
    sequence: list[Request] = draw(seeds(table))
    for _ in range(draw(st.integers(1, 10))):
        again = [request for request in sequence if "ClientRequestToken" in request[1]]
        sequence.append(draw(st.sampled_from(again) if again and _seldom(draw, 4) else requests(table)))
    return sequence


def requests(table: str) -> st.SearchStrategy[Request]:
    """Any request: an operation and its parameters."""
    return st.one_of(
        _single(table=table),
        _single(table=table),
        _transaction(table=table),
        _transaction(table=table),
        _query(table=table),
        _query(table=table),
        _scan(table=table),
        _get(table=table),
        _batch(table=table),
    )
