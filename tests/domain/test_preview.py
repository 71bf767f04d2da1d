"""What a send would be before anybody presses Send."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from data.database import reading, unit
from domain.audience.audience import Audience
from domain.book import customers
from domain.ledger.deliveries import Delivery, State
from domain.refusal import Refusal
from domain.sending import campaigns, endings, launches, preview
from domain.sending.launches import Press
from domain.shop import shop as shops
from tests.cast import Cast

LETTER = {"subject": "Hello {{ firstName }}", "text_body": "Dear {{ firstName }}, come by."}


@pytest.fixture
def book(cast: Cast, now: datetime) -> list[int]:
    """Two people with an address and one without, in a shop that may send."""
    with unit() as session:
        facts = {"name": "Marlow", "postal_address": "4 Market Row", "sender_email": "shop@marlow.example"}
        shops.change(session, facts, by=cast.olive, now=now)
        return [
            customers.create(session, fields, by=cast.olive, now=now).id
            for fields in (
                {"first_name": "Ana", "email": "ana@home.example"},
                {"first_name": "Ben", "email": "ben@home.example"},
                {"first_name": "Cy"},
            )
        ]


def test_the_letter_is_the_one_this_person_gets(book: list[int]) -> None:
    assert seen(LETTER, book[0]).subject == "Hello Ana"
    assert "Dear Ben, come by." in seen(LETTER, book[1]).text


def test_a_letter_can_be_seen_before_there_is_a_sender(cast: Cast, now: datetime) -> None:
    assert seen(LETTER, None).subject == "Hello"


def test_an_offer_sent_as_operational_is_doubted_but_not_refused(book: list[int]) -> None:
    offer = LETTER | {"subject": "20% off all rings"}
    assert seen(offer | {"message_type": "operational"}, book[0]).doubts == (preview.PROMOTIONAL,)
    assert seen(offer, book[0]).doubts == ()


def test_answers_that_nobody_would_read_are_a_doubt_and_no_hindrance(
    book: list[int], cast: Cast, now: datetime
) -> None:
    with unit() as session:
        shops.change(session, {"reply_to": "no-reply@marlow.example"}, by=cast.olive, now=now)
    (doubt,) = ahead(LETTER, now).doubts
    assert "no-reply@marlow.example" in doubt
    assert ahead(LETTER | {"reply_to": "hello@marlow.example"}, now).doubts == ()


def test_a_prospect_names_those_who_get_it_and_counts_those_who_do_not(
    book: list[int], now: datetime
) -> None:
    found = ahead(LETTER, now)
    assert (found.first_names, found.everyone.reachable) == (("Ana", "Ben"), 2)
    assert found.everyone.left_out == {"no_address": 1}
    assert found.remaining is None


def test_nobody_to_send_to_is_refused_with_the_likely_causes(cast: Cast, now: datetime) -> None:
    with unit() as session:
        facts = {"postal_address": "4 Market Row", "sender_email": "shop@marlow.example"}
        shops.change(session, facts, by=cast.olive, now=now)
    with pytest.raises(Refusal, match="No recipients found for this campaign") as refused:
        ahead(LETTER, now)
    assert refused.value.details["field"] == "audience"


def test_who_was_reached_before_is_not_among_the_remaining(
    cast: Cast, book: list[int], now: datetime
) -> None:
    with unit() as session:
        campaign = campaigns.create(session, LETTER | {"name": "Viewing"}, by=cast.olive, now=now)
        first = launches.launch(session, campaign.id, Press(timedelta(hours=1)), by=cast.olive, now=now)
        endings.undo(session, first.id, by=cast.olive, now=now)
        reached = Delivery.customer_id == book[0]
        session.execute(update(Delivery).where(reached).values(state=State.SENT))
    with reading() as session:
        found = preview.of_campaign(session, campaign.id, now=now)
    assert found.remaining is not None
    assert (found.remaining.reachable, found.everyone.reachable, found.reached) == (1, 2, 1)
    assert found.first_names == ("Ben",)


def seen(fields: dict[str, Any], customer_id: int | None) -> preview.Sight:
    with reading() as session:
        return preview.sight(session, preview.drafted(session, fields), customer_id)


def ahead(fields: dict[str, Any], now: datetime) -> preview.Prospect:
    with reading() as session:
        return preview.prospect(session, preview.drafted(session, fields), Audience(), now=now)
