"""Has something of some kind, over some time: an order, a repair, a workshop place. All that narrows it is asked of one
and the same record.

Upcoming: it begins later. Over: it has begun, and has ended or was marked done. Ongoing: it has begun and is not over;
without an end it goes on. Current: upcoming or ongoing. What was cancelled counts only where it is asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, literal, not_, or_, select
from sqlalchemy.orm import aliased

from data.base import Instant
from domain.audience.fields import bad_rule, whole
from domain.audience.leaf import Reference, Thing, bare, inner, one_of, one_or_more, only, owns, times
from domain.audience.look import Look
from domain.audience.names import Names
from domain.audience.record_terms import RecordTerms
from domain.audience.record_words import said
from domain.audience.span import Span, read_span
from domain.book.categories import Category
from domain.book.record import CustomerRecord
from domain.book.records import MODES, STATES
from domain.book.side_tables import LatestRecord

TIMES: Final = ("upcoming", "ongoing", "current", "ended")
SPANS: Final = ("started_within", "started_before", "ended_within", "starting_within", "ending_within")
LISTS: Final = ("kind", "category", "staff", "status", "none_since")
NUMBERS: Final = ("amount", "uses_left")
KNOWN: Final = (*LISTS, "state", "mode", *SPANS, *NUMBERS)
OPS: Final[dict[str, Callable[[Any, int], ColumnElement[bool]]]] = {
    "gte": lambda column, number: column >= number,
    "lte": lambda column, number: column <= number,
    "gt": lambda column, number: column > number,
    "lt": lambda column, number: column < number,
    "eq": lambda column, number: column == number,
    "ne": lambda column, number: or_(column.is_(None), column != number),
}
COUNTS: Final = ("gte", "lte", "gt", "lt", "eq")
NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
MOST, LARGEST = 100_000, 10**15
NOT_CANCELLED: Final = tuple(state for state in STATES if state != "cancelled")

R: Final = CustomerRecord


@dataclass(frozen=True, slots=True)
class RecordLeaf(RecordTerms):
    @property
    def weight(self) -> int:
        lists = (self.kind, self.category, self.staff, self.status, self.none_since, self.mode, self.not_mode)
        return 1 + sum(map(len, lists)) + len(self.spans) + len(self.amount) + len(self.uses_left)

    @property
    def refers(self) -> tuple[Reference, ...]:
        kinds = [(Thing.KIND, key) for key in (*self.kind, *self.none_since)]
        return (
            *kinds,
            *((Thing.CATEGORY, key) for key in self.category),
            *((Thing.STAFF, key) for key in self.staff),
        )

    def where(self, look: Look) -> ColumnElement[bool]:
        if self._asks_for_the_latest:
            return _had_lately(self.kind, self.spans["started_within"], look)
        op, number = self.count
        return times(look, R.customer_id, op, number, *self._such(look))

    @property
    def _asks_for_the_latest(self) -> bool:
        """Had one of that kind lately, and nothing more: the moment of everybody's last one tells."""
        plain = RecordLeaf(kind=self.kind, spans=self.spans)
        return bool(self.kind) and self.spans.keys() == {"started_within"} and self == plain

    def sentence(self, names: Names) -> str:
        return said(self, names)

    def as_json(self) -> dict[str, Any]:
        made: dict[str, Any] = {name: bare(getattr(self, name)) for name in LISTS if getattr(self, name)}
        if self.state:
            made["state"] = self.state
        if self.mode or self.not_mode:
            made["mode"] = bare(self.mode) if self.mode else {"not": bare(self.not_mode)}
        made |= {name: span.as_json() for name, span in self.spans.items()}
        made |= {name: dict(getattr(self, name)) for name in NUMBERS if getattr(self, name)}
        op, number = self.count
        return {"record": made} | ({} if self.count == ("gte", 1) else {"count": {op: number}})

    def _such(self, look: Look) -> list[ColumnElement[bool]]:
        """Everything that one record has to be at once."""
        found: list[ColumnElement[bool]] = [R.status.in_(self.status or NOT_CANCELLED)]
        if self.kind:
            found.insert(0, self._kind().in_(self.kind))
        if self.state:
            found.append(_in_state(self.state, look))
        found += [SPAN[name](span, look) for name, span in self.spans.items()]
        if self.category:
            found.append(R.category.in_(_with_children(self.category)))
        if self.staff:
            found.append(R.staff.in_(self.staff))
        found += self._mode()
        found += [OPS[op](R.amount, number) for op, number in self.amount]
        found += [OPS[op](R.uses_left, number) for op, number in self.uses_left]
        return [*found, _none_since(self.none_since)] if self.none_since else found

    def _kind(self) -> ColumnElement[str]:
        """What asks about others of the same owner is read owner by owner: then those others lie beside it."""
        return R.kind.concat("") if self.none_since else R.kind.expression

    def _mode(self) -> list[ColumnElement[bool]]:
        if self.mode:
            return [R.mode.in_(self.mode)]
        return [or_(R.mode.is_(None), R.mode.not_in(self.not_mode))] if self.not_mode else []


