"""A shop with a customer book of any size, written by the database itself: a million people in about a minute.

4 % have no address, 7 % opted out, 2 % bounced, some families share an address. Each has three records. The same people come
each time: every quality of a person is drawn from their number, by a table of multipliers.
"""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import domain.tables  # noqa: F401  every table, so that those written here know those they lean on
from data import migrate
from data.database import close_database, open_database, unit
from domain.audience import segments
from domain.book import records, statuses
from domain.book.categories import Category
from domain.book.customers import Tag
from domain.book.side_tables import LATEST_OF_ALL, PLACES, asides_among
from domain.book.staff import StaffMember

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
TAGS = ["gold", "watches", "pearls", "repairs", "corporate", "engagement"]
RECORDS_EACH = 3
PRIME = 2_147_483_647
SALTS = [48_271, 16_807, 69_621, 39_373, 630_360_016, 742_938_285, 950_706_376, 1_226_874_159, 62_089_911, 1_343_714_438]  # fmt: skip
INDEXES = (
    "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN {filled}"
)
TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN {filled}"
OWN_FIELDS = "FROM customers, json_each(attrs) ORDER BY 1"
SHARED = """INSERT INTO shared_addresses SELECT '{place}', {place}, id FROM customers WHERE {place} IN
    (SELECT {place} FROM customers WHERE {place} IS NOT NULL GROUP BY 1 HAVING count(*) > 1)"""
FILLED = (
    "customers",
    "customer_facts",
    "customer_tags",
    "customer_dates",
    "customer_records",
    "preferences",
    "suppressions",
    "shared_addresses",
    "latest_records",
)


Write = Callable[[sqlite3.Connection], None]


def fill(path: Path, customers: int, people: Write | None = None) -> None:
    """A new file, opened for `unit()` and `reading()`; `people` writes other customers than those of this book."""
    engine = open_database(path)
    migrate.migrate(engine)
    with unit() as session:
        statuses.ensure_usual(session)
        records.ensure_usual_kinds(session)
        segments.ensure_system(session, NOW)
        session.add_all([Tag(id=number, name=name) for number, name in enumerate(TAGS, 1)])
        session.add_all(
            [StaffMember(key=f"staff{one}", label=f"Staff {one}", position=one) for one in range(5)]
        )
        session.add_all(
            [Category(key=f"category{one}", label=f"Category {one}", position=one) for one in range(12)]
        )
    close_database()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=OFF")
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-200000")
    _write(connection, customers, people or partial(_write_people, customers))
    connection.close()
    open_database(path)


def chance(salt: int, of: int, number: str = "n") -> str:
    """An expression: a whole number from 0 to `of` - 1 for person n."""
    multiplier = SALTS[salt]
    return f"((({number} * {multiplier} + {salt + 1}) % {PRIME}) * 16807 % {PRIME} % {of})"


def _write(connection: sqlite3.Connection, customers: int, people: Write) -> None:
    """Indexes come last: in order, at one go."""
    built = connection.execute(INDEXES.format(filled=FILLED)).fetchall()
    kept = connection.execute(TRIGGERS.format(filled=FILLED)).fetchall()
    for name, _ in built:
        connection.execute(f"DROP INDEX {name}")
    for name, _ in kept:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("BEGIN")
    people(connection)
    for statement in _more(customers):
        connection.execute(statement)
    for _, sql in [*built, *kept]:
        connection.execute(sql)
    connection.execute(asides_among("1"))
    connection.execute("INSERT INTO customers_fts(customers_fts) VALUES ('rebuild')")
    connection.execute("COMMIT")
    connection.execute("ANALYZE")


def _write_people(customers: int, connection: sqlite3.Connection) -> None:
    connection.execute(_people(customers))


