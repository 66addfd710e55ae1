"""The command line: exit statuses, one clear line for what can't be done, and never a traceback."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.queue.message import encode
from operations.__main__ import main
from operations.target import Target, connect
from tests.builders import slot
from tests.operations.conftest import Sandbox
from tests.operations.damage import (
    DAMAGES,
    LATE,
    MINE,
    OTHER,
    as_stored,
    by_place,
    confirmed,
    expired,
    free,
    held,
    pending,
    reserved,
    trigger,
)
from tests.system import PATIENCE_SECONDS, ROOT
from tests.wire import Wire, error

SECRETS = {"AWS_ACCESS_KEY_ID": "accesskey", "AWS_SECRET_ACCESS_KEY": "secretkey"}


class CommandLine:
    """`main` on a sandbox."""

    def __init__(self, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
        self.sandbox = sandbox
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """The exit status, and what was printed as result and as error."""

        def connected(_: str, __: MutableMapping[str, str]) -> Target:
            return self.sandbox.target

        status = main(arguments, environ={}, screen=self.sandbox.screen, connected=connected)
        return status, self.sandbox.said(), self._capsys.readouterr().err


@pytest.fixture
def run(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(sandbox, capsys)


def processed(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """The command in a process of its own, with no settings of AWS but these."""
    return subprocess.run(
        [sys.executable, "-m", "operations", *arguments],
        cwd=ROOT,
        env=clean_environment() | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def clean_environment() -> dict[str, str]:
    """No settings of AWS, from wherever."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LOCALSTACK_"))}
    nowhere = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/none", "AWS_SHARED_CREDENTIALS_FILE": "/none"}
    return kept | nowhere


def assert_one_line(text: str, begins: str) -> None:
    """An error for people."""
    assert text.startswith(begins), text
    assert text.count("\n") == 1, text


def test_a_sound_table_ends_with_0(run: CommandLine) -> None:
    run.sandbox.put([reserved(), confirmed()])
    status, out, err = run("check")
    assert (status, err) == (0, "")
    assert out.endswith("2 items, 0 wrong, 0 late, 0 waiting: sound\n")


def test_damage_ends_with_1_and_is_told_with_advice(run: CommandLine) -> None:
    run.sandbox.put([held(), pending()])
    status, out, _ = run("check")
    assert status == 1
    first, second, last = out.splitlines()
    assert first.startswith(f"WRONG     without-trigger: {MINE.booking_id} ")
    assert "`check --repair` puts the trigger back" in second
    assert last.endswith("2 items, 1 wrong, 0 late, 0 waiting: not sound")


def test_too_many_holds_are_told_where_it_is_said_how_many_there_may_be(run: CommandLine) -> None:
    run.sandbox.put(DAMAGES["a user holds more slots than one may"].items)
    assert run("check")[0] == 0
    assert run("check", "--max-active-holds", "3")[0] == 0
    status, out, _ = run("check", "--max-active-holds", "2")
    assert status == 1
    assert out.startswith("WRONG     too-many-holds: mine holds 3 slots, and 2 are allowed")


def test_what_is_late_is_told_and_ends_with_0(run: CommandLine) -> None:
    run.sandbox.put([held(LATE), trigger(LATE)])
    status, out, _ = run("check")
    assert status == 0
    assert out.startswith(f"late      waits-for-ttl: {MINE.booking_id} ")
    assert out.endswith("0 wrong, 1 late, 0 waiting: sound\n")


def test_a_repair_of_everything_ends_with_0_and_says_what_was_done(run: CommandLine) -> None:
    run.sandbox.put([held(), pending()])
    status, out, _ = run("check", "--repair")
    assert status == 0
    assert "\n  mended  its trigger is there again\n" in out
    assert out.endswith("1 wrong, 0 late, 0 waiting; 1 mended, 0 left: sound\n")
    assert run("check")[0] == 0


