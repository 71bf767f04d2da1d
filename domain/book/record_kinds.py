"""What kinds of records this shop keeps: the usual ones, and its own."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.book.leaning import require_unused
from domain.book.ordering import put_in_order
from domain.book.record import CustomerRecord, RecordKind
from domain.book.words import one_line
from domain.refusal import Kind, Refusal, invalid, missing
from domain.shop import audit
from domain.shop.people import Actor, Right

# key, label, whether it lasts, icon, colour (a name of the theme)
USUAL: Final = [
    ("order", "Order", False, "shopping_bag", "green"),
    ("appointment", "Appointment", True, "event", "blue"),
    ("repair", "Repair", True, "build", "amber"),
    ("workshop", "Workshop place", True, "groups", "violet"),
    ("pass", "Gift card or pass", True, "card_giftcard", "rose"),
    ("subscription", "Care plan", True, "autorenew", "teal"),
    ("quote", "Quote", True, "request_quote", "slate"),
]
COLOURS: Final = ("green", "blue", "amber", "violet", "rose", "teal", "slate")
ICON: Final = re.compile(r"[a-z0-9_]{1,40}")
FIELDS: Final = ("label", "has_end", "icon", "colour")
MOST: Final = 40


def ensure_usual(session: Session) -> None:
    """The kinds a jeweller or florist has; the shop may have renamed them or added its own."""
    present = {kind.key: kind for kind in session.scalars(select(RecordKind))}
    for place, (key, label, has_end, icon, colour) in enumerate(USUAL):
        kind = present.get(key)
        if kind is None:
            session.add(
                RecordKind(key=key, label=label, has_end=has_end, icon=icon, colour=colour, position=place)
            )
        elif not kind.icon and not kind.colour:  # from before kinds had a look
            kind.icon, kind.colour, kind.position = icon, colour, place
    session.flush()


def every(session: Session) -> list[RecordKind]:
    return list(session.scalars(select(RecordKind).order_by(RecordKind.position, RecordKind.label)))


def labels(session: Session) -> dict[str, str]:
    """What each kind is called in this shop, in the shop's order."""
    return {kind.key: kind.label for kind in every(session)}


def counts(session: Session) -> dict[str, int]:
    """How many records there are of each kind; kinds without any are missing."""
    rows = select(CustomerRecord.kind, func.count()).group_by(CustomerRecord.kind)
    return dict(iter(session.execute(rows)))


def get(session: Session, key: str) -> RecordKind:
    kind = session.get(RecordKind, key)
    if kind is None:
        raise missing("kind of record")
    return kind


def add(session: Session, fields: dict[str, Any], *, by: Actor, now: datetime) -> RecordKind:
    by.require(Right.MANAGE_SHOP)
    present = every(session)
    if len(present) >= MOST:
        raise Refusal("too_many", f"A shop can have at most {MOST} kinds of records.")
    looks: dict[str, Any] = {"has_end": False, "icon": "label", "colour": "slate"} | _checked(
        session, {"label": "", **fields}
    )
    kind = RecordKind(key=_key(looks["label"], present), position=_last(present) + 1, **looks)
    session.add(kind)
    session.flush()
    audit.write(session, "record_kind.added", by=by, now=now, after={"key": kind.key, **looks})
    return kind


def change(session: Session, key: str, fields: dict[str, Any], *, by: Actor, now: datetime) -> RecordKind:
    """Change what is given of label, has_end, icon and colour."""
    by.require(Right.MANAGE_SHOP)
    kind = get(session, key)
    looks = _checked(session, fields, besides=key)
    before = {name: getattr(kind, name) for name in looks}
    for name, value in looks.items():
        setattr(kind, name, value)
    session.flush()
    audit.write(session, "record_kind.changed", by=by, now=now, before={"key": key, **before}, after=looks)
    return kind


def order(session: Session, keys: Sequence[str], *, by: Actor, now: datetime) -> None:
    """As given; those that are not named follow in the order they had."""
    by.require(Right.MANAGE_SHOP)
    put_in_order(every(session), keys, "kind of record")
    session.flush()
    audit.write(session, "record_kind.ordered", by=by, now=now, after={"keys": list(keys)})


def is_usual(key: str) -> bool:
    return any(key == usual for usual, *_ in USUAL)


def delete(session: Session, key: str, *, used_by: Sequence[str], by: Actor, now: datetime) -> None:
    """Refused for the usual ones, and while a record is of this kind or a segment or campaign speaks of it (`used_by`)."""
    by.require(Right.MANAGE_SHOP)
    kind = get(session, key)
    if is_usual(key):
        sentence = f"{kind.label} comes with Handbill, and segments speak of it. You can rename it."
        raise Refusal("usual_kind", sentence, Kind.CONFLICT)
    if used := session.scalar(select(func.count()).where(CustomerRecord.kind == key)):
        records = "1 record is" if used == 1 else f"{used:,} records are"
        raise Refusal("in_use", f"{records} of the kind {kind.label}.", Kind.CONFLICT, records=used)
    require_unused(kind.label, used_by)
    session.delete(kind)
    session.flush()
    audit.write(session, "record_kind.deleted", by=by, now=now, before={"key": key, "label": kind.label})


def _checked(session: Session, fields: dict[str, Any], besides: str | None = None) -> dict[str, Any]:
    if unknown := sorted(set(fields) - set(FIELDS)):
        raise Refusal("unknown_field", f"A kind of record has nothing called {unknown[0]}.", Kind.MALFORMED)
    checked: dict[str, Any] = {}
    if "label" in fields:
        checked["label"] = _free(session, fields["label"], besides)
    if "has_end" in fields:
        if not isinstance(fields["has_end"], bool):
            raise invalid("has_end", "This must be yes or no.")
        checked["has_end"] = fields["has_end"]
    if "icon" in fields:
        checked["icon"] = _icon(fields["icon"])
    if "colour" in fields:
        if fields["colour"] not in COLOURS:
            raise invalid("colour", "Choose one of: " + ", ".join(COLOURS) + ".")
        checked["colour"] = fields["colour"]
    return checked


def _free(session: Session, value: Any, besides: str | None) -> str:
    label = one_line("label", value, 60)
    if not label:
        raise invalid("label", "Please give the kind of record a name.")
    if any(kind.label.casefold() == label.casefold() and kind.key != besides for kind in every(session)):
        raise Refusal("name_taken", f"{label} is in the list already.", Kind.CONFLICT, field="label")
    return label


def _icon(value: Any) -> str:
    icon = one_line("icon", value, 40)
    if not ICON.fullmatch(icon):
        raise invalid("icon", "An icon is one word of small letters, such as diamond.")
    return icon


def _key(label: str, present: Sequence[RecordKind]) -> str:
    taken = {kind.key for kind in present}
    stem = re.sub(r"[^a-z0-9]+", "_", label.casefold()).strip("_")[:24] or "kind"
    return next(key for key in (stem, *(f"{stem}_{n}" for n in range(2, 99))) if key not in taken)


def _last(present: Sequence[RecordKind]) -> int:
    return max((kind.position for kind in present), default=0)
