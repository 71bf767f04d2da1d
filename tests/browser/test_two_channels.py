"""A campaign by email that also goes by WhatsApp, as Olive writes, sends and follows it at her desk and on her phone."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from data.database import now, reading, unit
from domain.book import consent, customers
from domain.sending import campaigns, sibling, siblings
from domain.sending.campaigns import Status
from domain.sending.sibling import Sibling
from domain.shop.people import Actor, Role
from tests.browser.test_accessible import eye

OLIVE = Actor(None, "Olive", Role.OWNER)
SUNDAY: Final = {"template": {"name": "open_on_sunday", "language": "en"}}
NUMBERS: Final = iter(range(441632961100, 441632961200))


def three(tag: str) -> None:
    """Nina can only be reached by WhatsApp, Emil only by email, and Bea by both."""
    name = tag.replace(" ", "-")
    with unit() as session:
        for first, mail, agreed in (("Nina", "", True), ("Emil", f"emil-{name}@two.example", False), ("Bea", f"bea-{name}@two.example", True)):  # fmt: skip
            fields: dict[str, Any] = {"first_name": first, "last_name": tag, "email": mail, "tags": [tag]}
            phone = {"phone": f"+{next(NUMBERS)}"} if agreed else {}
            person = customers.create(session, fields | phone, by=OLIVE, now=now()).id
            if agreed:
                consent.grant(session, person, "whatsapp", "marketing", how="staff", now=now(), by=OLIVE)


def written(tag: str, goes: str = "") -> int:
    """A draft to these three; `goes` says to whom of them WhatsApp goes too."""
    said = {
        "name": tag,
        "subject": "Hello",
        "text_body": "Come in.",
        "audience": {"type": "tags", "tags": [tag]},
    }
    with unit() as session:
        made = campaigns.create(session, said, by=OLIVE, now=now()).id
        if goes:
            siblings.keep(session, made, {"content": SUNDAY, "goes": goes}, by=OLIVE, now=now())
        return made


def send(page: Page, campaign_id: int) -> None:
    page.goto(f"/marketing/campaigns/{campaign_id}")
    page.get_by_test_id("send-now").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("status")).to_have_text("Sent", timeout=60_000)


@pytest.mark.parametrize("size", ["page", "phone"])
def test_who_has_no_address_gets_it_by_whatsapp_in_the_same_press(
    request: pytest.FixtureRequest, size: str
) -> None:
    seen: Page = request.getfixturevalue(size)
    tag = f"two ways {size}"
    three(tag)
    seen.goto(f"/marketing/campaigns/new?tag={tag}")
    seen.get_by_test_id("name").fill(tag)
    seen.get_by_test_id("subject").fill("The rings are here")
    seen.get_by_test_id("text-body").fill("Come in.")
    seen.get_by_test_id("also-add").click()
    expect(seen.get_by_test_id("also-count")).to_have_text("1")
    seen.get_by_test_id("also-goes-together").click()
    expect(seen.get_by_test_id("goes-to")).to_have_text("Goes to 2 people by email, 2 by WhatsApp")
    seen.get_by_test_id("also-goes-instead").click()
    seen.get_by_test_id("template-anniversary_in_a_month-en").click()
    seen.get_by_test_id("send-now").click()
    expect(seen.get_by_test_id("gap-header-1-wrong")).to_contain_text("By WhatsApp")
    seen.get_by_test_id("gap-header-1-words").fill("dear friend")
    seen.get_by_test_id("gap-body-1-words").fill("12 June")
    expect(seen.get_by_test_id("also-phone")).to_contain_text("12 June")
    seen.get_by_test_id("save-draft").click()
    expect(seen.get_by_test_id("toast")).to_contain_text("Saved")
    seen.reload()
    expect(seen.get_by_test_id("gap-body-1-words")).to_have_value("12 June")
    expect(seen.get_by_test_id("also-count")).to_have_text("1")
    seen.get_by_test_id("send-now").click()
    expect(seen.get_by_test_id("dialog")).to_contain_text("Send to 2 people by email and 1 by WhatsApp?")
    seen.get_by_test_id("confirm").click()
    expect(seen.get_by_test_id("undo-bar")).to_contain_text("2 people and 1 by WhatsApp")
    expect(seen.get_by_test_id("rolled-said")).to_have_text("3 people reached: 2 by email, 1 by WhatsApp")
    seen.get_by_role("tab", name="WhatsApp").click()
    expect(seen.get_by_role("tabpanel").filter(visible=True)).to_contain_text(f"Nina {tag}")
    seen.goto("/practice/whatsapp")
    seen.get_by_test_id("phone-search").fill(f"Nina {tag}")
    expect(seen.get_by_test_id("phone-item")).to_have_count(1)
    seen.get_by_test_id("phone-item").press("Enter")
    expect(seen.get_by_test_id("phone")).to_contain_text("Your anniversary is on 12 June.")


def test_who_does_not_open_it_is_asked_by_itself_on_the_day_that_was_set(page: Page) -> None:
    three("asked later")
    made = written("asked later", "after")
    send(page, made)
    expect(page.get_by_test_id("rolled-said")).to_have_text("3 people reached: 2 by email, 1 by WhatsApp")
    expect(page.get_by_test_id("asking-due")).to_contain_text(day_in(3))
    expect(page.get_by_test_id("asking-due")).to_contain_text("As of now 1 person")
    with eye(page) as looking:
        looking.look("a campaign that asks later")
        page.get_by_test_id("asking-change").click()
        expect(page.get_by_test_id("also-phone")).to_contain_text("We are open this Sunday")
        looking.look("what is said on WhatsApp", within="[role=dialog]")
    page.get_by_test_id("asking-days").click()
    page.get_by_role("option", name="5 days").click()
    page.get_by_test_id("asking-keep").click()
    expect(page.get_by_test_id("asking-due")).to_contain_text(day_in(5))
    with unit() as session:  # that day comes while she looks
        session.execute(update(Sibling).where(Sibling.campaign_id == made).values(due_at=now()))
    expect(page.get_by_test_id("part-line-asked")).to_contain_text("Sent", timeout=60_000)
    expect(page.get_by_test_id("asking-due")).to_have_count(0)
    expect(page.get_by_test_id("rolled-said")).to_contain_text("2 by WhatsApp, 1 of them by both")


def test_a_campaign_that_was_only_an_email_can_ask_the_other_channel_afterwards(phone: Page) -> None:
    three("only mail")
    made = written("only mail")
    send(phone, made)
    expect(phone.get_by_test_id("asking")).to_contain_text("Can be asked by WhatsApp2 people")
    phone.get_by_test_id("ask-now").click()
    phone.get_by_test_id("asking-keep").click()
    expect(phone.get_by_test_id("template-field-wrong")).to_be_visible()
    phone.get_by_test_id("template-open_on_sunday-en").click()
    phone.get_by_test_id("asking-keep").click()
    expect(phone.get_by_test_id("dialog")).to_contain_text("Ask 2 people by WhatsApp?")
    phone.get_by_test_id("confirm").click()
    expect(phone.get_by_test_id("rolled-said")).to_contain_text(
        "3 people reached: 2 by email, 2 by WhatsApp", timeout=60_000
    )
    expect(phone.get_by_test_id("asking")).to_have_count(0)


def test_a_message_by_whatsapp_that_somebody_else_added_is_not_typed_over(page: Page) -> None:
    made = written("two people write")
    page.goto(f"/marketing/campaigns/{made}/edit")
    expect(page.get_by_test_id("also-add")).to_be_visible()
    with unit() as session:
        siblings.keep(session, made, {"content": SUNDAY, "goes": "together"}, by=OLIVE, now=now())
    with eye(page) as looking:
        page.get_by_test_id("also-add").click()
        expect(page.get_by_test_id("conflict")).to_contain_text("Changed there: WhatsApp message.")
        looking.look("the form on two channels")
    with reading() as session:
        there = sibling.of(session, made)
        assert there is not None
        assert (there.content, there.goes) == (SUNDAY, "together")
        assert campaigns.get(session, made).status is Status.DRAFT


def test_a_new_campaign_is_by_whatsapp_too_and_what_was_typed_stays_a_draft(page: Page) -> None:
    page.goto("/marketing/campaigns/new?tag=VIP")
    page.get_by_test_id("subject").fill("Not by email then")
    page.get_by_test_id("channel-whatsapp").click()
    expect(page.get_by_test_id("template-open_on_sunday-en")).to_be_visible()
    expect(page.get_by_test_id("tag-VIP")).to_have_attribute("aria-pressed", "true")
    with reading() as session:
        assert campaigns.page(session, search="Not by email then")[0].status is Status.DRAFT


def day_in(days: int) -> str:
    when = datetime.now(UTC) + timedelta(days=days)
    return f"{when:%A} {when.day} {when:%B %Y}"
