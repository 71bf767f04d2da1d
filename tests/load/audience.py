"""What counting, explaining and enlisting take: questions for `tests.load.growth`, which asks them of shops of several sizes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import insert, literal, select, text
from sqlalchemy.orm import Session

from data.base import Instant
from data.database import reading, unit
from domain.audience import audience, segments
from domain.audience.audience import Audience
from domain.audience.reach import EMAIL_REACH
from domain.book.customers import Customer
from domain.book.message_types import MessageType
from domain.ledger.deliveries import Delivery
from domain.sending.dispatches import Dispatch, DispatchState
from domain.shop import shop as shops
from tests.load.big_book import NOW

LEDGER = [
    "dispatch_id", "customer_id", "address_key", "state", "attempts", "tries", "next_at", "handed_at", "settled_at",
]  # fmt: skip
ALL: dict[str, Any] = {"type": "all"}
TWO_TAGS: dict[str, Any] = {"type": "tags", "tags": ["gold", "watches"]}
TWIN, SOMEBODY = 40, 1217
BUYERS = {"who bought nothing": 1217, "who bought": 1219}


def ruled(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rule", "rule": {"all": list(conditions)}}


OWN_FIELD = ruled(
    {"field": "attrs.ring", "op": "gte", "value": 58},
    {"field": "created_at", "op": "within_days", "value": 900},
)
BOUGHT = ruled({"record": {"kind": "order", "started_within": {"months": 12}}})
WORKSHOP = ruled({"record": {"kind": "workshop", "state": "upcoming", "staff": "staff1"}})
TOP = {"top_spend": {"percent": 10, "within_months": 24}}
AUDIENCES: dict[str, dict[str, Any]] = {
    "everyone I may email": ALL,
    "tags (two)": TWO_TAGS,
    "by hand (1,000)": {"type": "manual", "customerIds": list(range(1, 1001))},
    "a status": {"type": "status", "statuses": ["vip"]},
    "own field and range": OWN_FIELD,
    "status and range": ruled(
        {"field": "status", "op": "eq", "value": "vip"},
        {"field": "created_at", "op": "within_days", "value": 900},
    ),
    "bought in 12 months": BOUGHT,
    "workshop coming up, by staff": WORKSHOP,
    "top 10 % by spend": ruled(TOP),
    "all but the top 10 %": ruled({"not": TOP}),
}
SEGMENTS = {"may_email": "segment: may email", "inactive_90": "segment: inactive", "birthday_14": "segment: birthday soon"}  # fmt: skip


def questions() -> dict[str, Callable[[], object]]:
    """By what is asked. The shop must be open."""
    asked = AUDIENCES | {name: segment(key) for key, name in SEGMENTS.items()}
    found: dict[str, Callable[[], object]] = {
        f"count {name}": partial(count, given) for name, given in asked.items()
    }
    for name in ("everyone I may email", "tags (two)", "bought in 12 months"):
        found[f"first names of {name}"] = partial(names, asked[name])
        found[f"why, {name}"] = partial(why, asked[name], SOMEBODY)
    found |= {f"why, top 10 %, {name}": partial(why, ruled(TOP), one) for name, one in BUYERS.items()}
    return found | {"why, of a family": partial(why, ALL, TWIN), "enlist everyone": enlist}


def questions_of_a_limit() -> dict[str, Callable[[], object]]:
    """Two launches of this week went to everybody: with them three messages a week are out of reach, and two are reached."""
    with unit() as session:
        write_launches(session)
    return {f"count everyone, {messages} a week": partial(with_limit, messages) for messages in (3, 2)}


def with_limit(messages: int) -> None:
    with unit() as session:
        shop = shops.kept(session)
        shop.cap_messages, shop.cap_days = messages, 7
    count(ALL)


def segment(key: str) -> dict[str, Any]:
    with reading() as session:
        mine = select(segments.Segment.id).where(segments.Segment.key == key)
        return {"type": "segment", "segmentId": session.scalar(mine)}


def count(given: dict[str, Any]) -> None:
    with reading() as session:
        audience.count(session, Audience.parse(given), EMAIL_REACH, MessageType.MARKETING, now=NOW)


def names(given: dict[str, Any]) -> None:
    with reading() as session:
        audience.first_names(session, Audience.parse(given), EMAIL_REACH, MessageType.MARKETING, now=NOW)


def why(given: dict[str, Any], customer_id: int) -> None:
    asked = EMAIL_REACH, MessageType.MARKETING, customer_id
    with reading() as session:
        audience.explain(session, Audience.parse(given), *asked, now=NOW)


def enlist() -> None:
    """Nothing of it is kept."""
    with reading() as session:
        session.connection(execution_options={"writes": True})
        session.execute(text("PRAGMA defer_foreign_keys=ON"))  # the dispatch itself is not what is measured
        audience.enlist(session, 9, Audience(), EMAIL_REACH, MessageType.MARKETING, now=NOW, next_at=NOW)
        session.rollback()


def write_launches(session: Session) -> None:
    """Two launches of this week that went to everybody."""
    for number in (1, 2):
        at = NOW - timedelta(days=number)
        session.add(launch(number, at))
        session.flush()
        who = select(literal(number), Customer.id, Customer.phone, literal("sent"), literal(1), literal(0))
        when = literal(at, Instant)
        rows = who.add_columns(when, when, when)
        session.execute(insert(Delivery).from_select(LEDGER, rows, include_defaults=False))


def launch(number: int, at: datetime) -> Dispatch:
    return Dispatch(
        id=number, name="Launch", channel="email", message_type=MessageType.MARKETING, state=DispatchState.SENT,
        from_name="Shop", from_email="shop@load.example", subject="Hello", content_hash="0", audience={"type": "all"},
        audience_label="Everyone", practice=True, created_at=at, starts_at=at, finished_at=at,
    )  # fmt: skip
