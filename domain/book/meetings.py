"""Who is compared with whom when twins are looked for: boxes of people with something rare in common.

The database makes the boxes, and holds up nobody else in this process meanwhile; only who shares one comes into memory.
"""

import json
from collections.abc import Callable, Collection, Iterator
from itertools import groupby
from typing import Any, Final, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from domain.book.contact import USUAL_DOMAINS
from domain.book.likeness import Card, card, folded, sounding
from domain.book.person import Customer
from domain.book.side_tables import SharedAddress

LARGEST_BOX: Final = 300  # of more people with one thing in common, not each is compared with each
AT_ONCE, LOT = 2_000, 200  # rows, and boxes
COLUMNS: Final = (
    Customer.id, Customer.first_name, Customer.last_name, Customer.company, Customer.email_key, Customer.phone_key,
    Customer.postcode,
)  # fmt: skip
# What two of one box may score at most, of 100: see `likeness`.
SAME_POSTCODE, SAME_DOMAIN, COMPLETING, SAME_NAME = 84, 76, 68, 60

NAMES: Final = (
    "DROP TABLE IF EXISTS temp.names_heard",
    "CREATE TEMP TABLE names_heard (written TEXT PRIMARY KEY, plain TEXT, sound TEXT) WITHOUT ROWID",
    "INSERT INTO names_heard SELECT value->>0, value->>1, value->>2 FROM json_each(:names)",
)
BOXES: Final = """
    SELECT {ceiling} AS ceiling, count(*) AS many, iif(count(*) <= :largest, json_group_array(c.id), NULL) AS people
    FROM customers c CROSS JOIN temp.names_heard f ON f.written = c.first_name
    CROSS JOIN temp.names_heard l ON l.written = iif(c.last_name = '', c.company, c.last_name)
    WHERE c.deleted_at IS NULL AND {only}
    GROUP BY {key} HAVING count(*) > 1 AND {having} ORDER BY {order}"""
POSTCODE: Final = "replace(c.postcode, ' ', '')"
DOMAIN: Final = "substr(c.email_key, instr(c.email_key, '@') + 1)"
# A slip in both names after they began; in the last name; in the first one.
BEGINNINGS: Final = (
    "substr(f.sound, 1, 1), substr(l.sound, 1, 3)",
    "f.plain, substr(l.sound, 1, 1)",
    "l.sound",
)
EITHER_WAY_ROUND: Final = "min(f.plain, l.plain), max(f.plain, l.plain)"
HAS_BOTH: Final = "(c.email_key IS NOT NULL AND c.phone_key IS NOT NULL)"
ONLY_MAIL: Final = "(c.email_key IS NOT NULL AND c.phone_key IS NULL)"
ONLY_PHONE: Final = "(c.email_key IS NULL AND c.phone_key IS NOT NULL)"
THESE: Final = "max(c.id IN (SELECT value FROM json_each(:about)))"


class Box(NamedTuple):
    ceiling: int  # what two of them may score at most, of 100
    people: list[Card]
    many: int  # of more than a box may hold none is named


def with_one_address(session: Session) -> Iterator[list[Card]]:
    """Those who share an address, and those who share a number."""
    for place in ("email_key", "phone_key"):
        rows = (
            select(SharedAddress.address, *COLUMNS)
            .join(Customer, Customer.id == SharedAddress.customer_id)
            .where(SharedAddress.place == place, Customer.deleted_at.is_(None))
            .order_by(SharedAddress.address, Customer.id)
        )
        streamed = session.execute(rows.execution_options(yield_per=AT_ONCE))
        for _, box in groupby(streamed, key=lambda row: row.address):
            yield [card(*row[1:]) for row in box]


def with_names_alike(
    session: Session, has_enough: Callable[[int], bool], about: Collection[int] | None = None
) -> Iterator[Box]:
    """The likeliest first, of those the rarest, until there is enough of what scores as much as is still to come.

    `about`: only boxes with one of these people.
    """
    given = {"largest": LARGEST_BOX, "about": json.dumps(sorted(about or []))}
    listened = False
    for ceiling, statement in _statements("1" if about is None else THESE):
        if has_enough(ceiling):
            return
        if not listened:
            _listen(session)
            listened = True
        for box in _boxes(session, statement, given):
            if has_enough(box.ceiling):
                return
            yield box


def _statements(having: str) -> Iterator[tuple[int, str]]:
    """Names that only sound alike need a place in common; the same name is enough where nothing contradicts."""
    usual = ", ".join(f"'{domain}'" for domain in USUAL_DOMAINS)
    by_domain = f"c.email_key IS NOT NULL AND {DOMAIN} NOT IN ({usual})"
    for ceiling, place, only in (
        (SAME_POSTCODE, POSTCODE, "c.postcode <> ''"),
        (SAME_DOMAIN, DOMAIN, by_domain),
    ):
        for names in (*BEGINNINGS, EITHER_WAY_ROUND):
            key = f"{place}, {names}"
            yield (
                ceiling,
                BOXES.format(ceiling=ceiling, only=only, key=key, having=having, order="many, min(c.id)"),
            )
    complete = f"max({ONLY_MAIL}) AND max({ONLY_PHONE})"
    yield (
        COMPLETING,
        BOXES.format(
            ceiling=f"iif({complete}, {COMPLETING}, {SAME_NAME})",
            only="f.plain || l.plain <> ''",
            key=EITHER_WAY_ROUND,
            having=f"NOT min({HAS_BOTH}) AND {having}",
            order="1 DESC, min(c.id)",
        ),
    )


def _boxes(session: Session, statement: str, given: dict[str, Any]) -> Iterator[Box]:
    rows = session.execute(text(statement), given)
    while lot := rows.fetchmany(LOT):
        people = _people(session, [json.loads(row.people) for row in lot if row.people])
        yield from (Box(row.ceiling, next(people) if row.people else [], row.many) for row in lot)


def _listen(session: Session) -> None:
    """Every way a name is written in the book, beside how it is compared and how it may be heard; gone with the session."""
    written = {""}
    for column in (Customer.first_name, Customer.last_name, Customer.company):
        written.update(session.scalars(select(column).distinct()))
    names = json.dumps([(name, plain := folded(name), sounding(plain)) for name in sorted(written)])
    for statement in NAMES:
        session.execute(text(statement), {"names": names} if ":names" in statement else {})


def _people(session: Session, boxes: list[list[int]]) -> Iterator[list[Card]]:
    numbers = json.dumps(sorted({number for box in boxes for number in box}))
    rows = select(*COLUMNS).where(Customer.id.in_(text("SELECT value FROM json_each(:numbers)")))
    known = {row.id: card(*row) for row in session.execute(rows, {"numbers": numbers})}
    return ([known[number] for number in sorted(box)] for box in boxes)
