"""The state of a send as a text to show to strangers: figures, times and words of ours, and nothing that anybody typed.

No name, no address, no word of the message, no word of a server, which may repeat an address; of a mail server only
which well-known provider it is. Times are UTC.
"""

import platform
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.migrate import NEWEST
from domain.ledger import deliveries
from domain.ledger.deliveries import Delivery, State
from domain.sending import reports
from domain.sending.dispatches import Dispatch
from domain.sending.pauses import Pause
from domain.sending.reports import Report
from domain.sending.workers import Worker
from domain.shop import mail
from domain.shop.mail import MailSettings
from domain.shop.people import Actor, Right

Providers = Callable[[str], str]  # the well-known name of a mail server's company, or words for any other

TOLD: Final = (State.FAILED, State.SKIPPED, State.CANCELLED, State.UNKNOWN)


def diagnosis(
    session: Session, dispatch_id: int, *, version: str, providers: Providers, by: Actor, now: datetime
) -> str:
    by.require(Right.VIEW)
    report = reports.report(session, dispatch_id, now=now)
    parts = (
        _program(version, now),
        _send(report.dispatch),
        _times(report.dispatch),
        _books(report),
        _outcomes(session, dispatch_id),
        _standstill(report.pauses),
        _accounts(session, providers, now),
        _workers(session, now),
    )
    return "\n".join(line for part in parts for line in part) + "\n"


def _program(version: str, now: datetime) -> Iterator[str]:
    yield f"Handbill {version}, database {NEWEST}, {_at(now)}"
    yield f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.system()}"


def _send(dispatch: Dispatch) -> Iterator[str]:
    yield ""
    yield f"Send {dispatch.id}: {dispatch.channel}, {dispatch.message_type}, {dispatch.state}"
    yield _pairs(
        ("outcome", dispatch.outcome or "none yet"),
        (
            "launch",
            "one-shot"
            if dispatch.campaign_id is None
            else f"run {dispatch.run_no} of a campaign, {dispatch.part}",
        ),
        ("audience", _sort_of(dispatch)),
        ("only the remaining", _yes(dispatch.only_remaining)),
        ("practice", _yes(dispatch.practice)),
        ("held for", dispatch.held_for or "nothing"),
        ("an error is noted", _yes(bool(dispatch.error))),
        ("content removed", _yes(dispatch.purged_at is not None)),
    )
    yield _pairs(
        ("HTML", f"{len(dispatch.html_body):,} characters"), ("text", f"{len(dispatch.text_body):,}")
    )


def _times(dispatch: Dispatch) -> Iterator[str]:
    moments = (
        ("pressed", dispatch.created_at), ("due", dispatch.due_at), ("undo until", dispatch.starts_at),
        ("began", dispatch.started_at), ("held until", dispatch.held_until), ("finished", dispatch.finished_at),
    )  # fmt: skip
    for name, moment in moments:
        if moment is not None:
            yield f"  {name}: {_at(moment)}"
    if dispatch.late_reason:
        yield "  it began late, and the reason is noted"


def _books(report: Report) -> Iterator[str]:
    books = report.books
    yield ""
    yield (
        f"Books: {books.recipients} = {books.queued} queued + {books.sent} sent + {books.failed} failed + "
        f"{books.skipped} skipped + {books.cancelled} cancelled + {books.not_sure} not sure"
    )
    if report.put_off:
        yield f"  put off: {report.put_off}, next try {_at(report.next_try) if report.next_try else 'unknown'}"
    if report.drift:
        yield f"  against the button: {report.drift:+}"
    if report.left_out_on_the_way:
        yield f"  left out on the way: {report.left_out_on_the_way}"


def _outcomes(session: Session, dispatch_id: int) -> Iterator[str]:
    for state in TOLD:
        if reasons := deliveries.reasons(session, dispatch_id, state):
            yield f"  {state}: {_counted(reasons.items())}"
    for name, column in (
        ("reply codes", Delivery.code),
        ("heard", Delivery.heard),
        ("attempts", Delivery.attempts),
    ):
        rows = session.execute(
            select(column, func.count())
            .where(Delivery.dispatch_id == dispatch_id, column.is_not(None))
            .group_by(column)
            .order_by(column)
        )
        if told := _counted((str(row[0]), row[1]) for row in rows):
            yield f"  {name}: {told}"


def _standstill(pauses: Iterable[Pause]) -> Iterator[str]:
    for pause in pauses:
        until = _at(pause.until) if pause.until else "now"
        times = f", {pause.times} times" if pause.times > 1 else ""
        yield f"  stood still: {_at(pause.since)} to {until}, {pause.why or 'a person'}{times}"


def _accounts(session: Session, providers: Providers, now: datetime) -> Iterator[str]:
    yield ""
    accounts = mail.every(session)
    if not accounts:
        yield "Mail accounts: none, practice mode"
    for number, account in enumerate(accounts, 1):
        yield f"Mail account {number}: {_account(account, providers, now)}"


def _account(account: MailSettings, providers: Providers, now: datetime) -> str:
    limits = account.limits
    return ", ".join(
        [
            providers(account.host),
            f"port {account.port} {account.security}",
            f"most a second {limits.per_second or '–'}, an hour {limits.per_hour or '–'}, a day {limits.per_day or '–'}",
            "rests" if account.rests(now) else "works",
        ]
    )


def _workers(session: Session, now: datetime) -> Iterator[str]:
    beats = list(session.scalars(select(Worker.beat_at).where(Worker.gone_at.is_(None))))
    youngest = f", the last sign of life {(now - max(beats)).total_seconds():.0f} s ago" if beats else ""
    yield f"Workers: {len(beats)}{youngest}"


def _sort_of(dispatch: Dispatch) -> str:
    """The kind of list, such as a segment, and not which."""
    gone = dispatch.purged_at is not None
    return "removed" if gone else str(dispatch.audience.get("type", "unknown"))


def _pairs(*pairs: tuple[str, object]) -> str:
    return "  " + ", ".join(f"{name}: {value}" for name, value in pairs)


def _counted(pairs: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name or 'no reason'} {count}" for name, count in pairs)


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
