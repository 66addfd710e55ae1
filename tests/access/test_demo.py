"""The demonstration on a system that asks for tokens."""

from pathlib import Path

import pytest

from local_stack.demo import main
from tests.ports import free_port
from tests.system import running


def test_it_runs_to_its_end_each_actor_with_a_token_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--authentication", "on", "--issuer-port", str(free_port()))
    with running(tmp_path, hold_seconds=3, options=options) as system:
        assert main(["--url", system.url, "--data-dir", str(system.data_dir)]) == 0
        assert "EXPIRED" in capsys.readouterr().out

        # It is the tokens that let them in.
        assert main(["--url", system.url, "--data-dir", str(tmp_path / "nowhere")]) == 1
        assert "no issuer" in capsys.readouterr().err
