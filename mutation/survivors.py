"""The mutants that nobody can notice, each with the reason."""

import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path

SURVIVORS = Path(__file__).parent / "survivors.toml"


class SurvivorsError(ValueError):
    """The list can't be read; the text is one line."""


def known_survivors(path: Path) -> Mapping[str, str]:
    """Names of mutants, each with the reason why it survives. Raises `SurvivorsError`."""
    try:
        survivors = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SurvivorsError(f"{path.name}: {error}") from error
    for name, reason in survivors.items():
        if not isinstance(reason, str) or not reason.strip():
            raise SurvivorsError(f"{path.name}: no reason is given for {name!r}")
    return survivors


def wrong_entries(known: Collection[str], *, mutants: Collection[str], survived: Collection[str]) -> list[str]:
    """What is wrong with the list, in words: an entry of which there is no such mutant, or which was noticed."""
    gone = [f"listed, but there is no such mutant: {name}" for name in known if name not in mutants]
    noticed = [f"listed, but noticed: {name}" for name in known if name in mutants and name not in survived]
    return gone + noticed
