"""Who calls, and whose things are whose."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody may do, as the tokens call it. The later one is, the more it may."""

    CUSTOMER = "customer"
    """Sees and changes its own bookings."""
    PROVIDER = "provider"
    """Beside that, its own providers' availability, slots and bookings."""
    ADMIN = "admin"
    """Everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever makes a request."""

    user_id: str | None
    """None: nobody in particular."""
    role: Role | None
    """None: somebody who is known, but may do nothing."""

    @property
    def is_admin(self) -> bool:
        """Whether everything is theirs to see and to change."""
        return self.role is Role.ADMIN

    def is_user(self, user_id: str) -> bool:
        """Whether this is who calls."""
        return self.user_id == user_id


ANYBODY = Caller(user_id=None, role=Role.ADMIN)
"""Who calls where authentication is off."""
