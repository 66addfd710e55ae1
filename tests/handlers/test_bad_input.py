"""Bad input of every kind, at every route: a clean refusal that names what is wrong, and nothing is changed.

The requests are made from the table of operations and its examples, so that a new route is among them by itself.
"""

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from deployment.examples import EXAMPLES, PARAMETERS
from deployment.operations import OPERATIONS
from tests.handlers.api import Answer, Api, assert_problem

Key = tuple[str, str]
Place = tuple[str | int, ...]

PUBLIC = {key: operation for key, operation in OPERATIONS.items() if operation.is_public}
WITH_BODY = [key for key, operation in PUBLIC.items() if operation.body]
WITH_QUERY = [key for key, operation in PUBLIC.items() if operation.query]
PATH_PARAMETERS = [(key, part[1:-1]) for key in PUBLIC for part in key[1].split("/") if part.startswith("{")]


class Target:
    """An operation of a system in which its example would succeed."""

    def __init__(self, key: Key) -> None:
        self.method, self.path = key
        self.api = Api()
        self.parameters = {name: example for name, (_, example) in PARAMETERS.items()}
        for before in (("POST", "/providers"), ("POST", "/providers/{providerId}/availability"), ("POST", "/bookings")):
            if before == key:
                break
            answer = self.api.post(before[1].format(**self.parameters), EXAMPLES[before].body)
            self.parameters |= {name: answer.json[name] for name in self.parameters.keys() & answer.json.keys()}
        self._before = copy.deepcopy(self._state())

    def send(
        self,
        body: bytes = b"",
        *,
        content_type: str | None = "application/json",
        headers: Mapping[str, str] | None = None,
        query: str = "",
        parameters: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send these very bytes; parameters of the path may be others than in the example."""
        path = self.path.format(**{**self.parameters, **(parameters or {})})
        all_headers = {"Content-Type": content_type} if content_type else {}
        return self.api.request(self.method, path + query, body=body, headers={**all_headers, **(headers or {})})

    def refuses(self, body: bytes, *names: str) -> None:
        """A body is refused for these fields, and nothing has been changed."""
        answer = self.send(body)
        assert_problem(answer, 400, "VALIDATION_FAILED")
        assert set(names) <= answer.wrong_fields.keys(), (body[:200], answer.text)
        self.is_untouched()

    def is_untouched(self) -> None:
        assert self._state() == self._before

    def _state(self) -> dict[str, Any]:
        """What the table holds, and the queue."""
        return {**vars(self.api.stores), "lock": None, "queue": self.api.queue.sent}


def places(document: Any, at: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Each value in a document, with the way to it."""
    inner = document.items() if isinstance(document, dict) else enumerate(document)
    for name, value in inner:
        yield (*at, name), value
        if isinstance(value, dict | list):
            yield from places(value, (*at, name))


def replaced(document: Any, place: Place, value: Any) -> Any:
    """The document with another value at one place."""
    changed = copy.deepcopy(document)
    inner = changed
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    return changed


FIELDS = [(key, place) for key in WITH_BODY for place, _ in places(EXAMPLES[key].body or {})]

every_operation_with_a_body = pytest.mark.parametrize("key", WITH_BODY, ids=" ".join)
every_field = pytest.mark.parametrize(
    ("key", "place"), FIELDS, ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else None
)

WRONG_TYPES: list[Any] = [None, True, -7, 0.5, 1e300, 10**400, "", [], ["x"], {}, {"x": 1}, [[[[]]]]]
NO_TEXTS = [
    "\x00",
    "a\x00b",
    "\ud800",
    "a\udfff",
    "\x1b[31m",
    "\x7f",
    "\x85",
    "\u2028\x1f",
    "x" * 60_000,
    "   ",
    "\u3000",
]
NO_DATES = ["2030-02-30", "2030-02-29", "2030-13-01", "2030-00-10", "2030-04-31", "0000-01-01", "2030-05-02T09:00Z"]
NO_TIMES = ["24:01", "25:00", "09:60", "9:00", "09:00:00", "-1:00", "\u0660\u0669:00", "noon"]


NO_IDS = [
    *("%00", "%FF", "%ED%A0%80", "%F0%9F%98%80", "..", "%2E%2E", "%2F", "a%0D%0Ab", "%25", "' OR 1=1", "$ne"),
    "x" * 5_000,
]


def wrong_values(value: Any) -> list[Any]:
    """What can't stand in place of a value, by what the value looks like."""
    wrong = [other for other in WRONG_TYPES if not isinstance(value, list | dict) or type(other) is not type(value)]
    if isinstance(value, str):
        wrong += NO_TEXTS
        if value[:2] == "20":
            wrong += [day + value[10:] for day in NO_DATES]
        if value[-3:-2] == ":":
            wrong += [value[:-5] + time for time in NO_TIMES]
    return wrong


@every_field
def test_a_value_that_can_not_be_accepted_is_refused_by_the_name_of_its_field(key: Key, place: Place) -> None:
    target = Target(key)
    valid = EXAMPLES[key].body
    fields = OPERATIONS[key].body
    assert fields
    takes_null = "nullable" in fields.model_json_schema()["properties"][place[0]]

    for value in wrong_values(dict(places(valid))[place]):
        if value is None and takes_null:
            continue
        target.refuses(json.dumps(replaced(valid, place, value)).encode(), ".".join(map(str, place)))


@every_operation_with_a_body
def test_a_field_that_is_not_known_is_refused_by_its_name(key: Key) -> None:
    target = Target(key)

    for name in ("colour", "", "__proto__", "PROVIDERID", "\u202e", "n\u0000ame", "\ud800", "x" * 1000):
        document = {**(EXAMPLES[key].body or {}), name: 1}
        target.refuses(json.dumps(document).encode(), *([] if name == "\ud800" else [name]))


@every_operation_with_a_body
def test_a_field_that_stands_twice_is_refused_by_its_name(key: Key) -> None:
    target = Target(key)

    for name, value in (EXAMPLES[key].body or {"x": 1}).items():
        members = json.dumps(EXAMPLES[key].body or {"x": 1})[1:-1]
        target.refuses(f"{{{members}, {json.dumps(name)}: {json.dumps(value)}}}".encode(), name)


@every_operation_with_a_body
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="broken"),
        pytest.param(b"{}{}", id="two documents"),
        pytest.param(b'{"a": 1,}', id="trailing comma"),
        pytest.param(b'{"a": NaN}', id="NaN"),
        pytest.param(b'{"a": 1e999999}', id="a number beyond any float"),
        pytest.param(b'{"a": ' + b"9" * 5_000 + b"}", id="a number of 5,000 digits"),
        pytest.param(b'{"a": "\xff"}', id="no UTF-8"),
        pytest.param(b'{"a": "\xed\xa0\x80"}', id="a surrogate in UTF-8"),
        pytest.param(b'{"a": "\xc0\x80"}', id="an overlong NUL"),
        pytest.param(b'\xef\xbb\xbf{"a": 1}', id="byte order mark"),
        pytest.param('{"a": 1}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b"\x00", id="NUL"),
        pytest.param(b'{"a": "\x00"}', id="NUL in a text"),
        pytest.param(b"[" * 60_000, id="deep lists"),
        pytest.param(b'{"a":' * 12_000, id="deep objects"),
        pytest.param(b'{"a":' + b"[" * 900 + b"]" * 900 + b"}", id="deep, and whole"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"null", id="null"),
        pytest.param(b'"text"', id="a text"),
        pytest.param(b"a=1&b=2", id="a form"),
        pytest.param(b"<a/>", id="XML"),
        pytest.param(b"\x1f\x8b\x08\x00", id="gzip"),
    ],
)
def test_a_body_that_is_no_json_object_of_this_operation_is_refused(key: Key, body: bytes) -> None:
    Target(key).refuses(body)


