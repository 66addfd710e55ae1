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

from chalicelib.handlers.fields import time_zones

_FROM = datetime.now(UTC).date() + timedelta(days=2)
_DATES = st.dates(_FROM, _FROM + timedelta(days=1)).map(str)
"""None is past, which the service refuses; and few, so that those with slots are met again."""
_HOURS = st.integers(14, 19).map("{:02}:00".format)
"""On each day that is made to fit (`_easier`), slots start at these."""

schemathesis.openapi.format("iana-time-zone", st.sampled_from(sorted(time_zones())))
schemathesis.openapi.format("date", _DATES)
schemathesis.openapi.format("local-date-time", st.builds("{}T{}".format, _DATES, _HOURS))
schemathesis.openapi.format("date-or-instant", _DATES | _DATES.map("{}T00:00:00Z".format))


@schemathesis.hook
def map_case(_context: HookContext, case: Case[Any]) -> Case[Any]:
    """Choose what can succeed among what fits the schema."""
    if case.meta is None or case.meta.generation.mode is not GenerationMode.NEGATIVE:
        if isinstance(case.body, dict):
            case.body = _possible_body(case.body)
        case.query = _possible_query(case.query)
        if case.path.endswith("/slots") and not {"from", "to"} <= case.query.keys():
            case.query = {"date": case.query.get("date", str(_FROM))}
    return case


def _possible_query(query: dict[str, Any]) -> dict[str, Any]:
    """One form of a query, with an end that goes with its start, and no cursor, which only the service can make up."""
    if "date" in query:
        return {"date": query["date"]}
    possible = {name: value for name, value in query.items() if name != "cursor"}
    if {"from", "to"} <= possible.keys():
        possible["to"] = str(possible["from"])[:10]
    return possible


def _possible_body(body: dict[str, Any]) -> dict[str, Any]:
    easier = {name: _easier(name, value) for name, value in body.items()}
    if "startDate" in easier and "endDate" in easier:
        easier["startDate"], easier["endDate"] = sorted((easier["startDate"], easier["endDate"]))
    return easier


def _easier(name: str, value: Any) -> Any:
    match name:
        case "startTime":
            return min(f"{value[:2]}:00", "14:00")
        case "endTime":
            return max(value, "20:00")
        case "slotDurationMinutes":
            return 30 if value < 60 else 60
        case "windows":
            return [_possible_body(value[0])]
        case "breaks":
            return [{"startTime": "14:00", "endTime": "15:00"}][: len(value)]
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
