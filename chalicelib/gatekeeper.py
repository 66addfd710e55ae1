"""Builds and connects the authorizer, which shares nothing with the rest: neither loads what the other needs."""

import os
from functools import cache

from chalicelib import logs
from chalicelib.identity.authorizer import Authorizer
from chalicelib.identity.keys import HttpFetch, IssuerKeys
from chalicelib.identity.tokens import Tokens
from chalicelib.settings import AuthorizerSettings


@cache
def authorizer() -> Authorizer:
    """The authorizer under the process's environment, built at the first call. Raises `SettingsError`."""
    settings = AuthorizerSettings.from_environment(os.environ)
    logs.configure(settings.log_level)
    if not settings.token_issuer:
        return Authorizer(None)
    return Authorizer(
        Tokens(
            issuer=settings.token_issuer,
            audience=settings.token_audience,
            role_claim=settings.role_claim,
            keys=IssuerKeys(issuer=settings.token_issuer, fetch=HttpFetch()),
        )
    )
