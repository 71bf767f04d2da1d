"""The text for a forum: it tells what state a send is in, and nothing that anybody typed."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from data.database import reading, unit
from domain.book import customers
from domain.ledger import deliveries
from domain.sending import campaigns, launches, standstill
from domain.sending.diagnosis import diagnosis
from domain.sending.launches import Press
from domain.shop import mail_accounts
from domain.shop import shop as shops
from domain.shop.limits import Limits
from domain.shop.mail_accounts import Wish
from tests.cast import Cast
from ui.parts.diagnosis import provider

SECRET = "Zirconflux"  # in every field that somebody can type into
TEN = 10


@pytest.fixture
def send(shop_db: Path, cast: Cast, now: datetime) -> int:
    """To ten people, paused part-way, three refused with words of a server that repeats an address."""
    with unit() as session:
        address = f"{SECRET.lower()}@shop.example"
        facts = {
            "name": SECRET,
            "postal_address": f"4 {SECRET}",
            "sender_name": SECRET,
            "sender_email": address,
        }
        shops.change(session, facts, by=cast.olive, now=now)
        wish = Wish(
            name=SECRET, host=f"mail.{SECRET.lower()}.example", port=587, security="starttls",
            username=address, password=SECRET, limits=Limits(per_hour=400),
        )  # fmt: skip
        mail_accounts.replace(session, [wish], by=cast.olive, now=now)
        for number in range(TEN):
            person = {"first_name": SECRET, "last_name": SECRET, "email": f"{SECRET}{number}@inbox.example"}
            customers.create(session, person, by=cast.olive, now=now)
        letter = {
            "subject": SECRET,
            "html_body": f"<p>{SECRET}</p>",
            "text_body": SECRET,
            "preheader": SECRET,
        }
        content = {"name": SECRET, "from_name": SECRET, "reply_to": address, **letter}
        campaign = campaigns.create(session, content, by=cast.olive, now=now).id
        dispatch = launches.launch(session, campaign, Press(), by=cast.olive, now=now).id
        session.execute(text("UPDATE dispatches SET state = 'sending', error = :words"), {"words": SECRET})
        standstill.pause(session, dispatch, by=cast.max_, now=now + timedelta(minutes=2))
        refused = "UPDATE deliveries SET state = 'failed', reason = 'bad_address', code = 550, reply = :words WHERE id <= 3"
        session.execute(text(refused), {"words": f"550 {SECRET}0@inbox.example: no such user"})
    return dispatch


def told(send: int, cast: Cast, now: datetime) -> str:
    with reading() as session:
        return diagnosis(session, send, version="1.2.3", providers=provider, by=cast.sal, now=now)


def test_nothing_that_anybody_typed_is_in_it(send: int, cast: Cast, now: datetime) -> None:
    text_ = told(send, cast, now).casefold()
    assert SECRET.casefold() not in text_
    assert "@" not in text_
    for who in cast.everybody():
        assert who.name.casefold() not in text_


def test_it_tells_the_state_the_books_and_the_causes(send: int, cast: Cast, now: datetime) -> None:
    with reading() as session:
        books = deliveries.books(session, send)
    lines = told(send, cast, now + timedelta(minutes=5)).splitlines()
    assert "Handbill 1.2.3" in lines[0]
    assert f"Send {send}: email, marketing, paused" in lines
    assert (
        f"Books: {TEN} = {books.queued} queued + 0 sent + 3 failed + 0 skipped + 0 cancelled + 0 not sure"
        in lines
    )
    assert "  failed: bad_address 3" in lines
    assert "  reply codes: 550 3" in lines
    assert "  stood still: 2026-11-21 09:32:00 UTC to now, person" in lines
    assert any(line.startswith("Mail account 1: another server, port 587 starttls") for line in lines)


def test_a_server_that_everybody_knows_is_named() -> None:
    assert provider("smtp.gmail.com") == "Gmail, Google Workspace"
    assert provider("email-smtp.eu-north-1.amazonaws.com") == "Amazon SES"
