"""Errors as RFC 9457 problem details, and the one table from error to status and code."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

from chalice.app import Response

from chalicelib.domain import errors

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = "1"


class Problem(NamedTuple):
    """A kind of problem: its HTTP status and its code, which clients decide by."""

    status: HTTPStatus
    code: str


VALIDATION_FAILED = Problem(HTTPStatus.BAD_REQUEST, "VALIDATION_FAILED")
UNAUTHENTICATED = Problem(HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED")
FORBIDDEN = Problem(HTTPStatus.FORBIDDEN, "FORBIDDEN")
NOT_FOUND = Problem(HTTPStatus.NOT_FOUND, "NOT_FOUND")
METHOD_NOT_ALLOWED = Problem(HTTPStatus.METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED")
PAYLOAD_TOO_LARGE = Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "PAYLOAD_TOO_LARGE")
UNSUPPORTED_MEDIA_TYPE = Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE")
INTERNAL = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL")
SERVICE_UNAVAILABLE = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE")

PROBLEM_OF: Mapping[type[Exception], Problem] = {
    errors.InvalidInputError: VALIDATION_FAILED,
    errors.UnauthenticatedError: UNAUTHENTICATED,
    errors.ForbiddenError: FORBIDDEN,
    errors.ProviderNotFoundError: Problem(HTTPStatus.NOT_FOUND, "PROVIDER_NOT_FOUND"),
    errors.SlotNotFoundError: Problem(HTTPStatus.NOT_FOUND, "SLOT_NOT_FOUND"),
    errors.BookingNotFoundError: Problem(HTTPStatus.NOT_FOUND, "BOOKING_NOT_FOUND"),
    errors.ProviderExistsError: Problem(HTTPStatus.CONFLICT, "PROVIDER_EXISTS"),
    errors.SlotUnavailableError: Problem(HTTPStatus.CONFLICT, "SLOT_UNAVAILABLE"),
    errors.BookingConflictError: Problem(HTTPStatus.CONFLICT, "BOOKING_CONFLICT"),
    errors.TooShortNoticeError: Problem(HTTPStatus.CONFLICT, "TOO_SHORT_NOTICE"),
    errors.TooFarAheadError: Problem(HTTPStatus.CONFLICT, "TOO_FAR_AHEAD"),
    errors.CancelCutoffPassedError: Problem(HTTPStatus.CONFLICT, "CANCEL_CUTOFF_PASSED"),
    errors.TooManyHoldsError: Problem(HTTPStatus.TOO_MANY_REQUESTS, "TOO_MANY_HOLDS"),
    errors.IdempotencyKeyReusedError: Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "IDEMPOTENCY_KEY_REUSED"),
    errors.ServiceUnavailableError: SERVICE_UNAVAILABLE,
}


_HEADERS_OF: Mapping[Problem, Mapping[str, str]] = {
    UNAUTHENTICATED: {"WWW-Authenticate": "Bearer"},  # RFC 9110, 15.5.2
    SERVICE_UNAVAILABLE: {"Retry-After": RETRY_AFTER_SECONDS},
}


class FieldError(NamedTuple):
    """What is wrong with one field of a request."""

    field: str
    message: str


class RequestError(Exception):
    """A request that can't be accepted as it stands, found before any service is called."""

    def __init__(self, problem: Problem, detail: str, field_errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.problem = problem
        self.members = {"errors": [error._asdict() for error in field_errors]} if field_errors else {}


def invalid(*field_errors: FieldError) -> RequestError:
    """The request's fields that are wrong, all at once."""
    names = ", ".join(error.field for error in field_errors)
    return RequestError(VALIDATION_FAILED, f"The request can't be accepted, for: {names}.", field_errors)


def response(
    problem: Problem,
    detail: str,
    *,
    request_id: str,
    members: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem as a response, with extension `members` beside the standard ones."""
    body = {
        "type": f"urn:problem-type:{problem.code.lower().replace('_', '-')}",
        "title": problem.code.replace("_", " ").capitalize(),
        "status": problem.status.value,
        "detail": detail,
        "code": problem.code,
        "requestId": request_id,
        **(members or {}),
    }
    all_headers: dict[str, str | list[str]] = {
        "Content-Type": CONTENT_TYPE,
        **_HEADERS_OF.get(problem, {}),
        **(headers or {}),
    }
    return Response(json.dumps(body), headers=all_headers, status_code=problem.status)


def response_for(error: Exception, *, request_id: str) -> Response:
    """The response for whatever a route raised; what isn't known is INTERNAL, and says nothing of its cause."""
    if isinstance(error, errors.InvalidInputError):
        error = invalid(FieldError(error.field, error.message))
    if isinstance(error, RequestError):
        return response(error.problem, str(error), request_id=request_id, members=error.members)
    problem = PROBLEM_OF.get(type(error), INTERNAL)
    detail = "Something went wrong on our side; it has been logged." if problem is INTERNAL else str(error)
    members = {"bookingStatus": error.booking_status} if isinstance(error, errors.BookingConflictError) else {}
    headers = {"Retry-After": str(error.retry_after_seconds)} if isinstance(error, errors.TooManyHoldsError) else {}
    return response(problem, detail, request_id=request_id, members=members, headers=headers)
