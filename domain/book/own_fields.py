"""The shop's own fields, such as "Ring size": what each is called and what it holds. The values lie in `customers.attrs`."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from data.base import Base
from domain.book.leaning import require_unused
from domain.book.ordering import put_in_order
from domain.book.person import Customer
from domain.book.words import one_line
from domain.refusal import Kind, Refusal, invalid, missing
from domain.shop import audit
from domain.shop.people import Actor, Right

SORTS: Final = ("text", "number", "date", "yes_no", "choice")
NUMBER: Final = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,6})?")
LONGEST: Final = 60
MOST, MOST_CHOICES, MOST_SHOWN = 100, 100, 20
AT_ONCE: Final = 2_000


class OwnField(Base):
    __tablename__ = "own_fields"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)  # as in attrs and in {{ attrs.key }}
    label: Mapped[str] = mapped_column(String(60))
    sort: Mapped[str] = mapped_column(String(10), default="text")  # text, number, date, yes_no, choice
    choices: Mapped[list[str]] = mapped_column(default=list)
    position: Mapped[int] = mapped_column(default=0)


@dataclass(frozen=True, slots=True)
class Unfit:
    """Values from before that are not what the field holds now. They stay until somebody changes them."""

    customers: int
    some: list[tuple[int, str]]  # customer, value


def every(session: Session) -> list[OwnField]:
    return list(session.scalars(select(OwnField).order_by(OwnField.position, OwnField.label)))


def get(session: Session, key: str) -> OwnField:
    field = session.get(OwnField, key)
    if field is None:
        raise missing("field")
    return field


def define(
    session: Session,
    label: str,
    *,
    sort: str = "text",
    choices: Sequence[str] = (),
    key: str | None = None,
    by: Actor,
    now: datetime,
) -> OwnField:
    """`key`: one that values in the book have already, from an import say; otherwise it is made from the label."""
    by.require(Right.MANAGE_SHOP)
    present = every(session)
    if len(present) >= MOST:
        raise Refusal("too_many", f"A shop can have at most {MOST} fields of its own.")
    name = _free(session, label)
    field = OwnField(
        key=_key(key, name, {one.key for one in present}),
        label=name,
        sort=_sort(sort),
        choices=_choices(sort, choices),
        position=max((one.position for one in present), default=0) + 1,
    )
    session.add(field)
    session.flush()
    audit.write(session, "own_field.defined", by=by, now=now, after=_as_words(field))
    return field


def change(
    session: Session,
    key: str,
    *,
    label: str | None = None,
    sort: str | None = None,
    choices: Sequence[str] | None = None,
    by: Actor,
    now: datetime,
) -> OwnField:
    """What is given; the key stays. Values that don't fit any more are kept: see `unfit`."""
    by.require(Right.MANAGE_SHOP)
    field = get(session, key)
    before = _as_words(field)
    if label is not None:
        field.label = _free(session, label, besides=key)
    if sort is not None:
        field.sort = _sort(sort)
    if sort is not None or choices is not None:
        field.choices = _choices(field.sort, field.choices if choices is None else choices)
    session.flush()
    audit.write(session, "own_field.changed", by=by, now=now, before=before, after=_as_words(field))
    return field


def order(session: Session, keys: Sequence[str], *, by: Actor, now: datetime) -> None:
    """As given; those that are not named follow in the order they had."""
    by.require(Right.MANAGE_SHOP)
    put_in_order(every(session), keys, "field")
    session.flush()
    audit.write(session, "own_field.ordered", by=by, now=now, after={"keys": list(keys)})


def delete(session: Session, key: str, *, used_by: Sequence[str], by: Actor, now: datetime) -> None:
    """It is no field of the form any more. What was typed into it stays with the customers, as free text.

    `used_by`: segments and campaigns that ask about it; while there are any, it stays.
    """
    by.require(Right.MANAGE_SHOP)
    field = get(session, key)
    require_unused(field.label, used_by)
    audit.write(session, "own_field.deleted", by=by, now=now, before=_as_words(field))
    session.delete(field)
    session.flush()


def unfit(session: Session, key: str) -> Unfit:
    """Who has a value that this field could not be given now, counted, and the first few."""
    field, found = get(session, key), Unfit(0, [])
    value = func.json_extract(Customer.attrs, _path(key))
    rows = select(Customer.id, value).where(Customer.deleted_at.is_(None), value.is_not(None))
    misfits = 0
    for customer_id, there in session.execute(
        rows.order_by(Customer.id).execution_options(yield_per=AT_ONCE)
    ):
        if fits(field, there):
            continue
        misfits += 1
        if len(found.some) < MOST_SHOWN:
            found.some.append((customer_id, str(there)))
    return Unfit(misfits, found.some)


