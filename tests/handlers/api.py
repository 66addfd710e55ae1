"""The real application over in-memory stores, asked over HTTP."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from chalice.app import AuthRequest, AuthResponse, Chalice, ChaliceAuthorizer
from chalice.test import Client

from chalicelib.domain.ports import ProviderStore
from chalicelib.handlers import register_routes
from chalicelib.services import (
    AvailabilityService,
    BookingService,
    CalendarService,
    ListingService,
    Ownership,
    ProviderService,
    ReadinessService,
    Services,
)
from chalicelib.services.cursors import Cursors
from tests.builders import CURSOR_KEY, HOLD, MAX_ACTIVE_HOLDS, Clock, new_id
from tests.fakes import (
    FakeDependency,
    FakeQueue,
    InMemoryBookings,
    InMemoryListing,
    InMemoryProviders,
    InMemorySlots,
    InMemoryStores,
)

Json: TypeAlias = Any

JSON = "application/json"
AVAILABILITY: Mapping[str, Json] = {
    "date": "2030-05-02",
    "startTime": "09:00",
    "endTime": "12:00",
    "slotDurationMinutes": 60,
}
"""Three slots of an hour on the day after now."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str

    @classmethod
    def of_gateway(cls, response: Mapping[str, Any]) -> "Answer":
        """What the function gave back to API Gateway."""
        return cls(status=response["statusCode"], headers=response["headers"], text=response["body"])

    @property
    def json(self) -> Json:
        return json.loads(self.text)

    @property
    def wrong_fields(self) -> dict[str, str]:
        """The fields that the problem names, each with what is wrong with it."""
        return {error["field"]: error["message"] for error in self.json["errors"]}


