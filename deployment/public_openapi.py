"""`python -m deployment.public_openapi`: writes the API's description for people and tools, which the app serves.

It says what the gateway's body says (`deployment.openapi`), without the gateway and with what helps a reader: examples,
headers, every error by its code, and links from an answer to the calls that it leads to.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter
from pydantic.alias_generators import to_camel, to_pascal

from app import app as chalice_app
from chalicelib.handlers import docs, http, problems
from chalicelib.handlers.fields import BOOKING_ID, LocalDate, ProviderId, UserId
from deployment import openapi, schemas
from deployment.examples import ERRORS, EXAMPLES, PARAMETERS, REQUEST_ID, USER_ID
from deployment.operations import OPERATIONS, RATE_LIMITED, Operation, Problem, described

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


FILE: Final = Path(docs.__file__).with_name(docs.DOCUMENT)

_DESCRIPTION = """\
Appointment bookings: one owner per slot, whatever happens at the same time.

A provider's day is cut into slots. A user holds a slot, which makes a PENDING booking, and confirms it before the
hold ends; what nobody confirms expires by itself.

Send a token with each request, as `Authorization: Bearer ...`; only the service's own state and this description need
none.

JSON in and out, in UTF-8. Instants are RFC 3339 in UTC with `Z`; dates and times of the day are the provider's.
Unknown fields are refused. Errors are `application/problem+json` (RFC 9457): decide by `code`. Every answer has an
`X-Request-Id`, which an error repeats. A method that a path does not have is answered by 405 with `Allow`
(`METHOD_NOT_ALLOWED`), a path that does not exist by 404 (`NOT_FOUND`).
"""
_BOOKINGS: Final = ("Bookings", "From the hold of a slot to its end")
_TAGS: Final[Mapping[str, tuple[str, str]]] = {
    "providers": ("Providers and slots", "When somebody can be booked"),
    "bookings": _BOOKINGS,
    "users": _BOOKINGS,
}
"""The tag of the operations whose paths begin so."""
_SERVICE: Final = ("Service", "The service itself")
_ALL_TAGS: Final = [*dict.fromkeys(_TAGS.values()), _SERVICE]
_PATH_PARAMETERS: Final[Mapping[str, schemas.Schema]] = {
    "providerId": TypeAdapter(ProviderId).json_schema(),
    "bookingId": {"type": "string", "pattern": BOOKING_ID},
    "userId": TypeAdapter(UserId).json_schema(),
    "date": TypeAdapter(LocalDate).json_schema(),
}
_BEARER: Final = "bearerAuth"


def document() -> dict[str, Any]:
    """The whole document. Raises KeyError for an operation, a parameter or an error that has no example."""
    paths: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    operation_ids = {key: to_camel(view_name) for key, view_name in described(chalice_app, OPERATIONS).items()}
    for (method, path), operation in OPERATIONS.items():
        if operation.is_public:
            paths.setdefault(path, {})[method.lower()] = {
                "operationId": operation_ids[method, path],
                "tags": [_tag(path)[0]],
                **_description((method, path), operation),
                **({"security": [{_BEARER: []}]} if operation.needs_token else {}),
                "responses": {
                    str(operation.status.value): _success((method, path), operation, operation_ids),
                    **{status: _refer(errors, found) for status, found in _by_status(operation)},
                },
            }
    return {
        "openapi": "3.0.3",
        "info": {"title": "Appointments", "version": "1", "description": _DESCRIPTION, "license": {"name": "MIT"}},
        "servers": [{"url": ".", "description": "Where this document was found"}],
        "tags": [{"name": name, "description": description} for name, description in _ALL_TAGS],
        "paths": paths,
        "components": {
            "schemas": openapi.component_schemas(for_users=True),
            "responses": errors,
            "headers": _HEADERS,
            "securitySchemes": {
                _BEARER: {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A token of the service's OpenID Connect issuer",
                }
            },
        },
    }


_HEADERS: Final[Mapping[str, Any]] = {
    "RequestId": {
        "description": "The id of this request, as the service's logs have it",
        "required": True,
        "schema": {"type": "string"},
        "example": REQUEST_ID,
    },
    "RetryAfter": {
        "description": "After how many seconds to try again",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
        "example": int(problems.RETRY_AFTER_SECONDS),
    },
    "Challenge": {
        "description": "How to say who is asking",
        "required": True,
        "schema": {"type": "string"},
        "example": "Bearer",
    },
}


def _tag(path: str) -> tuple[str, str]:
    return _TAGS.get(path.split("/")[1], _SERVICE)


def _description(key: tuple[str, str], operation: Operation) -> dict[str, Any]:
    """What the gateway's body says of a request, with examples."""
    found = openapi.description(key[1], operation)
    for parameter in found.get("parameters", []):
        name = parameter["name"]
        parameter["description"], example = PARAMETERS[name]
        if example is not None and name not in EXAMPLES[key].leaves_out:
            parameter["example"] = example
        if parameter["in"] == "path":
            parameter["schema"] = _PATH_PARAMETERS[name]
    if "requestBody" in found:
        (content,) = found["requestBody"]["content"].values()
        content["example"] = EXAMPLES[key].body
        if operation.body_forms:
            content["schema"] = {"oneOf": [schemas.reference(form) for form in operation.body_forms]}
    return found


