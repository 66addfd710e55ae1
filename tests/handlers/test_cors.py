"""Who may call the API from a browser, and what every answer carries."""

import pytest

from tests.handlers.api import Answer, Api, gateway_event

PAGE, OTHER = "https://www.example.com", "https://evil.example"
ASKS = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


@pytest.fixture
def open_api() -> Api:
    return Api(cors_origins=frozenset({PAGE, "http://localhost:3000"}))


def options(api: Api, **headers: str) -> Answer:
    """Chalice's test client would answer these by itself."""
    event = gateway_event("OPTIONS", "/bookings")
    return Answer.of_gateway(api.app({**event, "headers": {**headers}}, None))


def cors_headers(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.startswith("Access-Control-")}


def test_without_a_list_no_page_may_read_anything(api: Api) -> None:
    answer = api.request("GET", "/health", headers={"Origin": PAGE})
    assert answer.status == 200
    assert cors_headers(dict(answer.headers)) == {}
    assert "Vary" not in answer.headers


def test_without_a_list_no_page_may_send_anything(api: Api) -> None:
    answer = options(api, Origin=PAGE, **ASKS)
    assert answer.status == 405
    assert cors_headers(dict(answer.headers)) == {}


@pytest.mark.parametrize("origin", [PAGE, "http://localhost:3000"])
def test_a_listed_page_may_read_answers_and_errors(open_api: Api, origin: str) -> None:
    for path in ("/health", "/bookings/unknown"):
        answer = open_api.request("GET", path, headers={"Origin": origin})
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]
        assert answer.headers["Vary"] == "Origin"


def test_a_listed_page_may_send_with_a_token_and_a_key(open_api: Api) -> None:
    answer = options(open_api, Origin=PAGE, **ASKS)
    assert (answer.status, answer.text) == (204, "")
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST, PATCH, DELETE"
    assert answer.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type, Idempotency-Key"
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("origin", [OTHER, "null", "*", f"{PAGE}.evil.example", PAGE.upper(), ""])
def test_another_page_may_neither_read_nor_send(open_api: Api, origin: str) -> None:
    read = open_api.request("GET", "/health", headers={"Origin": origin})
    sent = options(open_api, Origin=origin, **ASKS)
    assert (read.status, sent.status) == (200, 405)
    for answer in (read, sent):
        assert cors_headers(dict(answer.headers)) == {}
        assert answer.headers["Vary"] == "Origin", "or a cache would give one page's answer to another"


def test_an_options_request_that_asks_for_nothing_is_none_of_these(open_api: Api) -> None:
    assert options(open_api, Origin=PAGE).status == 405


def test_a_request_of_another_method_is_none_of_these_whatever_it_carries(open_api: Api) -> None:
    answer = open_api.request("GET", "/health", headers={"Origin": PAGE, **ASKS})
    assert (answer.status, answer.json["status"]) == (200, "ok")


@pytest.mark.parametrize("path", ["/health", "/bookings/unknown", "/no/such/path", "/openapi.json"])
def test_every_answer_says_that_it_is_nothing_to_be_kept_framed_or_guessed_at(api: Api, path: str) -> None:
    headers = api.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_a_view_that_knows_better_keeps_its_own(api: Api) -> None:
    assert "script-src 'self'" in api.get("/docs").headers["Content-Security-Policy"]
    assert api.get("/docs/swagger-ui.css").headers["Cache-Control"] == "max-age=3600"
