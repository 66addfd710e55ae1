"""The quick search finds an order exactly where trying every order finds one."""

import random
from collections import Counter

from simulation.histories import Kind, Operation
from simulation.histories.lives import lives
from simulation.histories.search import unexplained
from simulation.histories.slots import slot_histories
from simulation.histories.specification import Event, Slot, SlotHistory, Specification
from simulation.histories.terms import SECOND, Terms
from tests.simulation.histories.reference import Request
from tests.simulation.histories.stories import HOLD
from tests.simulation.histories.test_random_histories import KEYS, KINDS, mutants, run

TERMS = Terms(
    holds=[HOLD * SECOND], clock_skew=0, effect_within=30 * SECOND, creation_may_lag=False, max_active_holds=100
)
ENOUGH_TO_TRY_ALL = 8


def some_order_explains(history: SlotHistory) -> bool:
    """The same question, answered by every order in turn."""
    specification = Specification(history)

    def goes_on(events: list[Event], unsettled: list[Event], slot: Slot, time: int) -> bool:
        if not events:
            return True
        latest = min(event.returned for event in events)
        for event in [*events, *unsettled]:
            after = specification.after(event, slot, time)
            if after and after.time <= min(event.returned, latest):
                others = [[each for each in some if each is not event] for some in (events, unsettled)]
                if goes_on(others[0], others[1], after.slot, after.time):
                    return True
        return False

    return goes_on(history.events, history.unsettled, Slot(), 0)


def random_history(chance: random.Random) -> list[Operation]:
    """Few requests for one slot or two, which take long and often get no answer."""
    requests = []
    slots = chance.choice([1, 2])
    for _ in range(chance.randrange(5, 13)):
        held_up, decided, answered = (chance.uniform(0, 6) for _ in range(3))
        after = chance.choice([chance.uniform(0.1, 2), chance.uniform(0.1, 2), chance.uniform(100, 310)])
        fate = chance.choice([*["answered"] * 5, "no answer", "failed"])
        what = chance.choice(KINDS), chance.randrange(slots), chance.randrange(20)
        requests.append(Request(*what, after, held_up, decided, answered, fate, chance.choice(KEYS)))
    return [each for each in run(requests) if each.kind != Kind.AVAILABILITY]


def test_the_search_agrees_with_trying_every_order() -> None:
    chance = random.Random(7)
    verdicts = Counter[bool]()
    for _ in range(500):
        sound = random_history(chance)
        wrong = [mutant for _, mutant in mutants(sound)]
        for operations in [sound, *chance.sample(wrong, min(6, len(wrong)))]:
            for history in slot_histories(operations, lives(operations)[0], TERMS):
                if len(history.events) + len(history.unsettled) <= ENOUGH_TO_TRY_ALL:
                    explained = unexplained(history) is None
                    assert explained == some_order_explains(history), [str(each.operation) for each in history.events]
                    verdicts[explained] += 1
    assert min(verdicts[True], verdicts[False]) > 200, "both verdicts were put to the test"
