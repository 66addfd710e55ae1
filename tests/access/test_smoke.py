"""The smoke test on a system that asks for tokens."""

import pytest

from deployment.smoke import main
from local_stack.issuer import TokenMaker
from tests.system import System


@pytest.mark.parametrize("role", ["provider", "admin"])
def test_it_passes_with_a_token_of_somebody_who_may_create_providers(
    secured_system: System, tokens: TokenMaker, role: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--url", secured_system.url], {"TOKEN": tokens.token("smoke", role)}) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["ok"] * 16


@pytest.mark.parametrize("environment", [{}, {"TOKEN": ""}])
def test_without_one_it_is_told_where_it_was_turned_away(
    secured_system: System, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--url", secured_system.url], environment) == 1

    error = capsys.readouterr().err
    assert "not 401" in error
    assert "UNAUTHENTICATED" in error
