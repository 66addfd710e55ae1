"""`expire-overdue`: ends bookings whose hold is over and that neither TTL nor the expiration handler has ended yet.

It writes what the expiration handler would, and the deletion of the trigger in the same transaction: so the trigger
goes exactly when the booking is ended, and its stream record is none of a deletion by TTL.
"""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.dao import keys
from chalicelib.dao.values import serialized
from chalicelib.domain.instants import to_epoch_second, to_text
from chalicelib.domain.models import EXPIRE, Booking, BookingStatus
from chalicelib.domain.ports import StepRefusedError
from operations.reading import read_together, scan
from operations.records import booking_place, is_settled, sort_out, trigger_place

if TYPE_CHECKING:
    from operations.screen import Screen
    from operations.target import Target

SHORTEST_GRACE = timedelta(minutes=1)
"""Less could end a hold that still lasts by the application's clock."""

_EXPIRE_AND_DELETE_TRIGGER = replace(EXPIRE, started_by_trigger=False)

_ENDED = "ended"
_LEFT_ALONE = "left alone"


def expire_overdue(system: "Target", screen: "Screen", *, grace: timedelta, act: bool) -> None:
    """Show what is overdue by more than `grace`, and end it if told to.

    Raises botocore's errors and `ServiceUnavailableError`; what was ended by then stays so.
    """
    then = system.clock() - grace
    counts = Counter[str]()
    for booking_id in _overdue(system, screen, then):
        screen_text, outcome = _treat(system, booking_id, then=then, act=act)
        screen.say(f"{booking_id}: {screen_text}")
        counts[outcome] += 1
    if act:
        screen.say(f"{counts[_ENDED]} ended, {counts[_LEFT_ALONE]} left alone.")
    else:
        overdue, alone = counts[_ENDED], counts[_LEFT_ALONE]
        screen.say(f"{overdue} overdue, {alone} to be left alone. Nothing was changed; --yes ends what is overdue.")


def _overdue(system: "Target", screen: "Screen", then: datetime) -> list[str]:
    """Ids of bookings with a trigger that should be gone by then, or that should not be PENDING any more."""
    with screen.reading() as on_page:
        items = scan(
            system,
            on_page,
            FilterExpression="begins_with(PK, :booking) AND ((SK = :trigger AND #ttl <= :then)"
            " OR (SK = :metadata AND #status = :pending AND expiresAt <= :then))",
            ExpressionAttributeNames={"#status": "status", "#ttl": "ttl"},
            ExpressionAttributeValues=serialized(
                {
                    ":booking": keys.booking("")["PK"],
                    ":trigger": keys.EXPIRATION_TRIGGER,
                    ":metadata": keys.METADATA,
                    ":pending": BookingStatus.PENDING.value,
                    ":then": to_epoch_second(then),
                }
            ),
        )
    return sorted({keys.booking_id_of(item["PK"]) for item in items})


def _treat(system: "Target", booking_id: str, *, then: datetime, act: bool) -> tuple[str, str]:
    """What to say of a booking, and what became of it, or would."""
    own, trigger = booking_place(booking_id), trigger_place(booking_id)
    records = sort_out(read_together(system, [own, trigger]).values())
    if records.unreadable.keys() & {own, trigger}:
        return "can't be read; see `check`", _LEFT_ALONE
    booking = records.bookings.get(booking_id)
    if booking is None:
        return "gone meanwhile", _LEFT_ALONE
    if is_settled(booking):
        return f"is {booking.status}, and its trigger is a stray one; see `check`", _LEFT_ALONE
    if booking.expires_at > then:
        return "its own deadline differs from its trigger's; see `check`", _LEFT_ALONE
    trigger_is = "there" if booking_id in records.waiting else "gone"
    over = f"over since {to_text(booking.expires_at)}, its trigger is {trigger_is}"
    return (f"{over}: {_end(system, booking)}", _ENDED) if act else (over, _ENDED)


def _end(system: "Target", booking: Booking) -> str:
    try:
        system.bookings.take_step(_EXPIRE_AND_DELETE_TRIGGER, booking, at=booking.expires_at)
    except StepRefusedError:
        return "somebody else did it meanwhile"
    return "ended"
