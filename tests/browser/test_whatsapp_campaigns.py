"""A message by WhatsApp from the choice of its template to the report, as Olive sees it at her desk and on her phone."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text
from sqlalchemy.orm import Session

from data.database import now, reading, unit
from domain.audience import audience as audiences
from domain.audience.audience import Audience, Who
from domain.audience.reach import WHATSAPP_REACH
from domain.book import consent, customers
from domain.book.message_types import MessageType
from domain.ledger import received
from domain.sending import campaigns, dispatches, endings, schedules
from domain.sending.campaigns import Status
from domain.shop import people, whatsapp, whatsapp_reach
from domain.shop.people import Actor
from tests.browser.server import Server, email_of

TEMPLATE = {"name": "open_on_sunday", "language": "en"}
HERE = "/marketing/whatsapp-campaigns"
SOME = "SELECT id FROM customers WHERE phone_key IS NOT NULL AND deleted_at IS NULL AND NOT marketing_opt_out ORDER BY id LIMIT 3"


@pytest.fixture
def willing(shop: Server) -> str:
    """Three people said yes at the counter; how many get it is what the page must count."""
    with unit() as session:
        for customer_id in session.scalars(text(SOME)).all():
            consent.grant(session, customer_id, "whatsapp", "marketing", how="staff", now=now())
    with reading() as session:
        found = audiences.count(session, Audience(), WHATSAPP_REACH, MessageType.MARKETING, now=now())
        return f"{found.reachable:,}"


def opened(page: Page, count: str) -> None:
    page.goto(HERE)
    expect(page.get_by_test_id("count")).to_have_text(count)


def test_a_template_is_chosen_filled_looked_at_and_sent(page: Page, willing: str) -> None:
    opened(page, willing)
    expect(page.get_by_test_id("whatsapp-practice")).to_contain_text("nothing leaves this computer")
    expect(page.get_by_test_id("template-last_chance-en")).to_have_attribute("aria-disabled", "true")
    expect(page.get_by_test_id("template-last_chance-en")).to_contain_text("has paused this template")
    page.get_by_test_id("template-anniversary_in_a_month-en").click()
    page.get_by_test_id("send-now").click()
    expect(page.get_by_test_id("gap-header-1-wrong")).to_contain_text("{{1}}")
    page.get_by_test_id("gap-header-1-field").click()
    page.get_by_role("option", name="First name").click()
    page.get_by_test_id("gap-body-1-words").fill("12 June 💍")
    expect(page.get_by_test_id("bubble-body")).to_contain_text("Your anniversary is on 12 June 💍.")
    expect(page.get_by_test_id("preview-note")).to_be_hidden()
    page.get_by_test_id("preview-as-night").click()
    expect(page.get_by_test_id("phone-frame")).to_have_attribute("data-look", "dark")
    expect(page.get_by_test_id("outlook")).to_contain_text("US dollars")
    page.get_by_test_id("send-now").click()
    page.get_by_test_id("confirm").click()
    expect(page).to_have_url(re.compile(r"/marketing/sends/\d+$"))
    expect(page.get_by_test_id("value-delivered")).to_have_text(willing)
    page.get_by_test_id("figure-held").click()
    expect(page.get_by_test_id("recipients-filter")).to_have_text("Only: held by WhatsApp")
    expect(page.get_by_test_id("details")).to_contain_text("anniversary_in_a_month, English")
    with reading() as session:
        send = dispatches.get(session, int(page.url.rsplit("/", 1)[1]))
        assert (send.channel, send.practice) == ("whatsapp", True)


def test_on_a_phone_it_is_written_looked_at_and_kept_as_a_campaign(phone: Page, willing: str) -> None:
    opened(phone, willing)
    phone.get_by_test_id("template-birthday_treat-en").click()
    phone.get_by_test_id("gap-body-1-words").fill("dear friend")
    phone.get_by_test_id("show-preview").click()
    expect(phone.get_by_test_id("bubble-body")).to_contain_text("Happy birthday, dear friend.")
    phone.get_by_test_id("show-write").click()
    phone.get_by_test_id("retry-held").click()
    phone.get_by_test_id("save-campaign").click()
    expect(phone).to_have_url(re.compile(r"/marketing/campaigns/\d+/edit$"))
    expect(phone.get_by_test_id("name")).to_have_value("Birthday treat")
    expect(phone.get_by_test_id("gap-body-1-words")).to_have_value("dear friend")
    expect(phone.get_by_test_id("template-birthday_treat-en")).to_have_attribute("aria-checked", "true")
    with reading() as session:
        kept = campaigns.get(session, int(phone.url.split("/")[-2]))
        assert kept.channel == "whatsapp"
        assert kept.content["body"] == [{"name": "1", "text": "dear friend"}]
        assert kept.content["retry_held"] is True
    phone.get_by_test_id("gap-buttons-0-words").fill("BIRTHDAY")
    phone.get_by_test_id("date").fill(f"{now() + timedelta(days=30):%Y-%m-%d}")
    phone.get_by_test_id("time").fill("10:30")
    phone.get_by_test_id("schedule-send").click()
    phone.get_by_test_id("confirm").click()
    expect(phone.get_by_test_id("status")).to_contain_text("Scheduled")
    expect(phone.get_by_test_id("bubble-body")).to_contain_text("Happy birthday, dear friend.")
    with unit() as session:  # nothing of it is to be seen by other tests
        assert campaigns.get(session, kept.id).status is Status.SCHEDULED
        schedules.unschedule(session, kept.id, by=olive(session), now=now())


def test_free_words_go_only_to_who_has_just_written(page: Page, willing: str) -> None:
    opened(page, willing)
    page.get_by_test_id("way-free").click()
    page.get_by_test_id("words").fill("Thank you for asking.")
    expect(page.get_by_test_id("bubble-body")).to_have_text("Thank you for asking.")
    page.get_by_test_id("send-now").click()
    expect(page.get_by_test_id("words-field-wrong")).to_contain_text("Nobody of them wrote to you")
    expect(page.get_by_test_id("confirm")).to_have_count(0)
    with unit() as session:
        asks(session, session.scalars(text(SOME)).all()[0])
    page.get_by_test_id("send-now").click()
    expect(page.get_by_test_id("confirm")).to_have_text("Send to 1 person")


def test_more_people_than_a_number_reaches_in_a_day_are_offered_over_two(page: Page, shop: Server) -> None:
    """Whom the shop wrote to a moment ago would wait for seconds, so it goes to three who are new."""
    with unit() as session:
        numbers = [agrees(session, "Uma", f"+44163296007{place}") for place in range(3)]
        audience = Audience(Who.MANUAL, customer_ids=tuple(numbers)).as_json()
        wanted = {"name": "Two days", "channel": "whatsapp", "content": {"template": TEMPLATE}}
        made = campaigns.create(session, wanted | {"audience": audience}, by=olive(session), now=now()).id
        row = whatsapp.kept(session, now=now())
        used = whatsapp_reach.used(session, now=now())
        before, row.tier = row.tier, f"TIER_{used + 2}"
    page.goto(f"/marketing/campaigns/{made}/edit")
    expect(page.get_by_test_id("outlook")).to_contain_text("this needs 3. Send 2 today and 1 tomorrow?")
    page.get_by_test_id("send-now").click()
    page.get_by_test_id("confirm").filter(has_text="Send 2 today and 1 tomorrow").click()
    expect(page.get_by_test_id("held")).to_contain_text("As many people as WhatsApp allows in a day")
    expect(page.get_by_test_id("held")).to_contain_text("tomorrow. 2 of 3 done, 1 to go.")
    with unit() as session:
        [send] = dispatches.of_campaign(session, made)
        endings.stop(session, send.id, by=olive(session), now=now())
        whatsapp.kept(session, now=now()).tier = before


def test_a_draft_whose_template_is_gone_says_so_and_loses_nothing(page: Page, shop: Server) -> None:
    gone = {"template": {"name": "autumn_rings", "language": "de"}, "body": [{"name": "1", "text": "Ines"}]}
    with unit() as session:
        wanted = {"name": "Autumn", "channel": "whatsapp", "content": gone}
        made = campaigns.create(session, wanted, by=olive(session), now=now()).id
    page.goto(f"/marketing/campaigns/{made}/edit")
    expect(page.get_by_test_id("template-gone")).to_contain_text(
        "“autumn_rings” in German is not at WhatsApp"
    )
    page.get_by_test_id("name").fill("Autumn rings")
    expect(page.get_by_test_id("outlook")).to_contain_text("no template “autumn_rings”")
    page.get_by_test_id("template-birthday_treat-en").click()
    expect(page.get_by_test_id("gap-body-1-words")).to_have_value("Ines")
    expect(page.get_by_test_id("template-gone")).to_have_count(0)
    expect(page.get_by_test_id("saved")).to_have_text(re.compile(r"Saved \d"))
    with unit() as session:
        kept = campaigns.get(session, made)
        assert (kept.name, kept.content["body"]) == ("Autumn rings", gone["body"])
        campaigns.delete(session, made, by=olive(session), now=now())


def agrees(session: Session, name: str, number: str) -> int:
    by = olive(session)
    person = customers.create(session, {"first_name": name, "phone": number}, by=by, now=now()).id
    consent.grant(session, person, "whatsapp", "marketing", how="staff", now=now(), by=by)
    return person


def olive(session: Session) -> Actor:
    found = people.by_email(session, email_of("olive"))
    assert found is not None
    return found.as_actor("page")


def asks(session: Session, customer_id: int) -> None:
    """They wrote to the shop a moment ago."""
    received.keep(
        session, "asked", customer_id, delivery_id=None, subject="", words="Is my ring ready?",
        day_began=now() - timedelta(hours=1), now=now(), channel="whatsapp", opens_window=True,
    )  # fmt: skip
