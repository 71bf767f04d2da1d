"""The email log, the list of what was reported, and the word about answers that nobody reads, in the browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from data.database import now, reading, unit
from domain.ledger.deliveries import Delivery, State
from domain.results import incoming
from domain.results.report import Kind
from domain.sending.dispatches import Dispatch, DispatchState, Outcome
from domain.shop import people
from domain.shop import shop as shops
from domain.shop.people import Actor
from tests.browser.server import Server, email_of
from tests.letters import add_person, write_to


@pytest.fixture(scope="module")
def failed(shop: Server) -> int:
    """A message to Fay that her server refused, in a send that is over."""
    with unit() as session:
        fay = add_person(session, "Fay", "fay@log.example", by=_olive(), now=now())
        row = session.get_one(Delivery, write_to(session, fay, by=_olive(), now=now()))
        row.state, row.attempts, row.settled_at = State.FAILED, 1, now()
        row.reason, row.code, row.reply = "no_such_address", 550, "5.1.1 no such user"
        send = session.get_one(Dispatch, row.dispatch_id)
        send.state, send.outcome, send.started_at, send.finished_at = (
            DispatchState.SENT,
            Outcome.PARTIAL,
            now(),
            now(),
        )
        return row.id


@pytest.fixture
def nobody_reads(shop: Server) -> Iterator[str]:
    yield "no-reply@marlow.example"
    with unit() as session:
        shops.change(session, {"reply_to": ""}, by=_olive(), now=now())


def test_on_a_phone_a_failed_message_is_found_in_the_log_and_sent_again(phone: Page, failed: int) -> None:
    phone.goto("/marketing/log?state=failed&search=fay")
    expect(phone.get_by_test_id("log-count")).to_have_text("1 message.")
    expect(phone.get_by_text("Nobody has this address.")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.get_by_role("button", name="Send again: Fay").click()
    phone.get_by_test_id("confirm").click()
    expect(phone.get_by_test_id("log-nothing")).to_be_visible()
    with reading() as session:
        assert session.get_one(Delivery, failed).state is not State.FAILED


def test_what_was_reported_tells_whose_message_it_is_about(page: Page, failed: int) -> None:
    said_nothing = dict.fromkeys(
        ("status", "diagnostic", "message_id", "said", "url", "agent", "ip", "excerpt"), ""
    )
    nobody = {"address_hash": None, "reason": None}
    common = {"provider": "brevo", "kind": Kind.BOUNCE, "permanent": True, "at": now(), "received_at": now()}
    common |= {**said_nothing, **nobody}
    with unit() as session:
        incoming.keep(
            session,
            [
                common | {"event_id": "log-1", "address": "fay@log.example", "delivery_id": failed},
                common | {"event_id": "log-2", "address": "else@where.example", "delivery_id": None},
            ],
        )
    page.goto("/settings/reports")
    page.get_by_test_id("to-events").click()
    table = page.get_by_test_id("events-table")
    expect(table.get_by_role("link", name="Fay")).to_be_visible()
    page.get_by_test_id("events-matched").click()
    page.get_by_role("option", name="No message of ours").click()
    expect(table.get_by_role("link", name="Fay")).to_have_count(0)
    expect(table.get_by_text("else@where.example")).to_be_visible()


def test_answers_that_nobody_reads_get_a_word_and_are_saved_all_the_same(
    page: Page, nobody_reads: str
) -> None:
    page.goto("/settings")
    expect(page.get_by_test_id("no-reply")).to_be_hidden()
    page.get_by_test_id("reply-to").fill(nobody_reads)
    page.get_by_test_id("save-shop").click()
    expect(page.get_by_test_id("no-reply")).to_contain_text(nobody_reads)
    page.goto("/marketing/bulk-email")
    expect(page.get_by_test_id("no-reply")).to_contain_text(nobody_reads)


def _olive() -> Actor:
    with reading() as session:
        olive = people.by_email(session, email_of("olive"))
        assert olive is not None
        return olive.as_actor("page")
