"""Who is meant: by a telephone number, by the platform's own id, or by both; some write the id where a number is meant. Pure."""

import re
from dataclasses import dataclass
from typing import Any, Final

from domain.book.whatsapp_numbers import spellings
from domain.results.report import part, tidy
from domain.results.whatsapp.unpacking import several

AROUND: Final = re.compile(r"[\s()./\u200e\u200f\u202a-\u202e-]+")  # signs that people put into a number
ID: Final = re.compile(r"[A-Z]{2}\.[A-Za-z0-9]{1,128}")


@dataclass(frozen=True, slots=True)
class Whom:
    """`number` with the + that the book has. What is empty was not told."""

    number: str = ""
    user: str = ""


def whom(number: Any, user: Any = None) -> Whom:
    told = tidy(number, 160)
    other = told if ID.fullmatch(told) else ""
    return Whom(_number(told), tidy(user, 160) or other)


def completed(found: Whom, contact: Any) -> Whom:
    """By what the contact beside it tells."""
    beside = whom(part(contact, "wa_id"), part(contact, "user_id"))
    return Whom(found.number or beside.number, found.user or beside.user)


def contact_of(found: Whom, value: Any, *, is_alone: bool) -> Any:
    """Of several, the one who is meant. `is_alone`: who stands there alone is meant, unless it is plainly somebody else."""
    everybody = [one for one in several(part(value, "contacts")) if isinstance(one, dict)]
    for one in everybody:
        beside = whom(one.get("wa_id"), one.get("user_id"))
        if (found.user and found.user == beside.user) or _are_one(found.number, beside.number):
            return one
    if not is_alone or len(everybody) != 1:
        return {}
    beside = whom(everybody[0].get("wa_id"), everybody[0].get("user_id"))
    is_other = (found.number and beside.number) or (found.user and beside.user)
    return {} if is_other else everybody[0]


def _number(told: str) -> str:
    found = spellings(AROUND.sub("", told[:40]))
    return found[0] if found else ""


def _are_one(one: str, other: str) -> bool:
    return bool(one and other) and not set(spellings(one)).isdisjoint(spellings(other))
