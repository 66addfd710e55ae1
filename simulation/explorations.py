"""What is explored: two clients, each fault, and processes that know nothing of the provider or guess."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.bootstrap import Application
from chalicelib.dao.items import slot_item
from chalicelib.dao.values import serialized
from chalicelib.domain.access import ANYBODY
from chalicelib.domain.errors import AppointmentError
from chalicelib.domain.models import Slot
from simulation.cloud import Cloud
from simulation.interleavings import Client, Explored, Fault, Interleavings
from simulation.machine import SETTINGS, WANTED, machine, silence
from simulation.system import START
from simulation.wire import Call, Reply
from simulation.workloads import DAY, PROVIDER

SLOT_ID, OTHER_SLOT_ID = f"{DAY}T09:00", f"{DAY}T10:00"


def open_morning(cloud: Cloud) -> None:
    """A provider with two free slots."""
    for slot_id in (SLOT_ID, OTHER_SLOT_ID):
        starts_at = datetime.fromisoformat(f"{slot_id}:00Z")
        slot = Slot(
            provider_id=PROVIDER,
            slot_id=slot_id,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            time_zone="UTC",
        )
        put = {"TableName": SETTINGS.table_name, "Item": serialized(slot_item(slot))}
        cloud.table.call("PutItem", put, now=START)


class EarlierHold:
    """A `Rehearsal`: a hold of such a slot, so that the next one may be guessed from it."""

    _cloud: Cloud

    def play(self, application: Application) -> None:
        """Hold it, in a cloud that is new each time."""
        self._cloud = Cloud(WANTED)
        open_morning(self._cloud)
        _hold(application, "earlier")

    def call(self, call: Call) -> Reply:
        """As AWS does."""
        return self._cloud.apply(call, now=START)

    def time(self) -> float:
        """When all began."""
        return START


def books_and_confirms(application: Application) -> None:
    """A client that gets what it wants, if it can."""
    with suppress(AppointmentError):
        application.services.bookings.confirm(_hold(application, "first"), by=ANYBODY)


def books_and_cancels(application: Application) -> None:
    """A client that changes its mind."""
    with suppress(AppointmentError):
        application.services.bookings.cancel(_hold(application, "second"), by=ANYBODY)


def books_and_reschedules(application: Application) -> None:
    """A client that wants the other slot after all."""
    with suppress(AppointmentError):
        application.services.bookings.reschedule(_hold(application, "first"), OTHER_SLOT_ID, by=ANYBODY)


def books_the_other_and_confirms(application: Application) -> None:
    """A client that wants the other slot from the beginning."""
    with suppress(AppointmentError):
        application.services.bookings.confirm(_hold(application, "second", OTHER_SLOT_ID), by=ANYBODY)


def _hold(application: Application, user: str, slot_id: str = SLOT_ID) -> str:
    return application.services.bookings.hold(
        provider_id=PROVIDER, slot_id=slot_id, user_id=user, by=ANYBODY
    ).booking_id


ONE_SLOT: Mapping[str, Client] = {"first": books_and_confirms, "second": books_and_cancels}
A_RESCHEDULE: Mapping[str, Client] = {"first": books_and_reschedules, "second": books_the_other_and_confirms}


class Exploration(NamedTuple):
    """Who does what, and what may go wrong."""

    what: str
    clients: Mapping[str, Client]
    fault: Fault
    have_held_before: bool = False
    """Whether the requests come to processes that know the provider, so that a hold is one call, and not two."""

    def run(self) -> Explored:
        """Go through every order of it."""
        rehearsal = EarlierHold() if self.have_held_before else None
        with silence(), without_collection():
            return Interleavings(machine(), open_morning, self.clients, self.fault, rehearsal).explore()


@contextmanager
def without_collection() -> Iterator[None]:
    """No collection of garbage inside: it would look through millions of states, over and over, and find none."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()


EXPLORATIONS = (
    *(Exploration("one slot", ONE_SLOT, fault) for fault in Fault),
    *(Exploration("one slot, guessed", ONE_SLOT, fault, have_held_before=True) for fault in Fault),
    *(Exploration("a reschedule, guessed", A_RESCHEDULE, fault, have_held_before=True) for fault in Fault),
)
