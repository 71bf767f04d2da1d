"""Letters to those who signed up, in a thread of their own: a mail server that hangs holds up nobody."""

import asyncio
import logging
import threading
from dataclasses import replace
from typing import Final

from data import smtp
from data.database import now, reading, unit
from data.mail_account import AccountTrouble
from data.smtp import Fate
from domain.book import sign_ups
from domain.refusal import Refusal
from domain.sending import sign_up_letter
from domain.sending.sign_up_letter import Ready

log = logging.getLogger(__name__)

TIMEOUT: Final = 20.0  # seconds for each step


class Postman:
    """Of a worker. `look` comes back at once."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        if self._stopping.is_set() or (self._thread is not None and self._thread.is_alive()):
            return
        with reading() as session:
            is_due = sign_ups.is_due(session, now=now())
        if is_due:
            self._thread = threading.Thread(target=self._go_round, name="postman", daemon=True)
            self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def _go_round(self) -> None:
        try:
            while not self._stopping.is_set() and send_next():
                pass
        except Exception:
            log.exception("A letter to somebody who signed up could not be sent; it is tried again")


def send_next() -> bool:
    """False when there is none. One that can't be sent is tried again later, a few times."""
    with unit() as session:
        sign_ups.forget_unanswered(session, now=now())
        asked = sign_ups.claim(session, now=now())
        if asked is None:
            return False
        number = asked.id
        try:
            ready = sign_up_letter.write(session, asked, now=now())
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
