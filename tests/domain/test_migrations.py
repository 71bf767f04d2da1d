"""The file on a shop's disk and the mapped classes say the same, and an old file keeps what is in it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError

from data import migrate
from data.database import close_database, open_database, reading, unit
from data.secrets import use_keys
from domain import tables
from domain.book import categories, consent, customers, record_kinds, records, staff
from domain.book.imports import Import
from domain.book.person import Customer
from domain.book.proof import Consent
from domain.book.side_tables import ASIDE_TRIGGERS, LATEST_TRIGGERS, NUMBER_TRIGGERS
from domain.book.wordings import Wording
from domain.ledger import engagement, farewells, received, windows
from domain.ledger.engagement import Counts
from domain.results import incoming
from domain.sending import dispatches
from domain.shop import limits, mailbox
from domain.shop import shop as shops
from domain.shop.audit import AuditEntry
from domain.shop.people import Actor, Role
from tests.domain.test_side_tables import laid_ready, latest_laid_ready, latest_read_plainly, read_plainly

CUSTOMER = (
    "INSERT INTO customers (id, first_name, last_name, company, email, phone, status, language, timezone, "
    "marketing_opt_out, active_at, notes, attrs, source, created_at, updated_at, version) VALUES (1, 'Ana', 'Müller', "
    "'', 'ana@example.org', '', 'vip', '', '', 0, '2026-01-01', '', '{}', 'typed', '2026-01-01', '2026-01-01', 1)"
)
CONSENT = (
    "INSERT INTO consents (channel, message_type, allowed, at, how, source, wording, by_name, address) "
    "VALUES ('email', 'all', 1, '2026-01-01', 'staff', '', '', '', '')"
)

ENTRY = (
    "INSERT INTO audit_entries (at, action, subject_id, actor_id, actor_name, actor_role, via, address, after) VALUES "
    "('2026-01-01', 'customer.created', 1, 1, 'Olive', 'owner', 'page', '', '{\"first_name\": \"Ana\"}')"
)
RECORD = (
    "INSERT INTO customer_records (customer_id, kind, title, category, staff, starts_at, status, source, attrs, "
    "created_at) VALUES (1, '{kind}', '', '{category}', '{staff}', '2026-0{month}-01', 'done', 'typed', '{{}}', '2026-01-01')"
)
KINDS = (
    "INSERT INTO record_kinds (key, label, has_end) VALUES ('order', 'Bought', 0), ('repair', 'Repair', 1)"
)
SHOP_OF_VERSION_3 = (
    CUSTOMER,
    KINDS,
    RECORD.format(kind="order", category="Rings", staff="Bo", month=1),
    RECORD.format(kind="repair", category="Watches", staff="", month=2),
    "INSERT INTO imports (file_name, basis, mapping, added, updated, unchanged, rejected, created_at) "
    "VALUES ('list.csv', 'Till', '{}', 1, 0, 0, '[]', '2026-01-01')",
)
# Who is left out, for every reason there is, and records of which the last is not the last written down.
LEFT_OUT = {
    1: "email_key = 'a@x.example', email_hash = 'a'",
    2: "email_key = NULL",
    3: "email_key = 'c@x.example', email_trouble = 'bounced'",
    4: "email_key = 'd@x.example', marketing_opt_out = 1",
    5: "email_key = 'e@x.example', email_hash = 'e'",
    6: "email_key = 'f@x.example', email_hash = 'f'",
    7: "email_key = 'g@x.example', email_hash = 'g'",
    8: "email_key = 'h@x.example', email_hash = 'h', deleted_at = '2026-11-01'",
}
SAID = "INSERT INTO preferences (customer_id, channel, message_type, allowed, changed_at) VALUES ({}, '2026-01-01')"
KEPT_OUT = (
    "INSERT INTO suppressions (channel, address_hash, scope, reason, at) VALUES ({}, 'bounced', '2026-01-01')"
)
SHOP_OF_VERSION_4 = (
    KINDS,
    *(CUSTOMER.replace("VALUES (1,", f"VALUES ({number},") for number in LEFT_OUT),
    *(f"UPDATE customers SET {columns} WHERE id = {number}" for number, columns in LEFT_OUT.items()),
    SAID.format("1, 'email', 'marketing', 1"),
    SAID.format("5, 'email', 'marketing', 0"),
    SAID.format("6, 'whatsapp', 'marketing', 0"),
    KEPT_OUT.format("'email', 'f', 'newsletter'"),
    KEPT_OUT.format("'email', 'g', 'all'"),
    KEPT_OUT.format("'whatsapp', 'a', 'all'"),
    *(RECORD.format(kind="order", category="", staff="", month=month) for month in (3, 5, 4)),
    RECORD.format(kind="repair", category="", staff="", month=7).replace("'done'", "'cancelled'"),
    RECORD.format(kind="repair", category="", staff="", month=2),
)


OPENED_OF_VERSION_6 = [
    (1, "opened", "human"),
    (1, "opened", "human"),
    (2, "opened", "machine"),
    (2, "clicked", "unsure"),
]
SHOP_OF_VERSION_6 = (
    "INSERT INTO shop (id, public_id, name, postal_address, country, timezone, sender_name, sender_email, reply_to, "
    "ready, version) VALUES (1, 'x', 'Marlow', '', 'GB', 'UTC', '', '', '', 1, 1)",
    "INSERT INTO dispatches (id, run_no, name, channel, message_type, state, error, from_name, from_email, reply_to, subject, "
    "preheader, html_body, text_body, shop_name, postal_address, content_hash, audience, audience_label, only_remaining, "
    "recipients, practice, held_for, held_by, created_by_name, created_at, late_reason, starts_at) VALUES (1, 1, '', 'email', "
    "'marketing', 'sent', '', '', '', '', '', '', '', '', '', '', '', '{}', '', 0, 2, 0, '', '', '', '2026-01-01', '', "
    "'2026-01-01')",
    *(
        f"INSERT INTO deliveries (id, dispatch_id, state, attempts, tries, next_at) VALUES ({number}, 1, 'sent', 1, 0, "
        "'2026-01-01')"
        for number in (1, 2)
    ),
    *(
        f"INSERT INTO events (delivery_id, kind, at, who) VALUES ({number}, '{kind}', '2026-01-0{number}', '{who}')"
        for number, kind, who in OPENED_OF_VERSION_6
    ),
)


LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    yield open_database(tmp_path / "shop.db")
    close_database()


def test_a_migrated_file_is_what_the_mapped_classes_say(engine: Engine) -> None:
    migrate.migrate(engine)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), tables.metadata)
    assert [one for one in found if "customers_fts" not in str(one)] == []


def test_the_newest_number_is_the_last_migration(engine: Engine) -> None:
    with engine.connect() as connection:
        script = ScriptDirectory.from_config(migrate._alembic(connection))
    assert script.get_current_head() == migrate.NEWEST


def test_migrating_twice_does_nothing_the_second_time(engine: Engine) -> None:
    assert migrate.migrate(engine) is True
    assert migrate.migrate(engine) is False


def test_a_filled_file_of_the_version_before_keeps_its_rows_and_can_be_searched(engine: Engine) -> None:
    upgrade(engine, "0001")
    with engine.begin() as connection:
        connection.execute(text(CUSTOMER))
    migrate.migrate(engine)
    with engine.connect() as connection:
        found = connection.scalars(
            text("SELECT rowid FROM customers_fts WHERE customers_fts MATCH 'muller*'")
        ).all()
    assert found == [1]


@pytest.mark.parametrize("act", ["UPDATE consents SET allowed = 0", "DELETE FROM consents"])
def test_the_consent_ledger_can_only_be_added_to(engine: Engine, act: str) -> None:
    migrate.migrate(engine)
    with engine.begin() as connection:
        connection.execute(text(CONSENT))
    with pytest.raises(IntegrityError, match="only ever added to"), engine.begin() as connection:
        connection.execute(text(act))


def test_a_shop_of_version_3_keeps_its_records_imports_and_words(engine: Engine) -> None:
    upgrade(engine, "0003")
    with engine.begin() as connection:
        for statement in SHOP_OF_VERSION_3:
            connection.execute(text(statement))
    migrate.migrate(engine)
    with reading() as session:
        assert categories.labels(session) == {"Rings": "Rings", "Watches": "Watches"}
        assert staff.labels(session) == {"Bo": "Bo"}
        [repair, order] = records.of(session, 1)
        assert (order.category, order.staff, order.updated_at, order.import_id) == ("Rings", "Bo", None, None)
        assert repair.staff == ""
        ana = customers.get(session, 1)
        assert (ana.preferred_channel, ana.postcode, ana.merged_into, ana.version) == ("", "", None, 1)
        took = session.scalars(select(Import)).one()
        assert (took.kind, took.state, took.added, took.undone_at) == ("customers", "done", 1, None)
        assert records.kinds(session) == {"order": "Bought", "repair": "Repair"}
    with unit() as session:
        records.ensure_usual_kinds(session)
        assert list(records.kinds(session))[:2] == ["order", "appointment"]
        assert record_kinds.get(session, "order").label == "Bought"


def test_what_is_counted_lies_ready_for_a_shop_of_version_4(engine: Engine) -> None:
    upgrade(engine, "0004")
    with engine.begin() as connection:
        for statement in SHOP_OF_VERSION_4:
            connection.execute(text(statement))
    migrate.migrate(engine)
    with reading() as session:
        aside = {number: tuple(why) for number, *why in laid_ready(session)}
        assert laid_ready(session) == read_plainly(session)
        assert latest_laid_ready(session) == latest_read_plainly(session) != []
    no_marketing = ("opted_out", None, None)
    assert aside == {
        2: ("no_address",) * 3, 3: ("bad_address",) * 3, 4: ("opted_out", "opted_out", None), 5: no_marketing,
        6: (None, "suppressed", None), 7: ("suppressed",) * 3, 8: ("deleted",) * 3,
    }  # fmt: skip


def test_what_was_opened_in_a_shop_of_version_6_is_counted_and_survives_the_way_back(engine: Engine) -> None:
    upgrade(engine, "0006")
    with engine.begin() as connection:
        for statement in SHOP_OF_VERSION_6:
            connection.execute(text(statement))
    migrate.migrate(engine)
    with reading() as session:
        found = engagement.counts(session, 1)
        assert shops.read(session).measured == ["marketing", "newsletter"]
    assert found == Counts(
        opens=2, unique_opens=1, machine_opens=1, unsure_clicks=1, any_opens=2, any_clicks=1
    )
    migrate.to_version(engine, "0006", back=True)
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT delivery_id, kind, who FROM events ORDER BY id")).all()
    assert [tuple(row) for row in kept] == OPENED_OF_VERSION_6


def test_the_ledger_of_a_shop_of_version_8_stays_and_names_words_from_now_on(engine: Engine) -> None:
    upgrade(engine, "0008")
    with engine.begin() as connection:
        for statement in (SHOP_OF_VERSION_6[0], CUSTOMER, CONSENT):
            connection.execute(text(statement))
    migrate.migrate(engine)
    use_keys(b"test" * 8)
    with unit() as session:
        said = {"how": "link", "now": datetime(2026, 11, 21, tzinfo=UTC), "words": "Offers from Marlow"}
        consent.withdraw(session, 1, "email", "marketing", **said)
        consent.grant(session, 1, "email", "marketing", **said)
    with reading() as session:
        assert shops.read(session).one_click_stops_all is False
        assert list(session.scalars(select(Consent.wording_id).order_by(Consent.id))) == [None, 1, 1]
        assert session.get_one(Wording, 1).words == "Offers from Marlow"
    with pytest.raises(IntegrityError, match="only ever added to"), engine.begin() as connection:
        connection.execute(text("UPDATE wordings SET words = 'Everything'"))
    migrate.to_version(engine, "0008", back=True)
    with engine.connect() as connection:
        assert len(connection.execute(text("SELECT how FROM consents")).all()) == 3
    with pytest.raises(IntegrityError, match="only ever added to"), engine.begin() as connection:
        connection.execute(text("DELETE FROM consents"))


def test_answers_come_to_a_shop_of_version_9_and_nothing_else_goes_on_the_way_back(engine: Engine) -> None:
    upgrade(engine, "0009")
    with engine.begin() as connection:
        connection.execute(text(CUSTOMER))
    migrate.migrate(engine)
    with unit() as session:
        received.keep(session, "1", 1, delivery_id=None, subject="Re: Hello", words="Yes", day_began=LONG_AGO, now=LONG_AGO)  # fmt: skip
        assert (received.how_many(session, 1), mailbox.kept(session)) == (1, None)
    migrate.to_version(engine, "0009", back=True)
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT id FROM customers")).all() == [1]


def test_a_shop_of_version_11_keeps_its_sends_and_its_bin_is_emptied_after_ninety_days(
    engine: Engine,
) -> None:
    upgrade(engine, "0011")
    with engine.begin() as connection:
        for statement in SHOP_OF_VERSION_6:
            connection.execute(text(statement))
    migrate.migrate(engine)
    with reading() as session:
        shop, sent = shops.read(session), dispatches.get(session, 1)
        assert (shop.name, shop.colour, shop.purge_after) == ("Marlow", "", 90)
        assert (sent.recipients, sent.deleted_at, sent.colour) == (2, None, "")
    migrate.to_version(engine, "0011", back=True)
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT recipients FROM dispatches")).all() == [2]


def test_a_shop_without_whatsapp_keeps_its_sends_and_customers(engine: Engine) -> None:
    upgrade(engine, "0012")
    with engine.begin() as connection:
        for statement in (CUSTOMER, *SHOP_OF_VERSION_6):
            connection.execute(text(statement))
    migrate.migrate(engine)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE customers SET phone_key = '+1', whatsapp_trouble = 'not_there', wa_user_id = 'GB.1'")
        )
    with unit() as session:
        assert (dispatches.get(session, 1).recipients, dispatches.get(session, 1).content) == (2, {})
        ana = session.get_one(Customer, 1)
        assert (ana.whatsapp_trouble, ana.wa_user_id) == ("not_there", "GB.1")
        ana.phone_key = "+2"
        session.flush()
        session.refresh(ana)
        assert (ana.whatsapp_trouble, ana.wa_user_id) == (None, None)
    migrate.to_version(engine, "0012", back=True)
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT recipients FROM dispatches")).all() == [2]


def test_answers_by_mail_stay_answers_by_mail_when_other_ways_come(engine: Engine) -> None:
    upgrade(engine, "0013")
    with engine.begin() as connection:
        connection.execute(text(CUSTOMER))
        connection.execute(
            text(
                "INSERT INTO received_mails (event_id, customer_id, subject, words, received_at) "
                "VALUES ('1', 1, 'Re: Hello', 'Yes', '2026-01-01')"
            )
        )
    migrate.migrate(engine)
    with reading() as session:
        [mail] = received.of(session, 1)
        assert (mail.channel, mail.words, mail.note, mail.opens_window) == ("email", "Yes", "", False)
        assert windows.open_of(session, [1], now=LONG_AGO) == {}
    migrate.to_version(engine, "0013", back=True)
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT words FROM received_mails")).all() == ["Yes"]


def test_what_came_in_stays_when_it_is_found_in_more_ways(engine: Engine) -> None:
    upgrade(engine, "0015")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO incoming_events (provider, event_id, kind, address, status, diagnostic, message_id, at, "
                "received_at, said, url, agent, ip, excerpt) VALUES "
                "('ses', '1', 'bounce', 'ana@x.example', '', '', '', '2026-01-01', '2026-01-01', '', '', '', '', '')"
            )
        )
    migrate.migrate(engine)
    with reading() as session:
        assert [one.address for one in incoming.listed(session, kind="bounce", matched=False)] == [
            "ana@x.example"
        ]
    migrate.to_version(engine, "0015", back=True)
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT event_id FROM incoming_events")).all() == ["1"]


def test_the_sends_of_a_shop_keep_their_rows_and_links_when_a_launch_may_be_several(engine: Engine) -> None:
    """The table is written anew, there and back, and the ledger goes on pointing at it."""
    upgrade(engine, "0016")
    launched = (
        SHOP_OF_VERSION_6[1].replace("(id, run_no", "(id, campaign_id, run_no").replace("(1, 1,", "(1, 1, 1,")
    )
    campaign = (
        "INSERT INTO campaigns (id, name, channel, message_type, from_name, from_email, reply_to, subject, preheader, "
        "html_body, text_body, content, audience, status, scheduled_wall, scheduled_zone, last_launch_error, last_launch_by, "
        "run_no, created_by_name, created_at, updated_at, version) VALUES (1, '', 'email', 'marketing', '', '', '', '', '', '', "
        "'', '{}', '{}', 'sent', '', '', '', '', 1, '', '2026-01-01', '2026-01-01', 1)"
    )
    link = "INSERT INTO targets (dispatch_id, place, url, words) VALUES (1, 1, 'https://x.example', '')"
    with engine.begin() as connection:
        for statement in (campaign, launched, *SHOP_OF_VERSION_6[2:], link):
            connection.execute(text(statement))
    migrate.migrate(engine)
    another = launched.replace("(1, 1, 1,", "({number}, 1, 1,").replace("run_no,", "run_no, part,", 1)
    with engine.begin() as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        connection.execute(text(another.replace("({number}, 1, 1,", "(2, 1, 1, 'also',")))
    with pytest.raises(IntegrityError, match="UNIQUE"), engine.begin() as connection:
        connection.execute(text(another.replace("({number}, 1, 1,", "(3, 1, 1, 'also',")))
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), engine.begin() as connection:
        connection.execute(text("DELETE FROM dispatches WHERE id = 1"))
    with reading() as session:
        assert [(one.id, one.part) for one in dispatches.of_campaign(session, 1)] == [
            (2, "also"),
            (1, "main"),
        ]
    migrate.to_version(engine, "0016", back=True)
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT id, campaign_id FROM dispatches ORDER BY id")).all()
        assert [tuple(row) for row in kept] == [(1, 1), (2, None)]
        for table in ("deliveries", "targets", "events"):
            assert connection.scalar(text(f"SELECT count(*) FROM {table}"))


def test_an_account_of_version_17_begins_its_second_anew_there_and_back(engine: Engine) -> None:
    """What stood there was worth a second."""
    upgrade(engine, "0017")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO mail_paces (account_id, free_at) VALUES (3, '2026-01-01')"))
    migrate.migrate(engine)
    now, account = datetime(2026, 1, 1, tzinfo=UTC), limits.Limits(per_second=2)
    with unit() as session:
        assert len(limits.grant(session, 3, account, 1, now=now).turns) == 1
    migrate.to_version(engine, "0017", back=True)
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT free_at FROM mail_paces")).all() == []


def test_a_migrated_file_keeps_what_is_counted_as_the_mapped_classes_do(engine: Engine) -> None:
    migrate.migrate(engine)
    with engine.connect() as connection:
        found = connection.scalars(text("SELECT sql FROM sqlite_master WHERE type = 'trigger'")).all()
    wanted = [
        one.replace("IF NOT EXISTS ", "")
        for one in (*ASIDE_TRIGGERS, *LATEST_TRIGGERS, *NUMBER_TRIGGERS, *engagement.TRIGGERS)
    ]
    assert set(wanted) <= set(found)


def test_a_shop_of_version_18_finds_who_shows_no_number_and_who_shares_one(engine: Engine) -> None:
    upgrade(engine, "0018")
    also = CUSTOMER.replace("VALUES (1", "VALUES (2"), CUSTOMER.replace("VALUES (1", "VALUES (3")
    with engine.begin() as connection:
        for statement in (CUSTOMER, *also):
            connection.execute(text(statement))
        connection.execute(text("UPDATE customers SET phone_key = '+44', wa_user_id = 'GB.1' WHERE id < 3"))
        connection.execute(text("UPDATE customers SET wa_user_id = 'GB.2' WHERE id = 3"))
    migrate.migrate(engine)
    ways = "SELECT whatsapp_key FROM customers ORDER BY id"
    shared = "SELECT customer_id FROM shared_addresses WHERE place = 'whatsapp_key' ORDER BY 1"
    with engine.begin() as connection:
        assert connection.scalars(text(ways)).all() == ["+44", "+44", "GB.2"]
        assert connection.scalars(text(shared)).all() == [1, 2]
        connection.execute(text("UPDATE customers SET phone_key = '+45' WHERE id > 1"))
        assert connection.scalars(text(ways)).all() == ["+44", "+45", "+45"]
        assert connection.scalars(text("SELECT wa_user_id FROM customers ORDER BY id")).all() == [
            "GB.1",
            None,
            "GB.2",
        ]
        assert connection.scalars(text(shared)).all() == [1, 2, 3]
    migrate.to_version(engine, "0018", back=True)
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT phone_key FROM customers ORDER BY id")).all() == [
            "+44",
            "+45",
            "+45",
        ]
        assert connection.scalars(text(shared)).all() == []


def test_the_audit_log_can_only_be_added_to(engine: Engine) -> None:
    migrate.migrate(engine)
    with engine.begin() as connection:
        connection.execute(text(ENTRY))
    for act in (
        "UPDATE audit_entries SET actor_name = 'Nobody'",
        "UPDATE audit_entries SET before = NULL, after = NULL, actor_id = 7",
        "UPDATE audit_entries SET after = '{}'",
        "UPDATE audit_entries SET action = 'campaign.sent'",
        "DELETE FROM audit_entries",
    ):
        with pytest.raises(IntegrityError, match="only ever added to"), engine.begin() as connection:
            connection.execute(text(act))


def test_what_was_said_about_an_erased_customer_is_blanked_and_nothing_else(engine: Engine) -> None:
    migrate.migrate(engine)
    use_keys(b"test" * 8)
    by, now = Actor(1, "Olive", Role.OWNER), datetime(2026, 11, 21, tzinfo=UTC)
    with engine.begin() as connection:
        connection.execute(text(ENTRY.replace("customer.created", "campaign.created")))
    with unit() as session:
        records.ensure_usual_kinds(session)
        ana = customers.create(session, {"first_name": "Ana", "email": "ana@x.example"}, by=by, now=now).id
    with unit() as session:
        farewells.erase(session, ana, by=by, now=now)
    with reading() as session:
        kept = session.execute(select(AuditEntry.action, AuditEntry.after).order_by(AuditEntry.id)).all()
    assert [tuple(row) for row in kept] == [
        ("campaign.created", {"first_name": "Ana"}),
        ("customer.created", None),
        ("customer.erased", {"cards": [ana]}),
    ]


def upgrade(engine: Engine, revision: str) -> None:
    migrate.to_version(engine, revision)
