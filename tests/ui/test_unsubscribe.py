"""The link at the foot of a message, and the button that mail programs show for it (RFC 8058)."""

from datetime import datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from data.database import reading, unit
from domain.audience.reach import EMAIL_REACH
from domain.book import consent
from domain.book.consent import Consent, LeftOut, MessageType
from domain.book.customers import Customer
from tests.cast import Cast
from tests.letters import add_person, way_out, write_to
from tests.ui.doors import client, open_for_business

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def visitor(cast: Cast) -> TestClient:
    open_for_business(cast)
    return client()


@pytest.fixture
def anna(cast: Cast, now: datetime) -> int:
    with unit() as session:
        return add_person(session, "Anna", "anna@berg.example", by=cast.olive, now=now)


def link(cast: Cast, customer: int, now: datetime, kind: MessageType = MessageType.MARKETING) -> str:
    with unit() as session:
        return way_out(write_to(session, customer, kind, by=cast.olive, now=now))


def why(customer: int, kind: MessageType = MessageType.MARKETING) -> str | None:
    with reading() as session:
        return session.scalar(select(consent.why_left_out(EMAIL_REACH, kind)).where(Customer.id == customer))


def lines() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Consent)) or 0


def test_looking_changes_nothing(visitor: TestClient, cast: Cast, anna: int, now: datetime) -> None:
    path = link(cast, anna, now)
    for ask in (visitor.get, visitor.head, visitor.options):
        ask(path)
    assert visitor.get(path).status_code == visitor.head(path).status_code == 200
    assert (why(anna), lines()) == (None, 0)


def test_one_click_stops_this_type_and_no_other(
    visitor: TestClient, cast: Cast, anna: int, now: datetime
) -> None:
    answer = visitor.post(link(cast, anna, now, MessageType.NEWSLETTER), data=ONE_CLICK)
    assert (answer.status_code, answer.history) == (200, [])
    assert "set-cookie" not in answer.headers
    assert why(anna, MessageType.NEWSLETTER) == LeftOut.OPTED_OUT
    assert why(anna, MessageType.MARKETING) is None


def test_one_click_comes_as_a_multipart_form_too_and_from_anywhere(
    visitor: TestClient, cast: Cast, anna: int, now: datetime
) -> None:
    from_elsewhere = {"origin": "https://mail.example", "sec-fetch-site": "cross-site"}
    answer = visitor.post(
        link(cast, anna, now), files={"List-Unsubscribe": (None, "One-Click")}, headers=from_elsewhere
    )
    assert answer.status_code == 200
    assert why(anna) == LeftOut.OPTED_OUT


def test_the_proof_says_how_and_by_which_message(
    visitor: TestClient, cast: Cast, anna: int, now: datetime
) -> None:
    visitor.post(link(cast, anna, now), data=ONE_CLICK)
    with reading() as session:
        line = consent.history(session, anna)[0]
    assert (line.allowed, line.how, line.source, line.address) == (
        False,
        "one_click",
        "dispatch 1",
        "198.51.100.7",
    )


def test_a_thousand_repeats_leave_one_line(visitor: TestClient, cast: Cast, anna: int, now: datetime) -> None:
    path = link(cast, anna, now)
    assert {visitor.post(path, data=ONE_CLICK).status_code for _ in range(1000)} == {200}
    assert lines() == 1


def test_a_wrong_link_is_not_found_and_changes_nothing(
    visitor: TestClient, cast: Cast, anna: int, now: datetime
) -> None:
    path = link(cast, anna, now)
    for wrong in (
        path[:-1],
        path + "A",
        path[:-1] + ("A" if path[-1] != "A" else "B"),
        "/u/1",
        "/u/" + "é" * 32,
    ):
        assert visitor.get(wrong).status_code == 404
        assert visitor.post(wrong, data=ONE_CLICK).status_code == 404
    assert (why(anna), lines()) == (None, 0)


def test_everything_can_be_stopped_and_taken_back(
    visitor: TestClient, cast: Cast, anna: int, now: datetime
) -> None:
    path = link(cast, anna, now)
    visitor.post(path, data={"action": "stop_all"})
    assert [why(anna, kind) for kind in MessageType] == [LeftOut.OPTED_OUT, LeftOut.OPTED_OUT, None]
    visitor.post(path, data={"action": "undo"})
    assert [why(anna, kind) for kind in MessageType] == [None, None, None]
    with reading() as session:
        assert [line.how for line in consent.history(session, anna)] == ["link", "link"]


def test_everybody_with_that_mailbox_is_meant(
    visitor: TestClient, cast: Cast, anna: int, now: datetime
) -> None:
    with unit() as session:
        ben = add_person(session, "Ben", "Anna@Berg.example", by=cast.olive, now=now)
    visitor.post(link(cast, anna, now), data=ONE_CLICK)
    assert why(anna) == why(ben) == LeftOut.OPTED_OUT


def test_the_no_of_somebody_deleted_since_is_kept_for_the_address(
    visitor: TestClient, cast: Cast, anna: int, now: datetime
) -> None:
    path = link(cast, anna, now)
    with unit() as session:
        session.get_one(Customer, anna).deleted_at = now
    for _ in range(3):
        answer = visitor.post(path, data=ONE_CLICK)
        assert answer.status_code == 200
        assert "That is done" in answer.text
        assert "undo" not in answer.text
    assert lines() == 1
    with unit() as session:
        again = add_person(session, "Anna", "anna@berg.example", by=cast.olive, now=now)
    assert why(again) in (LeftOut.SUPPRESSED, LeftOut.OPTED_OUT)
    assert why(again, MessageType.OPERATIONAL) is None


def test_the_page_does_not_tell_the_whole_address(
    visitor: TestClient, cast: Cast, anna: int, now: datetime
) -> None:
    page = visitor.get(link(cast, anna, now)).text
    assert "anna@berg.example" not in page
    assert "a…@berg.example" in page