@every_operation_with_a_body
@pytest.mark.parametrize("size", [64 * 1024 + 1, 1_000_000])
def test_a_huge_body_is_refused_whatever_is_in_it(key: Key, size: int) -> None:
    target = Target(key)

    for body in (json.dumps(EXAMPLES[key].body or {}).encode().ljust(size), b"[" * size, b"\x00" * size):
        assert_problem(target.send(body), 413, "PAYLOAD_TOO_LARGE")
    target.is_untouched()


@every_operation_with_a_body
@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/xml",
        "multipart/form-data",
        "application/json; charset=utf-16",
        "\u00e9",
        "json",
    ],
)
def test_a_body_that_is_not_said_to_be_json_in_utf_8_is_refused(key: Key, content_type: str | None) -> None:
    target = Target(key)
    body = json.dumps(EXAMPLES[key].body or {}).encode()

    assert_problem(target.send(body, content_type=content_type), 415, "UNSUPPORTED_MEDIA_TYPE")
    target.is_untouched()


@pytest.mark.parametrize("key", WITH_QUERY, ids=" ".join)
def test_a_query_parameter_that_can_not_be_accepted_is_refused_by_its_name(key: Key) -> None:
    target = Target(key)

    for name in query_parameters(key):
        # A cursor is looked at when all else is right.
        others = EXAMPLES[key].leaves_out if name == "cursor" else ()
        beside = "".join(f"&{each}={PARAMETERS[each][1]}" for each in sorted(others))
        for value in ("", "%00", "%FF", "%ED%A0%80", "x" * 5_000, "%F0%9F%98%80", *map(quote, NO_DATES)):
            answer = target.send(query=f"?{name}={value}{beside}")
            assert_problem(answer, 400, "VALIDATION_FAILED")
            assert name in answer.wrong_fields, (name, value)
        twice = target.send(query=f"?{name}={PARAMETERS[name][1]}&{name}={PARAMETERS[name][1]}")
        assert twice.wrong_fields[name] == "must be given once only"
    unknown = target.send(query="?colour=red")
    assert_problem(unknown, 400, "VALIDATION_FAILED")
    assert unknown.wrong_fields["colour"] == "is not a known field"


