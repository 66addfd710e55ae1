"""A model of many clients that want the slots of one provider within seconds. No AWS is called, and nothing is timed.

Each client asks once for one slot, at random, and takes the first answer. What a request does is what the code does: a
transaction, before each other try a look at the slot, then a message. What AWS does is simplified to its published
limits: a partition's units a second, items that are locked by a transaction, how many requests the gateway lets in and
the function serves. How long calls take is assumed, and told below. The rules of the retries are the code's own.

Taken for the worst: each try that is not throttled takes units, whatever becomes of it. Left out: other traffic, the
worker and its indexes, adaptive capacity, and clients that try again.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice
from typing import Any, TypeAlias

import simpy

from bench.capacity import read_units, write_units_of_transaction
from chalicelib.aws import CLIENT_CONFIG, WORK_SECONDS
from chalicelib.dao import keys
from chalicelib.dao.table import Retries

Steps: TypeAlias = Generator[simpy.Event, Any, Any]
"""What takes time in the model."""

ACTION_UNITS = write_units_of_transaction([(None, None)])
"""Of the slot's update, and of the policy's check: both items are below 1 KB."""
LOOK_UNITS = read_units(None)

PARTITION_WRITE_UNITS = 1000
PARTITION_READ_UNITS = 3000
"""A second, of each partition ("Best practices for designing and using partition keys effectively in DynamoDB")."""

# Assumed, in seconds: at least so long, and an exponential rest of so much in the mean.
TRANSACTION = (0.008, 0.006)
READ = (0.003, 0.002)
SEND = (0.005, 0.005)
THROTTLED = (0.002, 0.001)
COLD_START_SECONDS = 0.6

SLOTS_A_DAY = 50

_CONFIG: Any = CLIENT_CONFIG  # whose attributes botocore makes at run time, and the types don't know
_BOTOCORE_TRIES: int = _CONFIG.retries["total_max_attempts"]


class Answer(Enum):
    """What a client gets. The gateway answers 500 when Lambda refuses a call."""

    BOOKED = "202"
    TAKEN = "409"
    UNAVAILABLE = "503"
    NOT_LET_IN = "429, gateway"
    NOT_SERVED = "500, no function free"


class Limit(Enum):
    """What may stand in the way."""

    GATEWAY = "gateway"
    FUNCTIONS = "functions at once"
    SLOTS = "partition of the slots"
    POLICY = "partition of a policy's copy"
    CONFLICT = "locked items"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What the sale is held with."""

    name: str
    gateway_rate: int
    gateway_burst: int
    functions: int
    admitted_a_second: int | None = None
    """By a waiting room; None without one."""
    partition_a_day: bool = False
    burst_seconds: int = 0
    """How many seconds of unused capacity a partition may spend at once. AWS keeps 300, and promises none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """Clients that come within so many seconds, evenly at random, for so many slots of one provider."""

    clients: int
    slots: int
    seconds: float = 2.0


class Bucket:
    """Units that come each whole second, and may be saved up to a depth."""

    def __init__(self, env: simpy.Environment, per_second: int, *, depth: int) -> None:
        self._env = env
        self._per_second = per_second
        self._depth = depth
        self._second = 0
        self._there: float = depth
        self.spent = defaultdict[int, float](float)
        """Units by second."""

    def has(self, units: float) -> bool:
        """Whether so many can be taken now."""
        second = int(self._env.now)
        self._there = min(self._depth, self._there + self._per_second * (second - self._second))
        self._second = second
        return self._there >= units

    def take(self, units: float) -> bool:
        """Take so many, or none if there are fewer."""
        if not self.has(units):
            return False
        self._there -= units
        self.spent[self._second] += units
        return True


@dataclass(slots=True)
class Request:
    """A client's one request: the slot it wants, when it was let in and answered, and what it got."""

    slot: str
    began: float = 0.0
    ended: float = 0.0
    answer: Answer | None = None


@dataclass(slots=True)
class Run:
    """What came of a sale."""

    requests: list[Request]
    owners: dict[str, list[int]] = field(default_factory=dict)
    """By slot, the requests that hold it: one, or the model is wrong."""
    met: dict[Limit, float] = field(default_factory=dict)
    """When each limit first stood in the way, in seconds."""
    times: Counter[Limit] = field(default_factory=Counter)
    """How often each did."""
    most_at_once: int = 0
    buckets: dict[str, Bucket] = field(default_factory=dict)
    """Of partitions, by key."""


