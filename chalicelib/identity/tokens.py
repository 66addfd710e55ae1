"""Bearer tokens: JWTs that the issuer has signed for this API (RFC 7519, RFC 8725)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import jwt

from chalicelib.domain.access import Role

ALGORITHMS: Final = ("RS256", "ES256")
"""What issuers sign with. None is symmetric: then a public key would be a secret (RFC 8725, 2.1)."""

LEEWAY_SECONDS: Final = 30
"""How far the issuer's clock may be from ours."""

MOST_CHARACTERS: Final = 8192
"""Of a token; API Gateway lets no more than 10 KB of headers through."""

_LONGEST_USER_ID: Final = 128


class TokenError(Exception):
    """A token that proves nothing; the text says why, for the log alone."""


class Keys(Protocol):
    """The issuer's keys."""

    def find(self, key_id: str) -> jwt.PyJWK | None:
        """The key with this id, or None. Raises `KeysUnavailableError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a token proves."""

    user_id: str
    role: Role | None
    """The strongest of the token's roles that is one of ours."""
    expires_at: int
    """The token's own, in epoch seconds, with the leeway."""


class Tokens:
    """Checks tokens of one issuer that are meant for one audience."""

    def __init__(self, *, issuer: str, audience: str, role_claim: str, keys: Keys) -> None:
        self._issuer = issuer
        self._audience = audience
        self._role_claim = role_claim
        self._keys = keys

    def verified(self, token: str) -> Verified:
        """What the token proves. Raises `TokenError`, and `KeysUnavailableError` when it can't be checked."""
        if len(token) > MOST_CHARACTERS:
            raise TokenError("it is too long")
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
            key = self._keys.find(key_id) if key_id else None
            if key is None:
                raise TokenError("it names no key of the issuer's")
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                issuer=self._issuer,
                audience=self._audience,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise TokenError(str(error)) from error
        user_id = claims["sub"]
        if not (user_id.strip() and user_id.isprintable() and len(user_id) <= _LONGEST_USER_ID):
            raise TokenError("its subject can't be a user's id")
        return Verified(user_id=user_id, role=self._role(claims), expires_at=int(claims["exp"]) + LEEWAY_SECONDS)

    def _role(self, claims: Mapping[str, Any]) -> Role | None:
        """Some issuers give one role, others a list of groups."""
        claim = claims.get(self._role_claim)
        given = claim if isinstance(claim, list) else [claim]
        return next((role for role in reversed(Role) if role in given), None)
