"""AWS clients with explicit limits, and which of their errors mean that a service can't be reached."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from threading import Event
from typing import Final, Protocol, TypeVar

from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NotConnectedError

from chalicelib.domain.errors import ServiceUnavailableError

CLIENT_CONFIG: Final = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=64,
    tcp_keepalive=True,
    parameter_validation=False,
    user_agent="appointments",
)
"""Three tries of 3 s and the waits of 1 and 2 s between them: no call takes longer than 12 s. Set here since botocore's
defaults differ by version.

To check the shape of each request, as AWS does anyway, and to write down the machine in each takes botocore a third of
its time for a call: neither is done."""

WORK_SECONDS: Final = 16.0
"""How long a request or a batch may begin new calls: with a last one of 12 s it ends within the 29 s of API Gateway."""

CALLS_AT_ONCE: Final = 4
"""How many calls of one request are under way at once. More would only be throttled sooner: what a provider has is one
partition of the table, which takes 1000 write units a second, and these calls have up to 200 each."""

T = TypeVar("T")

_UNREACHABLE: Final = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "OverLimit",
        "ProvisionedThroughputExceededException",
        "QueueDoesNotExist",
        "RequestLimitExceeded",
        "RequestThrottled",
        "ResourceNotFoundException",
        "Throttling",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)
_SERVER_ERROR: Final = 500


class TimeLimit:
    """How long the work at hand, a request or a batch, may go on calling AWS.

    Without it the tries and waits of many calls, each within its own bounds, could add up to more than the gateway and
    the function's time-out allow; then the caller would get no answer, instead of a 503.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds since whenever."""
        self._clock = clock
        self._ends_at: ContextVar[float] = ContextVar("ends_at", default=math.inf)

    @contextmanager
    def begun(self) -> Iterator[None]:
        """Work that begins now. In this context only, as Chalice's local server answers requests side by side."""
        token = self._ends_at.set(self._clock() + WORK_SECONDS)
        try:
            yield
        finally:
            self._ends_at.reset(token)

    def calling(self, part: str) -> "_Call":
        """A call to AWS. Raises `ServiceUnavailableError` when time is over, and when it can't be reached or throttles.

        botocore has tried again by then. `part` names what is called, as a user may read it: "table", "queue".
        """
        if self._clock() >= self._ends_at.get():
            raise ServiceUnavailableError(f"The {part} takes too long.")
        return _Call(part)


class RunAll(Protocol):
    """Does pieces of work, and returns what they gave, in order."""

    def __call__(self, work: Sequence[Callable[[], T]]) -> list[T]:
        """When one raises, those under way are waited for, no other is begun, and the error is raised."""


def side_by_side(work: Sequence[Callable[[], T]]) -> list[T]:
    """Do pieces of work, a few at a time, each with the request's time limit and the ids in its logs. A `RunAll`."""
    if len(work) == 1:
        return [work[0]()]
    one_has_failed = Event()

    def done(each: Callable[[], T]) -> T:
        # What comes after a piece that has failed is not begun. Nobody sees this error: the piece's own comes first.
        if one_has_failed.is_set():
            raise CancelledError
        try:
            return each()
        except BaseException:
            one_has_failed.set()
            raise

    with ThreadPoolExecutor(CALLS_AT_ONCE) as threads:
        pieces = [threads.submit(copy_context().run, done, each) for each in work]
    return [piece.result() for piece in pieces]


class _Call:
    """A call to AWS that is under way. A class, as each request makes some, and a generator takes longer."""

    def __init__(self, part: str) -> None:
        self._part = part

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if _is_passing(error):
            raise ServiceUnavailableError(f"The {self._part} can't be reached.") from error


def _is_passing(error: BaseException | None) -> bool:
    """Whether it says that a service can't be reached, or throttles."""
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
        return code in _UNREACHABLE or error.response["ResponseMetadata"]["HTTPStatusCode"] >= _SERVER_ERROR
    return isinstance(error, NotConnectedError | HTTPClientError)
