"""Which column of a file holds what: guessed from its headings, and failing them from its cells. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from domain.book import headings
from domain.refusal import Kind, Refusal

CUSTOMERS: Final = "customers"  # what a file may be about; anything else is the key of a record kind
OWN: Final = "attrs."  # "attrs.ring size" keeps a column as one of the shop's own fields
OWN_HEADING: Final = "Own field: "  # as Handbill itself writes it over such a column
OWN_ZONE: Final = "Time zone"  # elsewhere it is guessed from where somebody once read a mail
KNOWS_A_PERSON: Final = ("email", "phone", "first_name", "last_name", "full_name", "company")
SHOWN: Final = {
    "email": "Email address",
    "first_name": "First name",
    "last_name": "Last name",
    "last_name_prefix": "Prefix of the last name (van, de)",
    "full_name": "Full name",
    "company": "Company",
    "phone": "Phone number",
    "phone_2": "Phone number, where the first is empty",
    "tags": "Tags",
    "groups": "Groups",
    "birthday": "Birthday",
    "wedding": "Wedding day",
    "engagement": "Engagement day",
    "name_day": "Name day",
    "status": "Status",
    "language": "Language",
    "timezone": "Time zone",
    "preferred_channel": "Preferred channel",
    "postcode": "Postcode",
    "notes": "Notes",
    "attributes": "Own fields, all in one cell (JSON)",
    "opted_out": "Has unsubscribed (yes or no)",
    "subscribed": "Is subscribed (yes or no)",
    "wants_marketing": "Wants offers by email (yes or no)",
    "wants_newsletter": "Wants newsletters by email (yes or no)",
    "whatsapp_agreed": "Agreed to WhatsApp messages (yes or no)",
    "whatsapp_agreed_on": "Agreed to WhatsApp messages on (a date)",
    "whatsapp_out": "Wants no WhatsApp messages (yes or no)",
}
SHOWN_OF_RECORDS: Final = {
    "external_id": "Order or receipt number",
    "starts_at": "Date (begin)",
    "time": "Time of day",
    "ends_at": "End or expiry",
    "title": "What it was",
    "amount": "Total",
    "line_amount": "Amount of one line",
    "small_amount": "Total in pence, cents or the like",
    "currency": "Currency",
    "category": "Category",
    "staff": "Staff",
    "mode": "In the shop or online",
    "status": "Status",
    "cancelled_at": "Cancelled (a date or yes)",
    "uses_left": "Uses left",
    "kind": "Kind",
    "source": "Program that gave the number",
}


def fields(kind: str = CUSTOMERS) -> dict[str, str]:
    """Every field a column may be chosen for, with its name for people, in the order to show them."""
    if kind == CUSTOMERS:
        return dict(SHOWN)
    return {**SHOWN_OF_RECORDS, **{field: SHOWN[field] for field in headings.WHOSE}}


def guess_mapping(headers: Sequence[str], kind: str = CUSTOMERS) -> dict[str, str]:
    """Heading -> field, each field once; a heading that says nothing known is left out."""
    bare = {header: _bare(header) for header in headers}
    special = _special(set(bare.values())) if kind != CUSTOMERS else {}
    known = _RANKS[kind == CUSTOMERS]
    best: dict[str, tuple[int, str]] = {}
    for header, word in bare.items():
        if word in special:
            field, rank = special[word], -1
        else:
            field, rank = known.get(word, ("", 0))
        if field and (field not in best or rank < best[field][0]):
            best[field] = (rank, header)
    chosen = {header: field for field, (_, header) in best.items()}
    if kind == CUSTOMERS:
        _second_phone(bare, chosen)
    return {
        header: chosen[header] for header in headers if header in chosen and _wanted(chosen[header], best)
    }


def own_columns(headers: Sequence[str], known: Mapping[str, str]) -> dict[str, str]:
    """Of a file that Handbill wrote: heading -> own field. `known`: label in small letters -> key; others keep their name."""
    named = {head: head.removeprefix(OWN_HEADING).strip() for head in headers if head.startswith(OWN_HEADING)}
    fields = {header: OWN + known.get(name.casefold(), name) for header, name in named.items()}
    zone = {OWN_ZONE: "timezone"} if OWN_ZONE in headers else {}
    return zone | {header: field for header, field in fields.items() if _is_own(field)}


def guess_by_cells(rows: Sequence[Sequence[str]], headers: Sequence[str]) -> dict[str, str]:
    """For a list without headings: an address and a number show themselves, and one or two words beside are a name."""
    mapping: dict[str, str] = {}
    words: list[str] = []
    for place, header in enumerate(headers):
        filled = [cells[place].strip() for cells in rows if place < len(cells) and cells[place].strip()]
        field = _by_cells(filled)
        if field and field not in mapping.values():
            mapping[header] = field
        elif filled and not field and all(NAME.fullmatch(cell) for cell in filled):
            words.append(header)
    if mapping and 1 <= len(words) <= 2:
        mapping |= zip(words, ["full_name"] if len(words) == 1 else ["first_name", "last_name"], strict=True)
    return mapping


def system(headers: Sequence[str]) -> str:
    """Which program wrote a file of orders, so that the numbers of two programs are kept apart. Empty: not known."""
    words = {_bare(header) for header in headers}
    return next((name for name, signature, _ in headings.SYSTEMS if signature <= words), "")


def checked_mapping(
    mapping: Mapping[str, str | None], headers: Sequence[str], kind: str = CUSTOMERS
) -> dict[str, str]:
    """What somebody chose, without the columns to leave out. Unknown words are refused by name."""
    known = fields(kind)
    chosen: dict[str, str] = {}
    for header, field in mapping.items():
        if header not in headers:
            raise Refusal("unknown_column", f"This file has no column called {header[:80]}.", Kind.MALFORMED)
        if not field:
            continue
        if field not in known and not _is_own(field):
            noun = "customer" if kind == CUSTOMERS else "record"
            raise Refusal("unknown_field", f"A {noun} has no field called {field[:80]}.", Kind.MALFORMED)
        if field in chosen.values():
            shown = known.get(field, field.removeprefix(OWN))
            raise Refusal("column_twice", f"Two columns are chosen for {shown}. Choose one of them.")
        chosen[header] = field
    return chosen


def what_is_missing(mapping: Mapping[str, str], headers: Sequence[str], kind: str = CUSTOMERS) -> str | None:
    """A sentence when no column could tell one person from another, or when something happened."""
    listed = ", ".join(headers[:12]) + (" and more" if len(headers) > 12 else "")
    if not any(field in KNOWS_A_PERSON for field in mapping.values()):
        return (
            "No column is known to hold an email address, a phone number or a name, and one of them is needed."
            f" The columns are: {listed}."
        )
    if kind != CUSTOMERS and "starts_at" not in mapping.values():
        return f"No column is known to hold the date, and it is needed. The columns are: {listed}."
    return None


def _ranks(facts: Mapping[str, str]) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for field, words in facts.items():
        for rank, word in enumerate(words.split()):
            found.setdefault(word, (field, rank))
    return found


_WHOSE = {field: headings.PEOPLE[field] for field in headings.WHOSE}
_RANKS: Final = {True: _ranks(headings.PEOPLE), False: _ranks({**headings.RECORDS, **_WHOSE})}
NAME: Final = re.compile(r"[^\d@<>{}\[\]=/\\:;_]{1,60}")
NUMBER: Final = re.compile(r"[+(]?[\d\s()./-]{6,24}")
ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def _special(words: set[str]) -> dict[str, str]:
    return next((more for _, signature, more in headings.SYSTEMS if signature <= words), {})


def _second_phone(bare: Mapping[str, str], chosen: dict[str, str]) -> None:
    """Shopify's "Phone" is often empty and "Default Address Phone" is not; tills keep a mobile beside the phone at home."""
    others = [
        (rank, header)
        for header, word in bare.items()
        for field, rank in [_RANKS[True].get(word, ("", 0))]
        if field == "phone" and header not in chosen
    ]
    if others:
        chosen[min(others)[1]] = "phone_2"


def _wanted(field: str, best: Mapping[str, object]) -> bool:
    """A full name beside its two parts says nothing more."""
    return field != "full_name" or not ("first_name" in best and "last_name" in best)


def _by_cells(filled: Sequence[str]) -> str:
    if any(len(cell) > 320 for cell in filled):
        return ""
    if filled and all(ADDRESS.fullmatch(cell) for cell in filled):
        return "email"
    if filled and all(NUMBER.fullmatch(cell) and sum(map(str.isdigit, cell)) >= 6 for cell in filled):
        return "phone"
    return ""


def _is_own(field: str) -> bool:
    return field.startswith(OWN) and 0 < len(field.removeprefix(OWN).strip()) <= 60


def _bare(header: str) -> str:
    plain = unicodedata.normalize("NFKD", header.casefold().replace("ß", "ss"))
    return re.sub(r"[^a-z0-9]", "", plain.encode("ascii", "ignore").decode())
