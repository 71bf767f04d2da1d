"""Mail out of the shop's inbox, written into the books: what came back, who wants no more, and what people answered.

Anybody can write to an inbox. So a returned mail draws consequences only where it names a message of ours, or an address
that we wrote to not long ago; anything else is kept as a note.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.book.person import Customer
from domain.channels.email import links, mark, read_mark
from domain.ledger import received, second_tries
from domain.ledger.deliveries import REACHED, Delivery
from domain.message.links import UNSUBSCRIBE
from domain.results import feedback
from domain.results.matching import key_of
from domain.results.report import Kind as News
from domain.results.report import Report
from domain.results.returned.reader import read_mail
from domain.results.returned.reports import reports_of
from domain.results.returned.returned import Kind, Returned
from domain.sending import opt_out
from domain.sending.opt_out import Said

BELIEVED_FOR: Final = timedelta(
    days=30
)  # a report without any mark of ours, after the last message to that address
_TOKEN: Final = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{32}(?![A-Za-z0-9_-])")
_OF_PEOPLE: Final = frozenset({Kind.REPLY, Kind.OTHER})


@dataclass(slots=True)
class Found:
    """What was news."""

    reports: int = 0
    answers: int = 0
    unsubscribed: int = 0
    ours: list[bool] = field(
        default_factory=list
    )  # of each letter: no person wrote it, and it is about our mail

    def add(self, other: "Found") -> None:
        self.reports += other.reports
        self.answers += other.answers
        self.unsubscribed += other.unsubscribed


@dataclass(frozen=True, slots=True)
class Letter:
    raw: bytes
    mail: Returned


def read(mails: Sequence[bytes]) -> list[Letter]:
    """Before anything is written, for it may take its time."""
    return [Letter(raw, read_mail(raw)) for raw in mails]


def take(session: Session, letters: Sequence[Letter], *, now: datetime) -> Found:
    """In one unit of work. The same mail once more is no news."""
    found = Found()
    reports: list[Report] = []
    for letter in letters:
        raw, mail = letter.raw, letter.mail
        is_ours = False
        if mail.kind not in (Kind.BOUNCE, Kind.COMPLAINT) and (token := _way_out(mail)) is not None:
            found.unsubscribed += _stop(session, token, now)
            is_ours = True
        elif mail.kind in _OF_PEOPLE:
            found.answers += _answer(session, mail, raw, now)
        else:
            told = [_ours(session, one, mail, now) for one in reports_of(mail, raw)]
            is_ours = any(one.mark for one in told)
            reports += told
        found.ours.append(is_ours)
    found.reports = feedback.apply(session, reports, now=now)
    return found


def _way_out(mail: Returned) -> int | None:
    """The message whose "unsubscribe" this mail is: its token stands in the subject that we gave it."""
    for word in _TOKEN.findall(mail.subject[:300]):
        number = links().read(UNSUBSCRIBE, word)
        if number is not None:
            return number
    return None


def _stop(session: Session, delivery_id: int, now: datetime) -> bool:
    of = opt_out.recipient(session, delivery_id)
    if of is None or opt_out.standing(session, of).has_stopped(of.scope):
        return False
    opt_out.stop(session, of, of.scope, Said("mail", "", now))
    return True


def _answer(session: Session, mail: Returned, raw: bytes, now: datetime) -> bool:
    """Beside the person who wrote it. A stranger's letter is not ours to keep: it lies in the inbox."""
    delivery_id = next((known[0] for one in mail.answers if (known := read_mark(one))), None)
    if delivery_id is not None:
        second_tries.prove_arrival(session, delivery_id, now=now)  # whoever answers it has it
    customer_id = _writer(session, mail, delivery_id)
    if customer_id is None:
        return False
    return received.keep(
        session,
        hashlib.sha256(raw).hexdigest(),
        customer_id,
        delivery_id=delivery_id,
        subject=_shown(mail.subject),
        words=mail.words,
        day_began=now - timedelta(days=1),
        now=now,
    )


def _writer(session: Session, mail: Returned, delivery_id: int | None) -> int | None:
    """Whom we wrote to, and else whose address it came from."""
    delivery = session.get(Delivery, delivery_id) if delivery_id else None
    key = key_of(mail.sender)
    if delivery is not None and delivery.customer_id is not None:
        home = session.get(Customer, delivery.customer_id)
        number = home.merged_into or home.id if home else None
        return _present(session, number)
    if not key or mail.kind is not Kind.REPLY:
        return None
    theirs = select(Customer.id).where(Customer.email_key == key, Customer.deleted_at.is_(None))
    return session.scalar(theirs.order_by(Customer.id).limit(1))


def _present(session: Session, number: int | None) -> int | None:
    card = session.get(Customer, number) if number else None
    return card.id if card is not None and card.deleted_at is None else None


def _ours(session: Session, report: Report, mail: Returned, now: datetime) -> Report:
    """With the mark of its message, however the returned mail names that; without one it is no more than a note."""
    known = _marked(mail, report) or _written_to(session, report, now)
    if known:
        return replace(report, mark=known)
    return replace(report, kind=News.OTHER, mark="", permanent=None, reason=None)


def _marked(mail: Returned, report: Report) -> str:
    for word in (report.mark, report.message_id, *mail.answers):
        if read_mark(word):
            return word
    for word in _TOKEN.findall(mail.original.unsubscribe):
        number = links().read(UNSUBSCRIBE, word)
        if number is not None:
            return mark(links(), number, 0)
    return ""


def _written_to(session: Session, report: Report, now: datetime) -> str:
    key = key_of(report.address)
    if not key or report.kind is News.AUTO_REPLY:
        return ""
    newest = (
        select(Delivery.id)
        .join(Customer, Customer.id == Delivery.customer_id)
        .where(
            Customer.email_key == key,
            Delivery.address_key == key,
            Delivery.state.in_(REACHED),
            Delivery.settled_at >= now - BELIEVED_FOR,
        )
        .order_by(Delivery.id.desc())
        .limit(1)
    )
    number = session.scalar(newest)
    return mark(links(), number, 0) if number else ""


def _shown(subject: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in subject).split())
