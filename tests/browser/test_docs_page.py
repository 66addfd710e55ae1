"""`/docs` in a real browser: it works by itself, lists every operation, and tries one out."""

import os
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from deployment.operations import OPERATIONS
from tests.system import PATIENCE_SECONDS, ROOT, System

PICTURE = ROOT / "build/docs.png"
PUBLIC = {key for key, operation in OPERATIONS.items() if operation.is_public}
HEALTH = "#operations-Service-health"

_QUIET = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
"""A root user has no sandbox; and the browser asks for nothing by itself."""


def executable() -> str:
    """The browser. Where there is none, the test is skipped; in CI it fails."""
    names = ("chromium", "google-chrome")
    if found := next(filter(None, map(shutil.which, names)), None):
        return found
    missing = "the tests in a browser need the command chromium on the PATH, such as Debian's package of that name"
    if os.environ.get("CI") == "true":
        pytest.fail(missing, pytrace=False)
    pytest.skip(missing)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = executable()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=_QUIET)
        yield started
        started.close()


class Visit:
    """A page, and all that it asks for and complains about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE_SECONDS * 1000)
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        # What the page's policy refuses is told here.
        page.on("console", lambda message: self.complaints.append(message.text))

    def operations(self) -> set[tuple[str, str]]:
        """The operations that are listed, once the page has come up."""
        self.page.wait_for_selector(HEALTH)
        listed = self.page.locator(".opblock-summary").all()
        return {
            (
                each.locator(".opblock-summary-method").inner_text(),
                str(each.locator(".opblock-summary-path").get_attribute("data-path")),
            )
            for each in listed
        }

    def try_health_out(self) -> None:
        """Ask whether the process is up, as a person would, and wait for the answer."""
        self.page.click(f"{HEALTH} .opblock-summary-control")
        self.page.click(f"{HEALTH} .execute")
        answer = self.page.locator(f"{HEALTH} .live-responses-table")
        expect(answer.locator(".response-col_status").nth(1)).to_contain_text("200", timeout=PATIENCE_SECONDS * 1000)
        expect(answer).to_contain_text('"status": "ok"', timeout=PATIENCE_SECONDS * 1000)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    yield Visit(page)
    page.close()


def test_the_page_lists_every_operation_tries_one_out_and_asks_no_other_host(system: System, visit: Visit) -> None:
    visit.page.goto(f"{system.url}/docs")

    assert visit.operations() == PUBLIC
    visit.try_health_out()
    assert {urlsplit(url).netloc for url in visit.asked} == {urlsplit(system.url).netloc}
    assert visit.asked[-1] == f"{system.url}/health"
    assert visit.complaints == []

    PICTURE.parent.mkdir(exist_ok=True)
    visit.page.screenshot(path=PICTURE, full_page=True)
    assert PICTURE.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
def test_the_page_works_under_a_stage_as_the_gateway_has_it(system: System, visit: Visit, path: str) -> None:
    stage = "http://gateway.test/prod"

    def to_the_system(route: Route) -> None:
        route.fulfill(response=route.fetch(url=route.request.url.replace(stage, system.url)))

    visit.page.route(f"{stage}/**", to_the_system)
    visit.page.goto(stage + path)

    assert visit.operations() == PUBLIC
    visit.try_health_out()
    assert visit.asked[-1] == f"{stage}/health"
    assert all(url.startswith(stage) for url in visit.asked)
    assert visit.complaints == []
