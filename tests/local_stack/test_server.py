from __future__ import annotations

import http.client
import json
import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from chalice.app import AuthResponse, Chalice, CORSConfig, Request, Response

from chalicelib.handlers.http import SECURITY_HEADERS
from local_stack.patience import Patience
from local_stack.server import MAX_BODY_BYTES, ApiServer
from tests.local_stack.support import Notes, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

CRLF = b"\r\n"
GET = b"GET /things/a HTTP/1.1\r\nHost: h\r\n\r\n"


class Site:
    """A small application, its server, and what it takes to hold a request up."""

    def __init__(self) -> None:
        self.notes = Notes()
        self.entered = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.app = Chalice(app_name="site", configure_logs=False)
        self._routes(self.app)
        self.server = ApiServer(self.app, host="127.0.0.1", port=0, monitor=self.notes)
        self.port = int(self.server.url.rpartition(":")[2])
        self.server.start()

    def _routes(self, app: Chalice) -> None:
        def current() -> Request:
            assert app.current_request is not None
            return app.current_request

        def thing(name: str) -> dict[str, Any]:
            request = current()
            return {
                "name": name,
                "query": request.query_params and request.query_params.get("q"),
                "requestId": request.context["requestId"],
                "event": {"path": request.context["path"], "parameters": request.uri_params},
            }

        def echo() -> Response:
            return Response(current().raw_body or b"", headers={"Content-Type": "application/octet-stream-like"})

        def slow() -> dict[str, str]:
            self.entered.release()
            assert self.go_on.wait(20)
            # Every thread must see its own request and context here.
            return {"id": current().context["requestId"], "function": app.lambda_context.aws_request_id}

        def crash() -> dict[str, str]:
            raise RuntimeError("broken")

        def many() -> Response:
            return Response({}, headers={"Set-Cookie": ["a=1", "b=2"], "content-type": "application/json"})

        @app.authorizer()
        def nobody(_: Any) -> AuthResponse:
            return AuthResponse(routes=[], principal_id="nobody")

        app.route("/things/{name}", methods=["GET", "HEAD"])(thing)
        app.route("/things/{name}/parts/{part}")(lambda name, part: {"name": name, "part": part})
        app.route("/echo", methods=["POST"], content_types=["text/plain", "application/json"])(echo)
        app.route("/slow")(slow)
        app.route("/crash")(crash)
        app.route("/many")(many)
        app.route("/shared", cors=CORSConfig(allow_origin="https://example.org"))(dict)
        app.route("/closed", authorizer=nobody)(dict)

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def send(self, data: bytes) -> http.client.HTTPResponse:
        """Send raw bytes on a new connection; returns the answer, read to its end."""
        with self.connect() as connection:
            connection.sendall(data)
            return read_answer(connection)

    def call(self, method: str, path: str, *, headers: dict[str, str] | None = None) -> http.client.HTTPResponse:
        lines = [f"{method} {path} HTTP/1.1", "Host: h", *(f"{n}: {v}" for n, v in (headers or {}).items()), "", ""]
        return self.send("\r\n".join(lines).encode("latin-1"))


def read_answer(connection: socket.socket, method: str = "GET") -> http.client.HTTPResponse:
    response = http.client.HTTPResponse(connection, method=method)
    response.begin()
    body = response.read()
    response.close()
    response.content = body  # type: ignore[attr-defined] # for body_of
    return response


def body_of(response: http.client.HTTPResponse) -> bytes:
    content: bytes = response.content  # type: ignore[attr-defined] # from read_answer
    return content


def json_of(response: http.client.HTTPResponse) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(body_of(response))
    return parsed


def assert_problem(response: http.client.HTTPResponse, status: int, code: str) -> None:
    body = json_of(response)
    assert response.status == status
    assert response.getheader("Content-Type") == "application/problem+json"
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == "urn:problem-type:" + code.lower().replace("_", "-")
    assert body["title"].lower() == body["code"].lower().replace("_", " ")
    assert body["detail"]
    assert body["requestId"] == response.getheader("X-Request-Id")
    assert {name: response.getheader(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.go_on.set()
    assert made.server.stop()


def post(body: bytes, *headers: str) -> bytes:
    head = ["POST /echo HTTP/1.1", "Host: h", "Content-Type: text/plain", *headers, "", ""]
    return "\r\n".join(head).encode() + body


def test_a_request_is_answered_and_told_to_the_monitor(site: Site) -> None:
    response = site.call("GET", "/things/a?q=1")

    assert response.status == 200
    assert json_of(response)["name"] == "a"
    assert json_of(response)["query"] == "1"
    assert len(json_of(response)["requestId"]) == 36
    wait_until(lambda: bool(site.notes.requests), "the monitor")
    assert site.notes.requests == [("GET", "/things/a", 200)]


def test_two_requests_share_a_connection(site: Site) -> None:
    with site.connect() as connection:
        for _ in range(2):
            connection.sendall(GET)
            assert read_answer(connection).status == 200


def test_an_answer_leaves_in_one_piece(site: Site) -> None:
    with site.connect() as connection:
        connection.sendall(GET)
        first = connection.recv(65536)

    head, _, body = first.partition(CRLF + CRLF)
    assert f"Content-Length: {len(body)}".encode() in head
    assert body


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        ("/things/a%20b", "a%20b"),
        ("/things/%C3%A4", "%C3%A4"),
        ("/things/a%2Fb", "a%2Fb"),
        ("/things/%2541", "%2541"),
        ("/things/a;b", "a;b"),
        ("/things/a+b", "a+b"),
        ("/things/a%FFb", "a%FFb"),
        ("/things/%00", "%00"),
        ("/things/a/", "a"),
        ("/things/Ã¤", "ä"),
    ],
)
def test_path_parameters_are_handed_on_as_they_were_sent(site: Site, sent: str, received: str) -> None:
    assert json_of(site.call("GET", sent))["name"] == received


