"""Terraform 1.5 and version 6 of the provider, which no test runs with: nothing is used that they don't have."""

import json
import re
from collections.abc import Callable, Iterable

import pytest

from tests.terraform.cli import CONFIGURATION, ROOT
from tests.terraform.language import Used, arguments, attributes, blocks, functions

TEXTS = [file.read_text() for file in CONFIGURATION.rglob("*.tf")]
PROVIDER_6 = json.loads((ROOT / "tests/terraform/provider_6.json").read_text())["types"]

BLOCKS_OF_1_5 = {"check", "data", "locals", "module", "output", "provider", "resource", "terraform", "variable"}
"""`check` is new in it. Of those that came later, `removed` and `ephemeral` are outermost ones too."""

FUNCTIONS_OF_1_5 = {
    *("alltrue", "can", "concat", "contains", "file", "filebase64sha256", "floor", "join", "jsondecode", "jsonencode"),
    *("keys", "length", "lookup", "lower", "max", "merge", "regex", "replace", "sensitive"),
    *("setproduct", "sha1", "split", "startswith", "templatefile", "toset", "tostring", "uuid", "values"),
    *("list", "map", "object"),  # types, which look the same
}
"""Those in use. The newest is `startswith`, of 1.3; before adding another, look up since when it is there."""

WITHOUT_ANOTHER_WAY = {
    # `key_schema`, which takes their place, came with a late version 6 and is not in version 5.
    Used("aws_dynamodb_table", "global_secondary_index.hash_key"),
    Used("aws_dynamodb_table", "global_secondary_index.range_key"),
}


TERRAFORMS_OWN = {"terraform_data"}
"""Types of resources that come with Terraform; this one since 1.4."""


def used(find: Callable[[str], Iterable[Used]]) -> set[Used]:
    """What the configuration uses of the provider."""
    return {found for text in TEXTS for found in find(text) if found.kind not in TERRAFORMS_OWN}


def test_provider_6_has_every_argument() -> None:
    missing = {each for each in used(arguments) if each.name not in PROVIDER_6[each.kind]["arguments"]}

    assert missing == set()


def test_provider_6_has_every_attribute() -> None:
    missing = {
        each
        for each in used(attributes)
        if each.name not in PROVIDER_6[each.kind]["arguments"] + PROVIDER_6[each.kind]["exported"]
    }

    assert missing == set()


def test_what_provider_6_deprecates_is_used_only_where_version_5_has_no_other_way() -> None:
    deprecated = {each for each in used(arguments) if each.name in PROVIDER_6[each.kind]["deprecated"]}

    assert deprecated == WITHOUT_ANOTHER_WAY


def test_terraform_1_5_knows_every_block_and_function() -> None:
    assert {kind for text in TEXTS for kind in blocks(text)} <= BLOCKS_OF_1_5
    assert {name for text in TEXTS for name in functions(text)} <= FUNCTIONS_OF_1_5


def test_a_variable_is_validated_by_itself_alone() -> None:
    """Other variables can be named there since 1.9."""
    conditions = 0
    for text in TEXTS:
        for name, body in re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', text, re.DOTALL | re.MULTILINE):
            for condition in re.findall(r"^    condition +=(.*)", body, re.MULTILINE):
                named = set(re.findall(r"\b(?:var|local|data|module)\.\w+|\baws_\w+\.\w+", condition))
                assert named == {f"var.{name}"}, condition
                conditions += 1

    assert conditions > 0


SAMPLE = """
# resource "aws_a" "commented" {
resource "aws_a" "this" {
  for_each = var.things # and why
  name     = "a ${join("-", ["b", aws_b.other.arn])} # c"
  policy = jsonencode({
    nested = lower("this")
  })

  block {
    inner {
      size = 1
    }
  }

  dynamic "made" {
    for_each = data.aws_c.some["key"].names

    content {
      value = made.value
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

data "aws_c" "some" {
}

output "this" {
  value = aws_a.this.name
}
"""


@pytest.mark.parametrize(
    ("find", "found"),
    [
        (arguments, {"name", "policy", "block", "block.inner", "block.inner.size", "made", "made.value"}),
        (attributes, {"arn", "names", "name"}),
    ],
)
def test_what_a_configuration_uses_is_found(find: Callable[[str], Iterable[Used]], found: set[str]) -> None:
    assert {each.name for each in find(SAMPLE)} == found


def test_its_blocks_and_functions_are_found() -> None:
    assert blocks(SAMPLE) == {"resource", "data", "output"}
    assert functions(SAMPLE) == {"join", "jsonencode", "lower"}
