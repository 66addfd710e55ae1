"""The message between the request that held a slot and the worker that creates the booking.

It carries the whole booking, so that the worker reads nothing before it writes.
"""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import to_json

from chalicelib.domain.errors import MalformedRecordError
from chalicelib.domain.instants import from_text
from chalicelib.domain.models import Booking, BookingStatus

_Text = Annotated[str, StringConstraints(min_length=1, max_length=1024)]


def _instant(value: object) -> datetime:
    """pydantic's own would take a number of seconds for an instant, too."""
    try:
        return from_text(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError("must be an instant as RFC 3339 text") from None


def _whole_second(instant: datetime) -> datetime:
    if instant.microsecond:
        raise ValueError("a deadline is a whole second")
    return instant


_Instant = Annotated[datetime, BeforeValidator(_instant)]


class BookingMessage(BaseModel):
    """Version 1 of the message's body. Unknown fields are let through, so that a newer sender can add some."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, strict=True)

    version: Annotated[int, Field(ge=1, le=1)] = 1
    booking_id: Annotated[str, StringConstraints(pattern=r"^booking-[0-9a-f-]{36}$")]
    provider_id: _Text
    slot_id: _Text
    user_id: _Text
    starts_at: _Instant
    ends_at: _Instant
    time_zone: _Text
    created_at: _Instant
    expires_at: Annotated[_Instant, AfterValidator(_whole_second)]


_ALIASES = {name: to_camel(name) for name in BookingMessage.model_fields if name != "version"}


def encode(booking: Booking) -> str:
    """The body of the message for a held booking."""
    return to_json({"version": 1, **{alias: getattr(booking, name) for name, alias in _ALIASES.items()}}).decode()


def decode(body: str) -> Booking:
    """The held booking in a message's body. Raises `MalformedRecordError`, which names each wrong field."""
    try:
        message = BookingMessage.model_validate_json(body)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, problem['loc'])) or 'body'}: {problem['msg']}" for problem in error.errors()
        )
        raise MalformedRecordError(f"no booking message: {wrong}") from error
    facts = message.model_dump(exclude={"version"})
    return Booking(**facts, status=BookingStatus.PENDING, updated_at=message.created_at)
