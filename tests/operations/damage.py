"""Tables that are sound, and tables that are damaged in one way each, with what is to be made of them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.dao.items import (
    Item,
    availability_item,
    camel,
    holds_item,
    idempotency_item,
    pending_item,
    policy_items,
    provider_item,
    slot_item,
    trigger_item,
)
from chalicelib.dao.values import deserialized, serialized
from chalicelib.domain.instants import to_epoch_second, to_text
from chalicelib.domain.models import NO_HOLDS, TIMESTAMP_OF, Booking, BookingStatus, Policy, Slot
from operations.invariants import Kind
from operations.records import Place, place_of
from tests.builders import HOLD, NOW, availability, booking, provider, slot

SLOT = slot()
NEXT = slot(provider_id=SLOT.provider_id, starts_at=SLOT.ends_at)
MINE, OTHER = booking(SLOT, user_id="mine"), booking(SLOT, user_id="other")
PROVIDER = provider(provider_id=SLOT.provider_id)
STRICT = replace(PROVIDER, policy=Policy(min_notice_minutes=60, hold_seconds=60))
ELSEWHERE = replace(MINE, slot_id=NEXT.slot_id, starts_at=NEXT.starts_at, ends_at=NEXT.ends_at)
"""The same booking, of another slot."""
LAST = slot(provider_id=SLOT.provider_id, starts_at=NEXT.ends_at)
MORE = [booking(each, user_id=MINE.user_id) for each in (NEXT, LAST)]
"""Further holds by the user of the first."""
MAX_ACTIVE_HOLDS = 2


DAY_ITEM = availability_item(SLOT.provider_id, replace(availability(), revision="revision-1"))


def free(of: Slot = SLOT, **changes: Any) -> Item:
    """A free slot."""
    return {**slot_item(of), **changes}


def held(by: Booking = MINE, of: Slot = SLOT, **changes: Any) -> Item:
    """A slot that a booking holds."""
    owner = {"heldBy": by.booking_id, "holdExpiresAt": to_epoch_second(by.expires_at)}
    return {**slot_item(of), "status": "HELD", **owner, **changes}


def reserved(by: Booking = MINE, of: Slot = SLOT, **changes: Any) -> Item:
    """A slot that is a booking's."""
    return {**slot_item(of), "status": "RESERVED", "reservedBy": by.booking_id, **changes}


def pending(of: Booking = MINE, **changes: Any) -> Item:
    """A booking's own item, as the worker writes it."""
    return {**pending_item(of), **changes}


def settled(of: Booking, status: str, *, at: datetime = NOW) -> Item:
    """A booking's own item after a step."""
    told = {"status": status, "updatedAt": to_text(at), camel(TIMESTAMP_OF[BookingStatus(status)]): to_text(at)}
    return {**pending_item(of), **told, "sequence": 1}


def confirmed(of: Booking = MINE) -> Item:
    return settled(of, "CONFIRMED")


def cancelled(of: Booking = MINE) -> Item:
    return settled(of, "CANCELLED")


def expired(of: Booking = MINE) -> Item:
    return settled(of, "EXPIRED", at=of.expires_at)


def trigger(of: Booking = MINE, **changes: Any) -> Item:
    """A booking's expiration trigger."""
    return {**trigger_item(of), **changes}


def counted(*of: Booking) -> Item:
    """What tells of the holds of a user."""
    holds = NO_HOLDS
    for each in of:
        holds = holds.and_of(each)
    return holds_item(of[0].user_id, holds)


def without(item: Item, *names: str) -> Item:
    """An item that lacks something."""
    return {name: value for name, value in item.items() if name not in names}


def as_stored(items: Iterable[Item]) -> list[Item]:
    """Items with numbers as the table gives them."""
    return [deserialized(serialized(item)) for item in items]


def by_place(items: Iterable[Item]) -> dict[Place, Item]:
    """Items by where they are."""
    return {place_of(item): dict(item) for item in items}


