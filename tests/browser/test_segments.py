"""Segments and templates, as Olive and Sal use them."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect
from sqlalchemy import select

from data.database import now, reading, unit
from domain.audience import segments
from domain.audience.segments import Segment
from domain.book import customers
from domain.message import templates
from domain.message.templates import Template
from domain.sending import campaigns
from domain.shop import people
from domain.shop.people import Actor
from tests.browser.server import email_of

SignIn = Callable[[Page, str], None]
DEEP: dict[str, Any] = {
    "all": [{"not": {"any": [{"all": [{"any": [{"tag": ["gold"]}, {"tag": ["pearls"]}]}]}]}}]
}


def test_a_card_tells_what_a_segment_means_and_counts_again(page: Page) -> None:
    write_down(first_name="Ophelia", tags=["opals"])
    made = make("Card of opals", {"all": [{"tag": ["opals"]}]})
    page.goto("/segments")
    card = page.get_by_test_id(f"segment-{made}")
    expect(card).to_contain_text("Tagged opals.")
    expect(page.get_by_test_id(f"segment-{made}-count")).to_have_text("1")
    write_down(first_name="Opal", tags=["opals"])
    page.get_by_test_id(f"segment-{made}-refresh").click()
    expect(page.get_by_test_id(f"segment-{made}-count")).to_have_text("2")
    expect(page.get_by_test_id(f"segment-{made}-counted")).to_have_text("people, counted just now")


def test_a_segment_is_made_of_plain_conditions_with_a_live_count(page: Page) -> None:
    write_down(first_name="Topaz", last_name="Lover", tags=["topaz"], status="vip")
    write_down(first_name="Topaz", last_name="Liker", tags=["topaz"], status="lead")
    page.goto("/segments/new")
    page.get_by_test_id("name").fill("VIPs for topaz")
    add(page, "tag")
    expect(page.get_by_test_id("live-count")).to_contain_text("Fill in the conditions")
    tick(page, "condition-0-tag", "topaz")
    expect(page.get_by_test_id("live-figure")).to_have_text("2")
    add(page, "status")
    tick(page, "condition-1-value", "VIP")
    expect(page.get_by_test_id("live-figure")).to_have_text("1")
    expect(page.get_by_test_id("live-count")).to_contain_text("Topaz Lover")
    page.get_by_test_id("save").click()
    expect(page).to_have_url(re.compile("/segments$"))
    assert rule_of("VIPs for topaz") == {
        "all": [{"tag": ["topaz"]}, {"field": "status", "op": "in", "value": ["vip"]}]
    }


def test_any_of_the_conditions_and_a_condition_taken_out(page: Page) -> None:
    made = make("To be changed", {"all": [{"tag": ["gold"]}, {"field": "company", "op": "is_set"}]})
    page.goto(f"/segments/{made}")
    page.get_by_test_id("join-any").click()
    page.get_by_test_id("condition-1-remove").click()
    add(page, "birthday")
    page.get_by_test_id("condition-2-within_days").fill("21")
    page.get_by_test_id("save").click()
    expect(page).to_have_url(re.compile("/segments$"))
    birthday = {"date": "birthday", "within_days": 21, "ignore_year": True}
    assert rule_of("To be changed") == {"any": [{"tag": ["gold"]}, birthday]}


def test_a_gap_in_a_condition_is_said_beside_it(page: Page) -> None:
    page.goto("/segments/new")
    page.get_by_test_id("name").fill("With a gap")
    add(page, "birthday")
    page.get_by_test_id("condition-0-within_days").fill("400")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("condition-0-wrong")).to_have_text("Give a whole number from 0 to 366.")
    page.get_by_test_id("condition-0-within_days").fill("30")
    expect(page.get_by_test_id("condition-0-wrong")).to_be_hidden()


def test_a_name_that_is_taken_is_refused_beside_the_field(page: Page) -> None:
    make("Taken name", {"all": [{"tag": ["gold"]}]})
    page.goto("/segments/new")
    page.get_by_test_id("name").fill("taken NAME")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("name-field-wrong")).to_contain_text("already a segment called")


def test_what_another_program_wrote_is_told_in_words_and_stays(page: Page) -> None:
    made = make("Deep", DEEP)
    page.goto(f"/segments/{made}")
    expect(page.get_by_test_id("condition-2-words")).to_have_text("Tagged gold or tagged pearls.")
    page.get_by_test_id("note").fill("From the till program")
    page.get_by_test_id("save").click()
    expect(page).to_have_url(re.compile("/segments$"))
    assert rule_of("Deep") == DEEP
    page.goto(f"/segments/{made}")
    page.get_by_test_id("condition-2-remove").click()
    add(page, "tagged", "-condition-1")
    page.get_by_test_id("save").click()
    expect(page).to_have_url(re.compile("/segments$"))
    assert rule_of("Deep") == {"all": [{"not": {"any": [{"all": [{"tagged": True}]}]}}]}


def test_a_segment_of_handbill_is_copied_to_be_changed(page: Page) -> None:
    page.goto(f"/segments/{of_handbill('new_30')}")
    expect(page.get_by_test_id("system-segment")).to_be_visible()
    expect(page.get_by_test_id("save")).to_have_count(0)
    page.get_by_test_id("copy-segment").click()
    expect(page.get_by_test_id("title")).to_have_text(re.compile(r"New in 30 days \(copy"))
    expect(page.get_by_test_id("condition-0-value")).to_have_value("30")
    expect(page.get_by_test_id("save")).to_be_visible()


def test_a_segment_in_use_is_kept_and_its_campaigns_are_named(page: Page) -> None:
    made = make("Leaned upon", {"all": [{"tag": ["gold"]}]})
    with unit() as session:
        audience = {"type": "segment", "segmentId": made}
        draft = campaigns.create(
            session, {"name": "Leaning letter", "audience": audience}, by=olive(), now=now()
        )
    page.goto(f"/segments/{made}")
    press_delete(page, "segment-menu")
    expect(page.get_by_test_id("used-by")).to_have_text("The draft Leaning letter")
    page.get_by_test_id("used-by").get_by_role("link").click()
    expect(page).to_have_url(re.compile(f"/marketing/campaigns/{draft.id}"))
    page.goto(f"/segments/{made}")
    expect(page.get_by_test_id("uses")).to_contain_text("The draft Leaning letter")
    with unit() as session:
        campaigns.delete(session, draft.id, by=olive(), now=now())
    delete(page, "segment-menu")
    expect(page).to_have_url(re.compile("/segments$"))
    expect(page.get_by_test_id(f"segment-{made}")).to_have_count(0)


def test_a_segment_that_leans_on_a_deleted_one_does_not_fail_the_page(page: Page) -> None:
    inner = make("Inner", {"all": [{"tag": ["gold"]}]})
    outer = make("Outer", {"all": [{"segment": inner}]})
    with unit() as session:
        session.get_one(Segment, inner).deleted_at = now()  # as an older version could leave it
    page.goto("/segments")
    expect(page.get_by_test_id(f"segment-{outer}-counted")).to_have_text("not counted yet")
    page.goto(f"/segments/{outer}")
    expect(page.get_by_test_id("live-count")).to_contain_text("was deleted")


def test_who_may_only_look_reads_segments_and_templates(page: Page, sign_in: SignIn) -> None:
    made = make("Only to look at", {"all": [{"tag": ["gold"]}]})
    letter = write("Only to read", text_body="Dear {{ firstName }}")
    sign_in(page, "sal")
    page.goto("/segments")
    expect(page.get_by_test_id(f"segment-{made}")).to_be_visible()
    for name in ("new-segment", f"segment-{made}-menu"):
        expect(page.get_by_test_id(name)).to_have_count(0)
    page.goto(f"/segments/{made}")
    expect(page.get_by_test_id("rule-in-words")).to_have_text("Tagged gold.")
    for name in ("save", "copy-segment", "segment-menu", "write-to-segment"):
        expect(page.get_by_test_id(name)).to_have_count(0)
    page.goto(f"/templates/{letter}")
    expect(page.frame_locator("[data-testid=preview]").get_by_text("Dear ")).to_be_visible()
    for name in ("save", "template-menu", "use-template"):
        expect(page.get_by_test_id(name)).to_have_count(0)


def test_conditions_fit_a_phone(phone: Page) -> None:
    phone.goto("/segments/new")
    add(phone, "bought")
    add(phone, "first_name")
    expect(phone.get_by_test_id("condition-1-value")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_template_is_written_with_the_letter_beside_it(page: Page) -> None:
    page.goto("/templates/new")
    page.get_by_test_id("name").fill("Spring letter")
    page.get_by_test_id("subject").fill("Spring at the shop")
    page.get_by_test_id("text-body").fill("Dear {{ lastName }}, the tulips are gold.")
    expect(page.frame_locator("[data-testid=preview]").get_by_text("the tulips are gold")).to_be_visible()
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("templates")).to_contain_text("Spring letter")
    assert letter_called("Spring letter").text_body == "Dear {{ lastName }}, the tulips are gold."


def test_a_letter_that_cant_be_read_is_refused_with_its_place(page: Page) -> None:
    made = write("To be broken", text_body="Fine.")
    page.goto(f"/templates/{made}")
    page.get_by_test_id("text-body").fill("Dear\n{{ firstName")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("text_body-field-wrong")).to_contain_text("line 2")
    expect(page.get_by_test_id("text-body")).to_have_value("Dear\n{{ firstName")
    assert letter_called("To be broken").text_body == "Fine."


def test_the_slower_editor_of_a_template_loses_no_words(page: Page) -> None:
    made = write("Two pens", text_body="First.")
    page.goto(f"/templates/{made}")
    page.get_by_test_id("text-body").fill("Mine.")
    with unit() as session:
        templates.change(session, made, {"text_body": "Theirs."}, by=olive(), now=now())
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("form-wrong")).to_contain_text("Somebody else changed this template")
    expect(page.get_by_test_id("text-body")).to_have_value("Mine.")


def test_a_template_is_duplicated_and_deleted(page: Page) -> None:
    made = write("Twice told", text_body="Told.")
    page.goto(f"/templates/{made}")
    page.get_by_test_id("template-menu").click()
    page.locator(".q-menu").get_by_text("Duplicate").click()
    expect(page.get_by_test_id("title")).to_have_text("Twice told (copy)")
    delete(page, "template-menu")
    expect(page).to_have_url(re.compile("/templates$"))
    expect(page.get_by_test_id("templates").locator("a.hb-cell-name", has_text="Twice told")).to_have_count(1)


def add(page: Page, key: str, inside: str = "") -> None:
    """Another condition; `inside` names the set it goes to."""
    page.get_by_test_id(f"add-condition{inside}").click()
    page.get_by_test_id(f"ask-{key}").click()
    expect(page.get_by_test_id("asks")).to_have_count(0)


def choose(page: Page, testid: str, option: str) -> None:
    page.get_by_test_id(testid).click()
    page.get_by_role("option", name=option, exact=True).click()


def tick(page: Page, testid: str, option: str) -> None:
    """One of a list of which several may be chosen: the list stays open until it is left."""
    choose(page, testid, option)
    page.keyboard.press("Escape")


def press_delete(page: Page, menu: str) -> None:
    page.get_by_test_id(menu).click()
    page.locator(".q-menu").get_by_text("Delete").click()


def delete(page: Page, menu: str) -> None:
    press_delete(page, menu)
    page.get_by_test_id("confirm").click()


def olive() -> Actor:
    with reading() as session:
        user = people.by_email(session, email_of("olive"))
        assert user is not None
        return user.as_actor("page")


def make(name: str, rule: dict[str, Any]) -> int:
    with unit() as session:
        return segments.create(session, name=name, rule=rule, by=olive(), now=now()).id


def write(name: str, **content: str) -> int:
    with unit() as session:
        return templates.create(session, {"name": name, **content}, by=olive(), now=now()).id


def write_down(**fields: Any) -> int:
    with unit() as session:
        return customers.create(session, fields, by=olive(), now=now()).id


def rule_of(name: str) -> dict[str, Any]:
    with reading() as session:
        return dict(session.scalars(select(Segment.rule).where(Segment.name == name)).one())


def of_handbill(key: str) -> int:
    with reading() as session:
        return session.scalars(select(Segment.id).where(Segment.key == key)).one()


def letter_called(name: str) -> Template:
    with reading() as session:
        return session.scalars(select(Template).where(Template.name == name)).one()
