"""What the parts of the customer book do to each other: a list taken back after a merge, a person who comes once more."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from data.database import reading, unit
from domain.audience.reach import EMAIL_REACH
from domain.book import consent, customers, groups, records, search
from domain.book.consent import why_left_out
from domain.book.message_types import EVERY_TYPE, MessageType
from domain.book.person import Customer
from domain.ledger import farewells, steps
from tests.cast import Cast
from tests.domain.test_one_person import person, sent_to, states, went_out
from tests.domain.test_undoing_imports import Book

PLAIN = "First name,Last name,Email\n"
ORDERS = "Order number,Email,Date,Total\n"


@pytest.fixture
def book(cast: Cast, now: datetime) -> Book:
    return Book(cast, now)


def merged(book: Book, survivor: int, other: int, *take: str) -> None:
    with unit() as session:
        farewells.merge(session, survivor, other, take=take, by=book.cast.olive, now=book.now)


def why(number: int) -> str | None:
    with reading() as session:
        question = why_left_out(EMAIL_REACH, MessageType.MARKETING, of_many=False)
        return session.scalar(select(question).where(Customer.id == number))


def orders(number: int) -> list[Any]:
    with reading() as session:
        return list(records.of(session, number))


# A list is taken back


def test_who_became_one_with_somebody_of_the_list_stays_and_is_named(book: Book) -> None:
    """What the list had written on the card that is gone stands on the survivor's now."""
    ana = book.write_in(first_name="Ana", phone="020 7946 0018")
    twin = book.write_in(email="ana@berg.example")
    entry = book.take("Email,Company\nana@berg.example,Rings Ltd\n")
    merged(book, ana, twin)
    gone = book.undo(entry)
    assert book.card(ana).company == "Rings Ltd"
    assert [one["customerId"] for one in gone.outcome["kept"]] == [ana]


def test_who_was_put_on_a_list_by_hand_since_stays(book: Book) -> None:
    entry = book.take(PLAIN + "Ana,Berg,ana@berg.example\nBen,Cole,ben@cole.example\n")
    ana = book.number("ana@berg.example")
    with unit() as session:
        evening = groups.create(session, "Evening", by=book.cast.olive, now=book.now).id
        groups.add_members(session, evening, [ana], by=book.cast.olive, now=book.now)
    gone = book.undo(entry)
    assert book.names() == ["Ana Berg"]
    assert [one["customerId"] for one in gone.outcome["kept"]] == [ana]


def test_who_was_erased_since_stays_erased_when_the_list_is_taken_back(book: Book) -> None:
    ana = book.write_in(first_name="Ana", email="ana@berg.example")
    entry = book.take("Email,Company\nana@berg.example,Rings Ltd\nben@cole.example,Cole\n")
    ben = book.number("ben@cole.example")
    with unit() as session:
        farewells.erase(session, ana, by=book.cast.olive, now=book.now)
        farewells.erase(session, ben, by=book.cast.olive, now=book.now)
    book.undo(entry)
    assert book.names() == []
    with reading() as session:
        cards = [session.get_one(Customer, number) for number in (ana, ben)]
        assert [(card.company, card.email) for card in cards] == [("", "")] * 2


@pytest.mark.parametrize(
    "spelling", ["ANA@BÜCHER.example", " ana@bücher.example ", "ana@xn--bcher-kva.example"]
)
def test_an_erased_address_is_not_written_to_however_it_is_spelt(book: Book, spelling: str) -> None:
    ana = book.write_in(first_name="Ana", email="ana@bücher.example")
    with unit() as session:
        farewells.erase(session, ana, by=book.cast.olive, now=book.now)
    book.take(PLAIN + f"Ana,Berg,{spelling}\n")
    [again] = in_the_book()
    assert why(again) == "suppressed"


def in_the_book() -> list[int]:
    with reading() as session:
        return [person.id for person in search.page(session).items]


# A no


def test_a_no_of_the_file_counts_for_everybody_at_that_address(book: Book) -> None:
    ana = book.write_in(first_name="Ana", last_name="Berg", email="family@berg.example")
    ben = book.write_in(first_name="Ben", last_name="Berg", email="family@berg.example")
    book.take("Email,Unsubscribed\nfamily@berg.example,yes\n")
    assert (why(ana), why(ben)) == ("opted_out", "opted_out")