def test_a_repair_that_leaves_something_ends_with_1_and_says_why(run: CommandLine) -> None:
    run.sandbox.put([reserved(), confirmed(), confirmed(OTHER)])
    status, out, _ = run("check", "--repair")
    assert status == 1
    assert "\n  left    a person must decide: " in out
    assert out.endswith("2 wrong, 0 late, 0 waiting; 0 mended, 2 left: not sound\n")


def test_a_check_for_programs_is_one_document(run: CommandLine) -> None:
    run.sandbox.put([held(), pending(), held(LATE, of=slot())])
    status, out, _ = run("check", "--json")
    document = json.loads(out)
    assert status == 1
    assert (document["sound"], document["items"], document["waiting"]) == (False, 3, 0)
    (violation,) = document["violations"]
    assert violation["kind"] == "without-trigger"
    assert {"PK": f"BOOKING#{MINE.booking_id}", "SK": "EXPIRATION_TRIGGER"} in violation["items"]
    assert "mended" not in violation

    status, out, _ = run("check", "--json", "--repair")
    document = json.loads(out)
    assert (status, document["sound"]) == (0, True)
    assert document["violations"][0]["mended"] is True


def test_show_ends_with_0_and_for_an_unknown_id_with_1_and_one_line(run: CommandLine) -> None:
    run.sandbox.put([held(), trigger()])
    assert run("show", MINE.booking_id)[0] == 0
    status, out, err = run("show", "booking-\x1b[1mnone")
    assert (status, out) == (1, "")
    assert_one_line(err, "there is no booking booking- [1mnone in ")


def test_redrive_ends_with_0_if_all_is_brought_back_and_with_1_if_something_is_left(run: CommandLine) -> None:
    sqs, url = run.sandbox.target.sqs, run.sandbox.queues.bookings_dead_letters_url
    sqs.send_message(QueueUrl=url, MessageBody=encode(MINE))
    assert run("redrive", "bookings")[0] == 0
    assert run("redrive", "bookings", "--yes")[0] == 0
    sqs.send_message(QueueUrl=url, MessageBody="malformed")
    assert run("redrive", "bookings", "--yes")[0] == 1


def test_expire_overdue_acts_only_with_yes(run: CommandLine) -> None:
    run.sandbox.put([held(LATE), trigger(LATE)])
    assert run("expire-overdue")[0] == 0
    assert run.sandbox.items().keys() == by_place([held(LATE), trigger(LATE)]).keys()
    assert run("expire-overdue", "--yes")[0] == 0
    assert run.sandbox.items() == by_place(as_stored([free(), expired(LATE)]))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["mend"], "invalid choice: 'mend'"),
        (["check", "--repare"], "unrecognized arguments: --repare"),
        (["show"], "the following arguments are required: BOOKING_ID"),
        (["redrive"], "the following arguments are required: queue"),
        (["redrive", "emails"], "invalid choice: 'emails'"),
        (["redrive", "bookings", "--limit", "0"], "must be a whole number of 1 or more, not '0'"),
        (["redrive", "bookings", "--limit", "many"], "must be a whole number of 1 or more, not 'many'"),
        (["expire-overdue", "--grace", "59"], "must be a whole number from 60 to 2592000, not '59'"),
        (["expire-overdue", "--grace", "-1"], "argument --grace"),
        (["expire-overdue", "--grace", "9999999999999999999"], "must be a whole number from 60 to 2592000"),
        (["check", "--name", "?"], "no name of a table: '?'"),
        (["check", "--name", ""], "no name of a table: ''"),
    ],
)
def test_a_command_that_cant_be_understood_is_one_line_and_ends_with_2(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments, environ={}) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert_one_line(captured.err, "error: ")
    assert says in captured.err


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (error("AccessDeniedException"), "AccessDeniedException"),
        (error("ExpiredTokenException"), "ExpiredTokenException"),
        (error("UnrecognizedClientException"), "UnrecognizedClientException"),
        (error("ResourceNotFoundException"), "there is no table of the name appointments-x here: is --name right"),
    ],
)
def test_what_aws_refuses_is_one_line_and_ends_with_2(fault: Any, says: str, run: CommandLine) -> None:
    Wire(run.sandbox.target.dynamodb, faults=[fault] * 4)
    status, out, err = run("check", "--name", "appointments-x")
    assert (status, out) == (2, "")
    assert_one_line(err, "error: ")
    assert says in err


