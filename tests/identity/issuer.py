"""An issuer in this process, which signs whatever a test wants."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.identity.keys import KeysUnavailableError

URL = "https://issuer.example"
AUDIENCE = "appointments"


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """A key of this name, made once: that takes a while."""
    assert name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def public_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def entry(key_id: str, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, **members: Any) -> dict[str, Any]:
    """A key as a JWKS has it."""
    algorithm = jwt.get_algorithm_by_name("RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256")
    return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": key_id, **members}


@dataclass
class Documents:
    """A `Fetch` of documents that a test sets; counts what is fetched. The keys are to be had at every address."""

    keys: list[dict[str, Any]] = field(default_factory=lambda: [entry("one", rsa_key("one"), use="sig")])
    discovery: Any = field(default_factory=lambda: {"issuer": URL, "jwks_uri": f"{URL}/keys"})
    raw: Mapping[str, bytes] = field(default_factory=dict)
    down: bool = False
    fetched: list[str] = field(default_factory=list)

    def __call__(self, url: str) -> bytes:
        self.fetched.append(url)
        if self.down:
            raise KeysUnavailableError(url)
        if url in self.raw:
            return self.raw[url]
        if url.endswith("/.well-known/openid-configuration"):
            return json.dumps(self.discovery).encode()
        return json.dumps({"keys": self.keys}).encode()


def claims(**changes: Any) -> dict[str, Any]:
    """What a good token says, with changes; None takes a claim out."""
    now = int(time.time())
    all_claims = {
        "iss": URL,
        "aud": AUDIENCE,
        "sub": "ann",
        "role": "customer",
        "iat": now,
        "exp": now + 86_400,
        **changes,
    }
    return {name: value for name, value in all_claims.items() if value is not None}


def token(*, key: Any = None, algorithm: str = "RS256", key_id: str | None = "one", **changes: Any) -> str:
    """A token, good unless something is changed."""
    headers = {"kid": key_id} if key_id is not None else {}
    return jwt.encode(claims(**changes), key or rsa_key("one"), algorithm=algorithm, headers=headers)
