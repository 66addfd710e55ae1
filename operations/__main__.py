"""`python -m operations COMMAND`: tools for those who run the system."""

import argparse
import os
import re
import sys
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NoReturn

from botocore.exceptions import BotoCoreError, ClientError, NoRegionError
from pydantic import ValidationError

from chalicelib.domain.errors import ServiceUnavailableError
from local_stack.environment import BadEnvironmentError
from operations.check import check
from operations.overdue import SHORTEST_GRACE, expire_overdue
from operations.redrive import BOOKINGS, EXPIRATIONS, redrive
from operations.repair import repair
from operations.report import report
from operations.screen import Screen, printable
from operations.show import show
from operations.target import LOCAL_NAME, Target, connect

SOUND, WRONG, FAILED, INTERRUPTED = 0, 1, 2, 130
"""The exit statuses: all is well; something is wrong with the data; it could not be done; Ctrl-C."""


class UsageError(Exception):
    """What the user asked for can't be done; the text is one line."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def main(
    arguments: Sequence[str],
    *,
    environ: MutableMapping[str, str],
    screen: Screen | None = None,
    connected: Callable[[str, MutableMapping[str, str]], Target] = connect,
) -> int:
    """Run one command; returns the exit status."""
    where = ""
    try:
        given = _parse(arguments)
        where = given.name
        return _run(given, connected(given.name, environ), screen or Screen())
    except (UsageError, BadEnvironmentError) as error:
        return _fail(str(error))
    except (BotoCoreError, ClientError, ServiceUnavailableError, ValidationError) as error:
        return _fail(_explained(error, where))
    except KeyboardInterrupt:
        print("interrupted: what was done by then stays done, and it may be run again", file=sys.stderr)
        return INTERRUPTED


def _run(given: argparse.Namespace, system: Target, screen: Screen) -> int:
    match given.command:
        case "check":
            system = replace(system, max_active_holds=given.max_active_holds)
            with screen.reading() as on_page:
                found = check(system, on_page)
            outcomes = repair(system, [*found.violations, *found.late]) if given.repair else None
            return SOUND if report(system, screen, found, outcomes, as_json=given.json) else WRONG
        case "show":
            if show(system, screen, booking_id=given.booking_id, as_json=given.json):
                return SOUND
            print(f"there is no booking {printable(given.booking_id)} in {system.where}", file=sys.stderr)
            return WRONG
        case "redrive":
            all_well = redrive(system, screen, which=given.queue, act=given.yes, limit=given.limit, only=given.only)
            return SOUND if all_well else WRONG
        case _:
            expire_overdue(system, screen, grace=given.grace, act=given.yes)
            return SOUND


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Raises `UsageError`."""
    parser = _Parser(prog="python -m operations", description=__doc__, allow_abbrev=False)
    common = _Parser(add_help=False)
    common.add_argument(
        "--name",
        type=_table_name,
        default=LOCAL_NAME,
        help="the table, whose name the queues' begin with: appointments-prod and the like (default: %(default)s, "
        "the local stack's). Where it is: AWS_PROFILE, AWS_REGION and the like, or LOCALSTACK_HOST",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, says: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=says, description=says, parents=[common], allow_abbrev=False)

    checking = command("check", "check the whole table against what must always hold")
    checking.add_argument("--repair", action="store_true", help="mend what needs no decision")
    checking.add_argument(
        "--max-active-holds",
        type=_count,
        metavar="N",
        help="the system's setting MAX_ACTIVE_HOLDS; without it, nobody is said to hold too many slots",
    )
    checking.add_argument("--json", action="store_true", help="for programs")
    showing = command("show", "show a booking, its slot and what happened")
    showing.add_argument("booking_id", metavar="BOOKING_ID")
    showing.add_argument("--json", action="store_true", help="for programs")
    redriving = command("redrive", "list dead letters, and bring them back with --yes")
    redriving.add_argument("queue", choices=(BOOKINGS, EXPIRATIONS))
    redriving.add_argument("--yes", action="store_true", help="bring them back")
    redriving.add_argument("--limit", type=_count, metavar="N", help="no more than this many")
    redriving.add_argument("--only", default="", metavar="TEXT", help="those whose cause contains this")
    expiring = command(
        "expire-overdue", "list bookings whose hold is over and that nobody has ended, and end them with --yes"
    )
    expiring.add_argument("--yes", action="store_true", help="end them")
    expiring.add_argument(
        "--grace",
        type=_grace,
        default=timedelta(minutes=15),
        metavar="SECONDS",
        help="only those that are over for longer than this, at least 60 (default: 900)",
    )
    return parser.parse_args(arguments)


def _table_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.-]{3,255}", text):
        raise argparse.ArgumentTypeError(f"no name of a table: {text!r}")
    return text


def _count(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"must be a whole number of 1 or more, not {text!r}")
    return int(text)


def _grace(text: str) -> timedelta:
    shortest = int(SHORTEST_GRACE.total_seconds())
    if not (text.isdecimal() and shortest <= int(text) <= _LONGEST_GRACE_SECONDS):
        raise argparse.ArgumentTypeError(
            f"must be a whole number from {shortest} to {_LONGEST_GRACE_SECONDS}, not {text!r}"
        )
    return timedelta(seconds=int(text))


_LONGEST_GRACE_SECONDS = 30 * 86_400


def _explained(error: Exception, name: str) -> str:
    if isinstance(error, ServiceUnavailableError) and error.__cause__:
        return f"{error} ({error.__cause__})"
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
        if code in _MISSING:
            hint = "is --name right, and the region and account?"
            return f"there is no {_MISSING[code]} of the name {name} here: {hint} ({error})"
    if isinstance(error, NoRegionError):
        return f"{error} Set AWS_REGION, or LOCALSTACK_HOST for the local stack."
    return str(error)


_MISSING = {
    "ResourceNotFoundException": "table",
    "QueueDoesNotExist": "queue",
    "AWS.SimpleQueueService.NonExistentQueue": "queue",
}


def _fail(text: str) -> int:
    print(f"error: {printable(text)}", file=sys.stderr)
    return FAILED


if __name__ == "__main__":
    status = main(sys.argv[1:], environ=os.environ)
    if status == INTERRUPTED:
        # Without waiting for threads that read: they may be waiting for an answer themselves.
        sys.stdout.flush()
        os._exit(status)
    sys.exit(status)
