"""`/bookings/{bookingId}/calendar.ics`: a booking as iCalendar (RFC 5545), for calendars to import.

To import it again brings a calendar up to date: the event has the same UID, and a SEQUENCE that rises with each change.

The method is PUBLISH, and not REQUEST: the event is for whoever fetches it, and nobody is invited or has to reply. Both
PUBLISH and CANCEL need an organizer (RFC 5546, 3.2.1 and 3.2.5). That is the provider, at an address of a domain that
can't exist (RFC 2606), so that no calendar's mail reaches anybody.
"""

from chalice.app import Request, Response

from chalicelib.domain.models import BookingStatus
from chalicelib.handlers.bookings import booking_id_in
from chalicelib.handlers.http import Router, called_by
from chalicelib.services import Services
from chalicelib.services.calendar import Appointment

_DOMAIN = "appointments.invalid"

_PUBLISHED_AS = {BookingStatus.PENDING: "TENTATIVE", BookingStatus.CONFIRMED: "CONFIRMED"}
"""The event's status; bookings in all other states are cancelled for a calendar, which takes the event out."""


def register(router: Router) -> None:
    """Declare the route."""
    router.route("GET", "/bookings/{bookingId}/calendar.ics")(get_calendar)


def get_calendar(request: Request, services: Services, **path: str) -> Response:
    """Show a booking as a calendar's event."""
    appointment = services.calendar.appointment(booking_id_in(path), by=called_by(request))
    status = appointment.booking.status
    method = "PUBLISH" if status in _PUBLISHED_AS else "CANCEL"
    headers: dict[str, str | list[str]] = {
        "Content-Type": f"text/calendar; charset=utf-8; method={method}",
        "Content-Disposition": f'attachment; filename="{appointment.booking.booking_id}.ics"',
    }
    return Response(_calendar(appointment, method), headers=headers)


def _calendar(appointment: Appointment, method: str) -> str:
    # Imported here: it takes some 40 ms, for which a cold start need not wait, as few requests need it.
    from icalendar import Calendar, Event, vCalAddress  # noqa: PLC0415

    booking, provider = appointment.booking, appointment.provider
    organizer = vCalAddress(f"mailto:{provider.provider_id}@{_DOMAIN}")
    organizer.params["CN"] = provider.name
    event = Event()
    for name, value in {
        "UID": f"{booking.booking_id}@{_DOMAIN}",
        "SEQUENCE": booking.sequence,
        "STATUS": _PUBLISHED_AS.get(booking.status, "CANCELLED"),
        "SUMMARY": f"Appointment with {provider.name}",
        "DTSTART": booking.starts_at,
        "DTEND": booking.ends_at,
        "ORGANIZER": organizer,
        # With a method this is when the file was made, and tells which of two with one SEQUENCE is newer.
        "DTSTAMP": appointment.shown_at,
        "CREATED": booking.created_at,
        "LAST-MODIFIED": booking.updated_at,
    }.items():
        event.add(name, value)
    calendar = Calendar()
    calendar.add("PRODID", "-//Appointments//Bookings//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", method)
    calendar.add_component(event)
    text: bytes = calendar.to_ical()
    return text.decode("utf-8")
