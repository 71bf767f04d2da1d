"""Segments: a rule with a name. System ones come with Handbill and can only be copied."""

from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import ColumnElement, ForeignKey, Select, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base, Instant
from domain.audience import nesting, references, rules
from domain.audience.fields import bad_rule
from domain.audience.names import read as read_names
from domain.audience.numbers import how_many_living
from domain.audience.rules import Rule
from domain.audience.usual import SYSTEM
from domain.refusal import Kind, Refusal, invalid, missing
from domain.shop import audit, mail
from domain.shop.people import Actor, Right
from domain.shop.shop import read as read_shop

LONGEST: Final = {"name": 120, "note": 300}


class Segment(Base):
    __tablename__ = "segments"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str | None] = mapped_column(String(40), unique=True)  # only system segments have one
    name: Mapped[str] = mapped_column(String(120))
    note: Mapped[str] = mapped_column(String(300), default="")
    rule: Mapped[dict[str, Any]]
    count: Mapped[int | None]
    counted_at: Mapped[datetime | None] = mapped_column(Instant)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)
    purged_at: Mapped[datetime | None] = mapped_column(Instant)  # its content is gone for good
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @property
    def is_system(self) -> bool:
        return self.key is not None


def ensure_system(session: Session, now: datetime) -> None:
    """Those that come with Handbill, as this version knows them. May be called at every start."""
    kept = {
        segment.key: segment for segment in session.scalars(select(Segment).where(Segment.key.is_not(None)))
    }
    for key, name, note, rule in SYSTEM:
        segment = kept.get(key)
        if segment is None:
            session.add(Segment(key=key, name=name, note=note, rule=rule, created_at=now, updated_at=now))
        elif (segment.name, segment.note, segment.rule) != (name, note, rule):
            segment.name, segment.note, segment.rule, segment.updated_at = (name, note, rule, now)
    session.flush()


def every(session: Session, *, by: Actor) -> list[Segment]:
    """System ones first, in their usual order; then the shop's own by name."""
    by.require(Right.VIEW)
    return sorted(session.scalars(_live()), key=_shelf)


def get(session: Session, segment_id: int, *, by: Actor) -> Segment:
    by.require(Right.VIEW)
    return _found(session, segment_id)


def create(session: Session, *, name: str, rule: Any, note: str = "", by: Actor, now: datetime) -> Segment:
    by.require(Right.EDIT_CAMPAIGNS)
    return _add(
        session, _free_name(session, name), _text("note", note), _checked_rule(session, rule), by, now
    )


def change(
    session: Session,
    segment_id: int,
    fields: dict[str, Any],
    *,
    by: Actor,
    now: datetime,
    version: int | None = None,
) -> Segment:
    """Change what is given of `name`, `note` and `rule`."""
    by.require(Right.EDIT_CAMPAIGNS)
    segment = _own(session, segment_id)
    if version is not None and version != segment.version:
        raise Refusal(
            "changed_meanwhile", "Somebody else changed this segment meanwhile. Load it again.", Kind.CONFLICT
        )
    cleaned = _checked(session, segment, fields)
    before = {name: getattr(segment, name) for name in cleaned}
    for name, value in cleaned.items():
        setattr(segment, name, value)
    if "rule" in cleaned:
        segment.count = segment.counted_at = None
    segment.updated_at = now
    session.flush()
    audit.write(
        session, "segment.changed", by=by, now=now, subject_id=segment.id, before=before, after=cleaned
    )
    return segment


def delete(session: Session, segment_id: int, *, used_by: list[str], by: Actor, now: datetime) -> None:
    """`used_by`: names of the drafts and scheduled campaigns that are addressed to it."""
    by.require(Right.EDIT_CAMPAIGNS)
    segment = _own(session, segment_id)
    users = [*used_by, *(f"the segment {one.name}" for one in _leaning_on(session, segment_id))]
    if users:
        raise Refusal(
            "in_use", f"{segment.name} is still used by {_listed(users)}.", Kind.CONFLICT, used_by=users
        )
    segment.deleted_at = segment.updated_at = now
    session.flush()
    audit.write(
        session, "segment.deleted", by=by, now=now, subject_id=segment.id, before={"name": segment.name}
    )


