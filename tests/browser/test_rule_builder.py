"""Building a rule of sentences: as Olive does at her desk and on her phone, with the mouse, by touch and by keyboard."""

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select

from data.database import now, reading, unit
from domain.audience.segments import Segment
from domain.book import records, staff
from domain.book.person import CustomerTag, Tag
from tests.browser.test_segments import (
    add,
    make,
    olive,
    press_delete,
    rule_of,
    tick,
    write_down,
)


@pytest.fixture(params=["page", "phone"], ids=["desk", "phone"])
def screen(request: pytest.FixtureRequest) -> Page:
    found: Page = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def workshops(request: pytest.FixtureRequest) -> str:
    """Three go to a workshop with the returned teacher; one of them complained. One goes to somebody else's."""
    teacher = f"Ana {len(request.node.name)}"
    ana, bo = (teaching(name) for name in (teacher, "Bo"))
    for name, tags, who in (
        ("Wanda", [], ana),
        ("Wim", [], ana),
        ("Wrath", ["Complaints"], ana),
        ("Other", [], bo),
    ):
        one = write_down(first_name=name, last_name=teacher.replace(" ", ""), tags=tags)
        begins = now() + timedelta(days=9)
        place = {"kind": "workshop", "title": "Rings", "staff": who, "starts_at": begins}
        with unit() as session:
            records.add(session, one, place, by=olive(), now=now())
    return teacher


def test_a_workshop_with_ana_without_complaints_from_first_press_to_campaign(
    screen: Page, workshops: str
) -> None:
    name = f"Before the workshop with {workshops}"
    screen.goto("/segments/new")
    screen.get_by_test_id("name").fill(name)
    add(screen, "workshop_ahead")
    screen.get_by_test_id("condition-0-narrow").click()
    screen.get_by_test_id("condition-0-add-record.staff").click()
    tick(screen, "condition-0-record.staff", workshops)
    expect(screen.get_by_test_id("live-figure")).to_have_text("3")
    expect(screen.get_by_test_id("condition-0-count")).to_have_text("3 people")
    add(screen, "tag")
    tick(screen, "condition-1-tag", "Complaints")
    expect(screen.get_by_test_id("live-figure")).to_have_text("1")
    screen.get_by_test_id("condition-1-not").click()
    expect(screen.get_by_test_id("live-figure")).to_have_text("2")
    expect(screen.get_by_test_id("live-count")).to_contain_text("Wanda")
    assert screen.evaluate("document.documentElement.scrollWidth <= innerWidth")
    why_in(screen, "Wrath " + workshops.replace(" ", ""), "Does not belong here: the rule asks for")
    why_in(screen, "Wim " + workshops.replace(" ", ""), "Belongs here: ")
    screen.get_by_test_id("save").click()
    expect(screen).to_have_url(re.compile("/segments$"))
    made = number_of(name)
    expect(screen.get_by_test_id(f"segment-{made}-count")).to_have_text("2")
    screen.goto(f"/marketing/campaigns/new?segment={made}")
    screen.get_by_test_id("name").fill(f"Letter for {workshops}")
    expect(screen.get_by_test_id("saved")).to_have_text(re.compile(r"^Saved \d\d:\d\d$"))
    screen.goto("/segments")
    screen.get_by_test_id(f"segment-{made}-uses").click()
    expect(screen.get_by_test_id("uses")).to_contain_text(f"The draft Letter for {workshops}")
    press_delete(screen, "segment-menu")
    expect(screen.get_by_test_id("used-by")).to_contain_text(f"The draft Letter for {workshops}")


def test_a_condition_is_added_by_keyboard_alone(page: Page) -> None:
    page.goto("/segments/new")
    page.get_by_test_id("name").fill("By keyboard")
    page.get_by_test_id("add-condition").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("asks-find")).to_be_focused()
    page.keyboard.type("birthd")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("condition-0-within_days")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("21")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("condition-0-remove")).to_be_focused()
    expect(page.get_by_test_id("condition-0-remove")).to_have_css(
        "outline-style", "solid"
    )  # and is seen to be
    page.get_by_test_id("save").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/segments$"))
    assert rule_of("By keyboard") == {"all": [{"date": "birthday", "within_days": 21, "ignore_year": True}]}


def test_arrows_walk_through_what_can_be_asked(page: Page) -> None:
    page.goto("/segments/new")
    page.get_by_test_id("add-condition").click()
    page.get_by_test_id("asks-find").fill("tag")
    expect(page.get_by_test_id("ask-tag")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_test_id("ask-tagged")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("condition-0-label")).to_have_text("Has a tag at all")


def test_what_nobody_asks_says_so(page: Page) -> None:
    page.goto("/segments/new")
    page.get_by_test_id("add-condition").click()
    page.get_by_test_id("asks-find").fill("horoscope")
    expect(page.get_by_test_id("asks-list")).to_contain_text("Nothing here has these letters.")
    expect(page.get_by_test_id("ask-tag")).to_be_hidden()


