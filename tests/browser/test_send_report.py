"""The report of a send, in the browser: its figures lead to the people behind them, on a desk and on a phone."""

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from data.database import now, unit
from domain.audience.reach import EMAIL_REACH
from domain.book.consent import why_left_out
from domain.book.customers import Customer
from domain.book.message_types import MessageType
from domain.ledger.deliveries import Delivery
from domain.ledger.events import Event
from domain.ledger.targets import Target
from domain.sending import campaigns, launches
from domain.sending.launches import Press
from domain.shop import people
from tests.browser.server import Server, email_of

OVER = (
    "UPDATE dispatches SET state = 'sent', outcome = 'complete', started_at = starts_at, finished_at = starts_at, "
    "measured = 1, practice = 0 WHERE id = :id"
)
WENT = (
    "UPDATE deliveries SET state = 'sent', settled_at = next_at WHERE dispatch_id = :id AND state = 'queued'"
)


@pytest.fixture(scope="module")
def send(shop: Server) -> int:
    return write_to_240()


def write_to_240() -> int:
    """To 240 people: 20 came back, 1 complained, 219 arrived; three people opened, one clicked."""
    at = now() - timedelta(hours=3)
    with unit() as session:
        olive = people.by_email(session, email_of("olive"))
        assert olive is not None
        by = olive.as_actor("page")
        content = {"name": "Opals", "subject": "Opals", "text_body": "Hello", "audience": some(session, 240)}
        campaign = campaigns.create(session, content, by=by, now=at).id
        number = launches.launch(session, campaign, Press(), by=by, now=at).id
        for statement in (OVER, WENT):
            session.execute(text(statement), {"id": number})
        session.execute(text("UPDATE campaigns SET status = 'sent' WHERE id = :id"), {"id": campaign})
        mine = session.query(Delivery).where(Delivery.dispatch_id == number, Delivery.state == "sent")
        rows = [row.id for row in mine.order_by(Delivery.id)]
        for place, row in enumerate(rows):
            heard = "bounced" if place >= 220 else "complained" if place == 219 else "delivered"
            fact = {"row": row, "heard": heard, "why": "mailbox_full" if heard == "bounced" else None}
            session.execute(
                text(
                    "UPDATE deliveries SET heard = :heard, heard_reason = :why, heard_at = settled_at WHERE id = :row"
                ),
                fact,
            )
        session.add(Target(dispatch_id=number, place=0, url="https://shop.example/opals", words="the opals"))
        done = [("opened", place, "human", None) for place in (0, 1, 1, 2)]
        for kind, place, who, link in (*done, ("opened", 3, "machine", None), ("clicked", 0, "human", 0)):
            session.add(Event(delivery_id=rows[place], kind=kind, at=at, who=who, link=link, device="phone"))
    return number


def some(session: Session, number: int) -> dict[str, Any]:
    """An audience of so many who get it: other tests write people into the same book."""
    may_get_it = Customer.deleted_at.is_(None), why_left_out(EMAIL_REACH, MessageType.MARKETING).is_(None)
    each = select(func.min(Customer.id)).where(*may_get_it).group_by(Customer.email_key)
    ids = list(session.scalars(each.order_by(func.min(Customer.id)).limit(number)))
    assert len(ids) == number
    return {"type": "manual", "customerIds": ids}


def test_each_figure_leads_to_its_people(page: Page, send: int) -> None:
    page.goto(f"/marketing/sends/{send}")
    for figure, value, share in (
        ("delivered", "219", "91% of sent"),
        ("pending", "0", "sent, no report yet"),
        ("opened", "3", "1% of delivered"),
        ("clicked", "1", "under 1% of delivered"),
    ):
        expect(page.get_by_test_id(f"value-{figure}")).to_have_text(value)
        expect(page.get_by_test_id(f"share-{figure}")).to_have_text(share)
    expect(page.get_by_test_id("beside-opened")).to_have_text("+ 1 by machines")
    expect(page.get_by_test_id("badge-complained")).to_have_text("1 complained")
    expect(page.get_by_test_id("badge-failed")).to_be_hidden()
    expect(page.get_by_test_id("many-failed")).to_contain_text("20 with a full mailbox")
    rows = page.get_by_test_id("recipients-table").locator("tbody tr")
    page.get_by_test_id("figure-opened").click()
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_have_class(re.compile("is-good"))
    expect(rows.nth(1)).to_contain_text("twice")
    page.get_by_test_id("badge-bounced").click()
    expect(page.get_by_test_id("recipients-filter")).to_have_text("Only: came back")
    expect(rows).to_have_count(20)
    expect(rows.first).to_contain_text("The mailbox is full.")
    page.get_by_test_id("badge-bounced").click()
    expect(page.get_by_test_id("recipients-filter")).to_have_text("Everybody on the list")
    expect(page.get_by_test_id("links-table")).to_contain_text("the opals")
    expect(page.get_by_test_id("timeline")).to_have_attribute(
        "aria-label", re.compile("3 people in that hour")
    )
    expect(page.get_by_test_id("timeline").locator("svg")).to_be_visible()
    with page.expect_download() as taken:
        page.get_by_test_id("xlsx").click()
    assert taken.value.suggested_filename == f"opals-{send}.xlsx"


def test_sends_are_found_by_month_and_by_type(page: Page, send: int) -> None:
    page.goto(f"/marketing/sends?month={now():%Y-%m}")
    expect(page.get_by_test_id("month-said")).to_contain_text("This month, ")
    row = (
        page.get_by_test_id("sends").locator("tbody tr").filter(has=page.locator(f"a[href$='/sends/{send}']"))
    )
    expect(row).to_contain_text("219")
    page.get_by_test_id("type").click()
    page.get_by_role("option", name="Newsletter").click()
    expect(row).to_have_count(0)


def test_the_list_of_campaigns_shows_what_was_opened_and_clicked(page: Page, send: int) -> None:
    page.goto("/marketing/campaigns")
    opals = page.get_by_test_id("campaigns").locator("tbody tr").filter(has_text="Opals").first
    expect(opals).to_contain_text("1.4%")
    expect(opals).to_contain_text("0.5%")
