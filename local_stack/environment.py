"""The environment that the application and boto3 see."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from localstack_client import config as localstack

from local_stack.issuer import AUDIENCE

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from local_stack.issuer import Issuer
    from local_stack.resources import Provisioned

_LOOPBACK = "127.0.0.1,localhost"
_MADE_UP = "test"
"""Credentials that no endpoint on this machine looks at."""

# With these boto3 would pass the embedded endpoint by, or look for a profile that has nothing to do with it.
_MISLEADING = (
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_DYNAMODB_STREAMS",
    "AWS_ENDPOINT_URL_SQS",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
)


class BadEnvironmentError(Exception):
    """A variable that can't be used; the text is one line for the user."""


def external_endpoint(environ: Mapping[str, str]) -> str | None:
    """Return the URL of the endpoint that the user has named, or None when the embedded one shall be started.

    `AWS_ENDPOINT_URL` goes before `LOCALSTACK_HOST` (`host` or `host:port`), as in localstack-client. Raises
    BadEnvironmentError when it can't be understood.
    """
    if url := environ.get("AWS_ENDPOINT_URL", "").strip():
        if not url.startswith(("http://", "https://")):
            raise BadEnvironmentError(f"AWS_ENDPOINT_URL must begin with http:// or https://, not be {url!r}")
        return url.rstrip("/")
    if host := environ.get("LOCALSTACK_HOST", "").strip():
        try:
            found: str | None = localstack.get_service_endpoint("dynamodb", localstack_host=host)
        except RuntimeError:
            raise BadEnvironmentError(f"LOCALSTACK_HOST must be a host or host:port, not {host!r}") from None
        return found
    return None


def use_endpoint(environ: MutableMapping[str, str], url: str, *, embedded: bool) -> str:
    """Point boto3 at the endpoint, with made-up credentials when there are none; returns the region."""
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    environ["AWS_ENDPOINT_URL"] = url
    environ["AWS_REGION"] = environ["AWS_DEFAULT_REGION"] = region
    if embedded:
        for name in _MISLEADING:
            environ.pop(name, None)
    if not environ.get("AWS_ACCESS_KEY_ID") and not environ.get("AWS_PROFILE"):
        environ["AWS_ACCESS_KEY_ID"] = environ["AWS_SECRET_ACCESS_KEY"] = _MADE_UP
        environ.pop("AWS_SESSION_TOKEN", None)
    # A proxy for the outside world knows nothing of this machine's loopback.
    before = environ.get("no_proxy") or environ.get("NO_PROXY")
    environ["no_proxy"] = environ["NO_PROXY"] = f"{before},{_LOOPBACK}" if before else _LOOPBACK
    return region


def configure_application(
    environ: MutableMapping[str, str],
    provisioned: Provisioned,
    *,
    hold_seconds: str,
    max_active_holds: str,
    issuer: Issuer | None,
) -> None:
    """Set what the application reads. Without an issuer, authentication is off."""
    environ.update(
        TABLE_NAME=provisioned.table_name,
        BOOKING_QUEUE_URL=provisioned.bookings_url,
        BOOKING_DEAD_LETTER_QUEUE_URL=provisioned.bookings_dead_letters_url,
        EXPIRATION_DEAD_LETTER_QUEUE_URL=provisioned.expirations_dead_letters_url,
        HOLD_SECONDS=hold_seconds,
        MAX_ACTIVE_HOLDS=max_active_holds,
    )
    environ.setdefault("CURSOR_KEYS", secrets.token_urlsafe(32))
    environ.setdefault("LOG_LEVEL", "INFO")
    if issuer is None:
        environ["AUTHENTICATION"] = "off"
    else:
        environ.update(AUTHENTICATION="on", TOKEN_ISSUER=issuer.url, TOKEN_AUDIENCE=AUDIENCE)
