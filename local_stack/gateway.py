"""What stands between HTTP and the application: API Gateway's part, as Chalice plays it, mended.

Each class says what it mends.
"""

from __future__ import annotations

import base64
import contextlib
import logging
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from chalice.local import LambdaEventConverter, LocalGateway, LocalGatewayException, RouteMatcher

from chalicelib.handlers import problems
from chalicelib.handlers.http import SECURITY_HEADERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chalice.app import Chalice
    from chalice.config import Config

    from local_stack.invocation import Event

_log = logging.getLogger(__name__)

_NO_CREDENTIALS = "No valid credentials were sent."
_KINDS = {
    kind.status: kind
    for kind in (
        problems.VALIDATION_FAILED,
        problems.UNAUTHENTICATED,
        problems.FORBIDDEN,
        problems.NOT_FOUND,
        problems.PAYLOAD_TOO_LARGE,
        problems.INTERNAL,
        problems.SERVICE_UNAVAILABLE,
    )
}


class RequestRefusedError(Exception):
    """A request that does not get as far as the application."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def problem(status: int, detail: str, request_id: str) -> tuple[dict[str, str | list[str]], bytes]:
    """Make the headers and the body of an answer by the server itself, in the format of the API's other errors."""
    response = problems.response(_KINDS[HTTPStatus(status)], detail, request_id=request_id)
    headers = {**SECURITY_HEADERS, **response.headers, "X-Request-Id": request_id}
    return headers, str(response.body).encode()


class EventConverter(LambdaEventConverter):
    """Makes the event as API Gateway does: the path's parameters as they were sent, a text body as text, a request id.

    A query is percent-decoded there, and a path is not: https://github.com/serverless/serverless/issues/5037.
    Chalice's matching takes `//host/x` for a host, cuts `;x` off the path, lets a parameter be empty, and leaves the
    parameters of routes that did not fit in the end among those of the one that does.
    """

    def __init__(self, routes: Iterable[str], binary_types: list[str]) -> None:
        super().__init__(RouteMatcher(list(routes)), binary_types)

    def create_lambda_event(self, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> Event:
        """Raises ValueError when no route fits the path."""
        raw_path, _, query = path.partition("?")
        route, parameters = self._match(raw_path)
        lowered = {name.lower(): value for name, value in headers.items()}
        event: Event = {
            "resource": route,
            "path": raw_path,
            "httpMethod": method,
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "httpMethod": method,
                "resourcePath": route,
                "path": raw_path,
                "identity": {"sourceIp": self.LOCAL_SOURCE_IP},
            },
            "headers": lowered,
            "pathParameters": parameters,
            "multiValueQueryStringParameters": parse_qs(_as_utf8(query), keep_blank_values=True) or None,
            "stageVariables": {},
            "body": body,
            "isBase64Encoded": False,
        }
        if body is None:
            return event
        if self._is_binary(lowered):
            event |= {"body": base64.b64encode(body).decode("ascii"), "isBase64Encoded": True}
            return event
        # Bytes that are no UTF-8 stay bytes, which the application can refuse; the gateway would garble them.
        with contextlib.suppress(UnicodeDecodeError):
            event["body"] = body.decode("utf-8")
        return event

    def _match(self, path: str) -> tuple[str, dict[str, str]]:
        # Like the gateway, forgive one slash at the end.
        parts = (path[:-1] if path != "/" and path.endswith("/") else path).split("/")
        for route in self._route_matcher.route_urls:  # sorted, so that `/a/b` comes before `/a/{x}`
            names = route.split("/")
            if len(names) != len(parts):
                continue
            pairs = list(zip(names, parts, strict=True))
            if all(part if _is_parameter(name) else name == part for name, part in pairs):
                return route, {name[1:-1]: _as_utf8(part) for name, part in pairs if _is_parameter(name)}
        raise ValueError(f"no route fits {path}")


def _is_parameter(segment: str) -> bool:
    return segment.startswith("{") and segment.endswith("}")


def _as_utf8(text: str) -> str:
    """Read as UTF-8 what the standard library's server has read as Latin-1."""
    return text.encode("latin-1").decode("utf-8", errors="replace")


class Gateway(LocalGateway):
    """Lets the application answer what Chalice's gateway answers by itself: OPTIONS, and methods nobody knows."""

    def __init__(self, app_object: Chalice, config: Config) -> None:
        super().__init__(app_object, config)
        self.event_converter = EventConverter(app_object.routes, app_object.api.binary_types)

    def handle_request(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> dict[str, Any]:
        """Return the application's answer. Raises RequestRefusedError when there is no such path or no permission."""
        context = self._generate_lambda_context()
        try:
            event = self._generate_lambda_event(method, path, headers, body)
        except ValueError:
            raise RequestRefusedError(404, "There is nothing at this path.") from None
        if method == "OPTIONS" and self._preflight_is_the_gateways(event):
            return {"statusCode": 200, "headers": self._autogen_options_headers(event), "body": ""}
        try:
            event, context = self._authorizer.authorize(path, event, context)
        except LocalGatewayException as error:
            detail = _NO_CREDENTIALS if error.CODE == HTTPStatus.UNAUTHORIZED else "This is not allowed."
            raise RequestRefusedError(error.CODE, detail) from error
        except Exception as error:
            # Like the gateway, take this one text for a refusal, and everything else for a failure.
            if str(error) == "Unauthorized":
                raise RequestRefusedError(401, _NO_CREDENTIALS) from error
            _log.warning("the authorizer has failed", exc_info=True)
            raise RequestRefusedError(503, "Credentials can't be checked at the moment.") from error
        answer: dict[str, Any] = self._app_object(event, context)
        return answer

    def _preflight_is_the_gateways(self, event: Event) -> bool:
        # On AWS an OPTIONS method is made for the routes that ask for CORS, and for no others.
        methods = self._app_object.routes[event["requestContext"]["resourcePath"]]
        return "OPTIONS" not in methods and any(entry.cors is not None for entry in methods.values())
