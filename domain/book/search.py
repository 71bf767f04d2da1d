"""Finding people in the book: a page of the list at a time, fast at a million."""

import base64
import json
import re
from array import array
from dataclasses import dataclass
from typing import Any, Literal

from phonenumbers import country_code_for_region
from sqlalchemy import ColumnElement, Select, column, exists, func, or_, select, table, text, tuple_
from sqlalchemy.orm import Session, selectinload

from data.listed import listed
from domain.book import tags
from domain.book.groups import GroupMember
from domain.book.person import Customer, CustomerTag, Tag
from domain.book.whatsapp_numbers import USER_ID
from domain.refusal import Kind, Refusal
from domain.shop import shop

Sort = Literal["name", "newest"]
INDEXED = ("first_name", "last_name", "company", "email", "phone")
MOST, MOST_WORDS, LONGEST_WORD = 200, 8, 60
MOST_FOUND = 5_000  # beyond that, a search is too short to be answered in order
USUAL = "abcdefghijklmnopqrstuvwxyz0123456789"

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


WORDS = table("customers_fts", column("rowid"))


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What the list of the book is narrowed to; by itself, to nothing."""

    search: str = ""
    status: str | None = None
    tag: str | None = None
    group: int | None = None

    def __bool__(self) -> bool:
        return bool(self.search.strip() or self.status or self.tag or self.group)


@dataclass(frozen=True, slots=True)
class Page:
    items: list[Customer]  # with their tags
    next_cursor: str | None
    total: int
    more: bool = False  # more than `total` were found; they are worth another letter, not another page


def page(
    session: Session,
    *,
    search: str = "",
    status: str | None = None,
    tag: str | None = None,
    group: int | None = None,
    limit: int = 50,
    after: str | None = None,
    sort: Sort = "name",
) -> Page:
    """`after` is the cursor of the page before. Search words count from their beginning: "ann ber" finds Anna Berg."""
    limit = max(1, min(limit, MOST))
    wanted = _wanted(session, search, status, tag, group)
    some = _some(session, wanted) if wanted.ways else None
    total = _how_many(session, wanted) if some is None else len(some)
    if some is None and total <= MOST_FOUND:
        some = _some(session, wanted)
    found = _in_order(_people(wanted, some), sort, after)
    items = list(session.scalars(found.options(selectinload(Customer.tags)).limit(limit + 1)))
    cursor = _cursor(items[limit - 1], sort) if len(items) > limit else None
    too_many = bool(wanted.ways) and total > MOST_FOUND
    return Page(items[:limit], cursor, total - too_many, too_many)


def suggest(session: Session, typed: str, limit: int = 20) -> list[Customer]:
    """The first few whose name, company, address or phone begins like this, for choosing people by hand."""
    wanted = _wanted(session, typed, None, None)
    some = _some(session, wanted) if wanted.ways else None
    found = _in_order(_people(wanted, some), "name", None)
    return list(session.scalars(found.limit(max(1, min(limit, MOST)))))


def anybody(session: Session, typed: str, most: int) -> list[int]:
    """Up to one more than `most` of those who are called so or reached there, also who was deleted since."""
    found: dict[int, None] = {}
    for way in _ways(session, typed):
        if len(found) <= most:
            found |= dict.fromkeys(session.scalars(way.limit(most + 1)))
    return list(found)[: most + 1]


def phones(session: Session, typed: str, most: int) -> list[str]:
    """The numbers of up to so many who are called so or reached there."""
    those = Customer.id.in_(listed(anybody(session, typed, most)[:most])), Customer.phone_key.is_not(None)
    return [key for key in session.scalars(select(Customer.phone_key).where(*those)) if key]


def everybody(session: Session, narrowed: Narrowing) -> "array[int]":
    """The numbers of all whom a list narrowed like this shows, in the order of the book: eight bytes for each."""
    wanted = _wanted(session, narrowed.search, narrowed.status, narrowed.tag, narrowed.group)
    found = array("q")
    for way in wanted.ways or [select(Customer.id)]:
        found.extend(session.scalars(way.where(*wanted.meant).execution_options(yield_per=MOST_FOUND)))
    return array("q", sorted(set(found)))


def tags_with_counts(session: Session) -> list[tuple[str, int]]:
    return tags.with_counts(session)


@dataclass(frozen=True, slots=True)
class _Wanted:
    ways: list[Select[int]]  # in which what was typed can be found
    status: str | None
    tag: str | None
    group: int | None

    @property
    def meant(self) -> list[ColumnElement[bool]]:
        status = [Customer.status == self.status] if self.status else []
        tag = [_has_tag(self.tag)] if self.tag else []
        return [Customer.deleted_at.is_(None), *status, *tag, *([_is_in(self.group)] if self.group else [])]


def _wanted(
    session: Session, search: str, status: str | None, tag: str | None, group: int | None = None
) -> _Wanted:
    return _Wanted(_ways(session, search) if search.strip() else [], status, tag, group)


def _how_many(session: Session, wanted: _Wanted) -> int:
    """The deleted are few; they are taken off what an index counts."""
    if wanted.group:
        few = Customer.id.in_(_members(wanted.group))
        return session.scalar(select(func.count()).where(*wanted.meant, few)) or 0
    gone = select(Customer.id, Customer.status).where(Customer.deleted_at.is_not(None))
    if wanted.tag and wanted.status:
        return (
            session.scalar(select(func.count()).where(*wanted.meant, Customer.id.in_(_holders(wanted.tag))))
            or 0
        )
    counted = select(func.count()).select_from(Customer)
    if wanted.status:
        counted = counted.where(Customer.status == wanted.status)
    if wanted.tag:
        counted = select(func.count()).select_from(_holders(wanted.tag).subquery())
        gone = gone.where(_has_tag(wanted.tag))
    those = gone.cte("gone").prefix_with("MATERIALIZED")
    of_these = [those.c.status == wanted.status] if wanted.status else []
    deleted = select(func.count()).select_from(those).where(*of_these)
    return (session.scalar(counted) or 0) - (session.scalar(deleted) or 0)


def _people(wanted: _Wanted, some: list[int] | None) -> Select[Customer]:
    """A few are found first and then put in order; many are met soon enough on the way through the order."""
    if some is None:
        return select(Customer).where(*wanted.meant)
    values = func.json_each(json.dumps(some)).table_valued("value")
    return select(Customer).where(Customer.id.in_(select(values.c.value)))


def _some(session: Session, wanted: _Wanted) -> list[int]:
    """Up to one more than MOST_FOUND."""
    ways = wanted.ways or [select(Customer.id)]
    if wanted.group and not wanted.ways:
        ways = [select(Customer.id).where(Customer.id.in_(_members(wanted.group)))]
    elif wanted.tag and not wanted.ways:
        ways = [select(Customer.id).where(Customer.id.in_(_holders(wanted.tag)))]
    found: dict[int, None] = {}
    for way in ways:
        if len(found) <= MOST_FOUND:
            found |= dict.fromkeys(session.scalars(way.where(*wanted.meant).limit(MOST_FOUND + 1)))
    return list(found)[: MOST_FOUND + 1]


def _ways(session: Session, search: str) -> list[Select[int]]:
    """The word index, and numbers typed in another way than they were written down; an id of WhatsApp is found as it is."""
    if USER_ID.fullmatch(search.strip()):
        return [select(Customer.id).where(Customer.wa_user_id == search.strip())]
    by_words = [_by_words(words) for words in (_pairs(search), _match(search)) if words]
    digits = re.sub(r"\D", "", search)
    if len(digits) < 5 or re.search(r"[^\d\s()+./-]", search):
        return by_words
    return [*by_words, _by_phone(session, digits)]


def _by_words(words: str) -> Select[int]:
    found = select(Customer.id).join(WORDS, WORDS.c.rowid == Customer.id)
    return found.where(text("customers_fts MATCH :words").bindparams(words=words))


def _by_phone(session: Session, digits: str) -> Select[int]:
    """As a number of the shop's country or with its own country; anywhere in the number only if nobody's begins so."""
    national = digits.lstrip("0")
    country = country_code_for_region(shop.read(session).country)
    begins = or_(
        *(Customer.phone_key.between(one, f"{one}:") for one in (f"+{national}", f"+{country}{national}"))
    )
    found = select(Customer.id).where(begins)
    if session.scalar(found.limit(1)) is not None:
        return found
    return select(Customer.id).where(Customer.phone_key.contains(national, autoescape=True))


def _pairs(search: str) -> str:
    """For one letter: the usual pairs that begin with it, which the word index keeps ready, while all words that begin with
    a letter are put together before the first is known. Where they find enough, nothing else is asked.
    """
    [letter] = re.findall(r"^\s*([a-z0-9])\s*$", search.casefold(), re.ASCII) or [""]
    return " OR ".join([f'"{letter}"', *(f'"{letter}{other}"*' for other in USUAL)]) if letter else ""


def _match(search: str) -> str:
    """Every word in quotes, so that no sign has a meaning, and as a beginning. Nothing to look for finds nobody."""
    words = re.findall(r"\w+", search.replace("\x00", " ").encode("utf-8", "ignore").decode())[:MOST_WORDS]
    return " ".join(f'"{word[:LONGEST_WORD]}"*' for word in words) or '""'


def _has_tag(name: str) -> ColumnElement[bool]:
    return exists().where(CustomerTag.customer_id == Customer.id, CustomerTag.tag_id == _tag_id(name)).correlate(Customer)  # fmt: skip


def _holders(tag: str) -> Select[int]:
    return select(CustomerTag.customer_id).where(CustomerTag.tag_id == _tag_id(tag))


def _is_in(group: int) -> ColumnElement[bool]:
    return exists().where(GroupMember.group_id == group, GroupMember.customer_id == Customer.id).correlate(Customer)  # fmt: skip


def _members(group: int) -> Select[int]:
    return select(GroupMember.customer_id).where(GroupMember.group_id == group)


def _tag_id(name: str) -> Any:
    return select(Tag.id).where(Tag.name == name).scalar_subquery()


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
