"""What schemathesis can't learn from the API's description, as that has no words for it.

Without these, most requests that fit their schemas would be refused, and nothing behind the validation be reached. They
choose among right requests only; wrong ones are as schemathesis makes them.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, HookContext

from chalicelib.handlers.schemas import time_zones

_FROM = datetime.now(UTC).date() + timedelta(days=2)
_DATES = st.dates(_FROM, _FROM + timedelta(days=1)).map(str)
"""None is past, which the service refuses; and few, so that those with slots are met again."""
_HOURS = st.integers(8, 19).map("{:02}:00".format)

schemathesis.openapi.format("iana-time-zone", st.sampled_from(sorted(time_zones())))
schemathesis.openapi.format("date", _DATES)
schemathesis.openapi.format("local-date-time", st.builds("{}T{}".format, _DATES, _HOURS))


@schemathesis.hook
def map_case(_context: HookContext, case: Case[Any]) -> Case[Any]:
    """Choose a body that can succeed among those that fit the schema."""
    is_meant_to_fit = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    if is_meant_to_fit and isinstance(case.body, dict):
        case.body = {name: _easier(name, value) for name, value in case.body.items()}
    return case


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
