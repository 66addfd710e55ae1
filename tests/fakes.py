"""The ports in memory. They pass the same contract tests as the real ones (`tests/contracts`)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from threading import RLock

from chalicelib.domain.changes import DayChange
from chalicelib.domain.errors import (
    ProviderExistsError,
    ServiceUnavailableError,
    SlotNotFoundError,
    SlotUnavailableError,
)
from chalicelib.domain.models import Availability, Booking, Provider, Slot, SlotStatus, Transition
from chalicelib.domain.ports import SlotChangedError, StepRefusedError


@dataclass
class InMemoryStores:
    """What the table holds. The three stores look at the same one."""

    providers: dict[str, Provider] = field(default_factory=dict)
    availability: dict[tuple[str, date], Availability] = field(default_factory=dict)
    slots: dict[tuple[str, str], Slot] = field(default_factory=dict)
    bookings: dict[str, Booking] = field(default_factory=dict)
    triggers: dict[str, Booking] = field(default_factory=dict)
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

    def hold_slot(self, slot: Slot, booking: Booking, *, now: datetime) -> None:
        with self._stores.lock:
            there = self._stores.slots.get((slot.provider_id, slot.slot_id))
            if there is None:
                raise SlotNotFoundError(slot.provider_id, slot.slot_id)
            if there.starts_at <= now:
                raise SlotUnavailableError(slot.slot_id, "has started")
            if there.status_at(now) is not SlotStatus.AVAILABLE:
                raise SlotUnavailableError(slot.slot_id, "is taken")
            if there.withdrawn:
                raise SlotNotFoundError(slot.provider_id, slot.slot_id)
            if (there.starts_at, there.ends_at) != (slot.starts_at, slot.ends_at):
                raise SlotChangedError(there)
            self._stores.slots[slot.provider_id, slot.slot_id] = replace(
                there, status=SlotStatus.HELD, held_by=booking.booking_id, hold_expires_at=booking.expires_at
            )
            self._stores.triggers[booking.booking_id] = booking

    def release_hold(self, booking: Booking) -> bool:
        with self._stores.lock:
            if booking.booking_id in self._stores.bookings:
                return False
            slot = self._owned_slot(booking, frozenset({SlotStatus.HELD}))
            if slot:
                self._move(slot, SlotStatus.AVAILABLE, None)
            self._stores.triggers.pop(booking.booking_id, None)
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
            stored = self._stores.bookings.get(booking.booking_id)
            if stored and stored.status not in step.allowed_from:
                raise StepRefusedError
            slot = self._owned_slot(booking, step.slot_allowed_from)
            hold_is_over = slot is not None and slot.hold_expires_at is not None and slot.hold_expires_at <= at
            if step.needs_the_slot and (slot is None or (step.needs_live_hold and hold_is_over)):
                raise StepRefusedError
            if slot:
                self._move(slot, step.slot_to, booking.booking_id)
            after = (stored or booking).moved(step.to, at=at)
            self._stores.bookings[booking.booking_id] = after
            if not step.started_by_trigger:
                self._stores.triggers.pop(booking.booking_id, None)
            return after

    def _owned_slot(self, booking: Booking, statuses: frozenset[SlotStatus]) -> Slot | None:
        slot = self._stores.slots.get((booking.provider_id, booking.slot_id))
        if slot is None or slot.status not in statuses:
            return None
        owner = slot.held_by if slot.status is SlotStatus.HELD else slot.reserved_by
        return slot if owner == booking.booking_id else None

    def _move(self, slot: Slot, status: SlotStatus, owner: str | None) -> None:
        self._stores.slots[slot.provider_id, slot.slot_id] = replace(
            slot,
            status=status,
            held_by=None,
            hold_expires_at=None,
            reserved_by=owner if status is SlotStatus.RESERVED else None,
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
