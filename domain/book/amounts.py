"""Amounts of money as files write them, made into whole smallest units: "1.234,50 €" is 123450 EUR. Pure."""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from domain.refusal import invalid

SIGNS: Final = {
    "€": "EUR", "£": "GBP", "$": "USD", "¥": "JPY", "zł": "PLN", "kč": "CZK", "₺": "TRY", "₹": "INR", "₽": "RUB",
    "us$": "USD", "ca$": "CAD", "c$": "CAD", "a$": "AUD", "au$": "AUD", "nz$": "NZD", "hk$": "HKD", "r$": "BRL",
    "fr.": "CHF", "sfr.": "CHF", "₩": "KRW", "₪": "ILS",
}  # fmt: skip
AMBIGUOUS: Final = frozenset(
    {"$", "¥", "kr", "kr."}
)  # many countries write these: the shop's own money is meant
_NO_SMALLER = "JPY KRW VND CLP ISK PYG UGX XAF XOF XPF RWF KMF GNF DJF BIF VUV"
NO_SMALLER: Final = frozenset(_NO_SMALLER.split())
THOUSANDTHS: Final = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))
PARTS: Final = re.compile(
    r"(?P<before>[^\d.,+()-]*)(?P<minus>[-(+]?)(?P<in>[^\d.,-]*)(?P<figure>\d[\d.,'’\s]*|[.,]\d+)(?P<after>[^\d]*)"
)
MARKS: Final = re.compile(r"[.,]")
ONE_MARK: Final = re.compile(r"(?P<before>\d*)[.,](?P<behind>\d*)\D*$")
MOST: Final = 2**53
LONGEST: Final = 40

# Where the comma stands before the cents.
_COMMA = "AT BE BG BR CL CO CZ DE DK EE ES FI FR GR HR HU ID IS IT LT LU LV NL NO PL PT RO RS RU SE SI SK TR UA VN AR UY"
COMMA_COUNTRIES: Final = frozenset(_COMMA.split())


def read_amount(text: str, currency: str, *, comma: bool, field: str = "amount") -> tuple[int, str]:
    """Smallest units and currency; `currency` is meant where the text names none. `comma` stands before the cents."""
    plain = text.replace("\xa0", " ").replace("\u202f", " ").replace("\u2212", "-").strip()
    found = PARTS.fullmatch(plain) if len(plain) <= LONGEST else None
    words = (
        [_currency(word, currency) for word in (found["before"] + found["in"], found["after"])]
        if found
        else []
    )
    if not found or None in words:
        raise invalid(field, f"'{text[:30]}' is not an amount")
    named = next(filter(None, words), currency)
    decimal, thousands = (",", ".") if comma else (".", ",")
    figure = re.sub(r"[\s'’]", "", found["figure"]).replace(thousands, "").replace(decimal, ".")
    if figure.count(".") > 1:
        raise invalid(field, f"'{text[:30]}' is not an amount")
    units = int((Decimal(figure.rstrip(".") or "0") * smallest(named)).to_integral_value(ROUND_HALF_UP))
    if units >= MOST:
        raise invalid(field, f"'{text[:30]}' is too large for an amount")
    minus = found["minus"] in ("-", "(") or (figure[-1].isdigit() and found["after"].strip().startswith("-"))
    return -units if minus else units, named


def smallest(currency: str) -> int:
    """How many of the smallest units make one."""
    return 1 if currency in NO_SMALLER else 1000 if currency in THOUSANDTHS else 100


def tells(text: str) -> bool | None:
    """True: the comma stands before the cents. False: the point. None: it can't be told from this one.

    A mark that stands twice is no decimal mark, nor is the first of two different ones; one with other than three figures
    behind it is.
    """
    marks = MARKS.findall(text)
    if not marks:
        return None
    last: str = marks[-1]
    if len(set(marks)) == 2:
        return last == ","
    if len(marks) > 1:
        return last == "."
    found = ONE_MARK.search(text)
    if not found or not found["behind"]:
        return None
    return last == "," if len(found["behind"]) != 3 or found["before"] in ("", "0") else None


def is_open(text: str) -> bool:
    """One mark with three figures behind it: thousands here, thousandths there."""
    found = ONE_MARK.search(text)
    return bool(found and len(found["behind"]) == 3 and tells(text) is None)


def _currency(text: str, usual: str) -> str | None:
    """None for a word that is no money."""
    word = text.strip(" -()").casefold()
    if not word or word in AMBIGUOUS:
        return usual if word else ""
    if len(word) == 3 and word.isascii() and word.isalpha():
        return word.upper()
    return SIGNS.get(word)
