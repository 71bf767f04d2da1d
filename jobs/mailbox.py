"""The shop's inbox, looked into every few minutes in a thread of its own: a server that hangs holds up nobody."""

import logging
import threading
from dataclasses import dataclass, field

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from data import mailbox as boxes
from data.database import now, unit
from data.mail_account import AccountTrouble
from data.mailbox import Manner, Place
from domain.refusal import Refusal
from domain.results import collected
from domain.results.collected import Found
from domain.shop import mailbox
from domain.shop.mailbox import MailboxSettings
from domain.shop.people import Actor, Right
from jobs.errand import Errand

log = logging.getLogger(__name__)

OURS = "The mail could not be written into the books. Handbill tries it again."


class _NotTaken(Exception):
    """The books can't be written just now, or the inbox is another one by now."""


@dataclass(slots=True)
class _Visit:
    of: MailboxSettings
    found: Found = field(default_factory=Found)
    more: bool = False
    sentence: str = ""  # what went wrong
    at: int = 0  # at which message

    def take(self, mails: list[bytes], place: Place) -> list[bool]:
        """What was read and up to where are one unit of work. A mail that can't be taken must not stop those behind it.

        Tells which of them are nothing that anybody would look for in the inbox.
        """
        try:
            return self._write(mails, place)
        except (_NotTaken, OperationalError) as problem:
            raise _NotTaken from problem
        except Exception:
            log.exception("Mail from the inbox could not be taken; each is tried alone")
            for mail in mails:
                self._write_alone(mail)
            return self._write([], place)

    def _write(self, mails: list[bytes], place: Place | None) -> list[bool]:
        letters = collected.read(mails)
        with unit() as session:
            if not mailbox.go_on(session, place or self.of.place, self.of):
                raise _NotTaken
            found = collected.take(session, letters, now=now())
        self.found.add(found)
        return found.ours

    def _write_alone(self, mail: bytes) -> None:
        try:
            self._write([mail], None)
        except (_NotTaken, OperationalError) as problem:
            raise _NotTaken from problem
        except Exception:
            log.exception("A mail of %s bytes from the inbox was left out", len(mail))


class Collector(Errand):
    name = "collector"
    trouble = "The inbox could not be looked into; the clock will look again"

    def is_due(self, session: Session) -> bool:
        return mailbox.is_due(session, now=now())

    def go(self) -> None:
        with unit() as session:
            row = mailbox.claim(session, now=now())
        if row is not None:
            _visit(row, self.stopping)


def read_now(by: Actor) -> Found:
    """Somebody asks for it and waits. Raises Refusal with what went wrong."""
    by.require(Right.MANAGE_SHOP)
    with unit() as session:
        row = mailbox.claim(session, now=now(), at_once=True)
    if row is None:
        raise Refusal("being_read", "The inbox is being read just now. Look again in a minute.")
    visit = _visit(row, threading.Event())
    if visit.sentence:
        raise Refusal("mailbox_trouble", visit.sentence)
    return visit.found


def _visit(row: MailboxSettings, stopping: threading.Event) -> _Visit:
    visit = _Visit(row)
    try:
        manner = Manner(row.marks_read, row.moves_to, row.in_the_way)
        visit.more = boxes.visit(mailbox.opened(row), row.place, visit.take, manner, stopping=stopping.is_set)
    except Refusal as refusal:
        visit.sentence = refusal.sentence
    except AccountTrouble as trouble:
        visit.sentence, visit.at = trouble.sentence, trouble.at
    except _NotTaken:
        visit.sentence = OURS
    _note(visit)
    return visit


def _note(visit: _Visit) -> None:
    with unit() as session:
        if not visit.sentence:
            mailbox.note_visit(session, visit.of, more=visit.more, now=now())
        elif mailbox.note_trouble(session, visit.of, visit.sentence, at=visit.at, now=now()):
            log.warning("The inbox could not be read: %s", visit.sentence)
