"""The audit log: every action has its words, it is found by person, part, time, thing and word, and never rewritten."""

import ast
import csv
import io
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from data import migrate
from data.database import close_database, open_database, reading, unit
from domain.book import categories, customers, staff
from domain.refusal import Refusal
from domain.sending import campaigns, trail
from domain.sending.trail import Asked
from domain.shop import audit
from domain.shop.people import CLOCK, Actor, Role
from tests.cast import Cast
from ui import audit_files, audit_words
from ui.audit_files import Wanted

DOMAIN = Path(__file__).parents[2] / "domain"
UTC_ZONE = ZoneInfo("UTC")
# Actions that are put together while the program runs.
MADE_UP = {
    "tag_keeping.py": {f"tag.{what}" for what in ("renamed", "merged", "deleted")},
    "shelf.py": {
        f"{shelf.noun}.{what}"
        for shelf in (categories.SHELF, staff.SHELF)
        for what in ("added", "renamed", "ordered", "deleted")
    },
    "launches.py": {"campaign.launched", "one_shot.launched"},
    "trial.py": {"campaign.tried"},
    "purging.py": {
        "purge.done",
        "campaign.purged",
        *(f"{kind}.put_back" for kind in ("campaign", "template", "segment")),
    },
}
# As many as a busy shop writes in years.
MANY = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000)
INSERT INTO audit_entries (at, action, subject_id, actor_id, actor_name, actor_role, via, address, before, after)
SELECT :at, 'customer.changed', n % 500, :by, 'Max', 'manager', 'page', '',
       '{"first_name": "Ana"}', '{"first_name": "Anna"}' FROM numbers
