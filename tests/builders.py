"""Models with defaults, so that a test names only what it is about."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias
from uuid import uuid4

from chalicelib.domain.changes import DayChange
from chalicelib.domain.instants import deadline
from chalicelib.domain.models import Availability, Booking, BookingStatus, Provider, Slot, Window

NOW = datetime(2030, 5, 1, 12, 0, 0, 250_000, tzinfo=UTC)
"""A moment between two whole seconds, so that rounding shows."""

DAY = date(2030, 5, 2)
HOLD = timedelta(seconds=300)
MAX_ACTIVE_HOLDS = 5
CURSOR_KEY = "a-key-that-seals-cursors-in-tests"

Fields: TypeAlias = dict[str, Any]


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now
        self.step = timedelta(0)
        """How much time passes with each reading."""

    def __call__(self) -> datetime:
        now = self.now
        self.now += self.step
        return now

    def advance(self, **duration: float) -> None:
        """Let time pass, in `timedelta`'s terms."""
        self.now += timedelta(**duration)


def new_id() -> str:
    """An id that no other test has."""
    return str(uuid4())


def provider(**changes: Any) -> Provider:
    """A provider in UTC with an id of its own."""
    defaults: Fields = {"provider_id": f"p-{new_id()}", "name": "Ann", "time_zone": "UTC", "created_at": NOW}
    return Provider(**defaults | changes)


def window(**changes: Any) -> Window:
    """09:00 to 12:00, three slots of an hour."""
    defaults: Fields = {"start": timedelta(hours=9), "end": timedelta(hours=12), "slot_minutes": 60}
    return Window(**defaults | changes)


def availability(*windows: Window, day: date = DAY) -> Availability:
    """A day with these windows, or with one of three slots."""
    return Availability(day=day, windows=windows or (window(),))


def change(**changes: Any) -> DayChange:
    """A change of the day, which nobody has set before, that writes no slot."""
    none: tuple[Slot, ...] = ()
    defaults: Fields = {
        "availability": replace(availability(), revision=new_id()),
        "replaces": "",
        **dict.fromkeys(("remove", "withdraw", "restore", "add", "makes_way", "offered", "kept"), none),
        "replaced": 0,
    }
    return DayChange(**defaults | changes)


def slot(**changes: Any) -> Slot:
    """A free slot at 09:00 on the day after now."""
    starts_at = changes.get("starts_at", datetime(2030, 5, 2, 9, tzinfo=UTC))
    defaults: Fields = {
        "provider_id": f"p-{new_id()}",
        "slot_id": starts_at.strftime("%Y-%m-%dT%H:%M"),
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=1),
        "time_zone": "UTC",
    }
    return Slot(**defaults | changes)


def booking(of: Slot | None = None, **changes: Any) -> Booking:
    """A PENDING booking made now, of a slot, for a user of its own."""
    of = of or slot()
    defaults: Fields = {
        "booking_id": f"booking-{new_id()}",
        "status": BookingStatus.PENDING,
        "provider_id": of.provider_id,
        "slot_id": of.slot_id,
        "user_id": f"user-{new_id()}",
        "starts_at": of.starts_at,
        "ends_at": of.ends_at,
        "time_zone": of.time_zone,
        "created_at": NOW,
        "updated_at": NOW,
        "expires_at": deadline(NOW, HOLD),
    }
    return Booking(**defaults | changes)
