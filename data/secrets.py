"""Keys made from the one master secret, and values sealed with them."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken


class SealBroken(Exception):
    """A sealed value can't be opened: the secret is another one than when it was sealed."""


class Keys:
    """One purpose, one key: what is learnt about one says nothing about the others."""

    def __init__(self, master: bytes) -> None:
        self._master = master
        self._made: dict[str, bytes] = {}

    def key(self, purpose: str) -> bytes:
        """32 bytes."""
        if purpose not in self._made:
            self._made[purpose] = hmac.digest(self._master, b"handbill/" + purpose.encode(), hashlib.sha256)
        return self._made[purpose]

    def seal(self, value: str) -> str:
        return self._fernet().encrypt(value.encode()).decode()

    def open(self, sealed: str) -> str:
        try:
            return self._fernet().decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SealBroken from None

    def fingerprint(self, value: str) -> str:
        """A keyed hash (32 hex characters): it finds an address again without keeping the address."""
        return hmac.digest(self.key("address"), value.encode(), hashlib.sha256).hex()[:32]

    def _fernet(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self.key("seal")))


_keys: Keys | None = None


def use_keys(master: bytes) -> Keys:
    """Called once at the start by whoever opens the shop."""
    global _keys
    _keys = Keys(master)
    return _keys


def keys() -> Keys:
    if _keys is None:
        raise RuntimeError("use_keys() was not called")
    return _keys
