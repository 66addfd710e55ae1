"""A booking's life: hold, create, confirm, reschedule, cancel, expire.

The slot is held at once; the booking itself is written by the queue's worker. Every step reads, decides, and writes
under the conditions of what it read, so it may be repeated, come late or lose a race without harm.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.domain.access import Caller
from chalicelib.domain.errors import (
    BookingConflictError,
    BookingNotFoundError,
    ForbiddenError,
    IdempotencyKeyReusedError,
    ProviderNotFoundError,
    ServiceUnavailableError,
    SlotNotFoundError,
    TooManyHoldsError,
)
from chalicelib.domain.instants import deadline
from chalicelib.domain.models import (
    CANCEL,
    CONFIRM,
    EXPIRE,
    NO_HOLDS,
    SLOT_STATUS_OF,
    Booking,
    BookingStatus,
    Holds,
    Policy,
    Slot,
    Transition,
)
from chalicelib.domain.ports import (
    BookingQueue,
    BookingStore,
    Clock,
    HeldBeforeError,
    HoldsChangedError,
    IdempotencyKey,
    IdSource,
    PolicyChangedError,
    ProviderStore,
    SlotChangedError,
    StepRefusedError,
)
from chalicelib.domain.slots import slot_like, why_not_bookable
from chalicelib.services.ownership import Ownership
from chalicelib.services.recent import Recent

_log = logging.getLogger(__name__)

_SECOND = timedelta(seconds=1)

_LOOKS = 5
"""How often what lost a race looks again. A booking has two steps at most, but can be rescheduled at any time."""


class _Seen(NamedTuple):
    """What a provider's latest hold was tried with, here: the next one may be like it."""

    slot: Slot
    policy: Policy


