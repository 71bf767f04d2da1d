"""Rows that an import refused wait thirty days to be corrected; those of somebody who is forgotten meanwhile do not."""

import csv
import io
from contextlib import suppress

import pytest

from data.database import now, reading, unit
from domain.book import customers, imports
from domain.book.imports import Import
from domain.ledger import farewells
from jobs import importing
from tests.jobs.conftest import Desk

ANA = {"first_name": "Ana", "last_name": "Berg", "email": "ana@berg.example", "phone": "020 7946 0018"}
HEADINGS = "First name,Last name,Email,Phone,Notes"


def bring(desk: Desk, *rows: str) -> Import:
    raw = "\n".join([HEADINGS, *rows, ""]).encode()
    return importing.begin(raw, "list.csv", basis="Signed up at the till", by=desk.cast.olive)


def write_in(desk: Desk, **facts: str) -> int:
    with unit() as session:
        return customers.create(session, facts, by=desk.cast.olive, now=now()).id


def forget(desk: Desk, customer_id: int) -> None:
    with unit() as session:
        farewells.erase(session, customer_id, by=desk.cast.olive, now=now())


def look(desk: Desk, entry: Import) -> Import:
    with reading() as session:
        return imports.get(session, entry.id, by=desk.cast.olive)


def refused(entry: Import) -> list[list[str]]:
    text = (importing.refused_file(entry) or b"").decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))[1:]


@pytest.mark.parametrize(
    "row",
    [
        "Ana,B,ana@berg.example,,,one,cell,too,many",
        "A,B,ana@berg@berg.example,+44 (0)20 7946 0018,,",
        "ANA,berg,ana@,,likes opals",
        "A,B,broken@,,write to Ana@Berg.example",
    ],
    ids=["by address", "by number", "by name", "by a note"],
)
def test_the_refused_rows_of_somebody_forgotten_go_and_the_others_stay(desk: Desk, row: str) -> None:
    entry = bring(desk, row, "Bo,Cole,bo@,,'=kept as it was", "Joana,Burg,joana@berg.example@,,")
    ana = write_in(desk, **ANA)
    assert [line[0] for line in refused(entry)] == ["2", "3", "4"]
    before = refused(entry)
    forget(desk, ana)
    after = look(desk, entry)
    assert refused(after) == before[1:]
    assert (after.refused, after.rejected[0]["reason"]) == (
        3,
        "it was about somebody who was forgotten since",
    )
    assert [one["reason"] for one in after.rejected[1:]] == [one["reason"] for one in entry.rejected[1:]]


def test_on_the_disk_nothing_of_them_is_left(desk: Desk) -> None:
    bring(desk, "Ana,Berg,ana@berg@berg.example,,likes opals")
    forget(desk, write_in(desk, **ANA))
    kept = [path.read_text() for path in (desk.folder / "imports").iterdir()]
    assert not any("opals" in text or "berg" in text for text in kept)


def test_where_forgetting_fails_the_rows_are_still_there(desk: Desk) -> None:
    entry = bring(desk, "Ana,Berg,ana@,,likes opals")
    ana = write_in(desk, **ANA)
    with suppress(ZeroDivisionError), unit() as session:
        farewells.erase(session, ana, by=desk.cast.olive, now=now())
        raise ZeroDivisionError
    assert "likes opals" in refused(look(desk, entry))[0]
