"""What a list says about messages by WhatsApp: who has agreed to them, and who wants none.

A yes counts only with what it rests on: when and how these people agreed, in the owner's words. A no counts always.

A yes is no older than the day that is stated for it. Whoever said no on that day or later, by a message, to the staff or in
another list, stays out; so does everybody who ever said no, where no day is stated. For a list knows nothing of what was said
after it was written, and a no that is lost costs the shop its number. A no belongs to the number, whoever's card it is on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.listed import listed
from domain.book import suppressions
from domain.book.agreement_cells import beginning
from domain.book.comparing import Comparison, opts_out_from_the_start
from domain.book.message_types import MessageType
from domain.book.person import Customer
from domain.book.person_rows import Incoming, Word
from domain.book.preferences import Preference
from domain.book.proof import Consent
from domain.book.suppressions import Suppression
from domain.book.words import many_lines, one_line
from domain.refusal import Kind, Refusal, invalid

CHANNEL: Final = "whatsapp"
OPTION: Final = "whatsapp"  # where the basis lies among the options of an import
TAKEN_BACK: Final = ": taken back"  # how the source ends of a line by which an import was undone
KINDS: Final = tuple(kind for kind in MessageType if kind.needs_consent)
KEYS: Final = frozenset({"how", "day", "words", "everybody"})
LONGEST_HOW, LONGEST_WORDS = 300, 1_000


@dataclass(frozen=True, slots=True)
class Basis:
    """What the yeses of a list rest on. Without `how` there is none."""

    how: str = ""
    day: date | None = None  # on which they agreed; of several the first
    words: str = ""  # what they saw
    everybody: bool = False  # not only who is marked in the list

    @property
    def is_stated(self) -> bool:
        return bool(self.how)


@dataclass(slots=True)
class Told:
    """How many, in people."""

    claimed: int = 0  # agreed, as the list or its bringer says
    agreed: int = 0  # and will count as such from now on
    held: int = 0  # but said no since, or nobody knows which was later
    nowhere: int = 0  # but no number is known to which it belongs
    refused: int = 0  # want no messages, and had not said so

    def __add__(self, other: "Told") -> "Told":
        return Told(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Answer:
    """One person's word about one kind of message, and what stood there before."""

    customer_id: int
    phone_hash: str | None
    kind: MessageType
    allowed: bool
    day: datetime | None  # of a yes, where one is stated
    before: tuple[bool, datetime] | None


@dataclass(slots=True)
class Weighed:
    told: Told = field(default_factory=Told)
    answers: list[Answer] = field(default_factory=list)

    first_new: int = 0

    def of_old(self) -> set[int]:
        """Who was in the book before and changes by this."""
        return {one.customer_id for one in self.answers if one.customer_id < self.first_new}


def read_basis(options: Mapping[str, Any] | None, *, zone: str, now: datetime) -> Basis:
    """Raises Refusal by the names whatsapp_how, whatsapp_day and whatsapp_words."""
    given = (options or {}).get(OPTION) or {}
    if not isinstance(given, Mapping) or not KEYS.issuperset(given):
        raise Refusal("unknown_option", "WhatsApp: give how, day, words and everybody.", Kind.MALFORMED)
    return Basis(
        one_line("whatsapp_how", given.get("how"), LONGEST_HOW),
        _day(given.get("day"), zone, now),
        many_lines("whatsapp_words", given.get("words"), LONGEST_WORDS),
        given.get("everybody") is True,
    )


def _day(given: Any, zone: str, now: datetime) -> date | None:
    if not given:
        return None
    try:
        day = date.fromisoformat(given)
    except (TypeError, ValueError):
        raise invalid("whatsapp_day", "Write the day like 2026-05-31.") from None
    if not date(2009, 1, 1) <= day <= now.astimezone(ZoneInfo(zone)).date():
        raise invalid("whatsapp_day", "Nobody can have agreed on that day. Look at the date once more.")
    return day


def weigh(session: Session, comparison: Comparison, basis: Basis, *, zone: str, first_new: int) -> Weighed:
    """What changes by this list. New people are numbered from `first_new` on, in their order."""
    return _Scales(session, comparison, basis, zone, first_new).weigh()


@dataclass(frozen=True, slots=True)
class _Voice:
    """Somebody of whom the list, or who brings it, says something."""

    customer_id: int
    person: Incoming
    number: str | None
    is_out: bool

    @property
    def mark(self) -> str | None:
        return suppressions.fingerprint(self.number) if self.number else None


