"""How words become the bytes of a mail: quoted-printable bodies and header lines (RFC 2045, 2047, 5322).

No body line begins with a dot or a dash: nothing needs dot-stuffing and no value can imitate a MIME boundary.
"""

import binascii
import re
from typing import Final

import idna


class AddressError(ValueError):
    """An address that can't stand in a header; checked long before, so this is the last guard."""

    def __init__(self, address: str) -> None:
        shown, local = one_line(address[:LONGEST_ADDRESS]), address.rpartition("@")[0]
        if local.isprintable() and not local.isascii():
            self.sentence = f"Handbill can't write to an address with accented letters before the @: {shown}."
        else:
            self.sentence = f"The email address “{shown}” can't be written to."
        super().__init__(self.sentence)


LONGEST_ADDRESS: Final = 254  # characters (RFC 5321, 4.5.3.1.3)


# Words that are the same in plain text, in HTML and on the wire, and leave room on their line for its soft end.
BARE: Final = re.compile(r"(?![.-])[A-Za-z0-9 ,!?:;/_()+#@%.-]{1,70}(?<! )")


def is_bare(text: str) -> bool:
    return BARE.fullmatch(text) is not None


def piece(text: str) -> bytes:
    """A part of a part: always followed by a soft line break, and so ended that there is room for it."""
    if not text or is_bare(text):
        return text.encode("ascii")
    return _quoted(text + "x")[:-1]


def _quoted(text: str) -> bytes:
    """binascii picks its line end from the first one it meets, so it gets \\n only and the wire's CRLF comes last."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    encoded = binascii.b2a_qp(lines)
    if b"=20\n" in encoded or b"=09\n" in encoded:
        encoded = TRAILING.sub(rb"\1=\n\2\n", encoded)
    if encoded[:1] in b".-" or b"\n." in encoded or b"\n-" in encoded:
        encoded = LEADING.sub(_covered, encoded)
    return encoded.replace(b"\n", b"\r\n")


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


def header(name: str, text: str) -> bytes:
    """An unstructured header with its line end, folded at 78 columns, RFC 2047 words where needed."""
    words = one_line(text)
    if not words.isascii() or "=?" in words:
        return b"%b: %b\r\n" % (name.encode(), _encoded(words))
    if len(name) + 2 + len(words) <= 78:
        return f"{name}: {words}\r\n".encode("ascii")
    if all(len(word) <= 60 for word in words.split(" ")):
        return _folded(name, words)
    return b"%b: %b\r\n" % (name.encode(), _encoded(words))


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
    octets, found, start = words.encode("utf-8", "replace"), [], 0
    while start < len(octets):
        end = start + 42
        while end < len(octets) and octets[end] & 0xC0 == 0x80:  # in the middle of a letter
            end -= 1
        found.append(b"=?utf-8?b?%b?=" % binascii.b2a_base64(octets[start:end], newline=False))
        start = end
    return b"\r\n ".join(found)


ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


def phrase(name: str) -> bytes:
    """A display name, bare, quoted or encoded; empty for no name."""
    words = one_line(name)
    if not words:
        return b""
    if words.isascii() and "=?" not in words and len(words) <= 60:
        if ATOMS.fullmatch(words):
            return words.encode("ascii")
        quoted = '"' + words.replace("\\", "\\\\").replace('"', '\\"') + '"'
        if len(quoted) <= 62:
            return quoted.encode("ascii")
    return _encoded(words)


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
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)


def ascii_address(address: str) -> bytes:
    """The address for headers and the SMTP envelope, a foreign domain in its ASCII form."""
    if len(address) > LONGEST_ADDRESS:
        raise AddressError(address)
    if SIMPLE.fullmatch(address):
        return address.encode("ascii")
    local, _, domain = address.rpartition("@")
    try:
        known = f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except (idna.IDNAError, UnicodeError) as error:
        raise AddressError(address) from error
    if not SIMPLE.fullmatch(known) or len(known) > LONGEST_ADDRESS:
        raise AddressError(address)
    return known.encode("ascii")


def token(text: str) -> bytes:
    """A value of our own (address, identifier, date): printable ASCII and nothing that ends a line or a bracket."""
    return (text if TOKEN.fullmatch(text) else re.sub(r"[^!-;=?-~ ]", "", text)).encode("ascii")


TOKEN: Final = re.compile(r"[!-;=?-~ ]*")
