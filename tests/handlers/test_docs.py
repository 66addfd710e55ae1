"""`/openapi.json` and `/docs`: served as they are, under any stage, asking nothing of another host."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest

from chalicelib.handlers import docs
from tests.handlers.api import Answer, Api, gateway_event


class Addresses(HTMLParser):
    """What a page refers to, and where from."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.base = ""
        self.found: list[str] = []
        self.inline: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        address = given.get("href") or given.get("src") or ""
        if tag == "base":
            self.base = address
        elif tag == "link" or tag == "script":
            self.found.append(address)
        self.inline += [name for name in given if name == "style" or name.startswith("on")]


def page(path: str = "/docs") -> Answer:
    """The page as it is served under a stage."""
    event = gateway_event("GET", path, resource="/docs")
    return Answer.of_gateway(Api().app(event, None))


def test_the_document_is_the_one_that_was_generated(api: Api) -> None:
    answer = api.get("/openapi.json")

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json["paths"].keys() >= {"/bookings", "/providers"}


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
def test_the_page_finds_its_parts_under_the_stage_with_or_without_a_slash_at_the_end(path: str) -> None:
    addresses = Addresses(page(path).text)
    base = urljoin(f"https://api.test/v1{path}", addresses.base)

    own = [urljoin(base, address) for address in addresses.found if not address.startswith("data:")]
    assert own == ["https://api.test/v1/docs/swagger-ui.css", "https://api.test/v1/docs/swagger-ui.js"]
    assert urljoin(base, "openapi.json") == "https://api.test/v1/openapi.json"


def test_the_page_may_load_run_and_ask_nothing_but_its_own_host() -> None:
    policy = dict(directive.split(" ", 1) for directive in page().headers["Content-Security-Policy"].split("; "))

    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'self'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


def test_the_page_needs_no_exception_from_its_policy() -> None:
    addresses = Addresses(page().text)

    assert addresses.inline == []
    assert not re.search(r"<script[^>]*>[^<]", page().text)
    assert "<style" not in page().text


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/openapi.json", "application/json"),
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/swagger-ui.css", "text/css; charset=utf-8"),
        ("/docs/swagger-ui.js", "text/javascript; charset=utf-8"),
    ],
)
def test_each_part_says_what_it_is_and_is_taken_for_nothing_else(api: Api, path: str, content_type: str) -> None:
    answer = api.get(path)

    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_each_part_fits_into_what_a_function_may_answer(api: Api) -> None:
    for path in ("/openapi.json", "/docs", "/docs/swagger-ui.css", "/docs/swagger-ui.js"):
        assert 0 < len(api.get(path).text.encode()) < 6_000_000, path


def test_the_script_is_the_viewer_and_starts_it(api: Api) -> None:
    script = api.get("/docs/swagger-ui.js").text

    assert script.startswith("/*! For license information")
    assert "SwaggerUIBundle({" in script[-400:]


def test_nothing_of_it_is_read_or_imported_before_it_is_asked_for() -> None:
    code = (
        "import sys\n"
        "sys.addaudithook(lambda name, args: print(args[0]) if name == 'open' else None)\n"
        "import app\n"
        "print('offapi' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "False"
    assert docs.DOCUMENT not in done.stdout
    assert "offapi/" not in done.stdout
