"""`python -m deployment.openapi`: the REST API's body for API Gateway, in OpenAPI 3.0.1.

Every path has its own resource, since Chalice tells routes apart by the resource's path. Methods that a path does not
have go to the function as well, whose 405 says which ones it does have; paths that don't exist are the gateway's to
answer.

The gateway checks bodies and query parameters before it calls the function, where it can do so with the function's own
status. It looks at a body only as far as its schema goes, and the function checks everything again. It does not check
the bodies of routes that need none: it has no way to say "an empty object or nothing". A request with several faults
is answered for the first that is found: a body that is invalid and has no content type, or is too large, gets a 400
here, and 415 or 413 from the function.

Before all that, it asks the authorizer who calls, wherever a token is needed: for a path's other methods too, unless
all of its methods are open to everybody. OPTIONS is open always: a browser asks by it, without a token, whether a page
of another origin may send one, and the function knows which origins may.
"""

from __future__ import annotations

import json
import re
import sys
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pydantic.alias_generators import to_camel

from app import app as chalice_app
from chalicelib.handlers.problems import CONTENT_TYPE
from deployment import schemas
from deployment.gateway_responses import gateway_responses
from deployment.operations import OPERATIONS, Operation, Problem, described

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

INVOKE_ARN = "${api_function_invoke_arn}"
"""What Terraform puts the function's ARN in place of."""

AUTHORIZER_ARN = "${authorizer_invoke_arn}"
"""The same for the authorizer."""

AUTHORIZATION = r"^[Bb][Ee][Aa][Rr][Ee][Rr] +[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+ *$"
"""A header that may have a token in it; of any other, the gateway says 401 by itself, and no function runs."""

_SCHEME = "bearer"
_SECURITY: Mapping[str, list[dict[str, list[str]]]] = {"security": [{_SCHEME: []}]}
_AUTHORIZER = {
    "type": "token",
    "authorizerUri": AUTHORIZER_ARN,
    "identityValidationExpression": AUTHORIZATION,
    # The authorizer runs once in five minutes for a token, not once for a request. What it answered stands for every
    # route of the stage in that time, so it must name them all and leave it to the application who may do what; and
    # whether the token has expired meanwhile is the application's to see.
    "authorizerResultTtlInSeconds": 300,
}

_COMPRESSED_FROM_BYTES = 100_000
"""What the page at `/docs` loads, 1.8 MB of text, is sent compressed; no other answer is as large."""

_INTEGRATION = {"type": "aws_proxy", "httpMethod": "POST", "uri": INVOKE_ARN}
_VALIDATOR = "x-amazon-apigateway-request-validator"
_ANY = "x-amazon-apigateway-any-method"


def body() -> dict[str, Any]:
    """The whole document. Raises OperationError when the table of operations is not about the application's routes."""
    paths: dict[str, Any] = {}
    for (method, path), view_name in described(chalice_app, OPERATIONS).items():
        operation = OPERATIONS[method, path]
        methods = paths.setdefault(path, _other_methods(path))
        methods[method.lower()] = {
            "operationId": to_camel(view_name),
            **description(path, operation),
            **(_SECURITY if operation.needs_token else {}),
            **_validation(operation),
            "x-amazon-apigateway-integration": _INTEGRATION,
        }
    return {
        "openapi": "3.0.1",
        "info": {
            "title": chalice_app.app_name,
            "description": "Appointment bookings: one owner per slot.",
            "version": "1",
        },
        "paths": paths,
        "components": {"schemas": component_schemas(), "securitySchemes": {_SCHEME: _security_scheme()}},
        "x-amazon-apigateway-minimum-compression-size": _COMPRESSED_FROM_BYTES,
        "x-amazon-apigateway-request-validators": {
            "body": {"validateRequestBody": True, "validateRequestParameters": False},
            "parameters": {"validateRequestBody": False, "validateRequestParameters": True},
        },
        "x-amazon-apigateway-gateway-responses": gateway_responses(),
    }


def _security_scheme() -> dict[str, Any]:
    """Where the token is; of all types that OpenAPI knows, this is the one that API Gateway takes for its own."""
    return {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": _AUTHORIZER,
    }


def component_schemas(*, for_users: bool = False) -> dict[str, schemas.Schema]:
    """The schemas that operations refer to, by name. For users, with null and with each form of a body."""
    described = [operation for operation in OPERATIONS.values() if operation.takes_body]
    forms = [
        operation.body_forms if for_users and operation.body_forms else (operation.body,) for operation in described
    ]
    requests = [model for models in forms for model in models if model]
    answers = [operation.answer for operation in OPERATIONS.values() if operation.answer]
    return schemas.components(requests, [*answers, Problem], with_null=for_users)


def description(path: str, operation: Operation) -> dict[str, Any]:
    """What holds of an operation wherever it is described."""
    document: dict[str, Any] = {"summary": operation.summary, "responses": _responses(operation)}
    parameters = (
        _path_parameters(path) + _parameters("query", operation.query) + _parameters("header", operation.headers)
    )
    if parameters:
        document["parameters"] = parameters
    if operation.body and operation.takes_body:
        document["requestBody"] = {"required": True, "content": _content(operation.body, "application/json")}
    return document


def _validation(operation: Operation) -> dict[str, str]:
    if operation.takes_body:
        return {_VALIDATOR: "body"}
    return {_VALIDATOR: "parameters"} if operation.query else {}


def _other_methods(path: str) -> dict[str, Any]:
    """What a path answers to methods that are no operations of its own."""
    answers: dict[str, Any] = {"405": {"description": "METHOD_NOT_ALLOWED", "content": _content(Problem, CONTENT_TYPE)}}
    parameters = {"parameters": listed} if (listed := _path_parameters(path)) else {}
    needs_token = any(operation.needs_token for (_, its_path), operation in OPERATIONS.items() if its_path == path)
    open_to_all = {"responses": answers, **parameters, "x-amazon-apigateway-integration": _INTEGRATION}
    if not needs_token:
        return {_ANY: open_to_all}
    return {"options": open_to_all, _ANY: {**open_to_all, **_SECURITY}}


def success(operation: Operation) -> dict[str, Any]:
    """What an operation answers when all goes well."""
    kind = "object" if operation.media_type == "application/json" else "string"
    answer = schemas.reference(operation.answer) if operation.answer else {"type": kind}
    return {"description": operation.status.phrase, "content": {operation.media_type: {"schema": answer}}}


def _responses(operation: Operation) -> dict[str, Any]:
    responses: dict[str, Any] = {str(operation.status.value): success(operation)}
    for status, problems in groupby(operation.problems, key=lambda problem: problem.status):
        codes = ", ".join(problem.code for problem in problems)
        responses[str(status.value)] = {"description": codes, "content": _content(Problem, CONTENT_TYPE)}
    return responses


def _content(model: type, media_type: str) -> dict[str, Any]:
    return {media_type: {"schema": schemas.reference(model)}}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", path)
    ]


def _parameters(where: str, fields: type[BaseModel] | None) -> list[dict[str, Any]]:
    if fields is None:
        return []
    model = schemas.converted(fields.model_json_schema())
    required = model.get("required", [])
    return [
        {"name": name, "in": where, "required": name in required, "schema": schema}
        for name, schema in model["properties"].items()
    ]


def text() -> str:
    """The document as it is written to a file: the same for the same application."""
    return json.dumps(body(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
