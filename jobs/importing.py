"""Bringing a file in and taking it back: small ones at once, large ones by a worker, some at a time.

Between two units of work everybody else has their turn. What a unit wrote and how far it came are one commit, so whoever
goes on after a crash begins exactly there.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from data.database import now, reading, unit
from data.spool import spool
from data.stock import take_stock
from domain.book import contents, importing, imports, refused_rows, taking, turns, undoing
from domain.book.columns import CUSTOMERS
from domain.book.contents import Contents
from domain.book.imports import UNDOING, Import
from domain.book.traces import GONE
from domain.ledger.recipients import written_to
from domain.refusal import Refusal
from domain.shop.people import Actor
from jobs.pace import Pace
from jobs.queue import queue

log = logging.getLogger(__name__)

BREATH: Final = 0.004  # seconds between two units: enough for whoever waits for the database to be next
AT_MOST: Final = 5  # times as much as a small file holds, in one unit of a fast machine
FILE_GONE: Final = "The file is no longer there, so the rest of it could not be read. Bring it in once more."
OTHER_FILE: Final = (
    "The file reads differently than before, so the rest of it was left alone. Bring it in once more."
)
FAULT: Final = (
    "Something went wrong on our side, and the rest of the file was left alone. What was taken is safe."
)

Step = Callable[[Session, Import, int], bool]

_at_hand: dict[int, Contents] = {}  # read by this process already: a file is not read twice without need


def begin(
    raw: bytes,
    file_name: str,
    *,
    kind: str = CUSTOMERS,
    mapping: Mapping[str, str | None] | None = None,
    encoding: str | None = None,
    options: Mapping[str, Any] | None = None,
    basis: str,
    by: Actor,
) -> Import:
    """Done when it returns if the file is small; otherwise running: see `wait`."""
    moment = now()
    with reading() as session:
        found = importing.open_file(
            session, raw, kind=kind, mapping=mapping, encoding=encoding, options=options, by=by, now=moment
        )
    meant = {**(options or {}), "encoding": encoding, "refused_file": _keep_refused(found)}
    if len(found.items) > taking.AT_ONCE:
        meant["file"] = spool().keep(raw)
    with unit() as session:
        take = importing.start if "file" in meant else taking.at_once
        entry = take(session, found, file_name, basis=basis, options=meant, by=by, now=moment)
        if not entry.is_open:
            _keep_more_refused(entry, found)
    if entry.is_open:
        _at_hand.clear()
        _at_hand[entry.id] = found
        queue().wake_for_import(entry.id)
    return entry


def take_back(import_id: int, by: Actor) -> Import:
    """As `begin`: what is small is over when it returns."""
    moment = now()
    with unit() as session:
        entry = undoing.begin(session, import_id, by=by, now=moment)
        if entry.total <= undoing.AT_ONCE:
            while not undoing.is_over(entry):
                undoing.go_on(session, entry, written_to, now=moment)
            undoing.finish(session, entry, now=moment)
    if entry.is_open:
        queue().wake_for_import(import_id)
    return entry


def wait(import_id: int, by: Actor, seconds: float) -> Import:
    """Until it is over, or until then."""
    end = time.monotonic() + seconds
    while True:
        with reading() as session:
            entry = imports.get(session, import_id, by=by)
        if not entry.is_open or time.monotonic() > end:
            return entry
        time.sleep(0.05)


def see_through(import_id: int, by: Actor) -> Import:
    """For a process that is no worker: until it is over, by its own hand where no worker takes it.

    Its number is no worker's, so any worker that looks takes the rest over; then this one only waits.
    """
    while (entry := wait(import_id, by, 0.5)).is_open:
        work(import_id, -os.getpid(), stopping=threading.Event())
    return entry


def work(import_id: int, worker_id: int, *, stopping: threading.Event) -> None:
    """Take this import as far as it goes, if it is nobody else's. Blocks; call it in a thread of its own."""
    with unit() as session:
        is_mine = turns.claim(session, import_id, worker_id)
    if not is_mine:
        return
    try:
        _go_on(import_id, worker_id, stopping)
    except OperationalError as problem:
        log.warning("Import %s waits for its database: %s", import_id, problem.orig)  # the clock looks again
    except Refusal as refusal:
        _fail(import_id, worker_id, refusal.sentence)
    except Exception:
        log.exception("Import %s broke", import_id)
        _fail(import_id, worker_id, FAULT)


