"""What a message looks like on an SMTP wire: the two address lines, and a body that cannot be mistaken for its end."""

import re
from collections.abc import Mapping
from typing import Literal

import idna

from data.mail_account import words

LONGEST = 254  # bytes of an address (RFC 5321, 4.5.3.1.3, less the two brackets)
_DOT_LINE = re.compile(rb"\n\.")  # a third of the time that `in` takes
_SAFE = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")  # printable ASCII without blank, < and >: nothing can break out


class Unsendable(Exception):
    """This server cannot take the message, and that is known before asking it."""

    def __init__(self, stage: Literal["mail", "rcpt", "data"], sentence: str) -> None:
        super().__init__(sentence)
        self.stage: Literal["mail", "rcpt", "data"] = stage
        self.sentence = sentence


def envelope(sender: str, recipient: str, size: int, extensions: Mapping[str, str]) -> tuple[bytes, bytes]:
    """The MAIL and the RCPT command for a body of `size` bytes; an empty sender is the null return path."""
    limit = size_limit(extensions)
    if limit is not None and size > limit:
        raise Unsendable("data", _too_big(size, limit))
    source = _address(sender, "mail", extensions) if sender else b""
    target = _address(recipient, "rcpt", extensions)
    options = b" SIZE=%d" % size if "size" in extensions else b""
    if not (source.isascii() and target.isascii()):
        options += b" SMTPUTF8"
    return b"MAIL FROM:<%b>%b\r\n" % (source, options), b"RCPT TO:<%b>\r\n" % target


def size_limit(extensions: Mapping[str, str]) -> int | None:
    """In bytes. RFC 1870: no number, or 0, is no fixed limit."""
    number = extensions.get("size", "").strip()
    return int(number) or None if number.isascii() and number.isdigit() else None


def stuffed(body: bytes) -> bytes:
    """The body with its final dot; no line of it can look like that dot (RFC 5321, 4.5.2)."""
    if _DOT_LINE.search(body):
        body = body.replace(b"\n.", b"\n..")
    if body.startswith(b"."):
        body = b"." + body
    return body + (b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")


def _address(address: str, stage: Literal["mail", "rcpt"], extensions: Mapping[str, str]) -> bytes:
    if _SAFE.fullmatch(address) and len(address) <= LONGEST:
        return address.encode("ascii")
    path = _international(address)
    if path is None:
        raise Unsendable(stage, f"The address {words(address)} does not look right.")
    if not path.isascii() and "smtputf8" not in extensions:
        raise Unsendable(
            stage,
            f"This mail server cannot take an address with accented letters before the @: {words(address)}.",
        )
    return path.encode("utf-8")


def _international(address: str) -> str | None:
    """The address with its domain in ASCII, or None where it is no address or could break out of the command."""
    local, _, domain = address.rpartition("@")
    try:
        path = f"{local}@{idna.encode(domain, uts46=True).decode('ascii')}"
    except UnicodeError:  # idna's own errors are UnicodeErrors
        return None
    harmless = local and path.isprintable() and not set(path) & set(" <>") and len(path.encode()) <= LONGEST
    return path if harmless else None


def _too_big(size: int, limit: int) -> str:
    return (
        f"The message is too big for this mail server: it takes {limit / 1_000_000:.1f} MB "
        f"and this one has {size / 1_000_000:.1f} MB."
    )
