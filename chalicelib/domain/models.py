"""Providers, slots and bookings, and the states that slots and bookings pass through.

All instants are aware datetimes in UTC. A hold's deadline is a whole second, because it is at once the slot's
`holdExpiresAt`, the booking's `expiresAt` and the TTL of the expiration trigger, which DynamoDB counts in seconds.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any


class SlotStatus(StrEnum):
    """Who may have the slot."""

    AVAILABLE = "AVAILABLE"
    HELD = "HELD"
    RESERVED = "RESERVED"


class BookingStatus(StrEnum):
    """Where a booking is in its life; CANCELLED and EXPIRED are final."""

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


SLOT_STATUS_OF: Mapping[BookingStatus, SlotStatus] = {
    BookingStatus.PENDING: SlotStatus.HELD,
    BookingStatus.CONFIRMED: SlotStatus.RESERVED,
}
"""How a booking has its slot while it is live; one that has ended has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A step in a booking's life. What it does to the booking's slot follows from the statuses: `SLOT_STATUS_OF`.

    The write conditions are made from these (`chalicelib.dao.bookings`), so that there is one place to read them.
    """

    allowed_from: frozenset[BookingStatus]
    to: BookingStatus
    needs_live_hold: bool
    """Whether a hold past its deadline forbids the step."""
    needs_the_slot: bool
    """Whether the step is refused when the slot is no longer the booking's; if not, the booking changes alone."""
    started_by_trigger: bool
    """Whether it is the removal of the expiration trigger that starts the step; else the step removes the trigger."""
    needs_notice_from: frozenset[BookingStatus]
    """From which statuses the step must be taken before the provider's cutoff (`Policy.cancel_cutoff_minutes`)."""