SOUND: dict[str, list[Item]] = {
    "a free slot": [free()],
    "two slots one after the other": [free(), free(NEXT)],
    "a hold": [held(), trigger()],
    "a hold that its user's holds tell of": [held(), trigger(), counted(MINE)],
    "a user who has held more slots than one may, but not at one time": [
        held(),
        trigger(),
        reserved(MORE[0], NEXT),
        confirmed(MORE[0]),
        pending(replace(MORE[1], expires_at=NOW)),
        counted(MINE, *MORE),
    ],
    "a hold of a slot that is withdrawn": [held(withdrawn=True), trigger()],
    "a withdrawn slot whose booking ended": [free(withdrawn=True), cancelled()],
    "a hold whose booking is written": [held(), trigger(), pending()],
    "a confirmed booking": [reserved(), confirmed()],
    "bookings that ended": [free(), cancelled(), expired(OTHER)],
    "a hold where another one ended": [held(OTHER), trigger(OTHER), expired()],
    "a booking that ended, and its slot is gone": [cancelled()],
    "a hold that is over, taken by another": [
        held(OTHER),
        trigger(OTHER),
        pending(replace(MINE, expires_at=NOW - timedelta(minutes=1))),
        trigger(replace(MINE, expires_at=NOW - timedelta(minutes=1))),
    ],
    "a provider with a policy": [provider_item(STRICT), *policy_items(STRICT)],
    "a provider whose policy was ended": [provider_item(PROVIDER), *policy_items(PROVIDER)],
    "a request that is remembered": [idempotency_item(MINE, MINE.user_id, "key-1"), held(), trigger()],
    "a booking that was rescheduled": [
        free(),
        held(of=NEXT),
        trigger(ELSEWHERE),
        pending(replace(ELSEWHERE, sequence=1)),
    ],
    "a provider and a day": [provider_item(PROVIDER), DAY_ITEM],
    "items of kinds that are not known here": [
        {"PK": "SOMETHING#1", "SK": "ELSE"},
        {"PK": f"PROVIDER#{SLOT.provider_id}", "SK": "POLICY"},
        {"PK": f"BOOKING#{MINE.booking_id}", "SK": "NOTE"},
    ],
}


@dataclass(frozen=True, kw_only=True)
class Damage:
    """A damaged table."""

    items: list[Item]
    found: set[Kind]
    mended: list[Item] | None = None
    """The whole table after a repair; None where a repair changes nothing."""
    left: set[Kind] | None = None
    """What is found after the repair, if that differs from what was found before, or from nothing once mended."""

    @property
    def found_after_repair(self) -> set[Kind]:
        if self.left is not None:
            return self.left
        return self.found if self.mended is None else set()


IN_BERLIN = slot(time_zone="Europe/Berlin")
"""09:00 by its id, 11:00 in Berlin."""
LONG = slot(provider_id=SLOT.provider_id, ends_at=NEXT.ends_at)
A_MINUTE_MORE = to_epoch_second(MINE.expires_at) + 60


def overdue(**by: float) -> Booking:
    """A booking whose hold ended so long ago."""
    ended = NOW.replace(microsecond=0) - timedelta(**by)
    return replace(MINE, expires_at=ended, created_at=ended - HOLD)


LATE, TOO_LATE = overdue(hours=1), overdue(hours=80)

