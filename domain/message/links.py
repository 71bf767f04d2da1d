"""Public addresses that need no sign-in: signed, for one purpose only, valid for ever.

A token carries the delivery's number veiled by its own signature, so that sequential numbers never show in public.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

UNSUBSCRIBE: Final = "unsubscribe"
OPEN, CLICK = "open", "click"
BLOCK: Final = 64  # bytes that SHA-256 takes at a time
PLACE_BITS: Final = 16  # of a click's number: which link of the message; the delivery stands before them
NUMBER, SEAL = (
    8,
    16,
)  # bytes; 24 together are exactly 32 characters, with no spare bits to play with


@dataclass(frozen=True)
class Links:
    """The first key signs, any key verifies: a new key goes to the front and the old ones stay."""

    base_url: str
    keys: Sequence[bytes]

    def __post_init__(self) -> None:
        if not self.keys or any(len(key) < 16 for key in self.keys):
            raise ValueError("Links need at least one key of 16 bytes or more.")

    def unsubscribe(self, delivery_id: int) -> str:
        return f"{self.base_url.rstrip('/')}/u/{self.token(UNSUBSCRIBE, delivery_id)}"

    def token(self, purpose: str, number: int) -> str:
        raw = number.to_bytes(NUMBER)
        seal = _seal(self.keys[0], purpose, raw)
        return base64.urlsafe_b64encode(seal + _veil(self.keys[0], seal, raw)).decode()

    def read(self, purpose: str, token: str) -> int | None:
        """The number behind a token of ours for this purpose, or None; takes as long for a wrong one."""
        try:
            blob = base64.b64decode(token.encode("ascii"), b"-_", validate=True)
        except (UnicodeEncodeError, binascii.Error):
            return None
        if len(blob) != NUMBER + SEAL or base64.urlsafe_b64encode(blob) != token.encode():
            return None
        found = None
        for key in self.keys:
            raw = _veil(key, blob[:SEAL], blob[SEAL:])
            if hmac.compare_digest(_seal(key, purpose, raw), blob[:SEAL]):
                found = int.from_bytes(raw)
        return found


def _seal(key: bytes, purpose: str, raw: bytes) -> bytes:
    return _signed(key, b"seal\0" + purpose.encode() + b"\0", raw)[:SEAL]


def _veil(key: bytes, seal: bytes, raw: bytes) -> bytes:
    """Its own inverse."""
    mask = _signed(key, b"veil\0", seal)[:NUMBER]
    return (int.from_bytes(raw) ^ int.from_bytes(mask)).to_bytes(NUMBER)


def _signed(key: bytes, purpose: bytes, words: bytes) -> bytes:
    """HMAC-SHA256. A letter has a handful of links, and a send has thousands of letters."""
    begun = _begun(key, purpose)
    inner, outer = begun[0].copy(), begun[1].copy()
    inner.update(words)
    outer.update(inner.digest())
    return bytes(outer.digest())


@lru_cache(32)
def _begun(key: bytes, purpose: bytes) -> tuple[Any, Any]:
    """Both halves, as far as they are the same in all signatures for one purpose."""
    block = (hashlib.sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in block)) for pad in (0x36, 0x5C))
    inner.update(purpose)
    return inner, outer
