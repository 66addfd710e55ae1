"""The README's walk works as pasted."""

import re
import shutil
import subprocess

import pytest

from tests.system import ROOT, System

BASH = shutil.which("bash") or "bash"


def walk() -> str:
    """The shell commands under "A walk"."""
    section = (ROOT / "README.md").read_text().split("## A walk", 1)[1]
    block = re.search(r"```bash\n(.*?)```", section, re.DOTALL)
    assert block
    return block[1]


def test_the_walk_goes_from_an_empty_day_over_a_conflict_to_a_free_slot_again(system: System) -> None:
    commands = walk().replace("http://127.0.0.1:8000", system.url)
    done = subprocess.run([BASH, "-euc", commands], capture_output=True, text=True, timeout=120, check=True)
    lines = [line for line in done.stdout.splitlines() if line]
    assert '"slotsCreated":3' in lines[0]
    assert '"count":3' in lines[1]
    assert '"code": "SLOT_UNAVAILABLE"' in lines[2]
    assert '"status":"CONFIRMED"' in lines[3]
    assert '"status":"CANCELLED"' in lines[4]
    assert lines[5] == "3"


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!http)([^)#]+)", (ROOT / "README.md").read_text()))))
def test_every_link_into_the_project_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()
