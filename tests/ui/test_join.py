"""The sign-up form: the same answer for everybody, and nobody is on the list before they said yes from their mailbox."""

import re
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from data.database import reading, unit
from domain.audience.reach import EMAIL_REACH
from domain.book import consent, customers, erasing, proof, sign_ups, suppressions
from domain.book.consent import LeftOut
from domain.book.message_types import EVERY_TYPE, MessageType
from domain.book.person import Customer
from domain.book.sign_ups import MOST_FROM_ONE_PLACE, MOST_TO_ONE_MAILBOX, WAITS_FOR_YES, SignUp, Source
from domain.book.wordings import Wording
from domain.sending import sign_up_letter
from domain.shop import shop as shops
from tests.cast import Cast
from tests.letters import add_person
from tests.ui.doors import client, open_for_business

ANNA = {"first_name": "Anna", "email": "Anna@Berg.example", "source": "counter"}


@pytest.fixture
def visitor(cast: Cast, now: datetime) -> TestClient:
    open_for_business(cast)
    with unit() as session:
        wanted = {"sender_email": "hello@marlow.example", "sign_up_open": True}
        shops.change(session, wanted, by=cast.olive, now=now)
    return client()


def link() -> str:
    """Of the last one who asked."""
    with reading() as session:
        number = session.scalar(select(func.max(SignUp.id))) or 0
        return (
            sign_up_letter.link(number).partition("/join")[1]
            + sign_up_letter.link(number).partition("/join")[2]
        )


def in_the_book() -> list[Customer]:
    with reading() as session:
        return list(session.scalars(select(Customer)))


def why(customer: int, kind: MessageType = MessageType.MARKETING) -> str | None:
    with reading() as session:
        return session.scalar(select(consent.why_left_out(EMAIL_REACH, kind)).where(Customer.id == customer))


def test_the_answer_tells_nobody_who_is_in_the_book(visitor: TestClient, cast: Cast, now: datetime) -> None:
    with unit() as session:
        add_person(session, "Anna", "anna@berg.example", by=cast.olive, now=now)
    known = visitor.post("/join", data=ANNA)
    unknown = visitor.post("/join", data=ANNA | {"email": "nobody@berg.example"})
    program = visitor.post("/join", data=ANNA | {"website": "https://x.example"})
    assert known.status_code == unknown.status_code == program.status_code == 200
    assert known.text == unknown.text == program.text
    assert len(in_the_book()) == 1


def test_who_confirms_is_in_the_book_with_the_words_they_said_yes_to(visitor: TestClient) -> None:
    visitor.post("/join", data=ANNA)
    for look in (visitor.get, visitor.head):
        for _ in range(50):
            assert look(link()).status_code == 200
    assert in_the_book() == []
    shown = re.search(r'data-testid="words">([^<]*)<', visitor.get(link()).text)
    for _ in range(3):
        assert "You are on the list" in visitor.post(link()).text
    [anna] = in_the_book()
    assert (anna.first_name, anna.email_key, anna.source) == ("Anna", "anna@berg.example", "form")
    assert [why(anna.id, kind) for kind in MessageType] == [None, None, None]
    with reading() as session:
        lines = proof.history(session, anna.id)
        words = session.get_one(Wording, lines[0].wording_id).words
        asked = session.scalars(select(SignUp)).one()
    assert {(line.how, line.allowed, line.address) for line in lines} == {("form", True, "198.51.100.7")}
    assert "counter" in lines[0].source
    assert shown is not None
    assert shown[1] == words.replace("&", "&amp;")
    assert (asked.email, asked.email_key, asked.first_name, asked.address) == ("", "", "", "")


def test_who_said_no_before_says_yes_themselves(visitor: TestClient, cast: Cast, now: datetime) -> None:
    with unit() as session:
        anna = add_person(session, "Anna", "anna@berg.example", by=cast.olive, now=now)
        consent.withdraw(session, anna, "email", EVERY_TYPE, how="link", now=now)
        consent.withdraw(session, anna, "email", MessageType.NEWSLETTER, how="link", now=now)
        mark = suppressions.fingerprint("anna@berg.example")
        suppressions.suppress(session, "email", mark, reason="unsubscribed", now=now, scope="marketing")
    visitor.post("/join", data=ANNA)
    assert why(anna) == LeftOut.OPTED_OUT
    visitor.post(link())
    assert [why(anna, kind) for kind in MessageType] == [None, None, None]
    assert len(in_the_book()) == 1
    with reading() as session:
        assert [line.allowed for line in proof.history(session, anna)] == [True, True, True, False, False]


