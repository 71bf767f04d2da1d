"""Which two cards are found to be of one person, and what is left out of a book in which everybody is called the same."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from data.database import close_database, reading, unit
from domain.book import customers, duplicates, meetings
from domain.book.likeness import Suggestion
from tests.cast import Cast
from tests.load import real_book

ALL = 100_000
FROM_HUNDRED = {
    "another first letter": 50,
    "a slip in the last name": 90,
    "a slip in the first name": 90,
}  # others: each one


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[list[real_book.Planted]]:
    yield real_book.fill(tmp_path / "book.db", 2_000, 270)
    close_database()


def person(cast: Cast, now: datetime, **fields: Any) -> int:
    with unit() as session:
        return customers.create(session, fields, by=cast.olive, now=now).id


def pairs(found: list[Suggestion]) -> set[tuple[int, int]]:
    return {(one.first_id, one.second_id) for one in found}


def test_twins_are_found_whatever_was_typed_differently(planted: list[real_book.Planted]) -> None:
    with reading() as session:
        every = duplicates.suggest(session, most=ALL)
        few = duplicates.suggest(session, most=30)
    found = pairs(every)
    for kind in real_book.KINDS:
        of_kind = [(one.first_id, one.second_id) in found for one in planted if one.kind == kind]
        assert len(of_kind) == 30
        assert 100 * sum(of_kind) / len(of_kind) >= FROM_HUNDRED.get(kind, 100), kind
    assert [one.score for one in few] == [one.score for one in every[:30]]


def test_of_some_people_only_their_own_pairs_are_suggested(planted: list[real_book.Planted]) -> None:
    meant = [one.second_id for one in planted[:20]]
    with reading() as session:
        every = duplicates.suggest(session, most=ALL)
        theirs = duplicates.suggest(session, most=ALL, about=meant)
    assert pairs(theirs) == {pair for pair in pairs(every) if set(pair) & set(meant)}
    assert theirs


def test_names_the_wrong_way_round_are_one_name(cast: Cast, now: datetime) -> None:
    person(cast, now, first_name="Ana", last_name="M\u00fcller", email="ana@x.example")
    person(cast, now, first_name="MULLER", last_name="ana", phone="020 7946 0018")
    person(cast, now, first_name='O\u2019Brien "Bob"', last_name="A\\B")
    with reading() as session:
        [found] = duplicates.suggest(session)
    assert found.reason == "the same name, and each has what the other lacks"


def test_a_name_that_too_many_share_is_left_out_and_that_is_said(
    cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meetings, "LARGEST_BOX", 3)
    for _ in range(4):
        person(cast, now, first_name="Walk", last_name="In")
    two = {person(cast, now, first_name="Ana", last_name="Berg") for _ in range(2)}
    with reading() as session:
        found = duplicates.suggest(session)
    assert (pairs(found), found.crowded) == ({(min(two), max(two))}, 1)


def test_who_shares_an_address_is_found_without_comparing_names(cast: Cast, now: datetime) -> None:
    ana, other = (person(cast, now, first_name=name, email="ana@x.example") for name in ("Ana", "Anna"))
    for _ in range(2):
        person(cast, now, first_name="Zoe", last_name="Cole")
    with reading() as session:
        assert pairs(duplicates.suggest(session, by_name=False)) == {(ana, other)}
        assert len(duplicates.suggest(session)) == 2