CONFIRM = Transition(
    allowed_from=frozenset({BookingStatus.PENDING}),
    to=BookingStatus.CONFIRMED,
    needs_live_hold=True,
    needs_the_slot=True,
    started_by_trigger=False,
    needs_notice_from=frozenset(),
)
CANCEL = Transition(
    allowed_from=frozenset({BookingStatus.PENDING, BookingStatus.CONFIRMED}),
    to=BookingStatus.CANCELLED,
    needs_live_hold=False,
    needs_the_slot=False,
    started_by_trigger=False,
    needs_notice_from=frozenset({BookingStatus.CONFIRMED}),
)
EXPIRE = Transition(
    allowed_from=frozenset({BookingStatus.PENDING}),
    to=BookingStatus.EXPIRED,
    needs_live_hold=False,
    needs_the_slot=False,
    started_by_trigger=True,
    needs_notice_from=frozenset(),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a provider asks of those who book. What is None asks for nothing.

    Kept when something is written, in its transaction: `chalicelib.domain.policy` tells what each rule means.
    """

    min_notice_minutes: int | None = None
    """How long before its start a slot must be held at the latest."""
    max_advance_days: int | None = None
    """How many days ahead of today, by the provider's calendar, a slot may be held."""
    cancel_cutoff_minutes: int | None = None
    """How long before its start a confirmed booking can still be cancelled or rescheduled."""
    hold_seconds: int | None = None
    """How long a slot is held for a user to confirm, where not as long as the system's configuration says."""


NO_RULES = Policy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Somebody who can be booked. The time zone is fixed: every slot's instants were worked out in it."""

    provider_id: str
    name: str
    time_zone: str
    created_at: datetime
    policy: Policy = NO_RULES
    owner_id: str | None = None
    """The user who acts for it, for good; None: admins alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A time of the day, within a window, in which the provider has no appointments."""

    start: timedelta
    """Time since local midnight by the clock."""
    end: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A span of a provider's day that slots are made from, in the provider's local time."""

    start: timedelta
    """Time since local midnight by the clock."""
    end: timedelta
    """Time since local midnight by the clock; 24 hours is the end of the day."""
    slot_minutes: int
    buffer_minutes: int = 0
    """Free time after each slot, before the next one."""
    breaks: tuple[Break, ...] = ()
    """In order of time; they don't overlap, and lie within the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """When a provider can be booked on a day."""

    day: date
    windows: tuple[Window, ...]
    """In order of time, and they don't overlap. A day without any is closed."""
    revision: str = ""
    """Names the request that set it; empty as long as none has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyPattern:
    """The same windows on some weekdays of a range of dates."""

    first_day: date
    last_day: date
    """Included."""
    weekdays: frozenset[int]
    """As `date.weekday` numbers them: 0 is Monday."""
    windows: tuple[Window, ...]

    def days(self) -> list[Availability]:
        """The days that the pattern sets, in order; it leaves all others as they are."""
        count = (self.last_day - self.first_day).days + 1
        all_days = (self.first_day + timedelta(days=number) for number in range(count))
        return [Availability(day=day, windows=self.windows) for day in all_days if day.weekday() in self.weekdays]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A span of time that one booking at most can own. `slot_id` is its local start, such as `2026-11-24T09:00`."""

    provider_id: str
    slot_id: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    status: SlotStatus = SlotStatus.AVAILABLE
    held_by: str | None = None
    hold_expires_at: datetime | None = None
    reserved_by: str | None = None
    withdrawn: bool = False
    """Whether the provider offers it no more: it stays as long as it is owned, and then counts as gone."""

    @property
    def day(self) -> date:
        """The provider's date on which it starts."""
        return date.fromisoformat(self.slot_id.partition("T")[0])

    def seen_at(self, now: datetime) -> "Slot":
        """The slot as it counts at `now`: a hold is over at its deadline, whatever the table still says."""
        if self.status is SlotStatus.HELD and not self.is_owned_at(now):
            return replace(self, status=SlotStatus.AVAILABLE, held_by=None, hold_expires_at=None)
        return self

    def is_owned_at(self, now: datetime) -> bool:
        """Whether it is somebody's at `now`, by a hold or a reservation."""
        if self.status is SlotStatus.HELD:
            return self.hold_expires_at is None or self.hold_expires_at > now
        return self.status is SlotStatus.RESERVED

    def can_be_booked_at(self, now: datetime) -> bool:
        """Whether a hold at `now` would succeed."""
        return not self.is_owned_at(now) and not self.withdrawn and self.starts_at > now

    def overlaps(self, other: "Slot") -> bool:
        """Whether the two share any time; touching ends do not count."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A user's claim on a slot, from the hold on."""

    booking_id: str
    status: BookingStatus
    provider_id: str
    slot_id: str
    user_id: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    """The hold's deadline: from this instant on, a booking that is not confirmed has expired."""
    confirmed_at: datetime | None = None
    cancelled_at: datetime | None = None
    expired_at: datetime | None = None
    sequence: int = 0
    """How often it has changed since it was made: the SEQUENCE of its calendar entry (RFC 5545, 3.8.7.4)."""

    def seen_at(self, now: datetime) -> "Booking":
        """The booking as it counts at `now`: a PENDING one past its deadline is EXPIRED since that deadline."""
        if self.status is BookingStatus.PENDING and self.expires_at <= now:
            return self.moved(BookingStatus.EXPIRED, at=self.expires_at)
        return self

    def moved(self, status: BookingStatus, *, at: datetime) -> "Booking":
        """The booking after a step to `status` at the instant `at`."""
        changes: dict[str, Any] = {"status": status, TIMESTAMP_OF[status]: at}
        return replace(self, **changes, updated_at=at, sequence=self.sequence + 1)

    def rescheduled(self, slot: Slot, *, at: datetime) -> "Booking":
        """The booking on another slot of its provider, since the instant `at`; its status and its deadline stay."""
        return replace(
            self,
            slot_id=slot.slot_id,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            updated_at=at,
            sequence=self.sequence + 1,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """The slots that a user holds, as the latest hold has left it: all of them, and some that have ended since."""

    deadlines: Mapping[str, datetime]
    """Until when each lasts, by the id of its booking."""
    latest: str | None
    """The booking whose hold has written this. Each hold is another booking's, so no two states have the same."""

    def live_at(self, now: datetime) -> "Holds":
        """Those whose deadline has not passed."""
        return self._where(lambda booking_id: self.deadlines[booking_id] > now)

    def only(self, booking_ids: Collection[str]) -> "Holds":
        """Those of these bookings."""
        return self._where(lambda booking_id: booking_id in booking_ids)

    def and_of(self, booking: Booking) -> "Holds":
        """These, and the one that a new booking begins with."""
        deadlines = {**self.deadlines, booking.booking_id: booking.expires_at}
        return Holds(deadlines=deadlines, latest=booking.booking_id)

    def _where(self, keep: Callable[[str], bool]) -> "Holds":
        return replace(self, deadlines={each: at for each, at in self.deadlines.items() if keep(each)})


NO_HOLDS = Holds(deadlines={}, latest=None)
"""Those of a user of whom nothing is known."""


TIMESTAMP_OF: Mapping[BookingStatus, str] = {
    BookingStatus.CONFIRMED: "confirmed_at",
    BookingStatus.CANCELLED: "cancelled_at",
    BookingStatus.EXPIRED: "expired_at",
}
"""The field that tells since when a booking has been in a status."""
