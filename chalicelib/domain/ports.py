"""What the services need from outside, as protocols; `chalicelib.dao` and `chalicelib.queue` provide them.

Every method may raise `ServiceUnavailableError`: the table or the queue did not answer in the time a request has.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeAlias

from chalicelib.domain.changes import DayChange
from chalicelib.domain.listings import Listing, Place
from chalicelib.domain.models import (
    NO_HOLDS,
    NO_RULES,
    Availability,
    Booking,
    Holds,
    Policy,
    Provider,
    Slot,
    Transition,
)

Clock: TypeAlias = Callable[[], datetime]
"""Tells the time as an aware datetime in UTC."""

IdSource: TypeAlias = Callable[[], str]
"""Gives a new UUID as text."""


class SlotChangedError(Exception):
    """The slot is not as it was read, or taken for; `current` is what it is now."""

    def __init__(self, current: Slot) -> None:
        super().__init__(current.slot_id)
        self.current = current


class PolicyChangedError(Exception):
    """The provider's policy is not the one that the booking was made under; `current` is what it is now."""

    def __init__(self, current: Policy) -> None:
        super().__init__(str(current))
        self.current = current


class HoldsChangedError(Exception):
    """The user holds other slots than it was taken for; `current` are their holds now."""

    def __init__(self, current: Holds) -> None:
        super().__init__(str(current.latest))
        self.current = current


class HeldBeforeError(Exception):
    """An earlier request with the same idempotency key has held a slot; `booking` is what it made, as it made it."""

    def __init__(self, booking: Booking) -> None:
        super().__init__(booking.booking_id)
        self.booking = booking


class ProviderChangedError(Exception):
    """The provider was changed by somebody else between the read and the write; nothing was written."""


class StepRefusedError(Exception):
    """The booking or its slot was changed by somebody else between the read and the write; nothing was written."""


class ProviderStore(Protocol):
    """Providers by id."""

    def create(self, provider: Provider) -> None:
        """Store a new provider. Raises `ProviderExistsError`."""

    def find(self, provider_id: str) -> Provider | None:
        """The provider, or None."""

    def change(self, before: Provider, after: Provider) -> None:
        """Change the provider's name and policy, if both are still as they were. Raises `ProviderChangedError`."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """What a user sends along with a request, so that the request can be sent again without being done again."""

    user_id: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What there is to know before a slot is held."""

    slot: Slot | None
    policy: Policy
    holds: Holds
    """The user's."""
    held_before: Booking | None
    """What an earlier request with the same idempotency key has made, as it made it."""


class BookingStore(Protocol):
    """Bookings, each with the slot that it owns, changed together or not at all."""

    def prospect(
        self, provider_id: str, slot_id: str, user_id: str, *, now: datetime, key: IdempotencyKey | None
    ) -> Prospect:
        """Read what a hold is decided on."""

    def still_pending(self, booking_ids: Collection[str]) -> set[str]:
        """Which of these bookings, each of which holds a slot or did so, are neither settled nor taken back.

        Between 1 and 100 of them. One whose deadline has passed counts until somebody has ended it.
        """

    def find(self, booking_id: str) -> Booking | None:
        """The booking, also while its message is still in the queue; None when there is none."""

    def hold_slot(
        self,
        slot: Slot,
        booking: Booking,
        *,
        now: datetime,
        policy: Policy = NO_RULES,
        holds: Holds = NO_HOLDS,
        key: IdempotencyKey | None = None,
    ) -> None:
        """Hold the slot for a new PENDING booking until `booking.expires_at`, and remember the key for 24 hours.

        `slot`, `policy` and `holds` may have been read, or guessed. `holds` are the user's other ones that still count;
        the new one is written down with them. `NO_HOLDS` says that all that there ever were have lapsed at `now`.

        Raises `SlotUnavailableError`, `SlotNotFoundError`, a `PolicyError`, `SlotChangedError` if the slot's times are
        not those of `slot`, `PolicyChangedError` if a hold is not as long as `policy` says, `HoldsChangedError` if the
        user has held another slot since `holds` were read, or has holds that have not lapsed, and `HeldBeforeError`.
        """

    def release_hold(self, booking: Booking, *, key: IdempotencyKey | None = None) -> bool:
        """Take a hold back whose message could not be sent. False: the booking exists, so the message did arrive."""

    def create_pending(self, booking: Booking) -> bool:
        """Write the booking of a hold. False: the hold was given back, or has ended. A repeat changes nothing."""

    def take_step(self, step: Transition, booking: Booking, *, at: datetime) -> Booking:
        """Take the booking, as it was read, and its slot through a step; returns the booking after it.

        Raises `StepRefusedError`, and `CancelCutoffPassedError` where the step needs notice.
        """

    def reschedule(self, booking: Booking, slot: Slot, *, at: datetime) -> Booking:
        """Give the booking, as it was read, another slot for the one it has; returns the booking after that.

        Raises `StepRefusedError`; for the new slot `SlotUnavailableError`, `SlotNotFoundError` and `SlotChangedError`;
        and a `PolicyError` for leaving the old slot or taking the new one.
        """


class BookingListing(Protocol):
    """Bookings as the indexes have them: a moment behind, and from when the queue's worker or a step has written them.

    To show, never to decide on.
    """

    def find(self, listing: Listing, *, after: Place | None, limit: int, now: datetime) -> list[Booking]:
        """The first bookings of a listing that come after a place in it, `limit` of them if there are so many.

        They are as stored; `now` is when their status counts (`Booking.seen_at`).
        """


class BookingQueue(Protocol):
    """The way from the request to the worker that creates the booking."""

    def send(self, booking: Booking) -> None:
        """Send a held booking to be created."""


class Dependency(Protocol):
    """Something outside that the system can't work without."""

    def answers(self) -> bool:
        """Whether it answers now. Raises nothing."""