@pytest.mark.parametrize("key", [key for key, operation in PUBLIC.items() if operation.headers], ids=" ".join)
@pytest.mark.parametrize("value", ["", " ", "two words", "x" * 256, "\x00", "a\x7f", "caf\u00e9", "\U0001f600"])
def test_a_header_that_can_not_be_accepted_is_refused_by_its_name(key: Key, value: str) -> None:
    target = Target(key)
    model = OPERATIONS[key].headers
    assert model

    for name in model.model_json_schema()["properties"]:
        answer = target.send(json.dumps(EXAMPLES[key].body).encode(), headers={name: value})
        assert_problem(answer, 400, "VALIDATION_FAILED")
        assert answer.wrong_fields.keys() == {name}
    target.is_untouched()


@pytest.mark.parametrize(
    ("key", "name"), PATH_PARAMETERS, ids=[f"{name} of {' '.join(key)}" for key, name in PATH_PARAMETERS]
)
@pytest.mark.parametrize("value", NO_IDS, ids=lambda value: value[:20])
def test_what_can_not_be_an_id_is_found_nowhere(key: Key, name: str, value: str) -> None:
    target = Target(key)
    examples = {each: PARAMETERS[each][1] for each in query_parameters(key) if each not in EXAMPLES[key].leaves_out}
    query = "?" + urlencode({each: example for each, example in examples.items() if example is not None})
    body = json.dumps(EXAMPLES[key].body or {}).encode() if key in WITH_BODY else b""

    answer = target.send(body, query=query, parameters={name: value})

    if name == "userId" and answer.status == 200:
        assert answer.json == {"bookings": [], "nextCursor": None}, "a user's id may have any characters but controls"
    elif name in {"userId", "date"}:
        assert_problem(answer, 400, "VALIDATION_FAILED")
        assert answer.wrong_fields.keys() == {name}
    else:
        assert_problem(answer, 404, "BOOKING_NOT_FOUND" if name == "bookingId" else "PROVIDER_NOT_FOUND")
    target.is_untouched()


def query_parameters(key: Key) -> list[str]:
    model = OPERATIONS[key].query
    return list(model.model_json_schema()["properties"]) if model else []
