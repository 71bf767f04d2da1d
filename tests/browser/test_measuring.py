"""Opens and clicks: what the owner chooses, and how they are acted out while nothing leaves the shop."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from data.database import now, reading, unit
from domain.book import customers
from domain.ledger.deliveries import Delivery
from domain.ledger.events import Event
from domain.sending import campaigns
from domain.sending.campaigns import Status
from domain.shop import shop as shops
from domain.shop.people import Actor, Role
from domain.shop.sending_rules import USUALLY_MEASURED
from tests.browser.conftest import SignIn
from tests.browser.server import Server

OLIVE = Actor(None, "Olive", Role.OWNER)


@pytest.fixture(autouse=True)
def as_usual_afterwards(shop: Server) -> Iterator[None]:
    yield
    with unit() as session:
        shops.change(session, {"measured": USUALLY_MEASURED}, by=OLIVE, now=now())


def measured() -> list[str]:
    with reading() as session:
        return shops.read(session).measured


def test_the_owner_chooses_what_is_measured_and_the_others_read_it(
    page: Page, visitor: Page, sign_in: SignIn
) -> None:
    page.goto("/settings/measuring")
    expect(page.get_by_test_id("measured-operational")).to_have_attribute("aria-checked", "false")
    page.get_by_test_id("measured-operational").click()
    page.get_by_test_id("measured-newsletter").click()
    page.get_by_test_id("save-measuring").click()
    expect(page.get_by_text("Saved")).to_be_visible()
    assert measured() == ["marketing", "operational"]
    sign_in(visitor, "max")
    visitor.goto("/settings/measuring")
    expect(visitor.get_by_test_id("measuring-card")).to_contain_text("Marketing, Operational")
    expect(visitor.get_by_test_id("save-measuring")).to_have_count(0)


def test_an_opening_and_a_click_are_acted_out_and_stand_with_the_customer(page: Page, shop: Server) -> None:
    customer = sent_to_clara(shop)
    page.goto("/practice")
    page.get_by_test_id("inbox").get_by_text("Pearls for Clara").first.click(timeout=60_000)
    page.get_by_test_id("act-open").click()
    expect(page.get_by_text("Counted as opened")).to_be_visible()
    with page.expect_popup() as opened:
        page.frame_locator("[data-testid=mail-html]").get_by_role("link", name="the pearls").click()
    expect(opened.value).to_have_url(f"{shop.url}/health")
    opened.value.close()
    assert heard_of(customer) == [("opened", "human", "practice"), ("clicked", "human", "practice")]
    page.goto(f"/customers/{customer}?tab=communications")
    expect(page.get_by_test_id("did").first).to_contain_text("Opened")
    expect(page.get_by_test_id("did").first).to_contain_text("Clicked")


def sent_to_clara(shop: Server) -> int:
    """By the shop's own clock, in practice mode."""
    with unit() as session:
        clara = customers.create(
            session, {"first_name": "Clara", "email": "clara@pearls.example"}, by=OLIVE, now=now()
        )
        letter = {
            "name": "Pearls",
            "subject": "Pearls for {{ firstName }}",
            "html_body": f'<p>Come and see <a href="{shop.url}/health">the pearls</a>.</p>',
            "audience": {"type": "manual", "customerIds": [clara.id]},
        }
        campaign = campaigns.create(session, letter, by=OLIVE, now=now())
        campaign.status, campaign.scheduled_at = Status.SCHEDULED, now()
        return clara.id


def heard_of(customer: int) -> list[tuple[str, str, str]]:
    with reading() as session:
        mine = select(Event).join(Delivery).where(Delivery.customer_id == customer).order_by(Event.id)
        return [(one.kind, one.who, one.rule) for one in session.scalars(mine)]
