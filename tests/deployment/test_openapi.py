"""The REST API's body: whole, valid, and no stricter than the application."""

import json
import re
import subprocess
import sys
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from moto import mock_aws
from openapi_spec_validator import OpenAPIV30SpecValidator

from deployment.openapi import AUTHORIZER_ARN, INVOKE_ARN, text
from deployment.operations import OPERATIONS
from deployment.package import ROOT
from tests.handlers.api import AVAILABILITY, Api

ARN = (
    "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:eu-central-1:123456789012:function:api:live/invocations"
)
ANY = "x-amazon-apigateway-any-method"
ITS_ARN = ARN.replace("api:live", "authorize:live")
OTHER = (ANY, "options")
"""What is no operation of a path's own."""
BODY: dict[str, Any] = json.loads(text().replace(INVOKE_ARN, ARN).replace(AUTHORIZER_ARN, ITS_ARN))
METHODS = [(path, method, BODY["paths"][path][method]) for path in BODY["paths"] for method in BODY["paths"][path]]

PROVIDER = {"name": "Ann", "timeZone": "Europe/Berlin", "providerId": "bea"}
BOOKING = {"providerId": "ann", "slotId": "2030-05-02T09:00", "userId": "user-1"}
BODIES: dict[str, dict[str, Any]] = {
    "POST /providers": PROVIDER,
    "PATCH /providers/{providerId}": {"name": "Ann B.", "minNoticeMinutes": 60, "holdSeconds": None},
    "POST /providers/{providerId}/availability": dict(AVAILABILITY),
    "POST /bookings": BOOKING,
    "POST /bookings/{bookingId}/reschedule": {"slotId": "2030-05-02T10:00"},
}
"""A body that succeeds, for each route whose bodies the gateway checks."""


SPAN = {"startTime": "09:00", "endTime": "12:00"}
WINDOW = {**SPAN, "slotDurationMinutes": 60}
PATTERN = {"startDate": "2030-05-06", "endDate": "2030-05-10", "weekdays": ["MONDAY", "FRIDAY"]}
FORMS: list[dict[str, Any]] = [
    {**AVAILABILITY, "breaks": [{"startTime": "10:00", "endTime": "10:15"}], "bufferMinutes": 480},
    {"date": "2030-05-02", "windows": [{**WINDOW, "breaks": [], "bufferMinutes": 0}]},
    {**PATTERN, **WINDOW},
    {**PATTERN, "windows": [WINDOW]},
]
"""Other bodies that set availability."""


def test_it_is_valid_openapi() -> None:
    OpenAPIV30SpecValidator(BODY).validate()
    assert BODY["openapi"] == "3.0.1"


def test_it_has_every_route_and_no_other() -> None:
    described = {(method.upper(), path) for path, method, _ in METHODS if method not in OTHER}

    assert described == OPERATIONS.keys()


def test_all_other_methods_of_a_path_go_to_the_function_too() -> None:
    assert all(ANY in methods for methods in BODY["paths"].values())


def test_everything_is_answered_by_one_function() -> None:
    for path, method, operation in METHODS:
        assert operation["x-amazon-apigateway-integration"] == {
            "type": "aws_proxy",
            "httpMethod": "POST",
            "uri": ARN,
        }, (method, path)


def test_terraform_finds_two_variables_in_it_and_nothing_else_to_fill_in() -> None:
    places = re.findall(r"[$%]\{[^}]*\}", text())

    assert places == [AUTHORIZER_ARN] + [INVOKE_ARN] * len(METHODS)


def test_names_are_such_as_the_gateway_takes() -> None:
    names = [operation.get("operationId", "any") for _, _, operation in METHODS]

    assert all(re.fullmatch("[A-Za-z0-9]+", name) for name in [*BODY["components"]["schemas"], *names])
    assert len(set(names)) == len(OPERATIONS) + 1


