"""What is taken away can be brought into another shop, and nothing is lost that an import brings."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from data import csv_file
from data.database import open_database, reading, unit
from domain.book import customers, exporting, groups, importing, own_fields, records, taking, wishes
from domain.book.exporting import What
from domain.book.message_types import MessageType
from domain.book.person import Customer, CustomerDate
from domain.book.preferences import Preference
from domain.book.proof import Consent
from domain.book.record import CustomerRecord
from tests.cast import Cast, hire

BASIS = "The same people as in the other shop"
ANA: dict[str, Any] = {
    "first_name": "Ana", "last_name": "=Berg", "company": "+Co, Ltd", "email": "ANA@x.example", "phone": "020 7946 0018",
    "postcode": "HG1 1AA", "status": "vip", "language": "en", "timezone": "Europe/London", "preferred_channel": "whatsapp",
    "tags": ["a; b", "gold", "'quoted'"], "groups": ["Evening; late", "Morning"], "birthday": "--05-17",
    "dates": [
        {"kind": "wedding", "date": "2019-06-08"}, {"kind": "name_day", "date": "--02-29"},
        {"kind": "custom", "date": "2020-01-02", "note": "first; meeting (at 5)"}, {"kind": "wedding", "date": "1990-01-02", "note": "parents"},
    ],
    "notes": "Line one\n'Line two; \"q\"\n=3", "attrs": {"ring_size": 16.5, "likes": "Gold, yellow", "odd key": "-5"},
}  # fmt: skip
BEN: dict[str, Any] = {"first_name": "Ben", "phone": "+49 30 123456", "marketing_opt_out": True}
SHOP: dict[str, Any] = {"company": "@home", "email": "home@x.example", "birthday": "1984-02-29"}


@pytest.fixture
def other_shop(tmp_path: Path, blank_shop: Path) -> Path:
    """The file of another shop, in which nobody is known."""
    (tmp_path / "other").mkdir()
    return Path(shutil.copyfile(blank_shop, tmp_path / "other" / "handbill.db"))


def fields_of_the_shop(cast: Cast, now: datetime) -> None:
    with unit() as session:
        own_fields.define(session, "Ring size", sort="number", by=cast.olive, now=now)
        own_fields.define(
            session, "Likes", sort="choice", choices=["Gold, yellow", "Silver"], by=cast.olive, now=now
        )


def furnish(cast: Cast, now: datetime) -> None:
    fields_of_the_shop(cast, now)
    by: dict[str, Any] = {"by": cast.olive, "now": now}
    order = {
        "kind": "order", "starts_at": now, "title": "=Ring", "category": "Rings", "staff": "Ana", "mode": "online",
        "amount": 123456, "currency": "GBP", "source": "till", "external_id": "-7", "status": "done",
    }  # fmt: skip
    gift = {
        "kind": "pass",
        "starts_at": now,
        "ends_at": now + timedelta(90),
        "uses_left": 3,
        "title": "Gift card",
    }
    yen = {
        "kind": "repair",
        "starts_at": now - timedelta(3),
        "amount": -70,
        "currency": "JPY",
        "status": "active",
    }
    with unit() as session:
        for name in ("Evening; late", "Morning"):
            groups.create(session, name, **by)
        ana, ben, _ = (customers.create(session, one, **by).id for one in (ANA, BEN, SHOP))
        for whose, record in ((ana, order), (ana, gift), (ben, yen)):
            records.add(session, whose, record, **by)
        wishes.take_down(
            session, ana, "email", MessageType.NEWSLETTER, allowed=False, reason="=at the till", **by
        )
        wishes.take_down(session, ana, "whatsapp", MessageType.MARKETING, allowed=True, reason="asked", **by)


def table(what: What) -> bytes:
    with reading() as session:
        tables = exporting.Tables(session, what)
        lines = [csv_file.line(row) for row in tables.rows(exporting.people(session))]
        return "".join([csv_file.opening(tables.headings()), *lines]).encode()


def everything() -> list[dict[str, Any]]:
    with reading() as session:
        return exporting.people(session)


def bring(raw: bytes, cast: Cast, now: datetime, kind: str = "customers") -> list[Any]:
    with unit() as session:
        found = importing.open_file(session, raw, kind=kind, by=cast.olive, now=now)
        return list(taking.at_once(session, found, "own.csv", basis=BASIS, by=cast.olive, now=now).rejected)


CARRIED = (
    "first_name", "last_name", "company", "email", "phone", "postcode", "status", "language", "timezone", "preferred_channel",
    "tags", "groups", "dates", "notes", "attrs", "marketing_opt_out",
)  # fmt: skip


def test_people_of_the_table_are_the_same_people_in_another_shop(
    cast: Cast, other_shop: Path, now: datetime
) -> None:
    """But for days with a note, of which a person may have several of a kind: those only the JSON tells apart."""
    furnish(cast, now)
    before, raw = everything(), table("customers")
    open_database(other_shop)
    with unit() as session:
        theirs = hire(session, now)
    fields_of_the_shop(theirs, now)
    assert bring(raw, theirs, now) == []
    for one, other in zip(before, everything(), strict=True):
        for name in CARRIED:
            assert in_order(other[name]) == in_order(one[name]), name


@pytest.mark.parametrize("is_there", [False, True], ids=["new there", "there already"])
def test_a_no_to_one_type_of_message_comes_along_and_a_yes_does_not(
    is_there: bool, cast: Cast, other_shop: Path, now: datetime
) -> None:
    furnish(cast, now)
    with unit() as session:
        ana = session.scalars(select(Customer.id).where(Customer.email_key == "ana@x.example")).one()
        yes: dict[str, Any] = {"allowed": True, "reason": "asked", "by": cast.olive, "now": now}
        wishes.take_down(session, ana, "email", MessageType.MARKETING, **yes)
    raw = table("customers")
    open_database(other_shop)
    with unit() as session:
        theirs = hire(session, now)
        if is_there:
            customers.create(session, {"email": "ana@x.example"}, by=theirs.olive, now=now)
    for _ in range(2):  # a second time changes nothing
        bring(raw, theirs, now)
        told = next(one for one in everything() if one["email"].lower() == "ana@x.example")
        assert [(row["message_type"], row["allowed"]) for row in told["preferences"]] == [
            ("newsletter", False)
        ]
        no = [row for row in told["consents"] if row["message_type"] == "newsletter"]
        assert [(row["allowed"], row["how"], row["source"], row["wording"]) for row in no] == [
            (False, "import", "own.csv", BASIS)
        ]


def in_order(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return sorted((item for item in value if not (isinstance(item, dict) and item["note"])), key=str)


# What is worked out from something that is told, or says nothing about the person.
NOT_TOLD = {
    Customer: {"email_key", "email_hash", "phone_key", "phone_hash", "wa_user_hash", "whatsapp_key", "whatsapp_hash", "import_id", "version", "deleted_at", "merged_into"},
    CustomerRecord: {"customer_id", "import_id"},
    CustomerDate: {"id", "customer_id"},
    Preference: {"id", "customer_id"},
    Consent: {"id", "customer_id", "address_hash", "by_user_id"},
}  # fmt: skip
WHERE = {CustomerRecord: "records", CustomerDate: "dates", Preference: "preferences", Consent: "consents"}
CALLED = {
    "wording_id": "wording",
    "email_trouble": "address_trouble",
    "whatsapp_trouble": "phone_trouble",
    "month": "date",
    "day": "date",
    "year": "date",
}


@pytest.mark.parametrize("model", NOT_TOLD, ids=lambda model: model.__tablename__)
def test_every_column_about_a_person_is_taken_away(cast: Cast, now: datetime, model: Any) -> None:
    furnish(cast, now)
    ana = everything()[0]
    told = set(ana[WHERE[model]][0] if model in WHERE else ana)
    wanted = {CALLED.get(column.key, column.key) for column in model.__table__.columns} - NOT_TOLD[model]
    assert wanted - told == set()


RECORDS = (
    "kind", "title", "category", "staff", "mode", "starts_at", "ends_at", "status", "amount", "currency", "uses_left", "source",
    "external_id",
)  # fmt: skip


def test_records_of_the_table_are_the_same_records_in_another_shop(
    cast: Cast, other_shop: Path, now: datetime
) -> None:
    furnish(cast, now)
    before, whose, raw = everything(), table("customers"), table("records")
    open_database(other_shop)
    with unit() as session:
        theirs = hire(session, now)
    bring(whose, theirs, now)
    assert bring(raw, theirs, now, kind="order") == []
    for one, other in zip(before, everything(), strict=True):
        told, mine = ([{name: row[name] for name in RECORDS} for row in of["records"]] for of in (other, one))
        assert told == mine


def test_own_records_brought_in_again_are_not_there_twice(cast: Cast, now: datetime) -> None:
    furnish(cast, now)
    before, raw = everything(), table("records")
    with reading() as session:
        seen = importing.preview(session, raw, "own.csv", kind="order", by=cast.olive, now=now)
    assert (seen.will_add, seen.will_update, seen.unchanged, seen.rejected) == (0, 0, 3, [])
    bring(raw, cast, now, kind="order")
    assert everything() == before