class _Scales:
    def __init__(
        self, session: Session, comparison: Comparison, basis: Basis, zone: str, first_new: int
    ) -> None:
        self.session, self.basis = session, basis
        self.day = beginning(basis.day.isoformat(), zone) if basis.day else None
        voices = [one for one in _voices(comparison, first_new) if basis.everybody or one.person.whatsapp]
        self.noes = [one for one in voices if one.person.whatsapp is Word.NO]
        self.claims = [one for one in voices if one.person.whatsapp <= Word.YES]
        self.result = Weighed(first_new=first_new)

    def weigh(self) -> Weighed:
        if self.noes or self.claims:
            self._read_the_book()
            self._take_noes()
            self._take_claims()
        return self.result

    def _read_the_book(self) -> None:
        numbers = sorted({one.number for one in self.noes if one.number})
        shared = select(Customer.id, Customer.phone_key).where(
            Customer.phone_key.in_(listed(numbers)), Customer.deleted_at.is_(None)
        )
        self.sharing = dict(iter(self.session.execute(shared))) if numbers else {}
        ids = sorted({one.customer_id for one in (*self.noes, *self.claims)} | set(self.sharing))
        self.said = _said(self.session, ids)
        marks = sorted({one.mark for one in self.claims if one.mark})
        self.noes_of = _noes_by_number(self.session, marks) if self.basis.is_stated else {}
        self.kept_out = _kept_out(self.session, marks) if self.basis.is_stated else set()

    def _take_noes(self) -> None:
        marked = {one.customer_id: one.mark for one in self.noes}
        others = {
            number: suppressions.fingerprint(key)
            for number, key in self.sharing.items()
            if key and number not in marked
        }
        for number, mark in {**marked, **others}.items():
            new = [
                Answer(number, mark, kind, False, None, before)
                for kind in KINDS
                if (before := self.said.get((number, kind))) is None or before[0]
            ]
            self.result.answers += new
            self.result.told.refused += bool(new)

    def _take_claims(self) -> None:
        silent = {one.number for one in self.noes if one.number}
        for one in self.claims:
            states = [self.said.get((one.customer_id, kind)) for kind in KINDS]
            if all(state and state[0] for state in states):
                continue  # said already
            told = self.result.told
            told.claimed += 1
            if not one.number:
                told.nowhere += 1
            elif self.basis.is_stated:
                answers = [] if one.is_out or one.number in silent else self._yeses(one)
                self.result.answers += answers
                told.agreed += bool(answers)
                told.held += not answers

    def _yeses(self, one: _Voice) -> list[Answer]:
        mark, day = one.mark or "", one.person.whatsapp_at or self.day
        if mark in self.kept_out:
            return []
        found = []
        for kind in KINDS:
            before = self.said.get((one.customer_id, kind))
            noes = [self.noes_of.get((mark, kind)), before[1] if before and not before[0] else None]
            is_held = any(at and (day is None or at >= day) for at in noes)
            if not is_held and not (before and before[0]):
                found.append(Answer(one.customer_id, mark, kind, True, day, before))
        return found


def _voices(comparison: Comparison, first_new: int) -> Iterable[_Voice]:
    for number, person in enumerate(comparison.added, start=first_new):
        known = comparison.remembered.get(person.email_key or "")
        yield _Voice(
            number, person, _its_number(person, person.phone_key), opts_out_from_the_start(person, known)
        )
    for number, here in comparison.there.items():
        person = here.person
        yield _Voice(number, person, _its_number(person, here.phone_key), here.was_out or person.opted_out)


def _its_number(person: Incoming, phone_key: str | None) -> str | None:
    """None where the list has a number that can't be read, or another one than the card keeps: who knows whose yes it is."""
    is_other = person.misread_number or (person.phone_key and person.phone_key != phone_key)
    return None if is_other else phone_key


def _said(session: Session, ids: list[int]) -> dict[tuple[int, MessageType], tuple[bool, datetime]]:
    rows = select(
        Preference.customer_id, Preference.message_type, Preference.allowed, Preference.changed_at
    ).where(Preference.channel == CHANNEL, Preference.customer_id.in_(listed(ids)))
    return {(number, kind): (allowed, at) for number, kind, allowed, at in session.execute(rows)}


def _noes_by_number(session: Session, marks: list[str]) -> dict[tuple[str, str], datetime]:
    """By the ledger, which outlives the cards: numbers whose last word is a no. What an import said that was taken back is
    as unsaid, and so is what was said on a practice phone.
    """
    rows = (
        select(
            Consent.address_hash,
            Consent.message_type,
            Consent.allowed,
            Consent.at,
            Consent.how,
            Consent.source,
        )
        .where(
            Consent.channel == CHANNEL,
            Consent.address_hash.in_(listed(marks)),
            Consent.how.not_like("practice%"),
        )
        .order_by(Consent.id)
    )
    lines: dict[tuple[str, str], list[tuple[bool, datetime, str]]] = {}
    for mark, kind, allowed, at, how, source in session.execute(rows):
        told = lines.setdefault((mark or "", kind), [])
        if how == "import" and source.endswith(TAKEN_BACK):
            undone = source.removesuffix(TAKEN_BACK)
            told[:] = [line for line in told if line[2] != undone]
        else:
            told.append((allowed, at, source if how == "import" else ""))
    return {about: told[-1][1] for about, told in lines.items() if told and not told[-1][0]}


def _kept_out(session: Session, marks: list[str]) -> set[str]:
    """Whoever wrote to stop while nobody in the book had their number, or is erased, says yes again by themselves only."""
    held = select(Suppression.address_hash).where(
        Suppression.channel == CHANNEL, Suppression.address_hash.in_(listed(marks))
    )
    return set(session.scalars(held))