def test_a_table_that_throttles_a_repair_is_one_line_with_its_cause_and_ends_with_2(run: CommandLine) -> None:
    run.sandbox.put([held(LATE), pending(LATE), trigger(LATE)])

    def throttle(**_: object) -> Any:
        answer: Any = {"Error": {"Code": "ThrottlingException", "Message": "slow\ndown"}, "ResponseMetadata": {}}
        raise ClientError(answer, "TransactWriteItems")

    run.sandbox.target.dynamodb.meta.events.register("before-call.dynamodb.TransactWriteItems", throttle)
    status, _, err = run("expire-overdue", "--yes")
    assert status == 2
    assert_one_line(err, "error: The table can't be reached. Try again in a moment. (")
    assert "slow down" in err


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({}, "error: You must specify a region. Set AWS_REGION, or LOCALSTACK_HOST for the local stack."),
        ({"AWS_REGION": "eu-central-1"}, "error: Unable to locate credentials"),
        ({"AWS_PROFILE": "none", "AWS_REGION": "eu-central-1"}, "error: The config profile (none) could not be found"),
        ({**SECRETS, "AWS_REGION": "eu central"}, "error: Provided region_name 'eu central'"),
        ({**SECRETS, "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": "nonsense"}, "error: Invalid endpoint: nonsense"),
        ({"LOCALSTACK_HOST": "a:b:c"}, "error: LOCALSTACK_HOST must be a host or host:port"),
        ({"LOCALSTACK_HOST": "127.0.0.1:1"}, "error: Could not connect"),
    ],
)
def test_settings_that_lead_nowhere_are_one_line_and_end_with_2(environment: dict[str, str], says: str) -> None:
    ended = processed("check", **environment)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert_one_line(ended.stderr, says)


def test_localstack_host_is_enough_and_the_exit_status_tells(sandbox: Sandbox, localstack_host: str) -> None:
    where = {"LOCALSTACK_HOST": localstack_host, **SECRETS}
    name = sandbox.target.name
    sandbox.put([free()])
    sound = processed("check", "--name", name, **where)
    assert (sound.returncode, sound.stderr) == (0, "")
    assert sound.stdout == f"{name} (us-east-1, http://{localstack_host}): 1 item, 0 wrong, 0 late, 0 waiting: sound\n"
    sandbox.put([reserved()])
    assert processed("check", "--name", name, **where).returncode == 1
    assert processed("redrive", "bookings", "--name", "none", **where).stderr.startswith("error: there is no queue of")


def test_the_usual_settings_of_aws_are_enough(sandbox: Sandbox) -> None:
    endpoint = sandbox.target.dynamodb.meta.endpoint_url
    settings = {**SECRETS, "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1"}
    assert processed("check", "--name", sandbox.target.name, **settings).returncode == 0


def test_a_real_deployment_gets_no_made_up_credentials() -> None:
    environ = {"AWS_REGION": "eu-central-1"}
    assert (
        connect("appointments-prod", environ).dynamodb.meta.endpoint_url
        == "https://dynamodb.eu-central-1.amazonaws.com"
    )
    assert environ == {"AWS_REGION": "eu-central-1"}


@pytest.fixture
def silent_endpoint() -> Iterator[socket.socket]:
    """It takes connections, and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE_SECONDS)
        yield listener


def test_ctrl_c_ends_at_once_with_one_line_even_while_nothing_answers(silent_endpoint: socket.socket) -> None:
    host, port = silent_endpoint.getsockname()
    process = subprocess.Popen(
        [sys.executable, "-m", "operations", "check"],
        cwd=ROOT,
        env=clean_environment() | {"LOCALSTACK_HOST": f"{host}:{port}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What a shell runs in the background ignores Ctrl-C, and hands that on to what it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - there are no threads here
    )
    connection, _ = silent_endpoint.accept()
    with connection:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out) == (130, "")
    assert_one_line(err, "interrupted: ")
