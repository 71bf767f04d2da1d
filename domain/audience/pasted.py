"""A list of addresses pasted from elsewhere: which of them are in the customer book, and which are not."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.book.contact import read_email
from domain.book.customers import Customer
from domain.refusal import Kind, Refusal
from domain.shop.people import Actor, Right

MOST_LETTERS: Final = 200_000  # some eight thousand addresses; a longer list is for the import
AROUND: Final = " <>()[]{}\"'`.:,;\u201c\u201d\u2018\u2019\u200e\u200f\u200b\ufeff"


@dataclass(frozen=True, slots=True)
class Recognised:
    people: tuple[tuple[int, str], ...]  # id and name, in the order of the list; several may share an address
    known: int  # addresses
    unknown: tuple[str, ...]  # addresses of nobody in the book
    unread: tuple[str, ...]  # lines without an address, and what only looks like one


def recognise(session: Session, text: str, *, by: Actor) -> Recognised:
    """Raises Refusal "too_long". Each address counts once, however it is written."""
    by.require(Right.VIEW)
    if len(text) > MOST_LETTERS:
        sentence = "This list is too long to paste. Bring it into the customer book as a file, and choose its group here."
        raise Refusal("too_long", sentence, Kind.TOO_LARGE)
    found, unread = _read(text)
    owners = _owners(session, list(found))
    people = [(one.id, one.shown_name) for key in found for one in owners.get(key, [])]
    unknown = [typed for key, typed in found.items() if key not in owners]
    return Recognised(tuple(people), len(owners), tuple(unknown), tuple(unread))


def _read(text: str) -> tuple[dict[str, str], list[str]]:
    """What is compared, with what was typed; and what could not be read."""
    found: dict[str, str] = {}
    unread: dict[str, None] = {}
    for typed in _pieces(text):
        try:
            found.setdefault(read_email(typed).key, typed)
        except Refusal:
            unread[typed] = None
    return found, list(unread)


def _pieces(text: str) -> Iterator[str]:
    """Whatever has an "@"; of a line that has none, all of it."""
    for line in text.splitlines():
        pieces = [piece.removeprefix("mailto:").strip(AROUND) for piece in re.split(r"[\s,;|<>]+", line)]
        addresses = [piece for piece in pieces if "@" in piece]
        rest = " ".join(line.split()).strip(AROUND)
        yield from addresses or filter(None, [rest])


def _owners(session: Session, keys: Sequence[str]) -> dict[str, list[Customer]]:
    wanted = func.json_each(json.dumps(keys)).table_valued("value")
    of_these = Customer.email_key.in_(select(wanted.c.value)), Customer.deleted_at.is_(None)
    owners: dict[str, list[Customer]] = {}
    for one in session.scalars(select(Customer).where(*of_these).order_by(Customer.id)):
        owners.setdefault(one.email_key or "", []).append(one)
    return owners
