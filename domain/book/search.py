"""Finding people in the book: a page of the list at a time, fast at 100,000."""

import base64
import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, exists, func, literal_column, select, text, tuple_, union_all
from sqlalchemy.orm import Session, selectinload

from domain.book import tags
from domain.book.person import Customer, CustomerTag, Tag
from domain.refusal import Kind, Refusal

Sort = Literal["name", "newest"]
INDEXED = ("first_name", "last_name", "company", "email", "phone")
MOST, MOST_WORDS, LONGEST_WORD = 200, 8, 60

_columns = ", ".join(INDEXED)
_old = ", ".join(f"old.{name}" for name in INDEXED)
_new = ", ".join(f"new.{name}" for name in INDEXED)
_take_out = f"INSERT INTO customers_fts(customers_fts, rowid, {_columns}) VALUES ('delete', old.id, {_old});"
_put_in = f"INSERT INTO customers_fts(rowid, {_columns}) VALUES (new.id, {_new});"

_table = f"fts5({_columns}, content='customers', content_rowid='id', tokenize='unicode61 remove_diacritics 2', prefix='2 3')"

# The word index keeps no text of its own; three triggers keep it true whoever writes to the table.
FTS_DDL: list[str] = [
    f"CREATE VIRTUAL TABLE customers_fts USING {_table}",
    f"CREATE TRIGGER customers_fts_added AFTER INSERT ON customers BEGIN {_put_in} END",
    f"CREATE TRIGGER customers_fts_removed AFTER DELETE ON customers BEGIN {_take_out} END",
    f"CREATE TRIGGER customers_fts_changed AFTER UPDATE OF {_columns} ON customers BEGIN {_take_out} {_put_in} END",
]


@dataclass(frozen=True, slots=True)
class Page:
    items: list[Customer]  # with their tags
    next_cursor: str | None
    total: int


def page(
    session: Session,
    *,
    search: str = "",
    status: str | None = None,
    tag: str | None = None,
    limit: int = 50,
    after: str | None = None,
    sort: Sort = "name",
) -> Page:
    """`after` is the cursor of the page before. Search words count from their beginning: "ann ber" finds Anna Berg."""
    limit = max(1, min(limit, MOST))
    wanted = _wanted(search, status, tag)
    found = (
        _in_order(select(Customer).where(*wanted), sort, after)
        .options(selectinload(Customer.tags))
        .limit(limit + 1)
    )
    items = list(session.scalars(found))
    total = session.scalar(select(func.count()).select_from(Customer).where(*wanted)) or 0
    return Page(items[:limit], _cursor(items[limit - 1], sort) if len(items) > limit else None, total)


def suggest(session: Session, typed: str, limit: int = 20) -> list[Customer]:
    """The first few whose name, company, address or phone begins like this, for choosing people by hand."""
    found = _in_order(select(Customer).where(*_wanted(typed, None, None)), "name", None)
    return list(session.scalars(found.limit(max(1, min(limit, MOST)))))


def tags_with_counts(session: Session) -> list[tuple[str, int]]:
    return tags.with_counts(session)


def _wanted(search: str, status: str | None, tag: str | None) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [Customer.deleted_at.is_(None)]
    if search.strip():
        wanted.append(Customer.id.in_(_ids_like(search)))
    if status:
        wanted.append(Customer.status == status)
    if tag:
        wanted.append(_has_tag(tag))
    return wanted


def _ids_like(search: str) -> Any:
    """The word index, and numbers typed in another way than they were written down."""
    by_words: Select[Any] = select(literal_column("rowid")).select_from(text("customers_fts"))
    by_words = by_words.where(text("customers_fts MATCH :words").bindparams(words=_match(search)))
    digits = re.sub(r"\D", "", search)
    if len(digits) < 5 or re.search(r"[^\d\s()+./-]", search):
        return by_words
    begins = digits.lstrip("0")
    by_phone = select(Customer.id).where(Customer.phone_key.contains(begins, autoescape=True))
    return union_all(by_words, by_phone)


def _match(search: str) -> str:
    """Every word in quotes, so that no sign has a meaning, and as a beginning. Nothing to look for finds nobody."""
    words = re.findall(r"\w+", search.replace("\x00", " ").encode("utf-8", "ignore").decode())[:MOST_WORDS]
    return " ".join(f'"{word[:LONGEST_WORD]}"*' for word in words) or '""'


def _has_tag(name: str) -> ColumnElement[bool]:
    return exists().where(
        CustomerTag.customer_id == Customer.id, CustomerTag.tag_id == Tag.id, Tag.name == name
    )


def _in_order(query: Select[Customer], sort: Sort, after: str | None) -> Select[Customer]:
    if sort == "newest":
        order = (Customer.created_at, Customer.id)
        place = _place(after, sort, 1)
        if place:
            newest = select(Customer.created_at).where(Customer.id == place[-1]).scalar_subquery()
            query = query.where(tuple_(*order) < tuple_(newest, place[-1]))
        return query.order_by(*(column.desc() for column in order))
    names = (Customer.last_name, Customer.first_name, Customer.id)
    place = _place(after, sort, 3)
    return (query.where(tuple_(*names) > tuple_(*place)) if place else query).order_by(*names)


def _cursor(last: Customer, sort: Sort) -> str:
    place = [last.last_name, last.first_name, last.id] if sort == "name" else [last.id]
    return base64.urlsafe_b64encode(json.dumps([sort, *place]).encode()).decode().rstrip("=")


def _place(cursor: str | None, sort: Sort, length: int) -> list[Any] | None:
    if not cursor:
        return None
    try:
        found: Any = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        str(found).encode()
    except (ValueError, TypeError, RecursionError):
        found = None
    if not isinstance(found, list) or found[:1] != [sort] or not _is_place(found[1:], length):
        sentence = "This list can't be continued from there. Load it anew."
        raise Refusal("bad_cursor", sentence, Kind.MALFORMED)
    return found[1:]


def _is_place(place: list[Any], length: int) -> bool:
    *names, number = place or [None]
    named = all(type(name) is str for name in names)
    return len(place) == length and named and type(number) is int and abs(number) < 2**62