def _people(customers: int) -> str:
    day = f"{chance(0, 2000)}"
    created = _at(f"-{day}", 0)
    active = _at(f"{chance(1, 200)} - {day}", 0)
    has = f"{chance(2, 100)} >= 4"
    key = "'person' || m || '@family' || (m % 5000) || '.example'"
    return f"""
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {customers}),
        people AS (SELECT n, CASE WHEN n % 40 = 0 THEN n - 1 ELSE n END AS m FROM numbers)
        INSERT INTO customers (id, first_name, last_name, company, email, email_key, email_hash, email_trouble, phone,
            phone_key, status, language, timezone, preferred_channel, postcode, marketing_opt_out, active_at, notes, attrs,
            source, created_at, updated_at, version)
        SELECT n, 'First' || (n % 900), 'Last' || (n % 7000), '',
            iif({has}, {key}, ''), iif({has}, {key}, NULL), iif({has}, 'hash' || m, NULL),
            iif({chance(3, 100)} < 2, 'bounced', NULL), printf('+4420%08d', n), printf('+4420%08d', n),
            CASE {chance(4, 5)} WHEN 0 THEN 'lead' WHEN 1 THEN 'vip' WHEN 2 THEN 'former' ELSE 'customer' END,
            '', '', '', '', {chance(5, 100)} < 7, {active},
            iif(n % 3 = 0, 'Likes white gold, small hoops and being called back after five.', ''),
            iif(n % 2, '{{"ring": "' || (44 + {chance(6, 21)}) || '"}}', '{{}}'), 'typed', {created}, {created}, 1
        FROM people"""


def _more(customers: int) -> list[str]:
    return [
        f"INSERT INTO customer_facts SELECT customers.id, key, value, CAST(value AS REAL) {OWN_FIELDS}",
        *(SHARED.format(place=place) for place in PLACES),
        f"""INSERT INTO customer_tags (customer_id, tag_id)
            SELECT id, 1 + {chance(7, 6, "id")} FROM customers WHERE {chance(8, 3, "id")} > 0
            UNION ALL
            SELECT id, 1 + ({chance(7, 6, "id")} + 1 + {chance(9, 5, "id")}) % 6 FROM customers
            WHERE {chance(8, 3, "id")} > 1 ORDER BY 1, 2""",
        f"""INSERT INTO customer_dates (customer_id, kind, month, day, note)
            SELECT id, 'birthday', 1 + {chance(0, 12, "id + 7")}, 1 + {chance(1, 28, "id + 7")}, '' FROM customers""",
        _records(customers),
        f"""INSERT INTO preferences (customer_id, channel, message_type, allowed, changed_at)
            SELECT id, 'email', 'marketing', 0, {_at("0", 0)} FROM customers WHERE id % 33 = 1""",
        f"""INSERT INTO suppressions (channel, address_hash, scope, reason, at)
            SELECT 'email', 'hash' || id, 'all', 'unsubscribed', {_at("0", 0)} FROM customers WHERE id % 97 = 1""",
        LATEST_OF_ALL,
    ]


def _records(customers: int) -> str:
    """Half are orders of the last five years; the others begin between five years ago and two months ahead."""
    kind = chance(2, 10)
    starts = f"60 - {chance(3, 1880)} - iif({kind} < 5, 61, 0)"
    lasts = f"(1 + {chance(4, 30)})"
    return f"""
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {customers * RECORDS_EACH})
        INSERT INTO customer_records (customer_id, kind, title, category, staff, mode, starts_at, ends_at, status,
            amount, currency, uses_left, source, external_id, attrs, created_at)
        SELECT 1 + n % {customers}, CASE WHEN {kind} < 5 THEN 'order' WHEN {kind} = 5 THEN 'workshop' WHEN {kind} = 6
            THEN 'repair' WHEN {kind} = 7 THEN 'pass' WHEN {kind} = 8 THEN 'subscription' ELSE 'appointment' END,
            'Something bought or booked', 'category' || {chance(5, 12)}, 'staff' || {chance(6, 5)},
            CASE {chance(7, 4)} WHEN 0 THEN 'online' WHEN 1 THEN 'remote' WHEN 2 THEN 'in_store' END,
            {_at(starts, 10)}, iif({kind} < 5, NULL, {_at(f"{starts} + {lasts}", 12)}),
            iif({kind} < 5 OR {starts} + {lasts} < 0, 'done', iif({chance(8, 20)} = 0, 'cancelled', 'active')),
            500 + {chance(9, 90_000)}, 'GBP', iif({kind} = 7, {chance(0, 5)}, NULL), 'import', 'till-' || n, '{{}}',
            {_at(starts, 10)}
        FROM numbers"""


def _at(days: str, hour: int) -> str:
    """An instant as it lies in the file, so many days from now."""
    midnight = NOW.replace(hour=0, minute=0)
    return f"strftime('%Y-%m-%d {hour:02}:30:00.000000', {midnight.timestamp():.0f} + ({days}) * {timedelta(days=1).total_seconds():.0f}, 'unixepoch')"
