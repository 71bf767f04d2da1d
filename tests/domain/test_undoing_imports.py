"""An import taken back: as if it had never been, but for whatever happened since."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.database import reading, unit
from domain.book import (
    consent,
    customers,
    groups,
    importing,
    imports,
    proof,
    records,
    search,
    taking,
    undoing,
)
from domain.book.imports import Import, ImportChange
from domain.book.message_types import EVERY_TYPE, MessageType
from domain.book.person import Customer
from domain.book.proof import Consent
from domain.refusal import Kind, Refusal
from domain.shop import audit
from tests.cast import Cast

BASIS = "Customers who signed up at the till"
PLAIN = "First name,Last name,Email\n"


class Book:
    """What Olive does with lists and with people, and what then stands in the book."""

    def __init__(self, cast: Cast, now: datetime) -> None:
        self.cast, self.now = cast, now
        self.written_to: set[int] = set()

    def take(self, content: str, file: str = "list.csv", **more: Any) -> Import:
        with unit() as session:
            found = importing.open_file(session, content.encode(), by=self.cast.olive, now=self.now, **more)
            return taking.at_once(session, found, file, basis=BASIS, by=self.cast.olive, now=self.now)

    def undo(self, entry: Import, *, later: timedelta = timedelta(hours=1)) -> Import:
        moment = self.now + later
        with unit() as session:
            going = undoing.begin(session, entry.id, by=self.cast.olive, now=moment)
            while not undoing.is_over(going):
                undoing.go_on(session, going, self._who_got_a_message, now=moment)
            undoing.finish(session, going, now=moment)
        return going

    def write_in(self, **fields: Any) -> int:
        with unit() as session:
            return customers.create(session, fields, by=self.cast.olive, now=self.now).id

    def change(self, number: int, **fields: Any) -> None:
        with unit() as session:
            customers.change(session, number, fields, by=self.cast.max_, now=self.now + timedelta(minutes=5))

    def put_into(self, name: str, number: int) -> None:
        moment = self.now + timedelta(minutes=5)
        with unit() as session:
            [group_id] = groups.ids_of(session, [name])
            groups.add_members(session, group_id, [number], by=self.cast.max_, now=moment)

    def groups_of(self, number: int) -> list[str]:
        with reading() as session:
            return [group.name for group in groups.of(session, number)]

    def number(self, email: str) -> int:
        with reading() as session:
            found = session.scalar(select(Customer.id).where(Customer.email_key == email))
        assert found, f"nobody has ever had the address {email}"
        return found

    def card(self, number: int) -> Customer:
        with reading() as session:
            return customers.get(session, number)

    def names(self) -> list[str]:
        with reading() as session:
            return [person.shown_name for person in search.page(session).items]

    def _who_got_a_message(self, _: Session, numbers: Sequence[int]) -> set[int]:
        return self.written_to & set(numbers)


@pytest.fixture
def book(cast: Cast, now: datetime) -> Book:
    return Book(cast, now)


def test_whoever_was_added_is_gone_again(book: Book) -> None:
    entry = book.take(PLAIN + "Anna,Berg,anna@berg.example\nBen,Cole,ben@cole.example\n")
    gone = book.undo(entry)
    assert book.names() == []
    assert (gone.state, gone.outcome["removed"], gone.outcome["stay"]) == ("undone", 2, 0)
    with reading() as session:
        [line] = audit.of(session, "import.undone", entry.id)
        assert line.after == {"file": "list.csv", "removed": 2, "restored": 0, "stay": 0}
        assert line.actor_name == "Olive"


def test_the_ledger_keeps_its_lines_and_says_that_they_count_no_more(book: Book) -> None:
    entry = book.take(PLAIN + "Anna,Berg,anna@berg.example\n")
    book.undo(entry)
    with reading() as session:
        lines = list(session.scalars(select(Consent).order_by(Consent.id)))
    assert [(line.allowed, line.source) for line in lines] == [
        (True, "list.csv"),
        (False, "list.csv: taken back"),
    ]


@pytest.mark.parametrize("what", ["name", "tags", "no", "no to news", "order", "message"])
def test_whoever_was_changed_since_stays_and_is_named(book: Book, what: str) -> None:
    entry = book.take(PLAIN + "Anna,Berg,anna@berg.example\nBen,Cole,ben@cole.example\n")
    anna = book.number("anna@berg.example")
    with unit() as session:
        if what == "no":
            consent.withdraw(session, anna, "email", EVERY_TYPE, how="link", now=book.now)
        if what == "no to news":
            consent.withdraw(session, anna, "email", MessageType.NEWSLETTER, how="link", now=book.now)
        if what == "order":
            fields = {"kind": "order", "starts_at": book.now}
            records.add(session, anna, fields, by=book.cast.olive, now=book.now)
    if what == "name":
        book.change(anna, last_name="Berger")
    if what == "tags":
        book.change(anna, tags=["gold"])
    if what == "message":
        book.written_to = {anna}
    gone = book.undo(entry)
    assert len(book.names()) == 1
    assert book.card(anna).marketing_opt_out is (what == "no")
    [kept] = gone.outcome["kept"]
    assert kept["customerId"] == anna


def test_who_was_there_before_gets_back_what_stood_there(book: Book) -> None:
    number = book.write_in(
        first_name="Ana", email="anna@berg.example", tags=["old"], attrs={"ring": "52"}, birthday="--05-17"
    )
    file = (
        "Email,First name,Last name,Tags,Birthday,Ring,Shoe\n"
        "anna@berg.example,Anna,Berg,gold,1984-05-18,54,38\n"
    )
    columns = {
        "Email": "email", "First name": "first_name", "Last name": "last_name", "Tags": "tags",
        "Birthday": "birthday", "Ring": "attrs.ring", "Shoe": "attrs.shoe",
    }  # fmt: skip
    entry = book.take(file, mapping=columns)
    assert book.card(number).full_name == "Anna Berg"
    gone = book.undo(entry)
    anna = book.card(number)
    assert (anna.full_name, anna.attrs) == ("Ana", {"ring": "52"})
    assert [tag.name for tag in anna.tags] == ["old"]
    assert customers.birthday_of(anna) == "--05-17"
    assert (gone.outcome["restored"], gone.outcome["stay"]) == (1, 0)


def test_a_field_that_was_changed_since_stays_and_the_others_go_back(book: Book) -> None:
    number = book.write_in(first_name="Ana", email="anna@berg.example")
    entry = book.take("Email,First name,Last name,Company\nanna@berg.example,Anna,Berg,Rings Ltd\n")
    book.change(number, last_name="Berger")
    gone = book.undo(entry)
    anna = book.card(number)
    assert (anna.first_name, anna.last_name, anna.company) == ("Ana", "Berger", "")
    assert [one["customerId"] for one in gone.outcome["kept"]] == [number]


def test_a_changed_address_goes_back_with_all_that_hangs_on_it(book: Book) -> None:
    number = book.write_in(first_name="Anna", phone="020 7946 0001")
    before = book.card(number)
    entry = book.take("First name,Phone,Email\nAnna,020 7946 0001,anna@berg.example\n")
    assert book.card(number).email_key == "anna@berg.example"
    book.undo(entry)
    anna = book.card(number)
    assert (anna.email, anna.email_key, anna.email_hash) == ("", None, None)
    assert (anna.phone, anna.phone_hash) == (before.phone, before.phone_hash)
    with reading() as session:
        assert search.page(session, search="berg").total == 0


def test_a_no_that_only_the_file_had_said_goes_with_it(book: Book) -> None:
    number = book.write_in(first_name="Anna", email="anna@berg.example")
    entry = book.take("Email,Unsubscribed\nanna@berg.example,yes\n")
    assert book.card(number).marketing_opt_out
    book.undo(entry)
    assert not book.card(number).marketing_opt_out
    with reading() as session:
        assert [line.allowed for line in proof.history(session, number)] == [True, False]


def test_a_no_that_came_meanwhile_stays(book: Book) -> None:
    number = book.write_in(first_name="Anna", email="anna@berg.example")
    entry = book.take("Email,Unsubscribed\nanna@berg.example,yes\n")
    with unit() as session:
        consent.withdraw(session, number, "email", EVERY_TYPE, how="link", now=book.now)
    book.undo(entry)
    assert book.card(number).marketing_opt_out


def test_a_no_that_a_later_file_may_have_said_too_stays(book: Book) -> None:
    number = book.write_in(first_name="Anna", email="anna@berg.example")
    entry = book.take("Email,Unsubscribed\nanna@berg.example,yes\n")
    book.take("Email,Unsubscribed\nanna@berg.example,yes\n", file="second.csv")
    book.undo(entry)
    assert book.card(number).marketing_opt_out


def test_columns_that_were_mistaken_can_be_put_right_by_a_second_import(book: Book) -> None:
    """People whom a mistaken column made say no are not remembered as having said it."""
    rows = "Email,Newsletter\nanna@berg.example,no\n"
    entry = book.take(rows)
    book.undo(entry)
    book.take(rows, mapping={"Email": "email", "Newsletter": None})
    with reading() as session:
        [anna] = search.page(session).items
        assert not anna.marketing_opt_out


def test_an_earlier_no_outlives_an_import_and_its_undoing(book: Book) -> None:
    number = book.write_in(first_name="Anna", email="anna@berg.example")
    with unit() as session:
        consent.withdraw(session, number, "email", EVERY_TYPE, how="link", now=book.now)
        customers.delete(session, number, by=book.cast.olive, now=book.now)
    rows = "Email\nanna@berg.example\n"
    book.undo(book.take(rows))
    book.take(rows)
    with reading() as session:
        [anna] = search.page(session).items
        assert anna.marketing_opt_out


def test_a_second_undo_is_refused(book: Book) -> None:
    entry = book.take(PLAIN + "Anna,Berg,anna@berg.example\n")
    book.undo(entry)
    with pytest.raises(Refusal, match="taken back already") as caught:
        book.undo(entry)
    assert caught.value.kind is Kind.CONFLICT


def test_after_thirty_days_it_stays(book: Book) -> None:
    entry = book.take(PLAIN + "Anna,Berg,anna@berg.example\n")
    with pytest.raises(Refusal, match="30 days, and they are over"):
        book.undo(entry, later=timedelta(days=31))
    assert book.names() == ["Anna Berg"]


def test_what_stood_there_is_forgotten_after_thirty_days(book: Book) -> None:
    book.write_in(first_name="Ana", email="anna@berg.example")
    book.take(PLAIN + "Anna,Berg,anna@berg.example\n")
    for days, kept in ((29, 1), (31, 0)):
        with unit() as session:
            undoing.forget_old(session, now=book.now + timedelta(days=days))
            assert len(list(session.scalars(select(ImportChange.id)))) == kept


def test_only_owner_and_manager_may_take_it_back(book: Book) -> None:
    entry = book.take(PLAIN + "Anna,Berg,anna@berg.example\n")
    for actor in book.cast.who_may_only_look():
        with pytest.raises(Refusal, match="you may not"), unit() as session:
            undoing.begin(session, entry.id, by=actor, now=book.now)
        with pytest.raises(Refusal, match="you may not"), reading() as session:
            imports.latest(session, by=actor)


def test_many_go_back_in_several_steps(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "AT_ONCE", 3)
    for number in range(4):
        book.write_in(first_name="Old", email=f"old{number}@berg.example")
    rows = [f"New,Name,old{number}@berg.example" for number in range(4)]
    rows += [f"New,Name,new{number}@berg.example" for number in range(7)]
    gone = book.undo(book.take(PLAIN + "\n".join(rows)))
    assert book.names() == ["Old"] * 4
    assert (gone.done, gone.total) == (11, 11)
    assert (gone.outcome["removed"], gone.outcome["restored"]) == (7, 4)


GROUPED = "First name,Email,Groups\nAna,ana@a.example,Gold; Evening\nBen,ben@a.example,Gold\n"


def test_groups_that_the_file_named_go_and_those_of_a_hand_stay(book: Book) -> None:
    ana = book.write_in(first_name="Ana", email="ana@a.example")
    entry = book.take(GROUPED)
    book.put_into("Gold", ana)  # who is in it already is in it by a hand from now on
    book.undo(entry)
    assert book.groups_of(ana) == ["Gold"]
    assert book.names() == ["Ana"]


def test_who_was_taken_out_and_put_back_in_by_a_hand_stays_in_the_group(book: Book) -> None:
    ana = book.write_in(first_name="Ana", email="ana@a.example")
    entry = book.take(GROUPED)
    book.change(ana, groups=["Evening"])
    book.change(ana, groups=["Gold"])
    book.undo(entry)
    assert book.groups_of(ana) == ["Gold"]


def test_a_form_that_leaves_the_groups_as_they_are_does_not_make_them_stay(book: Book) -> None:
    ana = book.write_in(first_name="Ana", email="ana@a.example")
    entry = book.take(GROUPED)
    book.change(ana, notes="Likes opals", groups=["Evening", "Gold"])
    book.undo(entry)
    assert (book.groups_of(ana), book.card(ana).notes) == ([], "Likes opals")


@pytest.mark.parametrize("group", ["Gold", "Evening"])
def test_somebody_new_whom_a_hand_put_into_a_group_stays(book: Book, group: str) -> None:
    entry = book.take(GROUPED)
    book.put_into(group, book.number("ben@a.example"))
    undone = book.undo(entry)
    assert book.names() == ["Ben"]
    assert [one["why"] for one in undone.outcome["kept"]] == ["changed"]