def test_a_deleted_card_with_a_no_does_not_stand_in_the_way(
    visitor: TestClient, cast: Cast, now: datetime
) -> None:
    with unit() as session:
        anna = add_person(session, "Anna", "anna@berg.example", by=cast.olive, now=now)
        consent.withdraw(session, anna, "email", EVERY_TYPE, how="link", now=now)
        customers.delete(session, anna, by=cast.olive, now=now)
    visitor.post("/join", data=ANNA)
    visitor.post(link())
    [new] = [one for one in in_the_book() if one.deleted_at is None]
    assert why(new.id) is None


def test_nothing_is_written_to_an_address_that_asked_to_be_forgotten(
    visitor: TestClient, cast: Cast, now: datetime
) -> None:
    visitor.post("/join", data=ANNA)
    with unit() as session:
        anna = add_person(session, "Anna", "anna@berg.example", by=cast.olive, now=now)
        erasing.erase(session, anna, by=cast.olive, now=now)
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(SignUp)) == 0
    assert visitor.post("/join", data=ANNA).status_code == 200
    with unit() as session:
        assert sign_ups.claim(session, now=now + timedelta(days=1)) is None


def test_nobody_s_mailbox_is_filled_and_nobody_floods_the_form(
    visitor: TestClient, cast: Cast, now: datetime
) -> None:
    for _ in range(MOST_TO_ONE_MAILBOX + 2):
        assert visitor.post("/join", data=ANNA).status_code == 200
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(SignUp)) == MOST_TO_ONE_MAILBOX
    answers = [
        visitor.post("/join", data=ANNA | {"email": f"a{number}@berg.example"}).status_code
        for number in range(MOST_FROM_ONE_PLACE)
    ]
    assert answers.count(429) == MOST_TO_ONE_MAILBOX
    assert client("198.51.100.8").post("/join", data=ANNA | {"email": "b@berg.example"}).status_code == 200


@pytest.mark.parametrize(
    "email", ["", "anna", "a@b", "x" * 400 + "@berg.example", "a@berg.example\r\nBcc: b@x.example"]
)
def test_what_is_no_address_is_told_beside_the_field(visitor: TestClient, email: str) -> None:
    answer = visitor.post("/join", data=ANNA | {"email": email})
    assert answer.status_code == 422
    assert 'id="email-wrong"' in answer.text


def test_a_form_that_is_closed_takes_nobody_and_a_wrong_link_tells_nothing(
    visitor: TestClient, cast: Cast, now: datetime
) -> None:
    visitor.post("/join", data=ANNA)
    path = link()
    for wrong in (path[:-1], path + "A", "/join/1", "/join/" + "é" * 32):
        assert visitor.get(wrong).status_code == visitor.post(wrong).status_code == 404
    with unit() as session:
        shops.change(session, {"sign_up_open": False}, by=cast.olive, now=now)
    assert visitor.get("/join").status_code == visitor.post("/join", data=ANNA).status_code == 404
    with unit() as session:
        sign_ups.forget_unanswered(session, now=datetime.now(now.tzinfo) + WAITS_FOR_YES)
    assert visitor.post(path).status_code == 404
    assert in_the_book() == []


def test_each_scan_is_counted_by_its_source(visitor: TestClient) -> None:
    for _ in range(3):
        visitor.get("/join?from=counter")
    visitor.head("/join?from=counter")
    visitor.get("/join?from=<script>")
    with reading() as session:
        assert sign_ups.looks(session) == {Source.COUNTER: 3, Source.LINK: 1}


def test_the_form_of_another_website_may_post_here(visitor: TestClient) -> None:
    from_elsewhere = {"origin": "https://marlow.example", "sec-fetch-site": "cross-site"}
    assert visitor.post("/join", data=ANNA | {"source": "website"}, headers=from_elsewhere).status_code == 200
