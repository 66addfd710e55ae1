"""Places in a listing, handed out as texts that nobody can make up, change, or use on another listing."""

from collections.abc import Sequence
from hashlib import sha256

from itsdangerous import BadData, URLSafeSerializer

from chalicelib.domain.errors import InvalidInputError


class Cursors:
    """Seals and opens cursors."""

    def __init__(self, *, keys: Sequence[str]) -> None:
        """`keys` are secret: the first one seals, and all of them open, so that a new one can be put before the old."""
        # itsdangerous seals with the last.
        self._keys = list(reversed(keys))

    def seal(self, listing: str, place: str) -> str:
        """A cursor for a place in a listing. `listing` names all that the place depends on: filters, order."""
        return self._serializer(listing).dumps(place)

    def open(self, listing: str, cursor: str) -> str:
        """The place that was sealed for this listing. Raises `InvalidInputError` for anything else."""
        try:
            return str(self._serializer(listing).loads(cursor))
        except BadData:
            raise InvalidInputError("cursor", "is none of this listing") from None

    def _serializer(self, listing: str) -> URLSafeSerializer:
        hmac = {"digest_method": sha256, "key_derivation": "hmac"}
        return URLSafeSerializer(self._keys, salt=listing, signer_kwargs=hmac)
