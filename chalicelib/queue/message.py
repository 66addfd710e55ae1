"""The message between the request that held a slot and the worker that creates the booking.

It carries the whole booking, so that the worker reads nothing before it writes.
"""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from chalicelib.domain.errors import MalformedRecordError
from chalicelib.domain.models import Booking, BookingStatus

_Text = Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class BookingMessage(BaseModel):
    """Version 1 of the message's body. Unknown fields are let through, so that a newer sender can add some."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)

    version: Literal[1] = 1
    booking_id: Annotated[str, StringConstraints(pattern=r"^booking-[0-9a-f-]{36}$")]
    provider_id: _Text
    slot_id: _Text
    user_id: _Text
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    time_zone: _Text
    created_at: AwareDatetime
    expires_at: AwareDatetime


def encode(booking: Booking) -> str:
    """The body of the message for a held booking."""
    fields = BookingMessage.model_fields.keys() - {"version"}
    return BookingMessage(**{name: getattr(booking, name) for name in fields}).model_dump_json(by_alias=True)


def decode(body: str) -> Booking:
    """The held booking in a message's body. Raises `MalformedRecordError`, which names each wrong field."""
    try:
        message = BookingMessage.model_validate_json(body)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, problem['loc'])) or 'body'}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False)
        )
        raise MalformedRecordError(f"no booking message: {wrong}") from error
    facts = message.model_dump(exclude={"version"})
    return Booking(**facts, status=BookingStatus.PENDING, updated_at=message.created_at)
