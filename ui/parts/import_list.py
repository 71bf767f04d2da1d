"""The imports of the past, newest first: what came, and what can still be taken back."""

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from data.database import now, reading
from domain.book import imports, record_kinds
from domain.book.columns import CUSTOMERS
from domain.book.imports import Import
from domain.shop.people import Actor
from domain.shop.shop import read as read_shop
from ui import words
from ui.parts.basics import box, card, link, pill, put, text
from ui.parts.import_outcome import PATH, STATES
from ui.words import counted

MOST: Final = 20


def look(by: Actor) -> list[dict[str, Any]]:
    with reading() as session:
        zone, moment, kinds = read_shop(session).zone, now(), record_kinds.labels(session)
        return [_row(entry, kinds, zone, moment) for entry in imports.latest(session, by=by, limit=MOST)]


def draw(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    with card("Earlier imports", testid="earlier-imports"), put(box("full hb-stack"), role="list"):
        for row in rows:
            with put(box("hb-row"), role="listitem"):
                with box("grow"):
                    link(row["name"], f"{PATH}/{row['id']}", testid=f"import-{row['id']}")
                    text(row["sub"], "hb-cell-sub")
                pill(*row["state"])


def _row(entry: Import, kinds: dict[str, str], zone: ZoneInfo, moment: datetime) -> dict[str, Any]:
    told = [words.when(entry.created_at, zone, moment)]
    if entry.kind != CUSTOMERS:
        told.append(kinds.get(entry.kind, entry.kind))
    counts = ((entry.added, "added"), (entry.updated, "updated"))
    told += [f"{counted(count, word, word)}" for count, word in counts if count]
    if entry.refused:
        told.append(f"{words.number(entry.refused)} refused")
    return {"id": entry.id, "name": entry.file_name, "sub": " · ".join(told), "state": STATES[entry.state]}
