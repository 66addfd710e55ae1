"""Operations with the answers that they would get, so that a story names only what it is about.

Times are in seconds after `START`. An operation takes `TAKES` seconds, unless it says otherwise.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeAlias

from chalicelib.domain.instants import to_text
from simulation.histories import History, Kind, Operation, anomalies

START = 1_900_000_000.0
HOLD = 300
TAKES = 0.1
PROVIDER, DAY = "ann", "2030-05-02"
DAY_BEFORE, DAY_AFTER = "2030-05-01", "2030-05-03"
SLOT, OTHER_SLOT = f"{DAY}T09:00", f"{DAY}T10:00"

Body: TypeAlias = dict[str, Any]

_numbers = count(1)


def text(at: float) -> str:
    """An instant as the API shows it; `at` is in seconds after the start."""
    return to_text(datetime.fromtimestamp(round(START + at, 6), tz=UTC))


def operation(kind: Kind, at: float, status: int | None, body: Body | None = None, **fields: Any) -> Operation:
    """An operation that begins at `at`; without a status, no answer came."""
    takes = fields.pop("takes", TAKES)
    fields.setdefault("client", f"client-{next(_numbers)}")
    returned = None if status is None else START + at + takes
    return Operation(kind=kind, invoked=START + at, returned=returned, status=status, body=body or {}, **fields)


def place(slot_id: str) -> Body:
    """What a booking tells of its slot."""
    hour = slot_id[-5:]
    return {"slotId": slot_id, "startsAt": f"{DAY}T{hour}:00Z", "endsAt": f"{DAY}T{hour[:2]}:30:00Z"}


def pending(booking_id: str, slot_id: str, user_id: str, *, created: float) -> Body:
    """A PENDING booking."""
    return {
        "bookingId": booking_id,
        "status": "PENDING",
        "providerId": PROVIDER,
        **place(slot_id),
        "userId": user_id,
        "timeZone": "UTC",
        "createdAt": text(created),
        "updatedAt": text(created),
        "expiresAt": text(-(-(created + HOLD) // 1)),
    }


def hold(
    at: float, *, slot_id: str = SLOT, user_id: str = "user", created: float | None = None, **fields: Any
) -> Operation:
    """A hold that gets the slot, by a clock that was read when it began."""
    booking_id = f"booking-{next(_numbers)}"
    body = pending(booking_id, slot_id, user_id, created=at if created is None else created)
    asked = {"provider_id": PROVIDER, "slot_id": slot_id, "user_id": user_id}
    return operation(Kind.HOLD, at, 202, body, **asked, **fields)


def hold_without(status: int | None, at: float, *, slot_id: str = SLOT, **fields: Any) -> Operation:
    """A hold that is refused, fails, or gets no answer."""
    codes = {
        404: "SLOT_NOT_FOUND",
        409: "SLOT_UNAVAILABLE",
        422: "IDEMPOTENCY_KEY_REUSED",
        429: "TOO_MANY_HOLDS",
        503: "SERVICE_UNAVAILABLE",
    }
    body = {"code": codes[status]} if status else {}
    return operation(Kind.HOLD, at, status, body, provider_id=PROVIDER, slot_id=slot_id, user_id="user", **fields)


def once_more(held: Operation, at: float, *, takes: float = TAKES) -> Operation:
    """The same request again, which is given the same answer."""
    return replace(held, client=f"client-{next(_numbers)}", invoked=START + at, returned=START + at + takes)


def shown(
    held: Operation,
    status: str,
    *,
    since: float | None = None,
    slot_id: str | None = None,
    moved: float | None = None,
    **changes: Any,
) -> Body:
    """The booking of a hold in a status, in which it is since `since`; an expired one since its deadline.

    With `slot_id` it is on another slot than it was held on; `moved` is when, if it has not changed since.
    """
    body = {**held.body, "status": status, **(place(slot_id) if slot_id else {})}
    if status != "PENDING":
        deadline = body.pop("expiresAt")
        at = deadline if since is None else text(since)
        body |= {"updatedAt": at, f"{status.lower()}At": at}
    if moved is not None:
        body["updatedAt"] = text(moved)
    return {**body, **changes}


def get(held: Operation, at: float, status: str, *, since: float | None = None, **fields: Any) -> Operation:
    """A read that shows the booking in a status."""
    takes = {"takes": fields.pop("takes", TAKES)}
    return operation(
        Kind.GET, at, 200, shown(held, status, since=since, **fields), booking_id=held.body["bookingId"], **takes
    )


def step(
    held: Operation,
    kind: Kind,
    at: float,
    *,
    since: float | None = None,
    slot_id: str | None = None,
    moved: float | None = None,
    **fields: Any,
) -> Operation:
    """A confirm or a cancel that is done, since its beginning if nothing else is said."""
    status = f"{kind.upper()}{'ED' if kind is Kind.CONFIRM else 'LED'}"
    body = shown(held, status, since=at if since is None else since, slot_id=slot_id, moved=moved)
    return operation(kind, at, 200, body, booking_id=held.body["bookingId"], **fields)


def confirm(held: Operation, at: float, **fields: Any) -> Operation:
    return step(held, Kind.CONFIRM, at, **fields)


def cancel(held: Operation, at: float, **fields: Any) -> Operation:
    return step(held, Kind.CANCEL, at, **fields)


def reschedule(
    held: Operation,
    at: float,
    *,
    slot_id: str = OTHER_SLOT,
    status: str = "PENDING",
    since: float | None = None,
    moved: float | None = None,
    **fields: Any,
) -> Operation:
    """A reschedule that is done, at its beginning if nothing else is said; `since` is when it was confirmed."""
    body = shown(held, status, since=since, slot_id=slot_id, moved=at if moved is None else moved)
    return operation(Kind.RESCHEDULE, at, 200, body, booking_id=held.body["bookingId"], slot_id=slot_id, **fields)


def not_rescheduled(
    held: Operation, at: float, code: str = "SLOT_UNAVAILABLE", *, slot_id: str = OTHER_SLOT, **fields: Any
) -> Operation:
    """A reschedule that is refused for its slot, or by the provider's policy."""
    status = 404 if code == "SLOT_NOT_FOUND" else 409
    booking_id = held.body["bookingId"]
    return operation(Kind.RESCHEDULE, at, status, {"code": code}, booking_id=booking_id, slot_id=slot_id, **fields)


