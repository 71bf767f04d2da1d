"""An IMAP connection that takes a server at no word about lengths and times: every visit has an end.

imaplib waits as long as a server trickles and reads as much as one announces. Here each answer has its time, the whole
visit has one, and so have the bytes.
"""

import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from data.link import is_this_machine, verifying_context
from data.mail_account import AccountTrouble, Kind, Security, words

LONGEST: Final = 1_500_000  # bytes that are fetched of one message; what is behind them is somebody's picture
MOST_BYTES: Final = 60_000_000  # of one visit
_SIZE_OF_WORDS: Final = 100_000  # bytes that may come around a message


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Times are in seconds: `timeout` for each answer, `patience` for the whole visit."""

    host: str
    port: int
    security: Security
    username: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    timeout: float = 20.0
    patience: float = 180.0


class TooMuch(Exception):
    """A message, or a visit, of more bytes than anybody asked for."""


class Client(imaplib.IMAP4):
    """Connected, protected and signed in once it is made."""

    def __init__(self, box: Mailbox) -> None:
        self._box, self._left = box, MOST_BYTES
        self._sockets: list[socket.socket] = []
        self.out_of_time = False
        self.at = 0  # the UID of the message that is asked for just now
        self._watch = threading.Timer(box.patience, self._hang_up)
        self._watch.daemon = True
        self._watch.start()
        try:
            super().__init__(box.host, box.port, box.timeout)
        except BaseException as problem:
            self.leave()
            if self.out_of_time:
                raise TimeoutError from problem
            raise

    def read(self, size: int) -> bytes:
        if size > LONGEST + _SIZE_OF_WORDS:
            raise TooMuch
        self._pay(size)
        return super().read(size)

    def readline(self) -> bytes:
        line = super().readline()
        self._pay(len(line))
        return line

    def leave(self) -> None:
        """Without a goodbye: whoever hangs would not hear it."""
        self._watch.cancel()
        self._hang_up(on_time=True)
        with suppress(OSError, AttributeError):
            self.shutdown()
        for one in self._sockets:
            one.close()

    def quoted(self, text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = socket.create_connection((self._box.host, self._box.port), timeout)
        self._sockets.append(plain)
        if self._box.security is not Security.TLS:
            return plain
        protected = verifying_context().wrap_socket(
            plain, server_hostname=self._box.host, do_handshake_on_connect=False
        )
        self._sockets.append(protected)
        protected.do_handshake()
        return protected

    def _pay(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise TooMuch

    def _hang_up(self, on_time: bool = False) -> None:
        self.out_of_time = self.out_of_time or not on_time
        now = getattr(self, "sock", None)  # after STARTTLS another one than at the beginning
        for one in [*self._sockets, *([now] if isinstance(now, socket.socket) else [])]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@contextmanager
def signed_in(box: Mailbox) -> Iterator[Client]:
    """Raises AccountTrouble, also for whatever goes wrong inside."""
    if box.security is Security.NONE and not is_this_machine(box.host):
        raise AccountTrouble(
            "tls",
            True,
            "The user name and password would travel unprotected, so Handbill did not send them. "
            "Choose TLS or STARTTLS for this mailbox.",
        )
    way = _Way()
    client: Client | None = None
    try:
        client = Client(box)
        if box.security is Security.STARTTLS:
            way.step = "tls"
            _protect(client)
        way.step = "auth"
        _sign_in(client, box)
        way.step = "closed"
        yield client
    except TooMuch:
        raise AccountTrouble(
            "closed", False, f"{box.host} sent more than a mailbox should hold. Handbill hung up."
        ) from None
    except (imaplib.IMAP4.error, OSError, ValueError, TypeError, IndexError, AttributeError) as problem:
        trouble = _trouble(box, way.step, problem, client)
        trouble.at = client.at if client is not None else 0
        raise trouble from problem
    finally:
        if client is not None:
            client.leave()


@dataclass(slots=True)
class _Way:
    step: Kind = "greeting"


def _protect(client: Client) -> None:
    if "STARTTLS" not in client.capabilities:
        raise ssl.SSLError("STARTTLS is not offered")
    client.starttls(verifying_context())


def can_move(client: Client) -> bool:
    """Asked once more after the sign-in: many tell only then."""
    _, data = client.capability()
    return b"MOVE" in b" ".join(one or b"" for one in data).upper().split()


def _sign_in(client: Client, box: Mailbox) -> None:
    """LOGIN knows only ASCII; whoever has other letters in their password needs the newer way."""
    if (box.username + box.password).isascii() and "LOGINDISABLED" not in client.capabilities:
        client.login(client.quoted(box.username), box.password)
        return
    secret = f"\0{box.username}\0{box.password}".encode()
    client.authenticate("PLAIN", lambda _: secret)


def _trouble(box: Mailbox, step: Kind, problem: Exception, client: Client | None) -> AccountTrouble:
    if isinstance(problem, TimeoutError) or (client is not None and client.out_of_time):
        return AccountTrouble(
            "timeout",
            False,
            f"The mailbox at {box.host}, port {box.port}, did not answer in time. "
            "Check the port; usually TLS goes with port 993 and STARTTLS with port 143.",
        )
    if isinstance(problem, ssl.SSLError):
        return _no_protection(box, problem)
    if isinstance(problem, (socket.gaierror, UnicodeError)):
        return AccountTrouble(
            "connect", False, f"No server called {box.host} could be found. Check the name, and that you are online."
        )  # fmt: skip
    if isinstance(problem, ConnectionRefusedError):
        return AccountTrouble(
            "connect",
            False,
            f"Nothing answers at {box.host}, port {box.port}. Check the name and the port.",
        )
    if isinstance(problem, imaplib.IMAP4.abort):
        return _lost(box, problem)
    if isinstance(problem, imaplib.IMAP4.error):
        return _said_no(box, step, problem)
    if isinstance(problem, OSError):
        return AccountTrouble("connect", False, f"{box.host}, port {box.port}, could not be reached.")
    return _rubbish(box)


def _no_protection(box: Mailbox, problem: ssl.SSLError) -> AccountTrouble:
    if isinstance(problem, ssl.SSLCertVerificationError):
        return AccountTrouble(
            "tls",
            True,
            f"The certificate of {box.host} could not be trusted, so the password was not sent. "
            f"The reason given: {words(problem.verify_message)}.",
        )
    return AccountTrouble(
        "tls",
        True,
        f"A protected connection to {box.host}, port {box.port}, could not be made, so the password was not sent. "
        "Usually TLS goes with port 993 and STARTTLS with port 143.",
    )


def _lost(box: Mailbox, problem: Exception) -> AccountTrouble:
    if "unexpected" in str(problem) or "illegal" in str(problem):
        return _rubbish(box)
    return AccountTrouble("closed", False, f"The mailbox at {box.host} closed the connection.")


def _rubbish(box: Mailbox) -> AccountTrouble:
    return AccountTrouble(
        "greeting",
        False,
        f"What answers at {box.host}, port {box.port}, does not talk like a mailbox. Check the name and the port.",
    )


def _said_no(box: Mailbox, step: Kind, problem: Exception) -> AccountTrouble:
    said = _their_words(problem)
    if step == "auth":
        return AccountTrouble(
            "auth", True, f"The mailbox did not accept the user name or password. It said: {said}"
        )
    if step == "greeting":
        return AccountTrouble(
            "greeting", False, f"The mailbox at {box.host} takes nobody in just now. It said: {said}"
        )
    return AccountTrouble("closed", False, f"The mailbox at {box.host} said no: {said}")


def _their_words(problem: Exception) -> str:
    """imaplib hands on bytes, or their Python spelling inside a sentence."""
    given: Any = problem.args[0] if problem.args else ""
    text = words(given if isinstance(given, bytes | str) else str(given))
    return _DRESS.sub("", text).strip() or "nothing"


_DRESS: Final = re.compile(r"^\* BYE |\[(?:b'|b\")|['\"]\]$|^b['\"]|['\"]$")
