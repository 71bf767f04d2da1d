"""The proof of one person's consent, as a page to print."""

from datetime import datetime

import pytest
from fastapi.testclient import TestClient

from data.database import reading, unit
from domain.book import consent, customers, joining, proof_sheet
from domain.refusal import Refusal
from domain.shop import audit
from tests.cast import Cast
from tests.letters import add_person, way_out, write_to
from tests.ui.doors import client, credentials, open_for_business


@pytest.fixture
def visitor(cast: Cast) -> TestClient:
    open_for_business(cast)
    return client()


@pytest.fixture
def anna(cast: Cast, now: datetime) -> int:
    with unit() as session:
        return add_person(session, "Anna", "anna@berg.example", by=cast.olive, now=now)


def test_the_sheet_tells_who_what_when_how_and_by_which_words(
    visitor: TestClient, cast: Cast, anna: int, now: datetime
) -> None:
    with unit() as session:
        path = way_out(write_to(session, anna, by=cast.olive, now=now))
    visitor.post(path, data={"action": "off", "kind": "newsletter"})
    visitor.post("/sign-in", data=credentials("max_"))
    page = visitor.get(f"/customers/{anna}/proof")
    assert page.status_code == 200
    for told in (
        "anna@berg.example", "Said no to newsletter by email", "By the link in a message", "Send 1, “Untitled — Rings”",
        "“Newsletters from Marlow &amp; Finch”", "198.51.100.7", "Newsletter by email</dt><dd>No, since", "by Max",
    ):  # fmt: skip
        assert told in page.text, told
    with reading() as session:
        assert [line.actor_name for line in audit.of(session, "customer.proof_drawn", anna)] == ["Max"]


def test_what_a_merged_card_said_and_what_was_said_out_of_the_book_is_on_it(
    cast: Cast, anna: int, now: datetime
) -> None:
    with unit() as session:
        ann = add_person(session, "Ann", "ann@berg.example", by=cast.olive, now=now)
        consent.withdraw(session, ann, "email", "newsletter", how="one_click", now=now)
        customers.change(session, anna, {"preferences": {"marketing": True}}, by=cast.max_, now=now)
        joining.join(session, anna, ann, by=cast.olive, now=now)
    with unit() as session:
        sheet = proof_sheet.draw(session, anna, by=cast.olive, now=now)
        told = [(line.said.how, line.said.allowed, line.other_card) for line in sheet.lines]
    assert sheet.cards == [ann]
    assert ("one_click", False, ann) in told
    assert ("staff", True, None) in told


def test_who_may_not_change_customers_draws_no_proof(
    visitor: TestClient, cast: Cast, anna: int, now: datetime
) -> None:
    assert visitor.get(f"/customers/{anna}/proof").headers["location"].startswith("/sign-in")
    for actor in cast.who_may_only_look():
        with pytest.raises(Refusal, match="you may not"), unit() as session:
            proof_sheet.draw(session, anna, by=actor, now=now)
    visitor.post("/sign-in", data=credentials("sal"))
    assert visitor.get(f"/customers/{anna}/proof").status_code == 403
