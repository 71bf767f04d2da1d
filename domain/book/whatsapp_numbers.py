"""How WhatsApp writes a telephone number, and which of our own spellings may be meant by it. Pure."""

import re
from functools import lru_cache
from typing import Final

USER_ID: Final = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")  # of somebody who may show no number
DIGITS: Final = re.compile(r"[0-9]{7,15}")
# Countries in which the platform's id of a person and the number that is dialled differ by some digits: without, with.
SPELLINGS: Final = (
    (re.compile(r"52(?!1)(\d{10})"), r"521\1"),
    (re.compile(r"521(\d{10})"), r"52\1"),
    (re.compile(r"54(?!9)(\d{10})"), r"549\1"),
    (re.compile(r"549(\d{10})"), r"54\1"),
    (re.compile(r"55(\d\d)([6-9]\d{7})"), r"55\g<1>9\2"),
    (re.compile(r"55(\d\d)9([6-9]\d{7})"), r"55\1\2"),
)


@lru_cache(4096)
def spellings(told: str) -> tuple[str, ...]:
    """As the book keeps numbers (E.164), the one that was told first. Empty for what is no number."""
    digits = told.strip().removeprefix("+")
    if not DIGITS.fullmatch(digits):
        return ()
    others = (one.sub(by, digits) for one, by in SPELLINGS if one.fullmatch(digits))
    return tuple(f"+{one}" for one in dict.fromkeys([digits, *others]))
