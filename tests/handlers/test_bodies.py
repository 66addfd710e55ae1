"""Which bodies are read at all: JSON, in UTF-8, said to be so, and not too large."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.handlers.http import MAX_BODY_BYTES
from tests.handlers.api import Api, assert_problem

KNOWN_BOOKING = "/bookings/booking-00000000-0000-4000-8000-000000000000"
PATHS_WITH_BODY = [
    "/providers",
    "/providers/ann/availability",
    "/bookings",
    f"{KNOWN_BOOKING}/confirm",
    f"{KNOWN_BOOKING}/cancel",
]

every_path_with_body = pytest.mark.parametrize("path", PATHS_WITH_BODY)


@every_path_with_body
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="broken"),
        pytest.param(b'{"name": "Ann"', id="cut off"),
        pytest.param(b'{"name": "Ann",}', id="trailing comma"),
        pytest.param(b'{"name": "Ann"} {}', id="two documents"),
        pytest.param(b"{'name': 'Ann'}", id="single quotes"),
        pytest.param(b"name=Ann", id="a form"),
        pytest.param(b" ", id="blank"),
        pytest.param(b'{"name": "\xff"}', id="invalid UTF-8"),
        pytest.param('{"name": "Ann"}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'\xef\xbb\xbf{"name": "Ann"}', id="byte order mark"),
        pytest.param(b'{"name": "A\x00nn"}', id="bare NUL in a text"),
        pytest.param(b'{"name": "A\nnn"}', id="bare line feed in a text"),
        pytest.param(b'{"name": "\\u00g0"}', id="bad escape"),
        pytest.param(b"[" * 60_000, id="deep lists"),
        pytest.param(b'{"a":' * 12_000, id="deep objects"),
        pytest.param(b'{"name": ' + b"9" * 5_000 + b"}", id="a number of 5,000 digits"),
    ],
)
def test_what_is_no_json_is_refused(api: Api, path: str, body: bytes) -> None:
    answer = api.send(path, body)

    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields == {"body": "must be a JSON object in UTF-8"}


@every_path_with_body
@pytest.mark.parametrize(
    "body", [b"[]", b'["name"]', b"null", b"true", b"0", b"1.5", b'"Ann"', b"[" * 500 + b"]" * 500]
)
def test_json_that_is_no_object_is_refused(api: Api, path: str, body: bytes) -> None:
    answer = api.send(path, body)

    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields == {"body": "must be a JSON object"}


@every_path_with_body
@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("template", ['{"name": %s}', '{"x": [{"y": %s}]}', "%s"])
def test_constants_that_only_javascript_knows_are_refused(api: Api, path: str, template: str, constant: str) -> None:
    answer = api.send(path, (template % constant).encode())

    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields == {"body": "must be a JSON object in UTF-8"}


@every_path_with_body
@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"name": "Ann", "name": "Bob"}', "name"),
        (b'{"name": "Ann", "name": "Ann"}', "name"),
        (b'{"name": "Ann", "n\\u0061me": "Bob"}', "name"),
        (b'{"outer": {"inner": 1, "other": 2, "inner": 3}}', "inner"),
        (b'{"list": [{"inner": 1, "inner": 3}]}', "inner"),
    ],
)
def test_a_name_that_stands_twice_in_an_object_is_refused(api: Api, path: str, body: bytes, field: str) -> None:
    answer = api.send(path, body)

    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields[field] == "must be given once only"


def test_a_name_that_stands_twice_hides_no_other_mistake(api: Api) -> None:
    answer = api.send("/providers", b'{"name": "", "name": "", "timeZone": "x", "": 1}')

    assert answer.wrong_fields == {
        "name": "must be given once only",
        "timeZone": "must be the name of an IANA time zone, such as Europe/Berlin",
        "": "is not a known field",
    }


def test_the_same_name_in_two_objects_is_no_repetition(api: Api) -> None:
    answer = api.send("/providers", b'{"name": {"name": 1}}')

    assert answer.wrong_fields == {"name": "must be text"}


@pytest.mark.parametrize("path", ["/providers", "/providers/ann/availability", "/bookings"])
def test_a_body_that_is_needed_and_missing_is_refused(api: Api, path: str) -> None:
    assert_problem(api.post(path), 400, "VALIDATION_FAILED")


@pytest.mark.parametrize("body", [b'{"name": "Ann", "\\ud800": 1}', b'{"\\ud800": 1, "\\ud800": 2}'])
def test_a_lone_surrogate_in_a_name_is_refused(api: Api, body: bytes) -> None:
    assert_problem(api.send("/providers", body), 400, "VALIDATION_FAILED")


def test_a_number_beyond_any_float_is_refused_where_a_whole_one_belongs(api: Api) -> None:
    body = b'{"date": "2030-05-02", "startTime": "09:00", "endTime": "10:00", "slotDurationMinutes": 1e999}'

    answer = api.send("/providers/ann/availability", body)

    assert_problem(answer, 400, "VALIDATION_FAILED")
    assert answer.wrong_fields == {"slotDurationMinutes": "must be a whole number"}


@pytest.mark.parametrize("depth", [10, 900])
def test_a_deep_value_is_refused_like_any_other_of_the_wrong_type(api: Api, depth: int) -> None:
    answer = api.send("/providers", b'{"name": ' + b"[" * depth + b"]" * depth + b"}")

    assert_problem(answer, 400, "VALIDATION_FAILED")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    ["providerId", "slotId", "userId", "name", "timeZone", "date", "startTime", "endTime", "slotDurationMinutes"]
)


@given(
    path=st.sampled_from(PATHS_WITH_BODY),
    document=st.dictionaries(FIELDS, JSON_VALUES, max_size=5) | JSON_VALUES,
)
def test_no_json_document_makes_the_service_fail(path: str, document: object) -> None:
    api = Api()

    answer = api.send(path, json.dumps(document).encode())

    assert answer.status in {201, 400, 404}
    if answer.status == 400:
        assert_problem(answer, 400, "VALIDATION_FAILED")


@given(path=st.sampled_from(PATHS_WITH_BODY), body=st.binary(min_size=1, max_size=80))
def test_no_bytes_make_the_service_fail(path: str, body: bytes) -> None:
    answer = Api().send(path, body)

    assert answer.status in {400, 404}


@every_path_with_body
@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/json-patch+json",
        "application/problem+json",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
        "application/json; charset=latin-1",
        "application/json; charset=utf-16",
        "application/json; version=1",
        "application/json, text/plain",
    ],
)
def test_a_body_that_is_not_said_to_be_json_in_utf_8_is_refused(api: Api, path: str, content_type: str | None) -> None:
    assert_problem(api.send(path, b"{}", content_type=content_type), 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        " application/json ",
        "application/json;charset=utf-8",
        "application/json; charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/json;",
    ],
)
def test_every_way_to_say_json_in_utf_8_is_understood(api: Api, content_type: str) -> None:
    assert api.send("/providers", b'{"name": "Ann"}', content_type=content_type).status == 201


@pytest.mark.parametrize("name", ["content-type", "CONTENT-TYPE"])
def test_the_case_of_the_headers_name_does_not_matter(api: Api, name: str) -> None:
    answer = api.request("POST", "/providers", body=b'{"name": "Ann"}', headers={name: "application/json"})

    assert answer.status == 201


def test_a_body_of_the_largest_size_is_read(api: Api) -> None:
    body = b'{"name": "Ann"}'.ljust(64 * 1024)

    assert len(body) == MAX_BODY_BYTES
    assert api.send("/providers", body).status == 201


@pytest.mark.parametrize("path", [*PATHS_WITH_BODY, "/no/such/path"])
def test_a_body_of_one_byte_more_is_not(api: Api, path: str) -> None:
    body = b'{"name": "Ann"}'.ljust(64 * 1024 + 1)

    assert_problem(api.send(path, body), 413, "PAYLOAD_TOO_LARGE")
    assert not api.stores.providers


def test_the_size_is_counted_in_bytes_not_in_characters(api: Api) -> None:
    body = ('{"name": "' + "é" * 40_000 + '"}').encode()

    assert_problem(api.send("/providers", body), 413, "PAYLOAD_TOO_LARGE")