def refused_file(entry: Import) -> bytes | None:
    """The rows that were not taken, to be corrected; None where there are none, or after thirty days."""
    return spool().read(str(entry.options.get("refused_file") or ""))


def tidy(session: Session) -> None:
    """Files that no import wants any more."""
    undoing.forget_old(session, now=now())
    spool().sweep(imports.wanted_files(session, now=now()))


def _keep_refused(found: Contents) -> str:
    return spool().keep(refused_rows.as_csv(found.table, found.rejected)) if found.rejected else ""


def _keep_more_refused(entry: Import, found: Contents) -> None:
    """Records of people whom nobody knows are refused only when they are taken."""
    if entry.refused > len(found.rejected):
        later = {(int(one["row"]), str(one["reason"])) for one in entry.rejected}
        forgotten = {row for row, reason in later if reason == GONE}
        rejected = sorted(one for one in {*found.rejected, *later} if one[0] not in forgotten)
        content = refused_rows.as_csv(found.table, rejected)
        entry.options = {**entry.options, "refused_file": spool().keep(content)}


def _go_on(import_id: int, worker_id: int, stopping: threading.Event) -> None:
    with reading() as session:
        entry = turns.mine(session, import_id, worker_id)
    if entry is None:
        return
    if entry.state == UNDOING:
        pace = Pace(undoing.AT_ONCE, AT_MOST * undoing.AT_ONCE)
        _in_turns(import_id, worker_id, stopping, pace, _undo_some)
        return
    found = _contents(entry)
    if found is None or len(found.items) != entry.total:
        _fail(import_id, worker_id, FILE_GONE if found is None else OTHER_FILE)
        return
    pace = Pace(taking.AT_ONCE, AT_MOST * taking.AT_ONCE)
    take = partial(_take_some, found)
    _in_turns(import_id, worker_id, stopping, pace, take)


def _in_turns(import_id: int, worker_id: int, stopping: threading.Event, pace: Pace, step: Step) -> None:
    """`step` takes so many, and says whether there is more to do."""
    more = True
    while more and not stopping.is_set():
        with unit() as session:
            pace.start()
            entry = turns.mine(session, import_id, worker_id)
            more = entry is not None and step(session, entry, pace.size)
        pace.stop()
        time.sleep(BREATH)
    if not more and entry is not None:
        spool().drop(str(entry.options.get("file") or ""))
        with unit() as session:
            take_stock(session)


def _take_some(found: Contents, session: Session, entry: Import, size: int) -> bool:
    with contents.no_search_for_rings():
        taking.go_on(session, entry, found, size)
    if taking.is_through(entry):
        taking.finish(session, entry, now=now())
        _keep_more_refused(entry, found)
    return entry.is_open


def _undo_some(session: Session, entry: Import, size: int) -> bool:
    undoing.go_on(session, entry, written_to, size, now=now())
    if undoing.is_over(entry):
        undoing.finish(session, entry, now=now())
    return entry.is_open


def _contents(entry: Import) -> Contents | None:
    """Read as at the start. None where the file is gone."""
    if (found := _at_hand.pop(entry.id, None)) is not None:
        return found
    raw = spool().read(str(entry.options.get("file") or ""))
    if raw is None:
        return None
    with reading() as session:
        return contents.read(
            session,
            raw,
            kind=entry.kind,
            mapping=entry.mapping,
            encoding=entry.options.get("encoding"),
            options=entry.options,
            country=entry.options.get("country"),
            now=entry.created_at,
        )


def _fail(import_id: int, worker_id: int, sentence: str) -> None:
    with unit() as session:
        entry = turns.mine(session, import_id, worker_id)
        if entry is not None:
            taking.fail(session, entry, sentence, now=now())
    if entry is not None:
        spool().drop(str(entry.options.get("file") or ""))
