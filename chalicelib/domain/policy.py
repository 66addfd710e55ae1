"""What the rules of a provider's policy mean, and the refusals that they lead to.

A rule bounds a figure, such as the minutes of notice that a hold gives, from below or from above. So it can be checked
twice and mean the same: here, when something is shown or refused, and as a condition of the write.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from chalicelib.domain.errors import CancelCutoffPassedError, PolicyError, TooFarAheadError, TooShortNoticeError
from chalicelib.domain.models import Booking, Policy, Slot

_MINUTE = timedelta(minutes=1)


class Bound(Enum):
    """On which side of a rule's value a figure must lie; on the value itself it always may."""

    AT_LEAST = "at least"
    AT_MOST = "at most"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of the policy, by the name of its field."""

    name: str
    bound: Bound
    error: type[PolicyError]


MIN_NOTICE = Rule(name="min_notice_minutes", bound=Bound.AT_LEAST, error=TooShortNoticeError)
MAX_ADVANCE = Rule(name="max_advance_days", bound=Bound.AT_MOST, error=TooFarAheadError)
CANCEL_CUTOFF = Rule(name="cancel_cutoff_minutes", bound=Bound.AT_LEAST, error=CancelCutoffPassedError)

RULES = (MIN_NOTICE, MAX_ADVANCE, CANCEL_CUTOFF)

Figures = Mapping[str, int]
"""What is done in terms of the rules: by the name of each rule that it must keep, the figure that the rule bounds."""


def figures_of_taking(slot: Slot, now: datetime) -> Figures:
    """Of taking a slot at `now`, by a hold or a reschedule."""
    zone = ZoneInfo(slot.time_zone)
    days_ahead = slot.starts_at.astimezone(zone).date() - now.astimezone(zone).date()
    return {MIN_NOTICE.name: _whole_minutes(slot.starts_at - now), MAX_ADVANCE.name: days_ahead.days}


def figures_of_leaving(booking: Booking, now: datetime) -> Figures:
    """Of leaving a confirmed booking's slot at `now`, by a cancel or a reschedule."""
    return {CANCEL_CUTOFF.name: _whole_minutes(booking.starts_at - now)}


def allows_taking(policy: Policy, slot: Slot, now: datetime) -> bool:
    """Whether a slot may be taken at `now`; of a list of slots this asks no more than it must."""
    has_rules = policy.min_notice_minutes is not None or policy.max_advance_days is not None
    return not has_rules or _broken(policy, figures_of_taking(slot, now)) is None


def check(policy: Policy, figures: Figures) -> None:
    """Raise the `PolicyError` of the first rule that these figures break."""
    if error := _broken(policy, figures):
        raise error


def _broken(policy: Policy, figures: Figures) -> PolicyError | None:
    for rule in RULES:
        value, figure = getattr(policy, rule.name), figures.get(rule.name)
        if value is None or figure is None:
            continue
        if figure < value if rule.bound is Bound.AT_LEAST else figure > value:
            return rule.error(value)
    return None


def _whole_minutes(duration: timedelta) -> int:
    """Rounded down: a rule's value is a whole number, which is reached exactly when this is."""
    return duration // _MINUTE
