"""A person as a file tells of them, and what must be known of the shop to understand it. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any

from domain.book.days import Day


class Word(IntEnum):
    """About messages by WhatsApp; of several in one file the highest counts."""

    NOTHING = 0
    YES = 1
    NEVER_ASKED = 2  # neither a yes nor a no
    NO = 3


@dataclass(slots=True)
class Incoming:
    """One person of the file."""

    row: int
    columns: dict[str, Any] = field(default_factory=dict)  # of `customers`, only what is not empty
    tags: dict[str, str] = field(default_factory=dict)  # folded -> as written
    groups: dict[str, str] = field(default_factory=dict)  # folded -> as written
    days: dict[str, Day] = field(default_factory=dict)  # by kind
    opted_out: bool = False
    refused: set[str] = field(
        default_factory=set
    )  # message types by email, where not all of them are refused
    no_email: bool = False  # the column of a subscription to mail says no
    whatsapp: Word = Word.NOTHING
    whatsapp_at: datetime | None = None  # when they agreed, where the row says so
    misread_number: bool = False  # a number stands there that is none

    @property
    def email_key(self) -> str | None:
        return self.columns.get("email_key")

    @property
    def phone_key(self) -> str | None:
        return self.columns.get("phone_key")

    @property
    def name(self) -> tuple[str, str]:
        return name_key(self.columns.get("first_name", ""), self.columns.get("last_name", ""))

    def join(self, other: "Incoming") -> None:
        """A later row about the same person: it fills and corrects, and a no stays a no."""
        attrs = {**self.columns.get("attrs", {}), **other.columns.get("attrs", {})}
        self.columns |= other.columns
        if attrs:
            self.columns["attrs"] = attrs
        self.tags = {**other.tags, **self.tags}
        self.groups = {**other.groups, **self.groups}
        self.days |= other.days
        self.opted_out |= other.opted_out
        self.refused |= other.refused
        self.say(other.whatsapp, other.whatsapp_at)
        self.misread_number = (self.misread_number or other.misread_number) and not self.phone_key

    def settle_email(self) -> None:
        """A no to mail is one to all marketing, unless the same row says yes to WhatsApp: then each column means its own."""
        if self.no_email and self.whatsapp is Word.YES:
            self.refused |= {"marketing", "newsletter"}
        else:
            self.opted_out |= self.no_email

    def say(self, word: Word, at: datetime | None = None) -> None:
        """What was said about WhatsApp: the more careful word counts, and of two days the later one."""
        self.whatsapp = max(self.whatsapp, word)
        if at and (self.whatsapp_at is None or at > self.whatsapp_at):
            self.whatsapp_at = at


@dataclass(frozen=True, slots=True)
class Shop:
    """What the shop's settings say about how a file is meant."""

    country: str
    statuses: dict[str, str] = field(default_factory=dict)  # key or folded label -> key
    zone: str = "UTC"
    currency: str = ""  # where a file names none
    kinds: dict[str, str] = field(default_factory=dict)  # of records: key or folded label -> key


def name_key(first: str, last: str) -> tuple[str, str]:
    return first.casefold(), last.casefold()


def may_be_one(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Two names that don't contradict each other; a missing part contradicts nothing."""
    return all(not a or not b or a == b for a, b in zip(one, other, strict=True))
