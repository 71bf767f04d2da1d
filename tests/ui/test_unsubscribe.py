"""The link at the foot of a message, and the button that mail programs show for it (RFC 8058)."""

import re
from datetime import datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from data.database import reading, unit
from data.secrets import use_keys
from domain.audience.reach import EMAIL_REACH
from domain.book import consent, measuring, proof, suppressions
from domain.book.consent import LeftOut
from domain.book.customers import Customer
from domain.book.message_types import MessageType
from domain.book.proof import Consent
from domain.book.wordings import Wording
from domain.ledger import farewells
from domain.shop import shop as shops
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


@pytest.mark.thorough
def test_a_thousand_looks_change_nothing(visitor: TestClient, cast: Cast, anna: int, now: datetime) -> None:
    """Scanners of mail follow every link, some with what pages ask for in the address."""
    path = link(cast, anna, now)
    for number in range(1000):
        ask = (visitor.get, visitor.head)[number % 2]
        assert ask(path, params={"action": "stop_all", "List-Unsubscribe": "One-Click"}).status_code == 200
    for ask in (visitor.options, visitor.put, visitor.delete):
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
        line = proof.history(session, anna)[0]
    assert (line.allowed, line.how, line.source, line.address) == (
        False,
        "one_click",
        "dispatch 1",
        "198.51.100.7",
    )


@pytest.mark.thorough
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
    visitor.post(path, data={"action": "on", "kind": ["marketing", "newsletter"]})
    assert [why(anna, kind) for kind in MessageType] == [None, None, None]
    with reading() as session:
        assert [line.how for line in proof.history(session, anna)] == ["link", "link"]


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
        assert 'value="on"' not in answer.text
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


def test_out_of_a_no_to_everything_comes_only_what_is_switched_on(
    visitor: TestClient, cast: Cast, anna: int, now: datetime
) -> None:
    path = link(cast, anna, now)
    visitor.post(path, data={"action": "stop_all"})
    page = visitor.post(path, data={"action": "on", "kind": "newsletter"}).text
    assert (why(anna, MessageType.NEWSLETTER), why(anna)) == (None, LeftOut.OPTED_OUT)
    assert switches(page) == {"wish-marketing": "false", "wish-newsletter": "true", "wish-measured": "true"}


def test_the_ledger_names_the_words_that_were_on_the_screen(
    visitor: TestClient, cast: Cast, anna: int, now: datetime
) -> None:
    path = link(cast, anna, now)
    seen = visitor.get(path).text
    visitor.post(path, data={"action": "off", "kind": "newsletter"})
    visitor.post(path, data={"action": "on", "kind": "newsletter"})
    visitor.post(path, data=ONE_CLICK)
    with reading() as session:
        numbers = [line.wording_id for line in reversed(proof.history(session, anna))]
        words = {one.id: one.words for one in session.scalars(select(Wording))}
    assert [words.get(number or 0) for number in numbers] == [
        "Newsletters from Marlow & Finch",
        "Newsletters from Marlow & Finch",
        None,
    ]
    assert "Newsletters from Marlow &amp; Finch" in seen


def test_where_the_shop_wants_it_one_click_stops_all_marketing(
    visitor: TestClient, cast: Cast, anna: int, now: datetime
) -> None:
    path = link(cast, anna, now)
    with unit() as session:
        shops.change(session, {"one_click_stops_all": True}, by=cast.olive, now=now)
    visitor.post(path, data=ONE_CLICK)
    assert [why(anna, kind) for kind in MessageType] == [LeftOut.OPTED_OUT, LeftOut.OPTED_OUT, None]


def test_not_to_be_measured_is_a_wish_too(visitor: TestClient, cast: Cast, anna: int, now: datetime) -> None:
    path = link(cast, anna, now)
    for wanted in (False, True):
        page = visitor.post(path, data={"action": "measure" if wanted else "unmeasure"}).text
        assert switches(page)["wish-measured"] == str(wanted).lower()
        with reading() as session:
            assert measuring.is_wanted(session, anna) is wanted
    with unit() as session:
        shops.change(session, {"measured": []}, by=cast.olive, now=now)
    assert "wish-measured" not in visitor.get(path).text


def test_who_complained_comes_back_in_the_shop_and_not_by_a_link(
    visitor: TestClient, cast: Cast, anna: int, now: datetime
) -> None:
    path = link(cast, anna, now)
    with unit() as session:
        for kind in ("marketing", "newsletter"):
            mark = suppressions.fingerprint("anna@berg.example")
            suppressions.suppress(session, "email", mark, reason="complained", now=now, scope=kind)
    page = visitor.post(path, data={"action": "on", "kind": "marketing"}).text
    assert why(anna) == LeftOut.SUPPRESSED
    assert "ask in the shop" in page
    assert switches(page) == {}


def test_who_was_deleted_said_no_and_came_back_may_say_yes_by_the_same_link(
    visitor: TestClient, cast: Cast, anna: int, now: datetime
) -> None:
    path = link(cast, anna, now)
    with unit() as session:
        session.get_one(Customer, anna).deleted_at = now
    visitor.post(path, data=ONE_CLICK)
    with unit() as session:
        again = add_person(session, "Anna", "anna@berg.example", by=cast.olive, now=now)
    visitor.post(path, data={"action": "on", "kind": "marketing"})
    assert why(again) is None


def test_the_link_of_somebody_erased_answers_kindly_and_knows_nothing(
    visitor: TestClient, cast: Cast, anna: int, now: datetime
) -> None:
    path = link(cast, anna, now)
    with unit() as session:
        farewells.erase(session, anna, by=cast.olive, now=now)
    before = lines()
    for answer in (visitor.get(path), visitor.post(path, data=ONE_CLICK)):
        assert answer.status_code == 200
        assert "berg.example" not in answer.text
    assert lines() == before


def test_a_link_outlives_the_secret_that_signed_it(
    visitor: TestClient, cast: Cast, anna: int, now: datetime
) -> None:
    path = link(cast, anna, now)
    use_keys(b"a newer secret of the shop", [b"test" * 8])
    assert visitor.post(path, data=ONE_CLICK).status_code == 200
    assert why(anna) == LeftOut.OPTED_OUT
    with unit() as session:
        again = add_person(session, "Ben", "ben@berg.example", by=cast.olive, now=now)
        mark = session.get_one(Customer, again).email_hash
    newer = link(cast, again, now)
    assert visitor.get(newer).status_code == 200
    use_keys(b"test" * 8)
    assert (
        suppressions.fingerprint("ben@berg.example") == mark
    )  # addresses are found by the first secret for ever
    assert visitor.get(newer).status_code == 404


def switches(page: str) -> dict[str, str]:
    found = re.findall(r'role="switch" aria-checked="(\w+)"[^>]*data-testid="([\w-]+)"', page)
    return {testid: state for state, testid in found}
