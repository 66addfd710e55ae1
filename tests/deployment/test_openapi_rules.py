"""The rules of checkov on methods, kept where it can't look: in the API's body.

It looks at each `aws_api_gateway_method`, and there is none: the methods are in the body. So three of its rules (3.3)
find nothing to look at, and have a check of their own here:

- CKV_AWS_59 and CKV2_AWS_70, no method is open to everybody: `OPEN` names those that are.
- CKV2_AWS_53, requests are validated: wherever there is a body or a query parameter that is needed.

What it knows else of API Gateway is about the API, its deployment, stage and the stage's settings, which it does see.
"""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.handlers.schemas import NoBody
from deployment.openapi import body
from deployment.operations import OPERATIONS

Document = dict[str, Any]
Key = tuple[str, str]

ANY = "x-amazon-apigateway-any-method"
BODY = json.loads(json.dumps(body()))

OPEN = {
    ("POST", "/providers"),
    ("GET", "/providers/{providerId}"),
    ("PATCH", "/providers/{providerId}"),
    ("POST", "/providers/{providerId}/availability"),
    ("GET", "/providers/{providerId}/availability"),
    ("DELETE", "/providers/{providerId}/availability/{date}"),
    ("GET", "/providers/{providerId}/slots"),
    ("POST", "/bookings"),
    ("GET", "/bookings/{bookingId}"),
    ("POST", "/bookings/{bookingId}/confirm"),
    ("POST", "/bookings/{bookingId}/cancel"),
    ("POST", "/bookings/{bookingId}/reschedule"),
    ("GET", "/bookings/{bookingId}/calendar.ics"),
    ("GET", "/users/{userId}/bookings"),
    ("GET", "/providers/{providerId}/bookings"),
    ("GET", "/health"),
    ("GET", "/health/ready"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/docs/swagger-ui.css"),
    ("GET", "/docs/swagger-ui.js"),
}
"""What everybody may call: everything, as nobody can be told apart yet. What is new is added here on purpose only."""


def operations(document: Document) -> Iterator[tuple[Key, Document]]:
    """Each operation by method and path; those for a path's other methods, which answer 405, are left out."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method != ANY:
                yield (method.upper(), path), operation


def is_open(document: Document, operation: Document) -> bool:
    """Whether an operation can be called without credentials: not every alternative asks for any that exist."""
    alternatives = operation.get("security", document.get("security", []))
    schemes = document.get("components", {}).get("securitySchemes", {}).keys()
    return not alternatives or any(not names or not names.keys() <= schemes for names in alternatives)


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


def test_requests_are_validated() -> None:
    assert [key for key, operation in operations(BODY) if not is_validated(BODY, operation)] == []


def test_a_body_is_described_and_so_validated_unless_it_is_to_be_empty() -> None:
    """The gateway has no way to say "an empty object or nothing"."""
    undescribed = {
        key for key, operation in operations(BODY) if OPERATIONS[key].body and "requestBody" not in operation
    }

    assert {OPERATIONS[key].body for key in undescribed} == {NoBody}


def with_key(document: Document, security: list[Document]) -> Document:
    """The same, asking for a key wherever nothing else is said."""
    document["components"]["securitySchemes"] = {"key": {"type": "apiKey", "in": "header", "name": "x-api-key"}}
    document["security"] = security
    return document


@pytest.mark.parametrize(
    ("security", "is_it_open"),
    [([{"key": []}], False), ([], True), ([{}], True), ([{"key": []}, {}], True), ([{"other": []}], True)],
)
def test_an_operation_is_open_unless_each_way_in_asks_for_credentials(
    security: list[Document], is_it_open: bool
) -> None:
    document = with_key(copy.deepcopy(BODY), security)

    assert {is_open(document, operation) for _, operation in operations(document)} == {is_it_open}


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
