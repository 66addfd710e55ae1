"""What API Gateway answers by itself, in the format of the application's errors.

Its templates only fill in `$context` variables, so each is the application's own problem with variables in it. Every
type of answer that API Gateway knows has an entry: a type without one would get DEFAULT_4XX's status and code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from chalicelib.handlers import problems
from chalicelib.handlers.http import MAX_BODY_BYTES, SECURITY_HEADERS
from chalicelib.handlers.problems import FieldError, RequestError
from deployment.operations import RATE_LIMITED

if TYPE_CHECKING:
    from collections.abc import Mapping

_RETRY: Final = {"Retry-After": problems.RETRY_AFTER_SECONDS}
_ALWAYS: Final = {name: value for name, value in SECURITY_HEADERS.items() if "'" not in value}
"""Those of the application's that can be written here: a value stands in single quotes, and may have none in it."""

# The field by field list of the application can't be had here: a template has no loops. The gateway's own text names
# all that is wrong at once, so the list has one entry, and clients find it where they look.
_WRONG_BODY = problems.invalid(FieldError("body", "$context.error.validationErrorString"))
_WRONG_PARAMETERS = problems.invalid(FieldError("query", "$context.error.message"))

_NO_CREDENTIALS = RequestError(problems.UNAUTHENTICATED, "No valid credentials were sent.")
_NOT_ALLOWED = RequestError(problems.FORBIDDEN, "This is not allowed.")
_NOTHING_HERE = RequestError(problems.NOT_FOUND, "There is nothing at this path.")
_TOO_MANY = RequestError(RATE_LIMITED, "Too many requests at the moment. Try again in a moment.")
_BUG = RuntimeError()
_NOT_KNOWN_WHO = RequestError(
    problems.SERVICE_UNAVAILABLE,
    "It can't be checked at the moment who is asking, and nothing was done. Try again in a moment.",
)
_NO_ANSWER = RequestError(
    problems.SERVICE_UNAVAILABLE,
    "The service did not answer; what was asked may have been done all the same. Try again in a moment.",
)

ERROR_OF: Final[Mapping[str, Exception]] = {
    "ACCESS_DENIED": _NOT_ALLOWED,
    "API_CONFIGURATION_ERROR": _BUG,
    # The authorizer raised something else than "Unauthorized", as when its issuer does not answer, or it did not run.
    "AUTHORIZER_CONFIGURATION_ERROR": _NOT_KNOWN_WHO,
    "AUTHORIZER_FAILURE": _NOT_KNOWN_WHO,
    "BAD_REQUEST_BODY": _WRONG_BODY,
    "BAD_REQUEST_PARAMETERS": _WRONG_PARAMETERS,
    "DEFAULT_4XX": RequestError(problems.VALIDATION_FAILED, "The request can't be accepted as it stands."),
    "DEFAULT_5XX": _BUG,
    "EXPIRED_TOKEN": _NO_CREDENTIALS,
    "INTEGRATION_FAILURE": _NO_ANSWER,
    "INTEGRATION_TIMEOUT": _NO_ANSWER,
    "INVALID_API_KEY": _NO_CREDENTIALS,
    "INVALID_SIGNATURE": _NO_CREDENTIALS,
    # What the gateway says of a path that it does not have.
    "MISSING_AUTHENTICATION_TOKEN": _NOTHING_HERE,
    "QUOTA_EXCEEDED": _TOO_MANY,
    "REQUEST_TOO_LARGE": RequestError(
        problems.PAYLOAD_TOO_LARGE, f"The body must not have more than {MAX_BODY_BYTES} bytes."
    ),
    "RESOURCE_NOT_FOUND": _NOTHING_HERE,
    "THROTTLED": _TOO_MANY,
    "UNAUTHORIZED": _NO_CREDENTIALS,
    "UNSUPPORTED_MEDIA_TYPE": RequestError(
        problems.UNSUPPORTED_MEDIA_TYPE,
        "Send the body as JSON in UTF-8, with the header Content-Type: application/json.",
    ),
    "WAF_FILTERED": _NOT_ALLOWED,
}


def gateway_responses() -> dict[str, Any]:
    """The value of `x-amazon-apigateway-gateway-responses`."""
    return {kind: _gateway_response(error) for kind, error in ERROR_OF.items()}


def _gateway_response(error: Exception) -> dict[str, Any]:
    response = problems.response_for(error, request_id="$context.requestId")
    all_headers = {**_ALWAYS, **response.headers, **(_RETRY if error is _TOO_MANY else {})}
    headers = {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in all_headers.items()}
    return {
        "statusCode": str(int(response.status_code)),
        "responseParameters": {**headers, "gatewayresponse.header.X-Request-Id": "context.requestId"},
        # The key is what API Gateway falls back to, whatever the request accepts; the header above says what it is.
        "responseTemplates": {"application/json": response.body},
    }
