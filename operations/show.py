"""`show`: one booking, as its users see it and as it is stored, and what happened to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.domain.instants import to_text
from chalicelib.domain.models import TIMESTAMP_OF, Booking, BookingStatus, Slot
from operations.check import CLOCKS_DIFFER_BY
from operations.invariants import findings
from operations.reading import Found, read_together
from operations.records import booking_place, slot_place, sort_out, trigger_place

if TYPE_CHECKING:
    from operations.screen import Screen
    from operations.target import Target

_HEADINGS = {"own": "Booking", "trigger": "Expiration trigger", "slot": "Slot"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All that the table tells of a booking."""

    items: Mapping[str, Mapping[str, Any] | None]
    """The stored items by what they are: `own`, `trigger` and `slot`."""
    seen: Booking | None
    """The booking as its users see it now; None if it can't be read."""
    slot_seen: Slot | None
    standing: str
    """Where it stands, in words."""
    timeline: list[tuple[datetime, str]]
    wrong: list[str]
    """What should not be so."""

    def document(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "statusForUsers": self.seen.status if self.seen else None,
            "slotStatusForUsers": self.slot_seen.status if self.slot_seen else None,
            "standing": self.standing,
            "timeline": [{"at": to_text(at), "what": what} for at, what in self.timeline],
            "wrong": self.wrong,
            "items": self.items,
        }


def show(system: "Target", screen: "Screen", *, booking_id: str, as_json: bool) -> bool:
    """Show a booking; False if there is none. Raises botocore's errors and `ServiceUnavailableError`."""
    story = story_of(system, booking_id)
    if story is None:
        return False
    if as_json:
        screen.json(story.document())
    else:
        _tell(story, screen, booking_id)
    return True


def story_of(system: "Target", booking_id: str) -> Story | None:
    """Read all that belongs to a booking at one instant; None if there is nothing."""
    own, trigger = booking_place(booking_id), trigger_place(booking_id)
    together = read_together(system, [own, trigger])
    if own not in together and trigger not in together:
        return None
    now = system.clock()
    records = sort_out(together.values())
    booking = records.bookings.get(booking_id)
    slot = slot_place(booking) if booking else None
    slot_now = records.slots.get(slot) if slot else None
    of_interest = {own, trigger, slot}
    return Story(
        items={
            "own": together.get(own),
            "trigger": together.get(trigger),
            "slot": together.get(slot) if slot else None,
        },
        seen=booking.seen_at(now) if booking else None,
        slot_seen=slot_now.seen_at(now) if slot_now else None,
        standing=_standing(booking, together, now) if booking else "it can't be read",
        timeline=_timeline(booking) if booking else [],
        wrong=[
            finding.text
            for finding in findings(together.values(), now=now + CLOCKS_DIFFER_BY)
            if finding.since is None and of_interest & set(finding.about)
        ],
    )


def _standing(booking: Booking, together: Found, now: datetime) -> str:
    written = booking_place(booking.booking_id) in together
    has_trigger = trigger_place(booking.booking_id) in together
    match booking.status, booking.expires_at > now:
        case BookingStatus.PENDING, True:
            waits = "waits for its user to confirm or cancel it"
            return waits if written else f"{waits}; its message is in the queue, or a dead letter"
        case BookingStatus.PENDING, False if has_trigger:
            return "over; waits for TTL to delete its trigger"
        case BookingStatus.PENDING, False:
            return "over; waits for the expiration handler, or its stream record is a dead letter or lost"
        case _:
            return "settled"


def _timeline(booking: Booking) -> list[tuple[datetime, str]]:
    reached = [(getattr(booking, name), status.lower()) for status, name in TIMESTAMP_OF.items()]
    events = [
        (booking.created_at, f"held by {booking.user_id}"),
        *((at, what) for at, what in reached if at),
        *([(booking.expires_at, "the hold ends")] if booking.status is BookingStatus.PENDING else []),
        (booking.starts_at, "the appointment starts"),
        (booking.ends_at, "the appointment ends"),
    ]
    return sorted(events, key=lambda event: event[0])


def _tell(story: Story, screen: "Screen", booking_id: str) -> None:
    own = story.items["own"]
    stored = own.get("status") if own else "not written yet"
    status = story.seen.status if story.seen else "unreadable"
    screen.say(f"{booking_id} is {status} for its users ({stored} in the table): {story.standing}", style="bold")
    if story.seen:
        slot, seen = story.items["slot"], story.slot_seen
        of = f"Slot {story.seen.slot_id} of {story.seen.provider_id}"
        stored_slot = slot.get("status") if slot else "missing"
        screen.say(f"{of} is {seen.status if seen else stored_slot} for users ({stored_slot} in the table)")
    for at, what in story.timeline:
        screen.say(f"  {to_text(at)}  {what}")
    for text in story.wrong:
        screen.say(text, mark="wrong", mark_style="bold red")
    for name, item in story.items.items():
        screen.say(f"{_HEADINGS[name]}: {'none' if item is None else ''}".strip(), style="bold")
        for attribute, value in sorted((item or {}).items()):
            screen.say(f"  {attribute:<14} {value}")
