"""The write sets on bookings: each changes the booking, its slot and its trigger in one transaction, or nothing.

A step is written on the booking as it was read: in the same status, and on the same slot. What may be read, and what
becomes of it, tell the transitions in `chalicelib.domain.models`. The trigger is there from the hold until the booking
is settled, so that nothing that is lost on the way can leak a slot: what remains is ended by TTL.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import partial
from typing import TypeAlias

from boto3.dynamodb.conditions import Attr, ConditionBase

from chalicelib.dao import keys, policies
from chalicelib.dao.actions import Action, check, delete, put, update
from chalicelib.dao.conditions import Condition, is_absent, is_there, prepared
from chalicelib.dao.items import (
    Item,
    booking_fields,
    camel,
    holds_item,
    idempotency_item,
    pending_item,
    to_booking,
    to_booking_as_made,
    to_holds,
    to_slot,
    trigger_item,
)
from chalicelib.dao.slots import is_free
from chalicelib.dao.table import ConditionFailedError, Table
from chalicelib.domain.errors import SlotNotFoundError
from chalicelib.domain.instants import to_epoch_second, to_text
from chalicelib.domain.models import (
    NO_HOLDS,
    NO_RULES,
    SLOT_STATUS_OF,
    TIMESTAMP_OF,
    Booking,
    BookingStatus,
    Holds,
    Policy,
    Slot,
    SlotStatus,
    Transition,
)
from chalicelib.domain.policy import check as check_policy
from chalicelib.domain.policy import figures_of_leaving, figures_of_taking
from chalicelib.domain.ports import (
    HeldBeforeError,
    HoldsChangedError,
    IdempotencyKey,
    PolicyChangedError,
    Prospect,
    SlotChangedError,
    StepRefusedError,
)
from chalicelib.domain.slots import why_not_bookable

_OWNER_FIELD = {SlotStatus.HELD: "heldBy", SlotStatus.RESERVED: "reservedBy"}
"""Who owns a slot stands in a field of its own for each status, so that a hold is never taken for a reservation."""

_LOOKS = 3
"""A hold arrives once at most, so the third look finds the slot as the second one left it."""

_OWNERSHIP_FIELDS = ("heldBy", "holdExpiresAt", "reservedBy")

_Refused: TypeAlias = Mapping[str, "Item | None"]
"""What was there, under the name of each action whose condition did not hold; empty when all was written."""


class BookingDao:
    """A `BookingStore`."""

    def __init__(self, *, table: Table) -> None:
        self._table = table

    def find(self, booking_id: str) -> Booking | None:
        """Read the booking and its trigger at once; the trigger stands for a booking that is not written yet."""
        items = {item["SK"]: item for item in self._table.query(keys.booking(booking_id)["PK"])}
        item = items.get(keys.METADATA) or items.get(keys.EXPIRATION_TRIGGER)
        return to_booking(item) if item else None

    def prospect(
        self, provider_id: str, slot_id: str, user_id: str, *, now: datetime, key: IdempotencyKey | None
    ) -> Prospect:
        """Read the slot, the policy, the user's holds, and what remembers the key, in one call."""
        wanted = [keys.slot(provider_id, slot_id), keys.policy(provider_id, slot_id), keys.holds(user_id)]
        if key:
            wanted.append(keys.idempotency(key.user_id, key.key))
        slot, policy, holds, *records = self._table.get_all(wanted)
        remembered = [to_booking_as_made(item) for item in records if item and item["ttl"] > to_epoch_second(now)]
        return Prospect(
            slot=to_slot(slot) if slot else None,
            policy=policies.policy_in(policy),
            holds=_holds_in(holds),
            held_before=remembered[0] if remembered else None,
        )

    def still_pending(self, booking_ids: Collection[str]) -> set[str]:
        """Those whose trigger is there. It comes with the hold, goes with its end, and never comes back."""
        triggers = self._table.get_all([keys.trigger(booking_id) for booking_id in booking_ids])
        return {trigger["bookingId"] for trigger in triggers if trigger}

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
        """Slot to HELD, and put the trigger, the user's holds, and what remembers the key, if the policy allows it."""
        figures = figures_of_taking(slot, now)
        actions = {
            "slot": _take_slot(slot, booking, now=now),
            "trigger": put(trigger_item(booking)),
            "policy": policies.keeping(
                slot.provider_id, slot.slot_id, policies.allows_a_hold(hold_seconds=policy.hold_seconds, **figures)
            ),
            "holds": put(holds_item(booking.user_id, holds.and_of(booking)), _holds_are_as_in(holds, now)),
        }
        if key:
            is_forgotten = _is_absent_or_lapsed(now=to_epoch_second(now))
            actions["key"] = put(idempotency_item(booking, key.user_id, key.key), is_forgotten)
            # What the key remembers is the answer, also where the same transaction has taken the slot. So nothing else
            # may be one as long as the key is not known, and a look at the slot alone would not do.
            refused = self._refused(actions, decided_by="key")
        else:
            refused = self._refused(actions, look=partial(self._look, slot, booking, now))
        there = refused.get("slot")
        if there and there.get("heldBy") == booking.booking_id:
            # By this very hold, which an earlier try had written.
            return
        if remembered := refused.get("key"):
            raise HeldBeforeError(to_booking_as_made(remembered))
        if "slot" in refused:
            raise _why_not_taken(slot, there, now)
        if "policy" in refused:
            current = policies.policy_in(refused["policy"])
            check_policy(current, figures)
            raise PolicyChangedError(current)
        if "holds" in refused:
            raise HoldsChangedError(_holds_in(refused["holds"]))

    def release_hold(self, booking: Booking, *, key: IdempotencyKey | None = None) -> bool:
        """Slot to AVAILABLE if this booking still holds it, and forget trigger and key, unless the booking was written.

        Then its message did arrive, in spite of the error that its sender saw, and the booking stands.
        """
        actions = {
            "booking": check(keys.booking(booking.booking_id), is_absent()),
            "slot": _leave_slot(booking, SlotStatus.AVAILABLE),
            "trigger": delete(keys.trigger(booking.booking_id)),
        }
        if key:
            mine = _is_absent_or_of(booking_id=booking.booking_id)
            actions["key"] = delete(keys.idempotency(key.user_id, key.key), mine)
        # The hold may be one whose answer got lost, and arrive only now: so where the slot is not this booking's, it
        # must stay so until the trigger is gone. Else the slot would be held for nobody.
        is_not_owned = _is_not_owned(SLOT_STATUS_OF[booking.status], booking_id=booking.booking_id)
        of_others = {**actions, "slot": check(keys.slot(booking.provider_id, booking.slot_id), is_not_owned)}
        refused: _Refused = {}
        for _ in range(_LOOKS):
            refused = self._refused(actions)
            if refused.keys() != {"slot"}:
                break
            refused = self._refused(of_others)
            if "slot" not in refused:
                break
        # With the key remembering another's hold, this one never came to be: there is nothing to take back.
        return "booking" not in refused

    def create_pending(self, booking: Booking) -> bool:
        """Put the booking while its trigger is there; one that is written already stays as it is."""
        refused = self._refused(
            {
                "booking": put(pending_item(booking), is_absent()),
                "trigger": check(keys.trigger(booking.booking_id), is_there()),
            }
        )
        return not refused or "booking" in refused

    def take_step(self, step: Transition, booking: Booking, *, at: datetime) -> Booking:
        """Booking and slot to the step's statuses, and delete the trigger if it is still there."""
        after = booking.moved(step.to, at=at)
        since = {camel(TIMESTAMP_OF[step.to]): to_text(at)}
        slot_to = SLOT_STATUS_OF.get(step.to, SlotStatus.AVAILABLE)
        actions = {
            "booking": _change_booking(booking, after, **since),
            "slot": _leave_slot(booking, slot_to, live_at=at if step.needs_live_hold else None),
        }
        if not step.started_by_trigger:
            actions["trigger"] = delete(keys.trigger(booking.booking_id))
        figures = figures_of_leaving(booking, at) if booking.status in step.needs_notice_from else {}
        if figures:
            actions["policy"] = policies.keeping(booking.provider_id, booking.slot_id, policies.allows(**figures))
        refused = self._refused(actions) if step.needs_the_slot else self._refused_but_for_the_slot(actions)
        if "policy" in refused and "booking" not in refused:
            check_policy(policies.policy_in(refused["policy"]), figures)
        if refused:
            raise StepRefusedError
        return after

    def reschedule(self, booking: Booking, slot: Slot, *, at: datetime) -> Booking:
        """Old slot to AVAILABLE, new slot to what the old one was, and booking and trigger to the new slot."""
        after = booking.rescheduled(slot, at=at)
        figures = figures_of_taking(slot, at)
        is_held = booking.status is BookingStatus.PENDING
        if not is_held:
            figures = {**figures, **figures_of_leaving(booking, at)}
        actions = {
            "booking": _change_booking(booking, after),
            "old slot": _leave_slot(booking, SlotStatus.AVAILABLE, live_at=at if is_held else None),
            "new slot": _take_slot(slot, after, now=at),
            "policy": policies.keeping(slot.provider_id, slot.slot_id, policies.allows(**figures)),
        }
        if is_held:
            # Once TTL has removed it, an expiry of the old slot is under way.
            actions["trigger"] = put(trigger_item(after), is_there())
        refused = self._refused(actions, look=partial(self._look, slot, after, at))
        if refused.keys() & {"booking", "old slot", "trigger"}:
            raise StepRefusedError
        if "new slot" in refused:
            raise _why_not_taken(slot, refused["new slot"], at)
        if "policy" in refused:
            check_policy(policies.policy_in(refused["policy"]), figures)
        return after

    def _look(self, slot: Slot, booking: Booking, now: datetime) -> None:
        """Raise why the booking can't get the slot any more; not if it has it, by a try whose answer was lost."""
        item = self._table.get(keys.slot(slot.provider_id, slot.slot_id))
        is_its_own = item is not None and booking.booking_id in {item.get("heldBy"), item.get("reservedBy")}
        if item is None or not (is_its_own or to_slot(item).can_be_booked_at(now)):
            raise _why_not_taken(slot, item, now)

    def _refused(
        self, actions: Mapping[str, Action], *, decided_by: str | None = None, look: Callable[[], None] | None = None
    ) -> _Refused:
        """Do all actions, or none if one is refused. For `decided_by` and `look` see `Table.transact`."""
        names = list(actions)
        try:
            self._table.transact(
                list(actions.values()), decided_by=names.index(decided_by) if decided_by else None, look=look
            )
        except ConditionFailedError as refused:
            return {names[index]: there for index, there in refused.failed.items()}
        return {}

    def _refused_but_for_the_slot(self, actions: Mapping[str, Action]) -> _Refused:
        """Do all actions; without the slot's if that one alone is refused: it is another's by now, or gone.

        It can't be the booking's again by then: its hold has come with the trigger, before there was anything to step
        on, and both a confirmation and a reschedule need the slot to be the booking's already.
        """
        refused = self._refused(actions)
        if refused.keys() == {"slot"}:
            return self._refused({name: action for name, action in actions.items() if name != "slot"})
        return refused


