"""What schemathesis can't learn from the API's description, as that has no words for it.

Without these, most requests that fit their schemas would be refused, and nothing behind the validation be reached.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, HookContext

from chalicelib.handlers.schemas import time_zones

_FROM = datetime.now(UTC).date() + timedelta(days=2)
_DATES = st.dates(_FROM, _FROM + timedelta(days=2)).map(str)
"""None is past, which the service refuses; and few, so that those with slots are met again."""
_HOURS = st.integers(0, 23).map("{:02}:00".format)

schemathesis.openapi.format("iana-time-zone", st.sampled_from(sorted(time_zones())))
schemathesis.openapi.format("date", _DATES)
schemathesis.openapi.format("local-date-time", st.builds("{}T{}".format, _DATES, _HOURS))


@schemathesis.hook
def map_case(_context: HookContext, case: Case[Any]) -> Case[Any]:
    """Let each day that fits the schema end after it starts."""
    is_meant_to_fit = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    if is_meant_to_fit and isinstance(case.body, dict) and {"startTime", "endTime"} <= case.body.keys():
        start, end = sorted([str(case.body["startTime"]), str(case.body["endTime"])])
        case.body = {**case.body, "startTime": start, "endTime": end if end > start else "24:00"}
    return case
