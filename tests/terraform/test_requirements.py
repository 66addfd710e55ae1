"""What is said where Terraform, or the provider, is missing."""

from pathlib import Path

import pytest

from tests.terraform.cli import what_is_missing


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
