"""The smoke test passes on a system that works, and on no other."""

from __future__ import annotations

import datetime
import io
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from deployment.smoke import Smoke, SmokeError, main
from local_stack.client import Answer
from tests.builders import NOW
from tests.handlers import api as in_memory
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.system import System

STEPS = 14


class FaultyApi:
    """The real application over in-memory stores; `fault` may replace its answers."""

    def __init__(self, fault: Callable[[str, str, Answer], Answer]) -> None:
        self._api = in_memory.Api()
        self._fault = fault

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, *, token: str | None = None) -> Answer:
        del token  # as where authentication is off
        answer = self._api.get(path) if method == "GET" else self._api.post(path, body)
        return self._fault(method, path, Answer(answer.status, answer.json))


class Scene:
    """The smoke test before such an API, with a clock that jumps instead of waiting."""

    def __init__(
        self,
        fault: Callable[[str, str, Answer], Answer] = lambda _method, _path, answer: answer,
        *,
        token: str | None = None,
    ) -> None:
        self.now = 0.0
        self.output = io.StringIO()
        console = Console(file=self.output, width=200)
        self.smoke = Smoke(
            FaultyApi(fault), console, today=NOW.date(), token=token, now=lambda: self.now, sleep=self._sleep
        )

    def _sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_running_system_passes(system: System, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", system.url], {}) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["ok"] * STEPS


def test_every_step_is_one_line() -> None:
    scene = Scene()

    scene.smoke.run()

    assert scene.output.getvalue().count("\n") == STEPS


def answers(path_ends: str, method: str, code: int, /, **body: Any) -> Callable[[str, str, Answer], Answer]:
    """A fault: another answer to one kind of request."""

    def fault(asked: str, path: str, answer: Answer) -> Answer:
        hit = asked == method and path.partition("?")[0].endswith(path_ends)
        return Answer(code, {**answer.body, **body}) if hit else answer

    return fault


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        (answers("/health", "GET", 500), "the process is up: .* should answer 200, not 500"),
        (answers("/ready", "GET", 503), "table and queue answer: .* not 503"),
        (answers("/no/such/path", "GET", 404, code="FORBIDDEN"), "404 with code NOT_FOUND"),
        (answers("/providers", "POST", 201), "an invalid body is a problem: .* not 201"),
        (answers("/availability", "POST", 404), "two free slots: .* not 404"),
        (answers("/bookings", "POST", 202), "nobody else can have it: .* should answer 409 .* not 202"),
        (answers("/bookings", "POST", 409, code="SLOT_UNAVAILABLE"), "the first is held: .* should answer 202"),
        (answers("/confirm", "POST", 200, status="PENDING"), "it is confirmed: .* with status CONFIRMED"),
        (answers("/bookings", "GET", 400, bookings=[{}]), "the provider's list has it: .* not 400"),
        (answers("/bookings", "GET", 200, bookings=[]), "the provider's list has it: .* still lists nothing"),
        (answers("/cancel", "POST", 409), "it is cancelled: .* not 409"),
        (answers("/slots", "GET", 200, slots=[]), "the slot is free again: slot .* is missing from the free ones"),
    ],
)
def test_it_stops_at_the_first_answer_that_is_wrong(
    fault: Callable[[str, str, Answer], Answer], complaint: str
) -> None:
    scene = Scene(fault)

    with pytest.raises(SmokeError, match=complaint) as caught:
        scene.smoke.run()

    assert "\n" not in str(caught.value)


def test_an_api_that_needs_no_token_is_found_by_who_has_one() -> None:
    with pytest.raises(SmokeError, match=r"nobody gets in without a token: .* should answer 401 .* not 404"):
        Scene(token="a.good.one").smoke.run()


def test_an_api_that_takes_any_token_is_found_too() -> None:
    answers_before = iter([401])

    def refuses_once(_method: str, path: str, answer: Answer) -> Answer:
        is_asked = path == "/providers/nobody"
        return Answer(next(answers_before, 404), {"code": "UNAUTHENTICATED"}) if is_asked else answer

    with pytest.raises(SmokeError, match=r"nor with a made-up one: .* should answer 401 .* not 404"):
        Scene(refuses_once, token="a.good.one").smoke.run()


def test_a_confirmed_slot_that_is_still_offered_is_found() -> None:
    slot = f"{NOW.date() + datetime.timedelta(days=2)}T09:00"

    with pytest.raises(SmokeError, match=r"it is not offered: slot .* is among the free ones"):
        Scene(answers("/slots", "GET", 200, slots=[{"slotId": slot}])).smoke.run()


def test_a_booking_that_can_be_read_only_later_is_waited_for() -> None:
    misses = iter([404, 404])

    def late(method: str, path: str, answer: Answer) -> Answer:
        is_read = method == "GET" and path.startswith("/bookings/")
        return Answer(next(misses, answer.status), answer.body) if is_read else answer

    scene = Scene(late)

    scene.smoke.run()

    assert scene.now > 0
    assert next(misses, None) is None


def test_a_booking_that_can_never_be_read_is_not_waited_for_for_ever() -> None:
    def never(method: str, path: str, answer: Answer) -> Answer:
        return Answer(404, {}) if method == "GET" and path.startswith("/bookings/") else answer

    with pytest.raises(SmokeError, match=r"the booking can be read: .* should answer 200 .* not 404"):
        Scene(never).smoke.run()


def test_an_address_that_nothing_answers_at_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    url = f"http://127.0.0.1:{free_port()}/prod"

    assert main(["--url", url], {}) == 1

    errors = capsys.readouterr().err
    assert errors.startswith(f"error: no booking API answers at {url}: ")
    assert errors.count("\n") == 1


def test_an_address_that_is_none_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", "example.com/prod"], {}) == 1

    errors = capsys.readouterr().err
    assert errors.startswith("error: --url must be like ")
    assert errors.count("\n") == 1
