"""Items of the table to models, and back.

Instants are RFC 3339 text, so that they can be read and compared as they are; deadlines are epoch seconds, as TTL
wants them. A booking has two forms: its own item, and the expiration trigger, which carries all that is needed to show
or to end a booking whose own item is not written yet.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, TypeAlias

from chalicelib.dao import keys
from chalicelib.domain.instants import (
    clock_time,
    deadline,
    from_clock_time,
    from_epoch_second,
    from_text,
    to_epoch_second,
    to_text,
)
from chalicelib.domain.models import (
    TIMESTAMP_OF,
    Availability,
    Booking,
    BookingStatus,
    Break,
    Holds,
    Policy,
    Provider,
    Slot,
    SlotStatus,
    Window,
)

Item: TypeAlias = Mapping[str, Any]
"""An item in Python's types, as boto3's TypeDeserializer gives it."""


IDEMPOTENCY = timedelta(hours=24)
"""How long a request with an idempotency key is remembered."""


@cache
def camel(snake: str) -> str:
    """`confirmed_at` becomes `confirmedAt`."""
    head, *tail = snake.split("_")
    return head + "".join(word.capitalize() for word in tail)


def provider_item(provider: Provider) -> Item:
    """A provider's item."""
    return {
        **keys.provider(provider.provider_id),
        "providerId": provider.provider_id,
        "name": provider.name,
        "timeZone": provider.time_zone,
        "createdAt": to_text(provider.created_at),
        **policy_fields(provider.policy),
        **({"ownerId": provider.owner_id} if provider.owner_id else {}),
    }


def policy_fields(policy: Policy) -> Item:
    """The rules of a policy: those that ask for something."""
    return {camel(rule.name): value for rule in fields(Policy) if (value := getattr(policy, rule.name)) is not None}


def policy_items(provider: Provider) -> list[Item]:
    """All copies of a provider's policy."""
    rules = {"providerId": provider.provider_id, **policy_fields(provider.policy)}
    return [{**key, **rules} for key in keys.policies(provider.provider_id)]


def to_policy(item: Item) -> Policy:
    """The policy in a provider's item, or in a copy."""
    names = [rule.name for rule in fields(Policy) if camel(rule.name) in item]
    return Policy(**{name: int(item[camel(name)]) for name in names})


def to_provider(item: Item) -> Provider:
    """A provider from its item."""
    return Provider(
        provider_id=item["providerId"],
        name=item["name"],
        time_zone=item["timeZone"],
        created_at=from_text(item["createdAt"]),
        policy=to_policy(item),
        owner_id=item.get("ownerId"),
    )


def availability_item(provider_id: str, availability: Availability) -> Item:
    """A day's availability."""
    return {
        **keys.availability(provider_id, availability.day),
        "date": str(availability.day),
        "windows": [_window_fields(window) for window in availability.windows],
        "revision": availability.revision,
    }


def to_availability(item: Item) -> Availability:
    """A day's availability from its item."""
    return Availability(
        day=date.fromisoformat(item["date"]),
        windows=tuple(map(_to_window, item["windows"])),
        revision=item["revision"],
    )


def slot_item(slot: Slot) -> Item:
    """The item of a free slot; holds and reservations are written by the bookings' steps only."""
    return {
        **keys.slot(slot.provider_id, slot.slot_id),
        "providerId": slot.provider_id,
        "startsAt": to_text(slot.starts_at),
        "endsAt": to_text(slot.ends_at),
        "timeZone": slot.time_zone,
        "status": SlotStatus.AVAILABLE.value,
    }


def to_slot(item: Item) -> Slot:
    """A slot from its item."""
    return Slot(
        provider_id=item["providerId"],
        slot_id=keys.slot_id_of(item["SK"]),
        starts_at=from_text(item["startsAt"]),
        ends_at=from_text(item["endsAt"]),
        time_zone=item["timeZone"],
        status=SlotStatus[item["status"]],
        held_by=item.get("heldBy"),
        hold_expires_at=from_epoch_second(int(item["holdExpiresAt"])) if "holdExpiresAt" in item else None,
        reserved_by=item.get("reservedBy"),
        withdrawn=item.get("withdrawn", False),
    )


def booking_facts(booking: Booking) -> Item:
    """What is settled when a booking is made, and changes by a reschedule alone: shared by its item and its trigger."""
    return {
        "bookingId": booking.booking_id,
        "providerId": booking.provider_id,
        "slotId": booking.slot_id,
        "userId": booking.user_id,
        "startsAt": to_text(booking.starts_at),
        "endsAt": to_text(booking.ends_at),
        "timeZone": booking.time_zone,
        "createdAt": to_text(booking.created_at),
    }


