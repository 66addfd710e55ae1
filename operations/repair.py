"""`check --repair`: mends what can be mended without a decision.

A repair is worked out from the items that its finding rests on, as they are at one instant, and written in one
transaction on condition that each of them is still exactly so. So it can't undo what somebody does meanwhile, and has
nothing left to do when it is run again. What has two answers is left to a person, and whatever touches it with it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, TypeAlias

from boto3.dynamodb.conditions import Attr

from chalicelib.dao import keys
from chalicelib.dao.actions import Action, check, delete, put
from chalicelib.dao.conditions import Condition, built, is_absent
from chalicelib.dao.items import Item, booking_fields, camel, policy_items, trigger_item
from chalicelib.dao.table import ConditionFailedError
from chalicelib.domain.models import EXPIRE, Booking, BookingStatus, Policy, Slot, SlotStatus
from chalicelib.domain.ports import StepRefusedError
from operations.advice import ADVICE
from operations.check import look_again
from operations.invariants import FIELDS_OF, Finding, Kind
from operations.reading import Found
from operations.records import OWNER_FIELDS, Place, Records, slot_place, sort_out, trigger_place

if TYPE_CHECKING:
    from operations.target import Target

_FURTHER_ROUNDS = 2
_MAY_COME = (*OWNER_FIELDS, "withdrawn", *(camel(rule.name) for rule in fields(Policy)))
"""What somebody may add to an item, so that it must still be absent where it was."""
_FINAL = frozenset({BookingStatus.CANCELLED, BookingStatus.EXPIRED})


class CantRepairError(Exception):
    """Nothing safe can be done; the text says why."""


@dataclass(frozen=True, slots=True)
class Write:
    """What to write, and what that does in words. None deletes an item."""

    says: str
    items: Mapping[Place, Item | None]


@dataclass(frozen=True, slots=True)
class Expiry:
    """A booking to end as the expiration handler would."""

    booking: Booking


Plan: TypeAlias = Write | Expiry


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a finding."""

    finding: Finding
    mended: bool
    says: str


def repair(system: "Target", found: Iterable[Finding]) -> list[Outcome]:
    """Mend what can be mended of these findings. Raises botocore's errors and `ServiceUnavailableError`.

    Interrupted, it has mended some of them, each wholly.
    """
    found = list(found)
    disputed = {place for each in found if each.kind is Kind.TWO_OWNERS for place in each.rests_on}
    outcomes = [_mend(system, finding, disputed) for finding in found]
    # What one repair has freed may be what another one waited for.
    for _ in range(_FURTHER_ROUNDS):
        if all(each.mended for each in outcomes) or not any(each.mended for each in outcomes):
            break
        outcomes = [each if each.mended else _mend(system, each.finding, disputed) for each in outcomes]
    return outcomes


def _mend(system: "Target", finding: Finding, disputed: set[Place]) -> Outcome:
    if disputed & set(finding.rests_on):
        return Outcome(finding=finding, mended=False, says=ADVICE[Kind.TWO_OWNERS])
    look = look_again(system, finding)
    if look is None:
        return Outcome(finding=finding, mended=True, says="gone: mended with another, or by the system itself")
    current, together = look
    try:
        return Outcome(finding=current, mended=True, says=_carry_out(system, current, together))
    except CantRepairError as error:
        return Outcome(finding=current, mended=False, says=str(error))
    except (ConditionFailedError, StepRefusedError):
        return Outcome(finding=current, mended=False, says="changed at this very moment: check again")


def _carry_out(system: "Target", finding: Finding, together: Found) -> str:
    plan = planned(finding, together, now=system.clock())
    if isinstance(plan, Expiry):
        system.bookings.take_step(EXPIRE, plan.booking, at=plan.booking.expires_at)
        return "the booking is EXPIRED"
    places = sorted({*plan.items, *finding.rests_on})
    system.table.transact([_action(place, plan.items, together) for place in places])
    return plan.says


def planned(finding: Finding, together: Found, *, now: datetime) -> Plan:
    """How to mend a finding, from the items that it rests on. Raises `CantRepairError`."""
    plan = _PLANS.get(finding.kind)
    if plan is None:
        raise CantRepairError(ADVICE[finding.kind])
    return plan(_Case(finding, together, sort_out(together.values()), now))


@dataclass(frozen=True, slots=True)
class _Case:
    finding: Finding
    items: Found
    records: Records
    now: datetime

    @property
    def place(self) -> Place:
        return self.finding.about[0]

    @property
    def booking(self) -> Booking:
        """The booking that the finding is about."""
        return self.records.bookings[keys.booking_id_of(self.place[0])]

    @property
    def slot(self) -> Slot:
        """The slot that the finding is about."""
        return self.records.slots[self.place]

    def cant(self) -> CantRepairError:
        return CantRepairError(ADVICE[self.finding.kind])


