"""Large lists: taken by a worker some at a time, seen while it goes on, and taken back the same way."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select, update

from data.database import now, reading, unit
from data.spool import spool
from domain.book import imports, taking, turns, undoing
from domain.book.imports import Import
from domain.book.person import Customer
from domain.book.proof import Consent
from domain.refusal import Refusal
from domain.shop.installation import Installation
from jobs import importing
from jobs.queue import queue
from jobs.worker import Worker
from tests.jobs.conftest import Desk

BASIS = "Customers who signed up at the till"


def a_list(people: int) -> bytes:
    rows = (f"Ann{number},Berg,ann{number}@berg.example\n" for number in range(people))
    return ("First name,Last name,Email\n" + "".join(rows)).encode()


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "AT_ONCE", 10)
    monkeypatch.setattr(undoing, "AT_ONCE", 10)


@pytest.fixture
def working(desk: Desk) -> Iterator[Worker]:
    with Worker(queue(), desk.folder) as worker:
        yield worker


def bring(desk: Desk, raw: bytes) -> Import:
    return importing.begin(raw, "list.csv", basis=BASIS, by=desk.cast.olive)


def look(desk: Desk, entry: Import) -> Import:
    with reading() as session:
        return imports.get(session, entry.id, by=desk.cast.olive)


def count(model: type[Customer] | type[Consent]) -> int:
    with reading() as session:
        here = select(func.count()).select_from(model)
        return session.scalar(here.where(Customer.deleted_at.is_(None)) if model is Customer else here) or 0


def files(desk: Desk) -> int:
    folder = desk.folder / "imports"
    return len(list(folder.iterdir())) if folder.exists() else 0


def test_a_small_list_needs_no_worker(desk: Desk) -> None:
    entry = bring(desk, a_list(3))
    assert (entry.state, entry.added, count(Customer)) == ("done", 3, 3)
    assert importing.take_back(entry.id, desk.cast.olive).state == "undone"
    assert (count(Customer), files(desk)) == (0, 0)


def test_a_large_list_is_taken_by_a_worker_and_can_be_taken_back(
    desk: Desk, working: Worker, small_steps: None
) -> None:
    entry = bring(desk, a_list(105) + b"Bo,Burn,broken@\n")
    assert (entry.state, entry.total) == ("running", 105)
    done = importing.wait(entry.id, desk.cast.olive, 20)
    assert (done.state, done.done, done.added, done.refused) == ("done", 105, 105, 1)
    assert (count(Customer), count(Consent)) == (105, 105)
    assert b"broken@" in (importing.refused_file(done) or b"")
    assert importing.take_back(entry.id, desk.cast.olive).state == "undoing"
    gone = importing.wait(entry.id, desk.cast.olive, 20)
    assert (gone.state, gone.outcome["removed"], count(Customer)) == ("undone", 105, 0)


def test_the_file_goes_with_the_end_of_the_import(desk: Desk, working: Worker, small_steps: None) -> None:
    entry = bring(desk, a_list(25))
    importing.wait(entry.id, desk.cast.olive, 20)
    desk.until(lambda: files(desk) == 0)


def test_another_worker_goes_on_where_one_stopped(desk: Desk, small_steps: None) -> None:
    entry = bring(desk, a_list(35))
    with unit() as session:
        assert turns.claim(session, entry.id, 900)
        mine = turns.mine(session, entry.id, 900)
        assert mine is not None
        taking.go_on(session, mine, importing._contents(entry) or pytest.fail("nothing to read"))
    assert (look(desk, entry).done, count(Customer)) == (10, 10)
    with Worker(queue(), desk.folder):  # number 900 never signed on: it is dead
        done = importing.wait(entry.id, desk.cast.olive, 20)
    assert (done.state, done.added, count(Customer), count(Consent)) == ("done", 35, 35, 35)


def test_only_one_of_two_workers_takes_it(desk: Desk, small_steps: None) -> None:
    entry = bring(desk, a_list(95))
    both = [
        threading.Thread(
            target=importing.work, args=(entry.id, number), kwargs={"stopping": threading.Event()}
        )
        for number in (801, 802)
    ]
    for one in both:
        one.start()
    for one in both:
        one.join(20)
    assert (look(desk, entry).state, count(Customer), count(Consent)) == ("done", 95, 95)


def test_a_worker_that_was_thought_dead_writes_no_more(desk: Desk, small_steps: None) -> None:
    entry = bring(desk, a_list(25))
    with unit() as session:
        turns.claim(session, entry.id, 801)
        turns.release(session, 801)
        turns.claim(session, entry.id, 802)
    with reading() as session:
        assert turns.mine(session, entry.id, 801) is None


def test_without_its_file_the_rest_is_left_and_what_was_taken_can_go_back(
    desk: Desk, small_steps: None
) -> None:
    entry = bring(desk, a_list(35))
    with unit() as session:
        turns.claim(session, entry.id, 801)
        mine = turns.mine(session, entry.id, 801)
        assert mine is not None
        taking.go_on(session, mine, importing._contents(entry) or pytest.fail("nothing to read"))
    spool().drop(entry.options["file"])
    importing.work(entry.id, 801, stopping=threading.Event())
    failed = look(desk, entry)
    assert (failed.state, failed.done, count(Customer)) == ("failed", 10, 10)
    assert "no longer there" in failed.error
    with Worker(queue(), desk.folder):
        importing.take_back(entry.id, desk.cast.olive)
        assert importing.wait(entry.id, desk.cast.olive, 20).state == "undone"
    assert count(Customer) == 0


def test_what_is_running_can_not_be_taken_back_yet(desk: Desk, small_steps: None) -> None:
    entry = bring(desk, a_list(25))
    with pytest.raises(Refusal, match="still running"):
        importing.take_back(entry.id, desk.cast.olive)


def test_an_import_goes_on_behind_the_fence_of_a_copy(desk: Desk, working: Worker, small_steps: None) -> None:
    with unit() as session:
        session.execute(update(Installation).values(fenced_at=now()))
    entry = bring(desk, a_list(25))
    assert importing.wait(entry.id, desk.cast.olive, 20).state == "done"


def test_a_fault_ends_the_import_with_a_sentence(
    desk: Desk, working: Worker, small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(taking, "go_on", broken)
    entry = importing.wait(bring(desk, a_list(25)).id, desk.cast.olive, 20)
    assert entry.state == "failed"
    assert "on our side" in entry.error
