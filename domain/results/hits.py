"""Looks at the picture and presses of links, written into the books: several in one unit of work, each as one row.

Nothing is kept of whoever does not want to be measured; their links lead where they should all the same.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Integer, String, and_, func, insert, select, update
from sqlalchemy.orm import Session, aliased

from data.base import Instant
from data.prepared import Prepared, among, moment, plain, slot
from domain.book import measuring
from domain.ledger import second_tries, targets
from domain.ledger.deliveries import IN_FLIGHT, Delivery
from domain.ledger.engagement import Engagement
from domain.ledger.events import CLICKED, LONGEST_AGENT, OPENED, Event
from domain.results import humans
from domain.results.humans import Hit, Rule, Who
from domain.sending.dispatches import Dispatch

MOST: Final = 100_000  # hits of one message that are kept; whoever asks more often only fills the disk
BEFORE: Final = 20  # earlier hits of each kind that are judged once more beside the new ones
JUDGED: Final = [str(rule) for rule in Rule if rule not in (Rule.TOLD, Rule.TOLD_MACHINE)]


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody asked for the picture of a message (`place` is None), or for where one of its links leads."""

    delivery_id: int
    place: int | None
    at: datetime
    agent: str = ""
    is_prefetch: bool = False


@dataclass(frozen=True, slots=True)
class _Known:
    """A message, as far as it matters here."""

    dispatch_id: int
    customer_id: int | None
    sent_at: datetime | None
    in_doubt: bool
    is_practice: bool
    hits: int  # that are kept already


def take(session: Session, looks: Sequence[Look], *, now: datetime) -> list[str | None]:
    """For each where it leads: an address, empty for the picture, None for a link that is none of ours."""
    known = _known(session, {one.delivery_id for one in looks})
    answers = _answers(session, looks, known)
    refusing = measuring.refusing(
        session, sorted({one.customer_id for one in known.values() if one.customer_id})
    )
    kept = [
        one
        for one, answer in zip(looks, answers, strict=True)
        if answer is not None
        and (row := known.get(one.delivery_id))
        and row.customer_id not in refusing
        and row.hits < MOST
    ]
    _write(session, kept, known)
    for number in sorted({one.delivery_id for one in kept if known[one.delivery_id].in_doubt}):
        second_tries.prove_arrival(session, number, now=now)
    return answers


def where(session: Session, delivery_id: int, place: int) -> str | None:
    """Where a link leads, when nothing is to be kept."""
    look = Look(delivery_id, place, datetime.min.replace(tzinfo=UTC))
    return _answers(session, [look], _known(session, {delivery_id}))[0]


def _known(session: Session, numbers: set[int]) -> dict[int, _Known]:
    found: Sequence[Any] = _finding().run(session, ids=json.dumps(sorted(numbers))).fetchall()
    return {
        number: _Known(dispatch, customer, moment(sent_at), state in IN_FLIGHT, bool(practice), hits or 0)
        for number, dispatch, customer, sent_at, state, practice, hits in found
    }


def _answers(session: Session, looks: Sequence[Look], known: dict[int, _Known]) -> list[str | None]:
    pairs = {
        one: (row.dispatch_id, one.place)
        for one in looks
        if one.place is not None and (row := known.get(one.delivery_id))
    }
    leads = targets.urls(session, list(set(pairs.values()))) if pairs else {}
    return ["" if one.place is None else leads.get(pairs[one]) if one in pairs else None for one in looks]


def _write(session: Session, looks: Sequence[Look], known: dict[int, _Known]) -> None:
    """The new ones with their verdicts, and what an earlier one turns out to be."""
    earlier = _earlier(session, looks)
    fresh: dict[int, list[Look]] = {}
    for one in looks:
        fresh.setdefault(one.delivery_id, []).append(one)
    rows, changes = [], []
    for number, mine in fresh.items():
        before = earlier.get(number, [])
        row = known[number]
        hits = [*(_again(event, row) for event in before), *(_hit(one, row) for one in mine)]
        verdicts = humans.judged(hits)
        for event, verdict in zip(before, verdicts, strict=False):
            if verdict.who is Who.MACHINE and event.who != Who.MACHINE:  # what was one stays one
                changes.append({"row": event.id, "who": str(verdict.who), "rule": str(verdict.rule)})
        for hit, verdict in zip(hits[len(before) :], verdicts[len(before) :], strict=True):
            rows.append(_row(number, hit, verdict))
    if rows:
        _adding().run_each(session, rows)
    if changes:
        _judging().run_each(session, changes)


