"""An OpenID Connect issuer for this machine: it serves its public key, and whoever may read its folder has tokens."""

from __future__ import annotations

import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from local_stack.endpoint import HOST

if TYPE_CHECKING:
    from pathlib import Path

AUDIENCE = "appointments"
KEY_ID = "local"
_ALGORITHM = "RS256"


class NoIssuerError(Exception):
    """There is no issuer's key; the text is one line."""


class TokenMaker:
    """Makes tokens with the issuer's key, which lies in the data directory."""

    def __init__(self, url: str, key: rsa.RSAPrivateKey) -> None:
        self.url = url
        self.key = key

    @classmethod
    def of(cls, data_dir: Path) -> TokenMaker:
        """The one of a system that has run with authentication. Raises NoIssuerError."""
        try:
            url = (data_dir / "issuer" / "url").read_text("utf-8")
            return cls(url, _read_key(data_dir / "issuer" / "key.pem"))
        except (OSError, ValueError):
            raise NoIssuerError(
                f"there is no issuer in {data_dir}: start the system with `make run AUTHENTICATION=on`"
            ) from None

    def token(self, user_id: str, role: str, *, seconds: int = 3600) -> str:
        """A token for a user in a role, good for some time."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": user_id, "role": role, "iat": now, "exp": now + seconds}
        return jwt.encode(claims, self.key, algorithm=_ALGORITHM, headers={"kid": KEY_ID})


class Issuer:
    """Serves the discovery document and the key set."""

    def __init__(self, *, data_dir: Path, port: int) -> None:
        """Bind the port, and make a key unless there is one. Raises OSError."""
        directory = data_dir / "issuer"
        directory.mkdir(mode=0o700, exist_ok=True)
        self.url = f"http://{HOST}:{port}"
        key = _key(directory / "key.pem")
        (directory / "url").write_text(self.url, "utf-8")
        public = json.loads(jwt.get_algorithm_by_name(_ALGORITHM).to_jwk(key.public_key()))
        documents = {
            "/.well-known/openid-configuration": {"issuer": self.url, "jwks_uri": f"{self.url}/jwks.json"},
            "/jwks.json": {"keys": [{**public, "kid": KEY_ID, "use": "sig", "alg": _ALGORITHM}]},
        }
        self._server = ThreadingHTTPServer((HOST, port), _handler(documents))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="issuer", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()


def _handler(documents: dict[str, Any]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            document = documents.get(self.path)
            body = json.dumps(document or {}).encode()
            self.send_response(404 if document is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            """Write nothing."""

    return Handler


def _key(path: Path) -> rsa.RSAPrivateKey:
    if path.exists():
        return _read_key(path)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - with a mode
        file.write(pem)
    return key


def _read_key(path: Path) -> rsa.RSAPrivateKey:
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"{path} has no RSA key")  # noqa: TRY004 - it is the file's content that is wrong
    return key