def trouble(session: Session, segment: Segment) -> str:
    """Why it can't be counted any more, such as a tag that was deleted; empty when it can."""
    try:
        _sound(session, rules.parse(segment.rule))
    except Refusal as refusal:
        return refusal.sentence
    return ""


def leaning_on(session: Session, segment_id: int, *, by: Actor) -> list[Segment]:
    """The shop's own segments whose rules name it."""
    by.require(Right.VIEW)
    return _leaning_on(session, segment_id)


def copy(session: Session, segment_id: int, *, by: Actor, now: datetime) -> Segment:
    """A segment of the shop's own with the same rule, to be changed."""
    by.require(Right.EDIT_CAMPAIGNS)
    source = _found(session, segment_id)
    return _add(session, _copy_name(session, source.name), source.note, dict(source.rule), by, now)


def refresh(session: Session, segment_id: int, *, by: Actor, now: datetime) -> Segment:
    """Count its people again (S4-40). The version stays, so that nobody's open form is out of date by it."""
    by.require(Right.VIEW)
    segment = _found(session, segment_id)
    count = size(session, rules.parse(segment.rule), now=now)
    session.execute(update(Segment).where(Segment.id == segment_id).values(count=count, counted_at=now))
    session.refresh(segment)
    return segment


def size(session: Session, rule: Rule, *, now: datetime) -> int:
    """How many people in the book it means."""
    asked = (condition(session, rule, now=now, of_many=of_many) for of_many in (True, False))
    return how_many_living(session, *asked)


def require_sound(session: Session, tree: Any, *, of: int | None = None) -> None:
    """Raises the Refusal that saving this rule in the segment `of` would raise."""
    _checked_rule(session, tree, of)


def sentence(session: Session, segment: Segment) -> str:
    """Its rule in words."""
    return rules.parse(segment.rule).sentence(read_names(session))


def condition(session: Session, rule: Rule, *, now: datetime, of_many: bool = True) -> ColumnElement[bool]:
    """The rule over `customers`, with the segments it names and the shop's zone.

    Raises Refusal "audience_gone" for a segment, a tag or anything else that it names and that was deleted.
    Not `of_many` asks the same about one customer, without gathering everybody first.
    """
    zone, practising = read_shop(session).zone, mail.is_practice(session)
    ready: dict[int, ColumnElement[bool]] = {}
    for segment_id, inner in _sound(session, rule).items():
        ready[segment_id] = inner.where(now, zone, ready, of_many=of_many, practising=practising)
    return rule.where(now, zone, ready, of_many=of_many, practising=practising)


def _sound(session: Session, rule: Rule) -> dict[int, Rule]:
    """The segments it names, also through others; all that they and it name is there."""
    inside = nesting.named(rule, partial(rule_of, session))
    nesting.require_bearable(rule, inside)
    references.require_there(session, [rule, *inside.values()])
    return inside


def rule_of(session: Session, segment_id: int) -> Rule:
    segment = session.get(Segment, segment_id)
    if segment is None or segment.deleted_at is not None:
        raise Refusal(
            "audience_gone", "The segment chosen here was deleted. Choose another.", segment_id=segment_id
        )
    return rules.parse(segment.rule)


def name_of(session: Session, segment_id: int) -> str | None:
    """Also of a deleted one: a past dispatch still says to whom it went."""
    return session.scalar(select(Segment.name).where(Segment.id == segment_id))


def names(session: Session) -> dict[int, str]:
    """Deleted ones too: what was sent once still says to whom."""
    return dict(iter(session.execute(select(Segment.id, Segment.name))))