@dataclass
class Api:
    """The application, and what a test sets or looks at behind it."""

    stores: InMemoryStores = field(default_factory=InMemoryStores)
    clock: Clock = field(default_factory=Clock)
    queue: FakeQueue = field(default_factory=FakeQueue)
    table: FakeDependency = field(default_factory=FakeDependency)
    queue_sign_of_life: FakeDependency = field(default_factory=FakeDependency)
    max_active_holds: int = MAX_ACTIVE_HOLDS
    providers: ProviderStore | None = None
    services: Callable[[], Services] | None = None
    cors_origins: frozenset[str] = frozenset()
    authorizer: Callable[[AuthRequest], AuthResponse] | None = None
    """What is asked who calls; without, everybody may do everything."""

    def __post_init__(self) -> None:
        # Each app adds its name to AWS_EXECUTION_ENV, which every call to AWS carries: after hundreds, it is too long.
        self.app = Chalice("appointments", configure_logs=False, env={})
        register_routes(self.app, self.services or self.make_services, authorizer=self._declared_authorizer())
        self._http = Client(self.app).http

    def _declared_authorizer(self) -> ChaliceAuthorizer | None:
        asked = self.authorizer
        if asked is None:
            return None

        def authorize(request: AuthRequest) -> AuthResponse:
            """A function, since Chalice wants to know its name."""
            return asked(request)

        declared: ChaliceAuthorizer = self.app.authorizer()(authorize)
        return declared

    def get(self, path: str) -> Answer:
        return self.request("GET", path)

    def post(self, path: str, document: Json = None) -> Answer:
        """Post a document as JSON, or nothing at all."""
        if document is None:
            return self.request("POST", path)
        return self.send(path, json.dumps(document).encode())

    def patch(self, path: str, document: Json) -> Answer:
        """Patch with a document as JSON."""
        return self.request("PATCH", path, body=json.dumps(document).encode(), headers={"Content-Type": JSON})

    def send(self, path: str, body: bytes, *, content_type: str | None = JSON) -> Answer:
        """Post these very bytes."""
        return self.request("POST", path, body=body, headers={"Content-Type": content_type} if content_type else {})

    def request(self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        response = self._http.request(method, path, headers=dict(headers or {}), body=body)
        return Answer(status=response.status_code, headers=response.headers, text=response.body.decode())

    def has_provider(self, provider_id: str = "ann", **fields: Json) -> str:
        answer = self.post("/providers", {"name": "Ann", "providerId": provider_id, **fields})
        assert answer.status == 201, answer.text
        return provider_id

    def has_slots(self, provider_id: str = "ann", **changes: Json) -> None:
        self.has_provider(provider_id)
        answer = self.post(f"/providers/{provider_id}/availability", {**AVAILABILITY, **changes})
        assert answer.status == 201, answer.text

    def has_booking(self, slot_id: str = "2030-05-02T09:00", user_id: str = "user-1") -> Json:
        """A PENDING booking; the slots must be there."""
        answer = self.post("/bookings", {"providerId": "ann", "slotId": slot_id, "userId": user_id})
        assert answer.status == 202, answer.text
        return answer.json

    def free_slot_ids(self, day: str = "2030-05-02") -> list[str]:
        answer = self.get(f"/providers/ann/slots?date={day}")
        assert answer.status == 200, answer.text
        return [slot["slotId"] for slot in answer.json["slots"]]

    def run_worker(self) -> None:
        """Create the bookings whose messages are in the queue."""
        bookings = self.make_services().bookings
        while self.queue.sent:
            bookings.create(self.queue.sent.pop(0))

    def make_services(self) -> Services:
        provider_store = self.providers or InMemoryProviders(self.stores)
        slots = InMemorySlots(self.stores)
        providers = ProviderService(providers=provider_store, clock=self.clock, new_id=new_id)
        cursors = Cursors(keys=[CURSOR_KEY])
        ownership = Ownership(providers=provider_store)
        bookings = BookingService(
            providers=provider_store,
            ownership=ownership,
            bookings=InMemoryBookings(self.stores),
            queue=self.queue,
            clock=self.clock,
            new_id=new_id,
            hold=HOLD,
            max_active_holds=self.max_active_holds,
        )
        return Services(
            providers=providers,
            availability=AvailabilityService(
                providers=providers, slots=slots, cursors=cursors, clock=self.clock, new_id=new_id
            ),
            bookings=bookings,
            listings=ListingService(
                listing=InMemoryListing(self.stores),
                providers=providers,
                cursors=cursors,
                clock=self.clock,
            ),
            calendar=CalendarService(bookings=bookings, providers=providers, clock=self.clock),
            readiness=ReadinessService(dependencies={"table": self.table, "queue": self.queue_sign_of_life}),
            ownership=ownership,
            clock=self.clock,
            cors_origins=self.cors_origins,
            without_authentication=self.authorizer is None,
        )


def assert_problem(answer: Answer, status: int, code: str) -> None:
    """The answer is a whole problem of this kind, and its request id is the one in the header."""
    assert answer.status == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json
    expected = {"type", "title", "status", "detail", "code", "requestId"}
    assert expected <= problem.keys() <= expected | {"errors", "bookingStatus", "checks"}
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == "urn:problem-type:" + code.lower().replace("_", "-")
    assert problem["title"]
    assert problem["detail"]
    assert problem["requestId"]
    assert problem["requestId"] == answer.headers["X-Request-Id"]


def gateway_event(method: str, path: str, *, resource: str | None = None, body: str | None = None) -> dict[str, Any]:
    """What API Gateway sends to the function, as far as Chalice reads it."""
    return {
        "resource": resource or path,
        "path": path,
        "httpMethod": method,
        "requestContext": {
            "httpMethod": method,
            "resourcePath": resource or path,
            "path": f"/v1{path}",
            "stage": "v1",
            "requestId": "gateway-1",
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "headers": {"Content-Type": "application/json", "X-Request-Id": "from-the-caller"},
        "multiValueHeaders": {},
        "pathParameters": None,
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "body": body,
        "isBase64Encoded": False,
    }
