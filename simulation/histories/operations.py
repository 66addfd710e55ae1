"""What clients asked, and what they were answered, with the times at which each knew it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

Json: TypeAlias = Mapping[str, Any]


class Kind(StrEnum):
    """What a request asks for."""

    HOLD = "hold"
    GET = "get"
    CONFIRM = "confirm"
    CANCEL = "cancel"
    RESCHEDULE = "reschedule"
    SLOTS = "slots"
    """The free slots of a day, or a page of those of several days."""
    AVAILABILITY = "availability"
    """Setting the slots of a day, or of some weekdays."""
    POLICY = "policy"
    """A change of what the provider asks of those who book."""
    CLOSING = "closing"
    """Closing a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One HTTP request and its answer. Times are seconds since 1970, by one clock for all clients."""

    client: str
    kind: str
    invoked: float
    returned: float | None = None
    """None: no answer ever came, and nobody knows what was done."""
    status: int | None = None
    body: Json = field(default_factory=dict)
    """The answer's JSON."""
    provider_id: str | None = None
    slot_id: str | None = None
    """The slot that is asked for."""
    booking_id: str | None = None
    user_id: str | None = None
    key: str | None = None
    """The idempotency key that was sent along."""
    day: str | None = None
    last_day: str | None = None
    """The last one of a range that begins on `day`; None for a single day."""
    is_continued: bool = False
    """Whether it asks for a page that is not the first."""

    @property
    def is_unsettled(self) -> bool:
        """Whether the answer leaves open what was done, if there was any."""
        return self.status is None or self.status >= 500

    def __str__(self) -> str:
        parts = (self.provider_id, self.booking_id, self.slot_id)
        about = "/".join(each for each in parts if each) + (f" with key {self.key}" if self.key else "")
        answer = " ".join(str(self.body[key]) for key in ("status", "code", "bookingStatus") if key in self.body)
        returned = "never" if self.returned is None else f"{self.returned:.6f}"
        return f"{self.client}'s {self.kind} of {about} [{self.invoked:.6f} to {returned}] -> {self.status} {answer}"


class Call:
    """A request that is on its way."""

    def __init__(self, operation: Operation, clock: Callable[[], float]) -> None:
        self.operation = operation
        self._clock = clock

    def end(self, status: int, body: Any) -> None:
        """Record the answer, which has come just now; `body` is its JSON."""
        document = body if isinstance(body, Mapping) else {}
        self.operation = replace(self.operation, returned=self._clock(), status=status, body=document)


class History:
    """Everything that the clients of one system did, in no particular order. Threads may share one."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._calls: list[Call] = []

    @property
    def operations(self) -> list[Operation]:
        """What was recorded so far; calls that have not ended are without an answer."""
        return [call.operation for call in self._calls]

    def begin(
        self, client: str, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Call:
        """Record a request that is about to be sent; `body` is its JSON. What no rule is about is not kept."""
        what = _meaning(method, url, body if isinstance(body, Mapping) else {}, headers or {})
        call = Call(Operation(client=client, invoked=self._clock(), **{"kind": "", **what}), self._clock)
        if what:
            self._calls.append(call)
        return call

    def add(self, *operations: Operation) -> None:
        """Record what is over already."""
        self._calls += [Call(operation, self._clock) for operation in operations]


def _meaning(method: str, url: str, body: Json, headers: Mapping[str, str]) -> dict[str, Any]:
    """The request in the terms of an operation; nothing, if it is none that a rule is about."""
    parts = urlsplit(url)
    match (method, *parts.path.strip("/").split("/")):
        case ("POST", "bookings"):
            names = {"provider_id": "providerId", "slot_id": "slotId", "user_id": "userId"}
            asked = {name: body.get(key) for name, key in names.items()}
            return {"kind": Kind.HOLD, "key": headers.get("Idempotency-Key"), **asked}
        case ("GET", "bookings", booking_id):
            return {"kind": Kind.GET, "booking_id": booking_id}
        case ("POST", "bookings", booking_id, "confirm" | "cancel" as kind):
            return {"kind": Kind(kind), "booking_id": booking_id}
        case ("POST", "bookings", booking_id, "reschedule"):
            return {"kind": Kind.RESCHEDULE, "booking_id": booking_id, "slot_id": body.get("slotId")}
        case ("GET", "providers", provider_id, "slots"):
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            days = _days(query, one="date", first="from", last="to")
            return {"kind": Kind.SLOTS, "provider_id": provider_id, **days, "is_continued": "cursor" in query}
        case ("PATCH", "providers", provider_id):
            return {"kind": Kind.POLICY, "provider_id": provider_id}
        case ("POST", "providers", provider_id, "availability"):
            days = _days(body, one="date", first="startDate", last="endDate")
            return {"kind": Kind.AVAILABILITY, "provider_id": provider_id, **days}
        case ("DELETE", "providers", provider_id, "availability", day):
            return {"kind": Kind.CLOSING, "provider_id": provider_id, "day": day}
        case _:
            return {}


def _days(given: Json, *, one: str, first: str, last: str) -> dict[str, Any]:
    return {"day": given[one]} if one in given else {"day": given.get(first), "last_day": given.get(last)}
