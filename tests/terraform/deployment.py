"""A deployment as Terraform describes it: the real provider's plan, and the mocked state for what no plan can know."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.terraform.cli import Json


class Deployment:
    """One environment's resources, by address such as `module.table.aws_dynamodb_table.this`."""

    def __init__(self, *, plan: Json, mocked_state: Json) -> None:
        self.configuration: Json = plan["configuration"]
        self._planned = {change["address"]: change["change"]["after"] for change in plan["resource_changes"]}
        made = list(_resources_of(mocked_state["root_module"]))
        self._mocked = {resource["address"]: resource["values"] for resource in made}
        self._hidden = {resource["address"]: resource["sensitive_values"] for resource in made}

    def planned(self, address: str) -> Json:
        """A resource in the plan of the real provider."""
        resource: Json = self._planned[address]
        return resource

    def mocked(self, address: str) -> Json:
        """A resource in the mocked state: ARNs and URLs are made up, but each leads to where it would."""
        resource: Json = self._mocked[address]
        return resource

    def hidden(self, address: str) -> Json:
        """What Terraform does not show of a resource in the mocked state: true in the place of each such value."""
        hidden: Json = self._hidden[address]
        return hidden

    def all_planned(self, kind: str) -> Mapping[str, Json]:
        """All planned resources of a type, by address."""
        return {address: found for address, found in self._planned.items() if _kind_of(address) == kind}

    def everything_planned(self) -> Mapping[str, Json]:
        """All planned resources, by address; no data sources."""
        return {address: found for address, found in self._planned.items() if ".data." not in address}


def _kind_of(address: str) -> str:
    parts = [part for part in address.partition("[")[0].split(".") if part != "data"]
    return parts[-2]


def _resources_of(module: Mapping[str, Any]) -> Iterator[Json]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _resources_of(child)
