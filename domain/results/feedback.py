"""What came back, written into the books: once each, and in any order with the same end (F11).

complaint > bounce for good > delivered > came back for now, delayed > taken by the provider. Opens and clicks are facts
beside that. The equation of a send does not move: all this divides those who were sent.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Integer, String, insert, select, text, update
from sqlalchemy.orm import Session

from data.prepared import Prepared, among, plain, slot
from domain.book import suppressions
from domain.ledger import hearing, second_tries
from domain.ledger.causes import Cause
from domain.ledger.deliveries import Heard
from domain.ledger.events import LONGEST_AGENT, Event
from domain.ledger.hearing import Word
from domain.results import consequences, humans, incoming
from domain.results.incoming import IncomingEvent
from domain.results.matching import WHATSAPP, Known, keys_of, match, place_of
from domain.results.post import News
from domain.results.report import Kind, Report
from domain.results.whatsapp import taking

HEARD = {
    Kind.ACCEPTED: Heard.ACCEPTED,
    Kind.DELAY: Heard.DELAYED,
    Kind.DELIVERY: Heard.DELIVERED,
    Kind.REFUSED: Heard.BOUNCED,
    Kind.COMPLAINT: Heard.COMPLAINED,
}
FACTS = {Kind.OPEN: "opened", Kind.CLICK: "clicked"}


class Taken(StrEnum):
    TAKEN = "taken"
    REPEAT = "repeat"  # known already: nothing to do, and nothing wrong
    FORGED = "forged"  # its token came with another post before


@dataclass(frozen=True, slots=True)
class Fact:
    """One report, with its message where it is one of ours."""

    report: Report
    known: Known | None
    at: datetime

    @property
    def address(self) -> str:
        """As the book compares addresses; empty where nobody is named."""
        keys, known = keys_of(self.report), self.known.address if self.known else None
        return known if known in keys and known else keys[0] if keys else known or self.report.person


def take(session: Session, posts: Sequence[News], *, now: datetime) -> list[Taken]:
    """Several posts in one unit of work."""
    answers = [_admitted(session, one, now) for one in posts]
    reports = [
        report
        for one, answer in zip(posts, answers, strict=True)
        if answer is Taken.TAKEN
        for report in one.reports
    ]
    apply(session, reports, now=now)
    return answers


def apply(session: Session, reports: Sequence[Report], *, now: datetime) -> int:
    """How many of them were news."""
    session.flush()  # what follows asks past the session
    news = incoming.fresh(session, reports)
    if not news:
        return 0
    found = match(session, news, now=now)
    facts = [Fact(one, known, _moment(one, now)) for one, known in zip(news, found, strict=True)]
    late = _left_behind(session, facts)
    incoming.keep(session, [_row(fact, now) for fact in facts])
    _write_into_ledger(session, [*facts, *late], now)
    every = [*facts, *late]
    consequences.draw(session, [one for one in every if one.report.channel != WHATSAPP], now=now)
    taking.draw(session, [one for one in every if one.report.channel == WHATSAPP], now=now)
    return len(news)


def _admitted(session: Session, post: News, now: datetime) -> Taken:
    if post.token is None:
        return Taken.TAKEN
    is_new = incoming.use(session, post.provider, post.token, now=now)
    return Taken.TAKEN if is_new else Taken.REPEAT if is_new is None else Taken.FORGED


def _moment(report: Report, now: datetime) -> datetime:
    """A clock that goes fast elsewhere must not put anything into our future."""
    return min(report.at or now, now)


def _left_behind(session: Session, facts: Sequence[Fact]) -> list[Fact]:
    """Reports that came too early to be known: now another one about the same message tells whose it is."""
    known = {
        place_of(one.report, one.known.address): one.known
        for one in facts
        if one.known and one.report.message_id
    }
    found = []
    for provider in {provider for provider, _, _ in known}:
        named = sorted({number for of, number, _ in known if of == provider})
        waiting = _waiting().run(session, provider=provider, ids=json.dumps(named)).fetchall()
        for (number,) in waiting:
            row = session.get_one(IncomingEvent, number)
            report = _again(row)
            theirs = known.get(place_of(report, (keys_of(report) or ("",))[0]))
            if theirs is not None:
                found.append(Fact(report, theirs, row.at))
                session.execute(_claimed(row.id, theirs.delivery_id))
    return found


@cache
def _waiting() -> Prepared:
    theirs = IncomingEvent.provider == slot("provider", String)
    unclaimed = IncomingEvent.delivery_id.is_(None), text("message_id <> ''")
    return Prepared(
        select(IncomingEvent.id).where(theirs, among(IncomingEvent.message_id, "ids"), *unclaimed)
    )


def _claimed(row: int, delivery_id: int) -> Any:
    claim = update(IncomingEvent).where(IncomingEvent.id == row).values(delivery_id=delivery_id)
    return claim.execution_options(synchronize_session=False)


def _again(row: IncomingEvent) -> Report:
    reason = Cause(row.reason) if row.reason in list(Cause) else None
    return Report(
        row.provider, row.kind, row.event_id, row.address, row.at, row.permanent, reason, diagnostic=row.diagnostic,
        message_id=row.message_id, channel=row.provider if row.provider == WHATSAPP else "email",
    )  # fmt: skip


def _write_into_ledger(session: Session, facts: Sequence[Fact], now: datetime) -> None:
    before = {one.known.delivery_id: one.known.word for one in facts if one.known and one.known.word}
    hearing.hear(session, [word for one in facts if (word := _word(one))], before)
    opened = [
        {
            "delivery": one.known.delivery_id,
            "kind": FACTS[one.report.kind],
            "at": one.at,
            **_who(one.report),
        }
        for one in facts
        if one.known and one.report.kind in FACTS
    ]
    if opened:
        _adding().run_each(session, [{**one, "at": plain(one["at"])} for one in opened])
    if any(one.known and one.known.in_doubt for one in facts):
        hearing.settle_proved(session, now=now)
        for number in {one.known.delivery_id for one in facts if one.known and one.known.in_doubt}:
            second_tries.prove_arrival(session, number, now=now)


@cache
def _adding() -> Prepared:
    words = {name: slot(name, String) for name in ("kind", "at", "who", "rule", "agent", "device")}
    return Prepared(insert(Event).values(words | {"delivery_id": slot("delivery", Integer)}))


def _word(fact: Fact) -> Word | None:
    report = fact.report
    heard = HEARD.get(report.kind)
    if report.kind is Kind.BOUNCE:
        heard = Heard.BOUNCED if report.permanent else Heard.RETURNED
    if heard is None or fact.known is None:
        return None
    reason = str(report.reason) if report.reason else None
    return Word(fact.known.delivery_id, heard, fact.at, reason, report.diagnostic)


def _who(report: Report) -> dict[str, str]:
    agent = report.agent[:LONGEST_AGENT]
    if report.channel == WHATSAPP:
        verdict = humans.RECEIPT
    else:
        verdict = humans.reported(FACTS[report.kind], agent, is_machine=bool(report.machine))
    said = {"who": str(verdict.who), "rule": str(verdict.rule)}
    return {**said, "agent": agent, "device": humans.device(agent)}


def _row(fact: Fact, now: datetime) -> dict[str, Any]:
    report, key = fact.report, (keys_of(fact.report) or (fact.report.person,))[0]
    return {
        "provider": report.provider,
        "event_id": report.event_id,
        "kind": report.kind,
        "permanent": report.permanent,
        "address": report.address,
        "address_hash": suppressions.fingerprint(key) if key else None,
        "reason": str(report.reason) if report.reason else None,
        "status": report.status[:16],
        "diagnostic": report.diagnostic,
        "message_id": report.message_id,
        "at": fact.at,
        "received_at": now,
        "delivery_id": fact.known.delivery_id if fact.known else None,
        "said": report.said[:80],
        "url": report.url,
        "agent": report.agent,
        "ip": report.ip,
        "excerpt": report.excerpt,
    }
