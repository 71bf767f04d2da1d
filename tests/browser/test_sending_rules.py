"""The shop's rules for marketing, as the owner sets them and as they show wherever somebody sends."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from data.database import now, reading, unit
from domain.book import customers
from domain.shop import shop as shops
from domain.shop.people import Actor, Role
from domain.shop.sending_rules import FIELDS, USUALLY_MEASURED, Cap, Quiet
from tests.browser.conftest import SignIn
from tests.browser.server import Server

RULES = "/settings/sending"
NEW = "/marketing/campaigns/new"
LONDON = ZoneInfo("Europe/London")
OLIVE = Actor(None, "Olive", Role.OWNER)
NONE = dict.fromkeys(FIELDS) | {
    "quiet_sundays": False,
    "one_click_stops_all": False,
    "sign_up_open": False,
    "measured": USUALLY_MEASURED,
}


@pytest.fixture(autouse=True)
def no_rules_afterwards(shop: Server) -> Iterator[None]:
    """Whatever a test sets, the next one finds a shop without rules."""
    yield
    with unit() as session:
        shops.change(session, NONE, by=OLIVE, now=now())


def test_the_owner_sets_quiet_hours_and_takes_them_back(page: Page) -> None:
    page.goto(RULES)
    expect(page.get_by_test_id("quiet-said")).to_have_text("None: everything goes out at once.")
    page.get_by_test_id("quiet-from").fill("21:00")
    page.get_by_test_id("quiet-until").fill("08:00")
    page.get_by_test_id("quiet-sundays").click()
    expect(page.get_by_test_id("quiet-said")).to_have_text(
        "From 21:00 to 08:00 the next morning, and all Sunday."
    )
    save(page)
    assert kept().quiet == Quiet(21 * 60, 8 * 60, sundays=True)
    page.reload()
    expect(page.get_by_test_id("quiet-from")).to_have_value("21:00")
    page.get_by_test_id("quiet-from").fill("")
    page.get_by_test_id("quiet-until").fill("")
    page.get_by_test_id("quiet-sundays").click()
    save(page)
    assert kept().quiet == Quiet(None, None, sundays=False)


def test_half_an_hour_or_a_limit_of_nothing_is_told_beside_its_field(page: Page) -> None:
    page.goto(RULES)
    page.get_by_test_id("quiet-from").fill("21:00")
    page.get_by_test_id("save-rules").click()
    expect(page.get_by_test_id("quiet-until-field-wrong")).to_contain_text("Quiet hours need both")
    page.get_by_test_id("quiet-until").fill("08:00")
    page.get_by_test_id("capped").click()
    page.get_by_test_id("cap-messages").fill("none")
    page.get_by_test_id("save-rules").click()
    expect(page.get_by_test_id("cap-field-wrong")).to_have_text("This must be a whole number from 1 to 100.")
    assert kept().cap is None


def test_a_manager_reads_the_rules_and_changes_nothing(visitor: Page, sign_in: SignIn) -> None:
    given({"quiet_from": "21:00", "quiet_until": "08:00", "cap_messages": 2, "cap_days": 7})
    sign_in(visitor, "max")
    visitor.goto("/settings")
    visitor.get_by_test_id("settings-settings-sending").click()
    expect(visitor.get_by_test_id("rules-to-read")).to_contain_text("From 21:00 to 08:00 the next morning.")
    expect(visitor.get_by_test_id("rules-to-read")).to_contain_text(
        "No more than 2 marketing messages in 7 days."
    )
    expect(visitor.get_by_test_id("save-rules")).to_have_count(0)


def test_a_time_in_quiet_hours_says_when_it_will_go_out(page: Page) -> None:
    given({"quiet_from": "21:00", "quiet_until": "08:00"})
    page.goto(NEW)
    page.get_by_test_id("date").fill(f"{datetime.now(LONDON) + timedelta(days=3):%Y-%m-%d}")
    page.get_by_test_id("time").fill("22:30")
    expect(page.get_by_test_id("when")).to_have_text("That is in your quiet hours: it will go out at 08:00.")
    page.get_by_test_id("time").fill("09:30")
    expect(page.get_by_test_id("when")).to_contain_text("Goes out on")
    page.get_by_test_id("time").fill("22:30")
    page.get_by_test_id("type-operational").click()
    expect(page.get_by_test_id("when")).to_contain_text("Goes out on")
    expect(page.get_by_test_id("when")).not_to_contain_text("quiet")


def test_the_question_before_the_press_says_that_it_would_wait(page: Page) -> None:
    begins, ends = datetime.now(LONDON) - timedelta(hours=1), datetime.now(LONDON) + timedelta(hours=2)
    given({"quiet_from": f"{begins:%H:%M}", "quiet_until": f"{ends:%H:%M}"})
    befriend("quiet", "Quentin")
    write(page, "In the quiet", "quiet")
    page.get_by_test_id("send-now").click()
    expect(page.get_by_test_id("dialog")).to_contain_text(
        f"These are your quiet hours: it will go out at {ends:%H:%M}. Until then you can stop it."
    )
    page.get_by_test_id("cancel").click()


def test_who_got_enough_is_told_at_the_picker_in_the_question_and_after_the_send(page: Page) -> None:
    befriend("capella", "Cap", "Cora")
    befriend("vega", "Vera")
    page.goto(RULES)
    page.get_by_test_id("capped").click()
    page.get_by_test_id("cap-messages").fill("1")
    page.get_by_test_id("cap-days").fill("7")
    save(page)
    assert kept().cap == Cap(1, 7)
    write(page, "The first", "capella")
    send(page)

    write(page, "The second", "capella", "vega")
    expect(page.get_by_test_id("count")).to_have_text("1")
    expect(page.get_by_test_id("count-why")).to_have_text("3 match · 2 got enough lately")
    page.get_by_test_id("why").click()
    page.get_by_test_id("why-search").fill("cora@capella.example")
    page.get_by_test_id(re.compile(r"^why-search-\d+$")).first.click()
    expect(page.get_by_test_id("verdict")).to_contain_text(
        "Already got 1 marketing message in the last 7 days"
    )
    expect(page.get_by_test_id("verdict")).to_contain_text("the shop sends no more than 1")
    send(page, asks="2 got enough lately")
    page.get_by_test_id("term-skipped").click()
    rows = page.get_by_test_id("recipients-table").locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Got enough marketing messages lately.")


def befriend(tag: str, *names: str) -> None:
    """Customers whom no other test writes to."""
    with unit() as session:
        for name in names:
            person = {"first_name": name, "email": f"{name}@{tag}.example".lower(), "tags": [tag]}
            customers.create(session, person, by=OLIVE, now=now())


def given(rules: dict[str, object]) -> None:
    with unit() as session:
        shops.change(session, rules, by=OLIVE, now=now())


def kept() -> shops.Shop:
    with reading() as session:
        shop = shops.read(session)
        session.expunge(shop)
        return shop


def save(page: Page) -> None:
    page.get_by_test_id("save-rules").click()
    expect(page.get_by_test_id("toast")).to_contain_text("Saved")


def write(page: Page, name: str, *tags: str) -> None:
    page.goto(NEW)
    page.get_by_test_id("name").fill(name)
    page.get_by_test_id("subject").fill("An evening")
    page.get_by_test_id("text-body").fill("Come and see the pearls.")
    page.get_by_test_id("audience-tags").click()
    for tag in tags:
        page.get_by_test_id(f"tag-{tag}").click()
    expect(page.get_by_test_id("goes-to")).to_contain_text(re.compile(r"Goes to \d+ p"))


def send(page: Page, asks: str = "") -> None:
    page.get_by_test_id("send-now").click()
    expect(page.get_by_test_id("dialog")).to_contain_text(asks)
    page.get_by_test_id("confirm").click()
    expect(page).to_have_url(re.compile(r"/marketing/campaigns/\d+$"))
    expect(page.get_by_test_id("status")).to_have_text("Sent", timeout=60_000)