def _without_trigger(case: _Case) -> Plan:
    if case.booking.expires_at <= case.now:
        raise case.cant()
    trigger = trigger_place(case.booking.booking_id)
    return Write("its trigger is there again", {trigger: trigger_item(case.booking)})


def _stray_trigger(case: _Case) -> Plan:
    return Write("the trigger is deleted", {trigger_place(case.booking.booking_id): None})


def _index_keys(case: _Case) -> Plan:
    return Write(
        "the index keys are rewritten", {case.place: {**case.items[case.place], **booking_fields(case.booking)}}
    )


def _policy_differs(case: _Case) -> Plan:
    """The provider's own item is what it is shown with."""
    copies = policy_items(case.records.providers[case.place])
    return Write("the policy is written into all copies", {(item["PK"], item["SK"]): item for item in copies})


def _stray_owner(case: _Case) -> Plan:
    """What contradicts the status may go, if it names no booking that has a say."""
    kept = FIELDS_OF[case.slot.status]
    strays = {
        owner
        for name, owner in (("heldBy", case.slot.held_by), ("reservedBy", case.slot.reserved_by))
        if name not in kept and owner
    }
    if any(_has_a_say(case.records.bookings.get(each), case.now) for each in strays):
        raise case.cant()
    removed = set(OWNER_FIELDS) - kept
    item = {name: value for name, value in case.items[case.place].items() if name not in removed}
    return Write("the stray fields are removed", {case.place: item})


def _slot_of_settled(case: _Case) -> Plan:
    """A slot that a booking still owns which has ended is free: its user was told so."""
    owner = case.slot.reserved_by if case.slot.status is SlotStatus.RESERVED else case.slot.held_by
    booking = case.records.bookings.get(owner or "")
    if booking is None or booking.status not in _FINAL:
        raise case.cant()
    return _freed(case)


def _freed(case: _Case) -> Plan:
    return Write("the slot is free", {case.place: {**_unowned(case, case.place), "status": SlotStatus.AVAILABLE.value}})


def _without_slot(case: _Case) -> Plan:
    """A CONFIRMED booking gets its slot back if nobody else has it; a PENDING one ends at its deadline."""
    booking, place = case.booking, slot_place(case.booking)
    slot = case.records.slots.get(place)
    if slot is None or booking.status is not BookingStatus.CONFIRMED:
        raise case.cant()
    of_others = {slot.held_by, slot.reserved_by} - {None, booking.booking_id}
    is_free = slot.status is SlotStatus.AVAILABLE
    is_its_own = slot.status is SlotStatus.HELD and slot.held_by == booking.booking_id
    same_times = (slot.starts_at, slot.ends_at) == (booking.starts_at, booking.ends_at)
    if of_others or not same_times or not (is_free or is_its_own):
        raise case.cant()
    reserved = {"status": SlotStatus.RESERVED.value, "reservedBy": booking.booking_id}
    return Write("the slot is RESERVED for it again", {place: {**_unowned(case, place), **reserved}})


def _unowned(case: _Case, place: Place) -> Item:
    return {name: value for name, value in case.items[place].items() if name not in OWNER_FIELDS}


def _has_a_say(booking: Booking | None, now: datetime) -> bool:
    return booking is not None and booking.seen_at(now).status not in _FINAL


_PLANS: Mapping[Kind, Callable[[_Case], Plan]] = {
    Kind.WITHOUT_SLOT: _without_slot,
    Kind.RESERVED_FOR_NOBODY: _slot_of_settled,
    Kind.HELD_FOR_NOBODY: _slot_of_settled,
    Kind.WITHOUT_TRIGGER: _without_trigger,
    Kind.STRAY_TRIGGER: _stray_trigger,
    Kind.POLICY_DIFFERS: _policy_differs,
    Kind.STRAY_OWNER: _stray_owner,
    Kind.INDEX_KEYS: _index_keys,
    Kind.WAITS_FOR_EXPIRY: lambda case: Expiry(case.booking),
    Kind.WAITS_TO_BE_FREE: _freed,
}
"""What is not here is never touched."""


def _action(place: Place, writes: Mapping[Place, Item | None], read: Found) -> Action:
    key: keys.Key = {"PK": place[0], "SK": place[1]}
    unchanged = _as_read(read.get(place))
    if place not in writes:
        return check(key, unchanged)
    item = writes[place]
    return delete(key, unchanged) if item is None else put(item, unchanged)


def _as_read(item: Item | None) -> Condition:
    """The item is exactly as it was read."""
    if item is None:
        return is_absent()
    absent = [Attr(name).not_exists() for name in _MAY_COME if name not in item]
    same = [Attr(name).eq(value) for name, value in item.items() if name not in {"PK", "SK"}]
    return built(reduce(and_, [*same, *absent]))