def refused(held: Operation, kind: Kind, at: float, status: str, **fields: Any) -> Operation:
    """A step that the booking's status forbids."""
    body = {"code": "BOOKING_CONFLICT", "bookingStatus": status}
    return operation(kind, at, 409, body, booking_id=held.body["bookingId"], **fields)


def unsettled(held: Operation, kind: Kind, at: float, status: int | None = None, **fields: Any) -> Operation:
    """A step that nobody knows the end of."""
    body = {"code": "SERVICE_UNAVAILABLE"} if status else {}
    return operation(kind, at, status, body, booking_id=held.body["bookingId"], **fields)


def not_found(held: Operation, at: float, kind: Kind = Kind.GET) -> Operation:
    return operation(kind, at, 404, {"code": "BOOKING_NOT_FOUND"}, booking_id=held.body["bookingId"])


def slot_view(slot_id: str, status: str = "AVAILABLE") -> Body:
    """A slot in a list."""
    return {"slotId": slot_id, "startsAt": f"{slot_id}:00Z", "status": status}


def slots(at: float, *slot_ids: str, **fields: Any) -> Operation:
    """A list of the free slots."""
    body = {"providerId": PROVIDER, "date": DAY, "slots": [slot_view(each) for each in slot_ids]}
    return operation(Kind.SLOTS, at, 200, body, provider_id=PROVIDER, day=DAY, **fields)


def page(at: float, *slot_ids: str, more: bool = False, **fields: Any) -> Operation:
    """A page of the free slots of some days around the day."""
    listed = slots(at, *slot_ids, last_day=DAY_AFTER, **fields)
    return replace(listed, day=DAY_BEFORE, body={**listed.body, "nextCursor": "next" if more else None})


def closing(at: float, *kept: str, status: int | None = 200, **fields: Any) -> Operation:
    """Closing the day, on which these slots are owned."""
    body = {"slots": [slot_view(each, "RESERVED") for each in kept]} if status == 200 else {}
    return operation(Kind.CLOSING, at, status, body, provider_id=PROVIDER, day=DAY, **fields)


def pattern(at: float, *days: str, status: int | None = 201, **fields: Any) -> Operation:
    """Setting these days out of three."""
    body = {"days": [{"date": each} for each in days], "kept": []} if status == 201 else {}
    fields = {"provider_id": PROVIDER, "day": DAY_BEFORE, "last_day": DAY_AFTER, **fields}
    return operation(Kind.AVAILABILITY, at, status, body, **fields)


def availability(at: float, *slot_ids: str, status: int | None = 201, **fields: Any) -> Operation:
    """Setting the day to these slots."""
    body = {"slots": [slot_view(each) for each in slot_ids]} if status == 201 else {}
    return operation(Kind.AVAILABILITY, at, status, body, provider_id=PROVIDER, day=DAY, **fields)


def found_in(story: Iterable[Operation], **terms: Any) -> list[str]:
    """The anomalies of a story."""
    history = History()
    history.add(*story)
    chosen: Mapping[str, Any] = {"hold_seconds": [HOLD], "max_active_holds": 100, **terms}
    return anomalies(history, **chosen)


def rules(found: Iterable[str]) -> set[str]:
    """Which rules were broken."""
    return {each.partition(":")[0] for each in found}
