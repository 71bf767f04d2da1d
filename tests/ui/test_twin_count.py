"""The number beside "Possible duplicates" is that of the book, and the book is not compared anew for each page."""

from datetime import datetime
from typing import Any

import pytest

from data.database import unit
from domain.book import customers, duplicates, importing, taking
from domain.ledger import farewells
from tests.cast import Cast
from ui.parts import twin_count

TWIN = {"first_name": "Ana", "last_name": "Berg", "phone": "020 7946 0018"}


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with each comparison of the whole book, which takes no time that counts."""
    made: list[int] = []
    suggest = duplicates.suggest

    def counted(*args: Any, **more: Any) -> Any:
        made.append(1)
        return suggest(*args, **more)

    monkeypatch.setattr(duplicates, "suggest", counted)
    monkeypatch.setattr(twin_count, "SHARE", 0)
    monkeypatch.setattr(twin_count, "_last", None)
    return made


def person(cast: Cast, now: datetime, **fields: Any) -> int:
    with unit() as session:
        return customers.create(session, fields, by=cast.olive, now=now).id


def test_the_number_follows_every_change_of_the_book(cast: Cast, now: datetime, looks: list[int]) -> None:
    by: dict[str, Any] = {"by": cast.olive, "now": now}
    ana = person(cast, now, **TWIN)
    assert (twin_count.known(), twin_count.up_to_date()) == (None, 0)
    other = person(cast, now, **TWIN)
    assert (twin_count.up_to_date(), twin_count.known()) == (1, 1)
    with unit() as session:
        customers.change(session, other, {"first_name": "Zed", "last_name": "Cole", "phone": ""}, **by)
    assert twin_count.up_to_date() == 0
    with unit() as session:
        raw = (
            b"First name,Last name,Phone,Email\nAna,Berg,020 7946 0018,ana@x.example\nAna,Berg,,b@x.example\n"
        )
        found = importing.open_file(session, raw, **by)
        taking.at_once(session, found, "list.csv", basis="Till", **by)
    assert (many := twin_count.up_to_date() or 0) > 0
    with unit() as session:
        duplicates.different(session, *_some_pair(session), **by)
    assert twin_count.up_to_date() == many - 1
    with unit() as session:
        farewells.erase(session, ana, **by)
    before = len(looks)
    assert twin_count.up_to_date() == twin_count.up_to_date() == twin_count.known()
    assert len(looks) == before + 1


def test_a_book_that_takes_long_is_looked_through_seldom(
    cast: Cast, now: datetime, looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    person(cast, now, **TWIN)
    monkeypatch.setattr(twin_count, "SHARE", 10**9)
    assert twin_count.up_to_date() == 0
    person(cast, now, **TWIN)
    assert (twin_count.up_to_date(), len(looks)) == (0, 1)
    assert (len(twin_count.find()), twin_count.known()) == (1, 1)


def test_as_many_as_are_ever_suggested_means_or_more() -> None:
    assert (twin_count.words(3), twin_count.words(duplicates.MOST_SUGGESTED)) == ("3", "200+")


def _some_pair(session: Any) -> tuple[int, int]:
    first = duplicates.suggest(session)[0]
    return first.first_id, first.second_id
