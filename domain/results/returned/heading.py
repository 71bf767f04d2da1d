"""The heading of a mail, and the addresses in it, whatever was done to them on the way."""

import re
from collections.abc import Iterable
from email.errors import MessageError
from email.header import decode_header
from typing import Any, Final

FIELD: Final = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,60})[ \t]*:[ \t]*(.*)")
LONGEST_VALUE: Final = 4_000  # characters
MOST_FIELDS: Final = 400
ADDRESS: Final = re.compile(
    r"(?:\"[^\"\s@]{1,64}(?:@[^\"\s@]{1,64})?\"|[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00c0-\u1fff.-]{1,150})"
    r"@(?:\[[0-9A-Fa-f.:]{3,45}\]|[A-Za-z0-9\u00c0-\u1fff#_.-]{1,253})"
)


class Heading:
    """Fields in any case; a field that stands there twice keeps both values."""

    def __init__(self, fields: dict[str, list[str]] | None = None) -> None:
        self._fields = fields or {}

    @classmethod
    def of_pairs(cls, pairs: Iterable[tuple[str, Any]]) -> "Heading":
        fields: dict[str, list[str]] = {}
        for count, (name, value) in enumerate(pairs):
            if count >= MOST_FIELDS:
                break
            fields.setdefault(name.lower(), []).append(_readable(str(value)[:LONGEST_VALUE]))
        return cls(fields)

    def get(self, *names: str) -> str:
        """The first of these fields that says anything."""
        return next((value for name in names for value in self._fields.get(name, ()) if value), "")

    def all(self, *names: str) -> list[str]:
        return [value for name in names for value in self._fields.get(name, ())]

    def addresses(self, *names: str) -> list[str]:
        return unique(one for value in self.all(*names) for one in addresses_in(value))

    def names(self) -> list[str]:
        return list(self._fields)

    def __bool__(self) -> bool:
        return bool(self._fields)


def heading_of(text: str) -> Heading:
    """The fields at the top of a text, up to its first empty line."""
    return Heading.of_pairs(fields_of(text.lstrip("\n").split("\n\n", 1)[0]))


def fields_of(text: str, most: int = MOST_FIELDS) -> list[tuple[str, str]]:
    """`Name: value` with folded lines put together; what is no field is left out."""
    found: list[tuple[str, str]] = []
    for line in text.splitlines()[: most * 4]:
        if line[:1] in " \t" and found:
            name, value = found[-1]
            if len(value) < LONGEST_VALUE:
                found[-1] = (name, f"{value} {line.strip()}".strip())
        elif field := FIELD.match(line):
            found.append((field[1], field[2].strip()))
    return found[:most]


def addresses_in(text: str) -> list[str]:
    """Every address in a line, without what leans on it. `<mailto:them@x>` and `<them@x>` are one."""
    return unique(one for found in ADDRESS.findall(text) if (one := bare(found)))


def bare(found: str) -> str:
    """An address without brackets, quotes and the full stop of its sentence; empty for what can't be one."""
    local, _, domain = found.strip("<>(),;: \t'").rpartition("@")
    local = LEANING.sub("", local).strip("'`{}|").rstrip(".") if local[:1] != '"' else local
    domain = domain.rstrip(".-_#'").lstrip(".")
    return f"{local}@{domain}" if local and domain and ".." not in domain else ""


LEANING: Final = re.compile(r"(?i)^(?:\S{0,20}=3d|mailto:|smtp[:=]|rfc822;|to=|addr=|/|=|\.+(?=\w))")


def unique(many: Iterable[str]) -> list[str]:
    """In order, each address once, whatever its capitals."""
    seen: dict[str, str] = {}
    for one in many:
        seen.setdefault(one.casefold(), one)
    return list(seen.values())


def _readable(value: str) -> str:
    """RFC 2047 words and raw bytes as letters."""
    folded = " ".join(value.split())
    if "=?" in folded and "?=" in folded:
        folded = _decoded(folded)
    return (
        folded.encode("utf-8", "surrogateescape").decode("utf-8", "replace") if _has_raw(folded) else folded
    )


def _has_raw(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def _decoded(value: str) -> str:
    try:
        pieces = decode_header(value)
    except (MessageError, ValueError, LookupError, TypeError, AttributeError):
        return value
    return "".join(one if isinstance(one, str) else _letters(one, charset or "") for one, charset in pieces)


def _letters(octets: bytes, charset: str) -> str:
    for guess in (charset, "utf-8"):
        try:
            return octets.decode(guess or "utf-8")
        except (LookupError, UnicodeError, ValueError):
            continue
    return octets.decode("cp1252", "replace")