def _live() -> Select[Segment]:
    return select(Segment).where(Segment.deleted_at.is_(None))


def _shelf(segment: Segment) -> tuple[int, str]:
    order = [key for key, *_ in SYSTEM]
    return (order.index(segment.key) if segment.key in order else len(order), segment.name.casefold())


def _found(session: Session, segment_id: int) -> Segment:
    segment = session.get(Segment, segment_id)
    if segment is None or segment.deleted_at is not None:
        raise missing("segment")
    return segment


def _own(session: Session, segment_id: int) -> Segment:
    segment = _found(session, segment_id)
    if segment.is_system:
        raise Refusal(
            "system_segment",
            "A segment that comes with Handbill can't be changed. Make a copy of it.",
            Kind.CONFLICT,
        )
    return segment


def _add(session: Session, name: str, note: str, rule: dict[str, Any], by: Actor, now: datetime) -> Segment:
    segment = Segment(name=name, note=note, rule=rule, created_by=by.user_id, created_at=now, updated_at=now)
    session.add(segment)
    session.flush()
    after = {"name": name, "note": note, "rule": rule}
    audit.write(session, "segment.created", by=by, now=now, subject_id=segment.id, after=after)
    return segment


def _checked(session: Session, segment: Segment, fields: dict[str, Any]) -> dict[str, Any]:
    unknown = next((name for name in fields if name not in ("name", "note", "rule")), None)
    if unknown is not None:
        raise Refusal("unknown_field", f"A segment has nothing called {unknown}.", Kind.MALFORMED)
    cleaned: dict[str, Any] = {}
    if "name" in fields:
        cleaned["name"] = _free_name(session, fields["name"], besides=segment.id)
    if "note" in fields:
        cleaned["note"] = _text("note", fields["note"])
    if "rule" in fields:
        cleaned["rule"] = _checked_rule(session, fields["rule"], of=segment.id)
    return cleaned


def _checked_rule(session: Session, tree: Any, of: int | None = None) -> dict[str, Any]:
    """In its usual form, naming only segments that exist, and never itself by a circle."""
    rule = rules.parse(tree)
    inside = nesting.named(rule, partial(rule_of, session))
    if of is not None and of in inside:
        raise bad_rule("This segment would be part of itself. Take out the condition that leads back to it.")
    nesting.require_bearable(rule, inside)
    references.require_there(session, [rule])
    return rule.as_json()


def _leaning_on(session: Session, segment_id: int) -> list[Segment]:
    own = session.scalars(
        _live().where(Segment.key.is_(None), Segment.id != segment_id).order_by(Segment.name)
    )
    return [segment for segment in own if segment_id in rules.parse(segment.rule).mentions]


def _text(field: str, value: Any) -> str:
    if not isinstance(value, str):
        raise invalid(field, f"The {field} must be a text.")
    cleaned = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    if len(cleaned) > LONGEST[field]:
        raise invalid(field, f"The {field} can have at most {LONGEST[field]} characters.")
    return cleaned


def _free_name(session: Session, value: Any, besides: int | None = None) -> str:
    name = _text("name", value)
    if not name:
        raise invalid("name", "Please give the segment a name.")
    if name.casefold() in _taken_names(session, besides):
        raise Refusal("name_taken", f"There is already a segment called {name}.", Kind.CONFLICT, field="name")
    return name


def _copy_name(session: Session, name: str) -> str:
    taken = _taken_names(session)
    stem = name[: LONGEST["name"] - 12]
    number, found = 1, f"{stem} (copy)"
    while found.casefold() in taken:
        number += 1
        found = f"{stem} (copy {number})"
    return found


def _taken_names(session: Session, besides: int | None = None) -> set[str]:
    return {segment.name.casefold() for segment in session.scalars(_live()) if segment.id != besides}


def _listed(names: list[str]) -> str:
    shown = names[:5] + ([f"{len(names) - 5} more"] if len(names) > 5 else [])
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
