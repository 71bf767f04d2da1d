"""Addresses and phone numbers: what was typed, and the one form in which two of them can be compared. Pure."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

import phonenumbers
from email_validator import EmailNotValidError, EmailSyntaxError, validate_email
from rapidfuzz import fuzz, process

from domain.book.phone_rules import shortcut
from domain.refusal import invalid

# Letters that need no closer look before the "@"; anything else goes through the whole check.
PLAIN_LOCAL: Final = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
LONGEST_LOCAL, LONGEST_ADDRESS, LONGEST_TYPED = 64, 254, 320
_DOMAINS: Final = """gmail.com googlemail.com outlook.com hotmail.com hotmail.co.uk live.com msn.com yahoo.com
yahoo.co.uk yahoo.de yahoo.fr icloud.com me.com mac.com aol.com proton.me protonmail.com gmx.de gmx.net gmx.at web.de
t-online.de freenet.de orange.fr free.fr laposte.net wanadoo.fr sfr.fr btinternet.com sky.com virginmedia.com
talktalk.net comcast.net verizon.net att.net libero.it terra.es"""
USUAL_DOMAINS: Final = tuple(_DOMAINS.split())


class Address(NamedTuple):
    typed: str
    key: str  # normalised, lower case, the domain in ASCII: what a message goes to


class Phone(NamedTuple):
    typed: str
    key: str  # E.164


def read_email(text: str) -> Address:
    """Refuses with a sentence what can't be an address. An empty text is for the caller to handle."""
    if len(text) > LONGEST_TYPED:
        raise invalid("email", f"'{_short(text)}' is not an email address.")
    local, _, domain = text.rpartition("@")
    if _is_plain(local, text) and (ascii_domain := _ascii_domain(domain)):
        key = f"{local.lower()}@{ascii_domain}"
        return Address(text, text if key == text else key)  # one text in memory, where they are the same
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True, allow_smtputf8=False)
    except EmailSyntaxError as error:
        raise invalid("email", _why(text, str(error))) from None
    except EmailNotValidError:
        raise invalid("email", f"'{_short(text)}' is not an email address.") from None
    return Address(text, (found.ascii_email or found.normalized).lower())


def read_phone(text: str, country: str) -> Phone:
    """`country` (two letters) says how a number without + is meant."""
    number = shortcut(text, country) or _number(text, country)
    if number is None:
        raise invalid(
            "phone",
            f"'{_short(text)}' can't be read as a phone number. Try it with + and the country's code.",
        )
    return Phone(text, text if number == text else number)


def did_you_mean(email: str) -> str | None:
    """The address that was probably meant: anna@gmial.com -> anna@gmail.com. Only ever a question, never a refusal."""
    local, at, domain = email.strip().rpartition("@")
    nearest = _nearest_domain(domain.lower()) if at and local else None
    return f"{local}@{nearest}" if nearest else None


def meant_instead(email: str) -> str | None:
    """The same for an address that is read already."""
    nearest = _nearest_domain(email.rpartition("@")[2].lower())
    return f"{email.rpartition('@')[0]}@{nearest}" if nearest else None


def _is_plain(local: str, text: str) -> bool:
    return len(local) <= LONGEST_LOCAL and len(text) <= LONGEST_ADDRESS and bool(PLAIN_LOCAL.fullmatch(local))


@lru_cache(maxsize=20_000)
def _ascii_domain(domain: str) -> str | None:
    try:
        found = validate_email(
            "x@" + domain, check_deliverability=False, test_environment=True, allow_smtputf8=False
        )
    except EmailNotValidError:
        return None
    return found.ascii_domain.lower()


@lru_cache(maxsize=20_000)
def _nearest_domain(domain: str) -> str | None:
    if domain in USUAL_DOMAINS:
        return None
    found = process.extractOne(domain, USUAL_DOMAINS, scorer=fuzz.ratio, score_cutoff=85)
    return found[0] if found else None


@lru_cache(maxsize=5_000)
def _number(text: str, country: str) -> str | None:
    try:
        number = phonenumbers.parse(text, country.upper() or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number) or number.extension:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _why(text: str, reason: str) -> str:
    if reason.startswith("Internationalized characters before"):
        return f"'{_short(text)}' has a letter before the @ that most mail systems can't deliver. Use plain letters there."
    return f"'{_short(text)}' is not an email address."


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
