"""What a provider posted, and the ways to see that it was the provider. Pure: what must be fetched is handed in."""

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from domain.results.report import Report

Fetch = Callable[[str], bytes]


class Forged(Exception):
    """Not from the provider, or not as it was sent. The word is for our own log and is never told to who posted it."""

    def __init__(self, why: str, *, asks_to_sign_in: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.asks_to_sign_in = asks_to_sign_in


class CertificateMissing(Exception):
    """What is needed to check a signature can't be had just now; the provider should come again."""


@dataclass(frozen=True, slots=True)
class Post:
    """`keys` are what the owner entered for this provider; `headers` have lower-case names."""

    body: bytes
    headers: Mapping[str, str]
    keys: Mapping[str, str]
    now: datetime
    fetch: Fetch


@dataclass(frozen=True, slots=True)
class Field:
    """One thing the owner enters for a provider. `check` raises ValueError with a sentence."""

    name: str
    label: str
    secret: bool = True
    required: bool = False
    check: Callable[[str], object] | None = None
    usual: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """Good for one post only. `body` tells a repeat of that post from another one with its token."""

    token: str
    body: str


@dataclass(frozen=True, slots=True)
class News:
    """What a post says."""

    provider: str
    reports: list[Report]
    token: Token | None = None
    unread: str = field(default="", compare=False)


class Provider(Protocol):
    """One file in `providers/`; it is found by itself."""

    NAME: str
    LABEL: str
    FIELDS: tuple[Field, ...]

    def verify(self, post: Post) -> None:
        """Raises Forged, or CertificateMissing."""

    def read(self, body: bytes) -> list[Report]:
        """Of a body that was verified."""


AGE: Final = "max_age_seconds"


def age_field(usual: int) -> Field:
    return Field(AGE, "Oldest report that is taken, in seconds", False, False, _is_age, str(usual))


def as_json(body: bytes) -> Any:
    """Raises Forged: whatever can't be read can't be checked either."""
    try:
        return json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Forged("it can't be read") from None


def require_fresh(post: Post, said: datetime | None, usual: int) -> None:
    """Not older than the setting allows, and not from the future by more than five minutes."""
    oldest = timedelta(seconds=int(post.keys.get(AGE) or usual))
    if said is None or not -timedelta(minutes=5) <= post.now - said <= oldest:
        raise Forged("it is too old")


def require_sign_in(post: Post) -> None:
    """Name and password (HTTP basic), where the owner has set any; the secret of the address was asked before."""
    name, password = post.keys.get("username", ""), post.keys.get("password", "")
    if not (name or password):
        return
    scheme, _, told = post.headers.get("authorization", "").partition(" ")
    wanted = base64.b64encode(f"{name}:{password}".encode()).decode()
    if scheme.casefold() != "basic" or not is_same(told, wanted):
        raise Forged("name or password is wrong", asks_to_sign_in=True)


def is_same(told: str, wanted: str) -> bool:
    """In a time that says nothing about where they differ."""
    return hmac.compare_digest(told.encode("utf-8", "replace"), wanted.encode("utf-8", "replace"))


def bytes_of(signature: Any) -> bytes:
    """Base64 in its one spelling: spare bits and stray letters would let a changed one pass."""
    try:
        raw = base64.b64decode(signature, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise Forged("the signature is not base64") from None
    if base64.b64encode(raw).decode() != signature:
        raise Forged("the signature is not base64")
    return raw


def objects(found: Any) -> Iterator[dict[str, Any]]:
    """One event or a list of them."""
    yield from (one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict))


def _is_age(text: str) -> None:
    if not (text.isascii() and text.isdecimal() and 30 <= int(text[:9]) <= 7 * 86_400 and len(text) < 10):
        raise ValueError("Give a number of seconds from 30 to 604800 (a week).")
