"""Letters to those who signed up, in a thread of their own: a mail server that hangs holds up nobody."""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from data import smtp
from data.database import now, unit
from data.mail_account import AccountTrouble
from data.smtp import Fate
from domain.book import sign_ups
from domain.refusal import Refusal
from domain.sending import sign_up_letter
from domain.sending.sign_up_letter import Ready
from jobs.errand import Errand

log = logging.getLogger(__name__)

TIMEOUT: Final = 20.0  # seconds for each step


class Postman(Errand):
    name = "postman"
    trouble = "A letter to somebody who signed up could not be sent; it is tried again"

    def is_due(self, session: Session) -> bool:
        return sign_ups.is_due(session, now=now())

    def go(self) -> None:
        while not self.stopping.is_set() and send_next():
            pass


def send_next() -> bool:
    """False when none may go now. One that can't be sent is tried again later, a few times."""
    with unit() as session:
        sign_ups.forget_unanswered(session, now=now())
        asked = sign_ups.claim(session, now=now())
        if asked is None:
            return False
        number = asked.id
        try:
            way = sign_up_letter.way(session, now=now())
            if isinstance(way, datetime):
                sign_ups.wait(session, asked, way)
                return False
            ready = sign_up_letter.write(session, asked, way, now=now())
        except Refusal as refusal:
            log.warning("A letter to somebody who signed up waits: %s", refusal.sentence)
            return True
    if _is_taken(ready):
        with unit() as session:
            sign_ups.note_sent(session, number)
    return True


def _is_taken(ready: Ready) -> bool:
    """Also where it is not sure: a second letter would only puzzle them."""
    account = replace(ready.account, timeout=TIMEOUT, command_timeout=TIMEOUT, final_timeout=TIMEOUT)
    try:
        said = asyncio.run(smtp.probe(account, ready.sender, ready.recipient, ready.body))
    except AccountTrouble as trouble:
        log.warning("A letter to somebody who signed up waits: %s", trouble.sentence)
        return False
    return said.fate in (Fate.ACCEPTED, Fate.UNKNOWN, Fate.REFUSED)
