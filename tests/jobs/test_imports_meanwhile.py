"""What happens to the book while a list comes in: another list, a hand, a merge, somebody who takes it back, twice at once."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from data.database import now, reading, unit
from domain.book import customers, imports, joining, taking, turns, undoing
from domain.book.imports import Import, ImportChange
from domain.book.person import Customer
from domain.book.proof import Consent
from domain.refusal import Refusal
from jobs import importing
from tests.jobs.conftest import Desk
from tests.load import hostile

BASIS = "Customers who signed up at the till"
PATIENCE = 60.0  # seconds, on a busy machine


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "AT_ONCE", 10)
    monkeypatch.setattr(undoing, "AT_ONCE", 10)


def a_list(people: int, *, last: str = "Berg") -> bytes:
    rows = (f"Ann{number},{last},ann{number}@berg.example,gold\n" for number in range(people))
    return ("First name,Last name,Email,Tags\n" + "".join(rows)).encode()


def bring(desk: Desk, raw: bytes) -> Import:
    return importing.begin(raw, "list.csv", basis=BASIS, by=desk.cast.olive)


def take_all(entry: Import, worker: int = 801) -> None:
    importing.work(entry.id, worker, stopping=threading.Event())


def take_some(desk: Desk, entry: Import) -> None:
    """The first ten, by a worker who then is called away."""
    with unit() as session:
        assert turns.claim(session, entry.id, 801)
        mine = turns.mine(session, entry.id, 801)
        assert mine is not None
        taking.go_on(session, mine, importing._contents(entry) or pytest.fail("nothing to read"))


def look(desk: Desk, entry: Import) -> Import:
    with reading() as session:
        return imports.get(session, entry.id, by=desk.cast.olive)


def person(address: str) -> Customer:
    with reading() as session:
        mine = select(Customer).where(Customer.email_key == address, Customer.deleted_at.is_(None))
        return session.scalars(mine).one()


def number_of(address: str) -> int:
    return person(address).id


def people() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).where(Customer.deleted_at.is_(None))) or 0


def count(model: Any) -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def together(*acts: Callable[[], Any]) -> list[Any]:
    """All at the same moment, each in a thread of its own. A refusal is an answer too."""
    gate = threading.Barrier(len(acts))
    answers: list[Any] = [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        gate.wait(PATIENCE)
        try:
            answers[place] = act()
        except Refusal as no:
            answers[place] = no

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    return answers


def test_two_lists_with_the_same_people_at_once_give_each_once(desk: Desk) -> None:
    first, second = (
        entry for entry in together(lambda: bring(desk, a_list(95)), lambda: bring(desk, a_list(95)))
    )
    together(lambda: take_all(first, 801), lambda: take_all(second, 802))
    done = [look(desk, first), look(desk, second)]
    assert [(one.state, one.done) for one in done] == [("done", 95), ("done", 95)]
    assert sum(one.added for one in done) == people() == count(Consent) == 95
    assert sum(one.unchanged for one in done) == 95


def test_a_later_hand_stays_whether_its_row_was_taken_already_or_not(desk: Desk) -> None:
    take_all(bring(desk, a_list(25)))
    entry = bring(desk, a_list(25, last="Beck"))
    take_some(desk, entry)
    for number in (3, 20):  # one is among those who were taken, the other's turn comes
        with unit() as session:
            address = f"ann{number}@berg.example"
            hand = {"last_name": "Baker", "birthday": "--05-17"}
            customers.change(session, number_of(address), hand, by=desk.cast.olive, now=now())
    take_all(entry)
    assert look(desk, entry).state == "done"
    assert [person(f"ann{number}@berg.example").last_name for number in (3, 4, 20, 21)] == [
        "Baker",
        "Beck",
        "Baker",
        "Beck",
    ]


def test_what_a_later_hand_left_empty_is_filled_and_a_no_of_the_file_counts(desk: Desk) -> None:
    take_all(bring(desk, a_list(25)))
    rows = "".join(
        f"ann{number}@berg.example,Beck,020 7946 {number:04},{'yes' if number == 20 else ''}\n"
        for number in range(25)
    )
    entry = bring(desk, f"Email,Last name,Phone,Unsubscribed\n{rows}".encode())
    take_some(desk, entry)
    with unit() as session:
        hand = {"last_name": "Baker"}
        customers.change(session, number_of("ann20@berg.example"), hand, by=desk.cast.olive, now=now())
    take_all(entry)
    ann = person("ann20@berg.example")
    assert (ann.last_name, ann.phone_key, ann.marketing_opt_out) == ("Baker", "+442079460020", True)


def test_a_merge_while_a_list_comes_in_leaves_one_person(desk: Desk) -> None:
    take_all(bring(desk, a_list(25)))
    entry = bring(desk, a_list(25, last="Beck"))
    take_some(desk, entry)
    survivor, other = number_of("ann1@berg.example"), number_of("ann2@berg.example")
    with unit() as session:
        joining.join(session, survivor, other, by=desk.cast.olive, now=now())
    take_all(entry)
    assert (look(desk, entry).state, people()) == ("done", 24)
    importing.take_back(entry.id, desk.cast.olive)
    take_all(entry)
    undone = look(desk, entry)
    assert (undone.state, people()) == ("undone", 24)
    assert survivor in {one["customerId"] for one in undone.outcome["kept"]}
    assert person("ann24@berg.example").last_name == "Berg"


def test_taken_back_by_two_at_once_it_goes_once_and_the_second_is_told(desk: Desk) -> None:
    take_all(bring(desk, a_list(12)))
    entry = bring(desk, a_list(35, last="Beck"))
    take_all(entry)
    answers = together(*[lambda: importing.take_back(entry.id, desk.cast.olive)] * 2)
    assert sorted(type(answer).__name__ for answer in answers) == ["Import", "Refusal"]
    assert "taken back already" in next(no.sentence for no in answers if isinstance(no, Refusal))
    together(lambda: take_all(entry, 801), lambda: take_all(entry, 802))
    undone = look(desk, entry)
    assert (undone.state, undone.outcome["removed"], undone.outcome["restored"]) == ("undone", 23, 12)
    assert (people(), count(ImportChange)) == (12, 12)


def test_pressed_while_it_still_comes_in_it_is_refused_until_all_is_there(desk: Desk) -> None:
    entry = bring(desk, a_list(35))
    take_some(desk, entry)
    with pytest.raises(Refusal, match="still running"):
        importing.take_back(entry.id, desk.cast.olive)
    take_all(entry)
    assert people() == 35
    importing.take_back(entry.id, desk.cast.olive)
    take_all(entry)
    assert people() == 0


@pytest.mark.parametrize("encoding", hostile.ENCODINGS)
def test_a_hostile_list_ends_with_each_row_taken_or_refused_with_a_reason(
    desk: Desk, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "AT_ONCE", 500)
    rows = 2_000
    told = hostile.take(hostile.file(rows, encoding), encoding)
    refused = rows // 10 * hostile.REFUSED + 1
    assert told.rows == rows + 1
    assert told.refused == refused
    assert (told.taken, people()) == (rows + 1 - refused, rows + 1 - refused)
