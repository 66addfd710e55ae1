"""A process that can fail for some bookings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.domain.models import Booking


@dataclass
class FakeProcess:
    """Keeps the bookings that it was given, and fails for those that it is told to."""

    fails_for: Mapping[str, Exception] = field(default_factory=dict)
    done: list[Booking] = field(default_factory=list)

    def __call__(self, booking: Booking) -> None:
        if error := self.fails_for.get(booking.booking_id):
            raise error
        self.done.append(booking)
