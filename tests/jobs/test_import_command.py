"""A list from the command line: looked at first, taken when that is said, in a process of its own."""

import csv
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

import main
from data.database import close_database, reading, unit
from domain.book import taking, turns
from domain.book.person import Customer, CustomerDate
from domain.book.proof import Consent
from jobs import importing
from jobs.queue import close_queue, queue
from jobs.worker import Worker
from tests.jobs.conftest import Desk

PROJECT = Path(__file__).parents[2]
LIST = "Email,First name,Birthday,Till\nana@berg.example,Ana,03/04/1984,2\nbroken@,Bo,,2\n"
BASIS = ["--take", "--basis", "Signed up at the till"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A shop as the program itself makes it."""
    monkeypatch.setenv("HANDBILL_DATA", str(tmp_path))
    main.open_shop()
    yield tmp_path
    close_queue()
    close_database()


def process(*words: str) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "main.py", "import", *words]
    return subprocess.run(line, cwd=PROJECT, text=True, capture_output=True, timeout=120)


def a_file(folder: Path, content: str = LIST) -> str:
    file = folder / "customers.csv"
    file.write_text(content)
    return str(file)


def names() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(Customer.first_name).order_by(Customer.id)))


def test_without_take_it_says_what_would_happen_and_writes_nothing(folder: Path) -> None:
    ended = process(a_file(folder))
    assert ended.returncode == 0, ended.stderr
    for line in (
        "customers.csv: 2 rows, UTF-8",
        "  Email: Email address",
        "  Till: left out",
        "1 would be added, 0 updated, 0 stay as they are, 1 row refused.",
        "Birthday: 03/04/1984 may be 3 April (--dates day_first) or 4 March (--dates month_first); read as 3 April.",
        "Row 3: 'broken@' is not an email address.",
    ):
        assert line in ended.stdout.splitlines()
    assert "Nothing was written." in ended.stdout
    assert names() == []


def test_with_take_it_is_in_the_book_with_its_basis_and_the_refused_rows_in_a_file(folder: Path) -> None:
    refused = folder / "refused.csv"
    words = [a_file(folder), *BASIS, "--dates", "month_first", "--refused", str(refused)]
    ended = process(*words)
    assert ended.returncode == 0, ended.stderr
    assert "1 added, 0 updated, 0 as they were, 1 row refused." in ended.stdout
    assert names() == ["Ana"]
    with reading() as session:
        [line] = session.scalars(select(Consent))
        assert (line.wording, line.by_name) == ("Signed up at the till", "Command line")
        [day] = session.scalars(select(CustomerDate))
        assert (day.kind, day.month, day.day) == ("birthday", 3, 4)
    rows = list(csv.reader(io.StringIO(refused.read_text(encoding="utf-8-sig"))))
    assert rows[1][:3] == ["3", "'broken@' is not an email address", "broken@"]
    again = CliRunner().invoke(main.app, ["import", *words])
    assert (again.exit_code, "already" in again.output) == (2, True)


def test_who_agreed_to_whatsapp_is_said_on_the_command_line(folder: Path) -> None:
    file = a_file(folder, "First name,Phone,WhatsApp opt-in\nAna,+442079460001,yes\nBo,+442079460002,no\n")
    looked = CliRunner().invoke(main.app, ["import", file])
    assert "nobody is opted in without --whatsapp-how" in looked.output
    words = ["--take", "--whatsapp-how", "Ticked the box on our form", "--whatsapp-day", "2026-05-31"]
    taken = CliRunner().invoke(main.app, ["import", file, *words])
    assert "1 person opted in to WhatsApp." in taken.output
    main.open_shop()  # the command closes what it opened
    with reading() as session:
        said = select(Consent.allowed, Consent.wording).where(Consent.channel == "whatsapp").distinct()
        assert sorted(tuple(row) for row in session.execute(said)) == [
            (False, ""),
            (True, "Ticked the box on our form (31 May 2026)"),
        ]


@pytest.mark.parametrize(
    ("content", "more", "sentence"),
    [
        (LIST, ["--take"], "Say why you may write to these people"),
        ("Till,Shelf\n1,2\n", [], "one of them is needed"),
        ("", [], "This file is empty."),
        (LIST, ["--kind", "spaceship"], "kind"),
        (LIST, ["--dates", "sideways"], "choose one of day_first, month_first"),
    ],
    ids=["no reason", "nobody", "empty", "kind", "option"],
)
def test_what_can_not_be_taken_is_refused_with_one_sentence(
    folder: Path, content: str, more: list[str], sentence: str
) -> None:
    ended = CliRunner().invoke(main.app, ["import", a_file(folder, content), *more])
    assert ended.exit_code == 2
    assert sentence in ended.output
    main.open_shop()  # the command closes what it opened
    assert names() == []


def test_a_file_that_is_not_there_is_refused_with_one_sentence(folder: Path) -> None:
    ended = CliRunner().invoke(main.app, ["import", str(folder / "nowhere.csv")])
    assert (ended.exit_code, "can't be read (No such file or directory)" in ended.output) == (2, True)


def test_what_it_was_in_the_middle_of_is_taken_on_by_the_next_worker(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "AT_ONCE", 10)
    rows = "".join(f"ann{number}@berg.example,Ann\n" for number in range(35))
    raw = f"Email,First name\n{rows}".encode()
    entry = importing.begin(raw, "list.csv", basis="Signed up at the till", by=desk.cast.olive)
    with unit() as session:  # by a process that is no worker, and is there no more
        assert turns.claim(session, entry.id, -4711)
    with Worker(queue(), desk.folder):
        assert importing.wait(entry.id, desk.cast.olive, 20).state == "done"
    assert len(names()) == 35


def test_where_no_worker_is_it_takes_a_large_list_by_itself(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "AT_ONCE", 10)
    rows = "".join(f"ann{number}@berg.example,Ann\n" for number in range(35))
    raw = f"Email,First name\n{rows}".encode()
    entry = importing.begin(raw, "list.csv", basis="Signed up at the till", by=desk.cast.olive)
    assert importing.see_through(entry.id, desk.cast.olive).state == "done"
    assert len(names()) == 35