def test_schemas_refer_to_components_only_and_say_nothing_that_the_gateway_does_not_know() -> None:
    assert not re.search(r'"(\$defs|const|anyOf|oneOf|allOf|nullable|example|examples|exclusiveMinimum)":', text())
    for target in re.findall(r'"\$ref": "([^"]*)"', text()):
        assert target.removeprefix("#/components/schemas/") in BODY["components"]["schemas"]


def test_it_is_the_same_in_every_process() -> None:
    command = [sys.executable, "-m", "deployment.openapi"]

    for seed in ("1", "2"):
        printed = subprocess.run(command, cwd=ROOT, env={"PYTHONHASHSEED": seed}, capture_output=True, check=True)
        assert printed.stdout.decode() == text()


def test_it_is_sorted_and_indented_to_be_compared() -> None:
    assert json.dumps(json.loads(text()), indent=2, sort_keys=True, ensure_ascii=False) + "\n" == text()


def test_api_gateway_can_import_it() -> None:
    with mock_aws():
        client = boto3.client("apigateway", region_name="eu-central-1")
        api = client.import_rest_api(body=json.dumps(BODY).encode(), failOnWarnings=True)
        resources = client.get_resources(restApiId=api["id"], limit=500)["items"]
        imported = {
            (resource["path"], method): client.get_integration(
                restApiId=api["id"], resourceId=resource["id"], httpMethod=method
            )
            for resource in resources
            for method in resource.get("resourceMethods", {})
        }

    assert imported.keys() == {(path, method.upper()) for path, method, _ in METHODS}
    assert {(each["type"].lower(), each["httpMethod"], each["uri"]) for each in imported.values()} == {
        ("aws_proxy", "POST", ARN)
    }


def test_bodies_are_checked_where_one_is_needed_and_nowhere_else() -> None:
    validators = {
        (method, path): operation.get("x-amazon-apigateway-request-validator")
        for path, method, operation in METHODS
        if method not in OTHER
    }

    assert {
        f"{method.upper()} {path}" for (method, path), validator in validators.items() if validator == "body"
    } == BODIES.keys()
    assert [key for key, validator in validators.items() if validator == "parameters"] == [
        ("get", path)
        for path in (
            "/providers/{providerId}/availability",
            "/providers/{providerId}/bookings",
            "/providers/{providerId}/slots",
            "/users/{userId}/bookings",
        )
    ]
    assert BODY["x-amazon-apigateway-request-validators"] == {
        "body": {"validateRequestBody": True, "validateRequestParameters": False},
        "parameters": {"validateRequestBody": False, "validateRequestParameters": True},
    }


def test_what_the_page_of_the_documentation_loads_is_compressed_and_small_answers_are_not() -> None:
    api = Api()
    smallest = BODY["x-amazon-apigateway-minimum-compression-size"]

    for path in ("/docs/swagger-ui.css", "/docs/swagger-ui.js"):
        assert len(api.get(path).text.encode()) > smallest, path
    api.has_provider()
    day = {"date": "2030-05-02", "startTime": "00:00", "endTime": "24:00", "slotDurationMinutes": 5}
    assert len(api.post("/providers/ann/availability", day).text.encode()) < smallest


def gateway_takes(route: str, document: object) -> bool:
    """Whether the gateway lets a JSON body through."""
    method, path = route.split()
    content = BODY["paths"][path][method.lower()]["requestBody"]["content"]
    assert list(content) == ["application/json"]
    schema = {**content["application/json"]["schema"], "components": BODY["components"]}
    return bool(Draft4Validator(schema).is_valid(document))


