"""What each function asks of AWS, on every path it has: recorded while it runs on a real endpoint."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from chalicelib.bootstrap import Application, Clients, build
from chalicelib.domain.access import ANYBODY
from chalicelib.domain.errors import ServiceUnavailableError, SlotUnavailableError
from chalicelib.domain.models import Availability, Booking, WeeklyPattern
from chalicelib.services import AvailabilityService
from chalicelib.services.listings import PageRequest
from chalicelib.settings import Settings
from local_stack.resources import Provisioned
from tests.builders import CURSOR_KEY, availability, new_id, window
from tests.deployed.recorder import Permission, Recorder, recording
from tests.events import event, message, removal, sqs_record, stream_record

TOMORROW = (datetime.now(UTC) + timedelta(days=2)).date()


class Used(NamedTuple):
    """The permissions that each function used."""

    api: set[Permission]
    process_bookings: set[Permission]
    expire_bookings: set[Permission]


def permissions_used(host: str, names: Provisioned, monkeypatch: pytest.MonkeyPatch) -> Used:
    """Take each function through all it does, each before a recorder of its own."""
    with (
        function(host, names, monkeypatch) as (api, by_api),
        function(host, names, monkeypatch) as (processor, by_processor),
        function(host, names, monkeypatch) as (expirer, by_expirer),
    ):
        api.services.readiness.check()
        ann = api.services.providers.create(name="Ann", time_zone="UTC", provider_id=None)
        set_and_close_days(api.services.availability, ann.provider_id)
        slots = api.services.availability.free_slots(ann.provider_id, TOMORROW).slots

        def hold(number: int) -> Booking:
            return api.services.bookings.hold(
                provider_id=ann.provider_id, slot_id=slots[number].slot_id, user_id="user-1", by=ANYBODY
            )

        created, expiring = hold(0), hold(1)
        with pytest.raises(SlotUnavailableError):
            hold(0)
        assert processor.process_bookings(event(message(created), sqs_record("no booking"))) == NOTHING_FAILED
        api.services.bookings.get(created.booking_id, by=ANYBODY)
        api.services.listings.of_user("user-1", PageRequest(limit=1))
        api.services.listings.of_provider(ann.provider_id, PageRequest(limit=1))
        api.services.calendar.appointment(created.booking_id, by=ANYBODY)
        api.services.providers.change(ann.provider_id, name=None, rules={"cancel_cutoff_minutes": 0})
        api.services.bookings.reschedule(created.booking_id, slots[3].slot_id, by=ANYBODY)
        api.services.bookings.confirm(created.booking_id, by=ANYBODY)
        api.services.bookings.cancel(created.booking_id, by=ANYBODY)
        assert expirer.expire_bookings(event(removal(expiring), stream_record(DAMAGED))) == NOTHING_FAILED
        release(host, names, ann.provider_id, slots[2].slot_id, monkeypatch, by_api)
        return Used(by_api.used, by_processor.used, by_expirer.used)


def set_and_close_days(service: AvailabilityService, provider_id: str) -> None:
    """In the end the day after tomorrow has slots of half an hour."""
    pattern = WeeklyPattern(
        first_day=TOMORROW, last_day=TOMORROW + timedelta(days=9), weekdays=frozenset(range(7)), windows=(window(),)
    )
    service.set_pattern(provider_id, pattern)
    service.set_day(provider_id, Availability(day=TOMORROW, windows=()))
    service.set_day(provider_id, availability(window(slot_minutes=30), day=TOMORROW))
    service.availability(provider_id, pattern.first_day, pattern.last_day)
    page = service.free_slots_of_days(provider_id, pattern.first_day, pattern.last_day, limit=2, cursor=None)
    service.free_slots_of_days(provider_id, pattern.first_day, pattern.last_day, limit=2, cursor=page.next_cursor)


NOTHING_FAILED: dict[str, list[object]] = {"batchItemFailures": []}
DAMAGED = {"PK": {"S": "BOOKING#x"}, "SK": {"S": "EXPIRATION_TRIGGER"}}


def release(
    host: str, names: Provisioned, provider_id: str, slot_id: str, monkeypatch: pytest.MonkeyPatch, api: Recorder
) -> None:
    """Hold a slot while the queue is out of reach, so that the hold is released."""
    gone = {"BOOKING_QUEUE_URL": f"{names.bookings_url}-gone"}
    with function(host, names, monkeypatch, gone) as (application, recorder):
        with pytest.raises(ServiceUnavailableError):
            application.services.bookings.hold(provider_id=provider_id, slot_id=slot_id, user_id="user-1", by=ANYBODY)
        api.used |= {used for used in recorder.used if not used.resource.endswith("-gone")}


@contextmanager
def function(
    host: str,
    names: Provisioned,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str] | None = None,
) -> Iterator[tuple[Application, Recorder]]:
    """The application as one function has it, and the recorder before it."""
    with recording(host) as recorder, monkeypatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", recorder.url)
        environment.setenv("AWS_ACCESS_KEY_ID", "test")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        given = {
            "TABLE_NAME": names.table_name,
            "BOOKING_QUEUE_URL": names.bookings_url,
            "BOOKING_DEAD_LETTER_QUEUE_URL": names.bookings_dead_letters_url,
            "CURSOR_KEYS": CURSOR_KEY,
            "EXPIRATION_DEAD_LETTER_QUEUE_URL": names.expirations_dead_letters_url,
            "AWS_REGION": "us-east-1",
            **(changes or {}),
        }
        clock: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731 - typed
        settings = Settings.from_environment(given)
        yield build(settings, Clients.of(settings), clock=clock, new_id=new_id), recorder
