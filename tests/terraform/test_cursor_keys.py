"""The keys that seal cursors, as Terraform itself makes and keeps them: no provider is asked for anything."""

import json
from pathlib import Path

from tests.terraform.cli import STAND_IN_PACKAGE, Terraform, required

VARIABLES = ("-var-file=environments/dev.tfvars", f"-var=build_directory={STAND_IN_PACKAGE}")


class Keys:
    """The keys alone, applied."""

    def __init__(self, directory: Path) -> None:
        command, plugins = required()
        self._terraform = Terraform(directory, command=command, plugins=plugins)
        self._state = directory / "terraform" / "terraform.tfstate"

    def apply(self, version: int) -> dict[str, str]:
        """The keys by version, once a version has been made the present one."""
        self._run("apply", "-auto-approve", version=version)
        # Terraform itself would show it only after it has asked the provider what its resources look like.
        state = json.loads(self._state.read_text())
        keys = [key for resource in state["resources"] for key in resource["instances"]]
        return {key["index_key"]: key["attributes"]["output"]["value"] for key in keys}

    def change(self, version: int) -> bool:
        """Whether there is anything to apply."""
        messages = [json.loads(line) for line in self._run("plan", "-json", version=version).splitlines()]
        (summary,) = (message["changes"] for message in messages if message["type"] == "change_summary")
        return any(summary[what] for what in ("add", "change", "remove"))

    def _run(self, command: str, *arguments: str, version: int) -> str:
        target = ("-target=terraform_data.cursor_key", f"-var=cursor_key_version={version}")
        return self._terraform.run(command, "-input=false", *arguments, *target, *VARIABLES)


def test_a_key_stays_until_there_are_two_newer_ones(tmp_path: Path) -> None:
    own = Keys(tmp_path)

    first = own.apply(1)
    assert not own.change(1), "a second plan is empty"
    second = own.apply(2)
    third = own.apply(3)

    assert [set(keys) for keys in (first, second, third)] == [{"0", "1"}, {"1", "2"}, {"2", "3"}]
    assert second["1"] == first["1"]
    assert third["2"] == second["2"]
    every_key = {**first, **second, **third}
    assert len(set(every_key.values())) == len(every_key) == 4
    assert {len(key) for key in every_key.values()} == {72}
