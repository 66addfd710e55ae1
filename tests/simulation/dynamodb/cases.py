"""Expressions written out, with what they must do to one item: read them to learn what DynamoDB takes and refuses."""

import json
from typing import Any, NamedTuple, TypeAlias

Request: TypeAlias = tuple[str, dict[str, Any]]

KEY: dict[str, Any] = {"PK": {"S": "a"}, "SK": {"S": "1"}}
ITEM: dict[str, Any] = KEY | {
    "n": {"N": "1"},
    "s": {"S": "abc"},
    "blank": {"S": ""},
    "bin": {"B": "YWJj"},
    "yes": {"BOOL": True},
    "nil": {"NULL": True},
    "l": {"L": [{"N": "1"}, {"S": "x"}, {"M": {"y": {"N": "5"}}}]},
    "m": {"M": {"x": {"N": "1"}, "z": {"M": {}}}},
    "ss": {"SS": ["a", "b"]},
    "ns": {"NS": ["1", "2"]},
}

REFUSED = None


class Condition(NamedTuple):
    """`values` are called `:0`, `:1` and so on."""

    text: str
    values: tuple[dict[str, Any], ...] = ()
    holds: bool | None = True

    def request(self) -> dict[str, Any]:
        """A write of the item under this condition."""
        return {"Key": KEY, "ConditionExpression": self.text, **_named(self.values)}


class Update(NamedTuple):
    """`changed` are the attributes that differ afterwards; one that is gone is None."""

    text: str
    values: tuple[dict[str, Any], ...] = ()
    changed: dict[str, Any] | None = REFUSED

    def request(self) -> dict[str, Any]:
        """This update of the item."""
        return {"Key": KEY, "UpdateExpression": self.text, **_named(self.values)}


