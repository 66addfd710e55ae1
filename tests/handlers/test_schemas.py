"""What the models' schemas say of a text is what their validators do with it."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from chalicelib.handlers.fields import EndTime, LocalDate, Name, SlotId, StartTime, Status, TimeZone, UserId
from chalicelib.handlers.requests import CreateProvider

BLANKS_AND_CONTROLS = st.text(
    st.characters(categories=["Cc", "Zs", "Zl", "Zp"]) | st.sampled_from("a\ufeff\u200b\u180e"), max_size=4
)
TIMES = st.from_regex(r"[0-2]?[0-9]:[0-6][0-9]|24:0[01]", fullmatch=True)


def takes(adapter: TypeAdapter[Any], text: str) -> bool:
    try:
        adapter.validate_python(text)
    except ValidationError:
        return False
    return True


def fits(adapter: TypeAdapter[Any], text: str) -> bool:
    """Whether the schema takes a text. `$` is the end of it, as in JSON Schema."""
    schema = adapter.json_schema()
    return (
        schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text))
        and re.search(schema["pattern"].replace("$", r"\Z"), text) is not None
    )


@pytest.mark.parametrize("kind", [Name, UserId])
@given(text=st.text(max_size=201) | BLANKS_AND_CONTROLS)
def test_a_name_fits_its_schema_exactly_when_it_is_taken(kind: Any, text: str) -> None:
    adapter = TypeAdapter(kind)

    assert fits(adapter, text) is takes(adapter, text)


@pytest.mark.parametrize("kind", [StartTime, EndTime])
@given(text=TIMES | st.text(max_size=6))
def test_a_time_of_the_day_fits_its_schema_exactly_when_it_is_taken(kind: Any, text: str) -> None:
    adapter = TypeAdapter(kind)

    assert fits(adapter, text) is takes(adapter, text)


@given(text=st.from_regex(r"[0-9]{4}-[0-9]{1,2}-[0-9]{2}T[0-9]{2}:[0-9]{2}", fullmatch=True))
def test_what_does_not_fit_the_schema_of_a_slots_id_is_not_taken(text: str) -> None:
    adapter = TypeAdapter(SlotId)

    assert fits(adapter, text) or not takes(adapter, text)


@pytest.mark.parametrize(
    ("kind", "described"),
    [(LocalDate, "date"), (SlotId, "local-date-time"), (TimeZone, "iana-time-zone")],
)
def test_what_no_pattern_can_say_has_the_name_of_a_format(kind: Any, described: str) -> None:
    assert TypeAdapter(kind).json_schema()["format"] == described


def test_a_status_is_described_by_all_that_there_are() -> None:
    assert TypeAdapter(Status).json_schema()["enum"] == ["PENDING", "CONFIRMED", "CANCELLED", "EXPIRED"]


def test_what_was_checked_can_not_be_changed_afterwards() -> None:
    checked = CreateProvider.model_validate({"name": "Ann"})
    with pytest.raises(ValidationError, match="frozen"):
        checked.name = "anything"  # type: ignore[misc] # mypy refuses it, too
