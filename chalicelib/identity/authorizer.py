"""What API Gateway asks before it lets a request through to the application."""

import logging
from typing import NoReturn

from chalice.app import AuthRequest, AuthResponse

from chalicelib.identity.tokens import TokenError, Tokens

_log = logging.getLogger(__name__)


class UnauthorizedError(Exception):
    """What API Gateway takes for 401; of any other text or kind of error it makes a 5xx."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


class Authorizer:
    """Tells the gateway who calls. What they may do is the application's to say (`chalicelib.handlers.access`).

    So what it answers for a token is the same for every route, and the gateway may remember it.
    """

    def __init__(self, tokens: Tokens | None) -> None:
        """With no `tokens`, nobody gets in."""
        self._tokens = tokens

    def __call__(self, request: AuthRequest) -> AuthResponse:
        """Who sent the header. Raises `UnauthorizedError`, and `KeysUnavailableError` when nobody can be told."""
        scheme, _, token = request.token.partition(" ")
        if self._tokens is None:
            _refuse("no issuer is configured")
        if scheme.lower() != "bearer":
            _refuse("it is no bearer token")
        try:
            verified = self._tokens.verified(token.strip())
        except TokenError as error:
            _refuse(str(error))
        return AuthResponse(
            routes=["*"],
            principal_id=verified.user_id,
            context={
                "userId": verified.user_id,
                "role": verified.role or "",
                "expiresAt": str(verified.expires_at),
            },
        )


def _refuse(reason: str) -> NoReturn:
    _log.info("token refused", extra={"reason": reason})
    raise UnauthorizedError
