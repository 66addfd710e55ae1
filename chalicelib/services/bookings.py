"""A booking's life: hold, create, confirm, cancel, expire.

The slot is held at once; the booking itself is written by the queue's worker. Every step reads, decides, and writes
under the conditions of what it read, so it may be repeated, come late or lose a race without harm.
"""

import logging
from datetime import datetime, timedelta

from chalicelib.domain.errors import (
    BookingConflictError,
    BookingNotFoundError,
    ProviderNotFoundError,
    ServiceUnavailableError,
    SlotNotFoundError,
)
from chalicelib.domain.instants import deadline
from chalicelib.domain.models import CANCEL, CONFIRM, EXPIRE, Booking, BookingStatus, Slot, Transition
from chalicelib.domain.ports import (
    BookingQueue,
    BookingStore,
    Clock,
    IdSource,
    ProviderStore,
    SlotChangedError,
    SlotStore,
    StepRefusedError,
)

_log = logging.getLogger(__name__)

_LOOKS = 3
"""How often a step that lost a race looks again. A booking has two steps at most, so the third look settles it."""


class BookingService:
    """What users and the two workers do with bookings."""

    def __init__(
        self,
        *,
        providers: ProviderStore,
        slots: SlotStore,
        bookings: BookingStore,
        queue: BookingQueue,
        clock: Clock,
        new_id: IdSource,
        hold: timedelta,
    ) -> None:
        self._providers = providers
        self._slots = slots
        self._bookings = bookings
        self._queue = queue
        self._clock = clock
        self._new_id = new_id
        self._hold = hold

    def hold(self, *, provider_id: str, slot_id: str, user_id: str) -> Booking:
        """Hold a slot for a user and have the booking created; returns it, PENDING.

        Raises `ProviderNotFoundError`, `SlotNotFoundError`, `SlotUnavailableError`, and `ServiceUnavailableError`
        when the table or the queue can't be reached: then the slot is free again, at the latest at the deadline.
        """
        booking = self._hold_slot(self._slot(provider_id, slot_id), user_id)
        try:
            self._queue.send(booking)
        except Exception:
            if self._release(booking):
                raise
        _log.info("slot held", extra=_ids(booking))
        return booking

    def get(self, booking_id: str) -> Booking:
        """The booking as it counts now. Raises `BookingNotFoundError`."""
        # The clock first: what is confirmed while it is being read must not be shown as it was, but past its deadline.
        now = self._clock()
        return self._find(booking_id).seen_at(now)

    def confirm(self, booking_id: str) -> Booking:
        """Make a PENDING booking CONFIRMED and its slot RESERVED; a repeat gives the same booking again.

        Raises `BookingNotFoundError`, `BookingConflictError`.
        """
        return self._step(CONFIRM, booking_id)

    def cancel(self, booking_id: str) -> Booking:
        """Make a PENDING or CONFIRMED booking CANCELLED and its slot free; a repeat gives the same booking again.

        Raises `BookingNotFoundError`, `BookingConflictError`.
        """
        return self._step(CANCEL, booking_id)

    def create(self, booking: Booking) -> None:
        """Write the booking of a hold, from its message. Twice or late does no harm."""
        created = self._bookings.create_pending(booking)
        _log.info("booking created" if created else "message dropped: its hold is over", extra=_ids(booking))

    def expire(self, booking: Booking) -> None:
        """End a booking that nobody confirmed, from its removed trigger. Twice or late does no harm."""
        try:
            self._bookings.take_step(EXPIRE, booking, at=booking.expires_at)
        except StepRefusedError:
            _log.info("nothing to expire: the booking is settled", extra=_ids(booking))
        else:
            _log.info("booking expired", extra=_ids(booking))

    def _find(self, booking_id: str) -> Booking:
        booking = self._bookings.find(booking_id)
        if booking is None:
            raise BookingNotFoundError(booking_id)
        return booking

    def _slot(self, provider_id: str, slot_id: str) -> Slot:
        slot = self._slots.find(provider_id, slot_id)
        if slot is not None:
            return slot
        if self._providers.find(provider_id) is None:
            raise ProviderNotFoundError(provider_id)
        raise SlotNotFoundError(provider_id, slot_id)

    def _hold_slot(self, slot: Slot, user_id: str) -> Booking:
        for _ in range(_LOOKS):
            now = self._clock()
            booking = self._new_booking(slot, user_id, now)
            try:
                self._bookings.hold_slot(slot, booking, now=now)
            except SlotChangedError as changed:
                slot = changed.current
            except ServiceUnavailableError:
                # It may have been applied all the same. Nobody knows its id, so take it back rather than let it lapse.
                self._release(booking)
                raise
            else:
                return booking
        raise ServiceUnavailableError("The slot is being changed.")

    def _new_booking(self, slot: Slot, user_id: str, now: datetime) -> Booking:
        return Booking(
            booking_id=f"booking-{self._new_id()}",
            status=BookingStatus.PENDING,
            provider_id=slot.provider_id,
            slot_id=slot.slot_id,
            user_id=user_id,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            time_zone=slot.time_zone,
            created_at=now,
            updated_at=now,
            expires_at=deadline(now, self._hold),
        )

    def _release(self, booking: Booking) -> bool:
        """Give a hold back; True unless the booking was created after all, and so stands.

        When the table can't be reached either, the hold ends by itself at its deadline.
        """
        try:
            released = self._bookings.release_hold(booking)
        except ServiceUnavailableError:
            _log.warning("hold not released; it ends at its deadline", extra=_ids(booking))
            return True
        _log.warning("hold released" if released else "hold kept: its message did arrive", extra=_ids(booking))
        return released

    def _step(self, step: Transition, booking_id: str) -> Booking:
        for _ in range(_LOOKS):
            # One reading of the clock decides and is written: between two, the deadline could pass unseen.
            now = self._clock()
            booking = self._find(booking_id).seen_at(now)
            if booking.status is step.to:
                return booking
            if booking.status not in step.allowed_from:
                raise BookingConflictError(booking_id, booking.status)
            try:
                done = self._bookings.take_step(step, booking, at=now)
            except StepRefusedError:
                continue
            _log.info("booking %s", done.status.lower(), extra=_ids(done))
            return done
        # Refused, though by its state it could be done: its slot went to another whose clock is ahead of this one.
        raise BookingConflictError(booking_id, BookingStatus.EXPIRED)


def _ids(booking: Booking) -> dict[str, str]:
    return {"booking_id": booking.booking_id, "provider_id": booking.provider_id, "slot_id": booking.slot_id}