def _why_not_taken(slot: Slot, item: "Item | None", now: datetime) -> Exception:
    """Why a slot could not be taken, from what is there."""
    if item is None:
        return SlotNotFoundError(slot.provider_id, slot.slot_id)
    there = to_slot(item)
    return why_not_bookable(there, now) or SlotChangedError(there)


def _holds_in(item: "Item | None") -> Holds:
    """A user's holds, from what is there."""
    return to_holds(item) if item else NO_HOLDS


def _holds_are_as_in(holds: Holds, now: datetime) -> Condition:
    """Nobody has held a slot for the user since these were read; or all such holds have lapsed, where none is known."""
    if holds.latest is None:
        return _is_absent_or_lapsed(now=to_epoch_second(now))
    return _is_written_by(last_hold=holds.latest)


def _change_booking(before: Booking, after: Booking, **since: str) -> Action:
    """Write the booking as it is now; so it does not matter whether the worker has written it already."""
    return update(
        keys.booking(after.booking_id),
        write={**booking_fields(after), "status": after.status, "updatedAt": to_text(after.updated_at), **since},
        count=("sequence",),
        condition=_is_absent_or_as_read(status=before.status, slot_id=before.slot_id),
    )


def _take_slot(slot: Slot, booking: Booking, *, now: datetime) -> Action:
    """Give a free slot to a booking. It must still have the times that were read."""
    is_free_as_read = _is_free_as_read(
        starts_at=to_text(slot.starts_at),
        ends_at=to_text(slot.ends_at),
        # As slot times are written, which start on whole seconds, so that they compare as text.
        now=to_text(now.replace(microsecond=0)),
        now_in_seconds=to_epoch_second(now),
    )
    return _move_slot(booking, SLOT_STATUS_OF[booking.status], is_free_as_read)