def test_sets_within_sets(screen: Page) -> None:
    name = f"Nested {screen.viewport_size}"
    screen.goto("/segments/new")
    screen.get_by_test_id("name").fill(name)
    add(screen, "active")
    screen.get_by_test_id("add-set").click()
    add(screen, "tagged", "-condition-1")
    screen.get_by_test_id("add-set-condition-1").click()
    add(screen, "trouble", "-condition-3")
    expect(screen.get_by_test_id("add-set-condition-3")).to_have_count(0)
    screen.get_by_test_id("condition-3-not").click()
    screen.get_by_test_id("save").click()
    expect(screen).to_have_url(re.compile("/segments$"))
    inner = {"not": {"all": [{"field": "email_trouble", "op": "is_set"}]}}
    assert rule_of(name) == {"all": [{"status_active": True}, {"any": [{"tagged": True}, inner]}]}


def test_an_empty_set_is_told_when_it_is_saved(page: Page) -> None:
    page.goto("/segments/new")
    page.get_by_test_id("name").fill("Hollow")
    page.get_by_test_id("add-set").click()
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("condition-0-wrong")).to_contain_text("This set is empty.")


def test_a_narrowing_left_empty_is_not_dropped_but_asked_for(page: Page, workshops: str) -> None:
    page.goto("/segments/new")
    page.get_by_test_id("name").fill(f"Narrowed by {workshops}")
    add(page, "workshop_ahead")
    page.get_by_test_id("condition-0-narrow").click()
    page.get_by_test_id("condition-0-add-record.staff").click()
    add(page, "active")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("condition-0-wrong")).to_have_text("Choose at least one.")
    expect(page.locator("[data-testid=condition-0] .q-field--focused")).to_be_visible()
    expect(page).to_have_url(re.compile("/segments/new$"))


def test_a_deleted_tag_is_named_on_the_card_and_beside_its_condition(page: Page) -> None:
    write_down(first_name="Fleeting", tags=["fleeting"])
    made = make("About the fleeting", {"all": [{"tag": ["fleeting"]}, {"status_active": True}]})
    forget("fleeting")
    page.goto("/segments")
    expect(page.get_by_test_id(f"segment-{made}-trouble")).to_contain_text("the tag “fleeting”")
    page.goto(f"/segments/{made}")
    expect(page.get_by_test_id("condition-0-wrong")).to_contain_text("the tag “fleeting”")
    expect(page.get_by_test_id("live-count")).to_contain_text("not there any more")
    page.get_by_test_id("condition-0-remove").click()
    expect(page.get_by_test_id("live-count")).to_contain_text("match just now")
    page.get_by_test_id("save").click()
    expect(page).to_have_url(re.compile("/segments$"))
    expect(page.get_by_test_id(f"segment-{made}-trouble")).to_be_hidden()


def test_a_circle_is_told_beside_the_condition_and_refused(page: Page) -> None:
    inner = make("Inner of a circle", {"all": [{"status_active": True}]})
    outer = make("Outer of a circle", {"all": [{"segment": inner}]})
    page.goto(f"/segments/{inner}")
    add(page, "segment")
    page.get_by_test_id("condition-1-segment").click()
    page.get_by_test_id("condition-1-segment").fill("Outer of")
    page.get_by_role("option", name="Outer of a circle").click()
    expect(page.get_by_test_id("condition-1-wrong")).to_contain_text("would be part of itself")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("form-wrong")).to_contain_text("would be part of itself")
    assert rule_of("Inner of a circle") == {"all": [{"status_active": True}]}
    assert outer


def test_digits_typed_at_once_after_the_way_of_comparing_are_not_lost(page: Page) -> None:
    page.goto("/segments/new")
    page.get_by_test_id("name").fill("Quick hand")
    add(page, "last_name")
    page.get_by_test_id("condition-0-op").click()
    page.get_by_role("option", name="begins with", exact=True).click()
    page.get_by_test_id("condition-0-value").click()
    page.keyboard.type("Mar", delay=0)
    page.get_by_test_id("save").click()
    expect(page).to_have_url(re.compile("/segments$"))
    assert rule_of("Quick hand") == {"all": [{"field": "last_name", "op": "starts_with", "value": "Mar"}]}


def test_buttons_are_large_enough_for_a_thumb(phone: Page) -> None:
    phone.goto("/segments/new")
    add(phone, "bought")
    for name in ("condition-0-not", "condition-0-narrow", "condition-0-remove", "add-condition", "add-set"):
        seen = phone.get_by_test_id(name).bounding_box()
        assert seen, name
        assert seen["height"] >= 44, name


def why_in(screen: Page, name: str, said: str) -> None:
    if not screen.get_by_test_id("why-search").is_visible():
        screen.get_by_test_id("why").click()
    screen.get_by_test_id("why-search").fill(name)
    screen.get_by_test_id("why-search-found").get_by_role("option").first.click()
    expect(screen.get_by_test_id("verdict")).to_contain_text(said)


def teaching(name: str) -> str:
    with unit() as session:
        known: dict[str, Any] = {label: key for key, label in staff.labels(session).items()}
        return str(known.get(name) or staff.add(session, name, by=olive(), now=now()).key)


def forget(tag: str) -> None:
    with unit() as session:
        one = session.scalars(select(Tag).where(Tag.name == tag)).one()
        session.execute(delete(CustomerTag).where(CustomerTag.tag_id == one.id))
        session.execute(delete(Tag).where(Tag.id == one.id))


def number_of(name: str) -> int:
    with reading() as session:
        return session.scalars(select(Segment.id).where(Segment.name == name)).one()
