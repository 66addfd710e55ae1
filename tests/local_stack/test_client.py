from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from chalice.app import Chalice, Response

from local_stack.client import Answer, Api, ApiError, UnreachableError
from local_stack.server import ApiServer
from tests.local_stack.support import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[ApiServer]:
    """Something that repeats JSON, and otherwise is no booking API."""
    app = Chalice(app_name="other", configure_logs=False)

    @app.route("/stage/echo", methods=["POST"])
    def echo() -> Response:
        request = app.current_request
        assert request is not None
        return Response(request.raw_body, status_code=202, headers={"Content-Type": request.headers["content-type"]})

    for path, body in (("/stage/health", '{"at": "stage"}'), ("/page", "<html>"), ("/list", "[]")):

        def view(body: str = body) -> Response:
            return Response(body, headers={"Content-Type": "application/json"})

        app.route(path, methods=["GET"], name=path)(view)
    running = ApiServer(app, host="127.0.0.1", port=0)
    running.start()
    yield running
    running.stop()


def test_a_body_is_sent_as_json_and_an_answer_is_read_as_json(server: ApiServer) -> None:
    assert Api(server.url).call("POST", "/stage/echo", {"name": "Zoë"}) == Answer(202, {"name": "Zoë"})


@pytest.mark.parametrize("stage", ["/stage", "/stage/"])
def test_the_stage_in_the_address_stands_before_every_path(server: ApiServer, stage: str) -> None:
    assert Api(server.url + stage).call("GET", "/health") == Answer(200, {"at": "stage"})


def test_an_https_address_is_spoken_to_in_tls_alone(server: ApiServer) -> None:
    with pytest.raises(UnreachableError, match="SSL"):
        Api(server.url.replace("http:", "https:")).call("GET", "/stage/health")


@pytest.mark.parametrize("path", ["/page", "/list"])
def test_what_is_no_booking_api_is_told(server: ApiServer, path: str) -> None:
    with pytest.raises(ApiError, match=f"is no booking API: GET {path} gave no JSON"):
        Api(server.url).call("GET", path)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_address_that_nothing_answers_at_is_told_in_one_line(scheme: str) -> None:
    url = f"{scheme}://127.0.0.1:{free_port()}/prod"

    with pytest.raises(UnreachableError, match=f"^no booking API answers at {url}: [^\n]*$"):
        Api(url).call("GET", "/health")


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://example.com", "https://", "http://host:port"])
def test_an_address_that_is_none_is_told_in_one_line(url: str) -> None:
    with pytest.raises(ApiError, match=f"^--url must be like [^\n]*, not {url}$"):
        Api(url)
