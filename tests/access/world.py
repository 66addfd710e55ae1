"""A booking, whose it is, and a request of each route about it."""

from collections.abc import Mapping
from typing import Any

import httpx

from chalicelib.handlers.access import RULES
from deployment.examples import EXAMPLES
from tests.access.places import Place
from tests.builders import new_id
from tests.system import A_DAY

Route = tuple[str, str]

ROUTES = sorted(RULES)
PRIVATE = [route for route in ROUTES if not RULES[route].is_public]
PUBLIC = [route for route in ROUTES if RULES[route].is_public]


class World:
    """A provider with slots, and a PENDING booking of a customer's, all made by those whose they are."""

    def __init__(self, place: Place) -> None:
        self._http = place.http
        self._token_for = place.token_for
        self.customer, self.owner = f"customer-{new_id()}", f"owner-{new_id()}"
        body = {"name": "Ann", "providerId": f"p-{new_id()}"}
        self.provider_id = self._made("/providers", body, self.owner, "provider")["providerId"]
        window = {"date": A_DAY, "startTime": "09:00", "endTime": "12:00", "slotDurationMinutes": 60}
        self._made(f"/providers/{self.provider_id}/availability", window, self.owner, "provider")
        self.slots = [f"{A_DAY}T{hour}:00" for hour in ("09", "10", "11")]
        hold = {"providerId": self.provider_id, "slotId": self.slots[0]}
        self.booking_id = self._made("/bookings", hold, self.customer, "customer")["bookingId"]

    def bearer(self, user_id: str, role: str) -> dict[str, str]:
        """The header with a user's token."""
        return {"Authorization": f"Bearer {self._token_for(user_id, role)}"}

    def send(self, route: Route, headers: Mapping[str, str], *, booking_id: str | None = None) -> httpx.Response:
        """A request that would succeed, were it anybody's; about another booking, if one is given."""
        method, path = route
        where = path.format(
            providerId=self.provider_id, bookingId=booking_id or self.booking_id, userId=self.customer, date=A_DAY
        )
        return self._http.request(
            method, where, params=self._query(path, method), json=self._body(route), headers=headers
        )

    def booking(self) -> Any:
        """The booking as its customer sees it."""
        answer = self.send(("GET", "/bookings/{bookingId}"), self.bearer(self.customer, "customer"))
        assert answer.status_code == 200
        return answer.json()

    def _made(self, path: str, body: Any, user_id: str, role: str) -> Any:
        answer = self._http.post(path, json=body, headers=self.bearer(user_id, role))
        assert answer.is_success, answer.text
        return answer.json()

    def _body(self, route: Route) -> Any:
        bodies: dict[Route, Any] = {
            ("POST", "/providers"): {"name": "Bob"},
            ("PATCH", "/providers/{providerId}"): {"name": "Ann B."},
            ("POST", "/providers/{providerId}/availability"): {
                "date": A_DAY,
                "startTime": "09:00",
                "endTime": "12:00",
                "slotDurationMinutes": 60,
            },
            ("POST", "/bookings"): {
                "providerId": self.provider_id,
                "slotId": self.slots[1],
                "userId": self.customer,
            },
            ("POST", "/bookings/{bookingId}/reschedule"): {"slotId": self.slots[2]},
        }
        if route not in bodies and route in EXAMPLES and EXAMPLES[route].body:
            raise AssertionError(f"no body is known for {route}")
        return bodies.get(route)

    def _query(self, path: str, method: str) -> dict[str, str] | None:
        if path == "/providers/{providerId}/slots":
            return {"date": A_DAY}
        if path == "/providers/{providerId}/availability" and method == "GET":
            return {"from": A_DAY, "to": A_DAY}
        return None
