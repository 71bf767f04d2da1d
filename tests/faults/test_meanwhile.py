"""The world goes on while a campaign is being sent: people say no, and what was pressed is what goes out."""

import email
import email.policy
import random
import time
from datetime import datetime
from email.message import EmailMessage
from typing import Final

import pytest

from data.database import now, reading, unit
from domain.book import customers
from domain.ledger.deliveries import Delivery, State
from domain.message import templates
from domain.refusal import Refusal
from domain.sending import campaigns, opt_out
from domain.sending.opt_out import Said
from domain.shop import shop as shops
from tests.faults import crew
from tests.faults.conftest import Shop
from tests.faults.patience import finish, until
from tests.faults.truth import truth
from tests.twins.smtp_server import Received, ScriptedServer

RECIPIENTS: Final = 600
NOES: Final = 200
FEWEST_IN_TIME: Final = 20  # of the two hundred; with fewer the race was none
SUBJECT: Final = "Hello {{ firstName }}, the winter viewing"
TEXT: Final = "Dear {{ firstName }}, come and see the rings on Thursday."
HTML: Final = "<p>Dear {{ firstName }}, come and see the rings on Thursday.</p>"


@pytest.mark.parametrize(
    ("offers", "pace"),
    [
        pytest.param("pipelining", 0.02, marks=[pytest.mark.delay(60), pytest.mark.offers()]),
        pytest.param("chunking", 0.01, marks=[pytest.mark.delay(200), pytest.mark.offers("--chunking")]),
    ],
)
def test_nobody_whose_no_was_stored_before_the_hand_over_gets_it(
    shop_on_disk: Shop, offers: str, pace: float
) -> None:
    """Two hundred press the link at random instants of a send. The row decides: it says who was earlier."""
    chance = random.Random(f"{offers} 20261121")
    shop_on_disk.write_in(RECIPIENTS)
    dispatch_id = shop_on_disk.launch(shop_on_disk.campaign())
    with reading() as session:
        rows = [row.id for row in session.query(Delivery).filter_by(dispatch_id=dispatch_id)]
    in_time: set[str] = set()
    stored_at: dict[str, datetime] = {}
    worker = shop_on_disk.quick_worker()
    try:
        until(lambda: len(shop_on_disk.sink.received()) > 0)
        for row in chance.sample(rows, NOES):
            address, was = say_no(row)
            stored_at[address] = now()
            if was in (State.QUEUED, State.CLAIMED):
                in_time.add(address)
            time.sleep(chance.uniform(0, pace))
        until(lambda: shop_on_disk.dispatch(dispatch_id).finished_at is not None)
    finally:
        crew.dismiss(worker)
    seen = truth(shop_on_disk, dispatch_id)
    with reading() as session:
        handed_at = {row.address_key: row.handed_at for row in session.query(Delivery) if row.handed_at}
    too_late = {
        address for address in set(seen.got) & set(stored_at) if handed_at[address] > stored_at[address]
    }
    print(f"\n{offers}: {NOES} noes in mid send, {len(in_time)} of them in time, {len(seen.got)} received")
    assert not too_late, "handed over after the no was stored"
    assert not set(seen.got) & in_time, "handed over although the row says that the no was earlier"
    assert max(seen.got.values()) == 1
    assert (seen.books.skipped, seen.books.sent) == (len(in_time), RECIPIENTS - len(in_time))
    assert len(in_time) >= FEWEST_IN_TIME
    assert len(in_time) < NOES, "all of them were in time: the send had not begun"


def say_no(row: int) -> tuple[str, State]:
    """What the row said in the very transaction that stored the no."""
    with unit() as session:
        of = opt_out.recipient(session, row)
        assert of is not None
        opt_out.stop(session, of, of.scope, Said("one_click", "127.0.0.1", now()))
        return of.address or "", session.get_one(Delivery, row).state


def test_what_goes_out_is_what_was_pressed_whatever_is_edited_meanwhile(shop_on_disk: Shop) -> None:
    """Content and footer are frozen at the press; a person's name is the one in the book when the row was claimed.

    A second worker takes over after the edits: it has nothing in its memory, and reads what there is.
    """
    people = shop_on_disk.write_in(RECIPIENTS)
    with unit() as session:
        given = {"name": "Viewing", "subject": SUBJECT, "html_body": HTML, "text_body": TEXT}
        template = templates.create(session, given, by=shop_on_disk.olive, now=now()).id
    campaign_id = shop_on_disk.campaign(subject=SUBJECT, html_body=HTML, text_body=TEXT, template_id=template)
    with ScriptedServer(delay=0.05) as server:
        to_it = {"HANDBILL_SMTP_URL": f"smtp://127.0.0.1:{server.port}?security=none"}
        worker = shop_on_disk.quick_worker(to_it)
        try:
            dispatch_id = shop_on_disk.launch(campaign_id)
            until(lambda: server.count > 50)
            edit_everything(shop_on_disk, campaign_id, template, people)
            edited_after = server.count
        finally:
            crew.dismiss(worker)
        finish(shop_on_disk, dispatch_id, to_it)
    assert len(server.received) == RECIPIENTS
    assert edited_after < RECIPIENTS - 50, "the edits came too late to mean anything"
    names = [name_in(one) for one in server.received]
    assert "Renamed" in names, "nobody was claimed after the renaming"
    assert {name for name in names if name.startswith("Ann")}


def edit_everything(shop: Shop, campaign_id: int, template: int, people: list[int]) -> None:
    """The doors refuse what is locked; the rest, and what got past the doors, changes nothing either."""
    with pytest.raises(Refusal), unit() as session:
        campaigns.change(session, campaign_id, {"subject": "Another"}, by=shop.olive, now=now())
    with unit() as session:
        campaign = campaigns.get(session, campaign_id)
        campaign.subject, campaign.html_body, campaign.text_body = "Another", "<p>Another</p>", "Another"
        other = {"subject": "Another", "html_body": "<p>Another</p>", "text_body": "Another"}
        templates.change(session, template, other, by=shop.olive, now=now())
        facts = {"name": "Another", "postal_address": "2 Low Road", "sender_email": "other@marlow.example"}
        shops.change(session, facts, by=shop.olive, now=now())
        for one in people:
            customers.change(session, one, {"first_name": "Renamed"}, by=shop.olive, now=now())


def name_in(one: Received) -> str:
    """Everything but the name is the snapshot's; and the name is the same throughout one message."""
    message = email.message_from_bytes(one.body, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    subject = str(message["subject"])
    name = subject.removeprefix("Hello ").removesuffix(", the winter viewing")
    assert subject == SUBJECT.replace("{{ firstName }}", name)
    for kind, sentence in (("plain", TEXT), ("html", TEXT)):
        part = message.get_body((kind,))
        assert part is not None
        content = part.get_content()
        assert sentence.replace("{{ firstName }}", name) in content
        assert "1 High Street" in content
        assert "Another" not in content
        assert "Low Road" not in content
    assert "hello@marlow.example" in str(message["from"])
    return name
