"""How long the report of a large send takes: `python -m tests.load.report [recipients ...]`. Median and processor time.

Nine in ten were delivered, a tenth of the rest came back, four in ten opened, one in ten clicked, and machines were there
too. Each question is asked anew each time, as the page asks it.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from data.config import Config, use_config
from data.database import close_database, now, reading, unit
from data.secrets import use_keys
from domain.ledger import deliveries
from domain.results import figures
from domain.results.recipients import Figure
from domain.sending import dispatches
from tests.load.big_book import fill
from ui.parts import deliveries_table, engaged_card, send_report, send_rows

SIZES: Final = (10_000, 100_000)
ROUNDS: Final = 7
BEGAN: Final = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
SEND: Final = """INSERT INTO dispatches (id, run_no, name, channel, message_type, state, outcome, error, from_name, from_email,
    reply_to, subject, preheader, html_body, text_body, shop_name, postal_address, content_hash, audience, audience_label,
    only_remaining, recipients, practice, measured, held_for, held_by, created_by_name, created_at, late_reason, starts_at,
    started_at, finished_at)
    VALUES (1, 1, 'Large', 'email', 'marketing', 'sent', 'complete', '', '', 'us@shop.example', '', 'Large', '', '', '', '', '',
    '', '{}', 'Everyone', 0, :many, 0, 1, '', '', 'Olive', :at, '', :at, :at, :at)"""
ROWS: Final = """INSERT INTO deliveries (dispatch_id, customer_id, address_key, state, reason, attempts, tries, next_at,
    settled_at, heard, heard_at, heard_reason)
    SELECT 1, id, 'p' || id || '@inbox.example', CASE WHEN id % 50 = 0 THEN 'failed' WHEN id % 20 = 1 THEN 'skipped'
    ELSE 'sent' END, CASE WHEN id % 50 = 0 THEN 'refused' END, 1, 0, :at, :at,
    CASE WHEN id % 50 = 0 OR id % 20 = 1 THEN NULL WHEN id % 10 < 9 THEN 'delivered' WHEN id % 100 = 9 THEN 'bounced' END, :at,
    CASE WHEN id % 100 = 9 THEN 'mailbox_full' END FROM customers LIMIT :many"""
HITS: Final = """INSERT INTO events (delivery_id, kind, at, who, rule, link, agent, device)
    SELECT id, :kind, datetime(:at, '+' || (id % 1000) || ' minutes') || '.000000', :who, '', :link, '', :device
    FROM deliveries WHERE heard = 'delivered' AND id % :part < :most"""
DID: Final = (
    ("opened", "human", None, "phone", 10, 3), ("opened", "human", None, "computer", 10, 1), ("opened", "machine", None, "", 7, 2),
    ("clicked", "human", 0, "phone", 10, 1), ("clicked", "machine", 1, "", 20, 1),
)  # fmt: skip


def main(sizes: Sequence[int]) -> None:
    print(f"load average {os.getloadavg()[0]:.1f}")
    print(f"{'':<44}" + "".join(f"{size:>22,}" for size in sizes))
    columns = [_measured(size) for size in sizes]
    for name in columns[0]:
        print(
            f"{name:<44}"
            + "".join(f"{wall:9.0f} ms, cpu {cpu:5.0f}" for wall, cpu in (one[name] for one in columns))
        )


def _measured(size: int) -> dict[str, tuple[float, float]]:
    with tempfile.TemporaryDirectory() as folder:
        use_config(Config(data=Path(folder)))
        use_keys(b"load" * 8)
        fill(Path(folder) / "handbill.db", size)
        try:
            with unit() as session:
                _send(session, size)
            return {name: _took(ask) for name, ask in QUESTIONS.items()}
        finally:
            close_database()


def _send(session: Session, size: int) -> None:
    at = f"{BEGAN:%Y-%m-%d %H:%M:%S}.000000"
    session.execute(text(SEND), {"many": size, "at": at})
    session.execute(text(ROWS), {"many": size, "at": at})
    for place in (0, 1):
        target = {"place": place, "url": f"https://shop.example/{place}"}
        session.execute(text("INSERT INTO targets VALUES (1, :place, :url, 'A link')"), target)
    for kind, who, link, device, part, most in DID:
        facts = {
            "kind": kind,
            "who": who,
            "link": link,
            "device": device,
            "part": part,
            "most": most,
            "at": at,
        }
        session.execute(text(HITS), facts)


def _took(ask: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds: on the clock, and of the processor."""
    walls, cpus = [], []
    for _ in range(ROUNDS):
        began, busy = time.monotonic(), time.process_time()
        ask()
        walls.append((time.monotonic() - began) * 1000)
        cpus.append((time.process_time() - busy) * 1000)
    return statistics.median(walls), statistics.median(cpus)


def _figures() -> object:
    with reading() as session:
        return figures.of_dispatch(session, dispatches.get(session, 1), now=now())


def _books() -> object:
    with reading() as session:
        return deliveries.books(session, 1)


def _table(term: str = "all", search: str = "") -> Any:
    return deliveries_table._found(1, term, search, 0, True)


def _page() -> None:
    """All that the page fetches until it is whole."""
    send_report.look_at(1)
    _table()
    engaged_card._engaged(1)


QUESTIONS: Final[dict[str, Callable[[], object]]] = {
    "the whole report": _page,
    "  the head: notes, cards, equation": lambda: send_report.look_at(1),
    "    the books alone": _books,
    "    the figures alone": _figures,
    "  the first page of recipients": _table,
    "  opens by the hour, links, devices": lambda: engaged_card._engaged(1),
    "recipients: those who opened": lambda: _table(Figure.OPENED),
    "recipients: no report yet": lambda: _table(Figure.PENDING),
    "recipients: a search": lambda: _table(search="anna"),
    "the list of sends": lambda: send_rows.look("any", "any", 1),
}

if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or SIZES)
