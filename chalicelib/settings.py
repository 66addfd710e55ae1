"""Settings, as the environment has them: checked when they are read, each with all that is wrong."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)


class SettingsError(ValueError):
    """Settings that are missing or wrong; the text names each, what is wrong with it, and what it should be."""


_QueueUrl = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]


def _long_enough(keys: str) -> str:
    if not all(re.fullmatch("[!-~]{32,}", key) for key in keys.split(",")):
        raise ValueError("each key must have 32 characters or more, ASCII and without spaces, with commas between keys")
    return keys


def _origins(listed: str) -> str:
    for origin in listed.split(",") if listed else ():
        if not re.fullmatch(r"https?://[a-z0-9.-]+(:\d{1,5})?", origin):
            raise ValueError("each must be an origin such as https://www.example.com, with commas between")
    return listed


def _issuer(url: str) -> str:
    """Empty, or https; on this machine http will do."""
    parts = urlsplit(url)
    is_local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"}
    if url and not (
        parts.hostname and (parts.scheme == "https" or is_local) and not parts.query and not parts.fragment
    ):
        raise ValueError("must be an https URL, as the issuer's tokens have it")
    return url


_SECRET = frozenset({"cursor_keys"})
"""Settings that no message shows."""


class _FromEnvironment(BaseModel):
    """Settings, each named in the environment as its field, in capitals."""

    model_config = ConfigDict(frozen=True)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read and check the settings. Raises `SettingsError`."""
        given = {name: environment[name.upper()] for name in cls.model_fields if name.upper() in environment}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            wrong = [
                f"  {str(problem['loc'][0]).upper()}: {problem['msg']}"
                + (
                    ""
                    if problem["type"] == "missing" or problem["loc"][0] in _SECRET
                    else f", but it is {problem['input']!r}"
                )
                if problem["loc"]
                else f"  {problem['msg']}"
                for problem in error.errors()
            ]
            raise SettingsError("\n".join(["These settings in the environment are wrong:", *wrong])) from None


class AuthorizerSettings(_FromEnvironment):
    """What the environment decides of the authorizer."""

    token_issuer: Annotated[str, AfterValidator(_issuer)] = ""
    """An OpenID Connect issuer, as its tokens name it in `iss`; none: nobody gets in."""
    token_audience: str = ""
    """What the tokens name in `aud` if they are meant for this API."""
    role_claim: Annotated[str, StringConstraints(min_length=1)] = "role"
    """The claim with a role, or a list of them (`chalicelib.domain.access.Role`)."""

    @model_validator(mode="after")
    def _names_an_audience(self) -> Self:
        if self.token_issuer and not self.token_audience:
            raise ValueError("TOKEN_AUDIENCE must be set together with TOKEN_ISSUER: tokens for others are no use here")
        return self


class Settings(_FromEnvironment):
    """What the environment decides of all else. Durations are in seconds."""

    table_name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{3,255}$")]
    booking_queue_url: _QueueUrl
    booking_dead_letter_queue_url: _QueueUrl
    expiration_dead_letter_queue_url: _QueueUrl
    aws_region: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,}(-[a-z]+)+-\d$")]
    cursor_keys: Annotated[str, AfterValidator(_long_enough), Field(repr=False)]
    """Secrets that seal the cursors of listings: 32 characters or more, with commas between; the first one seals."""
    hold_seconds: Annotated[int, Field(ge=1, le=86_400)] = 300
    """How long a slot is held for a user to confirm."""
    max_active_holds: Annotated[int, Field(ge=1, le=100)] = 5
    """How many slots a user can hold at a time."""
    booking_max_receives: Annotated[int, Field(ge=1, le=1000)] = 5
    """The booking queue's `maxReceiveCount`."""
    expiration_max_age_seconds: Annotated[int, Field(ge=60, le=86_400)] = 3600
    """The age at which the expiration handler gives a stream record up; less than the event source's maximum."""
    cors_origins: Annotated[str, AfterValidator(_origins)] = ""
    """Origins of the web pages that may call the API from a browser, with commas between."""
    authentication: Literal["on", "off"] = "on"
    """Off: everybody may do everything. For a system on one's own machine, and for nothing else."""


def authentication_is_off(environment: Mapping[str, str]) -> bool:
    """Whether the settings say so in plain words."""
    return environment.get("AUTHENTICATION") == "off"
