"""The kinds of news that only WhatsApp has, in our own words. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    INFO = "info"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Spoken:
    """Somebody wrote to the shop. `note` says in words what came that is no text; `payload` is what a button carries."""

    words: str = ""
    note: str = ""
    payload: str = ""
    name: str = ""  # as they call themselves there
    opens_window: bool = True  # the shop may answer freely for 24 hours
    is_personal: bool = True  # their own words, and to the shop alone: only then a yes counts


@dataclass(frozen=True, slots=True)
class Wish:
    """They stopped, or resumed, marketing in the app itself."""

    allowed: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class NewNumber:
    """The same person by another number, or by another id. What is empty was not told."""

    old_id: str = ""
    number: str = ""
    new_id: str = ""


@dataclass(frozen=True, slots=True)
class TemplateNews:
    """What is empty did not change."""

    name: str
    language: str
    status: str = ""  # the platform's own word
    quality: str = ""
    category: str = ""
    reason: str = ""
    number: str = ""  # the platform's, which outlives its name
    will_be: str = ""  # the category in which it is filed within a day


@dataclass(frozen=True, slots=True)
class AccountNews:
    """`sentence` is for the owner; empty: nothing they must know. `tier`, `quality`, `name`, `status` are of the number.

    `number`: which one it is about, in digits, where that was told.
    """

    sentence: str = ""
    tone: Tone = Tone.INFO
    tier: str = ""
    quality: str = ""
    name: str = ""
    status: str = ""
    number: str = ""


News = Spoken | Wish | NewNumber | TemplateNews | AccountNews
