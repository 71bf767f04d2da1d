"""Somebody signs up with their phone: the form, the letter in the practice inbox, the press that counts."""

import re

from playwright.sync_api import Page, expect
from sqlalchemy import select

from data.database import reading
from domain.book.person import Customer
from domain.message.practice import PracticeMail
from tests.browser.conftest import PHONE, Open
from tests.browser.test_accessible import found

SETTINGS = "/settings/sign-up"
GARNET = "#7a1f3d"
MAILBOX = "petra@signs.example"


def test_from_the_card_on_the_counter_to_the_book(page: Page, open_page: Open) -> None:
    page.goto("/settings")
    page.get_by_test_id("colour-garnet").click()
    expect(page.get_by_test_id("colour")).to_have_value(GARNET)
    page.get_by_test_id("save-shop").click()
    expect(page.get_by_test_id("toast")).to_have_text("Saved")
    page.goto(SETTINGS)
    expect(page.get_by_test_id("snippet")).to_contain_text("/join")
    page.get_by_test_id("sign-up-open").click()
    page.get_by_test_id("save-sign-up").click()
    expect(page.get_by_text("The form is open").last).to_be_visible()
    page.get_by_test_id("print-card").click()
    expect(page.get_by_test_id("qr")).to_be_visible()
    petra = open_page(PHONE, is_mobile=True, has_touch=True)
    petra.goto("/join?from=counter")
    assert found(petra) == []
    expect(petra.get_by_test_id("submit")).to_have_css("background-color", "rgb(122, 31, 61)")
    petra.emulate_media(color_scheme="dark")
    expect(petra.get_by_test_id("submit")).not_to_have_css("background-color", "rgb(122, 31, 61)")
    assert found(petra) == []
    petra.get_by_test_id("first_name").fill("Petra")
    petra.get_by_test_id("email").fill(MAILBOX)
    petra.get_by_test_id("submit").click()
    expect(petra.get_by_test_id("said")).to_contain_text("We have sent you a letter")
    petra.goto(the_link(page))
    petra.get_by_test_id("submit").click()
    expect(petra.get_by_role("heading", level=1)).to_have_text("You are on the list")
    with reading() as session:
        card = session.scalars(select(Customer).where(Customer.email_key == MAILBOX)).one()
    assert (card.first_name, card.source) == ("Petra", "form")
    page.goto(SETTINGS)
    expect(page.get_by_test_id("came-card")).to_contain_text("1 look, 1 person confirmed")


def the_link(page: Page) -> str:
    """As it stands in the letter that came into the practice inbox."""
    page.goto("/practice")
    letter = page.get_by_test_id("inbox").get_by_text("Please confirm").first
    expect(letter).to_be_visible()
    with reading() as session:
        raw = session.scalars(select(PracticeMail.raw).where(PracticeMail.recipient == MAILBOX)).one()
    found_in = re.search(rb"/join/[\w=-]+", raw.replace(b"=\r\n", b"").replace(b"=3D", b"="))
    assert found_in is not None
    return found_in[0].decode()
