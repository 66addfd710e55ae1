"""The rules of checkov on methods, kept where it can't look: in the API's body.

It looks at each `aws_api_gateway_method`, and there is none: the methods are in the body. So three of its rules (3.3)
find nothing to look at, and have a check of their own here:

- CKV_AWS_59 and CKV2_AWS_70, no method is open to everybody: `OPEN` names those that are.
- CKV2_AWS_53, requests are validated: wherever there is a body or a query parameter that is needed.

What it knows else of API Gateway is about the API, its deployment, stage and the stage's settings, which it does see.
"""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.handlers.requests import NoBody
from deployment.openapi import AUTHORIZER_ARN, body
from deployment.operations import OPERATIONS

Document = dict[str, Any]
Key = tuple[str, str]

ANY = "x-amazon-apigateway-any-method"
BODY = json.loads(json.dumps(body()))

OPEN = {
    ("GET", "/health"),
    ("GET", "/health/ready"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/docs/swagger-ui.css"),
    ("GET", "/docs/swagger-ui.js"),
}
"""What everybody may call, without a token. What is new is added here on purpose only."""


def methods(document: Document) -> Iterator[tuple[Key, Document]]:
    """Everything that the gateway hands on, by method and path; `ANY` is what a path does not name."""
    for path, found in document["paths"].items():
        for method, operation in found.items():
            yield ("ANY" if method == ANY else method.upper(), path), operation


def operations(document: Document) -> Iterator[tuple[Key, Document]]:
    """Each operation by method and path; those for a path's other methods, which answer 405, are left out."""
    for (method, path), operation in methods(document):
        if method not in {"ANY", "OPTIONS"}:
            yield (method, path), operation


def is_open(document: Document, operation: Document) -> bool:
    """Whether an operation can be called without credentials: not every alternative asks an authorizer.

    A scheme that has none is a word: the gateway lets everybody through.
    """
    alternatives = operation.get("security", document.get("security", []))
    asking = {
        name
        for name, scheme in document.get("components", {}).get("securitySchemes", {}).items()
        if scheme.get("x-amazon-apigateway-authorizer", {}).get("authorizerUri")
    }
    return not alternatives or any(not names or not names.keys() <= asking for names in alternatives)


def is_validated(document: Document, operation: Document) -> bool:
    """Whether the gateway checks the body and the query parameters that an operation needs."""
    name = operation.get("x-amazon-apigateway-request-validator")
    validator = document["x-amazon-apigateway-request-validators"].get(name, {})
    needs_query = any(each["in"] == "query" and each["required"] for each in operation.get("parameters", []))
    return (validator.get("validateRequestBody", False) or "requestBody" not in operation) and (
        validator.get("validateRequestParameters", False) or not needs_query
    )


def test_nothing_is_open_that_is_not_said_to_be() -> None:
    assert {key for key, operation in operations(BODY) if is_open(BODY, operation)} == OPEN


def test_a_paths_other_methods_are_open_where_all_of_its_own_are() -> None:
    """Else a request by a method that nobody has thought of would reach the function without a token."""
    closed = {path for _, path in OPERATIONS.keys() - OPEN}

    assert {path for (method, path), operation in methods(BODY) if method == "ANY" and is_open(BODY, operation)} == {
        path for _, path in OPERATIONS if path not in closed
    }
    assert all(ANY in found for found in BODY["paths"].values())


def test_a_browser_may_ask_everywhere_whether_a_page_may_send_a_token() -> None:
    """It asks by OPTIONS, and without a token (https://fetch.spec.whatwg.org/#cors-preflight-fetch)."""
    for path, found in BODY["paths"].items():
        assert is_open(BODY, found.get("options", found[ANY])), path
        assert all(key[0] != "OPTIONS" for key in OPERATIONS), "and it never is an operation"


def test_the_authorizer_gets_what_may_be_a_token_and_nothing_else() -> None:
    (scheme,) = BODY["components"]["securitySchemes"].values()
    authorizer = scheme["x-amazon-apigateway-authorizer"]

    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "Authorization")
    assert (scheme["x-amazon-apigateway-authtype"], authorizer["type"]) == ("custom", "token")
    assert authorizer["authorizerUri"] == AUTHORIZER_ARN
    assert 0 < authorizer["authorizerResultTtlInSeconds"] <= 300
    for header in ("Bearer a.b.c", "bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1In0.dBjf-tJe_U", "BEARER  a.b.c "):
        assert re.search(authorizer["identityValidationExpression"], header), header
    for header in (
        "",
        "Bearer",
        "Bearer ",
        "a.b.c",
        "Basic YTpi",
        "Bearer a.b",
        "Bearer a..c",
        "Bearer a.b.c x",
        "Bearer a.b.c.d.e",
    ):
        assert not re.search(authorizer["identityValidationExpression"], header), header