def _in_state(state: str, look: Look) -> ColumnElement[bool]:
    begun = R.starts_at <= look.now
    over = or_(R.status == "done", _end() <= look.now)
    match state:
        case "upcoming":
            return R.starts_at > look.now
        case "ongoing":
            return and_(begun, not_(over))
        case "ended":
            return and_(begun, over)
    return or_(R.starts_at > look.now, not_(over))


def _end() -> ColumnElement[datetime]:
    """As an expression, so that SQLite reads one index from its start rather than the union of two."""
    return func.coalesce(R.ends_at, literal(NEVER, Instant), type_=Instant)


def _was_over_within(span: Span, look: Look) -> ColumnElement[bool]:
    """What has no end of its own, such as an order, was over as soon as it was. Said so that two indexes can answer."""
    since = span.back(look)
    lately = or_(R.ends_at >= since, and_(R.ends_at.is_(None), R.starts_at >= since))
    return and_(_in_state("ended", look), lately)


SPAN: Final[dict[str, Callable[[Span, Look], ColumnElement[bool]]]] = {
    "started_within": lambda span, look: R.starts_at.between(span.back(look), look.now),
    "started_before": lambda span, look: R.starts_at < span.back(look),
    "ended_within": _was_over_within,
    "starting_within": lambda span, look: and_(R.starts_at > look.now, R.starts_at < span.ahead(look)),
    "ending_within": lambda span, look: and_(R.ends_at > look.now, R.ends_at < span.ahead(look)),
}


def _had_lately(kinds: tuple[str, ...], span: Span, look: Look) -> ColumnElement[bool]:
    """Somebody whose last one lies ahead may have had another before it."""
    since = span.back(look)
    another = (
        R.customer_id == LatestRecord.customer_id,
        R.kind == LatestRecord.kind,
        R.status.in_(NOT_CANCELLED),
    )
    had_another = (
        select(R.id).where(*another, R.starts_at.between(since, look.now)).correlate(LatestRecord).exists()
    )
    lately = or_(LatestRecord.at.between(since, look.now), and_(LatestRecord.at > look.now, had_another))
    of_kind = LatestRecord.kind == kinds[0] if len(kinds) == 1 else LatestRecord.kind.in_(kinds)
    return owns(look, LatestRecord.customer_id, of_kind, LatestRecord.at >= since, lately)


def _with_children(keys: tuple[str, ...]) -> Select[str]:
    return select(Category.key).where(or_(Category.key.in_(keys), Category.parent_key.in_(keys)))


def _none_since(kinds: tuple[str, ...]) -> ColumnElement[bool]:
    later = aliased(CustomerRecord)
    theirs = later.customer_id == R.customer_id, later.kind.in_(kinds), later.status != "cancelled"
    return ~select(later.id).where(*theirs, later.starts_at > R.starts_at).correlate(R).exists()


def read_record(tree: dict[str, Any]) -> RecordLeaf:
    only(tree, "record", "count")
    given = inner(tree, "record")
    only(given, *KNOWN, of="record")
    if not given:
        raise bad_rule("A condition about \u201crecord\u201d is empty. Say at least its kind.")
    mode, not_mode = _read_mode(given["mode"]) if "mode" in given else ((), ())
    status = one_or_more(given["status"], "status") if "status" in given else ()
    return RecordLeaf(
        kind=one_or_more(given["kind"], "kind") if "kind" in given else (),
        category=one_or_more(given["category"], "category") if "category" in given else (),
        staff=one_or_more(given["staff"], "staff") if "staff" in given else (),
        status=tuple(one_of(key, "status", STATES) for key in status),
        none_since=one_or_more(given["none_since"], "none_since") if "none_since" in given else (),
        state=one_of(given["state"], "state", TIMES) if "state" in given else "",
        mode=mode,
        not_mode=not_mode,
        spans={name: read_span(given[name], name) for name in SPANS if name in given},
        amount=_compared(given["amount"], "amount", tuple(OPS)) if "amount" in given else (),
        uses_left=_compared(given["uses_left"], "uses_left", tuple(OPS)) if "uses_left" in given else (),
        count=_read_count(tree["count"]) if "count" in tree else ("gte", 1),
    )


def _read_mode(given: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not isinstance(given, dict):
        return tuple(one_of(key, "mode", MODES) for key in one_or_more(given, "mode")), ()
    only(given, "not", of="mode")
    return (), tuple(one_of(key, "mode", MODES) for key in one_or_more(given.get("not"), "mode"))


def _read_count(given: Any) -> tuple[str, int]:
    compared = _compared(given, "count", COUNTS, MOST)
    if len(compared) != 1 or compared[0][1] < 0:
        raise bad_rule("\u201ccount\u201d needs one comparison, such as {\u201cgte\u201d: 1}.")
    return compared[0]


def _compared(
    given: Any, what: str, ops: tuple[str, ...], most: int = LARGEST
) -> tuple[tuple[str, int], ...]:
    if not isinstance(given, dict) or not given or any(op not in ops for op in given):
        raise bad_rule(f"\u201c{what}\u201d needs a comparison. Known are: {', '.join(ops)}.")
    return tuple((op, whole(number, what, -most, most)) for op, number in given.items())