def status_of(route: str, document: object) -> int:
    """What the application answers to a body."""
    api = Api()
    api.has_slots()
    method, path = route.split()
    booking_id = api.has_booking("2030-05-02T11:00")["bookingId"] if "{bookingId}" in path else ""
    path = path.format(providerId="ann", bookingId=booking_id)
    headers = {"Content-Type": "application/json"}
    return api.request(method, path, body=json.dumps(document).encode(), headers=headers).status


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        *((path, {}) for path in BODIES),
        # A character that UTF-16 needs two units for: lengths count characters.
        ("POST /providers", {"name": "\U0001f600" * 200}),
        ("POST /providers", {"name": "a"}),
        ("POST /providers", {"providerId": "a" * 64}),
        ("POST /providers", {"providerId": "-Az09_"}),
        ("POST /providers", {"timeZone": "America/Argentina/ComodRivadavia"}),
        ("POST /providers/{providerId}/availability", {"slotDurationMinutes": 5}),
        ("POST /providers/{providerId}/availability", {"slotDurationMinutes": 480}),
        ("POST /providers/{providerId}/availability", {"startTime": "00:00", "endTime": "24:00"}),
        ("POST /bookings", {"userId": "\U0001f600" * 128}),
        ("POST /bookings", {"userId": "a"}),
        ("PATCH /providers/{providerId}", {"minNoticeMinutes": None, "maxAdvanceDays": 0}),
        ("PATCH /providers/{providerId}", {"holdSeconds": 86_400, "cancelCutoffMinutes": 525_600}),
    ],
)
def test_what_the_application_takes_passes_the_gateway(path: str, changes: dict[str, Any]) -> None:
    document = {**BODIES[path], **changes}

    assert status_of(path, document) in {200, 201, 202}
    assert gateway_takes(path, document)


@pytest.mark.parametrize("document", FORMS)
def test_each_form_in_which_availability_is_set_passes_the_gateway(document: dict[str, Any]) -> None:
    assert status_of("POST /providers/{providerId}/availability", document) == 201
    assert gateway_takes("POST /providers/{providerId}/availability", document)


def test_what_may_be_left_out_may_be_left_out_at_the_gateway() -> None:
    assert status_of("POST /providers", {"name": "Bob"}) == 201
    assert gateway_takes("POST /providers", {"name": "Bob"})


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("document", [[], "text", 1, True, {}])
def test_what_is_no_whole_object_is_refused_by_both(path: str, document: object) -> None:
    if document == {} and path.startswith("PATCH"):
        assert gateway_takes(path, document)
        return
    assert not gateway_takes(path, document)
    assert status_of(path, document) == 400


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("POST /providers", {"name": ""}),
        ("POST /providers", {"name": "a" * 201}),
        ("POST /providers", {"name": None}),
        ("POST /providers", {"name": 1}),
        ("POST /providers", {"unknown": 1}),
        ("POST /providers", {"provider_id": "bea"}),
        ("POST /providers", {"providerId": None}),
        ("POST /providers", {"providerId": "a" * 65}),
        ("POST /providers", {"providerId": "a b"}),
        ("POST /providers", {"providerId": ""}),
        ("POST /providers", {"timeZone": 1}),
        ("POST /providers/{providerId}/availability", {"slotDurationMinutes": 4}),
        ("POST /providers/{providerId}/availability", {"slotDurationMinutes": 481}),
        ("POST /providers/{providerId}/availability", {"slotDurationMinutes": "60"}),
        ("POST /providers/{providerId}/availability", {"slotDurationMinutes": 60.5}),
        ("POST /providers/{providerId}/availability", {"slotDurationMinutes": True}),
        ("POST /providers/{providerId}/availability", {"date": 20300502}),
        ("POST /providers/{providerId}/availability", {"startTime": None}),
        ("POST /providers/{providerId}/availability", {"bufferMinutes": -1}),
        ("POST /providers/{providerId}/availability", {"breaks": [SPAN] * 11}),
        ("POST /providers/{providerId}/availability", {"breaks": [{"startTime": "10:00"}]}),
        ("POST /providers/{providerId}/availability", {"weekdays": []}),
        ("POST /providers/{providerId}/availability", {"weekdays": ["Monday"]}),
        ("POST /providers/{providerId}/availability", {"windows": []}),
        ("POST /providers/{providerId}/availability", {"windows": [{**WINDOW, "unknown": 1}]}),
        ("POST /bookings", {"userId": ""}),
        ("POST /bookings", {"userId": "u" * 129}),
        ("POST /bookings", {"providerId": "ann/"}),
        ("POST /bookings", {"slotId": ["2030-05-02T09:00"]}),
        ("PATCH /providers/{providerId}", {"name": None}),
        ("PATCH /providers/{providerId}", {"timeZone": "UTC"}),
        ("PATCH /providers/{providerId}", {"minNoticeMinutes": -1}),
        ("PATCH /providers/{providerId}", {"holdSeconds": 0}),
        ("POST /bookings/{bookingId}/reschedule", {"slotId": None}),
        ("POST /bookings/{bookingId}/reschedule", {"userId": "user-1"}),
    ],
)
def test_what_the_gateway_refuses_would_be_refused_in_any_case(path: str, changes: dict[str, Any]) -> None:
    document = {**BODIES[path], **changes}

    assert not gateway_takes(path, document)
    assert status_of(path, document) == 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
