"""Practice mode's mail server: it listens on this computer only, keeps what it is given and sends nothing on.

An address whose local part starts with "refuse" (refuse@example.com, refuse.anna@example.com) is refused the way a
real server refuses an unknown mailbox, so that the owner can see what a failure looks like.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, Envelope, Session

SIZE_LIMIT: Final = 20_000_000  # bytes of one message
PATIENCE: Final = 5.0  # seconds that starting or stopping may take

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """`raw` is the message as a mail program would get it: lines end in CRLF, no dots doubled."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    received_at: datetime


Store = Callable[[CaughtMail], None]


class Catcher:
    """Start and stop it as often as you like; each start may bring another `port`, which is 0 while it is off."""

    def __init__(self) -> None:
        self.port = 0
        self._thread: threading.Thread | None = None
        self._hang_up: Callable[[], object] = _nothing
        self._failure: Exception | None = None

    def start(self, store: Store) -> None:
        """`store` runs in a thread of its own, one message at a time, before the sender hears 250.

        When it raises, the sender hears 451 and may try again. Raises OSError where no port can be had.
        """
        if self._thread is not None:
            raise RuntimeError("the practice mail server is already running")
        logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd's; it notes every address at INFO
        ready = threading.Event()
        self._failure = None
        self._thread = threading.Thread(target=self._run, args=(store, ready), name="catcher", daemon=True)
        self._thread.start()
        if not ready.wait(PATIENCE) or self._failure is not None:
            failure = self._failure
            self.stop()
            raise failure or TimeoutError("the practice mail server did not start")

    def stop(self) -> None:
        """Hang up on everybody. A message being stored is stored first, but its sender hears no answer."""
        thread, self._thread, self.port = self._thread, None, 0
        if thread is not None:
            self._hang_up()
            thread.join(PATIENCE)

    def _run(self, store: Store, ready: threading.Event) -> None:
        try:
            asyncio.run(self._serve(store, ready))
        except OSError as failure:
            self._failure = failure
        finally:
            ready.set()

    async def _serve(self, store: Store, ready: threading.Event) -> None:
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        pool = ThreadPoolExecutor(1, "catcher-store")
        guests: WeakSet[SMTP] = WeakSet()
        server = await loop.create_server(lambda: _welcome(_Handler(store, pool), guests), "127.0.0.1", 0)
        self._hang_up = partial(loop.call_soon_threadsafe, stopped.set)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stopped.wait()
        self._hang_up = _nothing
        server.close()
        for guest in guests:
            if isinstance(guest.transport, asyncio.Transport):
                guest.transport.abort()
        pool.shutdown(cancel_futures=True)


def _nothing() -> None:
    """There is nobody to hang up on."""


def _welcome(handler: "_Handler", guests: "WeakSet[SMTP]") -> SMTP:
    guest = SMTP(
        handler,
        data_size_limit=SIZE_LIMIT,
        enable_SMTPUTF8=True,
        hostname="practice.localhost",
        ident="Handbill practice",
        loop=asyncio.get_running_loop(),
    )
    guests.add(guest)
    return guest


class _Handler:
    """What aiosmtpd asks while a message comes in; the names of the methods are its own."""

    def __init__(self, store: Store, pool: ThreadPoolExecutor) -> None:
        self._store = store
        self._pool = pool

    async def handle_EHLO(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        """aiosmtpd reads one command after another, so it may be given several at once; it only does not say so."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_RCPT(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if address.lower().startswith("refuse"):
            return (
                "550 5.1.1 Nobody here by that name (practice mode refuses addresses that start with refuse)"
            )
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        raw = content if isinstance(content, bytes) else (content or "").encode()
        mail = CaughtMail(envelope.mail_from or "", tuple(envelope.rcpt_tos), raw, datetime.now(UTC))
        try:
            await asyncio.get_running_loop().run_in_executor(self._pool, self._store, mail)
        except Exception:
            log.exception("a practice message could not be stored")
            return "451 4.3.0 The message could not be stored just now"
        return "250 2.0.0 Kept for practice"
