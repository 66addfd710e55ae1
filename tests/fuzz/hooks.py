"""What schemathesis can't learn from the API's description, as that has no words for it.

Without these, most requests that fit their schemas would be refused, and nothing behind the validation be reached. They
choose among right requests only; wrong ones are as schemathesis makes them.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, HookContext, Response
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import EnsureResourceAvailability

from chalicelib.handlers.schemas import time_zones

_FROM = datetime.now(UTC).date() + timedelta(days=2)
_DATES = st.dates(_FROM, _FROM + timedelta(days=1)).map(str)
"""None is past, which the service refuses; and few, so that those with slots are met again."""
_HOURS = st.integers(14, 19).map("{:02}:00".format)
"""On each day that is made to fit (`_easier`), slots start at these."""

schemathesis.openapi.format("iana-time-zone", st.sampled_from(sorted(time_zones())))
schemathesis.openapi.format("date", _DATES)
schemathesis.openapi.format("local-date-time", st.builds("{}T{}".format, _DATES, _HOURS))
schemathesis.openapi.format("date-or-instant", _DATES | _DATES.map("{}T12:00:00Z".format))


@schemathesis.hook
def map_case(_context: HookContext, case: Case[Any]) -> Case[Any]:
    """Choose what can succeed among what fits the schema."""
    if case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE:
        if isinstance(case.body, dict):
            case.body = {name: _easier(name, value) for name, value in case.body.items()}
        case.query = _possible(case.query)
    return case


def _possible(query: dict[str, Any]) -> dict[str, Any]:
    """The query without a cursor, which only the service can make up, and without an end that is before its start."""
    first, last = str(query.get("from", "")), str(query.get("to", ""))
    is_over_before = last[:10] <= first[:10]
    return {name: value for name, value in query.items() if name != "cursor" and not (name == "to" and is_over_before)}


def _easier(name: str, value: Any) -> Any:
    match name:
        case "startTime":
            return min(f"{value[:2]}:00", "14:00")
        case "endTime":
            return max(value, "20:00")
        case "slotDurationMinutes":
            return 30 if value < 60 else 60
        case "minNoticeMinutes" | "cancelCutoffMinutes" if value is not None:
            return min(value, 60)
        case "maxAdvanceDays" if value is not None:
            return max(value, 7)
        case "holdSeconds" if value is not None:
            return min(value, 5)
    return value


@schemathesis.hook
def filter_failure(_context: HookContext, failure: Failure, _case: Case[Any], response: Response) -> bool:
    """Leave out that a booking is gone after it was made, where it is the slot in the body that is not there."""
    return not (isinstance(failure, EnsureResourceAvailability) and response.json()["code"] == "SLOT_NOT_FOUND")
