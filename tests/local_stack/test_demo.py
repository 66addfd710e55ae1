from __future__ import annotations

import datetime
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from chalice.app import Chalice, Response
from rich.console import Console

from local_stack.client import Api
from local_stack.demo import Demo, DemoError, main
from local_stack.server import ApiServer
from tests.local_stack.support import Clock, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TODAY = datetime.date(2027, 1, 15)


class Bookings:
    """As much of the booking API as the demonstration looks at, in memory; `faults` replace answers by path."""

    def __init__(self, clock: Clock, *, hold_seconds: float) -> None:
        self.faults: dict[str, tuple[int, Any]] = {}
        self._clock = clock
        self._hold_seconds = hold_seconds
        self._slots: list[str] = []
        self._bookings: dict[str, dict[str, Any]] = {}
        self.app = Chalice(app_name="bookings", configure_logs=False)
        self._route("GET", "/health/ready", lambda: (200, {}))
        self._route("POST", "/providers", lambda: (201, {}))
        self._route("POST", "/providers/{provider}/availability", self._availability)
        self._route("GET", "/providers/{provider}/slots", self._free)
        self._route("POST", "/bookings", self._hold)
        self._route("GET", "/bookings/{booking}", lambda booking: (200, self._seen(booking)))
        self._route("POST", "/bookings/{booking}/confirm", lambda booking: self._move(booking, "CONFIRMED"))
        self._route("POST", "/bookings/{booking}/cancel", lambda booking: self._move(booking, "CANCELLED"))

    def _route(self, method: str, path: str, answer: Callable[..., tuple[int, Any]]) -> None:
        def view(**parameters: str) -> Response:
            status, body = self.faults.get(path) or answer(**parameters)
            return Response(json.dumps(body), status_code=status, headers={"Content-Type": "application/json"})

        view.__name__ = f"{method}{path}"
        self.app.route(path, methods=[method])(view)

    def _availability(self, provider: str) -> tuple[int, Any]:
        self._slots = [f"{provider}-{number}" for number in range(4)]
        return 201, {"slotsCreated": 4}

    def _free(self, provider: str) -> tuple[int, Any]:
        taken = {self._seen(b)["slotId"] for b in self._bookings if self._seen(b)["status"] in ("PENDING", "CONFIRMED")}
        slots = [{"slotId": slot} for slot in self._slots if slot not in taken and slot.startswith(provider)]
        return 200, {"slots": slots, "count": len(slots)}

    def _hold(self) -> tuple[int, Any]:
        request = json.loads(self.app.current_request.raw_body)  # type: ignore[union-attr] # there is one
        if request["slotId"] not in {slot["slotId"] for slot in self._free(request["providerId"])[1]["slots"]}:
            return 409, {"code": "SLOT_UNAVAILABLE"}
        expires = datetime.datetime.fromtimestamp(self._clock() + self._hold_seconds, tz=datetime.UTC)
        booking = {
            "bookingId": f"booking-{len(self._bookings)}",
            "status": "PENDING",
            "slotId": request["slotId"],
            "expiresAt": expires.isoformat().replace("+00:00", "Z"),
        }
        self._bookings[booking["bookingId"]] = booking
        return 202, booking

    def _move(self, booking: str, status: str) -> tuple[int, Any]:
        self._bookings[booking]["status"] = status
        return 200, self._bookings[booking]

    def _seen(self, booking: str) -> dict[str, Any]:
        kept = self._bookings[booking]
        lapsed = datetime.datetime.fromisoformat(kept["expiresAt"]).timestamp() <= self._clock()
        return kept | {"status": "EXPIRED"} if kept["status"] == "PENDING" and lapsed else kept


class Scene:
    """The demonstration before such an API, with a clock that jumps instead of waiting."""

    def __init__(self, *, hold_seconds: float, wait: bool = False) -> None:
        self.clock = Clock()
        self.bookings = Bookings(self.clock, hold_seconds=hold_seconds)
        self.server = ApiServer(self.bookings.app, host="127.0.0.1", port=0)
        self.server.start()
        self.output = io.StringIO()
        self.demo = Demo(
            Api(self.server.url),
            Console(file=self.output, width=200),
            wait=wait,
            today=TODAY,
            now=self.clock,
            sleep=self._sleep,
        )

    def _sleep(self, seconds: float) -> None:
        self.clock.now += seconds


@pytest.fixture
def scenes() -> Iterator[Callable[..., Scene]]:
    made: list[Scene] = []

    def make(**arguments: Any) -> Scene:
        made.append(Scene(**arguments))
        return made[-1]

    yield make
    for scene in made:
        scene.server.stop()


def test_a_short_hold_is_waited_for(scenes: Callable[..., Scene]) -> None:
    scene = scenes(hold_seconds=5)

    scene.demo.run()

    text = scene.output.getvalue()
    assert "409  code SLOT_UNAVAILABLE" in text
    assert "status CANCELLED" in text
    assert "status EXPIRED" in text
    assert text.count("status CONFIRMED") == 2


def test_a_long_hold_is_not_waited_for_but_explained(scenes: Callable[..., Scene]) -> None:
    scene = scenes(hold_seconds=300)

    scene.demo.run()

    assert "make run HOLD_SECONDS=5" in scene.output.getvalue()
    assert "EXPIRED" not in scene.output.getvalue()


def test_a_long_hold_is_waited_for_when_asked(scenes: Callable[..., Scene]) -> None:
    scene = scenes(hold_seconds=300, wait=True)

    scene.demo.run()

    assert "status EXPIRED" in scene.output.getvalue()


@pytest.mark.parametrize(
    ("path", "answer", "complaint"),
    [
        ("/health/ready", (503, {}), "should have answered 200, not 503"),
        ("/bookings/{booking}/confirm", (409, {}), "should have answered 200, not 409"),
        ("/bookings/{booking}/cancel", (200, {}), "the cancelled slot is not free"),
        ("/bookings/{booking}", (200, {"status": "PENDING"}), "did not expire"),
    ],
)
def test_it_fails_at_the_first_answer_that_is_wrong(
    scenes: Callable[..., Scene], path: str, answer: tuple[int, Any], complaint: str
) -> None:
    scene = scenes(hold_seconds=5)
    scene.bookings.faults[path] = answer

    with pytest.raises(DemoError, match=complaint):
        scene.demo.run()


def test_a_system_that_does_not_run_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", f"http://127.0.0.1:{free_port()}"]) == 1

    errors = capsys.readouterr().err
    assert errors.startswith("error: no booking API answers at http://127.0.0.1:")
    assert "make run" in errors
    assert errors.count("\n") == 1


def test_an_address_that_is_none_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", "localhost"]) == 1

    assert capsys.readouterr().err.startswith("error: --url must be like")
