"""schemathesis makes requests from the API's own description, right and wrong ones, alone and along its links.

All of its checks are on: no 5xx, no status, header or content that is not described, no wrong request accepted, no
right one refused, none let in without a token where the description asks for one. `make fuzz SECONDS=600` runs it
longer, and with another seed each time.
"""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deployment.operations import OPERATIONS
from local_stack.issuer import TokenMaker
from operations.invariants import violations
from tests.ports import free_port
from tests.system import ROOT, System, running

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
SECONDS = int(os.environ.get("FUZZ_SECONDS", "60"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
ROUNDS = 5
"""How many chances the operations get to succeed along the links. On a quiet machine the first one does."""


def fuzz(system: System, folder: Path, phases: str, *, seed: int) -> None:
    """Let schemathesis run some of its phases for half of the time, with an admin's token; it must find nothing."""
    token = TokenMaker.of(system.data_dir).token("fuzz", "admin", seconds=SECONDS + 600)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION)),
            *("run", f"{system.url}/openapi.json", "--checks", "all", "--phases", phases, "--continue-on-failure"),
            *("--header", f"Authorization: Bearer {token}"),
            *("--max-time", str(SECONDS // 2), "--seed", str(seed), "--generation-database", "none", "--no-color"),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks"},
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stderr


def log(system: System) -> list[dict[str, Any]]:
    """The lines of the application's log."""
    return [json.loads(line) for line in system.log().splitlines()]


def never_succeeded(system: System) -> set[tuple[str, str]]:
    """The operations that have not answered with success yet."""
    answered = {(line["method"], line["route"], line["status"]) for line in log(system) if line["message"] == "request"}
    return {
        (method, path)
        for (method, path), operation in OPERATIONS.items()
        if operation.is_public and (method, path, operation.status) not in answered
    }


def test_nothing_is_found_each_operation_succeeds_and_the_data_is_sound_after_it(tmp_path: Path) -> None:
    options = ("--authentication", "on", "--issuer-port", str(free_port()))
    with running(tmp_path / "system", hold_seconds=5, options=options) as system:
        fuzz(system, tmp_path, "examples,coverage,fuzzing", seed=SEED)
        for chance in range(ROUNDS):
            fuzz(system, tmp_path, "stateful", seed=SEED + chance)
            if not never_succeeded(system):
                break

        assert never_succeeded(system) == set()
        assert [line for line in log(system) if line["level"] == "ERROR"] == []
        assert violations(system.table.all(), now=datetime.now(UTC)) == []
