"""Taking an import some at a time: what is written down, how far it came and what stood there before, in one unit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from domain.book import bookkeeping, importing
from domain.book.comparing import compare
from domain.book.contents import Contents
from domain.book.imports import DONE, FAILED, Import
from domain.shop import audit
from domain.shop.people import Actor, Role

AT_ONCE: Final = 1_000  # people in one unit of work: others wait no longer than it takes


def go_on(session: Session, entry: Import, found: Contents) -> None:
    """The next some. Inside a unit that writes; the import is the caller's."""
    some = found.items[entry.done : entry.done + AT_ONCE]
    comparison = compare(session, some, entry.id)
    bookkeeping.write_down(session, comparison, entry)
    entry.added += len(comparison.added)
    entry.updated += len(comparison.changed)
    entry.unchanged += comparison.unchanged
    entry.done += len(some)
    session.flush()


def at_once(
    session: Session,
    found: Contents,
    file_name: str,
    *,
    basis: str,
    options: Mapping[str, Any] | None = None,
    by: Actor,
    now: datetime,
) -> Import:
    """All of it in this unit of work: for a small file, which then is taken whole or not at all."""
    entry = importing.start(session, found, file_name, basis=basis, options=options, by=by, now=now)
    while not is_through(entry):
        go_on(session, entry, found)
    finish(session, entry, now=now)
    return entry


def is_through(entry: Import) -> bool:
    return entry.done >= entry.total


def finish(session: Session, entry: Import, *, now: datetime) -> None:
    entry.state, entry.finished_at, entry.worker_id = DONE, now, None
    audit.write(session, "import.done", by=asker(entry), now=now, subject_id=entry.id, after=_summary(entry))
    session.flush()


def fail(session: Session, entry: Import, sentence: str, *, now: datetime) -> None:
    """It can't go on. What was taken so far stays, and can be taken back."""
    entry.state, entry.error, entry.finished_at, entry.worker_id = FAILED, sentence, now, None
    after = {**_summary(entry), "why": sentence}
    audit.write(session, "import.failed", by=asker(entry), now=now, subject_id=entry.id, after=after)
    session.flush()


def asker(entry: Import) -> Actor:
    """Whoever started it; what runs later is still their act."""
    asked = entry.asked_by
    role = Role(asked.get("role", Role.CLOCK))
    return Actor(
        entry.by_user_id,
        asked.get("name", "Handbill"),
        role,
        asked.get("via", "clock"),
        False,
        asked.get("address", ""),
    )


def _summary(entry: Import) -> dict[str, Any]:
    return {
        "file": entry.file_name,
        "basis": entry.basis,
        "added": entry.added,
        "updated": entry.updated,
        "unchanged": entry.unchanged,
        "rejected": entry.refused,
    }