def _leave_slot(booking: Booking, to: SlotStatus, *, live_at: datetime | None = None) -> Action:
    """Take the booking's slot to another status; with `live_at`, only while its hold lasts at that instant."""
    is_owned = _is_owned(
        SLOT_STATUS_OF[booking.status],
        booking_id=booking.booking_id,
        live_at=to_epoch_second(live_at) if live_at else None,
    )
    return _move_slot(booking, to, is_owned)


def _move_slot(booking: Booking, to: SlotStatus, condition: Condition) -> Action:
    """Set the status of the booking's slot, and whose it is."""
    write: dict[str, str | int] = {"status": to}
    if to in _OWNER_FIELD:
        write[_OWNER_FIELD[to]] = booking.booking_id
    if to is SlotStatus.HELD:
        write["holdExpiresAt"] = to_epoch_second(booking.expires_at)
    return update(
        keys.slot(booking.provider_id, booking.slot_id),
        write=write,
        remove=tuple(name for name in _OWNERSHIP_FIELDS if name not in write),
        condition=condition,
    )


@prepared
def _is_free_as_read(*, starts_at: str, ends_at: str, now: str, now_in_seconds: int) -> ConditionBase:
    as_read = Attr("startsAt").eq(starts_at) & Attr("endsAt").eq(ends_at)
    return as_read & Attr("startsAt").gt(now) & is_free(now_in_seconds)