NEAR = st.sampled_from(
    [
        *("a" * 64, "a" * 65, "ü" * 200, "\U0001f600" * 128, "\U0001f600" * 129, "\U0001f600" * 200),
        *("ann\n", "24:00", "UTC", "2030-05-02", 5, 480, 4, 481, 5.0, 0, -0.0),
    ]
)


WHOLE = {path: [document] for path, document in BODIES.items()}
WHOLE["POST /providers/{providerId}/availability"] += FORMS


@given(data=st.data(), path=st.sampled_from(sorted(BODIES)))
def test_the_gateway_is_never_stricter_than_the_application(data: st.DataObject, path: str) -> None:
    whole = data.draw(st.sampled_from(WHOLE[path]), label="form")
    document = {
        name: value
        for name, value in whole.items()
        if data.draw(st.integers(0, 9), label=f"keep {name}") or name == "date"
    }
    for name in data.draw(st.lists(st.sampled_from([*whole, "other"]), max_size=2, unique=True)):
        document[name] = data.draw(NEAR | JSON, label=name)

    if not gateway_takes(path, document):
        assert status_of(path, document) == 400


def query_parameters(path: str) -> list[dict[str, Any]]:
    return [each for each in BODY["paths"][path]["get"]["parameters"] if each["in"] == "query"]


def test_query_parameters_that_the_gateway_asks_for_are_needed() -> None:
    api = Api()
    api.has_slots()

    assert query_parameters("/providers/{providerId}/availability") == [
        {"name": name, "in": "query", "required": True, "schema": {"type": "string", "format": "date"}}
        for name in ("from", "to")
    ]
    assert api.get("/providers/ann/availability?from=2030-05-02").status == 400
    assert api.get("/providers/ann/availability?to=2030-05-02").status == 400
    assert api.get("/providers/ann/availability?from=2030-05-02&to=").status == 400
    assert api.get("/providers/ann/availability?from=2030-05-02&to=2030-05-02").status == 200


def test_where_there_are_alternatives_the_gateway_asks_for_none() -> None:
    assert {
        each["name"]: each["required"] for each in query_parameters("/providers/{providerId}/slots")
    } == dict.fromkeys(("date", "from", "to", "limit", "cursor"), False)


@pytest.mark.parametrize("action", ["confirm", "cancel"])
def test_a_booking_is_changed_without_a_body_and_so_none_is_asked_for(action: str) -> None:
    api = Api()
    api.has_slots()
    booking = api.has_booking()

    assert "requestBody" not in BODY["paths"]["/bookings/{bookingId}/" + action]["post"]
    assert api.post(f"/bookings/{booking['bookingId']}/{action}").status == 200