class BookingService:
    """What users and the two workers do with bookings."""

    def __init__(
        self,
        *,
        providers: ProviderStore,
        ownership: Ownership,
        bookings: BookingStore,
        queue: BookingQueue,
        clock: Clock,
        new_id: IdSource,
        hold: timedelta,
        max_active_holds: int,
    ) -> None:
        """`hold` is how long a hold lasts, unless a policy says otherwise, and `max_active_holds` how many a user has.

        A hold is active until its deadline, unless its booking is settled before.
        """
        self._providers = providers
        self._ownership = ownership
        self._bookings = bookings
        self._queue = queue
        self._clock = clock
        self._new_id = new_id
        self._hold = hold
        self._max_active_holds = max_active_holds
        self._seen: Recent[str, _Seen] = Recent()
        """By provider."""

    def hold(
        self, *, provider_id: str, slot_id: str, user_id: str, idempotency_key: str | None = None, by: Caller
    ) -> Booking:
        """Hold a slot for a user and have the booking created; returns it, PENDING.

        The same request with the same key gives the same booking, as it was then, for 24 hours. A key is the caller's.

        Raises `ForbiddenError` for another user, unless the caller acts for the provider; `ProviderNotFoundError`,
        `SlotNotFoundError`, `SlotUnavailableError`, `PolicyError`, `TooManyHoldsError`, `IdempotencyKeyReusedError`,
        and `ServiceUnavailableError` when the table or the queue can't be reached: then the slot is free again, at the
        latest at the deadline.
        """
        if not (by.is_user(user_id) or self._ownership.has_provider(by, provider_id)):
            raise ForbiddenError
        key = IdempotencyKey(user_id=by.user_id or user_id, key=idempotency_key) if idempotency_key else None
        lapsed: Booking | None = None
        for _ in range(_LOOKS):
            try:
                return self._sent(self._hold_slot(provider_id, slot_id, user_id, key), key)
            except HeldBeforeError as before:
                held = before.booking
            if (held.provider_id, held.slot_id, held.user_id) != (provider_id, slot_id, user_id):
                raise IdempotencyKeyReusedError
            # Who held it may have died before the message was sent, or may be about to take the hold back. Once the
            # booking is written, it stands. If it can't be, the hold was taken back, with its key; or it has lapsed.
            if self._bookings.create_pending(held) or held == lapsed:
                _log.info("request answered again", extra=_ids(held))
                return held
            lapsed = held
        raise ServiceUnavailableError("The same request is being done and taken back.")

    def get(self, booking_id: str, *, by: Caller) -> Booking:
        """The booking as it counts now. Raises `BookingNotFoundError`."""
        # The clock first: what is confirmed while it is being read must not be shown as it was, but past its deadline.
        now = self._clock()
        return self._find(booking_id, by).seen_at(now)

    def confirm(self, booking_id: str, *, by: Caller) -> Booking:
        """Make a PENDING booking CONFIRMED and its slot RESERVED; a repeat gives the same booking again.

        Raises `BookingNotFoundError`, `BookingConflictError`.
        """
        return self._step(CONFIRM, booking_id, by)

    def cancel(self, booking_id: str, *, by: Caller) -> Booking:
        """Make a PENDING or CONFIRMED booking CANCELLED and its slot free; a repeat gives the same booking again.

        Raises `BookingNotFoundError`, `BookingConflictError`, and `CancelCutoffPassedError` for a CONFIRMED one.
        """
        return self._step(CANCEL, booking_id, by)

    def reschedule(self, booking_id: str, slot_id: str, *, by: Caller) -> Booking:
        """Give a PENDING or CONFIRMED booking another slot of its provider; the one it has changes nothing.

        Raises `BookingNotFoundError`, `BookingConflictError`, `SlotNotFoundError`, `SlotUnavailableError`,
        `PolicyError`.
        """

        def write(booking: Booking, now: datetime) -> Booking:
            if booking.status not in SLOT_STATUS_OF:
                raise BookingConflictError(booking_id, booking.status)
            if booking.slot_id == slot_id:
                return booking
            done = self._take_other_slot(booking, slot_id, now)
            _log.debug("booking rescheduled", extra=_ids(done))
            return done

        return self._written(booking_id, by, write)

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

    def _find(self, booking_id: str, by: Caller) -> Booking:
        booking = self._bookings.find(booking_id)
        # Somebody else's looks like one that does not exist.
        if booking is None or not self._ownership.has_booking(by, booking):
            raise BookingNotFoundError(booking_id)
        return booking

    def _hold_slot(self, provider_id: str, slot_id: str, user_id: str, key: IdempotencyKey | None) -> Booking:
        # The write has conditions on all that it is decided on. So that may as well be guessed: a refusal brings it.
        slot, policy, holds = self._guess(provider_id, slot_id) or self._prospect(provider_id, slot_id, user_id, key)
        # Each time that another hold of the user's comes first, there is one more of them, until there are too many.
        for _ in range(_LOOKS + self._max_active_holds):
            now = self._clock()
            try:
                holds = self._with_room_for_one(holds, now)
            except TooManyHoldsError as too_many:
                # This very request may be among those that were done meanwhile; and a slot that nobody could have now
                # is not worth waiting for. Both can be told only from what is read after the holds were.
                slot, _, _ = self._prospect(provider_id, slot_id, user_id, key)
                raise why_not_bookable(slot, now) or too_many from None
            booking = self._new_booking(slot, policy, user_id, now)
            self._seen.keep(provider_id, _Seen(slot, policy))
            try:
                self._bookings.hold_slot(slot, booking, now=now, policy=policy, holds=holds, key=key)
            except SlotChangedError as changed:
                slot = changed.current
            except PolicyChangedError as changed:
                policy = changed.current
            except HoldsChangedError as changed:
                holds = changed.current
            except ServiceUnavailableError:
                # It may have been applied all the same. Nobody knows its id, so take it back rather than let it lapse.
                self._release(booking, key)
                raise
            else:
                return booking
        raise ServiceUnavailableError("The slot is being changed.")

    def _guess(self, provider_id: str, slot_id: str) -> tuple[Slot, Policy, Holds] | None:
        """What a hold may be decided on: most slots of a provider are alike, and most users hold no other slot."""
        seen = self._seen.get(provider_id)
        if seen is None:
            return None
        slot = slot_like(seen.slot, slot_id)
        return (slot, seen.policy, NO_HOLDS) if slot else None

    def _prospect(
        self, provider_id: str, slot_id: str, user_id: str, key: IdempotencyKey | None
    ) -> tuple[Slot, Policy, Holds]:
        """Read what a hold is decided on, unless it was done already, or there is no such slot."""
        prospect = self._bookings.prospect(provider_id, slot_id, user_id, now=self._clock(), key=key)
        if prospect.held_before:
            raise HeldBeforeError(prospect.held_before)
        if prospect.slot is None:
            raise self._not_found(provider_id, slot_id)
        return prospect.slot, prospect.policy, prospect.holds

    def _with_room_for_one(self, holds: Holds, now: datetime) -> Holds:
        """The holds that are active, if there can be one more.

        Those that were ended before their deadline are looked for only where it matters. None that is left out here can
        become active again, and each that is left was so when they were looked at: ended holds stay ended.
        """
        active = holds.live_at(now)
        if len(active.deadlines) >= self._max_active_holds:
            active = active.only(self._bookings.still_pending(active.deadlines))
        if len(active.deadlines) >= self._max_active_holds:
            # With more than there may be, since there may be fewer by now, several must end first.
            room_at = sorted(active.deadlines.values())[-self._max_active_holds]
            raise TooManyHoldsError(self._max_active_holds, retry_after_seconds=-((now - room_at) // _SECOND))
        return active

    def _not_found(self, provider_id: str, slot_id: str) -> ProviderNotFoundError | SlotNotFoundError:
        if self._providers.find(provider_id) is None:
            return ProviderNotFoundError(provider_id)
        return SlotNotFoundError(provider_id, slot_id)

    def _sent(self, booking: Booking, key: IdempotencyKey | None) -> Booking:
        """Have the booking of a hold created, or take the hold back."""
        try:
            self._queue.send(booking)
        except Exception:
            if self._release(booking, key):
                raise
        _log.debug("slot held", extra=_ids(booking))
        return booking

    def _new_booking(self, slot: Slot, policy: Policy, user_id: str, now: datetime) -> Booking:
        hold = self._hold if policy.hold_seconds is None else timedelta(seconds=policy.hold_seconds)
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
            expires_at=deadline(now, hold),
        )

    def _release(self, booking: Booking, key: IdempotencyKey | None) -> bool:
        """Give a hold back; True unless the booking was created after all, and so stands.

        When the table can't be reached either, the hold ends by itself at its deadline.
        """
        try:
            released = self._bookings.release_hold(booking, key=key)
        except ServiceUnavailableError:
            _log.warning("hold not released; it ends at its deadline", extra=_ids(booking))
            return True
        _log.warning("hold released" if released else "hold kept: its message did arrive", extra=_ids(booking))
        return released

    def _step(self, step: Transition, booking_id: str, by: Caller) -> Booking:
        def write(booking: Booking, now: datetime) -> Booking:
            if booking.status is step.to:
                return booking
            if booking.status not in step.allowed_from:
                raise BookingConflictError(booking_id, booking.status)
            done = self._bookings.take_step(step, booking, at=now)
            _log.debug("booking %s", done.status.lower(), extra=_ids(done))
            return done

        return self._written(booking_id, by, write)

    def _take_other_slot(self, booking: Booking, slot_id: str, now: datetime) -> Booking:
        # It is not read before: most slots of a provider are alike, and where this one is not, the refusal brings it.
        slot = slot_like(booking, slot_id)
        if slot is None:
            raise SlotNotFoundError(booking.provider_id, slot_id)
        for _ in range(_LOOKS):
            try:
                return self._bookings.reschedule(booking, slot, at=now)
            except SlotChangedError as changed:
                slot = changed.current
        raise ServiceUnavailableError("The slot is being changed.")

    def _written(self, booking_id: str, by: Caller, write: Callable[[Booking, datetime], Booking]) -> Booking:
        """Look at the booking, decide and write; once more when somebody has changed it in between."""
        refused: Booking | None = None
        for _ in range(_LOOKS):
            # One reading of the clock decides and is written: between two, the deadline could pass unseen.
            now = self._clock()
            booking = self._find(booking_id, by).seen_at(now)
            if booking == refused:
                # Nobody has changed it, and yet it has not its slot: that went to another, whose clock is ahead.
                raise BookingConflictError(booking_id, BookingStatus.EXPIRED)
            try:
                return write(booking, now)
            except StepRefusedError:
                refused = booking
        raise ServiceUnavailableError("The booking is being changed.")


def _ids(booking: Booking) -> dict[str, str]:
    return {"booking_id": booking.booking_id, "provider_id": booking.provider_id, "slot_id": booking.slot_id}
