"""AWS clients with explicit limits, and which of their errors mean that a service can't be reached."""

from collections.abc import Iterator
from contextlib import contextmanager
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
"""Three tries of 3 s and the waits between them stay below 12 s, so that a request's longest path (a hold that fails,
and is taken back) answers within the 29 s of API Gateway. Set here since botocore's defaults differ by version."""

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


@contextmanager
def unreachable_as_unavailable(part: str) -> Iterator[None]:
    """Turn the errors that mean "can't be reached" or "throttles" into `ServiceUnavailableError`; let others through.

    botocore has tried again by then. `part` names what was called, as a user may read it: "table", "queue".
    """
    try:
        yield
    except (NotConnectedError, HTTPClientError) as error:
        raise ServiceUnavailableError(f"The {part} can't be reached.") from error
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _UNREACHABLE or error.response["ResponseMetadata"]["HTTPStatusCode"] >= _SERVER_ERROR:
            raise ServiceUnavailableError(f"The {part} can't be reached.") from error
        raise
