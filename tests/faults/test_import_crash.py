"""A worker is killed in the middle of an import, again and again: nobody is taken twice, nobody is lost."""

from functools import partial

from sqlalchemy import func, select, text

from data.database import reading
from domain.book import imports
from domain.book.imports import Import
from domain.book.person import Customer
from domain.book.proof import Consent
from jobs import importing
from tests.faults import crew
from tests.faults.conftest import Shop
from tests.faults.patience import until

PEOPLE = 12_000
KILLS = 3


def test_nobody_twice_nobody_lost_in_an_import(shop_on_disk: Shop) -> None:
    shop_on_disk.write_in(500, prefix="ann")  # these change, the others are new
    rows = (f"Anna,Berg {number},ann{number}@host{number % 7}.example,gold\n" for number in range(PEOPLE))
    raw = ("First name,Last name,Email,Tags\n" + "".join(rows)).encode()
    entry = importing.begin(raw, "list.csv", basis="Signed up at the till", by=shop_on_disk.olive)
    came = 0
    for _ in range(KILLS):
        process = shop_on_disk.quick_worker()
        until(partial(is_past, shop_on_disk, entry, came))
        crew.kill(process)
        came = look(shop_on_disk, entry).done
        assert 0 < came < PEOPLE, "the kill was to come in the middle"
        assert people() == came + 500 - min(came, 500)
    process = shop_on_disk.quick_worker()
    until(lambda: not look(shop_on_disk, entry).is_open)
    crew.dismiss(process)
    done = look(shop_on_disk, entry)
    assert (done.state, done.added, done.updated, done.done) == ("done", PEOPLE - 500, 500, PEOPLE)
    assert people() == PEOPLE
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Consent)) == PEOPLE - 500
        assert session.scalar(text("SELECT count(*) FROM customer_tags")) == PEOPLE
        assert session.scalar(text("SELECT count(*) FROM import_changes")) == 500
        twice = select(Customer.email_key).group_by(Customer.email_key).having(func.count() > 1)
        assert list(session.scalars(twice)) == []


def look(shop: Shop, entry: Import) -> Import:
    with reading() as session:
        return imports.get(session, entry.id, by=shop.olive)


def is_past(shop: Shop, entry: Import, before: int) -> bool:
    return look(shop, entry).done > before


def people() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Customer)) or 0