"""


def told(asked: Asked, by: Actor) -> list[str]:
    with reading() as session:
        return [audit_words.sentence(line) for line in trail.page(session, asked, by=by, page=1, size=50)[0]]


def note(action: str, by: Actor, now: datetime, **more: Any) -> None:
    with unit() as session:
        audit.write(session, action, by=by, now=now, **more)


def test_every_action_that_is_written_anywhere_has_its_words() -> None:
    written = {action for file in DOMAIN.rglob("*.py") for action in _actions_of(file)}
    assert len(written) > 60
    assert written - set(audit_words.SAYS) == set()


def test_a_sentence_is_whole_also_where_what_was_noted_is_gone(cast: Cast, now: datetime) -> None:
    for action in audit_words.SAYS:
        note(action, cast.olive, now, subject_id=1)
    for sentence in told(Asked(), cast.olive):
        assert sentence.startswith("Olive ")
        assert "{" not in sentence
        assert "None" not in sentence


def test_a_change_is_told_with_what_was_before_and_after(cast: Cast, now: datetime) -> None:
    with unit() as session:
        ana = customers.create(session, {"first_name": "Ana", "last_name": "Berg"}, by=cast.max_, now=now)
        customers.change(session, ana.id, {"first_name": "Anna"}, by=cast.olive, now=now)
        newest = trail.page(session, Asked(), by=cast.olive, page=1, size=1)[0][0]
    assert audit_words.sentence(newest) == "Olive changed the customer “Anna Berg”"
    assert audit_words.changes(newest.entry, UTC_ZONE) == [("First name", "Ana", "Anna")]


def test_a_stretch_of_work_on_a_draft_is_one_entry_and_every_program_is_told_of(
    cast: Cast, now: datetime
) -> None:
    """A page keeps what is typed every other second."""
    program = replace(cast.max_, via="api")
    with unit() as session:
        draft = campaigns.create(session, {"name": "Winter"}, by=cast.olive, now=now - timedelta(days=1)).id
        for second, subject in enumerate(("P", "Pea", "Pearls")):
            campaigns.change(
                session, draft, {"subject": subject}, by=cast.max_, now=now + timedelta(seconds=second)
            )
        campaigns.change(
            session, draft, {"html_body": "<p>Hi</p>"}, by=cast.max_, now=now + timedelta(hours=1)
        )
        for subject in ("Opals", "Onyx"):
            campaigns.change(session, draft, {"subject": subject}, by=program, now=now + timedelta(hours=2))
        lines = trail.page(session, Asked(action="campaign.changed"), by=cast.olive, page=1, size=50)[0]
    assert [(one.entry.before, one.entry.after) for one in lines] == [
        ({"subject": "Opals"}, {"subject": "Onyx"}),
        ({"subject": "Pearls"}, {"subject": "Opals"}),
        ({"html_body": "0 characters"}, {"html_body": "9 characters"}),
        ({"subject": ""}, {"subject": "P"}),
    ]


def test_the_log_is_narrowed_to_a_person_a_part_a_time_and_a_thing(cast: Cast, now: datetime) -> None:
    with unit() as session:
        ana = customers.create(session, {"first_name": "Ana"}, by=cast.max_, now=now)
        ben = customers.create(session, {"first_name": "Ben"}, by=cast.olive, now=now + timedelta(days=1))
        campaigns.create(session, {"name": "Winter"}, by=cast.max_, now=now + timedelta(days=2))
    anas, bens = "Max added the customer “Ana”", "Olive added the customer “Ben”"
    winter = "Max made the campaign “Winter”"
    assert told(Asked(person=cast.max_.user_id), cast.olive) == [winter, anas]
    assert told(Asked(part="customers"), cast.olive) == [bens, anas]
    assert told(Asked(since=now + timedelta(hours=1), until=now + timedelta(days=2)), cast.olive) == [bens]
    assert told(Asked(kind="customer", number=ben.id), cast.olive) == [bens]
    assert told(Asked(action="customer.created", person=cast.olive.user_id), cast.olive) == [bens]
    assert told(Asked(kind="customer", number=ana.id), cast.olive) == [anas]


def test_a_search_finds_names_of_today_and_of_then_also_beyond_ascii(cast: Cast, now: datetime) -> None:
    with unit() as session:
        zoe = customers.create(session, {"first_name": "Zoë", "last_name": "Ångström"}, by=cast.max_, now=now)
        customers.change(session, zoe.id, {"last_name": "Marlow"}, by=cast.max_, now=now)
        customers.create(session, {"first_name": "Ben"}, by=cast.max_, now=now)
    assert len(told(Asked(search="marlow"), cast.olive)) == 2
    assert len(told(Asked(search="Ångström"), cast.olive)) == 2
    assert told(Asked(search="%"), cast.olive) == []


def test_what_handbill_did_by_itself_stands_apart(cast: Cast, now: datetime) -> None:
    note("dispatch.went_on", CLOCK, now, subject_id=7)
    note("shop.changed", cast.olive, now)
    assert told(Asked(person=trail.ITSELF), cast.olive) == ["Handbill went on with send 7"]


def test_only_the_owner_reads_the_log(cast: Cast, now: datetime) -> None:
    for by in (cast.max_, cast.sal):
        with reading() as session, pytest.raises(Refusal, match="Ask the owner"):
            trail.page(session, Asked(), by=by, page=1, size=50)


def test_whoever_takes_the_log_away_is_in_it_and_no_cell_is_worked_out(cast: Cast, now: datetime) -> None:
    with unit() as session:
        customers.create(session, {"first_name": '=HYPERLINK("x")'}, by=cast.max_, now=now)
    body = "".join(audit_files._csv(Wanted().asked(UTC_ZONE), cast.olive))
    rows = list(csv.reader(io.StringIO(body.lstrip("\ufeff"))))
    assert rows[1][8].startswith("'=")
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)
    audit_files.file("csv", Wanted(), cast.olive)
    assert told(Asked(), cast.olive)[0] == "Olive took this log away as a file"


def test_a_page_of_a_hundred_thousand_entries_is_there_at_once(cast: Cast, now: datetime) -> None:
    """A search through all of them included; the figures are ten times what they take on a quiet machine."""
    with unit() as session:
        session.execute(text(MANY), {"at": now.replace(tzinfo=None), "by": cast.max_.user_id})
    begun = time.process_time()
    with reading() as session:
        lines, total = trail.page(session, Asked(), by=cast.olive, page=1_999, size=50)
        found, _ = trail.page(session, Asked(search="nobody"), by=cast.olive, page=1, size=50)
    assert (len(lines), total, found) == (50, 100_000, [])
    assert time.process_time() - begun < 5


@pytest.fixture
def kept(tmp_path: Path, shop_db: Path) -> Iterator[None]:
    """A database file as a shop has it, with what the migrations lay down."""
    migrate.migrate(open_database(tmp_path / "kept.db"))
    yield
    close_database()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor_name = 'Nobody'",
        "UPDATE audit_entries SET before = NULL, after = NULL",
        "DELETE FROM audit_entries",
    ],
)
def test_the_database_itself_refuses_to_rewrite_the_log(kept: None, now: datetime, statement: str) -> None:
    note("shop.changed", Actor(None, "Olive", Role.OWNER), now, after={"name": "Marlow"})
    with pytest.raises(IntegrityError, match="only ever added"), unit() as session:
        session.execute(text(statement))
    with reading() as session:
        assert session.execute(text("SELECT actor_name FROM audit_entries")).scalars().all() == ["Olive"]


def _actions_of(file: Path) -> set[str]:
    """What the file hands to `audit.write`. One that puts an action together must be in MADE_UP."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.write":
            action = node.args[1]
            if isinstance(action, ast.Constant):
                found.add(str(action.value))
            else:
                assert file.name in MADE_UP, f"{file.name} puts an action together: name it in MADE_UP"
                found |= MADE_UP[file.name]
    return found
