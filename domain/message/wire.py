"""How words become the bytes of a mail: quoted-printable bodies and header lines (RFC 2045, 2047, 5322).

No body line begins with a dot or a dash: nothing needs dot-stuffing and no value can imitate a MIME boundary.
"""

import binascii
import re
from functools import lru_cache
from typing import Final

import idna


class AddressError(ValueError):
    """An address that can't stand in a header; checked long before, so this is the last guard."""

    def __init__(self, address: str) -> None:
        self.sentence = f"The email address {address!r} can't be written to."
        super().__init__(self.sentence)


PLAIN: Final = re.compile(r"(?![.-])[A-Za-z0-9 ,!?:;/_()+'&#@%.-]{0,70}(?<! )")


def piece(text: str) -> bytes:
    """A part of a part: always followed by a soft line break, and so ended that there is room for it."""
    if PLAIN.fullmatch(text):
        return text.encode("ascii")
    return _quoted(text + "x")[:-1]


def _quoted(text: str) -> bytes:
    """binascii picks its line end from the first one it meets, so it gets \\n only and the wire's CRLF comes last."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    encoded = binascii.b2a_qp(lines)
    if b"=20\n" in encoded or b"=09\n" in encoded:
        encoded = TRAILING.sub(rb"\1=\n\2\n", encoded)
    return LEADING.sub(_covered, encoded).replace(b"\n", b"\r\n")


def _covered(run: re.Match[bytes]) -> bytes:
    """Leading dots and dashes in hexadecimal, on lines of their own, so that no line grows beyond 76."""
    marks = [b"=%02X" % mark for mark in run[0]]
    return b"".join(b"".join(marks[at : at + 25]) + b"=\n" for at in range(0, len(marks), 25))


# binascii encodes a blank at a line's end without counting: the line grows to 77 or 78.
TRAILING: Final = re.compile(rb"(?m)^(.{74,})(=20|=09)\n")
LEADING: Final = re.compile(rb"(?m)^[.-]+")


def one_line(text: str) -> str:
    """A header's words: control characters and line ends become single spaces."""
    if text.isprintable() and "  " not in text and text[:1] != " " and text[-1:] != " ":
        return text
    text = re.sub("[\ud800-\udfff]", "\ufffd", text)
    return re.sub(r"\s+", " ", re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text)).strip()


@lru_cache(4096)
def header(name: str, text: str) -> bytes:
    """An unstructured header with its line end, folded at 78 columns, RFC 2047 words where needed."""
    words = one_line(text)
    if words.isascii() and "=?" not in words and all(len(word) <= 60 for word in words.split(" ")):
        return _folded(name, words)
    return name.encode() + b": " + _encoded(words) + b"\r\n"


def _folded(name: str, words: str) -> bytes:
    lines, line = [], f"{name}:"
    for word in words.split(" "):
        if len(line) + 1 + len(word) > 78:
            lines.append(line)
            line = ""
        line += " " + word
    return "\r\n".join([*lines, line]).encode("ascii") + b"\r\n"


def _encoded(words: str) -> bytes:
    """RFC 2047: 42 bytes of UTF-8 a word make 68 columns, so that the header's name fits before the first."""
    found, current = [], b""
    for letter in words:
        octets = letter.encode("utf-8", "replace")
        if len(current) + len(octets) > 42:
            found.append(current)
            current = b""
        current += octets
    found.append(current)
    return b"\r\n ".join(b"=?utf-8?b?" + binascii.b2a_base64(word, newline=False) + b"?=" for word in found)


ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


@lru_cache(4096)
def phrase(name: str) -> bytes:
    """A display name, bare, quoted or encoded; empty for no name."""
    words = one_line(name)
    quoted = '"' + words.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if not words.isascii() or "=?" in words or len(quoted) > 62:
        return _encoded(words)
    return (words if not words or ATOMS.fullmatch(words) else quoted).encode("ascii")


def mailbox(field: str, name: str, address: str) -> bytes:
    """`To: "Name" <address>` with its line end; the address takes a line of its own when the name is long."""
    said, where = phrase(name), ascii_address(address)
    if not said:
        return b"%b: %b\r\n" % (field.encode(), where)
    last = len(said) - (said.rfind(b"\n") + 1)
    room = last + len(where) + 3 + (len(field) + 2 if last == len(said) else 0)
    return b"%b: %b%b<%b>\r\n" % (
        field.encode(),
        said,
        b" " if room <= 78 else b"\r\n ",
        where,
    )


SIMPLE: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9.-]{1,253}"
)


def ascii_address(address: str) -> bytes:
    """The address for headers and the SMTP envelope, a foreign domain in its ASCII form."""
    if SIMPLE.fullmatch(address):
        return address.encode("ascii")
    local, _, domain = address.rpartition("@")
    try:
        known = f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except (idna.IDNAError, UnicodeError) as error:
        raise AddressError(address) from error
    if not SIMPLE.fullmatch(known):
        raise AddressError(address)
    return known.encode("ascii")


def token(text: str) -> bytes:
    """A value of our own (address, identifier, date): printable ASCII and nothing that ends a line or a bracket."""
    return (text if TOKEN.fullmatch(text) else re.sub(r"[^!-;=?-~ ]", "", text)).encode("ascii")


TOKEN: Final = re.compile(r"[!-;=?-~ ]*")
