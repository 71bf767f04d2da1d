"""What the outside said about one message to one person, in our own words. Pure.

Every provider's news becomes a list of these. Kinds that nobody here knows are kept as "other", with the provider's word.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from domain.ledger.causes import DEAD, Cause
from domain.results.returned.reasons import judge
from domain.results.returned.returned import Action
from domain.results.whatsapp.news import News


class Kind(StrEnum):
    ACCEPTED = "accepted"  # the provider took it
    DELAY = "delay"  # it tries again by itself
    DELIVERY = "delivery"
    BOUNCE = "bounce"  # came back undelivered, and nobody tries again
    REFUSED = "refused"  # the provider itself did not send it
    COMPLAINT = "complaint"
    OPEN = "open"
    CLICK = "click"
    UNSUBSCRIBE = "unsubscribe"
    RESUBSCRIBE = "resubscribe"
    AUTO_REPLY = "auto_reply"
    MESSAGE = "message"  # somebody wrote to the shop
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Report:
    """`permanent`: the provider gives the address up, and the server's words do not speak of something that passes."""

    provider: str
    kind: Kind
    event_id: str  # told again, it is the same
    address: str = ""
    at: datetime | None = None  # None: not told, so it counts from when it came in
    permanent: bool | None = None  # only of what did not arrive
    reason: Cause | None = None
    status: str = ""  # the enhanced code, "5.1.1"
    diagnostic: str = ""  # the server's words
    message_id: str = ""  # the provider's own number of the message
    mark: str = ""  # ours, as it came back
    because: Kind | None = None  # of a refused one: what the provider knew of the address from before
    url: str = ""
    agent: str = ""
    ip: str = ""
    machine: bool | None = None  # the provider's opinion of who opened it
    said: str = ""  # the provider's word for the kind
    excerpt: str = ""  # what was posted about it, cut, without keys
    channel: str = "email"
    person: str = ""  # an id that the provider has for them, where an address may be missing
    about: News | None = None  # what only this channel has
    elsewhere: bool = False  # told of another number or account of the same business

    @property
    def is_dead(self) -> bool:
        """Nobody reads mail at this address, and nobody will."""
        return bool(self.permanent) and (self.reason in DEAD or self.reason is Cause.NOT_ON_WHATSAPP)


@dataclass(frozen=True, slots=True)
class Verdict:
    permanent: bool
    reason: Cause | None
    status: str


LONGEST: Final = 500  # characters of a diagnostic
EXCERPT: Final = 1_500
KEYS: Final = frozenset({"signature", "token", "secret", "password", "authorization", "apikey", "api_key"})
_STATUS: Final = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_CODE: Final = re.compile(r"(?:^|\D)([45]\d\d)(?:\D|$)")
_TYPE: Final = re.compile(r"^\s*(smtp|x-[a-z0-9-]+)\s*;\s*", re.IGNORECASE)


def judged(diagnostic: str, *, status: str = "", hard: bool) -> Verdict:
    """`hard` is the provider's opinion. Only one in three codes of 5.x.x means that the address is dead: words decide, by
    the same rule as for returned mail. Where there are none, a provider is believed, since it knows the address from
    many shops; a mail that says nothing proves nothing, and stays soft (`returned.reasons.judge`).
    """
    words = _TYPE.sub("", diagnostic).strip()
    found = _STATUS.search(status) or _STATUS.search(words)
    enhanced = found[1] if found else ""
    if not words and enhanced[1:] in ("", ".0.0", ".3.0", ".5.0"):
        return Verdict(hard, Cause.NO_SUCH_ADDRESS if hard else None, enhanced)
    cause, is_dead = judge(enhanced, words, Action.FAILED)
    if cause in DEAD:
        is_final = is_dead and (hard or enhanced.startswith("5.") or _code(words) >= 500)
        return Verdict(is_final, cause, enhanced)
    return Verdict(hard and cause is Cause.REFUSED, cause, enhanced)


def _code(words: str) -> int:
    found = _CODE.search(words[:200])
    return int(found[1]) if found else 0


def tidy(value: Any, most: int = 200) -> str:
    """A text that can be stored and shown, whatever was posted; anything but a text or a number is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = str(value)[: most * 2]
    if not text.isprintable():  # half a character is not printable either
        whole = text.encode("utf-8", "replace").decode()
        text = "".join(c if c.isprintable() else " " for c in whole)
    return text.strip()[:most]


def moment(value: Any) -> datetime | None:
    """Seconds since 1970, or ISO 8601 (UTC where it names no zone). None for anything else."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, str) and value.isascii() and value.isdecimal():
            return datetime.fromtimestamp(int(value), UTC)
        if not isinstance(value, str):
            return None
        read = datetime.fromisoformat(_short_fraction(value))
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _short_fraction(text: str) -> str:
    """Some write seven digits behind the second, where six are understood."""
    return re.sub(r"(\.\d{6})\d+", r"\1", text)


def part(of: Any, *names: str) -> Any:
    """What lies at `of[a][b]`; None where anything on the way is missing or something else than expected."""
    for name in names:
        if not isinstance(of, Mapping):
            return None
        of = of.get(name)
    return of


def each(of: Any) -> list[Any]:
    """A list as it is; anything else is none."""
    return of if isinstance(of, list) else []


def digest(event: Any) -> str:
    """A number for an event whose provider gives none: the same news has the same one."""
    plain = json.dumps(event, sort_keys=True, default=str).encode("utf-8", "replace")
    return hashlib.sha256(plain).hexdigest()[:40]


def excerpt(event: Any) -> str:
    """For whoever wonders later what a provider meant."""
    kept = event
    if isinstance(event, Mapping):
        kept = {name: value for name, value in event.items() if str(name).casefold() not in KEYS}
    return tidy(json.dumps(kept, ensure_ascii=False, default=str), EXCERPT)
