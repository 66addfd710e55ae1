"""What in a history can't be, if the system keeps its promises."""

from collections.abc import Collection

from simulation.histories.answers import wrong_answers
from simulation.histories.bookings import wrong_in
from simulation.histories.keys import wrong_by_key
from simulation.histories.limits import wrong_by_limit
from simulation.histories.lives import lives
from simulation.histories.operations import History
from simulation.histories.owners import two_owners
from simulation.histories.search import unexplained
from simulation.histories.slots import slot_histories
from simulation.histories.terms import Terms, micros


def anomalies(
    history: History,
    *,
    hold_seconds: Collection[float],
    clock_skew: float = 0.0,
    effect_within: float = 30.0,
    creation_may_lag: bool = False,
    max_active_holds: int,
) -> list[str]:
    """Every anomaly in words, with the operations that show it; nothing if all is well. All times are in seconds.

    The history must have every hold that was made from its beginning on. What is checked, each under its name:

    - `answer`: the API's contract knows the answer.
    - `booking`: its steps are legal in real time, happen in time, and change nothing but what they say.
    - `key`: a request that is sent again with its idempotency key is the same booking.
    - `limit`: no user has too many holds at one time, and who is told so may have as many.
    - `lost`: an id that was given with a 202 can be read from then on.
    - `owners`: no two clients know at one time that a slot is theirs.
    - `slot`: there is an order of all operations on a slot that explains every answer.

    `hold_seconds` are all the lengths that a hold may have, and `max_active_holds` is how many a user may have.
    `clock_skew` is how far the clocks of the machines that serve requests may be off from the one that the operations'
    times were read from. An operation without an answer, or with a 5xx, takes effect within `effect_within` of its
    beginning, or never. With `creation_may_lag`, the worker that writes bookings may be down for longer than a hold,
    and a booking may then be missing after its deadline (docs/decisions/011).
    """
    terms = Terms(
        holds=frozenset(map(micros, hold_seconds)),
        clock_skew=micros(clock_skew),
        effect_within=micros(effect_within),
        creation_may_lag=creation_may_lag,
        max_active_holds=max_active_holds,
    )
    operations = history.operations
    strange = wrong_answers(operations)
    if strange:
        return strange
    known, wrong = lives(operations)
    wrong += [each for life in known for each in wrong_in(life, terms)]
    wrong += wrong_by_key(operations, terms)
    wrong += wrong_by_limit(operations, known, terms)
    wrong += two_owners(known, terms)
    slots = slot_histories(operations, known, terms)
    return wrong + [each for each in map(unexplained, slots) if each is not None]
