from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local_stack.endpoint import Endpoint, EndpointError, StartCancelledError, answers
from local_stack.resources import provision, resources
from tests.local_stack.conftest import clients_of, close
from tests.local_stack.support import free_port, wait_until

if TYPE_CHECKING:
    from local_stack.resources import Provisioned

ROOT = Path(__file__).resolve().parents[2]
ITEM = {"PK": {"S": "a"}, "SK": {"S": "b"}}


def fill(url: str) -> Provisioned:
    clients = clients_of(url)
    made = provision(resources(), dynamodb=clients.dynamodb, sqs=clients.sqs)
    clients.dynamodb.put_item(TableName=made.table_name, Item=ITEM)
    clients.sqs.send_message(QueueUrl=made.bookings_url, MessageBody="kept")
    close(clients)
    return made


def assert_filled(url: str) -> None:
    clients = clients_of(url)
    made = provision(resources(), dynamodb=clients.dynamodb, sqs=clients.sqs)
    assert clients.dynamodb.get_item(TableName=made.table_name, Key=ITEM)["Item"] == ITEM
    assert clients.sqs.receive_message(QueueUrl=made.bookings_url)["Messages"][0]["Body"] == "kept"
    close(clients)


def is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    # A child whose parent was killed stays a zombie where nobody reaps; that is no process any more.
    status = Path(f"/proc/{process_id}/stat")
    return not status.exists() or status.read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"


def test_data_is_there_again_at_the_next_start_even_on_another_port(tmp_path: Path) -> None:
    with Endpoint(directory=tmp_path, port=free_port()) as first:
        fill(first.url)

    with Endpoint(directory=tmp_path, port=free_port()) as second:
        assert_filled(second.url)


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="reads Linux's list of sockets")
def test_it_listens_on_loopback_only_and_on_its_own_port_only(endpoint: Endpoint) -> None:
    process = Path(f"/proc/{endpoint.process_id}")
    links = [str(entry.readlink()) for entry in (process / "fd").iterdir()]
    lines = [line.split() for name in ("tcp", "tcp6") for line in (process / "net" / name).read_text().splitlines()]
    listening = [fields[1] for fields in lines if fields[3] == "0A" and f"socket:[{fields[9]}]" in links]

    assert listening == [f"0100007F:{int(endpoint.url.rpartition(':')[2]):04X}"]


def test_it_saves_and_ends_when_the_process_that_started_it_is_killed(tmp_path: Path) -> None:
    port = free_port()
    program = (
        "import sys, time; from pathlib import Path; from local_stack.endpoint import Endpoint\n"
        "endpoint = Endpoint(directory=Path(sys.argv[1]), port=int(sys.argv[2])); endpoint.start()\n"
        "print(endpoint.process_id, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path), str(port)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        fill(f"http://127.0.0.1:{port}")
        parent.kill()

    wait_until(lambda: not is_alive(child), "the end of the endpoint")

    with Endpoint(directory=tmp_path, port=free_port()) as again:
        assert_filled(again.url)


def test_an_interrupt_of_the_terminal_does_not_reach_it(endpoint: Endpoint) -> None:
    assert endpoint.process_id is not None
    assert os.getpgid(endpoint.process_id) != os.getpgid(0)


def test_a_port_that_is_taken_is_told_with_the_reason_and_the_log(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        failing = Endpoint(directory=tmp_path, port=other.getsockname()[1])

        with pytest.raises(EndpointError, match=r"(?s)ended with status 1.*endpoint\.log"):
            failing.start()

    assert failing.process_id is None


def test_a_start_can_be_cancelled(tmp_path: Path) -> None:
    endpoint = Endpoint(directory=tmp_path, port=free_port())

    with pytest.raises(StartCancelledError):
        endpoint.start(cancelled=lambda: True)

    assert endpoint.process_id is None


def test_it_is_noticed_when_it_dies(tmp_path: Path) -> None:
    endpoint = Endpoint(directory=tmp_path, port=free_port())
    endpoint.start()
    assert endpoint.process_id is not None
    assert not endpoint.has_ended()

    os.kill(endpoint.process_id, signal.SIGKILL)

    wait_until(endpoint.has_ended, "the endpoint's death")
    with pytest.raises(EndpointError, match="status -9"):
        endpoint.stop()


def test_stopping_twice_does_nothing(tmp_path: Path) -> None:
    endpoint = Endpoint(directory=tmp_path, port=free_port())
    endpoint.start()
    endpoint.stop()
    endpoint.stop()

    assert not answers("127.0.0.1", int(endpoint.url.rpartition(":")[2]))
