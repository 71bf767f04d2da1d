"""An audience: who a message is for, as a frozen value, and the questions one asks about it.

All answers come from one statement, `judged`: everybody who matches, with the reason for each who gets nothing.
The screen's count and the launch can differ only because the book changed in between.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    and_,
    case,
    column,
    func,
    insert,
    literal,
    or_,
    select,
    table,
    true,
)
from sqlalchemy.orm import Session

from data.base import Instant
from domain.audience import dialect, rules, segments
from domain.audience.fields import words
from domain.audience.leaves import either, has_any_tag
from domain.audience.rules import Rule
from domain.book import statuses
from domain.book.consent import LeftOut, MessageType, Reach, why_left_out
from domain.book.customers import Customer, Tag
from domain.ledger.deliveries import REACHED, Delivery, State
from domain.refusal import Refusal

MOST_BY_HAND = 200_000
MOST_WORDS = 500
LARGEST_ID = 2**63 - 1
DISPATCHES: Final = table("dispatches", column("id"), column("campaign_id"))


class Who(StrEnum):
    ALL = "all"
    SEGMENT = "segment"
    TAGS = "tags"
    MANUAL = "manual"
    STATUS = "status"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Audience:
    kind: Who = Who.ALL
    segment_id: int | None = None
    tags: tuple[str, ...] = ()
    customer_ids: tuple[int, ...] = ()
    statuses: tuple[str, ...] = ()
    rule: Rule | None = None

    @staticmethod
    def parse(given: Any) -> "Audience":
        """Read the forms of the REST contract. Raises Refusal "bad_audience" or "bad_rule" by name."""
        if not isinstance(given, dict):
            raise _bad("An audience needs a type, such as all or tags.")
        kind = given.get("type")
        if kind == "dynamic":
            return Audience(Who.RULE, rule=rules.parse(dialect.tree_of(given.get("filter"))))
        if kind not in list(Who):
            raise _bad(f"There is no audience of the type \u201c{kind}\u201d. Known are: {', '.join(Who)}.")
        return _READ[Who(kind)](given)

    def as_json(self) -> dict[str, Any]:
        match self.kind:
            case Who.SEGMENT:
                return {"type": "segment", "segmentId": self.segment_id}
            case Who.TAGS:
                return {"type": "tags", "tags": list(self.tags)}
            case Who.MANUAL:
                return {"type": "manual", "customerIds": list(self.customer_ids)}
            case Who.STATUS:
                return {"type": "status", "statuses": list(self.statuses)}
            case Who.RULE:
                return {"type": "rule", "rule": (self.rule or rules.EVERYBODY).as_json()}
        return {"type": "all"}


@dataclass(frozen=True, slots=True)
class Count:
    matched: int
    reachable: int
    left_out: dict[str, int] = field(default_factory=dict)  # only the LeftOut words that occur
    channel: str = "email"

    def sentence(self) -> str:
        if not self.matched:
            return "Nobody matches"
        matched = "1 matches" if self.matched == 1 else f"{self.matched:,} match"
        return " \u00b7 ".join(
            [matched, *(self._said(word, number) for word, number in self.left_out.items())]
        )

    def _said(self, word: str, number: int) -> str:
        one, more = LEFT_OUT_WORDS[LeftOut(word)]
        address = "an email" if self.channel == "email" else "a phone number"
        return f"{number:,} {(one if number == 1 else more).format(address=address)}"


LEFT_OUT_WORDS: Final[dict[LeftOut, tuple[str, str]]] = {
    LeftOut.NO_ADDRESS: ("without {address}", "without {address}"),
    LeftOut.BAD_ADDRESS: ("with an address that does not work", "with addresses that do not work"),
    LeftOut.OPTED_OUT: ("opted out", "opted out"),
    LeftOut.SUPPRESSED: ("not to be written to", "not to be written to"),
    LeftOut.DUPLICATE: ("shares an address", "share an address"),
}


def count(
    session: Session,
    audience: Audience,
    reach: Reach,
    message_type: MessageType,
    *,
    now: datetime,
    not_reached_by: int | None = None,
) -> Count:
    """How many match, how many get it, and why the others do not. One statement."""
    found = judged(session, audience, reach, message_type, now=now, not_reached_by=not_reached_by)
    rows = session.execute(select(found.c.reason, func.count()).group_by(found.c.reason))
    by_reason = {reason: number for reason, number in rows}
    reachable = by_reason.pop(None, 0)
    left_out = {str(word): by_reason[word] for word in LEFT_OUT_WORDS if word in by_reason}
    return Count(reachable + sum(left_out.values()), reachable, left_out, reach.channel)


def enlist(
    session: Session,
    dispatch_id: int,
    audience: Audience,
    reach: Reach,
    message_type: MessageType,
    *,
    now: datetime,
    next_at: datetime,
    not_reached_by: int | None = None,
) -> int:
    """Write a delivery for everybody who matches, queued or skipped with the reason. Returns how many are queued."""
    found = judged(session, audience, reach, message_type, now=now, not_reached_by=not_reached_by)
    state = case((found.c.reason.is_(None), str(State.QUEUED)), else_=str(State.SKIPPED))
    rows = select(
        literal(dispatch_id),
        found.c.id,
        found.c.address,
        state,
        found.c.reason,
        literal(0),
        literal(next_at, Instant),
    ).order_by(found.c.id)
    columns = ["dispatch_id", "customer_id", "address_key", "state", "reason", "attempts", "next_at"]
    session.execute(insert(Delivery).from_select(columns, rows, include_defaults=False))
    queued = select(func.count()).where(Delivery.dispatch_id == dispatch_id, Delivery.state == State.QUEUED)
    return session.scalar(queued) or 0


def first_names(
    session: Session,
    audience: Audience,
    reach: Reach,
    message_type: MessageType,
    *,
    now: datetime,
    most: int = 3,
    not_reached_by: int | None = None,
) -> list[str]:
    """A few of those who get it, for "Ana, Ben and 340 others"."""
    found = judged(session, audience, reach, message_type, now=now, not_reached_by=not_reached_by)
    some = select(found.c.id).where(found.c.reason.is_(None)).order_by(found.c.id).limit(most)
    people = session.scalars(select(Customer).where(Customer.id.in_(some)).order_by(Customer.id))
    return [person.first_name or person.shown_name for person in people]


def matching(session: Session, audience: Audience, *, now: datetime) -> Select[int]:
    """Ids of the live customers it means, whether they may be written to or not."""
    return select(Customer.id).where(Customer.deleted_at.is_(None), condition(session, audience, now=now))


def describe(session: Session, audience: Audience) -> str:
    """In the words of the recipient picker; also for an audience whose segment or tag is gone."""
    match audience.kind:
        case Who.SEGMENT:
            name = segments.name_of(session, audience.segment_id or 0)
            return f"Segment: {name}" if name else "A segment that was deleted"
        case Who.TAGS:
            return f"Anyone tagged {either(audience.tags)}" if audience.tags else "No tag chosen yet"
        case Who.MANUAL:
            number = len(audience.customer_ids)
            return (
                f"{number:,} {'person' if number == 1 else 'people'} chosen by hand"
                if number
                else "Nobody chosen yet"
            )
        case Who.STATUS:
            label_of = {status.key: status.label for status in statuses.every(session)}
            labels = [label_of.get(key, key) for key in audience.statuses]
            return f"Everyone with the status {either(labels)}" if labels else "No status chosen yet"
        case Who.RULE:
            said = (audience.rule or rules.EVERYBODY).sentence(segments.names(session))
            return "Everyone" if said == "everyone" else f"Rule: {said}"
    return "Everyone"


def judged(
    session: Session,
    audience: Audience,
    reach: Reach,
    message_type: MessageType,
    *,
    now: datetime,
    not_reached_by: int | None = None,
) -> CTE:
    """Everybody who matches: `id`, `address` and `reason` (NULL: gets it; otherwise a LeftOut word).

    Of several people with one address the first in the book gets the message, if that person may be written to.
    """
    who = [Customer.deleted_at.is_(None), condition(session, audience, now=now)]
    if not_reached_by is not None:
        who.append(or_(reach.address.is_(None), reach.address.not_in(_reached_by(not_reached_by))))
    why = why_left_out(reach, message_type)
    twins = _twins(reach, and_(*who, why.is_(None)))
    is_twin = and_(twins.c.first.is_not(None), twins.c.first != Customer.id)
    reason = case((why.is_not(None), why), (is_twin, str(LeftOut.DUPLICATE)), else_=None)
    people = select(Customer.id, reach.address.label("address"), reason.label("reason"), twins.c.first)
    return people.outerjoin_from(Customer, twins, twins.c.address == reach.address).where(*who).cte("judged")


def condition(session: Session, audience: Audience, *, now: datetime) -> ColumnElement[bool]:
    """Who is meant, over `customers`. Raises Refusal "audience_gone" for a segment or tag that no longer exists."""
    match audience.kind:
        case Who.SEGMENT:
            return segments.condition(session, segments.rule_of(session, audience.segment_id or 0), now=now)
        case Who.TAGS:
            _require_tags(session, audience.tags)
            return has_any_tag(audience.tags)
        case Who.MANUAL:
            return Customer.id.in_(_listed(audience.customer_ids))
        case Who.STATUS:
            return Customer.status.in_(audience.statuses)
        case Who.RULE:
            return segments.condition(session, audience.rule or rules.EVERYBODY, now=now)
    return true()


def _twins(reach: Reach, gets_it: ColumnElement[bool]) -> CTE:
    """Addresses that several people would get the message at, with the first of them.

    Only addresses that stand twice in the book are looked at, by the index alone: a sort of the whole audience
    (row_number over each address) costs several times as much, and nearly every address is nobody else's.
    """
    shared = (
        select(reach.address)
        .where(reach.address.is_not(None))
        .group_by(reach.address)
        .having(func.count() > 1)
    )
    found: Select[Any] = select(reach.address.label("address"), func.min(Customer.id).label("first"))
    several = found.where(reach.address.in_(shared), gets_it).group_by(reach.address).having(func.count() > 1)
    return several.cte("twins")


def _reached_by(campaign_id: int) -> Select[str | None]:
    runs = select(DISPATCHES.c.id).where(DISPATCHES.c.campaign_id == campaign_id)
    got_it = Delivery.state.in_(REACHED), Delivery.address_key.is_not(None)
    return select(Delivery.address_key).where(Delivery.dispatch_id.in_(runs), *got_it)


def _require_tags(session: Session, tags: tuple[str, ...]) -> None:
    known = {name.casefold() for name in session.scalars(select(Tag.name).where(Tag.name.in_(tags)))}
    gone = [tag for tag in tags if tag.casefold() not in known]
    if gone:
        raise Refusal(
            "audience_gone", f"There is no tag \u201c{gone[0]}\u201d any more. Choose another.", tags=gone
        )


def _listed(ids: tuple[int, ...]) -> Select[Any]:
    """As one bound value: a database takes only so many."""
    values = func.json_each(json.dumps(ids)).table_valued("value")
    return select(values.c.value)


def _bad(sentence: str) -> Refusal:
    return Refusal("bad_audience", sentence)


def _ids(given: Any) -> tuple[int, ...]:
    if not isinstance(given, list) or len(given) > MOST_BY_HAND:
        raise _bad(f"\u201ccustomerIds\u201d must be a list of at most {MOST_BY_HAND:,} numbers.")
    return tuple(dict.fromkeys(_id(one, "customerIds") for one in given))


def _id(given: Any, what: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= LARGEST_ID:
        raise _bad(f"\u201c{what}\u201d must be a number.")
    return given


def _words(given: Any, what: str) -> tuple[str, ...]:
    try:
        return words(given, what)
    except Refusal as refusal:
        raise _bad(refusal.sentence) from None


_READ: Final[dict[Who, Callable[[dict[str, Any]], Audience]]] = {
    Who.ALL: lambda given: Audience(),
    Who.SEGMENT: lambda given: Audience(Who.SEGMENT, segment_id=_id(given.get("segmentId"), "segmentId")),
    Who.TAGS: lambda given: Audience(Who.TAGS, tags=_words(given.get("tags"), "tags")),
    Who.MANUAL: lambda given: Audience(Who.MANUAL, customer_ids=_ids(given.get("customerIds"))),
    Who.STATUS: lambda given: Audience(Who.STATUS, statuses=_words(given.get("statuses"), "statuses")),
    Who.RULE: lambda given: Audience(Who.RULE, rule=rules.parse(given.get("rule"))),
}
