"""The items as they lie in the table, attribute by attribute: other tools, and people, read them."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib.dao import keys
from chalicelib.dao.stream import booking_of_trigger
from chalicelib.domain.errors import MalformedRecordError, SlotUnavailableError
from chalicelib.domain.instants import from_epoch_second, to_epoch_second
from chalicelib.domain.models import CANCEL, CONFIRM, EXPIRE, NO_HOLDS, NO_RULES, Availability, Break, Holds, Policy
from chalicelib.domain.ports import HoldsChangedError, IdempotencyKey, StepRefusedError
from tests.builders import DAY, NOW, availability, booking, change, provider, slot, window
from tests.moto_region import REGION, Aws
from tests.tables import Stores, dao_stores, table_on

BOOKING_ID = "booking-00000000-0000-4000-8000-000000000001"
SLOT = slot(provider_id="ann")
BOOKING = booking(SLOT, booking_id=BOOKING_ID, user_id="user-1")
DEADLINE = 1_903_867_501
"""300 s after `NOW`, rounded up: one value for the slot, the trigger and the booking."""

FACTS = {
    "bookingId": BOOKING_ID,
    "providerId": "ann",
    "slotId": "2030-05-02T09:00",
    "userId": "user-1",
    "startsAt": "2030-05-02T09:00:00Z",
    "endsAt": "2030-05-02T10:00:00Z",
    "timeZone": "UTC",
    "createdAt": "2030-05-01T12:00:00.250000Z",
}
BOOKING_ITEM = {
    **FACTS,
    "PK": f"BOOKING#{BOOKING_ID}",
    "SK": "METADATA",
    "GSI1PK": "USER#user-1",
    "GSI1SK": f"BOOKING#2030-05-02T09:00:00Z#{BOOKING_ID}",
    "GSI2PK": "PROVIDER#ann",
    "GSI2SK": f"BOOKING#2030-05-02T09:00:00Z#{BOOKING_ID}",
    "expiresAt": DEADLINE,
}
SLOT_ITEM = {
    "PK": "PROVIDER#ann",
    "SK": "SLOT#2030-05-02#09:00",
    "providerId": "ann",
    "startsAt": "2030-05-02T09:00:00Z",
    "endsAt": "2030-05-02T10:00:00Z",
    "timeZone": "UTC",
}
TRIGGER_ITEM = {**FACTS, "PK": f"BOOKING#{BOOKING_ID}", "SK": "EXPIRATION_TRIGGER", "ttl": DEADLINE}


class Raw:
    """A table on moto, with a look at its items."""

    def __init__(self, aws: Aws) -> None:
        self.client = aws.dynamodb
        self.name = aws.its.table_name
        self.stores: Stores = dao_stores(table_on(aws.dynamodb, self.name))
        self.items = boto3.resource("dynamodb", region_name=REGION).Table(self.name)

    def change(self, to: Availability, revision: str, replaces: str = "", **steps: Any) -> None:
        """Change Ann's day."""
        wanted = change(availability=replace(to, revision=revision), replaces=replaces, **steps)
        assert self.stores.slots.change_days("ann", [wanted], now=NOW)

    def all(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Every item by its key."""
        return {(str(item["PK"]), str(item["SK"])): item for item in self.items.scan()["Items"]}


@pytest.fixture
def raw(aws: Aws) -> Raw:
    """A table that holds one free slot."""
    table = Raw(aws)
    table.change(availability(), "r1", add=(SLOT,))
    return table


def test_a_provider(raw: Raw) -> None:
    raw.stores.providers.create(provider(provider_id="ann", name="Ann", time_zone="Europe/Berlin"))
    assert raw.all()["PROVIDER#ann", "METADATA"] == {
        "PK": "PROVIDER#ann",
        "SK": "METADATA",
        "providerId": "ann",
        "name": "Ann",
        "timeZone": "Europe/Berlin",
        "createdAt": "2030-05-01T12:00:00.250000Z",
    }


def test_a_days_availability_and_its_free_slot(raw: Raw) -> None:
    assert raw.all() == {
        ("PROVIDER#ann", "AVAILABILITY#2030-05-02"): {
            "PK": "PROVIDER#ann",
            "SK": "AVAILABILITY#2030-05-02",
            "date": "2030-05-02",
            "windows": [
                {
                    "startTime": "09:00",
                    "endTime": "12:00",
                    "slotDurationMinutes": 60,
                    "bufferMinutes": 0,
                    "breaks": [],
                }
            ],
            "revision": "r1",
        },
        ("PROVIDER#ann", "SLOT#2030-05-02#09:00"): {**SLOT_ITEM, "status": "AVAILABLE"},
    }


def test_windows_with_a_break_and_until_midnight(raw: Raw) -> None:
    pause = Break(start=timedelta(hours=10), end=timedelta(hours=10, minutes=15))
    evening = window(start=timedelta(hours=18), end=timedelta(hours=24))
    raw.change(availability(window(buffer_minutes=5, breaks=(pause,)), evening), "r2", "r1")
    first, second = raw.all()["PROVIDER#ann", "AVAILABILITY#2030-05-02"]["windows"]
    assert (first["bufferMinutes"], first["breaks"]) == (5, [{"startTime": "10:00", "endTime": "10:15"}])
    assert second["endTime"] == "24:00"


def test_a_closed_day_and_a_withdrawn_slot(raw: Raw) -> None:
    raw.stores.bookings.hold_slot(SLOT, BOOKING, now=NOW)
    raw.change(Availability(day=DAY, windows=()), "r2", "r1", withdraw=(SLOT,))
    assert raw.all()["PROVIDER#ann", "AVAILABILITY#2030-05-02"]["windows"] == []
    held = {**SLOT_ITEM, "status": "HELD", "heldBy": BOOKING_ID, "holdExpiresAt": DEADLINE}
    assert raw.all()["PROVIDER#ann", "SLOT#2030-05-02#09:00"] == {**held, "withdrawn": True}
    raw.stores.bookings.take_step(CANCEL, BOOKING, at=NOW)
    assert raw.all()["PROVIDER#ann", "SLOT#2030-05-02#09:00"] == {
        **SLOT_ITEM,
        "status": "AVAILABLE",
        "withdrawn": True,
    }
    raw.change(availability(), "r3", "r2", restore=(SLOT,))
    assert raw.all()["PROVIDER#ann", "SLOT#2030-05-02#09:00"] == {**SLOT_ITEM, "status": "AVAILABLE"}


def test_a_hold_and_its_trigger(raw: Raw) -> None:
    raw.stores.bookings.hold_slot(SLOT, BOOKING, now=NOW)
    assert raw.all()["PROVIDER#ann", "SLOT#2030-05-02#09:00"] == {
        **SLOT_ITEM,
        "status": "HELD",
        "heldBy": BOOKING_ID,
        "holdExpiresAt": DEADLINE,
    }
    assert raw.all()[f"BOOKING#{BOOKING_ID}", "EXPIRATION_TRIGGER"] == TRIGGER_ITEM


def test_the_ttl_is_a_number(raw: Raw) -> None:
    """DynamoDB ignores a TTL of another type, and the hold would never be tidied up."""
    raw.stores.bookings.hold_slot(SLOT, BOOKING, now=NOW)
    key = {"PK": {"S": f"BOOKING#{BOOKING_ID}"}, "SK": {"S": "EXPIRATION_TRIGGER"}}
    assert raw.client.get_item(TableName=raw.name, Key=key)["Item"]["ttl"] == {"N": str(DEADLINE)}


def test_a_created_booking(raw: Raw) -> None:
    raw.stores.bookings.hold_slot(SLOT, BOOKING, now=NOW)
    raw.stores.bookings.create_pending(BOOKING)
    assert raw.all()[f"BOOKING#{BOOKING_ID}", "METADATA"] == {
        **BOOKING_ITEM,
        "status": "PENDING",
        "updatedAt": "2030-05-01T12:00:00.250000Z",
        "sequence": 0,
    }


@pytest.mark.parametrize("written", [True, False], ids=["written", "still-in-the-queue"])
def test_a_confirmed_booking_has_all_that_the_worker_would_have_written(raw: Raw, written: bool) -> None:
    raw.stores.bookings.hold_slot(SLOT, BOOKING, now=NOW)
    if written:
        raw.stores.bookings.create_pending(BOOKING)
    raw.stores.bookings.take_step(CONFIRM, BOOKING, at=NOW + timedelta(seconds=1))
    there = raw.all()
    assert there[f"BOOKING#{BOOKING_ID}", "METADATA"] == {
        **BOOKING_ITEM,
        "status": "CONFIRMED",
        "updatedAt": "2030-05-01T12:00:01.250000Z",
        "confirmedAt": "2030-05-01T12:00:01.250000Z",
        "sequence": 1,
    }
    assert there["PROVIDER#ann", "SLOT#2030-05-02#09:00"] == {
        **SLOT_ITEM,
        "status": "RESERVED",
        "reservedBy": BOOKING_ID,
    }
    assert (f"BOOKING#{BOOKING_ID}", "EXPIRATION_TRIGGER") not in there


@pytest.mark.parametrize(
    ("step", "status", "field"), [(CANCEL, "CANCELLED", "cancelledAt"), (EXPIRE, "EXPIRED", "expiredAt")]
)
def test_an_ended_booking_and_its_freed_slot(raw: Raw, step: Any, status: str, field: str) -> None:
    raw.stores.bookings.hold_slot(SLOT, BOOKING, now=NOW)
    raw.stores.bookings.take_step(step, BOOKING, at=NOW + timedelta(seconds=1))
    there = raw.all()
    at = "2030-05-01T12:00:01.250000Z"
    told = {"status": status, "updatedAt": at, field: at, "sequence": 1}
    assert there[f"BOOKING#{BOOKING_ID}", "METADATA"] == {**BOOKING_ITEM, **told}
    assert there["PROVIDER#ann", "SLOT#2030-05-02#09:00"] == {**SLOT_ITEM, "status": "AVAILABLE"}


LATER_SLOT = slot(provider_id="ann", starts_at=SLOT.starts_at + timedelta(hours=1))
MOVED = {"slotId": "2030-05-02T10:00", "startsAt": "2030-05-02T10:00:00Z", "endsAt": "2030-05-02T11:00:00Z"}
BY_TIME = f"BOOKING#2030-05-02T10:00:00Z#{BOOKING_ID}"


@pytest.mark.parametrize("written", [True, False], ids=["written", "still-in-the-queue"])
def test_a_rescheduled_hold(raw: Raw, written: bool) -> None:
    raw.change(availability(), "r2", replaces="r1", add=(LATER_SLOT,))
    raw.stores.bookings.hold_slot(SLOT, BOOKING, now=NOW)
    if written:
        raw.stores.bookings.create_pending(BOOKING)
    raw.stores.bookings.reschedule(BOOKING, LATER_SLOT, at=NOW + timedelta(seconds=1))
    there = raw.all()
    assert there[f"BOOKING#{BOOKING_ID}", "METADATA"] == {
        **BOOKING_ITEM,
        **MOVED,
        "GSI1SK": BY_TIME,
        "GSI2SK": BY_TIME,
        "status": "PENDING",
        "updatedAt": "2030-05-01T12:00:01.250000Z",
        "sequence": 1,
    }
    assert there[f"BOOKING#{BOOKING_ID}", "EXPIRATION_TRIGGER"] == {**TRIGGER_ITEM, **MOVED}
    assert there["PROVIDER#ann", "SLOT#2030-05-02#09:00"] == {**SLOT_ITEM, "status": "AVAILABLE"}
    held = there["PROVIDER#ann", "SLOT#2030-05-02#10:00"]
    assert (held["status"], held["heldBy"], held["holdExpiresAt"]) == ("HELD", BOOKING_ID, DEADLINE)
    assert "reservedBy" not in held


def test_a_rescheduled_reservation_of_a_slot_that_was_held(raw: Raw) -> None:
    raw.change(availability(), "r2", replaces="r1", add=(LATER_SLOT,))
    raw.stores.bookings.hold_slot(LATER_SLOT, booking(LATER_SLOT), now=NOW)
    raw.stores.bookings.hold_slot(SLOT, BOOKING, now=NOW)
    confirmed = raw.stores.bookings.take_step(CONFIRM, BOOKING, at=NOW)
    raw.stores.bookings.reschedule(confirmed, LATER_SLOT, at=BOOKING.expires_at)
    there = raw.all()
    reserved = there["PROVIDER#ann", "SLOT#2030-05-02#10:00"]
    assert (reserved["status"], reserved["reservedBy"]) == ("RESERVED", BOOKING_ID)
    assert not {"heldBy", "holdExpiresAt"} & reserved.keys()
    assert (f"BOOKING#{BOOKING_ID}", "EXPIRATION_TRIGGER") not in there


def test_a_hold_whose_trigger_ttl_has_removed_is_not_rescheduled(raw: Raw) -> None:
    """The expiry of its old slot is under way; by a clock that is behind, the hold still lasts."""
    raw.change(availability(), "r2", replaces="r1", add=(LATER_SLOT,))
    raw.stores.bookings.hold_slot(SLOT, BOOKING, now=NOW)
    raw.stores.bookings.create_pending(BOOKING)
    raw.items.delete_item(Key={"PK": f"BOOKING#{BOOKING_ID}", "SK": "EXPIRATION_TRIGGER"})
    before = raw.all()
    with pytest.raises(StepRefusedError):
        raw.stores.bookings.reschedule(BOOKING, LATER_SLOT, at=NOW)
    assert raw.all() == before


def test_a_policy_and_its_copies(raw: Raw) -> None:
    rules = {"minNoticeMinutes": 60, "maxAdvanceDays": 30, "cancelCutoffMinutes": 90, "holdSeconds": 120}
    policy = Policy(min_notice_minutes=60, max_advance_days=30, cancel_cutoff_minutes=90, hold_seconds=120)
    ann = provider(provider_id="ann", name="Ann", policy=policy)
    raw.stores.providers.create(ann)
    there = raw.all()
    assert rules.items() <= there["PROVIDER#ann", "METADATA"].items()
    for copy in range(16):
        key = {"PK": f"POLICY#ann#{copy:02}", "SK": "METADATA"}
        assert there[key["PK"], key["SK"]] == {**key, "providerId": "ann", **rules}

    raw.stores.providers.change(ann, replace(ann, policy=NO_RULES))
    there = raw.all()
    assert not rules.keys() & there["PROVIDER#ann", "METADATA"].keys()
    for copy in range(16):
        key = {"PK": f"POLICY#ann#{copy:02}", "SK": "METADATA"}
        assert there[key["PK"], key["SK"]] == {**key, "providerId": "ann"}


def test_the_slots_of_a_provider_are_spread_over_the_copies_of_its_policy() -> None:
    slots = [f"2030-05-{day:02}T{hour:02}:00" for day in range(1, 31) for hour in range(24)]
    used = Counter(keys.policy("ann", slot_id)["PK"] for slot_id in slots)
    assert set(used) == {key["PK"] for key in keys.policies("ann")}
    assert max(used.values()) < 3 * len(slots) / len(used)


def test_a_remembered_request(raw: Raw) -> None:
    key = IdempotencyKey(user_id=BOOKING.user_id, key="key-1")
    raw.stores.bookings.hold_slot(SLOT, BOOKING, now=NOW, key=key)
    facts = {name: value for name, value in TRIGGER_ITEM.items() if name not in {"PK", "SK", "ttl"}}
    assert raw.all()[f"USER#{BOOKING.user_id}", "IDEMPOTENCY#key-1"] == {
        "PK": f"USER#{BOOKING.user_id}",
        "SK": "IDEMPOTENCY#key-1",
        **facts,
        "expiresAt": DEADLINE,
        "ttl": to_epoch_second(NOW) + 1 + 24 * 3600,
    }


def test_what_a_user_holds(raw: Raw) -> None:
    others = Holds(deadlines={"booking-0": from_epoch_second(DEADLINE + 60)}, latest=None)
    raw.stores.bookings.hold_slot(SLOT, BOOKING, now=NOW, holds=others)
    assert raw.all()["USER#user-1", "HOLDS"] == {
        "PK": "USER#user-1",
        "SK": "HOLDS",
        "holds": {"booking-0": DEADLINE + 60, BOOKING_ID: DEADLINE},
        "lastHold": BOOKING_ID,
        "ttl": DEADLINE + 60,
    }


def test_when_ttl_has_removed_what_a_user_holds_a_hold_is_told_that_there_is_nothing(raw: Raw) -> None:
    as_read = Holds(deadlines={}, latest="booking-0")
    with pytest.raises(HoldsChangedError) as changed:
        raw.stores.bookings.hold_slot(SLOT, BOOKING, now=NOW, holds=as_read)
    assert changed.value.current == NO_HOLDS


def test_a_confirm_and_a_cancel_remove_the_trigger_and_an_expiry_has_none_to_remove(raw: Raw) -> None:
    raw.stores.bookings.hold_slot(SLOT, BOOKING, now=NOW)
    raw.stores.bookings.take_step(CANCEL, BOOKING, at=NOW)
    assert (f"BOOKING#{BOOKING_ID}", "EXPIRATION_TRIGGER") not in raw.all()


@pytest.mark.parametrize("step", [CONFIRM, CANCEL, EXPIRE])
def test_an_owner_of_another_status_does_not_count(raw: Raw, step: Any) -> None:
    """A slot that somebody has reserved stays theirs, even where an old hold was left standing beside."""
    raw.stores.bookings.hold_slot(SLOT, BOOKING, now=NOW)
    damaged = raw.all()["PROVIDER#ann", "SLOT#2030-05-02#09:00"] | {"status": "RESERVED", "reservedBy": "another"}
    raw.items.put_item(Item=damaged)
    if step is CONFIRM:
        with pytest.raises(StepRefusedError):
            raw.stores.bookings.take_step(step, BOOKING, at=NOW)
    else:
        raw.stores.bookings.take_step(step, BOOKING, at=NOW)
    assert raw.all()["PROVIDER#ann", "SLOT#2030-05-02#09:00"] == damaged


def test_a_deadline_of_another_status_does_not_count(raw: Raw) -> None:
    """A reserved slot is not to be had because an old hold's deadline, left standing beside, has passed."""
    damaged = raw.all()["PROVIDER#ann", "SLOT#2030-05-02#09:00"] | {"status": "RESERVED", "holdExpiresAt": 1}
    raw.items.put_item(Item=damaged)
    with pytest.raises(SlotUnavailableError):
        raw.stores.bookings.hold_slot(SLOT, BOOKING, now=NOW)
    assert raw.all()["PROVIDER#ann", "SLOT#2030-05-02#09:00"] == damaged


def image(**changes: Any) -> dict[str, Any]:
    """A trigger's old image as the stream shows it; a change to None leaves the attribute out."""
    attributes = {name: {"N": str(value)} if name == "ttl" else {"S": value} for name, value in TRIGGER_ITEM.items()}
    return {name: value for name, value in (attributes | changes).items() if value is not None}


def test_a_removed_trigger_gives_its_booking_back() -> None:
    assert booking_of_trigger(image()) == BOOKING


def test_another_items_image_is_no_trigger() -> None:
    assert booking_of_trigger({"PK": {"S": "PROVIDER#ann"}, "SK": {"S": "METADATA"}}) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"userId": None},
        {"ttl": None},
        {"ttl": {"S": "soon"}},
        {"ttl": {"N": "1e40"}},
        {"ttl": {"BOOL": True}},
        {"startsAt": {"S": "tomorrow"}},
        {"startsAt": {"S": "2030-05-02T09:00:00"}},
        {"startsAt": {"N": "1"}},
        {"PK": {"S": "PROVIDER#ann"}},
        {"PK": None},
        {"userId": {"X": "?"}},
        {"userId": "no attribute value"},
        {"userId": {"N": "1"}},
    ],
)
def test_a_damaged_trigger_is_named_as_such(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedRecordError, match="no expiration trigger"):
        booking_of_trigger(image(**changes))
