"""The booking message: what is sent is what arrives, and nothing else is taken for one."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chalicelib.domain.errors import MalformedRecordError
from chalicelib.domain.models import Booking, BookingStatus
from chalicelib.queue.message import BookingMessage, decode, encode
from tests.builders import booking

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=128)
INSTANTS = st.datetimes(
    datetime.fromisoformat("1971-01-01"), datetime.fromisoformat("9998-01-01"), timezones=st.just(UTC)
)


@st.composite
def pending_bookings(draw: st.DrawFn) -> Booking:
    created_at = draw(INSTANTS)
    return Booking(
        booking_id=f"booking-{draw(st.uuids())}",
        status=BookingStatus.PENDING,
        provider_id=draw(TEXT),
        slot_id=draw(TEXT),
        user_id=draw(TEXT),
        starts_at=draw(INSTANTS),
        ends_at=draw(INSTANTS),
        time_zone=draw(TEXT),
        created_at=created_at,
        updated_at=created_at,
        expires_at=draw(INSTANTS).replace(microsecond=0),
    )


@given(pending_bookings())
def test_a_pending_booking_arrives_as_it_was_sent(sent: Booking) -> None:
    assert decode(encode(sent)) == sent


def test_the_body_is_what_another_version_can_read() -> None:
    sent = booking(
        booking_id="booking-00000000-0000-4000-8000-000000000000",
        provider_id="ann",
        user_id="Zoë",
        starts_at=datetime(2030, 5, 2, 9, tzinfo=UTC),
    )

    assert json.loads(encode(sent)) == {
        "version": 1,
        "bookingId": "booking-00000000-0000-4000-8000-000000000000",
        "providerId": sent.provider_id,
        "slotId": "2030-05-02T09:00",
        "userId": "Zoë",
        "startsAt": "2030-05-02T09:00:00Z",
        "endsAt": "2030-05-02T10:00:00Z",
        "timeZone": "UTC",
        "createdAt": "2030-05-01T12:00:00.250000Z",
        "expiresAt": "2030-05-01T12:05:01Z",
    }


def body(**changes: Any) -> str:
    """A message with changes; a field that is changed to None is missing."""
    fields = json.loads(encode(booking())) | changes
    return json.dumps({name: value for name, value in fields.items() if value is not None})


def test_fields_that_a_newer_sender_adds_are_let_through() -> None:
    sent = booking()

    assert decode(json.dumps({**json.loads(encode(sent)), "priority": "high", "tags": [1, 2]})) == sent


def test_an_older_sender_may_leave_the_version_out() -> None:
    assert decode(body(version=None)).status is BookingStatus.PENDING


@pytest.mark.parametrize(
    "field",
    ["bookingId", "providerId", "slotId", "userId", "startsAt", "endsAt", "timeZone", "createdAt", "expiresAt"],
)
def test_a_missing_field_is_named(field: str) -> None:
    with pytest.raises(MalformedRecordError, match=rf"no booking message: {field}: Field required$"):
        decode(body(**{field: None}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", 2),
        ("version", "1"),
        ("version", 1.0),
        ("startsAt", 1_900_000_000),
        ("startsAt", "1900000000"),
        ("expiresAt", "2030-05-01T12:05:00.5Z"),
        ("bookingId", "booking-1"),
        ("bookingId", "BOOKING-00000000-0000-4000-8000-000000000000"),
        ("bookingId", "booking-00000000-0000-4000-8000-000000000000\n"),
        ("bookingId", 5),
        ("providerId", ""),
        ("providerId", "x" * 1025),
        ("slotId", 20300502),
        ("userId", ""),
        ("userId", {"id": 1}),
        ("userId", True),
        ("startsAt", "tomorrow"),
        ("startsAt", "2030-05-02T09:00:00"),
        ("endsAt", ""),
        ("timeZone", []),
        ("createdAt", False),
        ("expiresAt", "2030-02-30T09:00:00Z"),
    ],
)
def test_a_wrong_field_is_named_without_its_content(field: str, value: object) -> None:
    with pytest.raises(MalformedRecordError, match=rf"no booking message: {field}: ") as caught:
        decode(body(**{field: value}))

    if isinstance(value, str) and len(value) > 9:
        assert value not in str(caught.value)


def test_all_wrong_fields_are_named_at_once() -> None:
    with pytest.raises(MalformedRecordError, match=r"providerId: .+; userId: .+; startsAt: "):
        decode(body(providerId="", userId=7, startsAt="soon"))


@pytest.mark.parametrize(
    "text",
    ["", " ", "null", "[]", '"booking"', "7", "{", "{}{}", "not JSON", '{"bookingId": NaN', "\x00", '{"a": "\\ud800"}'],
)
def test_what_is_no_json_object_is_malformed(text: str) -> None:
    with pytest.raises(MalformedRecordError, match=r"no booking message: body: "):
        decode(text)


@given(st.text(st.characters(codec="utf-8")))
def test_no_text_is_worse_than_malformed(text: str) -> None:
    with pytest.raises(MalformedRecordError):
        decode(text)


def test_a_time_with_another_offset_is_the_same_instant() -> None:
    read = decode(body(startsAt="2030-05-02T11:00:00+02:00"))

    assert read.starts_at == datetime(2030, 5, 2, 9, tzinfo=UTC)
    assert read.starts_at.tzinfo == UTC
    assert read.expires_at - read.created_at < timedelta(seconds=301)


@pytest.mark.parametrize("value", [1_900_000_000, "tomorrow", "", []])
def test_what_is_no_instant_is_told_what_it_must_be(value: object) -> None:
    with pytest.raises(MalformedRecordError, match="startsAt: Value error, must be an instant as RFC 3339 text"):
        decode(body(startsAt=value))


def test_a_message_can_not_be_changed() -> None:
    message = BookingMessage.model_validate_json(encode(booking()))
    with pytest.raises(ValidationError, match="frozen"):
        message.user_id = "user-2"  # type: ignore[misc] # mypy refuses it, too
