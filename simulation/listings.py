"""What must hold of every page of a listing that somebody was shown, however far behind its index was."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic_core import to_jsonable_python

from chalicelib.dao import keys
from chalicelib.dao.items import to_booking
from chalicelib.dao.values import deserialized
from chalicelib.domain.models import Booking, BookingStatus
from chalicelib.handlers.views import booking_view
from simulation.clients import Exchange
from simulation.dynamodb import Change

_OK = 200
_SERVER_ERROR = 500
_OWNERS = {"users": "userId", "providers": "providerId"}


class Listings:
    """The pages that were shown, held against all that the table ever had."""

    def __init__(self) -> None:
        self._states: dict[str, list[Booking]] = defaultdict(list)

    def note(self, change: Change) -> None:
        """Take a change of the table in."""
        is_booking = change.keys["SK"]["S"] == keys.METADATA and "GSI1PK" in (change.new_image or {})
        if change.new_image is not None and is_booking:
            state = to_booking(deserialized(change.new_image))
            self._states[state.booking_id].append(state)

    def wrong(self, exchange: Exchange, *, clock_skew: float) -> Iterator[str]:
        """What is wrong with an answer, if it is one to a listing. Clocks differ from the true time by `clock_skew`."""
        if not is_listing(exchange):
            return
        if exchange.answer.status != _OK:
            if exchange.answer.status < _SERVER_ERROR:
                yield f"{exchange.request} was answered {exchange.answer}"
            return
        asked = dict(parse_qsl(urlsplit(exchange.request.path).query))
        bookings, more = exchange.answer.body["bookings"], exchange.answer.body["nextCursor"] is not None
        if len(bookings) > int(asked["limit"]) or (more and len(bookings) < int(asked["limit"])):
            yield f"{exchange.request} was answered by a page of {len(bookings)}; more to come: {more}"
        places = [(booking["startsAt"], booking["bookingId"]) for booking in bookings]
        if places != sorted(set(places), reverse=asked.get("order") == "desc"):
            yield f"{exchange.request} is not in order, or has something twice: {places}"
        _, owners, owner_id, _ = urlsplit(exchange.request.path).path.split("/")
        for booking in bookings:
            if booking[_OWNERS[owners]] != owner_id or booking["status"] != asked.get("status", booking["status"]):
                yield f"{exchange.request} has what was not asked for: {booking}"
            if not self._has_been(booking, exchange, clock_skew):
                yield f"{exchange.request} has what never was so: {booking}"

    def wrong_at_the_end(self, exchanges: Iterable[Exchange]) -> Iterator[str]:
        """What a walk through the whole listing lacks, or tells otherwise than the bookings themselves."""
        exchanges = list(exchanges)
        listed = [booking for each in exchanges if is_listing(each) for booking in each.answer.body["bookings"]]
        ids = [booking["bookingId"] for booking in listed]
        if sorted(ids) != sorted(self._states):
            yield f"the whole listing has {sorted(ids)}, and the table {sorted(self._states)}"
        by_id = {booking["bookingId"]: booking for booking in listed}
        for each in exchanges:
            if not is_listing(each) and by_id.get(each.answer.body["bookingId"]) != each.answer.body:
                yield f"{each.answer.body} is listed as {by_id.get(each.answer.body['bookingId'])}"

    def _has_been(self, shown: Mapping[str, Any], exchange: Exchange, clock_skew: float) -> bool:
        """Whether the table had it so, at some time; if it is or was PENDING, by a clock within the request."""
        for state in self._states[shown["bookingId"]]:
            deadline = state.expires_at.timestamp()
            if state.status is not BookingStatus.PENDING:
                ways = [state]
            else:
                in_time, too_late = exchange.invoked - clock_skew < deadline, exchange.returned + clock_skew >= deadline
                ways = [state] * in_time + [state.seen_at(state.expires_at)] * too_late
            if any(shown == to_jsonable_python(booking_view(way)) for way in ways):
                return True
        return False


def is_listing(exchange: Exchange) -> bool:
    """Whether a listing was asked for."""
    return exchange.request.method == "GET" and urlsplit(exchange.request.path).path.endswith("/bookings")
