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

HOLD_LENGTHS = (HOLD_SECONDS, 4, 15)
"""How long holds can be, in seconds: as configured, or as the provider wants it."""

_POLICIES: tuple[Mapping[str, int | None], ...] = (
    {"holdSeconds": HOLD_LENGTHS[1]},
    {"holdSeconds": HOLD_LENGTHS[2], "minNoticeMinutes": 0},
    {"minNoticeMinutes": 1259},
    {"cancelCutoffMinutes": 1259},
    {"cancelCutoffMinutes": 1319, "maxAdvanceDays": 0},
    {"minNoticeMinutes": None, "cancelCutoffMinutes": 0, "maxAdvanceDays": 1},
    {"holdSeconds": None, "minNoticeMinutes": None, "cancelCutoffMinutes": None, "maxAdvanceDays": None},
)
"""Until `SOON` starts, it is 0 whole minutes ahead, and the other two slots are 1259 and 1319."""

_WINDOWS: tuple[Mapping[str, Any], ...] = (
    {"date": DAY, "startTime": "09:00", "endTime": "11:00", "slotDurationMinutes": 60},
    {"date": DAY, "startTime": "09:00", "endTime": "10:00", "slotDurationMinutes": 15},
    {"date": DAY, "startTime": "10:00", "endTime": "11:00", "slotDurationMinutes": 60},
)
_PATTERN: Mapping[str, Any] = {
    "startDate": TODAY,
    "endDate": DAY,
    "weekdays": ["WEDNESDAY", "THURSDAY"],
    "windows": [
        {"startTime": "09:00", "endTime": "11:00", "slotDurationMinutes": 60},
        {"startTime": "12:01", "endTime": "12:31", "slotDurationMinutes": 30},
    ],
}
"""Today and the day, with all slots that are booked."""

_SLOTS = (f"{DAY}T09:00", f"{DAY}T10:00", SOON)
_PATIENCE = 3
"""How often a program asks again when it got no proper answer."""

_OK = 200
_ACCEPTED = 202
_SERVER_ERROR = 500


def opening(choices: Choices) -> Script:
    """A provider with slots: what is there before anybody books. Sometimes it is nearly time for `SOON` then."""
    yield Request("POST", "/providers", {"name": "Ann", "providerId": PROVIDER})
    yield Request("POST", f"/providers/{PROVIDER}/availability", _WINDOWS[0])
    soon = {"date": TODAY, "startTime": "12:01", "endTime": "12:31", "slotDurationMinutes": 30}
    yield Request("POST", f"/providers/{PROVIDER}/availability", soon)
    if choices.happens(0.3):
        yield Pause(50.0)


def booker(user: str, choices: Choices, *, slots: int, always_with_key: bool = False) -> Script:
    """Takes a slot, and confirms it, cancels it, reschedules it, does some of these, or forgets about it.

    Some send an idempotency key, and the request once more though it was answered. Keys of a user are few.
    """
    for _ in range(1 + choices.one_of(2)):
        body = {"providerId": PROVIDER, "slotId": _SLOTS[choices.one_of(slots)], "userId": user}
        key = choices.pick([0.0 if always_with_key else 3.0, 2.0, 1.0])
        hold = Request("POST", "/bookings", body, {"Idempotency-Key": f"key-{key}"} if key else None)
        held = yield from _insist(hold, choices)
        if held.status != _ACCEPTED:
            continue
        booking = f"/bookings/{held.body['bookingId']}"
        for _ in range(choices.one_of(4)):
            yield from _hesitate(choices)
            act = choices.pick([4.0, 2.0, 2.0, 3.0, 1.0 if key else 0.0])
            if act == 0:
                yield from _insist(Request("POST", f"{booking}/confirm"), choices)
            elif act == 1:
                yield from _insist(Request("POST", f"{booking}/cancel"), choices)
            elif act == 2:
                yield Request("GET", booking)
            elif act == 3:
                other = {"slotId": _SLOTS[choices.one_of(slots)]}
                yield from _insist(Request("POST", f"{booking}/reschedule", other), choices)
            else:
                yield from _insist(hold, choices)


def hoarder(user: str, choices: Choices) -> Script:
    """Takes one slot after the other, settles some, and wants as many as there are. A user may have several of them."""
    held: list[str] = []
    for _ in range(2 + choices.one_of(4)):
        yield from _hesitate(choices)
        if held and choices.happens(0.3):
            step = ("confirm", "cancel", "reschedule")[choices.one_of(3)]
            body = {"slotId": _SLOTS[choices.one_of(len(_SLOTS))]} if step == "reschedule" else None
            yield from _insist(Request("POST", f"/bookings/{held[choices.one_of(len(held))]}/{step}", body), choices)
            continue
        asked = {"providerId": PROVIDER, "slotId": _SLOTS[choices.one_of(len(_SLOTS))], "userId": user}
        key = choices.pick([3.0, 1.0, 1.0])
        hold = Request("POST", "/bookings", asked, {"Idempotency-Key": f"hoard-{key}"} if key else None)
        answer = yield from _insist(hold, choices)
        if answer.status == _ACCEPTED:
            held.append(answer.body["bookingId"])


def onlooker(choices: Choices) -> Script:
    """Looks at what is free, on the day or page by page, and at what is set."""
    for _ in range(1 + choices.one_of(3)):
        yield from _hesitate(choices)
        looks_at = choices.one_of(3)
        if looks_at == 0:
            yield Request("GET", f"/providers/{PROVIDER}/slots?date={DAY}")
        elif looks_at == 1:
            yield from _leaf_through(f"/providers/{PROVIDER}/slots?from={TODAY}&to={DAY}&limit=1")
        else:
            yield Request("GET", f"/providers/{PROVIDER}/availability?from={TODAY}&to={DAY}")


def planner(choices: Choices) -> Script:
    """Sets the day anew, by itself or in a pattern, or closes it, while it is being booked."""
    for _ in range(1 + choices.one_of(2)):
        yield from _hesitate(choices)
        plan = choices.one_of(len(_WINDOWS) + 2)
        if plan < len(_WINDOWS):
            request = Request("POST", f"/providers/{PROVIDER}/availability", _WINDOWS[plan])
        elif plan == len(_WINDOWS):
            request = Request("POST", f"/providers/{PROVIDER}/availability", _PATTERN)
        else:
            request = Request("DELETE", f"/providers/{PROVIDER}/availability/{DAY}")
        yield from _insist(request, choices)


def _leaf_through(path: str) -> Script:
    """Look at all pages of a list, as long as they come."""
    answer = yield Request("GET", path)
    while answer is not None and answer.body.get("nextCursor"):
        answer = yield Request("GET", f"{path}&cursor={answer.body['nextCursor']}")


def rule_maker(choices: Choices) -> Script:
    """Changes what the provider asks of those who book, while they do."""
    for _ in range(1 + choices.one_of(3)):
        yield from _hesitate(choices)
        rules = _POLICIES[choices.one_of(len(_POLICIES))]
        yield from _insist(Request("PATCH", f"/providers/{PROVIDER}", rules), choices)


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
