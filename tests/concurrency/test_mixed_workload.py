"""Everything at once on a few slots: whatever each client is told fits to what all others are told."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import httpx
import pytest

from simulation.histories import Kind
from tests.concurrency.conftest import Crowd
from tests.concurrency.test_races import (
    Act,
    a_user,
    assert_finished_and_sound,
    at_about,
    change,
    hold,
    holds_with_one_deadline,
    reschedule,
)
from tests.system import A_DAY, System, eventually

CLIENTS = 48
EACH_KIND = 4
"""How often each client does each kind of operation, in each of two rounds."""

HOLDS = 2 * CLIENTS * EACH_KIND
"""All that are asked for in both rounds."""

SLOTS_AT_THE_DEADLINE = 8

WHAT = (Kind.HOLD, Kind.GET, Kind.CONFIRM, Kind.CANCEL, Kind.RESCHEDULE, Kind.SLOTS)


class Workload:
    """Clients that hold any of a few slots, and do anything to the bookings that any of them was given."""

    def __init__(self, provider_id: str, slot_ids: list[str]) -> None:
        self.bookings: list[str] = []
        self._provider_id = provider_id
        self._slot_ids = slot_ids

    def acts(self, seed: int) -> Callable[[httpx.Client], None]:
        """One client's acts, in an order by chance."""
        chance = random.Random(seed)
        order = list(WHAT) * EACH_KIND
        chance.shuffle(order)

        def act(client: httpx.Client) -> None:
            for kind in order:
                if kind is Kind.SLOTS:
                    client.get(f"/providers/{self._provider_id}/slots", params={"date": A_DAY})
                elif kind is Kind.HOLD or not self.bookings:
                    self._hold(client, chance)
                elif kind is Kind.GET:
                    client.get(f"/bookings/{self._booking(chance)}")
                elif kind is Kind.RESCHEDULE:
                    reschedule(self._booking(chance), chance.choice(self._slot_ids))(client)
                else:
                    client.post(f"/bookings/{self._booking(chance)}/{kind}")

        return act

    def _hold(self, client: httpx.Client, chance: random.Random) -> None:
        # There are so few numbers that some requests with a key are sent again, by anybody and at any time.
        number = chance.randrange(HOLDS)
        slot_id = self._slot_ids[number % len(self._slot_ids)]
        answer = hold(self._provider_id, slot_id, f"user-{number}", key=chance.choice([None, "key"]))(client)
        if answer.is_success and answer.json()["bookingId"] not in self.bookings:
            self.bookings.append(answer.json()["bookingId"])

    def _booking(self, chance: random.Random) -> str:
        """Mostly one of the newest, and of those only each second, so that the others often expire."""
        newest = self.bookings[::2][-4:]
        return chance.choice(newest if chance.random() < 0.8 else self.bookings)


def assert_all_answered(crowd: Crowd) -> None:
    """An answer that leaves open what was done would excuse others, and nothing here is out of order."""
    assert [str(each) for each in crowd.history.operations if each.is_unsettled] == []


def test_a_mixed_workload_on_few_slots_is_told_one_consistent_story(
    short_hold_system: System, short_hold_crowd: Crowd
) -> None:
    system = short_hold_system
    provider_id = system.provider()
    day = system.availability(provider_id, startTime="09:00", endTime="10:00", slotDurationMinutes=5)
    workload = Workload(provider_id, [slot["slotId"] for slot in day["slots"]])
    short_hold_crowd.all_at_once([workload.acts(seed) for seed in range(CLIENTS)])
    abandoned = system.hold(provider_id, eventually("a slot is free", lambda: system.free_slots(provider_id))[0])
    system.wait_for_status(abandoned["bookingId"], "EXPIRED")
    short_hold_crowd.all_at_once([workload.acts(CLIENTS + seed) for seed in range(CLIENTS)])

    assert_all_answered(short_hold_crowd)
    operations = short_hold_crowd.history.operations
    done = Counter(each.kind for each in operations)
    assert all(done[kind] > 300 for kind in WHAT), done
    refusals = {(each.kind, each.body.get("bookingStatus")) for each in operations if each.status == 409}
    assert refusals >= {
        (Kind.HOLD, None),
        (Kind.CONFIRM, "CANCELLED"),
        (Kind.CONFIRM, "EXPIRED"),
        (Kind.CANCEL, "EXPIRED"),
        (Kind.RESCHEDULE, None),
        (Kind.RESCHEDULE, "CANCELLED"),
        (Kind.RESCHEDULE, "EXPIRED"),
    }
    made = Counter(each.body["bookingId"] for each in operations if each.kind == Kind.HOLD and each.status == 202)
    assert made.most_common(1)[0][1] > 1, "some were sent again with their keys"
    rescheduled = {each.body["status"] for each in operations if each.kind == Kind.RESCHEDULE and each.status == 200}
    assert rescheduled == {"PENDING", "CONFIRMED"}
    assert_finished_and_sound(system)


@pytest.mark.parametrize("seed", range(3))
def test_at_the_deadline_of_many_holds_everybody_is_told_one_consistent_story(
    short_hold_system: System, short_hold_crowd: Crowd, seed: int
) -> None:
    """The workers have more to tidy up than they can at once, so the deadline alone decides what clients are told."""
    chance = random.Random(seed)
    provider_id, held = holds_with_one_deadline(short_hold_system, short_hold_crowd, len(short_hold_crowd.clients))
    tidied_last = sorted(held, key=lambda booking: booking["createdAt"])[-SLOTS_AT_THE_DEADLINE:]

    def around(deadline: datetime, booking_id: str, slot_id: str) -> Act:
        acts: list[Act] = [
            hold(provider_id, slot_id, a_user()),
            change(booking_id, "confirm"),
            change(booking_id, "cancel"),
            reschedule(booking_id, chance.choice(tidied_last)["slotId"]),
            lambda client: client.get(f"/bookings/{booking_id}"),
            lambda client: client.get(f"/providers/{provider_id}/slots", params={"date": A_DAY}),
        ]
        chosen = chance.choices(acts, weights=[3, 1, 1, 2, 2, 1], k=3)
        moment = at_about(deadline, chosen[0], chance.uniform(-0.03, 0.03))
        return lambda client: [act(client) for act in (moment, *chosen[1:])][-1]

    short_hold_crowd.all_at_once(
        [
            around(datetime.fromisoformat(each["expiresAt"]), each["bookingId"], each["slotId"])
            for each in chance.choices(tidied_last, k=2 * SLOTS_AT_THE_DEADLINE)
        ]
    )
    assert_all_answered(short_hold_crowd)
    assert_finished_and_sound(short_hold_system)
