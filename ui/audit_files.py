"""The audit log as a file, written while it is read, and the question to it as addresses hold it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from fastapi.responses import StreamingResponse

from data import csv_file
from data.database import now, reading, unit
from domain.sending import trail
from domain.sending.trail import Asked, Line
from domain.shop.people import Actor
from domain.shop.shop import read as read_shop
from ui import audit_words
from ui.shop_days import midnight

Form = Literal["csv", "json"]

LOT: Final = 1_000
TYPES: Final[dict[str, str]] = {"csv": "text/csv; charset=utf-8", "json": "application/json; charset=utf-8"}
HEADINGS: Final = (
    "Number", "Time (UTC)", "Who", "Role", "How", "From", "What", "Action", "Subject", "Subject number", "Before", "After",
)  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """What the log is asked for, as an address and a form hold it. Days are the shop's, both of them included."""

    search: str = ""
    person: str = ""
    part: str = ""
    since: str = ""
    until: str = ""
    kind: str = ""
    number: str = ""
    action: str = ""

    @property
    def narrowed(self) -> dict[str, str]:
        return {name: value for name, value in vars(self).items() if value.strip()}

    def asked(self, zone: ZoneInfo) -> Asked:
        return Asked(
            search=self.search,
            person=_number(self.person),
            part=self.part,
            action=self.action,
            since=midnight(self.since, zone, "since"),
            until=midnight(self.until, zone, "until", days=1),
            kind=self.kind,
            number=_number(self.number),
        )


def file(form: Form, wanted: Wanted, by: Actor) -> StreamingResponse:
    """Asks for the right before the first byte; what goes wrong later can only break the file off."""
    with unit() as session:
        asked = wanted.asked(read_shop(session).zone)
        trail.how_many(session, asked, by=by)
        trail.note_taken_away(session, form, asked, by=by, now=now())
    lines = _json(asked, by) if form == "json" else _csv(asked, by)
    headers = {
        "Content-Disposition": f'attachment; filename="audit-log-{now():%Y-%m-%d}.{form}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(lines, media_type=TYPES[form], headers=headers)


def as_told(line: Line) -> dict[str, Any]:
    """An entry as programs read it."""
    entry = line.entry
    return {
        "id": entry.id,
        "at": entry.at,
        "action": entry.action,
        "sentence": audit_words.sentence(line),
        "who": {
            "id": entry.actor_id, "name": entry.actor_name, "role": entry.actor_role, "via": entry.via,
            "address": entry.address,
        },
        "subject": {"kind": line.kind, "id": entry.subject_id, "name": line.subject},
        "before": entry.before,
        "after": entry.after,
    }  # fmt: skip


def _csv(asked: Asked, by: Actor) -> Iterator[str]:
    yield csv_file.opening(HEADINGS)
    for lot in _lots(asked, by):
        yield "".join(csv_file.line(_cells(line)) for line in lot)


def _json(asked: Asked, by: Actor) -> Iterator[str]:
    """One list, one entry on each line."""
    opening = "[\n"
    for lot in _lots(asked, by):
        yield opening + ",\n".join(_written(line) for line in lot)
        opening = ",\n"
    yield "[]\n" if opening == "[\n" else "\n]\n"


def _lots(asked: Asked, by: Actor) -> Iterator[list[Line]]:
    """Each in a look of its own, so that a slow reader holds nothing open."""
    before = None
    while True:
        with reading() as session:
            lot = trail.listed(session, asked, by=by, before=before, limit=LOT)
        if not lot:
            return
        before = lot[-1].entry.id
        yield lot


def _written(line: Line) -> str:
    return json.dumps(as_told(line), ensure_ascii=False, default=_plain).encode("utf-8", "replace").decode()


def _plain(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _cells(line: Line) -> tuple[object, ...]:
    entry = line.entry
    return (
        entry.id,
        f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        audit_words.who(entry),
        audit_words.standing(entry),
        audit_words.VIA.get(entry.via, entry.via),
        entry.address,
        audit_words.said(line),
        entry.action,
        line.subject,
        entry.subject_id,
        _noted(entry.before),
        _noted(entry.after),
    )


def _noted(values: dict[str, Any] | None) -> str:
    return json.dumps(values, ensure_ascii=False) if values else ""


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdecimal() and len(value) <= 18 else None