def _success(
    key: tuple[str, str], operation: Operation, operation_ids: Mapping[tuple[str, str], str]
) -> dict[str, Any]:
    response = openapi.success(operation)
    headers: dict[str, Any] = {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}
    answer = EXAMPLES[key].answer
    if answer is None:
        return {**response, "headers": headers}
    example = shown(answer)
    (content,) = response["content"].values()
    content["example"] = example
    links = {}
    if operation.location:
        headers["Location"] = {
            "description": "Where it is found, as a path of this API",
            "required": True,
            "schema": {"type": "string"},
            "example": operation.location.format(**example),
        }
        links = _links_below(operation.location, operation_ids)
    if {"providerId", "slots"} <= example.keys():
        links[operation_ids["POST", "/bookings"]] = {
            "operationId": operation_ids["POST", "/bookings"],
            "description": "Hold the first of these slots",
            "requestBody": {
                "providerId": "$response.body#/providerId",
                "slotId": "$response.body#/slots/0/slotId",
                "userId": USER_ID,
            },
        }
    return {**response, "headers": headers, **({"links": links} if links else {})}


def shown(answer: Mapping[str, object]) -> dict[str, Any]:
    """An answer as the application sends it."""
    document: dict[str, Any] = json.loads(str(http.answer(answer).body))
    return document


def _links_below(location: str, operation_ids: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """Links to all that can be done with what was made at a path."""
    (name,) = (part[1:-1] for part in location.split("/") if part.startswith("{"))
    return {
        operation_ids[key]: {
            "operationId": operation_ids[key],
            "description": operation.summary,
            "parameters": {name: f"$response.body#/{name}"},
        }
        for key, operation in OPERATIONS.items()
        if key[1] == location or key[1].startswith(f"{location}/")
    }


def _by_status(operation: Operation) -> Iterable[tuple[str, list[problems.Problem]]]:
    for status, found in groupby(operation.problems, key=lambda problem: problem.status):
        yield str(status.value), list(found)


def _refer(errors: dict[str, Any], found: list[problems.Problem]) -> dict[str, Any]:
    """A reference to the answer for these problems of one status, which is added to the `errors` if it is new."""
    name = "Or".join(to_pascal(problem.code.lower()) for problem in found)
    errors.setdefault(name, _error(found))
    return {"$ref": f"#/components/responses/{name}"}


def _error(found: list[problems.Problem]) -> dict[str, Any]:
    status = found[0].status
    headers = {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}
    if status in {problems.SERVICE_UNAVAILABLE.status, RATE_LIMITED.status}:
        headers["Retry-After"] = {"$ref": "#/components/headers/RetryAfter"}
    if problems.UNAUTHENTICATED in found:
        headers["WWW-Authenticate"] = {"$ref": "#/components/headers/Challenge"}
    narrowed = {
        "properties": {
            "status": {"enum": [status.value]},
            "code": {"enum": [problem.code for problem in found]},
        }
    }
    return {
        "description": "\n\n".join(f"`{problem.code}`: {ERRORS[problem][0]}" for problem in found),
        "headers": headers,
        "content": {
            problems.CONTENT_TYPE: {
                "schema": {"allOf": [schemas.reference(Problem), narrowed]},
                "examples": {problem.code: {"value": _example_of(problem)} for problem in found},
            }
        },
    }


@cache
def _example_of(problem: problems.Problem) -> Any:
    _, error = ERRORS[problem]
    return json.loads(str(problems.response_for(error, request_id=REQUEST_ID).body))


def text() -> str:
    """The document as it is written to the file: the same for the same application."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
