"""Orders and other records from a file: whose they are, what is new, and nothing twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from data.database import reading, unit
from domain.book import customers, importing, records, search, taking, undoing
from domain.book.importing import Preview
from domain.book.imports import Import
from domain.book.record import CustomerRecord
from domain.refusal import Refusal
from tests.cast import Cast

ORDERS = "Order number,Email,Name,Phone,Date,Total,Item,Staff\n"


class Till:
    def __init__(self, cast: Cast, now: datetime) -> None:
        self.cast, self.now = cast, now

    def person(self, **fields: Any) -> int:
        with unit() as session:
            before = self.now - timedelta(days=900)
            return customers.create(session, fields, by=self.cast.olive, now=before).id

    def take(self, rows: str, kind: str = "order", basis: str = "", **options: Any) -> Import:
        with unit() as session:
            found = importing.open_file(
                session, rows.encode(), kind=kind, options=options, by=self.cast.olive, now=self.now
            )
            return taking.at_once(
                session, found, "orders.csv", basis=basis, options=options, by=self.cast.olive, now=self.now
            )

    def look(self, rows: str, kind: str = "order", **options: Any) -> Preview:
        with reading() as session:
            return importing.preview(
                session, rows.encode(), "o.csv", kind=kind, options=options, by=self.cast.olive, now=self.now
            )

    def undo(self, entry: Import) -> Import:
        with unit() as session:
            going = undoing.begin(session, entry.id, by=self.cast.olive, now=self.now)
            while not undoing.is_over(going):
                undoing.go_on(session, going, lambda *_: set(), now=self.now)
            undoing.finish(session, going, now=self.now)
        return going

    def of(self, number: int) -> list[CustomerRecord]:
        with reading() as session:
            return records.of(session, number)

    def active_at(self, number: int) -> datetime:
        with reading() as session:
            return customers.get(session, number).active_at


@pytest.fixture
def till(cast: Cast, now: datetime) -> Till:
    return Till(cast, now)


def test_orders_find_their_customers_by_address_then_number_then_name(till: Till) -> None:
    anna = till.person(first_name="Anna", last_name="Berg", email="anna@berg.example")
    ben = till.person(first_name="Ben", phone="020 7946 0001")
    cy = till.person(first_name="Cy", last_name="Dorn")
    rows = (
        "1,ANNA@berg.example,Anna Berg,,2026-11-01,120.50,Ring,Wes\n"
        "2,,Ben,020 7946 0001,2026-11-02,80.00,Chain,\n"
        "3,,Cy Dorn,,2026-11-03,15.00,Cloth,wes\n"
    )
    done = till.take(ORDERS + rows)
    assert (done.added, done.refused, done.kind) == (3, 0, "order")
    [ring] = till.of(anna)
    assert (ring.title, ring.amount, ring.currency, ring.external_id) == ("Ring", 12050, "GBP", "1")
    assert (ring.starts_at.date().isoformat(), ring.status, ring.import_id) == ("2026-11-01", "done", done.id)
    assert [len(till.of(number)) for number in (ben, cy)] == [1, 1]
    assert till.of(cy)[0].staff == ring.staff == "Wes"


def test_the_same_orders_again_change_nothing_and_corrected_ones_change(till: Till) -> None:
    anna = till.person(first_name="Anna", email="anna@berg.example")
    row = "1,anna@berg.example,,,2026-11-01,{},Ring,\n"
    till.take(ORDERS + row.format("120.50"))
    again = till.take(ORDERS + row.format("120.50"))
    assert (again.added, again.updated, again.unchanged) == (0, 0, 1)
    corrected = till.take(ORDERS + row.format("99.00"))
    assert (corrected.added, corrected.updated) == (0, 1)
    assert [one.amount for one in till.of(anna)] == [9900]
    assert till.undo(corrected).outcome["restored"] == 1
    assert [one.amount for one in till.of(anna)] == [12050]


def test_what_has_no_number_is_known_by_its_day_and_title(till: Till) -> None:
    anna = till.person(first_name="Anna", email="anna@berg.example")
    rows = "Email,Date,Item\nanna@berg.example,2026-12-01 10:00,Resizing\nanna@berg.example,2026-12-01 10:00,Resizing\n"
    assert till.take(rows, kind="repair").added == 2
    assert till.take(rows, kind="repair").unchanged == 2
    assert {one.kind for one in till.of(anna)} == {"repair"}


def test_numbers_of_orders_and_of_repairs_are_not_mixed_up(till: Till) -> None:
    anna = till.person(first_name="Anna", email="anna@berg.example")
    row = "1001,anna@berg.example,,,2026-11-01,10.00,Thing,\n"
    till.take(ORDERS + row)
    till.take(ORDERS + row, kind="repair")
    assert sorted(one.kind for one in till.of(anna)) == ["order", "repair"]


def test_who_could_be_several_or_nobody_is_refused_with_the_reason(till: Till) -> None:
    for email in ("one@berg.example", ""):
        till.person(first_name="Anna", last_name="Berg", email=email, phone="" if email else "020 7946 0002")
    rows = ORDERS + "1,,Anna Berg,,2026-11-01,1.00,Ring,\n2,new@berg.example,,,2026-11-01,1.00,Ring,\n"
    seen, done = till.look(rows), till.take(rows)
    assert (seen.will_add, seen.unknown) == (0, 1)
    assert [(one["row"], one["reason"]) for one in done.rejected] == seen.rejected
    assert [reason for _, reason in seen.rejected] == [
        "several customers have this name; add an email address to the row",
        "nobody in the book has this email address",
    ]


def test_unknown_people_are_added_once_where_somebody_asks_for_it(till: Till) -> None:
    rows = (
        ORDERS
        + "1,new@berg.example,Nia New,,2026-11-01,1.00,Ring,\n2,new@berg.example,,,2026-11-02,1.00,Chain,\n"
    )
    with pytest.raises(Refusal, match="why you may write"):
        till.take(rows, add_unknown=True)
    done = till.take(rows, add_unknown=True, basis="Customers of the shop")
    assert (done.added, done.refused) == (2, 0)
    with reading() as session:
        [nia] = search.page(session).items
    assert (nia.full_name, nia.import_id, len(till.of(nia.id))) == ("Nia New", done.id, 2)
    till.undo(done)
    with reading() as session:
        assert search.page(session).items == []


def test_a_purchase_is_the_customers_own_act_and_is_taken_back_with_it(till: Till) -> None:
    anna = till.person(first_name="Anna", email="anna@berg.example")
    before = till.active_at(anna)
    rows = (
        ORDERS
        + "1,anna@berg.example,,,2026-11-01 12:00,1.00,Ring,\n2,anna@berg.example,,,2026-12-24,1.00,Chain,\n"
    )
    done = till.take(rows)
    assert till.active_at(anna) == datetime(2026, 11, 1, 12, tzinfo=UTC)
    gone = till.undo(done)
    assert (till.of(anna), till.active_at(anna)) == ([], before)
    assert (gone.outcome["removed"], gone.outcome["stay"]) == (2, 0)


def test_an_order_that_was_changed_since_stays(till: Till) -> None:
    anna = till.person(first_name="Anna", email="anna@berg.example")
    done = till.take(ORDERS + "1,anna@berg.example,,,2026-11-01,1.00,Ring,\n")
    with unit() as session:
        number = till.of(anna)[0].id
        records.change(session, number, {"status": "cancelled"}, by=till.cast.olive, now=till.now)
    gone = till.undo(done)
    assert (len(till.of(anna)), gone.outcome["removed"]) == (1, 0)
    assert [one["customerId"] for one in gone.outcome["kept"]] == [anna]


def test_a_kind_that_the_shop_does_not_have_is_refused(till: Till) -> None:
    with pytest.raises(Refusal, match="does not exist"):
        till.look(ORDERS, kind="spaceship")
