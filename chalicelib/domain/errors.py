"""What can go wrong, in the terms of the business.

    AppointmentError
    +-- InvalidInputError          a request that is well formed, but can't be accepted
    +-- ProviderNotFoundError
    +-- SlotNotFoundError
    +-- BookingNotFoundError
    +-- ProviderExistsError
    +-- SlotUnavailableError       held or reserved by another, or already started
    +-- BookingConflictError       the booking's state does not allow the change
    +-- PolicyError                the provider's policy does not allow it
    |   +-- TooShortNoticeError
    |   +-- TooFarAheadError
    |   +-- CancelCutoffPassedError
    +-- TooManyHoldsError          the user holds as many slots as one may
    +-- IdempotencyKeyReusedError  the user has sent the same key with another request
    +-- UnauthenticatedError       it is not known who calls
    +-- ForbiddenError             whoever calls may not do this
    +-- ServiceUnavailableError    the table or the queue can't be reached, or throttles
    +-- MalformedRecordError       a message or stream record that can't ever be processed

No error knows its HTTP status: `chalicelib.handlers.problems` holds the one table that gives it.
"""

from chalicelib.domain.models import BookingStatus


class AppointmentError(Exception):
    """The root: whatever the business can answer beside success."""


class UnauthenticatedError(AppointmentError):
    """No token, or none that proves anything."""

    def __init__(self) -> None:
        super().__init__("No valid credentials were sent.")


class ForbiddenError(AppointmentError):
    """Whoever calls is known, and may not do this."""

    def __init__(self) -> None:
        super().__init__("This is not allowed.")


class InvalidInputError(AppointmentError):
    """A value that no model can refuse by itself, such as a date that is past in the provider's time zone."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class ProviderNotFoundError(AppointmentError):
    """No provider has this id."""

    def __init__(self, provider_id: str) -> None:
        super().__init__(f"There is no provider {provider_id}.")


class SlotNotFoundError(AppointmentError):
    """The provider has no such slot."""

    def __init__(self, provider_id: str, slot_id: str) -> None:
        super().__init__(f"Provider {provider_id} has no slot {slot_id}.")


class BookingNotFoundError(AppointmentError):
    """No booking has this id."""

    def __init__(self, booking_id: str) -> None:
        super().__init__(f"There is no booking {booking_id}.")


class ProviderExistsError(AppointmentError):
    """The provider id that the caller chose is taken."""

    def __init__(self, provider_id: str) -> None:
        super().__init__(f"The provider id {provider_id} is taken; choose another.")


class SlotUnavailableError(AppointmentError):
    """Another booking holds or has reserved the slot, or it has started."""

    def __init__(self, slot_id: str, why: str) -> None:
        super().__init__(f"Slot {slot_id} {why}; choose another.")


class BookingConflictError(AppointmentError):
    """The booking's state does not allow the change; `booking_status` tells the state."""

    def __init__(self, booking_id: str, booking_status: BookingStatus) -> None:
        super().__init__(f"Booking {booking_id} is {booking_status}, which does not allow this.")
        self.booking_status = booking_status


class PolicyError(AppointmentError):
    """The provider's policy does not allow it."""


class TooShortNoticeError(PolicyError):
    """The slot starts too soon to be booked."""

    def __init__(self, minutes: int) -> None:
        super().__init__(f"A slot must be booked at least {minutes} minutes before it starts; choose a later one.")


class TooFarAheadError(PolicyError):
    """The slot is too far in the future to be booked."""

    def __init__(self, days: int) -> None:
        super().__init__(f"A slot can be booked at most {days} days ahead; choose an earlier one.")


class CancelCutoffPassedError(PolicyError):
    """The booking starts too soon to be cancelled or rescheduled."""

    def __init__(self, minutes: int) -> None:
        super().__init__(f"A booking can be cancelled or rescheduled until {minutes} minutes before it starts.")


class TooManyHoldsError(AppointmentError):
    """The user holds as many slots as one may, and one of these holds must end first.

    In `retry_after_seconds` one lapses, if none is settled before.
    """

    def __init__(self, limit: int, *, retry_after_seconds: int) -> None:
        super().__init__(f"A user can hold {limit} slots at a time; confirm or cancel one of these bookings, or wait.")
        self.retry_after_seconds = retry_after_seconds


class IdempotencyKeyReusedError(AppointmentError):
    """The user has sent the same idempotency key with another request."""

    def __init__(self) -> None:
        super().__init__("This idempotency key was sent with another request; each request needs a key of its own.")


class ServiceUnavailableError(AppointmentError):
    """The table or the queue did not answer, or throttled, for as long as the request could wait.

    Nothing is left half done: what was begun has been taken back, or ends by itself at the hold's deadline.
    """

    def __init__(self, message: str) -> None:
        super().__init__(f"{message} Try again in a moment.")


class MalformedRecordError(AppointmentError):
    """A message or a stream record that no retry can make processable."""