@pytest.mark.parametrize("key", [key for key in OPERATIONS if key not in OPEN], ids=" ".join)
def test_what_asks_for_a_token_says_how_it_answers_without(key: Key) -> None:
    method, path = key

    assert {"401", "403"} <= BODY["paths"][path][method.lower()]["responses"].keys()


def test_requests_are_validated() -> None:
    assert [key for key, operation in operations(BODY) if not is_validated(BODY, operation)] == []


def test_a_body_is_described_and_so_validated_unless_it_is_to_be_empty() -> None:
    """The gateway has no way to say "an empty object or nothing"."""
    undescribed = {
        key for key, operation in operations(BODY) if OPERATIONS[key].body and "requestBody" not in operation
    }

    assert {OPERATIONS[key].body for key in undescribed} == {NoBody}


def with_key(document: Document, security: list[Document]) -> Document:
    """The same, asking for a key wherever nothing else is said; nothing else is."""
    key = {"type": "apiKey", "in": "header", "name": "x-api-key"}
    asking = {**key, "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": "arn:aws:apigateway:..."}}
    document["components"]["securitySchemes"] = {"key": asking, "word": key}
    document["security"] = security
    for _, operation in methods(document):
        operation.pop("security", None)
    return document


@pytest.mark.parametrize(
    ("security", "is_it_open"),
    [
        ([{"key": []}], False),
        ([], True),
        ([{}], True),
        ([{"key": []}, {}], True),
        ([{"other": []}], True),
        ([{"word": []}], True),
    ],
)
def test_an_operation_is_open_unless_each_way_in_asks_for_credentials(
    security: list[Document], is_it_open: bool
) -> None:
    document = with_key(copy.deepcopy(BODY), security)

    assert {is_open(document, operation) for _, operation in operations(document)} == {is_it_open}


def test_a_route_that_forgets_to_ask_is_seen() -> None:
    document = copy.deepcopy(BODY)
    del document["paths"]["/bookings"]["post"]["security"]
    document["paths"]["/new"] = {"get": {"responses": {}}}

    seen = {key for key, operation in methods(document) if is_open(document, operation)}

    assert {("POST", "/bookings"), ("GET", "/new")} <= seen - OPEN


def test_an_operation_can_be_open_where_the_others_are_not() -> None:
    document = with_key(copy.deepcopy(BODY), [{"key": []}])
    document["paths"]["/health"]["get"]["security"] = []

    assert [key for key, operation in operations(document) if is_open(document, operation)] == [("GET", "/health")]


@pytest.mark.parametrize("key", [("POST", "/bookings"), ("GET", "/providers/{providerId}/availability")])
def test_an_operation_without_a_validator_is_seen(key: Key) -> None:
    document = copy.deepcopy(BODY)
    method, path = key
    del document["paths"][path][method.lower()]["x-amazon-apigateway-request-validator"]

    assert [found for found, operation in operations(document) if not is_validated(document, operation)] == [key]


@pytest.mark.parametrize("validators", [{}, {"body": {}, "parameters": {}}])
def test_a_validator_that_checks_nothing_is_seen(validators: Document) -> None:
    document = {**BODY, "x-amazon-apigateway-request-validators": validators}

    seen = [found for found, operation in operations(document) if not is_validated(document, operation)]

    assert {("POST", "/bookings"), ("GET", "/providers/{providerId}/availability")} <= set(seen)