def _named(values: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    named = {f":{number}": value for number, value in enumerate(values)}
    return {"ExpressionAttributeValues": named} if named else {}


def n(text: str) -> dict[str, Any]:
    """A number."""
    return {"N": text}


def s(text: str) -> dict[str, Any]:
    """A text."""
    return {"S": text}


def nested(levels: int) -> dict[str, Any]:
    """A number in so many lists."""
    value = n("1")
    for _ in range(levels):
        value = {"L": [value]}
    return value


def for_table(request: Request, name: str) -> Request:
    """A request of `WRONG`, for a table."""
    operation, body = request
    named: dict[str, Any] = json.loads(json.dumps(body).replace(_TABLE, name))
    return operation, named


CONDITIONS = [
    # comparisons
    Condition("n = :0", (n("1.0"),)),
    Condition("n = :0", (s("1"),), holds=False),
    Condition("n <> :0", (s("1"),)),
    Condition("n < :0", (n("10"),)),
    Condition("n<=:0", (n("1"),)),
    Condition("n > :0", (s("0"),), holds=False),
    Condition("NOT n > :0", (s("0"),)),
    Condition("s > :0", (s("abb"),)),
    Condition("bin < :0", ({"B": "YWJk"},)),
    Condition("n = m.x"),
    Condition("l[0] = m . x"),
    Condition("l [ 2 ].y > n"),
    Condition("m = :0", ({"M": {"z": {"M": {}}, "x": n("1e0")}},)),
    Condition("ns = :0", ({"NS": ["2", "1"]},)),
    Condition("nothing = :0", (n("1"),), holds=False),
    Condition("nothing <> :0", (n("1"),)),
    Condition("nothing <> nothing2"),
    Condition("nothing < :0", (n("1"),), holds=False),
    Condition("yes > n", holds=False),
    Condition(":0 = :1", (n("1"), n("1"))),
    Condition("n = n", holds=REFUSED),
    Condition("n < :0", ({"BOOL": True},), holds=REFUSED),
    Condition("n < :0", ({"L": []},), holds=REFUSED),
    Condition("n = :0 = :0", (n("1"),), holds=REFUSED),
    Condition("n == :0", (n("1"),), holds=REFUSED),
    # BETWEEN and IN
    Condition("n BETWEEN :0 AND :1", (n("0"), n("1"))),
    Condition("n between :0 and :1 and s = :2", (n("1"), n("1"), s("abc"))),
    Condition("n BETWEEN :0 AND nothing", (n("0"),), holds=False),
    Condition("n BETWEEN :0 AND :1", (n("2"), n("1")), holds=REFUSED),
    Condition("n BETWEEN :0 AND :1", (n("1"), s("a")), holds=REFUSED),
    Condition("n BETWEEN n AND :0", (n("1"),), holds=REFUSED),
    Condition("n IN (:0, nothing, m.x)", (n("2"),)),
    Condition("n IN(:0)", (s("1"),), holds=False),
    Condition("n IN :0", (n("1"),), holds=REFUSED),
    Condition("n IN ()", holds=REFUSED),
    Condition(f"n IN ({', '.join([':0'] * 100)})", (n("1"),)),
    Condition(f"n IN ({', '.join([':0'] * 101)})", (n("1"),), holds=REFUSED),
    # AND, OR, NOT and parentheses
    Condition("n = :0 OR n = :0 AND n = :1", (n("1"), n("2"))),
    Condition("(n = :0 OR n = :0) AND n = :1", (n("1"), n("2")), holds=False),
    Condition("NOT n = :0 AND n = :0", (n("1"),), holds=False),
    Condition("NOT (n = :0 AND n = :1)", (n("1"), n("2"))),
    Condition("NOT NOT n = :0", (n("1"),)),
    Condition("((n) = (:0))", (n("1"),)),
    Condition("((n = :0))", (n("1"),), holds=REFUSED),
    Condition("(n = :0) = :0", (n("1"),), holds=REFUSED),
    Condition("n AND n = :0", (n("1"),), holds=REFUSED),
    Condition("n = :0 AND", (n("1"),), holds=REFUSED),
    # functions
    Condition("attribute_exists(m.x) AND attribute_not_exists(m.y)"),
    Condition("attribute_exists (l[2].y)"),
    Condition("attribute_exists(l[3])", holds=False),
    Condition("attribute_exists(:0)", (s("n"),), holds=REFUSED),
    Condition("attribute_exists(n, s)", holds=REFUSED),
    Condition("attribute_exists(n) = :0", ({"BOOL": True},), holds=REFUSED),
    Condition("Attribute_Exists(n)", holds=REFUSED),
    Condition("attribute_type(nil, :0)", (s("NULL"),)),
    Condition("attribute_type(nothing, :0)", (s("S"),), holds=False),
    Condition("attribute_type(n, :0)", (s("X"),), holds=REFUSED),
    Condition("attribute_type(n, s)", holds=REFUSED),
    Condition("begins_with(s, :0)", (s("ab"),)),
    Condition("begins_with(s, :0)", (s(""),)),
    Condition("begins_with(bin, :0)", ({"B": "YWI="},)),
    Condition("begins_with(s, :0)", ({"B": "YWI="},), holds=False),
    Condition("begins_with(s, :0)", (n("1"),), holds=REFUSED),
    Condition("contains(s, :0)", (s("b"),)),
    Condition("contains(ss, :0)", (s("b"),)),
    Condition("contains(ns, :0)", (n("1.0"),)),
    Condition("contains(ns, :0)", (s("1"),), holds=False),
    Condition("contains(ns, :0)", ({"NS": ["1"]},), holds=False),
    Condition("contains(l, :0)", (n("1.0"),)),
    Condition("contains(l, :0)", ({"M": {"y": n("5")}},)),
    Condition("contains(m, :0)", (s("x"),), holds=False),
    Condition("contains(n, :0)", (n("1"),), holds=False),
    Condition("contains(:0, s)", ({"L": [s("abc")]},)),
    Condition("size(s) = :0 AND size(bin) = :0 AND size(ss) = :1 AND size(m) = :1", (n("3"), n("2"))),
    Condition("size(blank) = :0", (n("0"),)),
    Condition("size(:0) = :1", (s("é😀"), n("3"))),
    Condition("size(n) = :0", (n("1"),), holds=False),
    Condition("size(n) <> :0", (n("1"),)),
    Condition("size(s) = size(bin)"),
    Condition("size(:0) > :1", (n("1"), n("0")), holds=REFUSED),
    Condition("size(s)", holds=REFUSED),
    Condition("contains(s)", holds=REFUSED),
    Condition("nosuch(s)", holds=REFUSED),
    # names and paths
    Condition("status = :0", (s("a"),), holds=REFUSED),
    Condition("m.Name = :0", (s("a"),), holds=REFUSED),
    Condition("remove = :0", (s("a"),), holds=REFUSED),
    Condition("contains = :0", (s("a"),), holds=False),
    Condition("_n = :0", (n("1"),), holds=REFUSED),
    Condition("1n = :0", (n("1"),), holds=REFUSED),
    Condition("a-b = :0", (n("1"),), holds=REFUSED),
    Condition("#n = :0", (n("1"),), holds=REFUSED),
    Condition("n = :1", (n("1"),), holds=REFUSED),
    Condition("n = :0", (n("1"), n("2")), holds=REFUSED),
    Condition("l[01] = :0", (n("1"),), holds=REFUSED),
    Condition("l[-1] = :0", (n("1"),), holds=REFUSED),
    Condition("l[9999999999] = :0", (n("1"),), holds=REFUSED),
    Condition(".".join(["m"] * 32) + " = :0", (n("1"),), holds=False),
    Condition(".".join(["m"] * 33) + " = :0", (n("1"),), holds=REFUSED),
    Condition("PK.x = :0", (n("1"),), holds=REFUSED),
    # size
    Condition("", holds=REFUSED),
    Condition("n = :0" + " " * 4090, (n("1"),)),
    Condition("n = :0" + " " * 4091, (n("1"),), holds=REFUSED),
    Condition(" OR ".join(["n=:0"] * 150), (n("1"),)),
    Condition(" OR ".join(["n=:0"] * 151), (n("1"),), holds=REFUSED),
]

UPDATES = [
    # SET
    Update("SET a = :0", (n("1.50"),), {"a": n("1.5")}),
    Update("set a = n remove s", (), {"a": n("1"), "s": None}),
    Update("SET n = n + :0", (n("1.50"),), {"n": n("2.5")}),
    Update("SET n = :0 - n", (n("1"),), {"n": n("0")}),
    Update("SET n = if_not_exists(nothing, :0) + n", (n("5"),), {"n": n("6")}),
    Update("SET a = if_not_exists(n, :0), b = if_not_exists(nothing, s)", (n("5"),), {"a": n("1"), "b": s("abc")}),
    Update("SET a = if_not_exists(nothing, if_not_exists(n, :0))", (n("5"),), {"a": n("1")}),
    Update("SET a = (n + :0)", (n("1"),), {"a": n("2")}),
    Update("SET a = list_append(l, :0)", ({"L": [n("9")]},), {"a": {"L": [*ITEM["l"]["L"], n("9")]}}),
    Update("SET a = list_append(if_not_exists(nothing, :0), :0)", ({"L": [n("9")]},), {"a": {"L": [n("9"), n("9")]}}),
    Update("SET a = n, n = s, s = n", (), {"a": n("1"), "n": s("abc"), "s": n("1")}),
    Update("SET m.x = :0, m.w = m.x", (n("9"),), {"m": {"M": {"x": n("9"), "z": {"M": {}}, "w": n("1")}}}),
    Update("SET l[0] = l[1], l[1] = l[0]", (), {"l": {"L": [s("x"), n("1"), {"M": {"y": n("5")}}]}}),
    Update("SET l[9] = :0, l[7] = :1", (n("9"), n("7")), {"l": {"L": [*ITEM["l"]["L"], n("7"), n("9")]}}),
    Update("SET l[2].y = :0", (n("9"),), {"l": {"L": [n("1"), s("x"), {"M": {"y": n("9")}}]}}),
    Update("SET m.z.k = m", (), {"m": {"M": {"x": n("1"), "z": {"M": {"k": ITEM["m"]}}}}}),
    Update("SET n = n + s"),
    Update("SET n = n + :0", (s("1"),)),
    Update("SET n = n + n + n"),
    Update("SET n = (n + n) - n"),
    Update("SET n = ((n))"),
    Update("SET n = n - - n"),
    Update("SET a = nothing"),
    Update("SET a = if_not_exists(n, nothing)"),
    Update("SET a = if_not_exists(n, n)"),
    Update("SET a = if_not_exists(:0, n)", (n("1"),)),
    Update("SET a = if_not_exists(nothing, n + n)"),
    Update("SET a = list_append(l, s)"),
    Update("SET a = list_append(l, :0)", (n("1"),)),
    Update("SET a = list_append(list_append(l, l), l)"),
    Update("SET a = size(s)"),
    Update("SET a = nosuch(s)"),
    Update("SET nothing.x = n"),
    Update("SET s.x = n"),
    Update("SET m[0] = n"),
    Update("SET l.x = n"),
    Update("SET a = :0", (s("x" * 409_600),)),
    Update("SET m.z.k = :0", (nested(29),), {"m": {"M": {"x": n("1"), "z": {"M": {"k": nested(29)}}}}}),
    Update("SET m.z.k = :0", (nested(30),)),
    Update("SET PK = s"),
    Update("SET GSI1PK = :0", (s(""),)),
    Update("SET GSI1PK = :0", (n("1"),)),
    Update("SET GSI1PK = :0", ({"SS": ["a"]},)),
    Update("SET n = :0 + :1", (n("1"), n("1E-38"))),
    Update("SET n = :0 + :1", (n("1"), n("1E-37")), {"n": n("1." + "0" * 36 + "1")}),
    Update("SET n = :0 + :1", (n("9E125"), n("9E125"))),
    Update(
        "SET n = :0 - :1",
        (n("12345678901234567890123456789012345678"), n("1")),
        {"n": n("12345678901234567890123456789012345677")},
    ),
    # REMOVE
    Update("REMOVE n, nothing, m.x, m.nothing", (), {"n": None, "m": {"M": {"z": {"M": {}}}}}),
    Update("REMOVE l[0], l[1], l[9]", (), {"l": {"L": [{"M": {"y": n("5")}}]}}),
    Update("REMOVE l[0], l[2].y SET l[5] = n", (), {"l": {"L": [s("x"), {"M": {}}, n("1")]}}),
    Update("REMOVE nothing.x"),
    Update("REMOVE SK"),
    # ADD
    Update("ADD n :0, m.x :0, a :0", (n("5"),), {"n": n("6"), "m": {"M": {"x": n("6"), "z": {"M": {}}}}, "a": n("5")}),
    Update("ADD ss :0, a :0", ({"SS": ["c", "a"]},), {"ss": {"SS": ["a", "b", "c"]}, "a": {"SS": ["a", "c"]}}),
    Update("ADD ns :0", ({"NS": ["1.0", "7"]},), {"ns": {"NS": ["1", "2", "7"]}}),
    Update("ADD s :0", (n("5"),)),
    Update("ADD ss :0", ({"NS": ["1"]},)),
    Update("ADD n :0", (s("5"),)),
    Update("ADD n s"),
    # DELETE
    Update("DELETE ss :0", ({"SS": ["a", "z"]},), {"ss": {"SS": ["b"]}}),
    Update("DELETE ss :0", ({"SS": ["a", "b"]},), {"ss": None}),
    Update("DELETE nothing :0, m.nothing :0", ({"SS": ["a"]},), {}),
    Update("DELETE ss :0", ({"NS": ["1"]},)),
    Update("DELETE n :0", (n("1"),)),
    # sections and paths
    Update(
        "SET a = n ADD b :0 REMOVE s DELETE ns :1",
        (n("1"), {"NS": ["1"]}),
        {"a": n("1"), "b": n("1"), "s": None, "ns": {"NS": ["2"]}},
    ),
    Update("SET a = n SET b = n"),
    Update("SET a = n, a = s"),
    Update("SET m = s, m.x = n"),
    Update("SET m.x = n REMOVE m"),
    Update("SET l[0] = n, l.x = n"),
    Update("REMOVE l[0], l[0]"),
    Update("SET a = n,"),
    Update("SET a = n b = n"),
    Update("SET"),
    Update("FOO a"),
    Update("SET status = n"),
    Update(""),
]

PROJECTIONS: list[tuple[str, dict[str, Any] | None]] = [
    ("n, nothing, s", {"n": ITEM["n"], "s": ITEM["s"]}),
    ("nothing", {}),
    ("m.x, l[1]", {"m": {"M": {"x": n("1")}}, "l": {"L": [s("x")]}}),
    ("l[2].y, l[7], l[0]", {"l": {"L": [n("1"), {"M": {"y": n("5")}}]}}),
    ("m.x, m.z", {"m": ITEM["m"]}),
    ("m.x.y, s.x, l.x", {}),
    ("n, n", REFUSED),
    ("m, m.x", REFUSED),
    ("l[0], l.x", REFUSED),
    ("status", REFUSED),
    ("n,", REFUSED),
    ("", REFUSED),
]
"""What is shown of the item."""

_TABLE = "{table}"
"""Stands for the table's name."""


def _puts(**changes: Any) -> list[Request]:
    item = {name: value for name, value in (KEY | changes).items() if value is not None}
    put = {"TableName": _TABLE, "Item": item}
    return [
        ("PutItem", put),
        ("BatchWriteItem", {"RequestItems": {_TABLE: [{"PutRequest": {"Item": item}}]}}),
        ("TransactWriteItems", {"TransactItems": [{"Put": put}]}),
    ]


def _of_key(key: dict[str, Any]) -> list[Request]:
    named = {"TableName": _TABLE, "Key": key}
    return [
        ("GetItem", named),
        ("DeleteItem", named),
        ("UpdateItem", named | {"UpdateExpression": "REMOVE a"}),
        ("BatchGetItem", {"RequestItems": {_TABLE: {"Keys": [key]}}}),
        ("BatchWriteItem", {"RequestItems": {_TABLE: [{"DeleteRequest": {"Key": key}}]}}),
        ("TransactGetItems", {"TransactItems": [{"Get": named}]}),
        ("TransactWriteItems", {"TransactItems": [{"Delete": named}]}),
    ]


def _start(number: int) -> dict[str, Any]:
    return {name: value for name, value in STORED[number].items() if name != "n"}


def _query(text: str, *values: str, **more: Any) -> Request:
    named = {f":{number}": s(value) for number, value in enumerate(values)}
    request = {"TableName": _TABLE, "KeyConditionExpression": text, "ExpressionAttributeValues": named}
    return "Query", request | more


STORED: list[dict[str, Any]] = [
    KEY | {"SK": s(sort), "GSI1PK": s("g"), "GSI1SK": s(f"by {sort}"), "n": n(str(number))}
    for number, sort in enumerate(["1", "2", "2x", "3", "B", "a", "é", "\uffff", "😀"])
]
"""In order of their sort keys: a text's bytes in UTF-8."""

QUERIES: list[tuple[Request, list[int]]] = [
    (_query("PK = :0", "a"), [0, 1, 2, 3, 4, 5, 6, 7, 8]),
    (_query("PK = :0", "a", ScanIndexForward=False), [8, 7, 6, 5, 4, 3, 2, 1, 0]),
    (_query("PK = :0", "b"), []),
    (_query("PK = :0 AND SK = :1", "a", "2"), [1]),
    (_query("SK < :1 AND PK = :0", "a", "2"), [0]),
    (_query("(PK = :0) AND (SK <= :1)", "a", "2"), [0, 1]),
    (_query("(PK = :0 AND SK > :1)", "a", "é"), [7, 8]),
    (_query(":0 = PK AND :1 <= SK", "a", "é"), [6, 7, 8]),
    (_query("PK = :0 AND :1 > SK", "a", "2"), [0]),
    (_query("PK = :0 AND :1 < SK", "a", "é"), [7, 8]),
    (_query("PK = :0 AND :1 >= SK", "a", "2"), [0, 1]),
    (_query("PK = :0 AND SK BETWEEN :1 AND :2", "a", "2", "3"), [1, 2, 3]),
    (_query("PK = :0 and begins_with(SK, :1)", "a", "2"), [1, 2]),
    (_query("PK = :0 AND begins_with(SK, :1)", "a", "\uffff"), [7]),
    (_query("PK = :0", "a", Limit=2), [0, 1]),
    (_query("PK = :0", "a", Limit=2, ExclusiveStartKey=KEY | {"SK": s("2")}), [2, 3]),
    (_query("PK = :0", "a", Limit=2, ExclusiveStartKey=KEY | {"SK": s("2w")}), [2, 3]),
    (_query("PK = :0", "a", Limit=2, ExclusiveStartKey=KEY | {"SK": s("2x")}, ScanIndexForward=False), [1, 0]),
    (_query("PK = :0", "a", Limit=9), [0, 1, 2, 3, 4, 5, 6, 7, 8]),
    (_query("PK = :0", "a", Select="COUNT"), []),
    (_query("GSI1PK = :0", "g", IndexName="GSI1", Limit=3), [0, 1, 2]),
    (_query("GSI1PK = :0 AND GSI1SK >= :1", "g", "by a", IndexName="GSI1", ScanIndexForward=False), [8, 7, 6, 5]),
    (_query("GSI1PK = :0", "g", IndexName="GSI1", ExclusiveStartKey=_start(7)), [8]),
    (_query("GSI1PK = :0", "nobody", IndexName="GSI1"), []),
]
"""What finds which of those that are stored."""

_WRONG_KEYS: list[dict[str, Any]] = [
    {},
    {"PK": s("a")},
    KEY | {"n": n("1")},
    KEY | {"SK": s("")},
    KEY | {"SK": n("1")},
    KEY | {"SK": {"L": []}},
    KEY | {"SK": {"B": ""}},
    KEY | {"SK": s("x" * 1025)},
    KEY | {"PK": s("é" * 1025)},
]

WRONG: list[Request] = [
    *(request for key in _WRONG_KEYS for request in _of_key(key)),
    *_puts(SK=None),
    *_puts(SK=s("")),
    *_puts(SK=n("1")),
    *_puts(PK=s("x" * 2049)),
    *_puts(GSI1PK=s("")),
    *_puts(GSI1PK=n("1")),
    *_puts(GSI1PK={"L": []}),
    *_puts(GSI1PK={"B": ""}),
    *_puts(GSI1PK=s("x" * 2049)),
    *_puts(GSI2SK=s("x" * 1025)),
    *_puts(a=s("x" * 409_600)),
    *_puts(a={"N": "x"}),
    *_puts(a={"SS": []}),
    *_puts(a=nested(32)),
    _query("PK = :0 OR SK = :1", "a", "1"),
    _query("NOT PK = :0", "a"),
    _query("PK > :0", "a"),
    _query("SK = :0", "a"),
    _query("PK = :0 AND SK <> :1", "a", "1"),
    _query("PK = :0 AND n = :1", "a", "1"),
    _query("PK = :0 AND SK = :1 AND SK > :1", "a", "1"),
    _query("PK = :0 AND SK > :1 AND SK < :2", "a", "1", "3"),
    _query("PK = :0 AND contains(SK, :1)", "a", "1"),
    _query("PK = :0 AND begins_with(SK, :1)", "a", ""),
    _query("PK = :0 AND SK BETWEEN :1 AND :2", "a", "2", "1"),
    _query("PK = :0 AND SK = PK", "a"),
    _query("PK.x = :0", "a"),
    _query("PK = :0", ""),
    _query("PK = :0", "a", Limit=0),
    _query("PK = :0", "a", FilterExpression="SK = :0"),
    _query("PK = :0", "a", Select="SPECIFIC_ATTRIBUTES"),
    _query("PK = :0", "a", Select="COUNT", ProjectionExpression="n"),
    _query("PK = :0", "a", Select="ALL_PROJECTED_ATTRIBUTES"),
    _query("PK = :0", "a", ExclusiveStartKey={"PK": s("a")}),
    _query("PK = :0", "a", ExclusiveStartKey={"PK": s("b"), "SK": s("1")}),
    _query("PK = :0 AND SK > :1", "a", "1", ExclusiveStartKey=KEY),
    _query("GSI1PK = :0", "a", IndexName="GSI1", ConsistentRead=True),
    _query("GSI1PK = :0", "a", IndexName="GSI1", ExclusiveStartKey=KEY),
    _query("GSI1PK = :0", "a", IndexName="NONE"),
    ("Scan", {"TableName": _TABLE, "IndexName": "GSI1", "ConsistentRead": True}),
    ("Scan", {"TableName": _TABLE, "Limit": 0}),
    ("Scan", {"TableName": "another-table"}),
    ("GetItem", {"TableName": "another-table", "Key": KEY}),
    ("GetItem", {"TableName": _TABLE}),
    ("GetItem", {"TableName": _TABLE, "Key": KEY, "ProjectionExpression": "m.x, m"}),
    ("BatchGetItem", {"RequestItems": {_TABLE: {"Keys": [KEY, KEY]}}}),
    ("BatchGetItem", {"RequestItems": {_TABLE: {"Keys": [KEY | {"SK": s(str(number))} for number in range(101)]}}}),
    ("BatchGetItem", {"RequestItems": {}}),
    ("BatchWriteItem", {"RequestItems": {_TABLE: []}}),
    ("BatchWriteItem", {"RequestItems": {_TABLE: [{"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": KEY}}]}}),
    ("BatchWriteItem", {"RequestItems": {_TABLE: [{"PutRequest": {"Item": KEY}, "DeleteRequest": {"Key": KEY}}]}}),
    ("TransactGetItems", {"TransactItems": [{"Get": {"TableName": _TABLE, "Key": KEY}}] * 2}),
    ("TransactWriteItems", {"TransactItems": [{"Delete": {"TableName": _TABLE, "Key": KEY}}] * 2}),
    ("TransactWriteItems", {"TransactItems": []}),
    ("TransactWriteItems", {"TransactItems": [{}]}),
    ("TransactWriteItems", {"TransactItems": [{"Delete": {"TableName": "another-table", "Key": KEY}}]}),
    ("TransactWriteItems", {"TransactItems": [{"ConditionCheck": {"TableName": _TABLE, "Key": KEY}}]}),
    (
        "TransactWriteItems",
        {"TransactItems": [{"Delete": {"TableName": _TABLE, "Key": KEY}}], "ClientRequestToken": "t" * 37},
    ),
]
"""Requests that are refused, whatever is there."""
