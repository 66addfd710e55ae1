"""The real configuration, applied to the embedded endpoint: the zip runs in its Lambda, and its mappings deliver."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from localstack_client.session import Session

from app import app
from local_stack.gateway import EventConverter
from tests.deployed.endpoint import identifying_endpoint
from tests.ports import free_port
from tests.system import AwsTable
from tests.terraform.cli import Terraform, required

APPLIED = ("table", "queue", "functions", "event_sources", "monitoring")
"""Everything but the REST API, which the endpoint can't import."""

_PROVIDER = """
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
"""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs Terraform where it is missing."""
    if "deployed" in getattr(item, "fixturenames", ()):
        required()


class Deployed:
    """What was applied, and how to use it."""

    def __init__(self, terraform: Terraform, build_directory: Path, host: str) -> None:
        self._terraform = terraform
        self._variables = [
            "-var-file=environments/dev.tfvars",
            "-var=hold_seconds=3",
            f"-var=build_directory={build_directory}",
        ]
        self.host = host
        self.session = Session(localstack_host=host)
        self.lambdas = self.session.client("lambda")
        self.outputs: dict[str, Any] = {}
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
        answer = self.lambdas.invoke(
            FunctionName=self.outputs["function_names"][function], Qualifier="live", Payload=json.dumps(event)
        )
        payload = answer["Payload"].read()
        assert "FunctionError" not in answer, payload
        return json.loads(payload)

    def calls(self, function: str) -> int:
        """How often a function was called, by its log."""
        pages = self.session.client("logs").get_paginator("filter_log_events")
        group = f"/aws/lambda/{self.outputs['function_names'][function]}"
        lines = [event["message"] for page in pages.paginate(logGroupName=group) for event in page["events"]]
        return sum(line.startswith("START ") for line in lines)

    def request(self, method: str, path: str, body: Any = None, *, expect: int) -> Any:
        """Send a request as API Gateway would hand it on."""
        raw = None if body is None else json.dumps(body).encode()
        event = self._events.create_lambda_event(method, path, {"Content-Type": "application/json"}, raw)
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
    with identifying_endpoint(directory / "endpoint", port) as url:
        terraform = Terraform(directory, command=command, plugins=plugins, provider=_PROVIDER.format(url=url))
        deployed = Deployed(terraform, directory, f"127.0.0.1:{port}")
        deployed.apply()
        yield deployed
