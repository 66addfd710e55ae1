"""`/bookings`."""

import re
from http import HTTPStatus

from chalice.app import Request, Response

from chalicelib import logs
from chalicelib.domain.errors import BookingNotFoundError
from chalicelib.handlers.fields import BOOKING_ID
from chalicelib.handlers.http import Router, answer, body, called_by, headers, no_body
from chalicelib.handlers.requests import CreateBooking, CreateBookingHeaders, RescheduleBooking
from chalicelib.handlers.views import booking_view
from chalicelib.services import Services


def register(router: Router) -> None:
    """Declare the routes."""
    router.route("POST", "/bookings")(create_booking)
    router.route("GET", "/bookings/{bookingId}")(get_booking)
    router.route("POST", "/bookings/{bookingId}/confirm")(confirm_booking)
    router.route("POST", "/bookings/{bookingId}/cancel")(cancel_booking)
    router.route("POST", "/bookings/{bookingId}/reschedule")(reschedule_booking)


def create_booking(request: Request, services: Services) -> Response:
    """Hold a slot; the booking is created in the background."""
    caller = called_by(request)
    asked = body(request, CreateBooking, **({"userId": caller.user_id} if caller.user_id else {}))
    logs.also(provider_id=asked.provider_id, slot_id=asked.slot_id)
    booking = services.bookings.hold(
        provider_id=asked.provider_id,
        slot_id=asked.slot_id,
        user_id=asked.user_id,
        idempotency_key=headers(request, CreateBookingHeaders).idempotency_key,
        by=caller,
    )
    logs.also(booking_id=booking.booking_id)
    return answer(booking_view(booking), HTTPStatus.ACCEPTED, location=f"/bookings/{booking.booking_id}")


def get_booking(request: Request, services: Services, **path: str) -> Response:
    """Show a booking."""
    return answer(booking_view(services.bookings.get(booking_id_in(path), by=called_by(request))))


def confirm_booking(request: Request, services: Services, **path: str) -> Response:
    """Confirm a booking within its hold."""
    no_body(request)
    return answer(booking_view(services.bookings.confirm(booking_id_in(path), by=called_by(request))))


def cancel_booking(request: Request, services: Services, **path: str) -> Response:
    """Cancel a booking."""
    no_body(request)
    return answer(booking_view(services.bookings.cancel(booking_id_in(path), by=called_by(request))))


def reschedule_booking(request: Request, services: Services, **path: str) -> Response:
    """Give a booking another slot."""
    asked = body(request, RescheduleBooking)
    booking = services.bookings.reschedule(booking_id_in(path), asked.slot_id, by=called_by(request))
    return answer(booking_view(booking))


def booking_id_in(path: dict[str, str]) -> str:
    """The booking's id in the path. One that can't exist is not looked up: raises `BookingNotFoundError`."""
    booking_id = path["bookingId"]
    if not re.fullmatch(BOOKING_ID, booking_id):
        raise BookingNotFoundError(booking_id)
    return booking_id
