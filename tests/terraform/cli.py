"""Terraform, run in a copy of the configuration: the real one stays clean, and tests can run side by side."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / "terraform"

STAND_IN_PACKAGE = "tests/package"
"""Where the copy has a zip and an API body to plan with, so that these tests need no build."""

OFFLINE = """
provider "aws" {
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
"""

Json = dict[str, Any]


def what_is_missing(environment: Mapping[str, str], terraform: str | None) -> str | None:
    """One line on what these tests need and don't find, or None. `terraform` is where the command was found."""
    if terraform is None:
        return "the Terraform tests need the command terraform on the PATH"
    plugins = environment.get("TF_PLUGIN_DIR")
    if not plugins:
        return "the Terraform tests need TF_PLUGIN_DIR: a folder with hashicorp/aws, from `terraform providers mirror`"
    if not Path(plugins).is_dir():
        return f"the Terraform tests need TF_PLUGIN_DIR to be a folder, and {plugins!r} is none"
    return None


def required() -> tuple[str, Path]:
    """The command and the folder of its plugins. Where one is missing, the test is skipped; in CI it fails.

    Called first when a test is set up, and not only by fixtures: so pytest says this place for all tests that are
    skipped, in one line, where it would else say each one's own.
    """
    command = shutil.which("terraform")
    missing = what_is_missing(os.environ, command)
    if missing and os.environ.get("CI") == "true":
        pytest.fail(missing, pytrace=False)
    if missing or command is None:
        pytest.skip(missing or "")
    return command, Path(os.environ["TF_PLUGIN_DIR"])


class Terraform:
    """Terraform in a folder of its own, without credentials, network or the user's settings."""

    def __init__(self, directory: Path, *, command: str, plugins: Path, provider: str = OFFLINE) -> None:
        """Copy the configuration there and initialise it; the provider is linked, not copied.

        `provider` is configuration that takes the place of the real provider's.
        """
        self._command = command
        self._directory = directory / "terraform"
        shutil.copytree(
            CONFIGURATION,
            self._directory,
            ignore=shutil.ignore_patterns(".terraform", "*.tfstate*", "*.tfplan", "backend.tf"),
        )
        (self._directory / "provider_override.tf").write_text(provider)
        settings = directory / "terraform.rc"
        settings.touch()
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "TF_CLI_CONFIG_FILE": str(settings),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            # The provider lives for seconds, a third of which would go into collecting garbage.
            "GOGC": "400",
        }
        self.run("init", "-input=false", "-backend=false", "-lockfile=readonly", f"-plugin-dir={plugins.resolve()}")

    def run(self, command: str, *arguments: str) -> str:
        """Run a command, which must succeed, and return what it wrote."""
        done = subprocess.run(
            [self._command, f"-chdir={self._directory}", command, "-no-color", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"terraform {command} failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def plan(self, environment: str) -> Json:
        """What a first deployment of an environment would make, as far as it can be known before."""
        file = f"{environment}.tfplan"
        self.run("plan", "-input=false", "-refresh=false", "-lock=false", f"-out={file}", *_variables(environment))
        plan: Json = json.loads(self.run("show", "-json", file))
        return plan

    def mocked_state(self, environment: str) -> Json:
        """The state after the composition test: nothing is real in it, and everything is known."""
        messages = self.run(
            "test", "-json", "-verbose", "-filter=tests/composition.tftest.hcl", *_variables(environment)
        )
        states = [json.loads(line)["test_state"] for line in messages.splitlines() if '"type":"test_state"' in line]
        assert len(states) == 1, "the composition test has one run, which makes everything"
        state: Json = states[0]
        return state


def _variables(environment: str) -> list[str]:
    return [f"-var-file=environments/{environment}.tfvars", f"-var=build_directory={STAND_IN_PACKAGE}"]
