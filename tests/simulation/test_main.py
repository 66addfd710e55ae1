"""The command line of the simulation."""

import subprocess
import sys

import pytest

from simulation.__main__ import main


def test_a_campaign_tells_how_much_it_ran(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--schedules", "20", "--processes", "1"]) == 0
    told = capsys.readouterr().out
    assert "schedules in" in told
    assert "AWS calls" in told


def test_a_seed_can_be_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "3"]) == 0
    told = capsys.readouterr().out
    assert "POST /bookings" in told
    assert "seed 3: all that must hold held" in told


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["run"], "--schedules N or --seconds S"),
        (["run", "--schedules", "0"], "0 is less than 1"),
        (["run", "--seconds", "soon"], "not a number: 'soon'"),
        (["replay"], "seed"),
        (["fly"], "invalid choice"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_status_2(arguments: list[str], what: str) -> None:
    done = subprocess.run([sys.executable, "-m", "simulation", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert what in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
