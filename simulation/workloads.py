"""What the clients of a schedule do: chance decides, out of what people and programs do with a booking system."""

from collections.abc import Generator, Mapping
from typing import Any
from urllib.parse import urlencode

from chalicelib.domain.models import BookingStatus
from simulation.choices import Choices
from simulation.clients import Pause, Request, Script
from simulation.machine import HOLD_SECONDS, Answer

PROVIDER = "ann"
DAY = "2030-05-02"
TODAY = "2030-05-01"
SOON = f"{TODAY}T12:01"
"""A slot that starts within the schedule."""

_WINDOWS: tuple[Mapping[str, Any], ...] = (
    {"date": DAY, "startTime": "09:00", "endTime": "11:00", "slotDurationMinutes": 60},
    {"date": DAY, "startTime": "09:00", "endTime": "10:00", "slotDurationMinutes": 30},
    {"date": DAY, "startTime": "10:00", "endTime": "11:00", "slotDurationMinutes": 60},
)
_SLOTS = (f"{DAY}T09:00", f"{DAY}T10:00", SOON)
_PATIENCE = 3
"""How often a program asks again when it got no proper answer."""

_OK = 200
_ACCEPTED = 202
_SERVER_ERROR = 500


def opening() -> Script:
    """A provider with slots: what is there before anybody books."""
    yield Request("POST", "/providers", {"name": "Ann", "providerId": PROVIDER})
    yield Request("POST", f"/providers/{PROVIDER}/availability", _WINDOWS[0])
    soon = {"date": TODAY, "startTime": "12:01", "endTime": "12:31", "slotDurationMinutes": 30}
    yield Request("POST", f"/providers/{PROVIDER}/availability", soon)


def booker(user: str, choices: Choices, *, slots: int) -> Script:
    """Takes a slot, and confirms it, cancels it, does both, or forgets about it."""
    for _ in range(1 + choices.one_of(2)):
        slot_id = _SLOTS[choices.one_of(slots)]
        held = yield from _insist(
            Request("POST", "/bookings", {"providerId": PROVIDER, "slotId": slot_id, "userId": user}), choices
        )
        if held.status != _ACCEPTED:
            continue
        booking = f"/bookings/{held.body['bookingId']}"
        for _ in range(choices.one_of(4)):
            yield from _hesitate(choices)
            act = choices.pick([4.0, 2.0, 2.0])
            if act == 0:
                yield from _insist(Request("POST", f"{booking}/confirm"), choices)
            elif act == 1:
                yield from _insist(Request("POST", f"{booking}/cancel"), choices)
            else:
                yield Request("GET", booking)


def onlooker(choices: Choices) -> Script:
    """Looks at what is free."""
    for _ in range(1 + choices.one_of(3)):
        yield from _hesitate(choices)
        yield Request("GET", f"/providers/{PROVIDER}/slots?date={DAY}")


def planner(choices: Choices) -> Script:
    """Sets the day anew, while it is being booked."""
    for _ in range(1 + choices.one_of(2)):
        yield from _hesitate(choices)
        window = _WINDOWS[choices.one_of(len(_WINDOWS))]
        yield from _insist(Request("POST", f"/providers/{PROVIDER}/availability", window), choices)


def lister(choices: Choices) -> Script:
    """Lists somebody's bookings, some or all of them."""
    owners = (f"/providers/{PROVIDER}", "/users/user-0", "/users/user-1")
    for _ in range(1 + choices.one_of(2)):
        yield from _hesitate(choices)
        asked = {
            "order": ("asc", "desc")[choices.one_of(2)],
            "status": (None, *BookingStatus)[choices.one_of(1 + len(BookingStatus))],
            "from": (None, DAY)[choices.one_of(2)],
        }
        given = {name: value for name, value in asked.items() if value}
        yield from walk(f"{owners[choices.one_of(len(owners))]}/bookings", given, choices)


def walk(path: str, asked: Mapping[str, str], choices: Choices) -> Script:
    """Go through a listing, from page to page to its end; a page that was not answered is asked for once more."""
    cursor: str | None = None
    while True:
        limit = {"limit": str(1 + choices.one_of(3))}
        answer = yield from _insist(Request("GET", _url(path, {**asked, **limit}, cursor)), choices)
        if answer.status != _OK:
            return
        cursor = answer.body["nextCursor"]
        if cursor is None:
            return
        yield from _hesitate(choices)


def _url(path: str, asked: Mapping[str, str], cursor: str | None) -> str:
    return f"{path}?{urlencode({**asked, **({'cursor': cursor} if cursor else {})})}"


def _hesitate(choices: Choices) -> Script:
    """Nothing, or a moment, or about as long as a hold."""
    seconds = (0.0, 1.0, HOLD_SECONDS - 0.5, HOLD_SECONDS + 0.5)[choices.pick([6.0, 1.0, 1.0, 1.0])]
    if seconds:
        yield Pause(seconds)


def _insist(request: Request, choices: Choices) -> Generator[Request | Pause, Answer | None, Answer]:
    """Ask again after an outage, as programs do; some do not."""
    answer = yield request
    for _ in range(_PATIENCE):
        if answer is None:
            raise RuntimeError(f"{request} was not answered")
        if answer.status < _SERVER_ERROR or choices.happens(0.3):
            break
        answer = yield request
    if answer is None:
        raise RuntimeError(f"{request} was not answered")
    return answer
