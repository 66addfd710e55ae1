"""The write sets on bookings: each changes the booking, its slot and its trigger in one transaction, or nothing.

The conditions are made from the transitions in `chalicelib.domain.models`. The trigger is there from the hold until the
booking is settled, so that nothing that is lost on the way can leak a slot: what remains is ended by TTL.
"""

from datetime import datetime
from functools import reduce
from operator import or_

from boto3.dynamodb.conditions import Attr, ConditionBase

from chalicelib.dao import keys
from chalicelib.dao.actions import Action, check, delete, put, update
from chalicelib.dao.items import booking_fields, camel, pending_item, to_booking, to_slot, trigger_item
from chalicelib.dao.slots import is_free
from chalicelib.dao.table import ConditionFailedError, Table
from chalicelib.domain.errors import SlotNotFoundError, SlotUnavailableError
from chalicelib.domain.instants import to_epoch_second, to_text
from chalicelib.domain.models import TIMESTAMP_OF, Booking, Slot, SlotStatus, Transition
from chalicelib.domain.ports import SlotChangedError, StepRefusedError

_OWNER_FIELD = {SlotStatus.HELD: "heldBy", SlotStatus.RESERVED: "reservedBy"}
"""Who owns a slot stands in a field of its own for each status, so that a hold is never taken for a reservation."""

_BOOKING = 0
"""Where the booking stands in every transaction that changes one."""

_HELD_SLOT = 0
"""Where the slot stands in the transaction that holds it."""


class BookingDao:
    """A `BookingStore`."""

    def __init__(self, *, table: Table) -> None:
        self._table = table

    def find(self, booking_id: str) -> Booking | None:
        """Read the booking and its trigger at once; the trigger stands for a booking that is not written yet."""
        items = {item["SK"]: item for item in self._table.query(keys.booking(booking_id)["PK"])}
        item = items.get(keys.METADATA) or items.get(keys.EXPIRATION_TRIGGER)
        return to_booking(item) if item else None

    def hold_slot(self, slot: Slot, booking: Booking, *, now: datetime) -> None:
        """Slot to HELD, and put the trigger. The slot must still have the times that the booking was made with."""
        as_read = Attr("startsAt").eq(to_text(slot.starts_at)) & Attr("endsAt").eq(to_text(slot.ends_at))
        in_future = Attr("startsAt").gt(_in_whole_seconds(now))
        hold = update(
            keys.slot(slot.provider_id, slot.slot_id),
            write={
                "status": SlotStatus.HELD,
                "heldBy": booking.booking_id,
                "holdExpiresAt": to_epoch_second(booking.expires_at),
            },
            condition=as_read & in_future & is_free(now),
        )
        try:
            self._table.transact([hold, put(trigger_item(booking))])
        except ConditionFailedError as refused:
            there = refused.failed.get(_HELD_SLOT)
            if there is None:
                raise SlotNotFoundError(slot.provider_id, slot.slot_id) from refused
            _explain_refused_hold(booking, to_slot(there), now)

    def release_hold(self, booking: Booking) -> bool:
        """Slot to AVAILABLE if this booking still holds it, and delete the trigger, unless the booking was written.

        Then its message did arrive, in spite of the error that its sender saw, and the booking stands.
        """
        unwritten = check(keys.booking(booking.booking_id), Attr("PK").not_exists())
        free = _move_slot(booking, frozenset({SlotStatus.HELD}), SlotStatus.AVAILABLE)
        return self._write(unwritten, free, [delete(keys.trigger(booking.booking_id))], needs_the_slot=False)

    def create_pending(self, booking: Booking) -> bool:
        """Put the booking while its trigger is there; one that is written already stays as it is."""
        trigger_is_there = check(keys.trigger(booking.booking_id), Attr("PK").exists())
        try:
            self._table.transact([put(pending_item(booking), Attr("PK").not_exists()), trigger_is_there])
        except ConditionFailedError as refused:
            return _BOOKING in refused.failed
        return True

    def take_step(self, step: Transition, booking: Booking, *, at: datetime) -> Booking:
        """Booking and slot to the step's states, and delete the trigger if it is still there."""
        after = booking.moved(step.to, at=at)
        slot = _move_slot(booking, step.slot_allowed_from, step.slot_to, live_at=at if step.needs_live_hold else None)
        others = [] if step.started_by_trigger else [delete(keys.trigger(booking.booking_id))]
        if not self._write(_change_booking(step, after), slot, others, needs_the_slot=step.needs_the_slot):
            raise StepRefusedError
        return after

    def _write(self, booking: Action, slot: Action, others: list[Action], *, needs_the_slot: bool) -> bool:
        """Do all actions; without the slot's if that alone is refused and not needed. False: nothing was written."""
        try:
            self._table.transact([booking, slot, *others])
        except ConditionFailedError as refused:
            if _BOOKING in refused.failed or needs_the_slot:
                return False
        else:
            return True
        # The slot is another's by now, or gone: it is not this booking's to change.
        try:
            self._table.transact([booking, *others])
        except ConditionFailedError:
            return False
        return True


def _explain_refused_hold(booking: Booking, there: Slot, now: datetime) -> None:
    """Say why the hold was refused; nothing, if it was this very hold that an earlier try had written."""
    if there.held_by == booking.booking_id:
        return
    if there.starts_at <= now:
        raise SlotUnavailableError(there.slot_id, "has started")
    if there.status_at(now) is not SlotStatus.AVAILABLE:
        raise SlotUnavailableError(there.slot_id, "is taken")
    if there.withdrawn:
        raise SlotNotFoundError(there.provider_id, there.slot_id)
    raise SlotChangedError(there)


def _change_booking(step: Transition, after: Booking) -> Action:
    """Write the new state, and where the worker has not written the booking yet, what it would have written."""
    allowed = Attr("PK").not_exists() | Attr("status").is_in(sorted(step.allowed_from))
    at = to_text(after.updated_at)
    return update(
        keys.booking(after.booking_id),
        write={"status": step.to, "updatedAt": at, camel(TIMESTAMP_OF[step.to]): at},
        write_if_absent=booking_fields(after),
        condition=allowed,
    )


def _move_slot(
    booking: Booking, allowed_from: frozenset[SlotStatus], to: SlotStatus, *, live_at: datetime | None = None
) -> Action:
    """Take the booking's slot to a status; with `live_at`, only while its hold lasts at that instant."""
    owned = _owned_by(booking, allowed_from)
    write = {"status": to, **({_OWNER_FIELD[to]: booking.booking_id} if to in _OWNER_FIELD else {})}
    return update(
        keys.slot(booking.provider_id, booking.slot_id),
        write=write,
        remove=[name for name in ("heldBy", "holdExpiresAt", "reservedBy") if name not in write],
        condition=owned & Attr("holdExpiresAt").gt(to_epoch_second(live_at)) if live_at else owned,
    )


def _owned_by(booking: Booking, statuses: frozenset[SlotStatus]) -> ConditionBase:
    """The slot is in one of these statuses, and by this booking: neither says enough without the other."""
    owned = [
        Attr("status").eq(status) & Attr(_OWNER_FIELD[status]).eq(booking.booking_id) for status in sorted(statuses)
    ]
    return reduce(or_, owned)


def _in_whole_seconds(now: datetime) -> str:
    """`now` as slot times are written, which start on whole seconds, so that they compare as text."""
    return to_text(now.replace(microsecond=0))
