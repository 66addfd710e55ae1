"""What is said where Terraform, or the provider, is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terraform.cli import ROOT, what_is_missing


def test_without_the_command_that_is_said(tmp_path: Path) -> None:
    said = what_is_missing({"TF_PLUGIN_DIR": str(tmp_path)}, None)

    assert said is not None
    assert "the command terraform" in said


@pytest.mark.parametrize("environment", [{}, {"TF_PLUGIN_DIR": ""}])
def test_without_a_provider_it_is_said_how_to_get_one(environment: dict[str, str]) -> None:
    said = what_is_missing(environment, "/usr/bin/terraform")

    assert said is not None
    assert "TF_PLUGIN_DIR" in said
    assert "terraform providers mirror" in said


def test_a_provider_folder_that_is_none_is_named(tmp_path: Path) -> None:
    said = what_is_missing({"TF_PLUGIN_DIR": str(tmp_path / "gone")}, "/usr/bin/terraform")

    assert said is not None
    assert "gone" in said


def test_with_both_nothing_is_missing(tmp_path: Path) -> None:
    assert what_is_missing({"TF_PLUGIN_DIR": str(tmp_path)}, "/usr/bin/terraform") is None


def outcome(**environment: str) -> tuple[int, list[str]]:
    """The exit status and the summary of a run of tests that need Terraform, without a provider."""
    command = [sys.executable, "-m", "pytest", "-n0", "--no-cov", "-p", "no:cacheprovider", "-rsE"]
    inherited = {name: value for name, value in os.environ.items() if name not in ("CI", "TF_PLUGIN_DIR")}
    finished = subprocess.run(
        [*command, "tests/terraform/test_plan_table.py", "tests/terraform/test_plan_api.py", "tests/deployed"],
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    _, _, summary = finished.stdout.partition("short test summary info")
    return finished.returncode, summary.splitlines()[1:-1]


def test_one_line_says_it_for_all_tests_that_are_skipped() -> None:
    status, lines = outcome()

    assert status == 0
    assert [line.split()[0] for line in lines] == ["SKIPPED"]
    assert "the Terraform tests need" in lines[0]


def test_in_ci_no_test_is_skipped_and_each_fails() -> None:
    status, lines = outcome(CI="true")

    assert status == 1
    assert {line.split()[0] for line in lines} == {"ERROR"}
    assert any("tests/deployed/" in line for line in lines)
    assert all("the Terraform tests need" in line for line in lines)
