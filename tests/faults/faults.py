"""The faults, and when they strike."""

from dataclasses import dataclass
from enum import Enum, StrEnum

from chalicelib.aws import CLIENT_CONFIG
from tests.faults.proxy import Rule

TRIES: int = CLIENT_CONFIG.retries["total_max_attempts"]  # type: ignore[attr-defined] # not in the stubs
"""How often botocore tries a call."""


class Fault(Enum):
    """What happens to a try of a call; as microburst's rules have it, which are the members' values (RUF012)."""

    THROTTLE = {"error": {"code": "ThrottlingException"}}  # noqa: RUF012
    SERVER_ERROR = {"error": {"code": "InternalServerError", "status": 500}}  # noqa: RUF012
    RESET = {"reset": True}  # noqa: RUF012
    LOST_ACKNOWLEDGEMENT = {"response": {"abort_frac": 0.5}}  # noqa: RUF012
    """It is applied, and the connection ends in the middle of the answer."""


class Strikes(StrEnum):
    """Which tries are hit."""

    ONCE = "once"
    EVERY_TRY = "every try"
    FROM_THEN_ON = "from then on"
    """Every try of every call from that one on: an outage."""


@dataclass(frozen=True)
class Plan:
    """A fault at one call of a path, counted from 0."""

    fault: Fault
    strikes: Strikes
    at: int

    def __str__(self) -> str:
        return f"{self.fault.name} {self.strikes} at call {self.at}"

    def hits(self, call: int) -> bool:
        """Whether a call meets the fault."""
        return call == self.at or (self.strikes is Strikes.FROM_THEN_ON and call > self.at)

    @property
    def tries_hit(self) -> int:
        """How many tries of each call that is hit."""
        return 1 if self.strikes is Strikes.ONCE else TRIES

    def rule(self, service: str, operation: str) -> Rule:
        """The rule for a call, as microburst takes it."""
        return {"service": service, "operation": operation, "times": self.tries_hit, **self.fault.value}
