"""The main job, as a new owner does it on the first day: from the welcome page to a campaign whose books balance."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE, Open
from tests.browser.server import PASSWORD, Server

AT_MOST = 60.0  # seconds from the first page to the mail seen


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_from_the_welcome_page_to_a_balanced_campaign(
    new_shop: Callable[..., Server], open_page: Open, size: dict[str, int]
) -> None:
    shop = new_shop(HANDBILL_UNDO_SECONDS="2")
    page = open_page(size, base_url=shop.url)
    started = time.monotonic()
    open_the_shop(page)
    write_a_campaign(page)
    send(page)
    subject = read_in_the_practice_inbox(page)
    took = time.monotonic() - started
    print(f"\nFrom the first page to the mail seen: {took:.0f} s")
    assert took < AT_MOST
    assert subject.startswith("An evening for you, ")
    the_books_balance(page)
    the_customer_s_page_knows(page)


def open_the_shop(page: Page) -> None:
    page.goto("/")
    expect(page).to_have_url(re.compile("/welcome"))
    page.locator("[name=name]").fill("Olive Marlow")
    page.locator("[name=email]").fill("olive@marlow.example")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_test_id("submit").click()
    page.locator("[name=shop_name]").fill("Marlow & Finch")
    page.locator("[name=postal_address]").fill("4 Market Row, Bath BA1 1AA")
    page.locator("[name=sender_name]").fill("Marlow & Finch")
    page.locator("[name=sender_email]").fill("hello@marlow.example")
    page.get_by_test_id("submit").click()
    page.get_by_test_id("choice-sample").click()
    expect(page).to_have_url(re.compile("/marketing"))
    expect(page.get_by_test_id("practice-banner")).to_contain_text("nothing leaves this machine")


def write_a_campaign(page: Page) -> None:
    page.goto("/marketing/campaigns/new")
    page.get_by_test_id("name").fill("Pearl evening")
    page.get_by_test_id("subject").fill('An evening for you, {{ firstName | default: "there" }}')
    page.get_by_test_id("text-body").fill(
        'Dear {{ firstName | default: "friend" }},\n\ncome and see the pearls.'
    )
    page.get_by_test_id("audience-tags").click()
    page.get_by_test_id("tag-pearls").click()
    expect(page.get_by_test_id("goes-to")).to_contain_text(re.compile(r"\d+ people"))


def send(page: Page) -> None:
    page.get_by_test_id("send-now").click()
    expect(page.get_by_test_id("dialog")).to_contain_text(re.compile(r"Send to \d+ people"))
    page.get_by_test_id("confirm").click()
    expect(page).to_have_url(re.compile(r"/marketing/campaigns/\d+$"))
    expect(page.get_by_test_id("status")).to_have_text("Sent", timeout=30_000)


def read_in_the_practice_inbox(page: Page) -> str:
    page.goto("/practice")
    page.get_by_test_id("inbox").get_by_text("An evening for you").first.click()
    expect(
        page.frame_locator("[data-testid=mail-html]").get_by_text("come and see the pearls")
    ).to_be_visible()
    return page.get_by_test_id("mail-subject").inner_text()


def the_books_balance(page: Page) -> None:
    page.goto("/marketing/campaigns")
    page.get_by_text("Pearl evening").first.click()
    terms = page.get_by_test_id("equation").inner_text()
    numbers = [int(one.replace(",", "")) for one in re.findall(r"[\d,]+", terms)]
    assert numbers[0] > 10
    assert numbers[0] == sum(numbers[1:])


def the_customer_s_page_knows(page: Page) -> None:
    page.goto("/practice")
    page.get_by_test_id("inbox").get_by_text("An evening for you").first.click()
    page.get_by_test_id("mail-customer").click()
    expect(page).to_have_url(re.compile(r"/customers/\d+"))
    page.get_by_role("tab", name="Communications").or_(page.get_by_text("Communications")).first.click()
    expect(page.get_by_test_id("communications")).to_contain_text("Pearl evening")
    expect(page.get_by_test_id("communications")).to_contain_text("Sent")
