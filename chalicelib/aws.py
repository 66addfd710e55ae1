"""AWS clients with explicit limits, and which of their errors mean that a service can't be reached."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

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
)
"""Three tries of 3 s and the waits of 1 and 2 s between them: no call takes longer than 12 s. Set here since botocore's
defaults differ by version."""

WORK_SECONDS: Final = 16.0
"""How long a request or a batch may begin new calls: with a last one of 12 s it ends within the 29 s of API Gateway."""

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
        """Work that begins now. In this thread only, as Chalice's local server answers requests side by side."""
        token = self._ends_at.set(self._clock() + WORK_SECONDS)
        try:
            yield
        finally:
            self._ends_at.reset(token)

    @contextmanager
    def calling(self, part: str) -> Iterator[None]:
        """A call to AWS. Raises `ServiceUnavailableError` when time is over, and when it can't be reached or throttles.

        botocore has tried again by then. `part` names what is called, as a user may read it: "table", "queue".
        """
        if self._clock() >= self._ends_at.get():
            raise ServiceUnavailableError(f"The {part} takes too long.")
        with _unreachable_as_unavailable(part):
            yield


@contextmanager
def _unreachable_as_unavailable(part: str) -> Iterator[None]:
    try:
        yield
    except (NotConnectedError, HTTPClientError) as error:
        raise ServiceUnavailableError(f"The {part} can't be reached.") from error
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _UNREACHABLE or error.response["ResponseMetadata"]["HTTPStatusCode"] >= _SERVER_ERROR:
            raise ServiceUnavailableError(f"The {part} can't be reached.") from error
        raise
