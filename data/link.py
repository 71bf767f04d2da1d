"""The way to a mail server: a connection that is open, protected and signed in.

aiosmtplib does the connecting, the protection and the sign-in; `data.smtp` takes the finished connection over.
"""

import asyncio
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

import aiosmtplib

from data.mail_account import AccountTrouble, MailAccount, Security, translated


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


def _refuse_bare_password(account: MailAccount) -> None:
    if account.security is Security.NONE and account.username and not is_this_machine(account.host):
        raise AccountTrouble(
            "tls",
            True,
            "The user name and password would travel unprotected, so Handbill did not send them. "
            "Choose TLS or STARTTLS for this mail server.",
        )


def is_this_machine(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host.lower() == "localhost"


async def _client(account: MailAccount) -> aiosmtplib.SMTP:
    context = None
    if account.security is not Security.NONE:
        context = await asyncio.to_thread(verifying_context)
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


def verifying_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _own_name() -> str:
    """A full host name where there is one, otherwise an address literal: servers refuse a bare word."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


async def _greet(account: MailAccount, client: aiosmtplib.SMTP) -> float:
    with translated(account, "greeting"):
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
    with translated(account, "tls"):
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
    with translated(account, "auth"):
        await offered[0](account.username, account.password)


def _transport(account: MailAccount, client: aiosmtplib.SMTP) -> asyncio.Transport:
    if client.transport is None or client.transport.is_closing():
        raise AccountTrouble("closed", False, f"The mail server {account.host} closed the connection.")
    return cast(asyncio.Transport, client.transport)