def _hit(look: Look, row: _Known) -> Hit:
    kind = OPENED if look.place is None else CLICKED
    agent = look.agent[:LONGEST_AGENT]
    return Hit(kind, look.at, row.sent_at, agent, look.place, look.is_prefetch, row.is_practice)


def _again(event: "_Earlier", row: _Known) -> Hit:
    is_prefetch, is_practice = event.rule == Rule.PREFETCH, event.rule == Rule.PRACTICE
    return Hit(event.kind, event.at, row.sent_at, event.agent, event.link, is_prefetch, is_practice)


def _row(delivery_id: int, hit: Hit, verdict: humans.Verdict) -> dict[str, Any]:
    return {
        "delivery": delivery_id,
        "kind": hit.kind,
        "at": plain(hit.at),
        "who": str(verdict.who),
        "rule": str(verdict.rule),
        "link": hit.link,
        "agent": hit.agent,
        "device": humans.device(hit.agent),
    }


@dataclass(frozen=True, slots=True)
class _Earlier:
    id: int
    kind: str
    at: datetime
    who: str
    rule: str
    link: int | None
    agent: str


def _earlier(session: Session, looks: Sequence[Look]) -> dict[int, list[_Earlier]]:
    """The newest few of each message that were judged here, not long ago."""
    if not looks:
        return {}
    found: dict[int, list[_Earlier]] = {}
    ids = json.dumps(sorted({one.delivery_id for one in looks}))
    since = min(one.at for one in looks) - humans.TOGETHER
    rows: Sequence[Any] = _looking_back().run(session, ids=ids, since=plain(since)).fetchall()
    for delivery, number, kind, at, who, rule, link, agent in rows:
        when = moment(at)
        assert when is not None
        found.setdefault(delivery, []).append(_Earlier(number, kind, when, who, rule, link, agent))
    return found


@cache
def _finding() -> Prepared:
    of_it = and_(Engagement.dispatch_id == Delivery.dispatch_id, Engagement.delivery_id == Delivery.id)
    hits = sum(
        (Engagement.machine_opens, Engagement.unsure_opens, Engagement.clicks, Engagement.machine_clicks, Engagement.unsure_clicks),
        Engagement.opens,
    )  # fmt: skip
    return Prepared(
        select(
            Delivery.id,
            Delivery.dispatch_id,
            Delivery.customer_id,
            func.coalesce(Delivery.handed_at, Delivery.settled_at, type_=Instant),
            Delivery.state,
            Dispatch.practice,
            hits,
        )
        .join(Dispatch, Dispatch.id == Delivery.dispatch_id)
        .outerjoin(Engagement, of_it)
        .where(among(Delivery.id, "ids"))
    )


@cache
def _looking_back() -> Prepared:
    """Each kind by itself: only then does the index give the newest first."""
    wanted = func.json_each(slot("ids", String)).table_valued("value", name="wanted")
    newest = []
    for kind in (OPENED, CLICKED):
        one = aliased(Event, name=kind)
        mine = (one.delivery_id == wanted.c.value) & (one.kind == kind)
        newest.append(select(one.id).where(mine).order_by(one.id.desc()).limit(BEFORE).correlate(wanted))
    columns = Event.id, Event.kind, Event.at, Event.who, Event.rule, Event.link, Event.agent
    those = Event.id.in_(newest[0]) | Event.id.in_(newest[1])
    found = select(wanted.c.value, *columns).select_from(wanted).join(Event, those)
    lately = Event.at >= slot("since", String)
    return Prepared(found.where(Event.rule.in_(JUDGED), lately).order_by(Event.id))


@cache
def _adding() -> Prepared:
    given = {"delivery_id": "delivery", "link": "link"}
    words = ("kind", "at", "who", "rule", "agent", "device")
    return Prepared(
        insert(Event).values(
            {name: slot(key, Integer) for name, key in given.items()}
            | {name: slot(name, String) for name in words}
        )
    )


@cache
def _judging() -> Prepared:
    verdict = {"who": slot("who", String), "rule": slot("rule", String)}
    return Prepared(update(Event).where(Event.id == slot("row", Integer)).values(verdict))