def test_a_no_of_the_other_card_holds_for_both_addresses_when_they_come_again(book: Book) -> None:
    ana = book.write_in(first_name="Ana", email="ana@x.example")
    out = book.write_in(first_name="Ana", email="old@x.example")
    with unit() as session:
        consent.withdraw(session, out, "email", EVERY_TYPE, how="link", now=book.now)
    merged(book, ana, out)
    entry = book.take(PLAIN + "Ana,Old,old@x.example\nAna,New,ana@x.example\n")
    assert why(ana) == "opted_out"
    assert why(max(in_the_book())) == "opted_out"
    book.undo(entry)
    assert why(ana) == "opted_out"


# Orders


def take_orders(book: Book, rows: str) -> Any:
    return book.take(ORDERS + rows, kind="order")


def test_the_orders_of_somebody_who_was_deleted_come_with_their_new_card(book: Book) -> None:
    old = book.write_in(first_name="Ana", email="ana@berg.example")
    rows = "1001,ana@berg.example,2026-05-17,120.00\n"
    take_orders(book, rows)
    with unit() as session:
        customers.delete(session, old, by=book.cast.olive, now=book.now)
    new = book.write_in(first_name="Ana", email="ana@berg.example")
    entry = take_orders(book, rows)
    assert len(orders(new)) == 1
    book.undo(entry)
    assert len(orders(new)) == 0


def test_the_same_orders_twice_in_one_file_and_in_two_are_one(book: Book) -> None:
    ana = book.write_in(first_name="Ana", email="ana@berg.example")
    rows = "1001,ana@berg.example,2026-05-17,120.00\n1001,ana@berg.example,2026-05-17,120.00\n 1001 ,ana@berg.example,2026-05-17,120.00\n"
    take_orders(book, rows)
    again = take_orders(book, rows)
    assert len(orders(ana)) == 1
    assert again.unchanged == 1


def test_an_order_that_moved_by_a_merge_goes_with_its_list(book: Book) -> None:
    ana = book.write_in(first_name="Ana", email="ana@berg.example")
    ben = book.write_in(first_name="Ana", email="b@berg.example")
    entry = take_orders(book, "1001,b@berg.example,2026-05-17,120.00\n")
    merged(book, ana, ben)
    assert len(orders(ana)) == 1
    book.undo(entry)
    assert len(orders(ana)) == 0


# Mid send


@pytest.mark.parametrize("take", [(), ("email",)])
@pytest.mark.parametrize("held", [0, 1])
def test_a_merge_while_a_worker_holds_one_or_both_sends_one_message(
    cast: Cast, now: datetime, take: tuple[str, ...], held: int
) -> None:
    ana = person(cast, now, first_name="Ana", email="ana@x.example")
    other = person(cast, now, first_name="Ana", email="anna@y.example")
    dispatch = sent_to(cast, now)
    with unit() as session:
        mine = steps.claim(session, dispatch, 1, now=now, most=2 if held == 0 else 1)
    with unit() as session:
        farewells.merge(session, ana, other, take=take, by=cast.olive, now=now)
    went = []
    with unit() as session:
        pairs = [(one.id, one.attempt) for one in mine]
        may = steps.hand_over(session, dispatch, 1, pairs, EMAIL_REACH, MessageType.MARKETING, now=now)
        went += [one.address for one in mine if one.id in may]
    went += went_out(dispatch, now)
    assert len(went) == 1, (went, states(dispatch))


def test_who_is_erased_while_a_worker_holds_their_message_gets_none(cast: Cast, now: datetime) -> None:
    ana = person(cast, now, first_name="Ana", email="ana@x.example")
    person(cast, now, first_name="Ben", email="ben@x.example")
    dispatch = sent_to(cast, now)
    with unit() as session:
        mine = steps.claim(session, dispatch, 1, now=now, most=2)
    with unit() as session:
        farewells.erase(session, ana, by=cast.olive, now=now)
    with unit() as session:
        pairs = [(one.id, one.attempt) for one in mine]
        may = steps.hand_over(session, dispatch, 1, pairs, EMAIL_REACH, MessageType.MARKETING, now=now)
        assert [one.address for one in mine if one.id in may] == ["ben@x.example"]
