"""Delivery reports in the browser: keys are entered, never shown again, and the address to report to appears."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from data.database import now, reading, unit
from domain.results import connections, news
from domain.shop.people import Actor, Role
from tests.browser.server import Server

OLIVE = Actor(None, "Olive", Role.OWNER)
KEY = "key-0123456789-secret"


@pytest.fixture
def deaf(shop: Server) -> Iterator[None]:
    """Whatever a test switches on, the next one finds the shop listening to nobody."""
    yield
    with unit() as session:
        for one in news.every():
            connections.forget(session, one.NAME, by=OLIVE, now=now())


def test_a_provider_is_switched_on_and_off_and_its_key_is_not_shown_again(page: Page, deaf: None) -> None:
    page.goto("/settings/reports")
    page.get_by_label("Mail provider").click()
    page.get_by_role("option", name="SendGrid").click()
    page.get_by_test_id("public-key").fill("not a key")
    page.get_by_test_id("save-provider").click()
    expect(page.get_by_text("This is not the verification key that SendGrid shows.")).to_be_visible()
    expect(page.get_by_test_id("provider-state")).to_have_text("Off")
    page.get_by_label("Mail provider").click()
    page.get_by_role("option", name="Mailgun").click()
    page.get_by_test_id("signing-key").fill(KEY)
    page.get_by_test_id("save-provider").click()
    expect(page.get_by_test_id("provider-state")).to_have_text("On")
    expect(page.get_by_test_id("webhook-address")).to_contain_text("/webhooks/mailgun/")
    page.reload()
    expect(page.get_by_test_id("provider-state")).to_have_text("On")
    assert KEY not in page.content()
    expect(page.get_by_test_id("signing-key")).to_have_value("")
    page.get_by_test_id("max-age-seconds").fill("600")
    page.get_by_test_id("save-provider").click()
    expect(page.get_by_test_id("toast")).to_contain_text("Saved")
    with reading() as session:
        kept = connections.keys_behind(session, "mailgun")
    assert kept is not None
    assert kept[1] == {"signing_key": KEY, "max_age_seconds": "600"}
    page.get_by_test_id("forget-provider").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop listening").click()
    expect(page.get_by_test_id("provider-state")).to_have_text("Off")
