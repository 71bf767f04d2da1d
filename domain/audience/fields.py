"""What a rule may ask about a customer's own fields: which fields, which comparisons, and what they mean."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    exists,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
)

from data.base import Instant
from domain.audience.look import Look
from domain.audience.names import Names, Reference, Thing
from domain.audience.reach import WHATSAPP_REACH
from domain.book.customers import Customer
from domain.book.side_tables import CustomerFact
from domain.refusal import Refusal

MOST_VALUES, LONGEST_VALUE, LONGEST_SPAN_DAYS = 500, 320, 36_500
ATTRIBUTE = "attrs."
LATELY_DAYS = 120
# Left to itself the database takes any span of time for a few, and looks each of them up all over the book.
MOST_OF_THEM: Final[ColumnElement[float]] = literal_column("0.9")


class Sort(StrEnum):
    TEXT = "text"  # upper and lower case of plain letters are the same
    KEY = "key"  # compared as it is
    TIME = "time"
    SWITCH = "switch"
    ATTRIBUTE = "attribute"


@dataclass(frozen=True, slots=True)
class Field:
    label: str
    sort: Sort
    column: SQLColumnExpression[Any]


FIELDS: Final[dict[str, Field]] = {
    "status": Field("status", Sort.KEY, Customer.status),
    "first_name": Field("first name", Sort.TEXT, Customer.first_name),
    "last_name": Field("last name", Sort.TEXT, Customer.last_name),
    "company": Field("company", Sort.TEXT, Customer.company),
    "email": Field("email address", Sort.TEXT, Customer.email),
    "phone": Field("phone number", Sort.TEXT, Customer.phone),
    "language": Field("language", Sort.TEXT, Customer.language),
    "postcode": Field("postcode", Sort.TEXT, Customer.postcode),
    "timezone": Field("time zone", Sort.KEY, Customer.timezone),
    "preferred_channel": Field("preferred channel", Sort.KEY, Customer.preferred_channel),
    "source": Field("source", Sort.KEY, Customer.source),
    "email_trouble": Field("address problem", Sort.KEY, func.coalesce(Customer.email_trouble, "")),
    "whatsapp_trouble": Field("WhatsApp problem", Sort.KEY, func.coalesce(Customer.whatsapp_trouble, "")),
    "whatsapp_address": Field("way to them on WhatsApp", Sort.KEY, func.coalesce(WHATSAPP_REACH.address, "")),
    "created_at": Field("added", Sort.TIME, Customer.created_at),
    "active_at": Field("last active", Sort.TIME, Customer.active_at),
    "marketing_opt_out": Field("no marketing", Sort.SWITCH, Customer.marketing_opt_out),
}
WORD_OPS: Final = ("eq", "ne", "in", "not_in", "contains", "starts_with", "is_set", "is_not_set")
OPS: Final[dict[Sort, tuple[str, ...]]] = {
    Sort.TEXT: WORD_OPS,
    Sort.KEY: WORD_OPS,
    Sort.TIME: ("before", "after", "gte", "lte", "within_days", "older_than_days"),
    Sort.SWITCH: ("eq", "ne"),
    Sort.ATTRIBUTE: (*WORD_OPS, "gt", "gte", "lt", "lte"),
}
OPPOSITE: Final = {"ne": "eq", "not_in": "in", "is_not_set": "is_set"}
SAID: Final = {
    "eq": "is", "ne": "is not", "in": "is", "not_in": "is not", "contains": "contains", "starts_with": "starts with",
    "is_set": "is known", "is_not_set": "is not known", "gt": "is above", "gte": "is at least", "lt": "is below",
    "lte": "is at most",
}  # fmt: skip
SAID_OF_TIME: Final = {"before": "before", "after": "after", "gte": "on or after", "lte": "on or before"}


def bad_rule(sentence: str) -> Refusal:
    return Refusal("bad_rule", sentence)


@dataclass(frozen=True, slots=True)
class FieldLeaf:
    """One field compared with a value: `value` is a str, a number, a bool, a tuple of them, or None."""

    field: str
    op: str
    value: Any

    @property
    def weight(self) -> int:
        return max(1, len(self.value)) if isinstance(self.value, tuple) else 1

    def where(self, look: Look) -> ColumnElement[bool]:
        if self.op in OPPOSITE:
            return not_(FieldLeaf(self.field, OPPOSITE[self.op], self.value).where(look))
        known = field_called(self.field)
        if known.sort is Sort.ATTRIBUTE:
            return _own_field(known.label, self.op, self.value, look)
        return COMPARE[known.sort](known.column, self.op, self.value, look)

    @property
    def refers(self) -> tuple[Reference, ...]:
        if self.field != "status" or self.op not in ("eq", "ne", "in", "not_in"):
            return ()
        keys = self.value if isinstance(self.value, tuple) else (self.value,)
        return tuple((Thing.STATUS, str(key)) for key in keys)

    def sentence(self, names: Names) -> str:
        known = field_called(self.field)
        if self.field == "created_at" and self.op == "within_days":
            return f"is new ({'1 day' if self.value == 1 else f'{self.value} days'})"
        if known.sort is Sort.TIME:
            return _time_sentence(known.label, self.op, self.value)
        if known.sort is Sort.SWITCH:
            return (
                "wants no marketing"
                if self.value is (self.op == "eq")
                else "has not said no to all marketing"
            )
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        labels = names.statuses if self.field == "status" else {}
        shown = None if self.value is None else " or ".join(str(labels.get(one, one)) for one in values)
        return " ".join(str(part) for part in (known.label, SAID[self.op], shown) if part is not None)

    def as_json(self) -> dict[str, Any]:
        if self.value is None:
            return {"field": self.field, "op": self.op}
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        return {"field": self.field, "op": self.op, "value": value}


def field_called(name: str) -> Field:
    if name in FIELDS:
        return FIELDS[name]
    key = name.removeprefix(ATTRIBUTE)
    if key == name or not key:
        raise bad_rule(f"There is no customer field called \u201c{name}\u201d.")
    return Field(key, Sort.ATTRIBUTE, CustomerFact.text)


def read_field(tree: dict[str, Any]) -> FieldLeaf:
    name, op = word(tree["field"], "field"), word(tree.get("op"), "op")
    known = field_called(name)
    if op not in OPS[known.sort]:
        raise bad_rule(
            f"The field \u201c{name}\u201d can't be compared with \u201c{op}\u201d. Known are: {', '.join(OPS[known.sort])}."
        )
    return FieldLeaf(name, op, _read_value(known, op, tree.get("value")))


def word(value: Any, what: str) -> str:
    """A short text that a database and a screen can hold."""
    if not isinstance(value, str):
        raise bad_rule(f"\u201c{what}\u201d must be a text.")
    if len(value) > LONGEST_VALUE:
        raise bad_rule(f"\u201c{what}\u201d can have at most {LONGEST_VALUE} characters.")
    if any(c < " " or "\ud800" <= c <= "\udfff" for c in value):
        raise bad_rule(f"\u201c{what}\u201d has characters that can't be used.")
    return value.strip()


def words(value: Any, what: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise bad_rule(f"\u201c{what}\u201d must be a list.")
    if len(value) > MOST_VALUES:
        raise bad_rule(f"\u201c{what}\u201d can have at most {MOST_VALUES} entries.")
    return tuple(dict.fromkeys(word(one, what) for one in value))


def whole(value: Any, what: str, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise bad_rule(f"\u201c{what}\u201d must be a whole number from {least} to {most}.")
    return value


def _read_value(known: Field, op: str, value: Any) -> Any:
    if op in ("is_set", "is_not_set"):
        return None
    if known.sort is Sort.TIME:
        days = op in ("within_days", "older_than_days")
        return whole(value, "value", 0, LONGEST_SPAN_DAYS) if days else _read_moment(value)
    if known.sort is Sort.SWITCH:
        if not isinstance(value, bool):
            raise bad_rule(f"\u201c{known.label}\u201d is either true or false.")
        return value
    if op in ("gt", "gte", "lt", "lte"):
        return _number(value)
    plain = _word_or_number if known.sort is Sort.ATTRIBUTE else word
    if op in ("in", "not_in"):
        if not isinstance(value, list) or len(value) > MOST_VALUES:
            raise bad_rule(f"\u201c{op}\u201d needs a list of at most {MOST_VALUES} values.")
        return tuple(dict.fromkeys(plain(one, "value") for one in value))
    return word(value, "value") if op in ("contains", "starts_with") else plain(value, "value")


def _word_or_number(value: Any, what: str) -> str | float:
    return word(value, what) if isinstance(value, str) else _number(value)


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 10**15:
        raise bad_rule("\u201cvalue\u201d must be a number.")
    return value


def _read_moment(value: Any) -> str:
    """Kept as written; a day means that day in the shop's zone, wherever the shop moves later."""
    text = word(value, "value")
    try:
        moment = _moment(text)
    except ValueError:
        raise bad_rule(f"\u201c{text}\u201d is not a date such as 2026-05-31.") from None
    if not 1900 <= moment.year <= 2200 or (isinstance(moment, datetime) and moment.tzinfo is None):
        raise bad_rule(f"\u201c{text}\u201d is not a date such as 2026-05-31.")
    return text


