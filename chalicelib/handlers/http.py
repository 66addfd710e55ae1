"""What every route shares: declaring it, reading the request, answering, and telling errors."""

import json
import logging
import re
import time
from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from typing import Any, Final, TypeVar, cast

from chalice.app import Chalice, ChaliceAuthorizer, MultiDict, Request, Response
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from chalicelib import logs
from chalicelib.domain.access import Caller
from chalicelib.domain.errors import AppointmentError
from chalicelib.handlers import cors, problems
from chalicelib.handlers.access import PUBLIC, RULES, Rule, admit, caller_in
from chalicelib.handlers.fields import BOOKING_ID, PROVIDER_ID
from chalicelib.handlers.forms import Forms
from chalicelib.handlers.problems import FieldError, RequestError
from chalicelib.handlers.requests import NoBody
from chalicelib.services import Services

_log = logging.getLogger(__name__)

MAX_BODY_BYTES: Final = 64 * 1024
SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
}
"""What every answer carries, unless its view knows better: https://owasp.org/www-project-secure-headers/."""

_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_DEEPEST_PATH: Final = 8
_MESSAGES: Final[Mapping[str, str]] = {
    "bool_type": "must be true or false",
    "enum": "must be {expected}",
    "extra_forbidden": "is not a known field",
    "greater_than_equal": "must be at least {ge}",
    "int_from_float": "must be a whole number",
    "int_type": "must be a whole number",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a list",
    "literal_error": "must be {expected}",
    "missing": "is required",
    "model_type": "must be a JSON object",
    "string_pattern_mismatch": "must match {pattern}",
    "string_too_long": "must have at most {max_length} character(s)",
    "string_too_short": "must have at least {min_length} character(s)",
    "string_type": "must be text",
    "string_unicode": "must be valid Unicode",
    "too_long": "must have at most {max_length} entries",
    "too_short": "must have at least one entry",
    "value_error": "{error}",
}
"""pydantic's kinds of errors, in the words of this API."""

Model = TypeVar("Model", bound=BaseModel)
View = Callable[..., Response]


class Router:
    """Declares routes on a Chalice app, so that each view gets its request and the services, and may raise any error.

    Chalice turns what a view raises into a bare 500 before its middleware sees it, so errors become problems here, and
    the middleware does what is common to all answers, those that Chalice makes itself included.
    """

    def __init__(
        self,
        app: Chalice,
        services: Callable[[], Services],
        authorizer: ChaliceAuthorizer | None = None,
        *,
        rules: Mapping[tuple[str, str], Rule] = RULES,
    ) -> None:
        self._app = app
        self._services = services
        self._authorizer = authorizer
        self._rules = rules
        app.register_middleware(self._around, "http")

    def route(self, method: str, path: str) -> Callable[[View], View]:
        """Declare a view: called with the request, the services, and the path's parameters by name.

        Raises KeyError for a route without a rule: then it is not known who may call it.
        """
        return self._declare(method, path, self._rules[method, path])

    def _declare(self, method: str, path: str, rule: Rule) -> Callable[[View], View]:
        def declare(view: View) -> View:
            def call(**path_parameters: str) -> Response:
                request = cast("Request", self._app.current_request)
                try:
                    services = self._services()
                    with services.begin():
                        if not rule.is_public:
                            request.context["caller"] = caller_in(request.context, services=services)
                            admit(called_by(request), rule, path_parameters, services=services)
                        return view(request, services, **path_parameters)
                except Exception as error:
                    if not isinstance(error, RequestError | AppointmentError):
                        _log.exception("unexpected error")
                    return problems.response_for(error, request_id=request_id(request))

            # An empty list of content types turns Chalice's own check off, which takes a body of no type for JSON.
            authorizer = None if rule.is_public else self._authorizer
            self._app.route(path, methods=[method], content_types=[], name=view.__name__, authorizer=authorizer)(call)
            return view

        return declare

    def catch_unknown_paths(self) -> None:
        """Answer unknown paths as this API does, where no gateway stands before the app.

        Chalice has no route for "any path", and what its local server answers says nothing of the path; so there is
        one route for each number of segments. It prefers literal segments, so these come last.
        """
        for depth in range(1, _DEEPEST_PATH + 1):
            path = "".join(f"/{{segment{number}}}" for number in range(depth))
            for method in _METHODS:
                self._declare(method, path, PUBLIC)(unknown_path)

    def _around(self, request: Request, get_response: Callable[[Request], Response]) -> Response:
        started = time.perf_counter()
        with logs.bound(request_id=request_id(request)):
            origins = self._origins()
            response = self._answer(request, origins, get_response)
            response.headers = {
                **SECURITY_HEADERS,
                **cors.headers_for(request, origins),
                **response.headers,
                "X-Request-Id": request_id(request),
            }
            _log.info(
                "request",
                extra={
                    "method": request.method,
                    "route": request.path,
                    "status": int(response.status_code),
                    "milliseconds": round((time.perf_counter() - started) * 1000, 1),
                    **_ids(request),
                },
            )
        return response

    def _origins(self) -> frozenset[str]:
        try:
            return self._services().cors_origins
        except Exception:
            # Wrong settings are the views' to tell.
            return frozenset()

    def _answer(
        self, request: Request, origins: frozenset[str], get_response: Callable[[Request], Response]
    ) -> Response:
        try:
            _refuse_if_too_large(request)
            response = cors.preflight(request, origins) or get_response(request)
        except RequestError as error:
            return problems.response_for(error, request_id=request_id(request))
        if isinstance(response.body, dict):
            # The answers of this API are text.
            return _problem_of_chalice(response, request)
        return response