def test_parameters_of_other_routes_do_not_slip_in(site: Site) -> None:
    assert json_of(site.call("GET", "/things/a"))["event"]["parameters"] == {"name": "a"}


def test_query_parameters_are_utf8_too(site: Site) -> None:
    assert json_of(site.call("GET", "/things/a?q=%C3%A4+b"))["query"] == "ä b"


@pytest.mark.parametrize("path", ["/nowhere", "/things", "/things//parts/b", "//things/a/b", "/things/a/parts/", "*"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS", "FOO"])
def test_an_unknown_path_is_not_found(site: Site, method: str, path: str) -> None:
    assert_problem(site.call(method, path), 404, "NOT_FOUND")


def test_credentials_do_not_change_what_an_unknown_path_is(site: Site) -> None:
    assert_problem(site.call("GET", "/nowhere", headers={"Authorization": "Bearer ä"}), 404, "NOT_FOUND")


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "FOO", "DELETE", "PROPFIND"])
def test_a_method_that_the_path_does_not_have_is_the_applications_business(site: Site, method: str) -> None:
    response = site.call(method, "/things/a")

    assert response.status == 405
    assert response.getheader("Allow") == "GET, HEAD"


def test_a_route_that_asks_for_cors_gets_its_preflight(site: Site) -> None:
    response = site.call("OPTIONS", "/shared")

    assert response.status == 200
    assert response.getheader("Access-Control-Allow-Origin") == "https://example.org"
    assert response.getheader("Access-Control-Allow-Methods") == "GET,OPTIONS"


@pytest.mark.parametrize(("path", "status"), [("/things/a", 200), ("/nowhere", 404), ("/slow", 405)])
def test_head_has_the_headers_of_a_body_and_no_body(site: Site, path: str, status: int) -> None:
    with site.connect() as connection:
        connection.sendall(f"HEAD {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
        received = b"".join(iter(lambda: connection.recv(65536), b""))

    assert received.startswith(f"HTTP/1.1 {status} ".encode())
    assert re.search(rb"Content-Length: [1-9]", received)
    assert received.endswith(CRLF + CRLF)


def test_headers_may_come_several_times_and_in_any_case(site: Site) -> None:
    response = site.call("GET", "/many")

    assert response.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert response.headers.get_all("Content-Type") == ["application/json"]


def test_what_breaks_in_a_route_is_the_applications_business(site: Site) -> None:
    assert site.call("GET", "/crash").status == 500


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [({}, 401, "UNAUTHENTICATED"), ({"Authorization": "x"}, 403, "FORBIDDEN")],
)
def test_refusals_of_an_authorizer_have_the_same_format(
    site: Site, headers: dict[str, str], status: int, code: str
) -> None:
    assert_problem(site.call("GET", "/closed", headers=headers), status, code)


@pytest.mark.parametrize("body", [b"hello", "ä".encode(), b"\xff\x00", b"x" * 100_000])
def test_a_body_arrives_as_it_was_sent(site: Site, body: bytes) -> None:
    response = site.send(post(body, f"Content-Length: {len(body)}"))

    assert response.status == 200
    assert body_of(response) == body


def test_a_chunked_body_arrives_whole(site: Site) -> None:
    chunks = b"5;name=value\r\nhello\r\n1\r\n \r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"
    with site.connect() as connection:
        connection.sendall(post(chunks, "Transfer-Encoding: chunked"))
        assert body_of(read_answer(connection)) == b"hello 0123456789"
        connection.sendall(GET)
        assert read_answer(connection).status == 200