def _moment(text: str) -> date | datetime:
    return date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)


def _compare_text(column: SQLColumnExpression[Any], op: str, value: Any, look: Look) -> ColumnElement[bool]:
    return _compare_words(column.collate("NOCASE"), op, value)


def _compare_key(column: SQLColumnExpression[Any], op: str, value: Any, look: Look) -> ColumnElement[bool]:
    return _compare_words(column, op, value)


def _compare_words(column: SQLColumnExpression[Any], op: str, value: Any) -> ColumnElement[bool]:
    if op == "eq":
        return column == literal(value)
    if op == "in":
        return column.in_(value) if value else false()
    if op == "contains":
        return column.contains(value, autoescape=True)
    if op == "starts_with":
        return column.startswith(value, autoescape=True)
    return column != literal("")


def _compare_time(column: SQLColumnExpression[Any], op: str, value: Any, look: Look) -> ColumnElement[bool]:
    found = _in_time(column, op, value, look)
    few = op == "within_days" and value <= LATELY_DAYS
    return found if few or not look.of_many else func.likelihood(found, MOST_OF_THEM)


def _in_time(column: SQLColumnExpression[Any], op: str, value: Any, look: Look) -> ColumnElement[bool]:
    if op == "within_days":
        return column >= look.now - timedelta(days=value)
    if op == "older_than_days":
        return column < look.now - timedelta(days=value)
    first, next_one = _bounds(_moment(value), look)
    if op == "before":
        return column < literal(first, Instant)
    if op == "gte":
        return column >= literal(first, Instant)
    return column >= literal(next_one, Instant) if op == "after" else column < literal(next_one, Instant)


