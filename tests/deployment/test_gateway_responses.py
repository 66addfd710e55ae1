"""What the gateway answers by itself looks like what the application answers."""

import json
import re
from collections.abc import Mapping

import botocore.session
import pytest

from deployment.gateway_responses import gateway_responses
from tests.handlers.api import Answer, Api, assert_problem

WRONG_BODY = 'object has missing required properties (["name"])\nstring "\\x" is too long'
CONTEXT = {
    "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    "error.message": "Missing required request parameters: [date]",
    "error.validationErrorString": json.dumps(WRONG_BODY)[1:-1],
}
"""Variables as API Gateway gives them: what quotes a request comes escaped."""

EXPECTED = {
    "ACCESS_DENIED": (403, "FORBIDDEN"),
    "API_CONFIGURATION_ERROR": (500, "INTERNAL"),
    "AUTHORIZER_CONFIGURATION_ERROR": (503, "SERVICE_UNAVAILABLE"),
    "AUTHORIZER_FAILURE": (503, "SERVICE_UNAVAILABLE"),
    "BAD_REQUEST_BODY": (400, "VALIDATION_FAILED"),
    "BAD_REQUEST_PARAMETERS": (400, "VALIDATION_FAILED"),
    "DEFAULT_4XX": (400, "VALIDATION_FAILED"),
    "DEFAULT_5XX": (500, "INTERNAL"),
    "EXPIRED_TOKEN": (401, "UNAUTHENTICATED"),
    "INTEGRATION_FAILURE": (503, "SERVICE_UNAVAILABLE"),
    "INTEGRATION_TIMEOUT": (503, "SERVICE_UNAVAILABLE"),
    "INVALID_API_KEY": (401, "UNAUTHENTICATED"),
    "INVALID_SIGNATURE": (401, "UNAUTHENTICATED"),
    "MISSING_AUTHENTICATION_TOKEN": (404, "NOT_FOUND"),
    "QUOTA_EXCEEDED": (429, "RATE_LIMITED"),
    "REQUEST_TOO_LARGE": (413, "PAYLOAD_TOO_LARGE"),
    "RESOURCE_NOT_FOUND": (404, "NOT_FOUND"),
    "THROTTLED": (429, "RATE_LIMITED"),
    "UNAUTHORIZED": (401, "UNAUTHENTICATED"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "UNSUPPORTED_MEDIA_TYPE"),
    "WAF_FILTERED": (403, "FORBIDDEN"),
}


def rendered(kind: str, context: Mapping[str, str] = CONTEXT) -> Answer:
    """What the gateway sends: it fills in variables, and nothing more. A variable that it does not know is an error."""
    response = gateway_responses()[kind]
    (template,) = response["responseTemplates"].values()
    headers = {}
    for target, source in response["responseParameters"].items():
        name = target.removeprefix("gatewayresponse.header.")
        headers[name] = source[1:-1] if source.startswith("'") else context[source.removeprefix("context.")]
    return Answer(
        status=int(response["statusCode"]),
        headers=headers,
        text=re.sub(r"\$context\.([A-Za-z.]+)", lambda match: context[match[1]], template),
    )


def test_every_type_of_answer_that_the_gateway_knows_has_its_own() -> None:
    service = botocore.session.get_session().get_service_model("apigateway")
    known = service.shape_for("GatewayResponseType").metadata["enum"]

    assert gateway_responses().keys() == set(known)


@pytest.mark.parametrize("kind", EXPECTED)
def test_each_is_a_whole_problem_with_its_status_and_code(kind: str) -> None:
    assert_problem(rendered(kind), *EXPECTED[kind])


@pytest.mark.parametrize("kind", EXPECTED)
def test_only_what_passes_asks_to_come_back(kind: str) -> None:
    status, _ = EXPECTED[kind]
    answer = rendered(kind)

    assert ("Retry-After" in answer.headers) is (status in {429, 503})
    if "Retry-After" in answer.headers:
        assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("kind", EXPECTED)
def test_who_is_not_known_is_told_how_to_say_it(kind: str) -> None:
    status, _ = EXPECTED[kind]

    assert rendered(kind).headers.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)


def test_a_body_that_the_gateway_refuses_is_told_with_what_is_wrong() -> None:
    assert rendered("BAD_REQUEST_BODY").wrong_fields == {"body": WRONG_BODY}


def test_parameters_that_the_gateway_refuses_are_told_with_what_is_wrong() -> None:
    assert rendered("BAD_REQUEST_PARAMETERS").wrong_fields == {"query": CONTEXT["error.message"]}


@pytest.mark.parametrize(
    ("kind", "path", "body", "content_type"),
    [
        ("MISSING_AUTHENTICATION_TOKEN", "/no/such/path", b"", "application/json"),
        ("REQUEST_TOO_LARGE", "/providers", b" " * 70_000, "application/json"),
        ("UNSUPPORTED_MEDIA_TYPE", "/providers", b"{}", "text/plain"),
    ],
)
def test_it_does_not_show_who_has_answered(kind: str, path: str, body: bytes, content_type: str) -> None:
    of_the_application = Api().send(path, body, content_type=content_type)
    of_the_gateway = rendered(kind)

    ours, theirs = of_the_application.json, of_the_gateway.json
    assert {**ours, "requestId": ""} == {**theirs, "requestId": ""}
    assert of_the_application.status == of_the_gateway.status
    # Its value has quotes in it, for which a fixed header of the gateway's has no room; and no page loads a problem.
    assert of_the_application.headers.keys() - of_the_gateway.headers.keys() == {"Content-Security-Policy"}
    assert (
        of_the_gateway.headers.items() - {("X-Request-Id", CONTEXT["requestId"])} <= of_the_application.headers.items()
    )