class Model:
    """One sale, from the first client to the last answer."""

    def __init__(self, sale: Sale, setup: Setup, *, seed: int) -> None:
        self.env = simpy.Environment()
        self._sale = sale
        self._setup = setup
        self._random = random.Random(seed)
        self._retries = Retries(jitter=self._random.random)
        self._slots = list(islice(_slot_ids(), sale.slots))
        self._locked = set[str]()
        self._idle = 0
        self._at_once = 0
        self.run = Run([Request(self._random.choice(self._slots)) for _ in range(sale.clients)])
        self._gateway = Bucket(self.env, setup.gateway_rate, depth=setup.gateway_burst)

    def hold(self) -> Run:
        """Let everybody in, and wait for the last answer."""
        arrivals = sorted(self._random.uniform(0, self._sale.seconds) for _ in self.run.requests)
        for number, at in enumerate(self._admitted(arrivals)):
            self.env.process(self._client(number, at))
        self.env.run()
        return self.run

    def _admitted(self, arrivals: Iterable[float]) -> Iterable[float]:
        """When each may go on, in the order in which they came."""
        rate = self._setup.admitted_a_second
        free_at = 0.0
        for at in arrivals:
            free_at = max(at, free_at)
            yield free_at
            free_at += 1 / rate if rate else 0.0

    def _client(self, number: int, at: float) -> Steps:
        request = self.run.requests[number]
        yield self.env.timeout(at)
        request.began = self.env.now
        request.answer = yield from self._through_the_gateway(number)
        request.ended = self.env.now

    def _through_the_gateway(self, number: int) -> Steps:
        if not self._gateway.take(1):
            self._meets(Limit.GATEWAY)
            return Answer.NOT_LET_IN
        if self._at_once >= self._setup.functions:
            self._meets(Limit.FUNCTIONS)
            return Answer.NOT_SERVED
        self._at_once += 1
        self.run.most_at_once = max(self.run.most_at_once, self._at_once)
        if self._idle:
            self._idle -= 1
        else:
            yield self.env.timeout(COLD_START_SECONDS)
        answer = yield from self._book(number)
        self._at_once -= 1
        self._idle += 1
        return answer

    def _book(self, number: int) -> Steps:
        slot = self.run.requests[number].slot
        calls_until = self.env.now + WORK_SECONDS
        waits = self._retries.waits()
        while self.env.now < calls_until:
            answer = yield from self._try(number, slot)
            if answer is Answer.BOOKED:
                yield self._takes(SEND)
            wait = next(waits, None)
            if answer or wait is None:
                return answer or Answer.UNAVAILABLE
            yield self.env.timeout(wait)
            answer = yield from self._look(slot)
            if answer:
                return answer
        return Answer.UNAVAILABLE

    def _try(self, number: int, slot: str) -> Steps:
        """A transaction: an answer, or None if it is to be tried again."""
        copy = keys.policy("p", slot)["PK"]
        writes = [(self._partition(slot), Limit.SLOTS), (self._bucket(copy, PARTITION_WRITE_UNITS), Limit.POLICY)]
        for bucket, limit in writes:
            if not bucket.has(ACTION_UNITS):
                # The reasons of a cancelled transaction tell of it, which botocore does not try again.
                self._meets(limit)
                yield self._takes(THROTTLED)
                return None
        for bucket, _ in writes:
            bucket.take(ACTION_UNITS)
        if self._locked & {slot, copy}:
            self._meets(Limit.CONFLICT)
            yield self._takes(TRANSACTION)
            return None
        if self.is_taken(slot):
            yield self._takes(TRANSACTION)
            return Answer.TAKEN
        self._locked |= {slot, copy}
        yield self._takes(TRANSACTION)
        self.run.owners.setdefault(slot, []).append(number)
        self._locked -= {slot, copy}
        return Answer.BOOKED

    def _look(self, slot: str) -> Steps:
        """A read of the slot, which botocore tries again when it is throttled: an answer, or None to go on."""
        bucket = self._bucket(f"{self._partition_key(slot)}, reads", PARTITION_READ_UNITS)
        for attempt in range(_BOTOCORE_TRIES):
            if bucket.take(LOOK_UNITS):
                yield self._takes(READ)
                return Answer.TAKEN if self.is_taken(slot) else None
            self._meets(Limit.SLOTS)
            yield self._takes(THROTTLED)
            if attempt + 1 < _BOTOCORE_TRIES:
                # As in botocore.retries.standard.ExponentialBackoff.
                yield self.env.timeout(self._random.random() * min(2**attempt, 20))
        return Answer.UNAVAILABLE

    def is_taken(self, slot: str) -> bool:
        """Whether somebody holds the slot."""
        return slot in self.run.owners

    def _partition(self, slot: str) -> Bucket:
        return self._bucket(self._partition_key(slot), PARTITION_WRITE_UNITS)

    def _partition_key(self, slot: str) -> str:
        key = keys.slot("p", slot)["PK"]
        return f"{key}#{slot.partition('T')[0]}" if self._setup.partition_a_day else key

    def _bucket(self, name: str, per_second: int) -> Bucket:
        if name not in self.run.buckets:
            depth = per_second * (1 + self._setup.burst_seconds)
            self.run.buckets[name] = Bucket(self.env, per_second, depth=depth)
        return self.run.buckets[name]

    def _takes(self, seconds: tuple[float, float]) -> simpy.Timeout:
        least, rest = seconds
        return self.env.timeout(least + self._random.expovariate(1 / rest))

    def _meets(self, limit: Limit) -> None:
        self.run.met.setdefault(limit, self.env.now)
        self.run.times[limit] += 1


def _slot_ids() -> Iterable[str]:
    """Slots of a quarter of an hour, from 06:00 on, on one day after the other."""
    day = 0
    while True:
        day += 1
        for number in range(SLOTS_A_DAY):
            hour, quarter = divmod(number, 4)
            yield f"2030-{1 + day // 28:02}-{1 + day % 28:02}T{6 + hour:02}:{15 * quarter:02}"
