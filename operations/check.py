"""`check`: the whole table against all that must always hold.

A scan reads one item after another while bookings go on, so what it brings together may never have been so. Whatever
looks wrong is therefore read again, all items that the suspicion rests on at one instant, twice; only what is still
wrong then is reported.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from operations.invariants import Finding, Kind, findings
from operations.reading import Found, read_together, readers, scan

if TYPE_CHECKING:
    from operations.target import Target

CLOCKS_DIFFER_BY = timedelta(seconds=5)
"""A hold that ends within this counts as over: the clock that decides is the application's, not this machine's."""

GRACE = timedelta(minutes=15)
"""How long what is over may wait before it is worth a word: TTL deletes within minutes as a rule."""

TOO_LATE = {
    Kind.WAITS_FOR_TTL: timedelta(hours=48),
    Kind.WAITS_FOR_EXPIRY: timedelta(hours=72),
    Kind.WAITS_TO_BE_FREE: timedelta(hours=72),
}
"""From here on nothing that is under way will end it. TTL deletes within two days, and its record stays in the stream
for one day more; after that it is lost, or a dead letter."""

_BETWEEN_LOOKS_SECONDS = 0.3
_READERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a check has found."""

    items: int
    """How many items were read."""
    violations: list[Finding]
    late: list[Finding]
    """What is over for longer than `GRACE`, and will be ended yet."""
    waiting: int
    """How much is over, and not late."""


def check(system: "Target", on_page: Callable[[int], None] = lambda _: None) -> Report:
    """Check every item. Raises botocore's errors and `ServiceUnavailableError`."""
    items = scan(system, on_page)
    found = findings(items, now=system.clock() + CLOCKS_DIFFER_BY, max_active_holds=system.max_active_holds)
    now = system.clock()
    suspected = [finding for finding in found if finding.since is None or is_late(finding, now)]
    confirmed = _confirmed(system, suspected)
    return Report(
        items=len(items),
        violations=[finding for finding in confirmed if is_violation(finding, now)],
        late=[finding for finding in confirmed if not is_violation(finding, now)],
        waiting=len(found) - len(suspected),
    )


def look_again(system: "Target", finding: Finding) -> tuple[Finding, Found] | None:
    """The same finding as it is now, and the items that it rests on, all at one instant; None if it is gone."""
    together = read_together(system, finding.rests_on)
    now = system.clock() + CLOCKS_DIFFER_BY
    same = (
        each
        for each in findings(together.values(), now=now, max_active_holds=system.max_active_holds)
        if (each.kind, each.about) == (finding.kind, finding.about)
    )
    current = next(same, None)
    return (current, together) if current else None


def _confirmed(system: "Target", suspected: list[Finding]) -> list[Finding]:
    """Those that two more looks show too, as they are then."""
    for wait in (0, _BETWEEN_LOOKS_SECONDS):
        if suspected:
            system.sleep(wait)
            with readers(_READERS) as threads:
                looks = list(threads.map(lambda each: look_again(system, each), suspected))
            suspected = [look[0] for look in looks if look]
    return suspected


def is_late(finding: Finding, now: datetime) -> bool:
    """Whether something that waits for a worker has waited for long."""
    return finding.since is not None and now - finding.since > GRACE


def is_violation(finding: Finding, now: datetime) -> bool:
    """Whether it is wrong: a fault, or something that waits for what will not come any more."""
    return finding.since is None or now - finding.since > TOO_LATE[finding.kind]
