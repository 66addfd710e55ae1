"""What must always hold, and what must be done in the end, checked on all items of a table, or on some of them.

A finding names the items that it rests on. Looked at again with those alone, the same rule comes to the same verdict:
that is how a suspicion from a scan, which sees a table that others write to, is told from a fault.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from chalicelib.dao import keys
from chalicelib.dao.items import Item, booking_facts
from chalicelib.domain.instants import to_text
from chalicelib.domain.models import NO_RULES, Booking, BookingStatus, Slot, SlotStatus
from chalicelib.domain.slots import slot_id_of
from operations.records import Place, Records, booking_place, is_settled, place_of, slot_place, sort_out, trigger_place

FIELDS_OF = {
    SlotStatus.AVAILABLE: frozenset[str](),
    SlotStatus.HELD: frozenset({"heldBy", "holdExpiresAt"}),
    SlotStatus.RESERVED: frozenset({"reservedBy"}),
}
"""The fields that tell the owner of a slot in each status; it has these and no others."""


class Kind(StrEnum):
    """What is wrong. The last three are no faults in themselves: something is over, and waits for a worker."""

    UNREADABLE = "unreadable"
    TWO_OWNERS = "two-owners"
    WITHOUT_SLOT = "without-slot"
    RESERVED_FOR_NOBODY = "reserved-for-nobody"
    HELD_FOR_NOBODY = "held-for-nobody"
    WITHOUT_TRIGGER = "without-trigger"
    STRAY_TRIGGER = "stray-trigger"
    OWNER_MISSING = "owner-missing"
    STRAY_OWNER = "stray-owner"
    DEADLINES_DIFFER = "deadlines-differ"
    FACTS_DIFFER = "facts-differ"
    INDEX_KEYS = "index-keys"
    SLOT_TIMES = "slot-times"
    OVERLAP = "overlap"
    POLICY_DIFFERS = "policy-differs"
    TOO_MANY_HOLDS = "too-many-holds"
    WAITS_FOR_TTL = "waits-for-ttl"
    WAITS_FOR_EXPIRY = "waits-for-expiry"
    WAITS_TO_BE_FREE = "waits-to-be-free"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that should not be so."""

    kind: Kind
    about: tuple[Place, ...]
    """The items at fault; with the kind, these identify the finding."""
    rests_on: tuple[Place, ...]
    """All items that the verdict depends on, also those that are missing."""
    text: str
    since: datetime | None = None
    """The deadline that has passed, if it waits for a worker; None for a fault."""


def violations(items: Iterable[Item], *, now: datetime, max_active_holds: int | None = None) -> list[str]:
    """What is wrong, in words; nothing if all is well."""
    found = findings(items, now=now, max_active_holds=max_active_holds)
    return [finding.text for finding in found if finding.since is None]


def unfinished(items: Iterable[Item], *, now: datetime) -> list[str]:
    """What has come to its deadline, and still waits for a worker."""
    return [finding.text for finding in findings(items, now=now) if finding.since is not None]


def findings(items: Iterable[Item], *, now: datetime, max_active_holds: int | None = None) -> list[Finding]:
    """All that should not be so, faults and what waits for a worker.

    `max_active_holds` is how many slots a user can hold at a time; without it, nobody is said to hold too many.
    """
    return judged(sort_out(items), now=now, max_active_holds=max_active_holds)


def judged(records: Records, *, now: datetime, max_active_holds: int | None = None) -> list[Finding]:
    """The same of items that were read already."""
    unreadable = [
        Finding(kind=Kind.UNREADABLE, about=(place,), rests_on=(place,), text=f"{' '.join(place)} can't be read: {why}")
        for place, why in records.unreadable.items()
    ]
    found = [
        *_owners(records, now),
        *_bookings(records, now),
        *_slots(records, now),
        *_overlaps(records.slots.values()),
        *_policies(records),
        *(_crowds(records, now, max_active_holds) if max_active_holds else ()),
    ]
    # Nothing can be said about what belongs to an item that nobody understands.
    return unreadable + [each for each in found if not records.unreadable.keys() & set(each.rests_on)]


def _owners(records: Records, now: datetime) -> Iterator[Finding]:
    """A live booking has its slot, and no other live booking has it."""
    claims: dict[Place, list[Booking]] = {}
    for booking in records.bookings.values():
        if _is_live(booking, now):
            claims.setdefault(slot_place(booking), []).append(booking)
    for place, claimants in claims.items():
        if len(claimants) > 1:
            names = " and ".join(sorted(each.booking_id for each in claimants))
            items = [item for each in claimants for item in _places(each.booking_id)]
            yield Finding(
                kind=Kind.TWO_OWNERS,
                about=(place,),
                rests_on=(place, *items),
                text=f"{names} both have {_name(claimants[0])}",
            )
        slot = records.slots.get(place)
        for booking in claimants:
            if _owner(slot, reserved=is_settled(booking)) != booking.booking_id:
                yield _about_booking(
                    Kind.WITHOUT_SLOT,
                    booking,
                    f"is {booking.status}, but {_name(booking)} {_ownership(slot)}",
                )


