"""The configuration as such: its form, its own tests, and what it says of itself."""

import re
from typing import Any

import pytest

from tests.terraform.cli import CONFIGURATION, ROOT, Terraform
from tests.terraform.deployment import Deployment

MODULES = ("api", "event_sources", "functions", "monitoring", "queue", "table")


def test_the_configuration_is_formatted(terraform: Terraform) -> None:
    terraform.run("fmt", "-check", "-recursive", "-diff")


def test_the_configuration_is_valid(terraform: Terraform) -> None:
    terraform.run("validate")


def test_terraforms_own_tests_pass(terraform: Terraform) -> None:
    terraform.run("test", "-var-file=environments/dev.tfvars")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_its_four_files(module: str) -> None:
    files = {file.name for file in (CONFIGURATION / "modules" / module).iterdir()}

    assert files >= {"main.tf", "variables.tf", "outputs.tf", "versions.tf"}


def test_every_module_asks_for_the_same_versions() -> None:
    root = (CONFIGURATION / "versions.tf").read_text()

    assert '">= 5.60, < 7.0"' in root
    assert {(CONFIGURATION / "modules" / module / "versions.tf").read_text() for module in MODULES} == {root}


def test_every_variable_and_output_is_described(dev: Deployment) -> None:
    root = dev.configuration["root_module"]
    modules = [root, *(call["module"] for call in root["module_calls"].values())]

    assert len(modules) == 1 + len(MODULES)
    for module in modules:
        for name, entry in {**module["variables"], **module["outputs"]}.items():
            assert entry.get("description", "").endswith("."), f"{name} needs a description"


def test_every_variable_has_a_type() -> None:
    for file in CONFIGURATION.rglob("variables.tf"):
        for name, body in re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', file.read_text(), re.DOTALL | re.MULTILINE):
            assert re.search(r"^  type +=", body, re.MULTILINE), f"{name} in {file} needs a type"


def test_prod_sets_every_variable(dev: Deployment) -> None:
    variables = set(dev.configuration["root_module"]["variables"])
    set_in_prod = set(re.findall(r"^(\w+) +=", (CONFIGURATION / "environments/prod.tfvars").read_text(), re.MULTILINE))

    assert set_in_prod == variables - {"build_directory"}, "where the package is, is the machine's own"


def test_the_deployments_page_explains_every_variable_and_output(dev: Deployment) -> None:
    page = (ROOT / "docs/deployment.md").read_text()
    root = dev.configuration["root_module"]

    missing = [name for name in [*root["variables"], *root["outputs"]] if f"`{name}`" not in page]

    assert missing == []


def test_nothing_but_the_outputs_needs_the_api(dev: Deployment) -> None:
    """So that the rest can be made where no REST API can: monitoring knows the API by name."""
    calls = dev.configuration["root_module"]["module_calls"]

    needing = [name for name, call in calls.items() if "module.api" in _references(call)]

    assert needing == []


def _references(node: Any) -> set[str]:
    """All that is referred to anywhere inside a part of the configuration."""
    if isinstance(node, list):
        return {reference for entry in node for reference in _references(entry)}
    if not isinstance(node, dict):
        return set()
    own = node.get("references")
    return (set(own) if isinstance(own, list) else set()) | _references(list(node.values()))
