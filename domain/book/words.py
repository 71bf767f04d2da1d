"""What people type, made clean: nothing that a screen, a header or another program could stumble over."""

import math
import re
import unicodedata
from typing import Any

from domain.refusal import invalid

# Control characters, halves of characters, spaces without width, and marks that turn the reading direction.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)


def one_line(field: str, value: Any, longest: int) -> str:
    """Refuses what is no text or too long, by the name of its field."""
    return _short_enough(field, squeeze(_text(field, value)), longest)


def many_lines(field: str, value: Any, longest: int) -> str:
    text = _text(field, value).replace("\r\n", "\n").replace("\r", "\n")
    return _short_enough(field, unicodedata.normalize("NFC", UNSEEN.sub("", text)).strip(), longest)


def flat(field: str, value: Any) -> dict[str, Any]:
    """The shop's own fields: at most 100, each a text or a number."""
    if not isinstance(value, dict) or len(value) > 100:
        raise invalid(field, "Own fields must be names with values, at most 100 of them.")
    return {
        one_line(field, key, 60): _flat_value(field, item) for key, item in value.items() if str(key).strip()
    }


def squeeze(text: str) -> str:
    """One line without anything unseen; runs of space become one space."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    seen = UNSEEN.sub("", " ".join(text.split()))
    return " ".join(unicodedata.normalize("NFC", seen).split())


def _flat_value(field: str, value: Any) -> str | int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value) or abs(value) >= 2**53:
            raise invalid(field, "This number is too large.")
        return value
    return one_line(field, "yes" if value is True else "no" if value is False else value, 500)


def _text(field: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise invalid(field, "This must be text.")
    return str(value)


def _short_enough(field: str, text: str, longest: int) -> str:
    if len(text) > longest:
        raise invalid(field, f"This can have at most {longest} characters.")
    return text
