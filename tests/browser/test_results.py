"""What the messages came to, in the browser: the last days on the start page, a span and campaigns of one's choice."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from data.database import now, unit
from domain.ledger.deliveries import Delivery
from domain.ledger.events import Event
from domain.sending import campaigns, launches
from domain.sending.launches import Press
from domain.shop import people
from tests.browser.server import Server, email_of
from tests.browser.test_send_report import some

OVER = (
    "UPDATE dispatches SET state = 'sent', outcome = 'complete', started_at = starts_at, finished_at = starts_at, "
    "measured = 1 WHERE id = :id"
)


@pytest.fixture
def went_out(shop: Server) -> int:
    """Yesterday, to 240 people; three of them opened it."""
    at = now() - timedelta(days=1)
    with unit() as session:
        olive = people.by_email(session, email_of("olive"))
        assert olive is not None
        by = olive.as_actor("page")
        content = {
            "name": "Pearls for the results",
            "subject": "Pearls",
            "text_body": "Hello",
            "audience": some(session, 240),
        }
        campaign = campaigns.create(session, content, by=by, now=at).id
        dispatch = launches.launch(session, campaign, Press(), by=by, now=at).id
        session.execute(text(OVER), {"id": dispatch})
        session.execute(text("UPDATE campaigns SET status = 'sent' WHERE id = :id"), {"id": campaign})
        gone = "UPDATE deliveries SET state = 'sent', settled_at = next_at WHERE dispatch_id = :id AND state = 'queued'"
        session.execute(text(gone), {"id": dispatch})
        rows = session.query(Delivery.id).where(Delivery.dispatch_id == dispatch, Delivery.state == "sent")
        session.add_all(Event(delivery_id=row.id, kind="opened", at=at) for row in rows.limit(3))
    return dispatch


def test_the_last_days_lead_to_results_of_any_time_and_campaign(page: Page, went_out: int) -> None:
    page.goto("/marketing")
    page.get_by_test_id("last-days").get_by_role("link", name="All results").click()
    expect(page.get_by_test_id("tile-sent")).not_to_have_text("0")
    page.get_by_test_id("results-campaigns").click()
    page.get_by_role("option", name="Pearls for the results").click()
    expect(page.get_by_test_id("tile-sent")).to_have_text("240")
    expect(page.get_by_test_id("hours-verdict")).to_contain_text("3 openings so far: too few to tell")
    page.reload()  # the address holds the question
    expect(page.get_by_test_id("tile-sent")).to_have_text("240")
    page.goto("/marketing/results?span=days&since=2019-01-01&until=2019-02-01")
    expect(page.get_by_test_id("no-results")).to_be_visible()


def test_what_was_bought_afterwards_stands_on_the_page_of_a_send(page: Page, went_out: int) -> None:
    page.goto(f"/marketing/sends/{went_out}")
    expect(page.get_by_test_id("bought")).to_contain_text("In 1 day so far")
    page.get_by_test_id("bought").get_by_text("30 days").click()
    expect(page.get_by_test_id("bought")).to_contain_text("In as long before")
    page.get_by_test_id("more").click()
    page.get_by_role("menuitem", name="Copy diagnosis").click()
    expect(page.get_by_test_id("diagnosis")).to_contain_text(f"Send {went_out}: email, marketing, sent")
