"""`docs/api.md` is whole and true: each of its calls works as pasted, in order, and gives the answer that it shows."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib.handlers.problems import METHOD_NOT_ALLOWED, NOT_FOUND
from deployment.operations import OPERATIONS
from tests.system import ROOT, System

GUIDE = (ROOT / "docs/api.md").read_text()
PUBLIC = {key: operation for key, operation in OPERATIONS.items() if operation.is_public}
EVERYWHERE = {
    "VALIDATION_FAILED",
    "PAYLOAD_TOO_LARGE",
    "UNSUPPORTED_MEDIA_TYPE",
    "RATE_LIMITED",
    "INTERNAL",
    "UNAUTHENTICATED",
    "FORBIDDEN",
}
BASH = shutil.which("bash") or "bash"
MARK = "=== next ==="


@dataclass(frozen=True)
class Section:
    """What stands under a heading, up to the next one."""

    title: str
    text: str

    @property
    def blocks(self) -> dict[str, str]:
        """The blocks of code by language; each has one at most."""
        found = re.findall(r"^```(\w+)\n(.*?)^```$", self.text, re.DOTALL | re.MULTILINE)
        assert len(dict(found)) == len(found), self.title
        return dict(found)

    @property
    def shown(self) -> str:
        """The answer that is shown."""
        return self.blocks.get("json") or self.blocks["text"]


def sections() -> list[Section]:
    parts = re.split(r"^#{2,3} (.*)$", GUIDE, flags=re.MULTILINE)
    return [Section(title, text) for title, text in zip(parts[1::2], parts[2::2], strict=True)]


PREPARATION = next(section for section in sections() if section.title == "Before the first call")
CALLS = [section for section in sections() if re.match(r"[A-Z]+ /", section.title)]


def outputs(command: list[str], language: str, system: System) -> Iterator[tuple[Section, str]]:
    """What each call writes when all are run one after the other."""
    marker = {"bash": f"echo; echo '{MARK}'", "python": f"print('{MARK}')"}[language]
    pasted = f"\n{marker}\n".join(section.blocks[language] for section in [PREPARATION, *CALLS])
    script = pasted.replace("http://127.0.0.1:8000", system.url)
    done = subprocess.run([*command, script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    nothing, *written = done.stdout.split(f"{MARK}\n")
    assert nothing.strip() == ""
    yield from zip(CALLS, written, strict=True)


def plain(answer: str) -> str:
    """An answer without what differs from day to day."""
    for pattern, constant in [
        (r"booking-[0-9a-f-]{36}", "a booking"),
        (r"(dr-example|alice)-\d+", r"\1"),
        (r"\d{4}-\d\d-\d\dT[0-9:.]+Z|\d{8}T\d{6}Z", "an instant"),
        (r"\d{4}-\d\d-\d\d", "a day"),
    ]:
        answer = re.sub(pattern, constant, answer)
    return answer.replace("\r\n", "\n").strip()


def read(answer: str) -> Any:
    """A JSON answer; of slots, the first one, as many look alike."""
    document = json.loads(answer)
    return {**document, "slots": document["slots"][:1]} if "slots" in document else document


@pytest.mark.parametrize(
    ("language", "command"), [("bash", [BASH, "-euc"]), ("python", [sys.executable, "-W", "error", "-c"])]
)
def test_each_call_works_as_pasted_and_gives_the_answer_that_is_shown(
    system: System, language: str, command: list[str]
) -> None:
    for section, output in outputs(command, language, system):
        found, shown = plain(output), plain(section.shown)
        if "json" in section.blocks:
            assert read(found) == read(shown), section.title
        else:
            assert found == shown, section.title


def test_every_operation_has_a_section_and_every_section_an_operation() -> None:
    titles = [section.title for section in CALLS]

    assert len(titles) == len(set(titles))
    assert set(titles) == {f"{method} {path}" for method, path in PUBLIC}


@pytest.mark.parametrize("section", CALLS, ids=lambda section: section.title)
def test_a_section_names_the_status_each_field_and_each_error_of_its_own(section: Section) -> None:
    method, path = section.title.split(" ")
    operation = PUBLIC[method, path]
    fields = {name for model in (operation.body, operation.query, operation.headers) if model for name in names(model)}
    codes = {problem.code for problem in operation.problems} - EVERYWHERE - {"SERVICE_UNAVAILABLE"}

    assert str(operation.status.value) in section.text
    assert [name for name in sorted(fields | codes) if f"`{name}`" not in section.text] == []


def names(model: type[BaseModel]) -> list[str]:
    return list(model.model_json_schema()["properties"]) if model.model_fields else []


def test_every_error_that_a_caller_may_get_is_explained() -> None:
    (table,) = (section.text for section in sections() if section.title == "Errors")
    problems = {problem for operation in PUBLIC.values() for problem in operation.problems}

    for problem in problems | {NOT_FOUND, METHOD_NOT_ALLOWED}:
        assert re.search(rf"^\|.*`{problem.code}`.*\| {problem.status.value} \|", table, re.MULTILINE), problem


def test_every_link_leads_somewhere() -> None:
    anchors = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", GUIDE, re.MULTILINE)
    }
    for link in re.findall(r"\]\((?!http)([^)]+)\)", GUIDE):
        if link.startswith("#"):
            assert link[1:] in anchors, link
        else:
            assert (ROOT / "docs" / link).exists(), link
