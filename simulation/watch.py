"""What is checked after every step of a schedule, and at its end."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.dao import keys
from chalicelib.dao.items import IDEMPOTENCY
from chalicelib.dao.values import deserialized
from chalicelib.domain.instants import from_text
from operations import records as stored
from operations.invariants import judged
from simulation.clients import Exchange
from simulation.histories import History, anomalies
from simulation.listings import Listings, is_listing
from simulation.machine import HOLD_SECONDS, MAX_ACTIVE_HOLDS
from simulation.sources import Records
from simulation.steps import Steps
from simulation.system import START, System

GATEWAY_SECONDS = 29
"""API Gateway waits no longer."""

_INTERNAL_ERROR = 500
_ACCEPTED = 202
_ENDS = {"CONFIRMED", "CANCELLED", "EXPIRED"}


class ViolationError(AssertionError):
    """Something that must always hold does not hold."""


class Watch:
    """Looks at a system from outside, and raises `ViolationError` for what must not be."""

    def __init__(self, system: System, records: Records, exchanges: list[Exchange]) -> None:
        self._system = system
        self._records = records
        self._exchanges = exchanges
        self._looked_at: tuple[float, int, int] | None = None
        self._judged_at: tuple[datetime, int] | None = None
        """The time and the number of changes at which the table was last looked through."""
        self._fastest_clock = 0.0
        self._largest_skew = 0.0
        self._changes_seen = 0
        self._exchanges_seen = 0
        self._promised: set[str] = set()
        self._missing_once: set[str] = set()
        self._read: dict[int, tuple[object, stored.Records]] = {}
        self._table = stored.Records()
        self._table_is_of = 0
        """The number of changes after which the table was last read."""
        self._steps = Steps(hold=timedelta(seconds=HOLD_SECONDS))
        self._answered: dict[tuple[str, str], Mapping[str, Any]] = {}
        """What the request with each user's key was last answered, if it was done."""
        self._listings = Listings()

    def look(self) -> None:
        """Check everything that must always hold, if anything is new since the last look."""
        changes = self._system.cloud.table.changes
        state = (self._system.now, len(changes), len(self._exchanges))
        if state == self._looked_at:
            return
        self._looked_at = state
        # A clock that is ahead takes a hold for over too soon; who has the slot then has it by that clock.
        skews = self._system.conditions.skews
        self._fastest_clock = max(self._fastest_clock, *skews)
        self._largest_skew = max(self._largest_skew, *map(abs, skews))
        now = self._system.datetime(ahead=self._fastest_clock)
        found = []
        if (now, len(changes)) != self._judged_at:
            self._judged_at = now, len(changes)
            judgement = judged(self._stored(), now=now, max_active_holds=MAX_ACTIVE_HOLDS)
            found += [finding.text for finding in judgement if finding.since is None]
        for change in changes[self._changes_seen :]:
            found += self._steps.wrong(change)
            self._listings.note(change)
        self._changes_seen = len(changes)
        for exchange in self._exchanges[self._exchanges_seen :]:
            found += self._wrong_answers(exchange)
        self._exchanges_seen = len(self._exchanges)
        found += self._broken_promises()
        _raise_if_any(found)

    def look_at_the_end(self, exchanges: Iterable[Exchange]) -> None:
        """Check that everything reached its end; `exchanges` read all bookings that were promised, and list all."""
        self.look()
        now = self._system.datetime()
        found = [finding.text for finding in judged(self._stored(), now=now) if finding.since is not None]
        found += [
            f"{partition} still has its trigger"
            for partition, sort_key in self._system.cloud.table.items()
            if sort_key == keys.EXPIRATION_TRIGGER
        ]
        exchanges = list(exchanges)
        for exchange in exchanges:
            if not is_listing(exchange) and exchange.answer.body.get("status") not in {
                "CONFIRMED",
                "CANCELLED",
                "EXPIRED",
            }:
                found.append(f"{exchange.request.path} did not reach its end: {exchange.answer}")
        found += self._listings.wrong_at_the_end(exchanges)
        _raise_if_any(found)

    def look_back(self, history: History, *, hold_seconds: Collection[float]) -> None:
        """Check that all that clients were told fits together, by each and every order that it could have come in."""
        _raise_if_any(
            anomalies(
                history,
                hold_seconds=hold_seconds,
                max_active_holds=MAX_ACTIVE_HOLDS,
                clock_skew=self._largest_skew,
                # What was sent and not answered may arrive as long as the schedule lasts.
                effect_within=self._system.now - START,
                creation_may_lag=True,
            )
        )

    @property
    def promised(self) -> list[str]:
        """The bookings that somebody was told of."""
        return sorted(self._promised)

    def _stored(self) -> stored.Records:
        """The table, read when it has changed. Items are never changed in place, so each is read once."""
        changes = len(self._system.cloud.table.changes)
        if changes == self._table_is_of:
            return self._table
        raw = self._system.cloud.table.items().values()
        self._read = {id(item): self._read.get(id(item)) or (item, stored.read(deserialized(item))) for item in raw}
        self._table, self._table_is_of = stored.Records(), changes
        for _, of_item in self._read.values():
            self._table.add(of_item)
        return self._table

    def _wrong_answers(self, exchange: Exchange) -> Iterator[str]:
        answer, request = exchange.answer, exchange.request
        yield from self._listings.wrong(exchange, clock_skew=self._largest_skew)
        yield from self._steps.wrong_refusal(exchange)
        if answer.status == _INTERNAL_ERROR:
            yield f"{request} was answered {answer}"
        if answer.status == _ACCEPTED:
            self._promised.add(answer.body["bookingId"])
            yield from self._done_again(exchange)
        booking_id = request.path.split("/")[2] if request.path.startswith("/bookings/") else None
        if answer.body.get("code") == "BOOKING_NOT_FOUND" and booking_id in self._promised - self._missing_once:
            yield f"{booking_id} was promised, and is not found"
        if not self._system.conditions.pauses and exchange.returned - exchange.invoked >= GATEWAY_SECONDS:
            yield f"{request} took {exchange.returned - exchange.invoked:.1f} s"

    def _done_again(self, exchange: Exchange) -> Iterator[str]:
        """A request that is sent again with its key is given the same answer, for a day."""
        request, body = exchange.request, exchange.answer.body
        key = (request.headers or {}).get("Idempotency-Key")
        if key is None:
            return
        before = self._answered.setdefault((body["userId"], key), body)
        if before == body:
            return
        self._answered[body["userId"], key] = body
        passed = from_text(body["createdAt"]) - from_text(before["createdAt"])
        if passed < IDEMPOTENCY - timedelta(seconds=self._largest_skew):
            yield f"{request} was answered {body}, and before {before}"

    def _broken_promises(self) -> Iterator[str]:
        """A booking that somebody was told of is there, or TTL was faster than the queue, and the stream brings it."""
        there = {partition for partition, _ in self._system.cloud.table.items()}
        missing = {each for each in self._promised if keys.booking(each)["PK"] not in there}
        if missing:
            coming = {record["dynamodb"]["OldImage"]["bookingId"]["S"] for record in self._records.waiting()}
            yield from (f"{each} was promised, and is gone" for each in missing - coming)
            self._missing_once |= missing


def _raise_if_any(found: list[str]) -> None:
    if found:
        raise ViolationError("; ".join(found))