DAMAGES: dict[str, Damage] = {
    "a trigger lacks its user": Damage(items=[held(), without(trigger(), "userId")], found={Kind.UNREADABLE}),
    "a booking's instant is a number": Damage(items=[pending(createdAt=1), trigger(), held()], found={Kind.UNREADABLE}),
    "a booking's status is unknown": Damage(items=[pending(status="LOST"), trigger(), held()], found={Kind.UNREADABLE}),
    "a booking's id is another's": Damage(
        items=[pending(bookingId=OTHER.booking_id), trigger(), held()], found={Kind.UNREADABLE}
    ),
    "a slot's deadline is text": Damage(
        items=[held(holdExpiresAt=str(to_epoch_second(MINE.expires_at))), trigger()], found={Kind.UNREADABLE}
    ),
    "a slot's owner is a number": Damage(items=[reserved(reservedBy=7)], found={Kind.UNREADABLE}),
    "a slot's owner is a list": Damage(items=[held(heldBy=[MINE.booking_id])], found={Kind.UNREADABLE}),
    "a slot's instant is spelled otherwise": Damage(
        items=[free(startsAt="2030-05-02T09:00:00+00:00")], found={Kind.UNREADABLE}
    ),
    "a slot is among another provider's": Damage(items=[free(PK="PROVIDER#another")], found={Kind.UNREADABLE}),
    "a provider has no name": Damage(items=[without(provider_item(PROVIDER), "name")], found={Kind.UNREADABLE}),
    "a day has no revision": Damage(items=[without(DAY_ITEM, "revision")], found={Kind.UNREADABLE}),
    "a day's window is a text": Damage(items=[{**DAY_ITEM, "windows": ["09:00"]}], found={Kind.UNREADABLE}),
    "a day's window ends at no time": Damage(
        items=[{**DAY_ITEM, "windows": [{**DAY_ITEM["windows"][0], "endTime": "noon"}]}], found={Kind.UNREADABLE}
    ),
    "a day's slots have a length that is text": Damage(
        items=[{**DAY_ITEM, "windows": [{**DAY_ITEM["windows"][0], "slotDurationMinutes": "60"}]}],
        found={Kind.UNREADABLE},
    ),
    "a slot is withdrawn and not": Damage(items=[free(withdrawn=False)], found={Kind.UNREADABLE}),
    "a withdrawn slot is held by a booking that ended": Damage(
        items=[held(withdrawn=True), expired()],
        found={Kind.HELD_FOR_NOBODY},
        mended=[free(withdrawn=True), expired()],
    ),
    "a copy of a policy has a rule as text": Damage(
        items=[provider_item(STRICT), *policy_items(STRICT)[1:], {**policy_items(STRICT)[0], "holdSeconds": "60"}],
        found={Kind.UNREADABLE},
    ),
    "a user's holds are not a map": Damage(
        items=[{**counted(MINE), "holds": [MINE.booking_id]}, held(), trigger()], found={Kind.UNREADABLE}
    ),
    "a user's holds end at another time than their last one": Damage(
        items=[{**counted(MINE), "ttl": A_MINUTE_MORE}, held(), trigger()], found={Kind.UNREADABLE}
    ),
    "a user holds more slots than one may": Damage(
        items=[
            held(),
            trigger(),
            pending(),
            *(item for each, of in zip(MORE, (NEXT, LAST), strict=True) for item in (held(each, of), trigger(each))),
        ],
        found={Kind.TOO_MANY_HOLDS},
    ),
    "a remembered request is another user's": Damage(
        items=[{**idempotency_item(MINE, "somebody", "key-1"), "userId": 1}, held(), trigger()],
        found={Kind.UNREADABLE},
    ),
    "a copy of a policy is missing": Damage(
        items=[provider_item(STRICT), *policy_items(STRICT)[1:]],
        found={Kind.POLICY_DIFFERS},
        mended=[provider_item(STRICT), *policy_items(STRICT)],
    ),
    "a copy of a policy has a rule that was ended": Damage(
        items=[provider_item(PROVIDER), policy_items(STRICT)[0]],
        found={Kind.POLICY_DIFFERS},
        mended=[provider_item(PROVIDER), *policy_items(PROVIDER)],
    ),
    "two confirmed bookings have one slot": Damage(
        items=[reserved(), confirmed(), confirmed(OTHER)], found={Kind.TWO_OWNERS, Kind.WITHOUT_SLOT}
    ),
    "two confirmed bookings have one slot, which is free": Damage(
        items=[free(), confirmed(), confirmed(OTHER)], found={Kind.TWO_OWNERS, Kind.WITHOUT_SLOT}
    ),
    "two holds have one slot": Damage(
        items=[held(), trigger(), trigger(OTHER)], found={Kind.TWO_OWNERS, Kind.WITHOUT_SLOT}
    ),
    "a confirmed booking's slot is held by somebody else": Damage(
        items=[held(OTHER), trigger(OTHER), confirmed()], found={Kind.TWO_OWNERS, Kind.WITHOUT_SLOT}
    ),
    "a confirmed booking's slot is free": Damage(
        items=[free(), confirmed()], found={Kind.WITHOUT_SLOT}, mended=[reserved(), confirmed()]
    ),
    "a confirmed booking's slot is only held": Damage(
        items=[held(), confirmed()], found={Kind.WITHOUT_SLOT}, mended=[reserved(), confirmed()]
    ),
    "a confirmed booking's slot is free, but still names it": Damage(
        items=[free(reservedBy=MINE.booking_id), confirmed()],
        found={Kind.WITHOUT_SLOT, Kind.STRAY_OWNER},
        mended=[reserved(), confirmed()],
    ),
    "a confirmed booking's slot is gone": Damage(items=[confirmed()], found={Kind.WITHOUT_SLOT}),
    "a confirmed booking's slot is free at other times": Damage(
        items=[free(LONG), confirmed()], found={Kind.WITHOUT_SLOT}
    ),
    "a confirmed booking's slot is reserved by one that ended": Damage(
        items=[confirmed(), reserved(OTHER), expired(OTHER)],
        found={Kind.WITHOUT_SLOT, Kind.RESERVED_FOR_NOBODY},
        mended=[confirmed(), reserved(), expired(OTHER)],
    ),
    "a confirmed booking's slot is reserved by one that nobody knows": Damage(
        items=[confirmed(), reserved(OTHER)], found={Kind.WITHOUT_SLOT, Kind.RESERVED_FOR_NOBODY}
    ),
    "a pending booking's slot is free": Damage(items=[free(), trigger(), pending()], found={Kind.WITHOUT_SLOT}),
    "a slot is reserved by a booking that does not exist": Damage(items=[reserved()], found={Kind.RESERVED_FOR_NOBODY}),
    "a slot is reserved by a cancelled booking": Damage(
        items=[reserved(), cancelled()], found={Kind.RESERVED_FOR_NOBODY}, mended=[free(), cancelled()]
    ),
    "a slot is reserved by a pending booking": Damage(
        items=[reserved(), pending(), trigger()], found={Kind.RESERVED_FOR_NOBODY, Kind.WITHOUT_SLOT}
    ),
    "a slot is reserved by another slot's booking": Damage(
        items=[reserved(), reserved(ELSEWHERE, NEXT), confirmed(ELSEWHERE)], found={Kind.RESERVED_FOR_NOBODY}
    ),
    "a slot is held by a booking that does not exist": Damage(items=[held()], found={Kind.HELD_FOR_NOBODY}),
    "a slot is held by a booking that ended": Damage(
        items=[held(), expired()], found={Kind.HELD_FOR_NOBODY}, mended=[free(), expired()]
    ),
    "a slot is held by another slot's booking": Damage(
        items=[held(), held(ELSEWHERE, NEXT), trigger(ELSEWHERE)], found={Kind.HELD_FOR_NOBODY}
    ),
    "a pending booking's trigger is missing": Damage(
        items=[held(), pending()], found={Kind.WITHOUT_TRIGGER}, mended=[held(), pending(), trigger()]
    ),
    "a pending booking has neither trigger nor slot": Damage(
        items=[free(), pending()],
        found={Kind.WITHOUT_SLOT, Kind.WITHOUT_TRIGGER},
        mended=[free(), pending(), trigger()],
        left={Kind.WITHOUT_SLOT},
    ),
    "a confirmed booking has a trigger": Damage(
        items=[reserved(), confirmed(), trigger()], found={Kind.STRAY_TRIGGER}, mended=[reserved(), confirmed()]
    ),
    "an expired booking has a trigger": Damage(
        items=[free(), expired(), trigger()], found={Kind.STRAY_TRIGGER}, mended=[free(), expired()]
    ),
    "a held slot has no deadline": Damage(
        items=[without(held(), "holdExpiresAt"), trigger()], found={Kind.OWNER_MISSING}
    ),
    "a held slot's owner is empty": Damage(items=[held(heldBy="")], found={Kind.OWNER_MISSING}),
    "a held slot has no owner": Damage(items=[without(held(), "heldBy")], found={Kind.OWNER_MISSING}),
    "a reserved slot has no owner": Damage(items=[without(reserved(), "reservedBy")], found={Kind.OWNER_MISSING}),
    "a free slot names a hold that ended": Damage(
        items=[free(heldBy=MINE.booking_id), expired()], found={Kind.STRAY_OWNER}, mended=[free(), expired()]
    ),
    "a free slot has a deadline": Damage(
        items=[free(holdExpiresAt=A_MINUTE_MORE)], found={Kind.STRAY_OWNER}, mended=[free()]
    ),
    "a free slot names a hold that lasts": Damage(
        items=[held(status="AVAILABLE"), pending(), trigger()], found={Kind.STRAY_OWNER, Kind.WITHOUT_SLOT}
    ),
    "a reserved slot also names a hold": Damage(
        items=[reserved(heldBy=OTHER.booking_id), confirmed()],
        found={Kind.STRAY_OWNER},
        mended=[reserved(), confirmed()],
    ),
    "a slot is held until another time than its trigger says": Damage(
        items=[held(holdExpiresAt=A_MINUTE_MORE), trigger()], found={Kind.DEADLINES_DIFFER}
    ),
    "a trigger is due at another time than its booking says": Damage(
        items=[held(), pending(), trigger(ttl=A_MINUTE_MORE)], found={Kind.DEADLINES_DIFFER}
    ),
    "a trigger is another user's": Damage(
        items=[held(), pending(), trigger(userId="somebody")], found={Kind.FACTS_DIFFER}
    ),
    "a reserved slot has other times than its booking": Damage(
        items=[reserved(of=LONG), confirmed()], found={Kind.FACTS_DIFFER}
    ),
    "a booking is listed for another user": Damage(
        items=[held(), trigger(), pending(GSI1PK="USER#somebody")],
        found={Kind.INDEX_KEYS},
        mended=[held(), trigger(), pending()],
    ),
    "a booking is not listed for its provider": Damage(
        items=[reserved(), without(confirmed(), "GSI2PK", "GSI2SK")],
        found={Kind.INDEX_KEYS},
        mended=[reserved(), confirmed()],
    ),
    "a slot starts at another time than its id says": Damage(items=[free(IN_BERLIN)], found={Kind.SLOT_TIMES}),
    "a slot's time zone does not exist": Damage(items=[free(timeZone="Mars/Olympus")], found={Kind.SLOT_TIMES}),
    "a slot ends before it starts": Damage(
        items=[free(endsAt=to_text(SLOT.starts_at - timedelta(hours=1)))], found={Kind.SLOT_TIMES}
    ),
    "two free slots overlap": Damage(items=[free(LONG), free(NEXT)], found={Kind.OVERLAP}),
    "a free slot overlaps a reserved one": Damage(
        items=[reserved(ELSEWHERE, NEXT), confirmed(ELSEWHERE), free(LONG)], found={Kind.OVERLAP}
    ),
    "an hour after its deadline, a trigger waits": Damage(
        items=[held(LATE), pending(LATE), trigger(LATE)], found={Kind.WAITS_FOR_TTL}
    ),
    "three days after its deadline, a trigger waits": Damage(
        items=[held(TOO_LATE), pending(TOO_LATE), trigger(TOO_LATE)], found={Kind.WAITS_FOR_TTL}
    ),
    "an hour after its deadline, a booking without trigger is pending": Damage(
        items=[held(LATE), pending(LATE)], found={Kind.WAITS_FOR_EXPIRY}, mended=[free(), expired(LATE)]
    ),
    "three days after its deadline, a booking without trigger is pending": Damage(
        items=[held(TOO_LATE), pending(TOO_LATE)], found={Kind.WAITS_FOR_EXPIRY}, mended=[free(), expired(TOO_LATE)]
    ),
    "a pending booking's slot is another's, and it is over": Damage(
        items=[reserved(OTHER), confirmed(OTHER), pending(LATE)],
        found={Kind.WAITS_FOR_EXPIRY},
        mended=[reserved(OTHER), confirmed(OTHER), expired(LATE)],
    ),
    "a slot is held for nobody, and it is over": Damage(
        items=[held(LATE)], found={Kind.WAITS_TO_BE_FREE}, mended=[free()]
    ),
    "a slot is held for one that ended, and it is over": Damage(
        items=[held(LATE), cancelled(LATE)], found={Kind.WAITS_TO_BE_FREE}, mended=[free(), cancelled(LATE)]
    ),
}
"""What is wrong, and what a repair makes of it, in words and as data."""

NOT_TOO_LATE = {name for name in DAMAGES if name.startswith("an hour after") or name.endswith("over")}
"""Those that wait for a worker that may come yet."""
