"""The shop's account at a mail server, and the way to a connection that is open, protected and signed in.

aiosmtplib does the connecting, the protection and the sign-in; `data.smtp` takes the finished connection over.
"""

import asyncio
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, cast

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


@dataclass(frozen=True, slots=True)
class Link:
    """A connection ready for its first MAIL: nothing asked, nothing owed. Extension names are lower case."""

    transport: asyncio.Transport
    extensions: Mapping[str, str]
    round_trip: float = 0.0  # seconds from a question to its answer, at best


async def open_link(account: MailAccount) -> Link:
    """Raise AccountTrouble rather than go on with less protection than the account asks for."""
    _refuse_bare_password(account)
    client = await _client(account)
    try:
        round_trip = await _greet(account, client)
        if account.security is Security.STARTTLS:
            round_trip = min(round_trip, await _protect(account, client))
        if account.username:
            await _sign_in(account, client)
        return Link(_transport(account, client), dict(client.esmtp_extensions), round_trip)
    except BaseException:
        client.close()
        raise


def words(raw: bytes | str) -> str:
    """What the server said, fit for a screen: one line, no control characters, at most 300 characters."""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())[:300]


def _refuse_bare_password(account: MailAccount) -> None:
    if account.security is Security.NONE and account.username and not _is_this_machine(account.host):
        raise AccountTrouble(
            "tls",
            True,
            "The user name and password would travel unprotected, so Handbill did not send them. "
            "Choose TLS or STARTTLS for this mail server.",
        )


def _is_this_machine(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host.lower() == "localhost"


async def _client(account: MailAccount) -> aiosmtplib.SMTP:
    context = None
    if account.security is not Security.NONE:
        context = await asyncio.to_thread(_verifying_context)
    try:
        return aiosmtplib.SMTP(
            hostname=account.host,
            port=account.port,
            timeout=account.timeout,
            use_tls=account.security is Security.TLS,
            start_tls=False,
            tls_context=context,
            local_hostname=_own_name(),
        )
    except ValueError as problem:
        raise AccountTrouble("connect", True, "The name of the mail server does not look right.") from problem


def _verifying_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _own_name() -> str:
    """A full host name where there is one, otherwise an address literal: servers refuse a bare word."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


async def _greet(account: MailAccount, client: aiosmtplib.SMTP) -> float:
    with _translated(account, "greeting"):
        await client.connect()
        return await _introduce(client)


async def _introduce(client: aiosmtplib.SMTP) -> float:
    """Answers with the seconds that the server took to answer."""
    asked = time.monotonic()
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError:
        if not client.is_connected:
            raise
        asked = time.monotonic()
        await client.helo()
    return time.monotonic() - asked


async def _protect(account: MailAccount, client: aiosmtplib.SMTP) -> float:
    if not client.supports_extension("starttls"):
        raise AccountTrouble(
            "tls",
            True,
            f"{account.host} does not offer a protected connection on port {account.port}, so nothing was sent. "
            "Try TLS with port 465, or ask your mail provider.",
        )
    with _translated(account, "tls"):
        await client.starttls()
        return await _introduce(client)


async def _sign_in(account: MailAccount, client: aiosmtplib.SMTP) -> None:
    """One try with the first method both sides know: each wrong try counts towards a lock at the provider."""
    ways = {
        "plain": client.auth_plain,
        "login": client.auth_login,
        "cram-md5": client.auth_crammd5,
    }
    offered = [ways[name] for name in ways if name in client.server_auth_methods]
    if not offered:
        raise AccountTrouble(
            "auth",
            True,
            f"{account.host} offers no way to sign in on port {account.port} that Handbill knows. "
            "Check the port and the kind of protection, or leave the user name empty.",
        )
    with _translated(account, "auth"):
        await offered[0](account.username, account.password)


def _transport(account: MailAccount, client: aiosmtplib.SMTP) -> asyncio.Transport:
    if client.transport is None or client.transport.is_closing():
        raise AccountTrouble("closed", False, f"The mail server {account.host} closed the connection.")
    return cast(asyncio.Transport, client.transport)


@contextmanager
def _translated(account: MailAccount, step: Kind) -> Iterator[None]:
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