def trigger_item(booking: Booking) -> Item:
    """The expiration trigger of a new booking."""
    return {
        **keys.trigger(booking.booking_id),
        **booking_facts(booking),
        "ttl": to_epoch_second(booking.expires_at),
    }


def idempotency_item(booking: Booking, user_id: str, key: str) -> Item:
    """What remembers the request that made a booking, with all that its answer told."""
    return {
        **keys.idempotency(user_id, key),
        **booking_facts(booking),
        "expiresAt": to_epoch_second(booking.expires_at),
        "ttl": to_epoch_second(deadline(booking.created_at, IDEMPOTENCY)),
    }


def holds_item(user_id: str, holds: Holds) -> Item:
    """What tells which slots a user holds, of whom one at least is known."""
    deadlines = {booking_id: to_epoch_second(at) for booking_id, at in holds.deadlines.items()}
    return {**keys.holds(user_id), "holds": deadlines, "lastHold": holds.latest, "ttl": max(deadlines.values())}


def to_holds(item: Item) -> Holds:
    """The slots that a user holds, from their item."""
    deadlines = {booking_id: _deadline(at) for booking_id, at in item["holds"].items()}
    return Holds(deadlines=deadlines, latest=_text(item["lastHold"]))


def booking_fields(booking: Booking) -> Item:
    """What a booking's own item has beside its key and its state."""
    return {
        **booking_facts(booking),
        **keys.booking_indexes(
            user_id=booking.user_id,
            provider_id=booking.provider_id,
            starts_at=booking.starts_at,
            booking_id=booking.booking_id,
        ),
        "expiresAt": to_epoch_second(booking.expires_at),
    }


def pending_item(booking: Booking) -> Item:
    """A new booking's own item."""
    return {
        **keys.booking(booking.booking_id),
        **booking_fields(booking),
        "status": BookingStatus.PENDING.value,
        "updatedAt": to_text(booking.updated_at),
        "sequence": booking.sequence,
    }


def to_booking(item: Item) -> Booking:
    """A booking from its own item or from its trigger, which stands for a PENDING one.

    Raises KeyError, TypeError or ValueError for an item that is neither.
    """
    is_trigger = item["SK"] == keys.EXPIRATION_TRIGGER
    created_at = from_text(item["createdAt"])
    return Booking(
        booking_id=keys.booking_id_of(item["PK"]),
        status=BookingStatus.PENDING if is_trigger else BookingStatus[item["status"]],
        provider_id=_text(item["providerId"]),
        slot_id=_text(item["slotId"]),
        user_id=_text(item["userId"]),
        starts_at=from_text(item["startsAt"]),
        ends_at=from_text(item["endsAt"]),
        time_zone=_text(item["timeZone"]),
        created_at=created_at,
        updated_at=created_at if is_trigger else from_text(item["updatedAt"]),
        expires_at=_deadline(item["ttl"] if is_trigger else item["expiresAt"]),
        sequence=0 if is_trigger else int(item["sequence"]),
        **{field: from_text(item[camel(field)]) for field in TIMESTAMP_OF.values() if camel(field) in item},
    )


def to_booking_as_made(item: Item) -> Booking:
    """The booking that a remembered request has made, as it was then."""
    return to_booking({**item, **keys.trigger(item["bookingId"]), "ttl": item["expiresAt"]})


def _window_fields(window: Window) -> Item:
    return {
        **_span_fields(window),
        "slotDurationMinutes": window.slot_minutes,
        "bufferMinutes": window.buffer_minutes,
        "breaks": [_span_fields(pause) for pause in window.breaks],
    }


def _span_fields(span: Window | Break) -> Item:
    return {"startTime": clock_time(span.start), "endTime": clock_time(span.end)}


def _to_window(fields: Item) -> Window:
    return Window(
        start=from_clock_time(fields["startTime"]),
        end=from_clock_time(fields["endTime"]),
        slot_minutes=int(fields["slotDurationMinutes"]),
        buffer_minutes=int(fields["bufferMinutes"]),
        breaks=tuple(
            Break(start=from_clock_time(pause["startTime"]), end=from_clock_time(pause["endTime"]))
            for pause in fields["breaks"]
        ),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"{value!r} is no text")
    return value


def _deadline(value: Any) -> datetime:
    if not isinstance(value, Decimal) or value % 1:
        raise TypeError(f"{value!r} is no whole number of seconds")
    return from_epoch_second(int(value))
