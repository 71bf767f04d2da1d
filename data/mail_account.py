"""The shop's account at a mail server, and what can be wrong with it, in words for a shop owner."""

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import aiosmtplib

Kind = Literal["connect", "greeting", "tls", "auth", "busy", "closed", "timeout"]


class Security(StrEnum):
    """How the connection is protected: not at all, after a clear-text greeting, or from the first byte."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class MailAccount:
    """All times are in seconds.

    `timeout` is for each step up to the sign-in. `command_timeout` and `final_timeout` follow RFC 5321, 4.5.3.2:
    five minutes for an envelope command, ten after the last dot. A shorter last one manufactures doubt.
    """

    host: str
    port: int
    security: Security
    username: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 30.0
    final_timeout: float = 600.0
    command_timeout: float = 300.0


class AccountTrouble(Exception):
    """The account cannot be used now. `permanent`: trying again will not help until somebody changes something.

    `code` and `text` are the server's own words, 0 and "" where it said nothing.
    """

    def __init__(self, kind: Kind, permanent: bool, sentence: str, code: int = 0, text: str = "") -> None:
        super().__init__(sentence)
        self.kind: Kind = kind
        self.permanent = permanent
        self.sentence = sentence
        self.code = code
        self.text = text
        self.at = 0  # the UID of the message over which a mailbox broke off


def words(raw: bytes | str) -> str:
    """What the server said, fit for a screen: one line, no control characters, at most 300 characters."""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())[:300]


@contextmanager
def translated(account: MailAccount, step: Kind) -> Iterator[None]:
    """Whatever goes wrong inside comes out as AccountTrouble."""
    try:
        yield
    except (aiosmtplib.SMTPException, OSError, ValueError) as problem:
        raise _trouble(account, step, problem) from problem


def _trouble(account: MailAccount, step: Kind, problem: Exception) -> AccountTrouble:
    if isinstance(problem, aiosmtplib.SMTPResponseException):
        return _said_no(account, step, problem.code, words(problem.message))
    root = _root(problem)
    if isinstance(root, ssl.SSLError):
        return _no_protection(account, root)
    if isinstance(root, TimeoutError):
        return _no_answer(account)
    if step == "tls" or (account.security is Security.TLS and isinstance(root, ConnectionResetError)):
        return _hung_up_on_protection(account)
    if isinstance(root, aiosmtplib.SMTPServerDisconnected):
        return AccountTrouble("closed", False, f"The mail server {account.host} closed the connection.")
    return _not_reached(account, root)


def _root(problem: Exception) -> Exception:
    """aiosmtplib wraps what went wrong below it while connecting."""
    cause = problem.__cause__ if isinstance(problem, aiosmtplib.SMTPConnectError) else None
    return cause if isinstance(cause, Exception) else problem


def _said_no(account: MailAccount, step: Kind, code: int, text: str) -> AccountTrouble:
    if not 400 <= code <= 599:
        return AccountTrouble(
            step,
            True,
            f"What answers at {account.host}, port {account.port}, does not talk like a mail server. Check the port.",
            text=text,
        )
    said = f"It said: {code} {text}".rstrip()
    if code == 421:
        return AccountTrouble(
            "busy",
            False,
            f"The mail server is not taking mail just now. {said}",
            code,
            text,
        )
    return AccountTrouble(step, code >= 500, f"{_REFUSALS[step, code >= 500]} {said}", code, text)


_REFUSALS: Mapping[tuple[str, bool], str] = {
    ("greeting", False): "The mail server is not taking mail just now.",
    ("greeting", True): "The mail server does not want to talk to this computer.",
    (
        "tls",
        False,
    ): "The mail server could not protect the connection just now, so nothing was sent.",
    (
        "tls",
        True,
    ): "The mail server refused to protect the connection, so nothing was sent.",
    (
        "auth",
        False,
    ): "The mail server could not check the user name and password just now.",
    ("auth", True): "The mail server did not accept the user name or password.",
}


def _no_protection(account: MailAccount, problem: ssl.SSLError) -> AccountTrouble:
    if isinstance(problem, ssl.SSLCertVerificationError):
        return AccountTrouble(
            "tls",
            True,
            f"The certificate of {account.host} could not be trusted, so nothing was sent. "
            f"The reason given: {words(problem.verify_message)}.",
            text=words(problem.verify_message),
        )
    return AccountTrouble(
        "tls",
        True,
        f"A protected connection to {account.host}, port {account.port}, could not be made, so nothing was sent. "
        "Usually TLS goes with port 465 and STARTTLS with port 587.",
        text=words(str(problem)),
    )


def _hung_up_on_protection(account: MailAccount) -> AccountTrouble:
    """Perhaps a passing fault, perhaps a server with none but outdated kinds of TLS, which often just hangs up."""
    return AccountTrouble(
        "tls",
        False,
        f"{account.host} hung up while the connection was being protected, so nothing was sent. "
        "Usually TLS goes with port 465 and STARTTLS with port 587.",
    )


def _no_answer(account: MailAccount) -> AccountTrouble:
    return AccountTrouble(
        "timeout",
        False,
        f"The mail server {account.host}, port {account.port}, did not answer in {account.timeout:g} seconds. "
        "Check the port; usually TLS goes with port 465 and STARTTLS with port 587.",
    )


def _not_reached(account: MailAccount, problem: Exception) -> AccountTrouble:
    if isinstance(problem, (socket.gaierror, UnicodeError)):
        sentence = (
            f"No mail server called {account.host} could be found. Check the name, and that you are online."
        )
    elif isinstance(problem, ConnectionRefusedError):
        sentence = f"Nothing answers at {account.host}, port {account.port}. Check the name and the port."
    else:
        sentence = f"The mail server {account.host}, port {account.port}, could not be reached."
    return AccountTrouble("connect", False, sentence, text=words(str(problem)))
