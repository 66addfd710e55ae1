"""The real configuration, applied to the embedded endpoint: the zip runs in its Lambda, and its mappings deliver."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from localstack_client.session import Session

from app import app
from local_stack.gateway import EventConverter
from local_stack.issuer import AUDIENCE, Issuer, TokenMaker
from tests.deployed.endpoint import identifying_endpoint
from tests.ports import free_port
from tests.system import AwsTable
from tests.terraform.cli import Terraform, required

APPLIED = ("table", "queue", "functions", "event_sources", "monitoring")
"""Everything but the REST API, which the endpoint can't import."""

_OVERRIDE = """
provider "aws" {{
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true

  endpoints {{
    cloudwatch = "{url}"
    dynamodb   = "{url}"
    iam        = "{url}"
    lambda     = "{url}"
    logs       = "{url}"
    sqs        = "{url}"
    sts        = "{url}"
  }}
}}

# The issuer is on this machine, and speaks no TLS; no variable of the configuration would have it.
module "functions" {{
  authorizer_environment_variables = {{
    TOKEN_ISSUER   = "{issuer}"
    TOKEN_AUDIENCE = "{audience}"
    ROLE_CLAIM     = var.role_claim
    LOG_LEVEL      = var.log_level
  }}
}}
"""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs Terraform where it is missing."""
    if "deployed" in getattr(item, "fixturenames", ()):
        required()


class RefusedError(Exception):
    """The authorizer lets nobody in with that."""


class Deployed:
    """What was applied, and how to use it."""

    def __init__(self, terraform: Terraform, build_directory: Path, host: str, tokens: TokenMaker) -> None:
        self._terraform = terraform
        self.tokens = tokens
        self._variables = [
            "-var-file=environments/dev.tfvars",
            "-var=hold_seconds=3",
            f"-var=build_directory={build_directory}",
        ]
        self.host = host
        self.session = Session(localstack_host=host)
        self.lambdas = self.session.client("lambda")
        self.outputs: dict[str, Any] = {}
        self._remembered: dict[tuple[str, str], Any] = {}
        self._events = EventConverter(app.routes, app.api.binary_types)

    def apply(self) -> None:
        """Make everything, and read where it is."""
        targets = [f"-target=module.{name}" for name in APPLIED]
        self._terraform.run("apply", "-input=false", "-auto-approve", "-no-color", *targets, *self._variables)
        outputs = json.loads(self._terraform.run("output", "-json"))
        self.outputs = {name: output["value"] for name, output in outputs.items()}

    def changes(self, *modules: str) -> list[str]:
        """What a second plan of these modules would change."""
        targets = [f"-target=module.{name}" for name in modules]
        self._terraform.run("plan", "-input=false", "-out=second.tfplan", *targets, *self._variables)
        plan = json.loads(self._terraform.run("show", "-json", "second.tfplan"))
        changes = plan.get("resource_changes", [])
        return [change["address"] for change in changes if change["change"]["actions"] not in (["no-op"], ["read"])]

    def destroy(self) -> None:
        """Remove everything."""
        self._terraform.run("destroy", "-input=false", "-auto-approve", "-no-color", *self._variables)

    @property
    def table(self) -> AwsTable:
        """The table and the queues."""
        return AwsTable(self.session, self.outputs["table_name"])

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        """Call a function by its alias, as its callers do."""
        payload, error = self._called(function, event)
        assert error is None, payload
        return payload

    def _called(self, function: str, event: Mapping[str, Any]) -> tuple[Any, str | None]:
        """What a function answers, and the kind of its error if that is what it answers."""
        answer = self.lambdas.invoke(
            FunctionName=self.outputs["function_names"][function], Qualifier="live", Payload=json.dumps(event)
        )
        return json.loads(answer["Payload"].read()), answer.get("FunctionError")

    def authorize(self, header: str) -> Any:
        """Ask the authorizer about a header as API Gateway does. Raises RefusedError, as the gateway answers 401."""
        event = {
            "type": "TOKEN",
            "authorizationToken": header,
            "methodArn": "arn:aws:execute-api:us-east-1:123456789012:api/dev/GET/bookings/1",
        }
        payload, error = self._called("authorize", event)
        if error is not None and payload["errorMessage"] == "Unauthorized":
            raise RefusedError
        assert error is None, payload
        return payload

    def _told_of(self, by: tuple[str, str]) -> Any:
        """What the authorizer says of somebody, which the gateway remembers."""
        if by not in self._remembered:
            self._remembered[by] = self.authorize(f"Bearer {self.tokens.token(*by)}")["context"]
        return self._remembered[by]

    def calls(self, function: str) -> int:
        """How often a function was called, by its log."""
        pages = self.session.client("logs").get_paginator("filter_log_events")
        group = f"/aws/lambda/{self.outputs['function_names'][function]}"
        lines = [event["message"] for page in pages.paginate(logGroupName=group) for event in page["events"]]
        return sum(line.startswith("START ") for line in lines)

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        expect: int,
        by: tuple[str, str] | None = ("ops", "admin"),
        key: str | None = None,
    ) -> Any:
        """Send a request as API Gateway would hand it on: with what the authorizer says of a user in a role.

        A `key` is sent as its idempotency key.
        """
        raw = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
        event = self._events.create_lambda_event(method, path, headers, raw)
        if by is not None:
            event["requestContext"]["authorizer"] = self._told_of(by)
        answer = self.invoke("api", event)
        assert answer["statusCode"] == expect, answer
        return json.loads(answer["body"])


@pytest.fixture(scope="session")
def deployed(package: Mapping[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The deployment."""
    command, plugins = required()
    directory = tmp_path_factory.mktemp("deployed")
    for name, content in package.items():
        (directory / name).write_bytes(content)
    port = free_port()
    issuer = Issuer(data_dir=directory, port=free_port())
    issuer.start()
    with identifying_endpoint(directory / "endpoint", port) as url:
        overriding = _OVERRIDE.format(url=url, issuer=issuer.url, audience=AUDIENCE)
        terraform = Terraform(directory, command=command, plugins=plugins, provider=overriding)
        deployed = Deployed(terraform, directory, f"127.0.0.1:{port}", TokenMaker.of(directory))
        deployed.apply()
        yield deployed
    issuer.stop()
