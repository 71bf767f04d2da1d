"""The inbox for returned mail: set up at a desk with a wrong password first; an answer is read on a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from data.database import now, reading, unit
from domain.book import customers
from domain.ledger import received
from domain.shop import mailbox
from domain.shop.people import Actor, Role
from tests.browser.server import Server
from tests.browser.test_accessible import found
from tests.twins.imap_server import ImapServer

OLIVE = Actor(None, "Olive", Role.OWNER)


@pytest.fixture
def without_inbox(shop: Server) -> Iterator[None]:
    yield
    with unit() as session:
        mailbox.forget(session, by=OLIVE, now=now())


def test_an_inbox_is_tried_saved_and_read(page: Page, without_inbox: None) -> None:
    with ImapServer([b"From: a@x.example\nSubject: hello\n\nhello"]) as server:
        page.goto("/settings/mail")
        page.get_by_test_id("mailbox-open").click()
        page.get_by_test_id("mailbox-recipe").click()
        page.get_by_role("option", name="Fastmail").click()
        expect(page.get_by_test_id("mailbox-host")).to_have_value("imap.fastmail.com")
        page.get_by_test_id("mailbox-address").fill("inbox@marlow.example")
        page.get_by_test_id("mailbox-host").fill("127.0.0.1")
        page.get_by_test_id("mailbox-security").click()
        page.get_by_role("option", name="None").click()
        expect(page.get_by_test_id("mailbox-port")).to_have_value("143")  # it follows the protection
        page.get_by_test_id("mailbox-port").fill(str(server.port))
        page.get_by_test_id("mailbox-username").fill("inbox@marlow.example")
        page.get_by_test_id("mailbox-password").fill("guess")
        page.get_by_test_id("mailbox-test").click()
        expect(page.get_by_test_id("mailbox-outcome-bad")).to_contain_text(
            "did not accept the user name or password"
        )
        assert found(page) == []
        page.get_by_test_id("mailbox-password").fill("brass bell")
        page.get_by_test_id("mailbox-test").click()
        expect(page.get_by_test_id("mailbox-outcome-good")).to_contain_text("1 message lies in INBOX")
        page.get_by_test_id("mailbox-save").click()
        expect(page.get_by_test_id("mailbox-way")).to_contain_text("Undelivered mail goes back to the sender")
        page.get_by_test_id("mailbox-read").click()
        expect(page.get_by_test_id("mailbox-good")).to_contain_text("Every few minutes")
    assert "brass bell" not in page.content()
    page.get_by_test_id("mailbox-forget").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("mailbox-open")).to_be_visible()
    with reading() as session:
        assert mailbox.kept(session) is None


def test_an_answer_stands_beside_the_customer_as_plain_words(phone: Page, shop: Server) -> None:
    with unit() as session:
        ana = customers.create(session, {"first_name": "Ana", "last_name": "Replies"}, by=OLIVE, now=now()).id
        hostile = "Is the ring <b>still</b> there?\n<img src=x onerror=alert(1)>"
        received.keep(session, "1", ana, delivery_id=None, subject="Re: New rings", words=hostile, day_began=now(), now=now())  # fmt: skip
    phone.goto(f"/customers/{ana}?tab=communications")
    answer = phone.get_by_test_id("answer")
    expect(answer).to_contain_text("Re: New rings")
    expect(answer).to_contain_text("<img src=x onerror=alert(1)>")
    assert answer.locator("img").count() == 0
    assert found(phone) == []
