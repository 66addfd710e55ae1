"""`python -m local_stack.token`: a token of the local issuer, to try the system with authentication on."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.domain.access import Role
from local_stack.issuer import NoIssuerError, TokenMaker

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Print a token; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local_stack.token", description=__doc__)
    parser.add_argument("--user", required=True, help="the user's id")
    parser.add_argument("--role", choices=list(Role), default=Role.CUSTOMER)
    parser.add_argument("--seconds", type=int, default=3600, help="how long it is good (default 3600)")
    parser.add_argument("--data-dir", type=Path, default=Path(".local"), help="the system's (default .local)")
    given = parser.parse_args(arguments)
    try:
        print(TokenMaker.of(given.data_dir).token(given.user, given.role, seconds=given.seconds))
    except NoIssuerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