def _compare_switch(column: SQLColumnExpression[Any], op: str, value: Any, look: Look) -> ColumnElement[bool]:
    return column.is_(value)


def _own_field(key: str, op: str, value: Any, look: Look) -> ColumnElement[bool]:
    """A field that was never filled is an empty text, and no number."""
    if op in NUMERIC:
        return _has_fact(key, NUMERIC[op](CustomerFact.number, value), look)
    if op in ("eq", "in"):
        values = value if isinstance(value, tuple) else (value,)
        such, empty_too = _is_one_of(values), "" in values
    else:
        such, empty_too = _compare_words(CustomerFact.text, op, value), value == ""
    return not_(_has_fact(key, not_(such), look)) if empty_too else _has_fact(key, such, look)


def _has_fact(key: str, such: ColumnElement[bool], look: Look) -> ColumnElement[bool]:
    mine = CustomerFact.key == key, such
    if look.of_many:
        return Customer.id.in_(select(CustomerFact.customer_id).where(*mine))
    return exists().where(CustomerFact.customer_id == Customer.id, *mine).correlate(Customer)


NUMERIC: Final[dict[str, Callable[[Any, Any], ColumnElement[bool]]]] = {
    "gt": lambda number, value: number > value,
    "gte": lambda number, value: number >= value,
    "lt": lambda number, value: number < value,
    "lte": lambda number, value: number <= value,
}
COMPARE: Final[dict[Sort, Callable[[SQLColumnExpression[Any], str, Any, Look], ColumnElement[bool]]]] = {
    Sort.TEXT: _compare_text,
    Sort.KEY: _compare_key,
    Sort.TIME: _compare_time,
    Sort.SWITCH: _compare_switch,
}


def _is_one_of(values: tuple[str | float, ...]) -> ColumnElement[bool]:
    words = [one for one in values if isinstance(one, str)]
    numbers = [float(one) for one in values if not isinstance(one, str)]
    found: list[ColumnElement[bool]] = [CustomerFact.text.in_(words)] if words else []
    if numbers:
        found.append(func.coalesce(CustomerFact.number.in_(numbers), false()))
    return or_(false(), *found)


def _bounds(moment: date | datetime, look: Look) -> tuple[datetime, datetime]:
    """The first instant of what was named, and the first instant after it."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC), moment.astimezone(UTC) + timedelta(microseconds=1)
    return _midnight(moment, look), _midnight(moment + timedelta(days=1), look)


def _midnight(day: date, look: Look) -> datetime:
    return datetime.combine(day, time(), look.zone).astimezone(UTC)


def _time_sentence(label: str, op: str, value: Any) -> str:
    if op == "within_days":
        return f"{label} in the last {'day' if value == 1 else f'{value} days'}"
    if op == "older_than_days":
        return f"{label} more than {'1 day' if value == 1 else f'{value} days'} ago"
    return f"{label} {SAID_OF_TIME[op]} {value}"
