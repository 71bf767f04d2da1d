"""Telephone numbers of the usual shape, without the whole machinery of phonenumbers: the same answer, or none. Pure.

A country's rules are taken from the metadata of that library, and used only where they are simple: a trunk prefix that falls
away, and lengths that are possible. Whatever is unusual gets no answer here, and goes the long way.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, region_code_for_country_code

PLAIN: Final = re.compile(r"(\+?)[ (]*([0-9][0-9 ()./-]*)")
SIGNS: Final = re.compile(r"[ ()./-]+")


@dataclass(frozen=True, slots=True)
class _Rules:
    code: str  # of the country, without "+"
    trunk: re.Pattern[str] | None  # what falls away before a number at home, such as the 0 of 020
    lengths: frozenset[int]
    whole: re.Pattern[str]  # a number as it is after that
    abroad: re.Pattern[str] | None  # what is dialled to get out of the country


def shortcut(text: str, country: str) -> str | None:
    """E.164, or None: not a refusal, but a question for the library."""
    found = PLAIN.fullmatch(text)
    if not found:
        return None
    figures = found[2] if found[2].isdecimal() else SIGNS.sub("", found[2])
    if found[1]:
        rules = _of_code(figures[:1]) or _of_code(figures[:2]) or _of_code(figures[:3])
        return _joined(rules, figures[len(rules.code) :]) if rules else None
    rules = _of_country(country.upper())
    if rules is None or figures.startswith(rules.code) or (rules.abroad and rules.abroad.match(figures)):
        return None
    number = _joined(rules, figures)
    main = _of_code(rules.code)  # of several countries with one code, one speaks for all
    return number if number and main and len(number) - len(rules.code) - 1 in main.lengths else None


def _joined(rules: _Rules, national: str) -> str | None:
    if rules.trunk and (prefix := rules.trunk.match(national)):
        if prefix.groups() or rules.whole.fullmatch(national):
            return None  # it hides more than a prefix, or is a part of the number
        national = national[prefix.end() :]
    if len(national) not in rules.lengths or national.startswith("0"):
        return None
    return f"+{rules.code}{national}"


@cache
def _of_code(code: str) -> _Rules | None:
    if not code or code[0] == "0" or int(code) not in COUNTRY_CODE_TO_REGION_CODE:
        return None
    return _of_country(region_code_for_country_code(int(code)))


@cache
def _of_country(country: str) -> _Rules | None:
    known = PhoneMetadata.metadata_for_region(country, None)
    if known is None or known.national_prefix_transform_rule or known.country_code is None:
        return None
    trunk, general = known.national_prefix_for_parsing, known.general_desc
    if general is None or not general.national_number_pattern:
        return None
    local = set(general.possible_length_local_only or ())
    return _Rules(
        str(known.country_code),
        re.compile(trunk) if trunk else None,
        frozenset(set(general.possible_length) - local),
        re.compile(general.national_number_pattern),
        re.compile(known.international_prefix) if known.international_prefix else None,
    )
