"""Who may call which route: the one table, in which every route has its rule, or the application does not start.

A rule says which roles may call at all, and what of: where a path names a user or a provider, it must be the caller's
own, unless the caller is an admin. Bookings are looked at by the services, once they are read: somebody else's does not
exist for the caller.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any
from urllib.parse import unquote

from chalicelib.domain.access import ANYBODY, Caller, Role
from chalicelib.domain.errors import ForbiddenError, UnauthenticatedError
from chalicelib.services import Services


class Scope(Enum):
    """Whose things a route is about."""

    NOBODYS = auto()
    """Nothing that belongs to anybody, or what everybody may see."""
    USERS = auto()
    """Those of the user in the path."""
    PROVIDERS = auto()
    """Those of the provider in the path."""
    BOOKINGS = auto()
    """A booking's: the service asks `Ownership`."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may call a route."""

    roles: frozenset[Role]
    scope: Scope
    is_public: bool = False
    """Whether no token is needed."""


_ALL = frozenset(Role)
_WHO_PROVIDE = frozenset({Role.PROVIDER, Role.ADMIN})

PUBLIC = Rule(frozenset(), Scope.NOBODYS, is_public=True)
_ANY_ROLE = Rule(_ALL, Scope.NOBODYS)
_BOOKING = Rule(_ALL, Scope.BOOKINGS)
_OWN_PROVIDER = Rule(_WHO_PROVIDE, Scope.PROVIDERS)

RULES: Mapping[tuple[str, str], Rule] = {
    ("POST", "/providers"): Rule(_WHO_PROVIDE, Scope.NOBODYS),
    ("GET", "/providers/{providerId}"): _ANY_ROLE,
    ("PATCH", "/providers/{providerId}"): _OWN_PROVIDER,
    ("POST", "/providers/{providerId}/availability"): _OWN_PROVIDER,
    ("GET", "/providers/{providerId}/availability"): _ANY_ROLE,
    ("DELETE", "/providers/{providerId}/availability/{date}"): _OWN_PROVIDER,
    ("GET", "/providers/{providerId}/slots"): _ANY_ROLE,
    ("GET", "/providers/{providerId}/bookings"): _OWN_PROVIDER,
    ("GET", "/users/{userId}/bookings"): Rule(_ALL, Scope.USERS),
    ("POST", "/bookings"): _BOOKING,
    ("GET", "/bookings/{bookingId}"): _BOOKING,
    ("POST", "/bookings/{bookingId}/confirm"): _BOOKING,
    ("POST", "/bookings/{bookingId}/cancel"): _BOOKING,
    ("POST", "/bookings/{bookingId}/reschedule"): _BOOKING,
    ("GET", "/bookings/{bookingId}/calendar.ics"): _BOOKING,
    ("GET", "/health"): PUBLIC,
    ("GET", "/health/ready"): PUBLIC,
    ("GET", "/openapi.json"): PUBLIC,
    ("GET", "/docs"): PUBLIC,
    ("GET", "/docs/swagger-ui.css"): PUBLIC,
    ("GET", "/docs/swagger-ui.js"): PUBLIC,
}


def caller_in(context: Mapping[str, Any], *, services: Services) -> Caller:
    """Who calls, as the authorizer has told the gateway. Raises `UnauthenticatedError`.

    The gateway remembers for a while what the authorizer said of a token, so whether that has expired is asked again.
    """
    if services.without_authentication:
        return ANYBODY
    told = context.get("authorizer") or {}
    if "userId" not in told or int(told["expiresAt"]) <= services.clock().timestamp():
        raise UnauthenticatedError
    return Caller(user_id=told["userId"], role=Role(told["role"]) if told["role"] else None)


def admit(caller: Caller, rule: Rule, path: Mapping[str, str], *, services: Services) -> None:
    """Let the caller through to a route. Raises `ForbiddenError`, and `ProviderNotFoundError`."""
    if caller.role not in rule.roles:
        raise ForbiddenError
    if rule.scope is Scope.USERS and not (caller.is_admin or caller.is_user(user_id_in(path))):
        raise ForbiddenError
    if rule.scope is Scope.PROVIDERS and not services.ownership.has_provider(caller, path["providerId"]):
        raise ForbiddenError


def user_id_in(path: Mapping[str, str]) -> str:
    """The path's user, as API Gateway hands it on. What is no UTF-8 becomes no Unicode, which is nobody's."""
    return unquote(path["userId"], errors="surrogateescape")
