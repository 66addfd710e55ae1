"""Which web pages may call the API from a browser: those of the origins that are listed, and without a list none."""

from collections.abc import Collection, Mapping
from http import HTTPStatus

from chalice.app import Request, Response

_ASKED = {
    "Access-Control-Allow-Methods": "GET, POST, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key",
    "Access-Control-Max-Age": "3600",
}
_SHOWN = {"Access-Control-Expose-Headers": "Location, Retry-After, WWW-Authenticate, X-Request-Id"}


def preflight(request: Request, origins: Collection[str]) -> Response | None:
    """The answer to a browser that asks before it sends; None for any other request, and for a page of elsewhere."""
    is_one = request.method == "OPTIONS" and "access-control-request-method" in request.headers
    if not is_one or request.headers.get("origin") not in origins:
        return None
    return Response("", headers=dict(_ASKED), status_code=HTTPStatus.NO_CONTENT)


def headers_for(request: Request, origins: Collection[str]) -> Mapping[str, str]:
    """What lets a page of a listed origin read the answer. No cookies: tokens come in a header."""
    if not origins:
        return {}
    origin = request.headers.get("origin", "")
    if origin not in origins:
        return {"Vary": "Origin"}
    return {"Vary": "Origin", "Access-Control-Allow-Origin": origin, **_SHOWN}
