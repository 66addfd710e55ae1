"""An endpoint that passes every AWS call on, and writes down which permissions it took."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

_IN_TRANSACTION = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


class Permission(NamedTuple):
    """An IAM action, and the name of the table, the index or the queue that it was used on."""

    action: str
    resource: str


class Recorder:
    """A proxy before an endpoint. `used` grows with every call."""

    def __init__(self, host: str, server: ThreadingHTTPServer) -> None:
        self.used: set[Permission] = set()
        self.host = host
        self.url = f"http://127.0.0.1:{server.server_address[1]}"

    def note(self, target: str, body: dict[str, Any]) -> None:
        """Write down what a call needs; a transaction needs what its parts need."""
        service, _, operation = target.partition(".")
        if service == "AmazonSQS":
            self.used.add(Permission(f"sqs:{operation}", body["QueueUrl"].rpartition("/")[2]))
        elif operation == "TransactWriteItems":
            for action in body["TransactItems"]:
                ((kind, part),) = action.items()
                self.used.add(Permission(f"dynamodb:{_IN_TRANSACTION[kind]}", part["TableName"]))
        elif operation == "BatchGetItem":
            self.used |= {Permission(f"dynamodb:{operation}", name) for name in body["RequestItems"]}
        else:
            self.used.add(Permission(f"dynamodb:{operation}", body.get("IndexName", body["TableName"])))


@contextmanager
def recording(host: str) -> Iterator[Recorder]:
    """A recorder before the endpoint at `host:port`."""

    class Handler(BaseHTTPRequestHandler):
        """Passes one call on."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            recorder.note(self.headers["X-Amz-Target"], json.loads(body))
            connection = HTTPConnection(host, timeout=30)
            connection.request("POST", self.path, body, dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            self.send_response(answer.status)
            for name in ("Content-Type", "x-amz-crc32", "x-amzn-RequestId", "x-amzn-query-error"):
                if value := answer.headers.get(name):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the standard library
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    recorder = Recorder(host, server)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