def _bookings(records: Records, now: datetime) -> Iterator[Finding]:
    for booking_id in records.badly_indexed:
        booking = records.stored[booking_id]
        yield _about_booking(
            Kind.INDEX_KEYS, booking, "is not where its user's and its provider's lists look for it", alone=True
        )
    for booking in records.bookings.values():
        trigger = records.waiting.get(booking.booking_id)
        slot = _slot_owned_by(booking, records)
        yield from _facts(booking, trigger, slot)
        if is_settled(booking):
            if trigger:
                yield _about_booking(Kind.STRAY_TRIGGER, booking, f"is {booking.status} and has a trigger")
            continue
        deadlines = {booking.expires_at, *([trigger.expires_at] if trigger else [])}
        if slot and slot.hold_expires_at:
            deadlines.add(slot.hold_expires_at)
        if len(deadlines) > 1:
            told = ", ".join(map(to_text, sorted(deadlines)))
            yield _about_booking(Kind.DEADLINES_DIFFER, booking, f"and its slot and trigger are held until {told}")
        if booking.expires_at > now:
            if not trigger:
                yield _about_booking(Kind.WITHOUT_TRIGGER, booking, "is PENDING without a trigger: nothing ends that")
        else:
            kind = Kind.WAITS_FOR_TTL if trigger else Kind.WAITS_FOR_EXPIRY
            what = "the deletion of its trigger" if trigger else "the expiration handler"
            yield _about_booking(
                kind,
                booking,
                f"is still PENDING: over since {to_text(booking.expires_at)}, it waits for {what}",
                since=booking.expires_at,
            )


def _facts(booking: Booking, trigger: Booking | None, slot: Slot | None) -> Iterator[Finding]:
    """What is settled when a booking is made is the same in all of its items."""
    if trigger and not is_settled(booking) and booking_facts(trigger) != booking_facts(booking):
        differ = [name for name, value in booking_facts(booking).items() if booking_facts(trigger)[name] != value]
        yield _about_booking(Kind.FACTS_DIFFER, booking, f"and its trigger differ in {', '.join(differ)}")
    if slot and _span(slot) != _span(booking):
        yield _about_booking(Kind.FACTS_DIFFER, booking, f"and {_name(booking)}, which it owns, differ in their times")


def _slots(records: Records, now: datetime) -> Iterator[Finding]:
    for place, slot in records.slots.items():
        if wrong := _wrong_times(slot):
            yield _about_slot(Kind.SLOT_TIMES, slot, wrong)
        present, expected = records.owner_fields[place], FIELDS_OF[slot.status]
        owners = tuple(each for each in (slot.held_by, slot.reserved_by) if each)
        if missing := sorted(expected - present):
            yield _about_slot(Kind.OWNER_MISSING, slot, f"is {slot.status} without {' and '.join(missing)}")
        if stray := sorted(present - expected):
            text = f"is {slot.status}, but has {' and '.join(stray)}"
            yield _about_slot(Kind.STRAY_OWNER, slot, text, bookings=owners)
        if slot.status is SlotStatus.RESERVED:
            yield from _reservation(slot, records)
        elif slot.status is SlotStatus.HELD:
            yield from _hold(slot, records, now)


def _reservation(slot: Slot, records: Records) -> Iterator[Finding]:
    """A RESERVED slot names a CONFIRMED booking, which names it."""
    if slot.reserved_by is None:
        return
    booking = records.bookings.get(slot.reserved_by)
    if booking is None or booking.status is not BookingStatus.CONFIRMED:
        wrong = "does not exist" if booking is None else f"is {booking.status}"
    elif slot_place(booking) != slot_place(slot):
        wrong = f"names {_name(booking)}"
    else:
        return
    text = f"is reserved by {slot.reserved_by}, which {wrong}"
    yield _about_slot(Kind.RESERVED_FOR_NOBODY, slot, text, bookings=(slot.reserved_by,))


def _hold(slot: Slot, records: Records, now: datetime) -> Iterator[Finding]:
    """A HELD slot has a booking that ends it: it is about that slot, and PENDING."""
    holder = records.bookings.get(slot.held_by or "")
    mine = holder is not None and slot_place(holder) == slot_place(slot)
    if holder and mine and holder.status in {BookingStatus.PENDING, BookingStatus.CONFIRMED}:
        # What is wrong with those, or waits, is told of the booking.
        return
    bookings = (slot.held_by,) if slot.held_by else ()
    if not slot.is_owned_at(now) and slot.hold_expires_at:
        text = f"is still HELD: over since {to_text(slot.hold_expires_at)}, it waits for the expiration handler"
        yield _about_slot(Kind.WAITS_TO_BE_FREE, slot, text, bookings=bookings, since=slot.hold_expires_at)
    elif slot.held_by:
        wrong = "does not exist" if holder is None else f"is {holder.status}" if mine else f"names {_name(holder)}"
        text = f"is held by {slot.held_by}, which {wrong}: nothing ends that"
        yield _about_slot(Kind.HELD_FOR_NOBODY, slot, text, bookings=bookings)


