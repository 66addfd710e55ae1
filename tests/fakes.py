"""The ports in memory. They pass the same contract tests as the real ones (`tests/contracts`)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from threading import RLock
from typing import Any

from chalicelib.domain.changes import DayChange
from chalicelib.domain.errors import (
    ProviderExistsError,
    ServiceUnavailableError,
    SlotNotFoundError,
)
from chalicelib.domain.instants import deadline
from chalicelib.domain.listings import ListedBy, Listing, Place
from chalicelib.domain.models import (
    NO_HOLDS,
    NO_RULES,
    SLOT_STATUS_OF,
    Availability,
    Booking,
    BookingStatus,
    Holds,
    Policy,
    Provider,
    Slot,
    SlotStatus,
    Transition,
)
from chalicelib.domain.policy import check, figures_of_leaving, figures_of_taking
from chalicelib.domain.ports import (
    HeldBeforeError,
    HoldsChangedError,
    IdempotencyKey,
    PolicyChangedError,
    Prospect,
    ProviderChangedError,
    SlotChangedError,
    StepRefusedError,
)
from chalicelib.domain.slots import why_not_bookable


@dataclass
class InMemoryStores:
    """What the table holds. The three stores look at the same one."""

    providers: dict[str, Provider] = field(default_factory=dict)
    availability: dict[tuple[str, date], Availability] = field(default_factory=dict)
    slots: dict[tuple[str, str], Slot] = field(default_factory=dict)
    bookings: dict[str, Booking] = field(default_factory=dict)
    triggers: dict[str, Booking] = field(default_factory=dict)
    holds: dict[str, Holds] = field(default_factory=dict)
    """By user."""
    remembered: dict[IdempotencyKey, Booking] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)


class InMemoryProviders:
    """A `ProviderStore`."""

    def __init__(self, stores: InMemoryStores) -> None:
        self._stores = stores

    def create(self, provider: Provider) -> None:
        if self._stores.providers.setdefault(provider.provider_id, provider) is not provider:
            raise ProviderExistsError(provider.provider_id)

    def find(self, provider_id: str) -> Provider | None:
        return self._stores.providers.get(provider_id)

    def change(self, before: Provider, after: Provider) -> None:
        with self._stores.lock:
            if self._stores.providers.get(before.provider_id) != before:
                raise ProviderChangedError
            self._stores.providers[before.provider_id] = after


class InMemorySlots:
    """A `SlotStore`."""

    def __init__(self, stores: InMemoryStores) -> None:
        self._stores = stores

    def find(self, provider_id: str, slot_id: str) -> Slot | None:
        return self._stores.slots.get((provider_id, slot_id))

    def of_days(
        self,
        provider_id: str,
        first_day: date,
        last_day: date,
        *,
        after: str = "",
        page_size: int | None = None,  # noqa: ARG002 - nothing is read in pages here
    ) -> Iterator[Slot]:
        with self._stores.lock:
            slots = [
                slot
                for (owner, slot_id), slot in self._stores.slots.items()
                if owner == provider_id and first_day <= slot.day <= last_day and slot_id > after
            ]
        return iter(sorted(slots, key=lambda slot: slot.slot_id))

    def availability(self, provider_id: str, first_day: date, last_day: date) -> list[Availability]:
        with self._stores.lock:
            found = [
                each
                for (owner, day), each in self._stores.availability.items()
                if owner == provider_id and first_day <= day <= last_day
            ]
        return sorted(found, key=lambda each: each.day)

    def change_days(self, provider_id: str, changes: Sequence[DayChange], *, now: datetime) -> list[DayChange]:
        with self._stores.lock:
            return [
                self._changed(provider_id, change, now)
                for change in changes
                if self._revision(provider_id, change.availability.day) == change.replaces
            ]

    def _changed(self, provider_id: str, change: DayChange, now: datetime) -> DayChange:
        there = self._stores.slots
        for slot in (*change.remove, *change.add):
            current = there.get((provider_id, slot.slot_id))
            if current and current.is_owned_at(now):
                change = change.but_owned(current)
        for slot in change.remove:
            there.pop((provider_id, slot.slot_id), None)
        for slots, withdrawn in ((change.withdraw, True), (change.restore, False)):
            for slot in slots:
                if current := there.get((provider_id, slot.slot_id)):
                    there[provider_id, slot.slot_id] = replace(current, withdrawn=withdrawn)
        for slot in change.add:
            there[provider_id, slot.slot_id] = slot
        self._stores.availability[provider_id, change.availability.day] = change.availability
        return change

    def _revision(self, provider_id: str, day: date) -> str:
        set_before = self._stores.availability.get((provider_id, day))
        return set_before.revision if set_before else ""


class InMemoryBookings:
    """A `BookingStore`."""

    def __init__(self, stores: InMemoryStores) -> None:
        self._stores = stores

    def find(self, booking_id: str) -> Booking | None:
        return self._stores.bookings.get(booking_id) or self._stores.triggers.get(booking_id)

    def prospect(
        self, provider_id: str, slot_id: str, user_id: str, *, now: datetime, key: IdempotencyKey | None
    ) -> Prospect:
        with self._stores.lock:
            return Prospect(
                slot=self._stores.slots.get((provider_id, slot_id)),
                policy=self._policy(provider_id),
                holds=self._holds(user_id),
                held_before=self._remembered(key, now),
            )

    def still_pending(self, booking_ids: Collection[str]) -> set[str]:
        with self._stores.lock:
            return {booking_id for booking_id in booking_ids if booking_id in self._stores.triggers}

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
        with self._stores.lock:
            if remembered := self._remembered(key, now):
                raise HeldBeforeError(remembered)
            there = self._takeable(slot, now)
            current = self._policy(slot.provider_id)
            check(current, figures_of_taking(slot, now))
            if current.hold_seconds != policy.hold_seconds:
                raise PolicyChangedError(current)
            others = self._holds(booking.user_id)
            have_lapsed = holds.latest is None and not others.live_at(now).deadlines
            if others.latest != holds.latest and not have_lapsed:
                raise HoldsChangedError(others)
            self._give(there, booking)
            self._stores.triggers[booking.booking_id] = booking
            self._stores.holds[booking.user_id] = holds.and_of(booking)
            if key:
                self._stores.remembered[key] = booking

    def release_hold(self, booking: Booking, *, key: IdempotencyKey | None = None) -> bool:
        with self._stores.lock:
            if booking.booking_id in self._stores.bookings:
                return False
            remembered = self._stores.remembered.get(key) if key else None
            if remembered and remembered.booking_id != booking.booking_id:
                return True
            if slot := self._owned_slot(booking):
                self._free(slot)
            self._stores.triggers.pop(booking.booking_id, None)
            if key:
                self._stores.remembered.pop(key, None)
            return True

    def create_pending(self, booking: Booking) -> bool:
        with self._stores.lock:
            if booking.booking_id in self._stores.bookings:
                return True
            if booking.booking_id not in self._stores.triggers:
                return False
            self._stores.bookings[booking.booking_id] = booking
            return True

    def take_step(self, step: Transition, booking: Booking, *, at: datetime) -> Booking:
        with self._stores.lock:
            self._check_as_read(booking)
            slot = self._owned_slot(booking)
            if step.needs_the_slot and slot is None:
                raise StepRefusedError
            if step.needs_live_hold and slot is not None and not slot.is_owned_at(at):
                raise StepRefusedError
            if booking.status in step.needs_notice_from:
                check(self._policy(booking.provider_id), figures_of_leaving(booking, at))
            after = (self._stores.bookings.get(booking.booking_id) or booking).moved(step.to, at=at)
            if slot:
                self._free(slot)
                if after.status in SLOT_STATUS_OF:
                    self._give(slot, after)
            self._stores.bookings[booking.booking_id] = after
            if not step.started_by_trigger:
                self._stores.triggers.pop(booking.booking_id, None)
            return after

    def reschedule(self, booking: Booking, slot: Slot, *, at: datetime) -> Booking:
        with self._stores.lock:
            self._check_as_read(booking)
            old = self._owned_slot(booking)
            if old is None or not old.is_owned_at(at):
                raise StepRefusedError
            is_held = booking.status is BookingStatus.PENDING
            if is_held and booking.booking_id not in self._stores.triggers:
                raise StepRefusedError
            new = self._takeable(slot, at)
            figures = figures_of_taking(slot, at)
            check(
                self._policy(slot.provider_id), figures if is_held else {**figures, **figures_of_leaving(booking, at)}
            )
            after = booking.rescheduled(slot, at=at)
            self._free(old)
            self._give(new, after)
            self._stores.bookings[booking.booking_id] = after
            if is_held:
                self._stores.triggers[booking.booking_id] = replace(after, updated_at=after.created_at, sequence=0)
            return after

    def _policy(self, provider_id: str) -> Policy:
        provider = self._stores.providers.get(provider_id)
        return provider.policy if provider else NO_RULES

    def _holds(self, user_id: str) -> Holds:
        return self._stores.holds.get(user_id, NO_HOLDS)

    def _remembered(self, key: IdempotencyKey | None, now: datetime) -> Booking | None:
        booking = self._stores.remembered.get(key) if key else None
        return booking if booking and deadline(booking.created_at, timedelta(hours=24)) > now else None

    def _takeable(self, slot: Slot, now: datetime) -> Slot:
        there = self._stores.slots.get((slot.provider_id, slot.slot_id))
        if there is None:
            raise SlotNotFoundError(slot.provider_id, slot.slot_id)
        if refusal := why_not_bookable(there, now):
            raise refusal
        if (there.starts_at, there.ends_at) != (slot.starts_at, slot.ends_at):
            raise SlotChangedError(there)
        return there

    def _check_as_read(self, booking: Booking) -> None:
        stored = self._stores.bookings.get(booking.booking_id)
        if stored and (stored.status, stored.slot_id) != (booking.status, booking.slot_id):
            raise StepRefusedError

    def _owned_slot(self, booking: Booking) -> Slot | None:
        slot = self._stores.slots.get((booking.provider_id, booking.slot_id))
        if slot is None or slot.status is not SLOT_STATUS_OF[booking.status]:
            return None
        owner = slot.held_by if slot.status is SlotStatus.HELD else slot.reserved_by
        return slot if owner == booking.booking_id else None

    def _free(self, slot: Slot) -> None:
        self._put(slot, status=SlotStatus.AVAILABLE, held_by=None, hold_expires_at=None, reserved_by=None)

    def _give(self, slot: Slot, booking: Booking) -> None:
        status = SLOT_STATUS_OF[booking.status]
        is_held = status is SlotStatus.HELD
        self._put(
            slot,
            status=status,
            held_by=booking.booking_id if is_held else None,
            hold_expires_at=booking.expires_at if is_held else None,
            reserved_by=None if is_held else booking.booking_id,
        )

    def _put(self, slot: Slot, **ownership: Any) -> None:
        self._stores.slots[slot.provider_id, slot.slot_id] = replace(slot, **ownership)


class InMemoryListing:
    """A `BookingListing` that is never behind."""

    def __init__(self, stores: InMemoryStores) -> None:
        self._stores = stores

    def find(self, listing: Listing, *, after: Place | None, limit: int, now: datetime) -> list[Booking]:
        found = [booking for booking in list(self._stores.bookings.values()) if self._is_in(listing, booking, now)]
        found.sort(key=Place.of, reverse=listing.latest_first)
        if after is not None:
            found = [
                booking
                for booking in found
                if (Place.of(booking) < after if listing.latest_first else Place.of(booking) > after)
            ]
        return found[:limit]

    def _is_in(self, listing: Listing, booking: Booking, now: datetime) -> bool:
        owner_id = booking.user_id if listing.by is ListedBy.USER else booking.provider_id
        return (
            owner_id == listing.owner_id
            and listing.status in {None, booking.seen_at(now).status}
            and (listing.starts_from is None or booking.starts_at >= listing.starts_from)
            and (listing.starts_before is None or booking.starts_at < listing.starts_before)
        )


@dataclass
class FakeQueue:
    """A `BookingQueue` that keeps what it was sent, and can be out of order."""

    sent: list[Booking] = field(default_factory=list)
    fails_with: Exception | None = None
    fails_after_sending: bool = False

    def send(self, booking: Booking) -> None:
        if self.fails_with is None or self.fails_after_sending:
            self.sent.append(booking)
        if self.fails_with is not None:
            raise self.fails_with


@dataclass
class FakeDependency:
    """A `Dependency` that answers or not."""

    ok: bool = True

    def answers(self) -> bool:
        return self.ok


@dataclass
class FakeDeadLetters:
    """A dead-letter queue as a list of contents and causes."""

    kept: list[tuple[str, str]] = field(default_factory=list)
    unavailable: bool = False

    def keep(self, content: str, *, cause: str) -> None:
        if self.unavailable:
            raise ServiceUnavailableError("The dead-letter queue can't be reached.")
        self.kept.append((content, cause))
