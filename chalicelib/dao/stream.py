"""What the table's stream shows of an item that is gone."""

from collections.abc import Mapping
from typing import Any

from chalicelib.dao import keys
from chalicelib.dao.items import to_booking
from chalicelib.dao.values import deserialized
from chalicelib.domain.errors import MalformedRecordError
from chalicelib.domain.models import Booking


def booking_of_trigger(image: Mapping[str, Any]) -> Booking | None:
    """The PENDING booking of a removed expiration trigger, from its old image; None for another kind of item.

    Raises `MalformedRecordError` for a trigger that lacks something or holds nonsense.
    """
    try:
        item = deserialized(image)
        return to_booking(item) if item.get("SK") == keys.EXPIRATION_TRIGGER else None
    except (ArithmeticError, AttributeError, KeyError, OSError, TypeError, ValueError) as error:
        raise MalformedRecordError(f"no expiration trigger: {type(error).__name__}: {error}") from error
