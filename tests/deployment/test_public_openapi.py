"""The API's public description: committed as it is generated, valid, whole, and true in each of its examples."""

import json
import re
import subprocess
import sys
from typing import Any
from urllib.parse import urlencode

import pytest
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import OpenAPIV30SpecValidator

from chalicelib.domain.models import BookingStatus
from deployment.examples import ERRORS, EXAMPLES
from deployment.operations import OPERATIONS
from deployment.package import ROOT
from deployment.public_openapi import FILE, document, shown, text
from tests.handlers.api import Api

DOCUMENT: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
PUBLIC = {key: operation for key, operation in OPERATIONS.items() if operation.is_public}


def described(key: tuple[str, str]) -> dict[str, Any]:
    method, path = key
    found: dict[str, Any] = DOCUMENT["paths"][path][method.lower()]
    return found


def followed(item: dict[str, Any]) -> dict[str, Any]:
    """The item, or what it refers to."""
    while "$ref" in item:
        *_, kind, name = item["$ref"].split("/")
        item = DOCUMENT["components"][kind][name]
    return item


def is_valid(value: object, schema: dict[str, Any]) -> bool:
    return bool(OAS30Validator({**schema, "components": DOCUMENT["components"]}).is_valid(value))


def test_the_committed_document_is_the_generated_one() -> None:
    assert FILE.read_text("utf-8") == text(), "the API has changed: run `make openapi`"


def test_it_is_the_same_in_every_process() -> None:
    code = "from deployment.public_openapi import text; print(text(), end='')"
    for seed in ("1", "2"):
        printed = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        )
        assert printed.stdout.decode() == text()


def test_it_is_valid_openapi() -> None:
    OpenAPIV30SpecValidator(document()).validate()


def test_it_has_every_operation_that_is_for_users_and_no_other() -> None:
    assert {
        (method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods
    } == PUBLIC.keys()


def test_it_says_nothing_of_what_runs_it() -> None:
    assert not re.search(r"x-amazon|aws|lambda|dynamodb", FILE.read_text("utf-8"), re.IGNORECASE)


@pytest.mark.parametrize("key", PUBLIC, ids=" ".join)
def test_every_answer_has_its_status_its_request_id_and_an_example(key: tuple[str, str]) -> None:
    responses = described(key)["responses"]

    expected = {str(PUBLIC[key].status.value), *(str(problem.status.value) for problem in PUBLIC[key].problems)}
    assert responses.keys() == expected
    for response in map(followed, responses.values()):
        assert followed(response["headers"]["X-Request-Id"])["required"]
        ((media_type, content),) = response["content"].items()
        if media_type == "application/problem+json":
            assert content["examples"]
        elif PUBLIC[key].answer:
            assert content["example"]


@pytest.mark.parametrize("key", PUBLIC, ids=" ".join)
def test_every_error_is_told_by_its_code_with_an_example_that_fits_its_schema(key: tuple[str, str]) -> None:
    for problem in PUBLIC[key].problems:
        response = followed(described(key)["responses"][str(problem.status.value)])
        content = response["content"]["application/problem+json"]
        example = content["examples"][problem.code]["value"]
        assert (example["status"], example["code"]) == (problem.status, problem.code)
        assert is_valid(example, content["schema"])
        assert not is_valid({**example, "code": "ANOTHER"}, content["schema"])
        assert f"`{problem.code}`" in response["description"]
        assert ("Retry-After" in response["headers"]) is (problem.status in {429, 503})
        assert ("WWW-Authenticate" in response["headers"]) is (problem.status == 401)


@pytest.mark.parametrize("key", PUBLIC, ids=" ".join)
def test_it_says_where_a_token_is_needed(key: tuple[str, str]) -> None:
    assert described(key).get("security", []) == [{"bearerAuth": []}] * PUBLIC[key].needs_token
    assert ("401" in described(key)["responses"]) is PUBLIC[key].needs_token
    scheme = DOCUMENT["components"]["securitySchemes"]["bearerAuth"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")


def test_every_error_that_has_an_example_can_be_answered() -> None:
    assert ERRORS.keys() == {problem for operation in PUBLIC.values() for problem in operation.problems}


@pytest.mark.parametrize("key", PUBLIC, ids=" ".join)
def test_every_example_fits_its_schema(key: tuple[str, str]) -> None:
    operation = described(key)

    for parameter in operation.get("parameters", []):
        assert parameter["description"]
        assert (
            is_valid(parameter["example"], parameter["schema"])
            if "example" in parameter
            else parameter["name"] in {"cursor", *EXAMPLES[key].leaves_out}
        )
    contents = [operation["requestBody"]] if "requestBody" in operation else []
    for content in [*contents, operation["responses"][str(PUBLIC[key].status.value)]]:
        (media_type,) = content["content"].values()
        if "example" in media_type:
            assert is_valid(media_type["example"], media_type["schema"])


def test_every_example_is_what_the_application_takes_and_answers() -> None:
    api = Api()
    booking_id = ""

    for (method, path), operation in PUBLIC.items():
        example = EXAMPLES[method, path]
        parameters = described((method, path)).get("parameters", [])
        given = {each["name"]: each["example"] for each in parameters if "example" in each}
        query = {
            each["name"]: given[each["name"]] for each in parameters if each["in"] == "query" and "example" in each
        }
        answer = api.request(
            method,
            path.format(**{**given, "bookingId": booking_id}) + (f"?{urlencode(query)}" if query else ""),
            body=json.dumps(example.body).encode() if example.body else b"",
            headers={"Content-Type": "application/json"} if example.body else {},
        )
        assert answer.status == operation.status, answer.text
        if example.answer is not None:
            assert without_its_time(answer.json) == without_its_time(shown(example.answer)), (method, path)
            booking_id = answer.json.get("bookingId", booking_id)


def without_its_time(answer: Any) -> Any:
    """An answer without what is different each time."""
    moving = {"bookingId", "createdAt", "updatedAt", "expiresAt", "confirmedAt", "cancelledAt"}
    return json.loads(
        json.dumps(answer),
        object_hook=lambda found: {name: "..." if name in moving else value for name, value in found.items()},
    )


@pytest.mark.parametrize("key", PUBLIC, ids=" ".join)
def test_every_link_leads_to_an_operation_with_names_that_it_takes(key: tuple[str, str]) -> None:
    response = described(key)["responses"][str(PUBLIC[key].status.value)]
    targets = {described(each)["operationId"]: described(each) for each in PUBLIC}

    for link in response.get("links", {}).values():
        target = targets[link["operationId"]]
        assert link.get("parameters", {}).keys() <= {each["name"] for each in target.get("parameters", [])}
        if "requestBody" in link:
            body = followed(target["requestBody"]["content"]["application/json"]["schema"])
            assert set(body["required"]) <= link["requestBody"].keys() <= body["properties"].keys()


def test_what_was_made_links_to_all_that_can_be_done_with_it() -> None:
    below = {
        key: set(described(key)["responses"][str(operation.status.value)].get("links", {}))
        for key, operation in PUBLIC.items()
        if operation.location
    }

    assert below["POST", "/bookings"] >= {"getBooking", "confirmBooking", "cancelBooking"}
    assert below["POST", "/providers"] >= {"getProvider", "setAvailability", "listFreeSlots"}
    assert "createBooking" in described(("POST", "/providers/{providerId}/availability"))["responses"]["201"]["links"]


def test_the_statuses_of_a_booking_are_listed() -> None:
    assert DOCUMENT["components"]["schemas"]["BookingStatus"]["enum"] == [status.value for status in BookingStatus]
