"""What the services need from outside, as protocols; `chalicelib.dao` and `chalicelib.queue` provide them.

Every method may raise `ServiceUnavailableError`: the table or the queue did not answer in the time a request has.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Protocol, TypeAlias

from chalicelib.domain.changes import DayChange
from chalicelib.domain.models import Availability, Booking, Provider, Slot, Transition

Clock: TypeAlias = Callable[[], datetime]
"""Tells the time as an aware datetime in UTC."""

IdSource: TypeAlias = Callable[[], str]
"""Gives a new UUID as text."""


class SlotChangedError(Exception):
    """The slot is no longer as it was read; `current` is what it is now."""

    def __init__(self, current: Slot) -> None:
        super().__init__(current.slot_id)
        self.current = current


class StepRefusedError(Exception):
    """The booking or its slot was changed by somebody else between the read and the write; nothing was written."""


class ProviderStore(Protocol):
    """Providers by id."""

    def create(self, provider: Provider) -> None:
        """Store a new provider. Raises `ProviderExistsError`."""

    def find(self, provider_id: str) -> Provider | None:
        """The provider, or None."""


class SlotStore(Protocol):
    """A provider's slots, and the availability that they were made from."""

    def find(self, provider_id: str, slot_id: str) -> Slot | None:
        """The slot, or None."""

    def of_days(
        self, provider_id: str, first_day: date, last_day: date, *, after: str = "", page_size: int | None = None
    ) -> Iterator[Slot]:
        """All slots of these days in order of time, whatever their status, read as they are asked for.

        With `after`, a slot's id, only those that come after it; `page_size` is how many are read at a time.
        """

    def availability(self, provider_id: str, first_day: date, last_day: date) -> list[Availability]:
        """What is set for these days, in order; nothing for a day that was never set."""

    def change_days(self, provider_id: str, changes: Sequence[DayChange], *, now: datetime) -> list[DayChange]:
        """Change days, and return the changes as they were made.

        A slot that has got an owner since it was read is kept: who owns it counts at `now`. A day is not changed, or
        not to its end, when another request has set it since; its change is not among those that are returned.

        A day whose change is too large for one transaction may be left half changed, if the table can't be reached any
        more: with too few free slots, never with two that overlap.
        """


class BookingStore(Protocol):
    """Bookings, each with the slot that it owns, changed together or not at all."""

    def find(self, booking_id: str) -> Booking | None:
        """The booking, also while its message is still in the queue; None when there is none."""

    def hold_slot(self, slot: Slot, booking: Booking, *, now: datetime) -> None:
        """Hold the slot for a new PENDING booking until `booking.expires_at`.

        Raises `SlotUnavailableError`, `SlotNotFoundError`, or `SlotChangedError` if the slot's times are no
        longer those of `slot`.
        """

    def release_hold(self, booking: Booking) -> bool:
        """Take a hold back whose message could not be sent. False: the booking exists, so the message did arrive."""

    def create_pending(self, booking: Booking) -> bool:
        """Write the booking of a hold. False: the hold was given back, or has ended. A repeat changes nothing."""

    def take_step(self, step: Transition, booking: Booking, *, at: datetime) -> Booking:
        """Take the booking and its slot through a step; returns the booking after it. Raises `StepRefusedError`."""


class BookingQueue(Protocol):
    """The way from the request to the worker that creates the booking."""

    def send(self, booking: Booking) -> None:
        """Send a held booking to be created."""


class Dependency(Protocol):
    """Something outside that the system can't work without."""

    def answers(self) -> bool:
        """Whether it answers now. Raises nothing."""
