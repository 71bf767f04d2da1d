"""Two cards of the customer book side by side: how likely are they one person, and why. Pure."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Final

from rapidfuzz import fuzz, process

from domain.book.contact import USUAL_DOMAINS

ALIKE: Final = 88  # of 100: two spellings of one name
ANOTHER: Final = 55  # of 100: below this, two first names are of two people
SMALL: Final = 4  # so few are compared at once, each with each
NOT_TAKEN_APART: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
)
SOUNDS: Final = (
    ("ae", "a"), ("oe", "o"), ("ue", "u"), ("sch", "s"), ("ph", "f"), ("dt", "t"), ("tz", "z"), ("ck", "k"), ("c", "k"),
    ("th", "t"), ("y", "i"), ("j", "i"), ("w", "v"),
)  # fmt: skip
TWICE: Final = re.compile(r"(.)\1+")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two customers, the older one first. `score` is of 100; `reason` the end of "They have ...", or a sentence part."""

    first_id: int
    second_id: int
    score: int
    reason: str


@dataclass(frozen=True, slots=True)
class Card:
    id: int
    first: str  # folded, as the two below
    last: str  # or the company's name where there is none
    email: str | None
    phone: str | None
    postcode: str
    whole: str
    ordered: str  # its words by the alphabet: whichever of the names was typed first

    @property
    def domain(self) -> str:
        return (self.email or "").rpartition("@")[2]


def compare(one: Card, other: Card) -> Suggestion | None:
    same_email = bool(one.email) and one.email == other.email
    same_phone = bool(one.phone) and one.phone == other.phone
    likeness = _likeness(one, other)
    score, reason = _judged(one, other, same_email, same_phone, likeness)
    if not reason:
        return None
    return Suggestion(min(one.id, other.id), max(one.id, other.id), score, reason)


def alike(people: Sequence[Card]) -> Iterator[tuple[Card, Card]]:
    """Those among them whose names are alike; how many pairs there are matters little, for they are compared in one go."""
    if len(people) <= SMALL:
        yield from combinations(people, 2)
        return
    names = [person.ordered for person in people]
    for place, person in enumerate(people[:-1], 1):
        for _, _, step in process.extract(
            person.ordered, names[place:], scorer=fuzz.ratio, processor=None, score_cutoff=ALIKE, limit=None
        ):
            yield person, people[place + step]


def _judged(one: Card, other: Card, same_email: bool, same_phone: bool, likeness: int) -> tuple[int, str]:
    """A score and a reason in words; no reason where nothing speaks for it."""
    if same_email or same_phone:
        what = "the same email address and phone number" if same_email and same_phone else (
            "the same email address" if same_email else "the same phone number"
        )  # fmt: skip
        if likeness >= ALIKE:
            return (99 if same_email and same_phone else 96 if same_email else 93), f"{what}, and names alike"
        if _are_two(one, other):
            return (55 if same_email else 50), f"{what}, but other first names: perhaps a family"
        return (90 if same_email else 85), what
    if likeness < ALIKE or not one.whole:
        return 0, ""
    is_same = one.ordered == other.ordered
    names = "the same name" if is_same else "names alike"
    same = likeness - ALIKE
    if one.postcode and one.postcode == other.postcode:
        return 78 + same // 2, f"{names} and the same postcode"
    if one.domain and one.domain == other.domain and one.domain not in USUAL_DOMAINS:
        return 70 + same // 2, f"{names} and addresses at {one.domain}"
    if is_same and _complete_each_other(one, other):
        return 68, "the same name, and each has what the other lacks"
    if is_same and not _contradict(one, other):
        return 60, "the same name"
    return 0, ""


def _likeness(one: Card, other: Card) -> int:
    """Of 100. A missing first name contradicts nothing, but says nothing either."""
    if not one.whole or not other.whole:
        return 0
    if one.ordered == other.ordered:
        return 100
    if one.first and other.first and _are_two(one, other):
        return 0
    return int(fuzz.ratio(one.ordered, other.ordered))


def _are_two(one: Card, other: Card) -> bool:
    if not one.first or not other.first:
        return False
    short, long = sorted((one.first, other.first), key=len)
    return not long.startswith(short) and fuzz.ratio(short, long) < ANOTHER


def _complete_each_other(one: Card, other: Card) -> bool:
    """One was written down with an address, the other with a number."""
    return bool(
        (one.email and not other.email and other.phone and not one.phone)
        or (other.email and not one.email and one.phone and not other.phone)
    )


def _contradict(one: Card, other: Card) -> bool:
    """Two addresses and two numbers, or two postcodes: there are people of one name."""
    mail, phone = bool(one.email and other.email), bool(one.phone and other.phone)
    return (mail and phone) or bool(one.postcode and other.postcode and one.postcode != other.postcode)


def card(
    number: int, first: str, last: str, company: str, email: str | None, phone: str | None, postcode: str
) -> Card:
    first, last = folded(first), folded(last or company)
    whole = f"{first} {last}".strip()
    return Card(
        number, first, last, email, phone, postcode.replace(" ", ""), whole, " ".join(sorted(whole.split()))
    )


@lru_cache(maxsize=20_000)
def folded(text: str) -> str:
    plain = text.casefold()
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", plain).translate(NOT_TAKEN_APART)
    if plain.isalnum():
        return plain
    return "".join(letter for letter in plain if letter.isalnum() or letter == " ").strip()


def sounding(plain: str) -> str:
    """A folded name as it may be heard: one text for "Mueller" and "Muller", for "Schmitt" and "Schmidt". Only to find people by."""
    for written, heard in SOUNDS:
        if written in plain:
            plain = plain.replace(written, heard)
    return TWICE.sub(r"\1", plain[:1] + plain[1:].replace("h", ""))
