"""What must hold of every change of a booking: a legal step, in time, and allowed by the policy of that moment.

A policy is checked in the transaction of a step, so it is the one that the table has then. What it is checked with is
the instant at which the step was decided, by the clock of whoever decided it; the step writes that instant. So both
are in the table, and can be compared exactly, however late a write arrives and however wrong the clock was.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from chalicelib.dao import keys
from chalicelib.dao.items import to_booking, to_provider
from chalicelib.dao.values import deserialized
from chalicelib.domain.instants import deadline, to_text
from chalicelib.domain.models import CANCEL, CONFIRM, EXPIRE, NO_RULES, SLOT_STATUS_OF, Booking, BookingStatus, Policy
from simulation.clients import Exchange
from simulation.dynamodb import Change

_LEGAL = {(old, step.to) for step in (CONFIRM, CANCEL, EXPIRE) for old in step.allowed_from}
_FACTS = ("provider_id", "user_id", "time_zone", "created_at", "expires_at")
_RULE_OF = {
    "TOO_SHORT_NOTICE": "min_notice_minutes",
    "TOO_FAR_AHEAD": "max_advance_days",
    "CANCEL_CUTOFF_PASSED": "cancel_cutoff_minutes",
}


class Steps:
    """Every booking and every policy, as the changes of the table have told them so far."""

    def __init__(self, *, hold: timedelta) -> None:
        """`hold` is how long a slot is held where the provider says nothing of that."""
        self._hold = hold
        self._bookings: dict[str, Booking] = {}
        self._policies: dict[str, list[tuple[float, Policy]]] = defaultdict(lambda: [(0.0, NO_RULES)])
        """Those of each provider, with the times of their beginnings."""

    def wrong(self, change: Change) -> Iterator[str]:
        """What is wrong with a change, if it is one of a booking."""
        partition, sort = change.keys["PK"]["S"], change.keys["SK"]["S"]
        new = change.new_image
        if partition.startswith("PROVIDER#") and sort == keys.METADATA and new:
            provider = to_provider(deserialized(new))
            self._policies[provider.provider_id].append((change.time, provider.policy))
        elif partition.startswith("BOOKING#") and sort == keys.EXPIRATION_TRIGGER and change.event_name == "INSERT":
            yield from _about(partition, self._held(to_booking(deserialized(new or {}))))
        elif partition.startswith("BOOKING#") and sort == keys.METADATA:
            yield from _about(partition, self._changed(to_booking(deserialized(new))) if new else ["was deleted"])

    def wrong_refusal(self, exchange: Exchange) -> Iterator[str]:
        """What is wrong with a refusal by a rule: that no policy had it at any time of the request."""
        rule = _RULE_OF.get(exchange.answer.body.get("code", ""))
        if rule is None:
            return
        for policies in self._policies.values():
            ends = [since for since, _ in policies[1:]] + [float("inf")]
            for (since, policy), until in zip(policies, ends, strict=True):
                if getattr(policy, rule) is not None and since <= exchange.returned and exchange.invoked <= until:
                    return
        yield f"{exchange.request} was answered {exchange.answer}, and there was no such rule"

    def _held(self, booking: Booking) -> Iterator[str]:
        if booking.booking_id in self._bookings:
            yield "was held twice"
        self._bookings[booking.booking_id] = booking
        policy = self._policy(booking)
        yield from _taken(booking, booking.created_at, policy)
        length = self._hold if policy.hold_seconds is None else timedelta(seconds=policy.hold_seconds)
        if booking.expires_at != deadline(booking.created_at, length):
            yield f"was held until {to_text(booking.expires_at)}, and holds are {length.total_seconds()} s long"

    def _changed(self, after: Booking) -> Iterator[str]:
        before = self._bookings.get(after.booking_id)
        self._bookings[after.booking_id] = after
        if before is None:
            yield "was written without a hold"
            return
        if after == before:
            # The worker has written what the hold had promised.
            return
        is_moved, at, policy = after.slot_id != before.slot_id, after.updated_at, self._policy(after)
        if any(getattr(before, name) != getattr(after, name) for name in _FACTS):
            yield f"changed from {before} to {after}"
        if after.sequence != before.sequence + 1:
            yield f"took a step from number {before.sequence} to {after.sequence}"
        if (before.status, after.status) not in _LEGAL and not (
            is_moved and before.status == after.status and after.status in SLOT_STATUS_OF
        ):
            yield f"went from {before.status} on {before.slot_id} to {after.status} on {after.slot_id}"
        if is_moved and before.status != after.status:
            yield f"was rescheduled by a step from {before.status} to {after.status}"
        if before.status is BookingStatus.PENDING and (at >= before.expires_at) != (after.status == EXPIRE.to):
            yield f"was {after.status} at {to_text(at)}, and its deadline was {to_text(before.expires_at)}"
        if is_moved:
            yield from _taken(after, at, policy)
        if before.status is BookingStatus.CONFIRMED:
            yield from _left(before, at, policy)

    def _policy(self, booking: Booking) -> Policy:
        return self._policies[booking.provider_id][-1][1]


def _taken(booking: Booking, at: datetime, policy: Policy) -> Iterator[str]:
    """The slot that a booking has since `at`, by the rules for that."""
    notice = booking.starts_at - at
    if notice <= timedelta(0):
        yield f"took {booking.slot_id} at {to_text(at)}, when it had started"
    if policy.min_notice_minutes is not None and notice < timedelta(minutes=policy.min_notice_minutes):
        yield f"took {booking.slot_id} at {to_text(at)}, too late for {policy}"
    # The provider's calendar is that of UTC.
    if policy.max_advance_days is not None and (booking.starts_at.date() - at.date()).days > policy.max_advance_days:
        yield f"took {booking.slot_id} at {to_text(at)}, too early for {policy}"


def _left(booking: Booking, at: datetime, policy: Policy) -> Iterator[str]:
    """The slot that a confirmed booking had until `at`, by the rule for that."""
    cutoff = policy.cancel_cutoff_minutes
    if cutoff is not None and booking.starts_at - at < timedelta(minutes=cutoff):
        yield f"left {booking.slot_id} at {to_text(at)}, too late for {policy}"


def _about(partition: str, wrong: Iterator[str] | list[str]) -> Iterator[str]:
    return (f"{partition} {each}" for each in wrong)