@pytest.mark.parametrize(
    "request_bytes",
    [
        post(b"x\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
        post(b"-5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
        post(b"3\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
        post(b"0\r\n" + b"T: x\r\n" * 200 + CRLF, "Transfer-Encoding: chunked"),
        post(b"0\r\n\r\n", "Transfer-Encoding: gzip, chunked"),
        post(b"5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked", "Content-Length: 5"),
        post(b"hello", "Content-Length: five"),
        post(b"hello", "Content-Length: -5"),
        post(b"hello", "Content-Length: +5"),
        post(b"hello", "Content-Length: 5_0"),
        post(b"hello", "Content-Length: " + "9" * 5000),
        post(b"hello", "Content-Length: "),
        post(b"hello", "Content-Length: 5", "Content-Length: 6"),
    ],
)
def test_a_body_that_is_framed_badly_is_refused(site: Site, request_bytes: bytes) -> None:
    response = site.send(request_bytes)

    assert_problem(response, 400, "VALIDATION_FAILED")
    assert response.getheader("Connection") == "close"


@pytest.mark.parametrize(
    "request_bytes", [post(b"hel", "Content-Length: 5"), post(b"5\r\nhel", "Transfer-Encoding: chunked")]
)
def test_a_body_that_ends_early_is_refused(site: Site, request_bytes: bytes) -> None:
    with site.connect() as connection:
        connection.sendall(request_bytes)
        connection.shutdown(socket.SHUT_WR)

        assert_problem(read_answer(connection), 400, "VALIDATION_FAILED")


@pytest.mark.parametrize(
    "request_bytes",
    [
        post(b"", f"Content-Length: {MAX_BODY_BYTES + 1}"),
        post(b"", f"Content-Length: {MAX_BODY_BYTES + 1}", "Expect: 100-continue"),
        post(f"{MAX_BODY_BYTES + 1:x}\r\n".encode(), "Transfer-Encoding: chunked"),
    ],
)
def test_a_body_that_is_too_large_is_refused_before_it_is_read(site: Site, request_bytes: bytes) -> None:
    assert_problem(site.send(request_bytes), 413, "PAYLOAD_TOO_LARGE")


def test_a_client_that_sends_on_regardless_can_read_the_refusal(site: Site) -> None:
    body = b"x" * (MAX_BODY_BYTES + 1)

    assert_problem(site.send(post(body, f"Content-Length: {len(body)}")), 413, "PAYLOAD_TOO_LARGE")


def test_the_largest_body_is_taken(site: Site) -> None:
    body = b"x" * MAX_BODY_BYTES

    assert site.send(post(body, f"Content-Length: {len(body)}")).status == 200


def test_a_client_that_waits_for_leave_to_send_gets_it(site: Site) -> None:
    with site.connect() as connection:
        connection.sendall(post(b"", "Content-Length: 5", "Expect: 100-continue"))
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"hello")

        assert body_of(read_answer(connection)) == b"hello"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/x\r\n\r\n",
        b"GET / with spaces HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n",
    ],
)
def test_what_is_no_request_is_refused_in_the_same_format(site: Site, request_bytes: bytes) -> None:
    assert_problem(site.send(request_bytes), 400, "VALIDATION_FAILED")


def test_a_client_that_goes_away_hurts_nobody(site: Site) -> None:
    for data in (b"", b"GET /thi", post(b"hel", "Content-Length: 5"), GET):
        with site.connect() as connection:
            connection.sendall(data)

    assert site.call("GET", "/things/a").status == 200


def test_many_clients_at_once_are_served_each_with_its_own_request(site: Site) -> None:
    with ThreadPoolExecutor(64) as pool:
        answers = [pool.submit(site.call, "GET", "/slow") for _ in range(64)]
        for _ in range(64):
            assert site.entered.acquire(timeout=20)
        site.go_on.set()
        bodies = [json_of(answer.result()) for answer in answers]

    assert len({body["id"] for body in bodies}) == 64
    assert len({body["function"] for body in bodies}) == 64


def test_a_stop_lets_a_request_finish_and_takes_no_new_one() -> None:
    site = Site()
    with site.connect() as busy, site.connect() as idle, site.connect() as half, ThreadPoolExecutor(1) as pool:
        for connection in (idle, half):  # one that is not taken yet when the server stops would be reset
            connection.sendall(GET)
            read_answer(connection)
        half.sendall(b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel")
        busy.sendall(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
        assert site.entered.acquire(timeout=20)

        stopped = pool.submit(site.server.stop)
        assert idle.recv(1) == b""
        assert_problem(read_answer(half), 400, "VALIDATION_FAILED")
        with pytest.raises(ConnectionError):
            site.connect().close()
        assert not stopped.done()
        site.go_on.set()

        answer = read_answer(busy)
        assert answer.status == 200
        assert answer.getheader("Connection") == "close"
        assert stopped.result() is True


def test_a_stop_does_not_wait_for_ever() -> None:
    site = Site()
    with site.connect() as busy:
        busy.sendall(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
        assert site.entered.acquire(timeout=20)

        assert not site.server.stop(Patience(0))
        assert busy.recv(1) == b""
    site.go_on.set()


def test_a_server_that_was_never_started_stops() -> None:
    assert ApiServer(Chalice(app_name="a", configure_logs=False), host="127.0.0.1", port=0).stop()


def test_a_port_that_is_taken_is_refused(site: Site) -> None:
    with pytest.raises(OSError, match="in use"):
        ApiServer(site.app, host="127.0.0.1", port=site.port)