@prepared
def _is_owned(slot_status: SlotStatus, *, booking_id: str, live_at: int | None = None) -> ConditionBase:
    """The slot is a booking's; with `live_at`, by a hold that lasts longer."""
    owned = _owned(slot_status, booking_id)
    return owned if live_at is None else owned & Attr("holdExpiresAt").gt(live_at)


@prepared
def _is_not_owned(slot_status: SlotStatus, *, booking_id: str) -> ConditionBase:
    return ~_owned(slot_status, booking_id)


def _owned(slot_status: SlotStatus, booking_id: str) -> ConditionBase:
    """Neither the status nor the owner says enough without the other."""
    return Attr("status").eq(slot_status) & Attr(_OWNER_FIELD[slot_status]).eq(booking_id)


@prepared
def _is_absent_or_as_read(*, status: BookingStatus, slot_id: str) -> ConditionBase:
    return Attr("PK").not_exists() | (Attr("status").eq(status) & Attr("slotId").eq(slot_id))


@prepared
def _is_absent_or_lapsed(*, now: int) -> ConditionBase:
    return Attr("PK").not_exists() | Attr("ttl").lte(now)


@prepared
def _is_absent_or_of(*, booking_id: str) -> ConditionBase:
    return Attr("PK").not_exists() | Attr("bookingId").eq(booking_id)


@prepared
def _is_written_by(*, last_hold: str) -> ConditionBase:
    return Attr("lastHold").eq(last_hold)
