"""The audit log, read: who did what, narrowed to a person, a part of the shop, a time, a thing, or words. For the owner.

Newest first. Nothing here writes, except that taking the log away is itself written into it.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, String, cast, false, func, or_, select
from sqlalchemy.orm import Session

from domain.refusal import Kind, Refusal
from domain.sending import subjects
from domain.shop import audit
from domain.shop.audit import AuditEntry
from domain.shop.people import Actor, Right, User

ITSELF: Final = 0  # instead of a person's number: what Handbill did by itself, and whoever could not sign in
# The parts of the shop, by the first words of their actions.
PARTS: Final[dict[str, tuple[str, ...]]] = {
    "campaigns": ("campaign", "template"),
    "sends": ("dispatch", "delivery", "one_shot", "campaign.launched", "campaign.asked"),
    "customers": ("customer", "customers", "record", "import", "sample"),
    "groups": ("segment", "group", "tag"),
    "settings": (
        "shop", "mail", "provider", "statuses", "category", "staff member", "record_kind", "own_field", "installation",
        "purge", "audit",
    ),
    "people": ("staff", "password", "sign_in", "api_token"),
    "refused": ("permission", "sign_in"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """`action` is a whole action or the first part of one; `kind` and `number` name one thing."""

    search: str = ""
    person: int | None = None  # a user's number, or ITSELF
    part: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None
    kind: str = ""
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with what its subject is called today."""

    entry: AuditEntry
    kind: str | None
    subject: str


EVERYTHING: Final = Asked()


def page(session: Session, asked: Asked, *, by: Actor, page: int, size: int) -> tuple[list[Line], int]:
    """One page, counted from 1, and how many entries there are in all."""
    by.require(Right.MANAGE_SHOP)
    rows = _newest_first(asked).offset((page - 1) * size).limit(size)
    return _lines(session, rows), how_many(session, asked, by=by)


def listed(session: Session, asked: Asked, *, by: Actor, before: int | None, limit: int) -> list[Line]:
    """From the entry before that number on."""
    by.require(Right.MANAGE_SHOP)
    rows = _newest_first(asked).limit(limit)
    return _lines(session, rows.where(AuditEntry.id < before) if before is not None else rows)


def how_many(session: Session, asked: Asked, *, by: Actor) -> int:
    by.require(Right.MANAGE_SHOP)
    return session.scalar(select(func.count()).select_from(AuditEntry).where(*_conditions(asked))) or 0


def one(session: Session, entry_id: int, *, by: Actor) -> Line | None:
    by.require(Right.MANAGE_SHOP)
    found = _lines(session, select(AuditEntry).where(AuditEntry.id == entry_id))
    return found[0] if found else None


def who(session: Session, *, by: Actor) -> dict[int, str]:
    """Everybody who works or worked here, by name."""
    by.require(Right.MANAGE_SHOP)
    rows = session.execute(select(User.id, User.name).order_by(func.lower(User.name)))
    return {row[0]: row[1] for row in rows}


def note_taken_away(session: Session, form: str, asked: Asked, *, by: Actor, now: datetime) -> None:
    """Who takes the log along is in the log."""
    by.require(Right.MANAGE_SHOP)
    after: dict[str, Any] = {"as": form, "narrowed": asked != EVERYTHING}
    audit.write(session, "audit.exported", by=by, now=now, after=after)


def _newest_first(asked: Asked) -> Select[AuditEntry]:
    return select(AuditEntry).where(*_conditions(asked)).order_by(AuditEntry.id.desc())


def _lines(session: Session, rows: Select[AuditEntry]) -> list[Line]:
    entries = list(session.scalars(rows))
    called = subjects.names(session, entries)
    return [_line(entry, called) for entry in entries]


def _line(entry: AuditEntry, called: dict[subjects.Subject, str]) -> Line:
    kind = subjects.kind_of(entry.action)
    name = called.get((kind, entry.subject_id), "") if kind and entry.subject_id is not None else ""
    return Line(entry, kind, name or _called_then(entry))


def _called_then(entry: AuditEntry) -> str:
    """What is gone is called as it was when this was written."""
    for told in (entry.after, entry.before):
        for name in ("name", "label", "key"):
            if told and isinstance(told.get(name), str):
                return str(told[name])
    return ""


def _conditions(asked: Asked) -> list[ColumnElement[bool]]:
    conditions = []
    if asked.person is not None:
        conditions.append(_was(asked.person))
    if asked.part:
        conditions.append(_in_part(asked.part))
    if asked.action:
        conditions.append(_begins(asked.action))
    if asked.since is not None:
        conditions.append(AuditEntry.at >= asked.since)
    if asked.until is not None:
        conditions.append(AuditEntry.at < asked.until)
    if asked.kind:
        conditions.append(subjects.actions_about(asked.kind))
    if asked.number is not None:
        conditions.append(AuditEntry.subject_id == asked.number)
    if words := asked.search.strip():
        conditions.append(_speaks_of(words))
    return conditions


def _was(person: int) -> ColumnElement[bool]:
    return AuditEntry.actor_id.is_(None) if person == ITSELF else AuditEntry.actor_id == person


def _in_part(part: str) -> ColumnElement[bool]:
    if part not in PARTS:
        raise Refusal("unknown_part", f"The log has no part called {part}.", Kind.MALFORMED)
    return or_(false(), *(_begins(first) for first in PARTS[part]))


def _begins(action: str) -> ColumnElement[bool]:
    return (AuditEntry.action == action) | AuditEntry.action.startswith(f"{action}.", autoescape=True)


def _speaks_of(words: str) -> ColumnElement[bool]:
    """In what was noted, in who did it, or in what it was about."""
    columns = [AuditEntry.action, AuditEntry.actor_name, AuditEntry.address]
    found = [column.icontains(words, autoescape=True) for column in columns]
    for noted in (AuditEntry.before, AuditEntry.after):
        found += [cast(noted, String).icontains(form, autoescape=True) for form in _as_noted(words)]
    return or_(*found, subjects.called_like(words))


def _as_noted(words: str) -> set[str]:
    """JSON holds é as an escape, which has no capitals of its own."""
    return {json.dumps(form)[1:-1] for form in (words, words.lower(), words.upper(), words.capitalize())}