def unknown_path(request: Request, _services: Services, **_segments: str) -> Response:
    """Any method on any path that has no route."""
    detail = "There is nothing at this path."
    return problems.response(problems.NOT_FOUND, detail, request_id=request_id(request))


def request_id(request: Request) -> str:
    """The id that API Gateway gave the request, or else the invocation's."""
    return str(request.context.get("requestId") or getattr(request.lambda_context, "aws_request_id", ""))


def called_by(request: Request) -> Caller:
    """Who makes the request; of a public route, nobody knows."""
    return cast("Caller", request.context["caller"])


def body(request: Request, model: type[Model] | Forms[Model], **known: str) -> Model:
    """The request's JSON body as a model, or as one of several forms. Raises `RequestError`.

    What is `known` stands for what the body leaves out.
    """
    raw = cast("bytes", request.raw_body)
    if raw:
        _refuse_unless_json(request.headers.get("content-type", ""))
    repeated: set[str] = set()

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in pairs:
            if name in found:
                repeated.add(name)
            found[name] = value
        return found

    try:
        document = json.loads(raw.decode("utf-8"), object_pairs_hook=members, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise problems.invalid(FieldError("body", "must be a JSON object in UTF-8")) from None
    return _validated(model, {**known, **document} if isinstance(document, dict) else document, repeated)


def no_body(request: Request) -> None:
    """That the request's body says nothing: it has none, or an empty object. Raises `RequestError`."""
    if request.raw_body:
        body(request, NoBody)


def query(request: Request, model: type[Model] | Forms[Model], **path: str) -> Model:
    """The request's query parameters, and those of its path that the model has, as a model. Raises `RequestError`."""
    parameters = request.query_params or MultiDict({})
    repeated = {name for name in parameters if len(parameters.getlist(name)) > 1 or name in path}
    return _validated(model, {**parameters, **path}, repeated)


def headers(request: Request, model: type[Model]) -> Model:
    """The headers that the model names, in whatever case they came. Raises `RequestError`."""
    names = [str(field.alias) for field in model.model_fields.values()]
    return _validated(model, {name: request.headers[name] for name in names if name in request.headers})


def answer(view: Mapping[str, object], status: HTTPStatus = HTTPStatus.OK, *, location: str | None = None) -> Response:
    """A view as the response."""
    headers: dict[str, str | list[str]] = {"Content-Type": "application/json"}
    if location:
        headers["Location"] = location
    return Response(to_json(view).decode(), headers=headers, status_code=status)


def _refuse_constant(name: str) -> None:
    """Python's parser would take NaN and Infinity, which JSON does not have."""
    raise ValueError(name)


def _refuse_if_too_large(request: Request) -> None:
    try:
        size = len(request.raw_body)
    except ValueError:
        raise problems.invalid(FieldError("body", "must be text in UTF-8, or valid Base64")) from None
    if size > MAX_BODY_BYTES:
        raise RequestError(problems.PAYLOAD_TOO_LARGE, f"The body must not have more than {MAX_BODY_BYTES} bytes.")


def _refuse_unless_json(content_type: str) -> None:
    media_type, _, parameters = content_type.partition(";")
    charset = parameters.lower().replace('"', "").replace(" ", "")
    if media_type.strip().lower() != "application/json" or charset not in {"", "charset=utf-8"}:
        detail = "Send the body as JSON in UTF-8, with the header Content-Type: application/json."
        raise RequestError(problems.UNSUPPORTED_MEDIA_TYPE, detail)


def _validated(model: type[Model] | Forms[Model], document: object, repeated: Collection[str] = ()) -> Model:
    """The document as a model. Raises `RequestError` with all that is wrong; what is `repeated` is wrong anyway."""
    wrong = {name: FieldError(name, "must be given once only") for name in sorted(repeated)}
    if isinstance(model, Forms):
        for name, message in model.clashes(document).items():
            wrong.setdefault(name, FieldError(name, message))
        model = model.meant_by(document)
    try:
        valid = model.model_validate(document)
        if not wrong:
            return valid
    except ValidationError as error:
        for problem in error.errors():
            name = ".".join(map(str, problem["loc"])) if problem["loc"] else "body"
            message = _MESSAGES.get(problem["type"], problem["msg"]).format(**problem.get("ctx", {}))
            wrong.setdefault(name, FieldError(name, message))
    raise problems.invalid(*wrong.values())


def _problem_of_chalice(response: Response, request: Request) -> Response:
    """An error that Chalice answered by itself, as the problem that it is."""
    if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = str(response.headers["Allow"])
        return problems.response(
            problems.METHOD_NOT_ALLOWED,
            f"{request.method} is not allowed here; allowed: {allowed}.",
            request_id=request_id(request),
            headers={"Allow": allowed},
        )
    return problems.response_for(RuntimeError(response.body["Message"]), request_id=request_id(request))


def _ids(request: Request) -> dict[str, str]:
    """The ids in the path, as the logs name them; nothing that is no id, as that could be anything."""
    parameters = request.uri_params or {}
    return {
        name: parameters[parameter]
        for parameter, name, shape in (
            ("bookingId", "booking_id", BOOKING_ID),
            ("providerId", "provider_id", PROVIDER_ID),
        )
        if re.fullmatch(shape, parameters.get(parameter, ""))
    }
