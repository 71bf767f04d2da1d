"""A restored copy asks on every page, whoever looks; the owner's word opens it, and nothing goes by itself before or after."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from data.database import now, reading, unit
from domain.sending import campaigns
from domain.sending.campaigns import Status
from domain.shop import installation, people
from tests.browser.conftest import DESK, PHONE, Open
from tests.browser.server import PASSWORD, Server, email_of, furnish

OWNER = {"HANDBILL_OWNER_EMAIL": email_of("olive"), "HANDBILL_OWNER_PASSWORD": PASSWORD}


@pytest.fixture
def copy(new_shop: Callable[..., Server]) -> Server:
    """A copy of Olive's shop, in which a campaign is overdue; its worker is looking at it."""
    server = new_shop(**OWNER)
    furnish(server)
    with unit() as session:
        olive = people.by_email(session, email_of("olive"))
        assert olive is not None
        fields = {"name": "Christmas viewing", "subject": "Hello", "text_body": "Come in."}
        campaign = campaigns.create(session, fields, by=olive.as_actor("command"), now=now())
        campaign.status, campaign.scheduled_at = Status.SCHEDULED, now() - timedelta(minutes=2)
        installation.put_up_fence(session, now() - timedelta(days=1), now=now())
    return server


def signed_in(page: Page, server: Server, who: str) -> Page:
    answer = page.context.request.post(
        f"{server.url}/sign-in",
        form={"email": email_of(who), "password": PASSWORD},
        headers={"Origin": server.url},
        max_redirects=0,
    )
    assert answer.status == 303
    return page


def test_every_page_says_it_and_the_owner_opens_the_shop_with_one_press(
    copy: Server, open_page: Open
) -> None:
    page = signed_in(open_page(DESK, base_url=copy.url), copy, "olive")
    for path in ("/marketing", "/customers", "/settings"):
        page.goto(path)
        banner = page.get_by_test_id("copy-banner")
        expect(banner).to_contain_text("This looks like a copy of your shop, as it was yesterday,")
        expect(banner).to_contain_text("switch it off first")
    assert statuses() == {Status.SCHEDULED}
    page.get_by_test_id("confirm-copy").click()
    expect(page.get_by_test_id("toast")).to_contain_text("1 campaign whose time has passed is a draft again.")
    expect(page.get_by_test_id("copy-banner")).to_have_count(0)
    assert statuses() == {Status.DRAFT}


def test_who_is_not_the_owner_learns_whom_to_ask(copy: Server, open_page: Open) -> None:
    page = signed_in(open_page(DESK, base_url=copy.url), copy, "max")
    page.goto("/marketing")
    expect(page.get_by_test_id("copy-banner")).to_contain_text("until the owner has confirmed")
    expect(page.get_by_test_id("confirm-copy")).to_have_count(0)


def test_on_a_phone_the_button_is_large_enough_and_nothing_sticks_out(copy: Server, open_page: Open) -> None:
    page = signed_in(open_page(PHONE, base_url=copy.url, has_touch=True, is_mobile=True), copy, "olive")
    page.goto("/marketing")
    box = page.get_by_test_id("confirm-copy").bounding_box()
    assert box is not None
    assert box["height"] >= 36
    assert box["x"] + box["width"] <= PHONE["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def statuses() -> set[Status]:
    with reading() as session:
        return {one.status for one in campaigns.page(session) if one.name == "Christmas viewing"}
