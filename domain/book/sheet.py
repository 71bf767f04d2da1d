"""What somebody typed or posted about one person, checked field by field. What was not mentioned stays absent."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from domain.book import tags
from domain.book.contact import read_email, read_phone
from domain.book.days import KINDS, Day, read_day
from domain.book.words import flat, many_lines, one_line
from domain.refusal import Kind, Refusal, invalid
from domain.shop import zones

NAMES: Final = {"first_name": 120, "last_name": 120, "company": 160}
OTHERS: Final = {
    "email", "phone", "status", "language", "timezone", "preferred_channel", "postcode", "notes", "attrs",
}  # fmt: skip
BESIDE: Final = {"tags", "groups", "birthday", "dates", "preferences", "marketing_opt_out", "opt_out_reason"}
FIELDS: Final = frozenset(NAMES) | OTHERS | BESIDE
LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,6})?", re.IGNORECASE)
LONGEST_NOTES, MOST_DATES = 10_000, 20
CHANNELS: Final = ("", "email", "whatsapp", "phone", "post")  # how somebody likes to hear from the shop
BIRTHDAY: Final = "birthday"

Dates = dict[tuple[str, str], Day]  # (kind, note) -> the day


@dataclass(slots=True)
class Sheet:
    columns: dict[str, Any] = field(default_factory=dict)  # of `customers`, ready to store
    tags: list[str] | None = None
    groups: list[str] | None = None  # names of groups that must exist
    birthday: Day | None = None
    says_birthday: bool = False  # an empty birthday takes the old one away
    dates: Dates | None = None  # all dates but the birthday
    preferences: dict[str, bool] = field(default_factory=dict)  # by message type
    opt_out: bool | None = None
    opt_out_reason: str = ""


def read(fields: dict[str, Any], *, country: str, statuses: Collection[str], now: datetime) -> Sheet:
    """Raises a Refusal that names the field."""
    if unknown := sorted(set(fields) - FIELDS):
        raise Refusal("unknown_field", f"A customer has no field called {unknown[0][:60]}.", Kind.MALFORMED)
    sheet = Sheet(_columns(fields, country, statuses))
    if "tags" in fields:
        sheet.tags = tags.cleaned(fields["tags"] or [])
    if "groups" in fields:
        sheet.groups = tags.cleaned(fields["groups"] or [], field="groups", longest=120)
    if "dates" in fields:
        _read_dates(sheet, fields["dates"] or [])
    if "birthday" in fields:
        sheet.birthday, sheet.says_birthday = _birthday(fields["birthday"], now), True
    sheet.preferences = _preferences(fields.get("preferences") or {})
    sheet.opt_out = _yes_or_no("marketing_opt_out", fields.get("marketing_opt_out"))
    sheet.opt_out_reason = one_line("opt_out_reason", fields.get("opt_out_reason"), 200)
    return sheet


def _columns(fields: dict[str, Any], country: str, statuses: Collection[str]) -> dict[str, Any]:
    columns: dict[str, Any] = {
        name: one_line(name, fields[name], longest) for name, longest in NAMES.items() if name in fields
    }
    if "email" in fields:
        columns |= email_columns(one_line("email", fields["email"], 320))
    if "phone" in fields:
        columns |= phone_columns(one_line("phone", fields["phone"], 40), country)
    if fields.get("status"):
        columns["status"] = _status(fields["status"], statuses)
    if "language" in fields:
        columns["language"] = _language(one_line("language", fields["language"], 10))
    if "timezone" in fields:
        columns["timezone"] = _zone(one_line("timezone", fields["timezone"], 64))
    if "preferred_channel" in fields:
        columns["preferred_channel"] = _channel(
            one_line("preferred_channel", fields["preferred_channel"], 20)
        )
    if "postcode" in fields:
        columns["postcode"] = one_line("postcode", fields["postcode"], 20).upper()
    if "notes" in fields:
        columns["notes"] = many_lines("notes", fields["notes"], LONGEST_NOTES)
    if "attrs" in fields:
        columns["attrs"] = flat("attrs", fields["attrs"] or {})
    return columns


def email_columns(text: str) -> dict[str, Any]:
    """The keyed hash comes later: it needs the shop's secret."""
    return {"email": text, "email_key": read_email(text).key if text else None}


def phone_columns(text: str, country: str) -> dict[str, Any]:
    return {"phone": text, "phone_key": read_phone(text, country).key if text else None}


def _status(value: Any, statuses: Collection[str]) -> str:
    if value not in statuses:
        raise invalid("status", "Choose one of the shop's statuses: " + ", ".join(statuses) + ".")
    return str(value)


def _language(text: str) -> str:
    if text and not LANGUAGE.fullmatch(text):
        raise invalid("language", "Give the language by its short code, such as en or de-AT.")
    return text


def _zone(text: str) -> str:
    if text:
        zones.known(text)
    return text


def _channel(text: str) -> str:
    if text not in CHANNELS:
        raise invalid("preferred_channel", "Choose one of: " + ", ".join(filter(None, CHANNELS)) + ".")
    return text


def _birthday(value: Any, now: datetime) -> Day | None:
    text = one_line(BIRTHDAY, value, 40)
    day = read_day(text) if text else None
    if day and day.year and (day.year, day.month, day.day) > (now.year, now.month, now.day + 1):
        raise invalid(BIRTHDAY, "This birthday lies in the future.")
    return day


def _read_dates(sheet: Sheet, rows: Any) -> None:
    """[{"kind": "wedding", "date": "2019-06-08", "note": ""}]; a birthday may stand here too."""
    if (
        not isinstance(rows, list | tuple)
        or len(rows) > MOST_DATES
        or not all(isinstance(row, dict) for row in rows)
    ):
        raise invalid("dates", f"Dates must be a list, at most {MOST_DATES} for one customer.")
    sheet.dates = {}
    for row in rows:
        kind, note = (one_line("dates", row.get("kind"), 30), one_line("dates", row.get("note"), 80))
        if kind not in KINDS:
            raise invalid("dates", "The kind of a date must be one of: " + ", ".join(KINDS) + ".")
        day = read_day(one_line("dates", row.get("date"), 40), field="dates")
        if kind == BIRTHDAY:
            sheet.birthday, sheet.says_birthday = day, True
            continue
        if any((kind, note.casefold()) == (known, said.casefold()) for known, said in sheet.dates):
            raise invalid("dates", _twice(kind, note))
        sheet.dates[kind, note] = day


def _twice(kind: str, note: str) -> str:
    which = f"called {note}" if note else f"of the kind {kind.replace('_', ' ')}"
    return f"There are two dates {which}. Give one of them a note of its own."


def _preferences(value: Any) -> dict[str, bool]:
    if not isinstance(value, dict):
        raise invalid("preferences", "Preferences must be message types with yes or no.")
    for name, allowed in value.items():
        if name not in ("marketing", "newsletter") or not isinstance(allowed, bool):
            raise invalid("preferences", "A preference must be marketing or newsletter, with yes or no.")
    return dict(value)


def _yes_or_no(name: str, value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise invalid(name, "This must be yes or no.")
