from __future__ import annotations

import os
import threading
import time
import urllib.parse
from typing import TYPE_CHECKING, Any

import pytest
from chalice.app import Chalice

from chalicelib.dao.keys import EXPIRATION_TRIGGER
from local_stack.client import Api, UnreachableError
from local_stack.stack import Application, Options, Stack, StackError
from tests.local_stack.conftest import clients_of, close
from tests.local_stack.support import Notes, Worker, free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from local_stack.endpoint import Endpoint
    from local_stack.invocation import Handler


class Scene:
    """A stack around an application of this test's own."""

    def __init__(
        self,
        directory: Path,
        *,
        expire: Handler,
        process: Handler | None = None,
        load: Callable[[Application], Application] = lambda application: application,
    ) -> None:
        self.app = Chalice(app_name="site", configure_logs=False)
        self.environ: dict[str, str] = {}
        self._lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT)
        options = Options(
            port=free_port(), aws_port=free_port(), hold_seconds="5", max_active_holds="5", data_dir=directory
        )
        self.stack = Stack(
            options,
            environ=self.environ,
            monitor=Notes(),
            lock=self._lock,
            load=lambda: load(Application(app=self.app, process_bookings=process or Worker(), expire_bookings=expire)),
        )

        self._clients = clients_of(self.stack.aws_url)

    def close(self) -> None:
        self.stack.stop()
        os.close(self._lock)
        close(self._clients)

    def put_expired_item(self, name: str) -> None:
        item = {"PK": {"S": name}, "SK": {"S": EXPIRATION_TRIGGER}, "ttl": {"N": str(int(time.time()) - 5)}}
        self._clients.dynamodb.put_item(TableName=self.environ["TABLE_NAME"], Item=item)

    def send_message(self, body: str) -> None:
        self._clients.sqs.send_message(QueueUrl=self.environ["BOOKING_QUEUE_URL"], MessageBody=body)


class Blocked:
    """A worker that does not return until it is told to."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, _event: Any, _context: Any) -> None:
        self.entered.set()
        assert self.go_on.wait(60)


@pytest.fixture
def blocked() -> Iterator[Blocked]:
    worker = Blocked()
    yield worker
    worker.go_on.set()


def keys(worker: Worker) -> list[str]:
    return [record["dynamodb"]["Keys"]["PK"]["S"] for event in list(worker.events) for record in event["Records"]]


def test_messages_and_expiries_reach_the_workers_and_requests_the_application(tmp_path: Path) -> None:
    expire, process = Worker(), Worker()
    scene = Scene(tmp_path, expire=expire, process=process)
    scene.app.route("/hello")(lambda: {"said": "hello"})
    scene.stack.start()

    scene.put_expired_item("a")
    scene.send_message("m")

    assert Api(scene.stack.api_url).call("GET", "/hello").body == {"said": "hello"}
    wait_until(lambda: bool(expire.events and process.events), "both workers")
    scene.close()
    assert keys(expire) == ["a"]
    assert process.events[0]["Records"][0]["body"] == "m"
    assert scene.stack.has_failed() is None


def test_records_that_a_stop_could_not_deliver_come_first_in_the_next_run(tmp_path: Path, blocked: Blocked) -> None:
    first = Scene(tmp_path, expire=blocked)
    first.stack.start()
    for name in ("a", "b"):
        first.put_expired_item(name)
    assert blocked.entered.wait(20)
    first.stack.stop(in_a_hurry=lambda: True)
    first.close()
    assert (tmp_path / "stream-backlog.json").exists()

    worker = Worker()
    second = Scene(tmp_path, expire=worker)
    second.stack.start()
    second.put_expired_item("c")
    wait_until(lambda: "c" in keys(worker), "the new expiry")
    second.close()

    assert keys(worker)[0] == "a"
    assert sorted(keys(worker)) == ["a", "b", "c"]
    assert not (tmp_path / "stream-backlog.json").exists()


def test_a_stop_delivers_what_was_deleted_just_before(tmp_path: Path) -> None:
    worker = Worker()
    scene = Scene(tmp_path, expire=worker)
    scene.stack.start()
    for number in range(100):
        scene.put_expired_item(f"item-{number}")

    scene.close()
    again = Worker()
    scene = Scene(tmp_path, expire=again)
    scene.stack.start()
    # Those whose time to live was not noticed any more are still in the table, and expire now.
    wait_until(lambda: len(keys(worker)) + len(keys(again)) == 100, "every expiry, in one run or the other")
    scene.close()


def test_a_hurry_does_not_wait_for_a_worker_or_a_request(tmp_path: Path, blocked: Blocked) -> None:
    request = Blocked()
    scene = Scene(tmp_path, expire=Worker(), process=blocked)
    scene.app.route("/slow")(lambda: request(None, None))
    scene.stack.start()
    scene.send_message("m")
    assert blocked.entered.wait(20)

    def call() -> None:
        with pytest.raises(UnreachableError):
            Api(scene.stack.api_url).call("GET", "/slow")

    caller = threading.Thread(target=call)
    caller.start()
    assert request.entered.wait(20)

    scene.stack.stop(in_a_hurry=lambda: True)

    assert not blocked.go_on.is_set()
    assert not request.go_on.is_set()
    caller.join()
    request.go_on.set()
    scene.close()


def test_what_was_started_before_a_failure_is_stopped(tmp_path: Path) -> None:
    def refuse(_: Application) -> Application:
        raise StackError("a setting is wrong")

    scene = Scene(tmp_path, expire=Worker(), load=refuse)
    with pytest.raises(StackError, match="a setting is wrong"):
        scene.stack.start()
    scene.close()

    with pytest.raises(UnreachableError):
        Api(scene.stack.aws_url).call("GET", "/_localstack/health")


def test_an_endpoint_of_the_users_own_keeps_its_stream_so_no_backlog_is_kept(
    tmp_path: Path, endpoint: Endpoint, blocked: Blocked
) -> None:
    options = Options(
        port=free_port(),
        aws_port=1,
        hold_seconds="5",
        max_active_holds="5",
        data_dir=tmp_path,
        external_url=endpoint.url,
    )
    app = Chalice(app_name="site", configure_logs=False)
    stack = Stack(
        options,
        environ={},
        monitor=Notes(),
        lock=0,
        load=lambda: Application(app=app, process_bookings=Worker(), expire_bookings=blocked),
    )
    stack.start()
    assert urllib.parse.urlsplit(stack.aws_url) == urllib.parse.urlsplit(endpoint.url)
    clients = clients_of(endpoint.url)
    clients.dynamodb.put_item(
        TableName="appointments", Item={"PK": {"S": "own"}, "SK": {"S": EXPIRATION_TRIGGER}, "ttl": {"N": "1"}}
    )
    close(clients)
    assert blocked.entered.wait(20)

    stack.stop(in_a_hurry=lambda: True)

    assert list(tmp_path.iterdir()) == []
