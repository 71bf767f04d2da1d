"""Keys made from the one master secret, and values sealed with them.

A new secret signs and seals from then on. The former ones still open what they sealed, and links they signed still lead
where they led. Addresses are found again by the oldest, for ever: what is kept of somebody who left is only such a mark.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

BLOCK: Final = 64  # bytes that SHA-256 takes at a time


class SealBroken(Exception):
    """A sealed value can't be opened: the secret is another one than when it was sealed."""


class Keys:
    """One purpose, one key: what is learnt about one says nothing about the others."""

    def __init__(self, master: bytes, former: Sequence[bytes] = ()) -> None:
        """`former`: the secrets of before, the newest first."""
        self._secrets = (master, *former)
        self._made: dict[str, list[bytes]] = {}
        self._begun: tuple[Any, Any] | None = None  # the two halves of a fingerprint, with the key in them

    def key(self, purpose: str) -> bytes:
        """32 bytes."""
        return self.every(purpose)[0]

    def every(self, purpose: str) -> list[bytes]:
        """With those of the former secrets, which may still be met."""
        if purpose not in self._made:
            name = b"handbill/" + purpose.encode()
            self._made[purpose] = [hmac.digest(secret, name, hashlib.sha256) for secret in self._secrets]
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
        begun = self._begun or self._begin()
        inner, outer = begun[0].copy(), begun[1].copy()
        inner.update(value.encode())
        outer.update(inner.digest())
        return str(outer.hexdigest()[:32])

    def _begin(self) -> tuple[Any, Any]:
        """HMAC-SHA256 as far as it is the same for every value: a list of 100,000 people asks for 200,000 of them."""
        block = self.every("address")[-1].ljust(BLOCK, b"\0")
        self._begun = (
            hashlib.sha256(bytes(byte ^ 0x36 for byte in block)),
            hashlib.sha256(bytes(byte ^ 0x5C for byte in block)),
        )
        return self._begun

    def _fernet(self) -> MultiFernet:
        return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in self.every("seal")])


_keys: Keys | None = None


def use_keys(master: bytes, former: Sequence[bytes] = ()) -> Keys:
    """Called once at the start by whoever opens the shop."""
    global _keys
    _keys = Keys(master, former)
    return _keys


def keys() -> Keys:
    if _keys is None:
        raise RuntimeError("use_keys() was not called")
    return _keys
