"""Chalice's own local server, mended where real clients would fall over it.

Chalice's server is a thin layer on the standard library's, made for one developer with one browser. What it lacks is
added in subclasses through the places it offers, so that requests still go the way that `chalice local` sends them.
Each class says what it mends.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import http
import logging
import re
import socket
import socketserver
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from chalice.config import Config
from chalice.local import ChaliceRequestHandler, LocalChalice, LocalDevServer, ThreadedHTTPServer

from local_stack.gateway import Gateway, RequestRefusedError, problem
from local_stack.invocation import Monitor, Silence
from local_stack.patience import Patience
from local_stack.resources import API_TIMEOUT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chalice.app import Chalice

_log = logging.getLogger(__name__)

MAX_BODY_BYTES = 10 * 1024 * 1024  # API Gateway's own limit
_MAX_LINE_BYTES = 64 * 1024
_IDLE_SECONDS = 75.0
_LINGER_SECONDS = 2.0
_LINGER_BYTES = 64 * 1024 * 1024
_MAX_TRAILER_LINES = 100
_LENGTH = re.compile("[0-9]{1,18}")


class RequestHandler(ChaliceRequestHandler):
    """Reads requests to the letter and answers every fault as problem+json.

    Bodies may be chunked, are bounded, and a framing that can't be trusted is refused instead of raising; HEAD gets no
    body; headers and body leave in one segment, or Nagle's algorithm and delayed acknowledgements cost 40 ms.
    """

    server: ApiServerSocket
    command = ""  # until one is read
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024

    def __init__(
        self, request: socket.socket, client_address: Any, server: ApiServerSocket, app_object: Chalice, config: Config
    ) -> None:
        self.local_gateway = Gateway(app_object, config)
        self._refused = False
        # Not Chalice's own: it makes the gateway that this replaces, and all of the connection happens in here.
        BaseHTTPRequestHandler.__init__(self, request, client_address, server)

    def handle_one_request(self) -> None:
        """Handle every method alike; the standard library knows some, and answers 501 in HTML to the others."""
        try:
            self.raw_requestline = self.rfile.readline(_MAX_LINE_BYTES)
            if not self.raw_requestline:
                self.close_connection = True
            elif not self.raw_requestline.endswith(b"\n"):
                self.requestline = ""
                self.send_error(400, "The request line is too long or ends early.")
            elif self.parse_request():
                self._generic_handle()
        except OSError:  # the client went away, or has said nothing for too long
            self.close_connection = True

    def parse_request(self) -> bool:
        """Refuse HTTP/0.9, whose answers have no status."""
        if not super().parse_request():
            return False
        if self.request_version == "HTTP/0.9":
            self.send_error(400, "The request line has no HTTP version.")
            return False
        return True

    def handle_expect_100(self) -> bool:
        """Ask for the body, unless it will be refused anyway."""
        length = self.headers.get("content-length", "0").strip()
        if _LENGTH.fullmatch(length) and int(length) <= MAX_BODY_BYTES:
            self.send_response_only(100)
            self.end_headers()
            self.wfile.flush()
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer what the standard library could not parse, whose signature this is: 400 for its 400, 431 and 505."""
        self._refuse(400, f"This is no HTTP request that can be read: {message or http.HTTPStatus(code).phrase}.")

    def version_string(self) -> str:
        """Tell no version of anything."""
        return "local_stack"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Write nothing: the application logs its requests, and the monitor hears of them."""

    def finish(self) -> None:
        """After a refusal, let the client read it: closing while it still sends would reset the connection."""
        super().finish()
        if self._refused:
            self._linger()

    def _generic_handle(self) -> None:
        started = time.monotonic()
        status = 0
        try:
            body = self._read_body()
            with self.server.request_in_progress(self.connection):
                status = self._answer(body)
        except RequestRefusedError as refusal:
            status = refusal.status
            self._refuse(refusal.status, refusal.detail)
        self.server.monitor.request_served(
            self.command, self.path.partition("?")[0], status, time.monotonic() - started
        )

    def _answer(self, body: bytes | None) -> int:
        try:
            answer = self.local_gateway.handle_request(self.command, self.path, dict(self.headers), body)
        except RequestRefusedError as refusal:
            self._send(refusal.status, *problem(refusal.status, refusal.detail, str(uuid.uuid4())))
            return refusal.status
        except Exception:
            _log.exception("the application failed")
            self._send(500, *problem(500, "Something went wrong here.", str(uuid.uuid4())))
            return 500
        content = answer.get("body") or ""
        if answer.get("isBase64Encoded"):
            content = base64.b64decode(content)
        headers = answer.get("headers", {}) | answer.get("multiValueHeaders", {})
        status: int = answer["statusCode"]
        self._send(status, headers, content.encode("utf-8") if isinstance(content, str) else content)
        return status

    def _refuse(self, status: int, detail: str) -> None:
        # Whatever follows on this connection can't be told from the rest of this request.
        self.close_connection = self._refused = True
        self.request_version = self.protocol_version  # it may not have been understood, and 0.9 gets no headers
        self._send(status, *problem(status, detail, str(uuid.uuid4())))

    def _send(self, status: int, headers: Mapping[str, str | list[str]], body: bytes) -> None:
        self.send_response(status)
        if not any(name.lower() == "content-type" for name in headers):
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, values in headers.items():
            for value in values if isinstance(values, list) else [values]:
                self.send_header(name, value)
        if self.close_connection or self.server.draining:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _read_body(self) -> bytes | None:
        lengths = {value.strip() for value in self.headers.get_all("content-length", [])}
        codings = self.headers.get_all("transfer-encoding", [])
        if codings:
            if lengths or [coding.strip().lower() for coding in codings] != ["chunked"]:
                raise RequestRefusedError(400, "The body is framed in a way that is not understood.")
            return self._read_chunks() or None
        if not lengths:
            return None
        length = lengths.pop()
        if lengths or not _LENGTH.fullmatch(length):
            raise RequestRefusedError(400, "Content-Length must be one whole number.")
        if int(length) > MAX_BODY_BYTES:
            raise RequestRefusedError(413, f"A body may have {MAX_BODY_BYTES} bytes at most.")
        return self._read_exactly(int(length)) or None

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while size := self._read_chunk_size():
            if len(body) + size > MAX_BODY_BYTES:
                raise RequestRefusedError(413, f"A body may have {MAX_BODY_BYTES} bytes at most.")
            body += self._read_exactly(size)
            if self._read_exactly(2) != b"\r\n":
                raise RequestRefusedError(400, "A chunk is longer than its size says.")
        trailer_lines = 0
        while self._read_line().strip():
            trailer_lines += 1
            if trailer_lines > _MAX_TRAILER_LINES:
                raise RequestRefusedError(400, "Too many trailer lines.")
        return bytes(body)

    def _read_chunk_size(self) -> int:
        size = self._read_line().partition(b";")[0].strip()
        if not re.fullmatch(b"[0-9A-Fa-f]{1,15}", size):
            raise RequestRefusedError(400, "The size of a chunk can't be read.")
        return int(size, 16)

    def _read_line(self) -> bytes:
        line: bytes = self.rfile.readline(_MAX_LINE_BYTES)
        if not line.endswith(b"\n"):
            raise RequestRefusedError(400, "The body ends early.")
        return line

    def _read_exactly(self, count: int) -> bytes:
        data: bytes = self.rfile.read(count)
        if len(data) < count:
            raise RequestRefusedError(400, "The body ends early.")
        return data

    def _linger(self) -> None:
        deadline = time.monotonic() + _LINGER_SECONDS
        discarded = 0
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while discarded < _LINGER_BYTES and (left := deadline - time.monotonic()) > 0:
                self.connection.settimeout(left)
                count = len(self.connection.recv(64 * 1024))
                if not count:
                    return
                discarded += count


class ApiServerSocket(ThreadedHTTPServer):
    """Takes many clients at once, and can stop without cutting a request off or waiting for an idle connection."""

    request_queue_size = 1024  # the standard library's 5 refuses a burst of clients
    allow_reuse_port = False  # two servers on one port would share its requests

    def __init__(self, address: tuple[str, int], handler: Any, *, monitor: Monitor) -> None:
        self.monitor = monitor
        self.draining = False
        self._busy: dict[socket.socket, bool] = {}  # every open connection, and whether a request is being answered
        self._changed = threading.Condition()
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Leave out the look-up of the own name, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note the connection and hand it to its thread."""
        with self._changed:
            self._busy[request] = False
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close the connection and forget it."""
        super().shutdown_request(request)
        with self._changed:
            self._busy.pop(request, None)
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - its signature there
        """Log what is a fault of ours; a client that went away is not."""
        if not isinstance(sys.exc_info()[1], OSError):
            _log.exception("a connection failed")

    @contextlib.contextmanager
    def request_in_progress(self, connection: socket.socket) -> Iterator[None]:
        """Hold up `drain` until the request is answered. Raises RequestRefusedError when that has begun."""
        with self._changed:
            if self.draining:
                raise RequestRefusedError(503, "The server is shutting down.")
            self._busy[connection] = True
        try:
            yield
        finally:
            with self._changed:
                self._busy[connection] = False
                if self.draining:
                    _end_reading(connection)

    def drain(self, patience: Patience) -> bool:
        """End all connections, busy ones after their answer; returns whether patience lasted for that.

        Nothing must be accepting any more. What is left then is cut off.
        """
        with self._changed:
            self.draining = True
            for connection, busy in self._busy.items():
                if not busy:
                    _end_reading(connection)
            finished = patience.wait_for(self._changed, lambda: not self._busy)
            for connection in self._busy:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        return finished


def _end_reading(connection: socket.socket) -> None:
    # Its thread, waiting for a request or the rest of one, sees the end of the input and closes.
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RD)


class _ServedApp(LocalChalice):
    """Keeps what belongs to one request with its thread; Chalice's own class forgets the Lambda context."""

    _CONTEXT = threading.local()

    @property
    def lambda_context(self) -> Any:
        return getattr(self._CONTEXT, "value", None)

    @lambda_context.setter
    def lambda_context(self, value: Any) -> None:
        self._CONTEXT.value = value


class ApiServer:
    """Serves a Chalice application over HTTP in background threads."""

    def __init__(self, app: Chalice, *, host: str, port: int, monitor: Monitor | None = None) -> None:
        """Bind the port (0: any free one). Raises OSError when that can't be done.

        The application object is changed into one that many threads may call.
        """
        if not isinstance(app, _ServedApp):
            app.__class__ = type("ServedApp", (_ServedApp, type(app)), {})
        self._server = LocalDevServer(
            app,
            Config.create(app_name=app.app_name, lambda_timeout=API_TIMEOUT_SECONDS),
            host,
            port,
            handler_cls=RequestHandler,
            server_cls=functools.partial(ApiServerSocket, monitor=monitor or Silence()),
        )
        self._socket: ApiServerSocket = self._server.server
        self._thread = threading.Thread(target=self._socket.serve_forever, args=(0.05,), name="api", daemon=True)

    @property
    def url(self) -> str:
        """Where it answers."""
        host, port = self._socket.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self, patience: Patience | None = None) -> bool:
        """Take no more requests and finish those at hand; returns whether all were done in time."""
        if self._thread.is_alive():
            self._socket.shutdown()
            self._thread.join()
        self._socket.server_close()
        return self._socket.drain(patience or Patience(10.0))
