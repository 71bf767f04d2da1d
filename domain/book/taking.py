"""Taking an import some at a time: what is written down, how far it came and what stood there before, in one unit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from domain.book import agreeing, agreements, bookkeeping, importing, record_keeping
from domain.book.agreements import Basis, Weighed
from domain.book.columns import CUSTOMERS
from domain.book.comparing import Comparison, compare
from domain.book.contents import Contents
from domain.book.imports import DONE, FAILED, Import, asker
from domain.book.incoming_records import IncomingRecord
from domain.book.person_rows import Incoming
from domain.shop import audit, shop
from domain.shop.people import Actor

MOST_REASONS: Final = 20_000  # that are kept with the import
AT_ONCE: Final = 1_000  # people in one unit of work, where nobody says how many; a file of no more is small


def go_on(session: Session, entry: Import, found: Contents, most: int | None = None) -> None:
    """The next some. Inside a unit that writes; the import is the caller's."""
    some = found.items[entry.done : entry.done + (most or AT_ONCE)]
    take = _take_people if found.kind == CUSTOMERS else _take_records
    take(session, entry, some)
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


def _take_people(session: Session, entry: Import, some: list[Incoming]) -> None:
    comparison = compare(session, some, entry.id, entry.created_at)
    weighed, basis, zone = _weighed(session, entry, comparison)
    bookkeeping.write_down(session, comparison, entry)
    agreeing.write_down(session, weighed, entry, basis, zone)
    besides = weighed.of_old() - {change.customer_id for change in comparison.changed}
    agreeing.mark_changed(session, sorted(besides), entry.created_at)
    entry.added += len(comparison.added)
    entry.updated += len(comparison.changed) + len(besides)
    entry.unchanged += comparison.unchanged - len(besides & comparison.there.keys())


def _weighed(session: Session, entry: Import, comparison: Comparison) -> tuple[Weighed, Basis, str]:
    zone = shop.read(session).timezone
    basis = agreements.read_basis(entry.options, zone=zone, now=entry.created_at)
    first_new = bookkeeping.next_number(session)
    return agreements.weigh(session, comparison, basis, zone=zone, first_new=first_new), basis, zone


def _take_records(session: Session, entry: Import, some: list[IncomingRecord]) -> None:
    add_unknown = bool(entry.options.get("add_unknown"))
    records = record_keeping.compare(session, some, add_unknown=add_unknown, import_id=entry.id)
    record_keeping.write_down(session, records, entry)
    entry.added += len(records.added) + len(records.of_new)
    entry.updated += len(records.changed)
    entry.unchanged += records.unchanged
    if records.rejected:
        entry.refused += len(records.rejected)
        told = [{"row": row, "reason": reason} for row, reason in records.rejected]
        entry.rejected = [*entry.rejected, *told][:MOST_REASONS]


def _summary(entry: Import) -> dict[str, Any]:
    return {
        "file": entry.file_name,
        "basis": entry.basis,
        "added": entry.added,
        "updated": entry.updated,
        "unchanged": entry.unchanged,
        "rejected": entry.refused,
        **({"agreed": agreed} if (agreed := agreeing.told_of(entry).agreed) else {}),
    }