def used(session: Session, key: str) -> int:
    """How many customers have a value there."""
    there = func.json_extract(Customer.attrs, _path(key)).is_not(None)
    return session.scalar(select(func.count()).where(Customer.deleted_at.is_(None), there)) or 0


def checked(session: Session, attrs: dict[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, each value as its field holds it. A value that did not change is not looked at."""
    fields = {field.key: field for field in every(session)} if attrs else {}
    return {
        key: value if key not in fields or before.get(key) == value else read(fields[key], value)
        for key, value in attrs.items()
    }


def read(field: OwnField, value: Any) -> Any:
    """A value as this field holds it. Raises a Refusal that names the field; nothing stays nothing."""
    text = str(value).strip()
    if text == "":
        return ""
    found = _READ[field.sort](field, text)
    if found is None:
        raise invalid(f"attrs.{field.key}", f"{field.label}: {_WANTED[field.sort](field)}")
    return found


def fits(field: OwnField, value: Any) -> bool:
    text = str(value).strip()
    return text == "" or _READ[field.sort](field, text) is not None


def _as_text(field: OwnField, text: str) -> Any:
    return text


def _as_number(field: OwnField, text: str) -> int | float | None:
    if not NUMBER.fullmatch(text):
        return None
    number = float(text.replace(",", "."))
    return int(number) if number.is_integer() else number if math.isfinite(number) else None


def _as_date(field: OwnField, text: str) -> str | None:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def _as_yes_or_no(field: OwnField, text: str) -> str | None:
    folded = text.casefold()
    if folded in ("yes", "y", "true", "1"):
        return "yes"
    return "no" if folded in ("no", "n", "false", "0") else None


def _as_choice(field: OwnField, text: str) -> str | None:
    return next((choice for choice in field.choices if choice.casefold() == text.casefold()), None)


_READ: Final[dict[str, Callable[[OwnField, str], Any]]] = {
    "text": _as_text,
    "number": _as_number,
    "date": _as_date,
    "yes_no": _as_yes_or_no,
    "choice": _as_choice,
}
_WANTED: Final[dict[str, Callable[[OwnField], str]]] = {
    "text": lambda field: "write a text.",
    "number": lambda field: "write a number, such as 17 or 16.5.",
    "date": lambda field: "write a day like 2026-05-17.",
    "yes_no": lambda field: "say yes or no.",
    "choice": lambda field: "choose one of " + ", ".join(field.choices) + ".",
}


def _free(session: Session, value: Any, besides: str | None = None) -> str:
    label = one_line("label", value, LONGEST)
    if not label:
        raise invalid("label", "Please give the field a name.")
    if any(field.label.casefold() == label.casefold() and field.key != besides for field in every(session)):
        raise Refusal("name_taken", f"There is already a field called {label}.", Kind.CONFLICT, field="label")
    return label


def _key(given: str | None, label: str, taken: set[str]) -> str:
    if given is not None:
        key = one_line("key", given, LONGEST)
        if not key or key in taken:
            raise Refusal("key_taken", "This field is defined already.", Kind.CONFLICT, field="key")
        return key
    stem = re.sub(r"[^a-z0-9]+", "_", label.casefold()).strip("_")[:50] or "field"
    stem = f"field_{stem}" if stem[0].isdigit() else stem
    return next(key for key in (stem, *(f"{stem}_{n}" for n in range(2, MOST + 2))) if key not in taken)


def _sort(value: Any) -> str:
    if value not in SORTS:
        raise invalid("sort", "Choose one of: " + ", ".join(SORTS) + ".")
    return str(value)


def _choices(sort: str, given: Sequence[str]) -> list[str]:
    if sort != "choice":
        return []
    choices = {text.casefold(): text for text in (one_line("choices", one, LONGEST) for one in given) if text}
    if not choices:
        raise invalid("choices", "Give at least one thing to choose from.")
    if len(choices) > MOST_CHOICES:
        raise invalid("choices", f"There can be at most {MOST_CHOICES} things to choose from.")
    return list(choices.values())


def _path(key: str) -> str:
    """As SQLite names a member of a JSON object; a quotation mark can't be named."""
    return '$."' + key.replace('"', "") + '"'


def _as_words(field: OwnField) -> dict[str, Any]:
    return {"key": field.key, "label": field.label, "sort": field.sort, "choices": list(field.choices)}