def _overlaps(slots: Iterable[Slot]) -> Iterator[Finding]:
    """A provider can't be in two places."""
    latest: Slot | None = None
    for slot in sorted(slots, key=lambda each: (each.provider_id, each.starts_at, each.slot_id)):
        if latest is None or latest.provider_id != slot.provider_id:
            latest = slot
            continue
        if latest.overlaps(slot):
            both = (slot_place(latest), slot_place(slot))
            text = f"{_name(latest)} ({latest.status}) and {slot.slot_id} ({slot.status}) overlap"
            yield Finding(kind=Kind.OVERLAP, about=both, rests_on=both, text=text)
        latest = max(latest, slot, key=lambda each: each.ends_at)


def _policies(records: Records) -> Iterator[Finding]:
    """What a write checks is what the provider is shown with."""
    for place, provider in records.providers.items():
        copies = _copies(provider.provider_id)
        if differing := [each for each in copies if records.policies.get(each, NO_RULES) != provider.policy]:
            text = f"{provider.provider_id} has another policy in {len(differing)} of its {len(copies)} copies"
            yield Finding(kind=Kind.POLICY_DIFFERS, about=(place,), rests_on=(place, *copies), text=text)


def _crowds(records: Records, now: datetime, max_active_holds: int) -> Iterator[Finding]:
    """A user holds so many slots at most."""
    held: dict[str, list[str]] = {}
    for booking in records.bookings.values():
        if booking.seen_at(now).status is BookingStatus.PENDING:
            held.setdefault(booking.user_id, []).append(booking.booking_id)
    for user_id, booking_ids in held.items():
        if len(booking_ids) > max_active_holds:
            place = place_of(keys.holds(user_id))
            items = [item for each in sorted(booking_ids) for item in _places(each)]
            text = f"{user_id} holds {len(booking_ids)} slots, and {max_active_holds} are allowed"
            yield Finding(kind=Kind.TOO_MANY_HOLDS, about=(place,), rests_on=(place, *items), text=text)


@lru_cache
def _copies(provider_id: str) -> tuple[Place, ...]:
    """Where the copies of a provider's policy are."""
    return tuple((key["PK"], key["SK"]) for key in keys.policies(provider_id))


def _about_booking(
    kind: Kind, booking: Booking, text: str, *, since: datetime | None = None, alone: bool = False
) -> Finding:
    own, trigger = _places(booking.booking_id)
    return Finding(
        kind=kind,
        about=(own,),
        rests_on=(own,) if alone else (own, trigger, slot_place(booking)),
        text=f"{booking.booking_id} {text}",
        since=since,
    )


def _about_slot(
    kind: Kind, slot: Slot, text: str, *, bookings: tuple[str, ...] = (), since: datetime | None = None
) -> Finding:
    items = [place for each in bookings for place in _places(each)]
    place = slot_place(slot)
    return Finding(kind=kind, about=(place,), rests_on=(place, *items), text=f"{_name(slot)} {text}", since=since)


def _places(booking_id: str) -> tuple[Place, Place]:
    return booking_place(booking_id), trigger_place(booking_id)


def _name(of: Slot | Booking) -> str:
    return f"{of.slot_id} of {of.provider_id}"


def _is_live(booking: Booking, now: datetime) -> bool:
    return booking.seen_at(now).status in {BookingStatus.PENDING, BookingStatus.CONFIRMED}


def _owner(slot: Slot | None, *, reserved: bool) -> str | None:
    if slot is None:
        return None
    if reserved:
        return slot.reserved_by if slot.status is SlotStatus.RESERVED else None
    return slot.held_by if slot.status is SlotStatus.HELD else None


def _ownership(slot: Slot | None) -> str:
    if slot is None:
        return "does not exist"
    owner = _owner(slot, reserved=slot.status is SlotStatus.RESERVED)
    return f"is {slot.status} by {owner}" if owner else f"is {slot.status}"


def _slot_owned_by(booking: Booking, records: Records) -> Slot | None:
    slot = records.slots.get(slot_place(booking))
    return slot if _owner(slot, reserved=is_settled(booking)) == booking.booking_id else None


def _span(of: Slot | Booking) -> tuple[datetime, datetime, str]:
    return of.starts_at, of.ends_at, of.time_zone


def _wrong_times(slot: Slot) -> str | None:
    try:
        zone = ZoneInfo(slot.time_zone)
    except (KeyError, OSError, ValueError):
        return f"has the time zone {slot.time_zone!r}, which does not exist"
    if (by_the_clock := _by_the_clock(slot.starts_at, zone)) != slot.slot_id:
        return f"starts at {to_text(slot.starts_at)}, which is {by_the_clock} in {slot.time_zone}"
    if slot.ends_at <= slot.starts_at:
        return f"ends at {to_text(slot.ends_at)}, not after its start"
    return None


@lru_cache
def _by_the_clock(instant: datetime, zone: ZoneInfo) -> str:
    """What the clock shows: the same for all slots of a time, and at each look of a simulation."""
    return slot_id_of(instant.astimezone(zone))
