"""Who gets it: the recipient picker, as Olive uses it at her desk and on her phone."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from data.database import now, reading, unit
from domain.audience import audience as audiences
from domain.audience import segments
from domain.audience.audience import Audience, Count
from domain.audience.reach import EMAIL_REACH
from domain.book import customers, groups
from domain.book.message_types import MessageType
from domain.book.person import Customer
from domain.sending.campaigns import Campaign
from domain.shop import people
from domain.shop.people import Actor
from tests.browser.conftest import DESK, Open, SignIn
from tests.browser.server import PASSWORD, Server, email_of, furnish, look_into, started
from tests.browser.slowed_count import BEGAN, BUILDER_BEGAN, BUILDER_ENDED, ENDED
from tests.browser.test_segments import add, tick

NEW = "/marketing/campaigns/new"
EDIT = re.compile(r"/marketing/campaigns/\d+/edit$")
BULK = "/marketing/bulk-email"
GOLD_AND_ACTIVE = {"all": [{"tag": ["gold"]}, {"status_active": True}]}
# Two options of an open list are pressed before the server can answer the first.
BOTH_AT_ONCE = """(names) => names.forEach((name) =>
  [...document.querySelectorAll('.q-menu [role=option]')].find((one) => one.innerText.trim() === name).click())"""


@pytest.fixture(params=["page", "phone"], ids=["desk", "phone"])
def screen(request: pytest.FixtureRequest) -> Page:
    found: Page = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def slow_shop(tmp_path: Path, shop: Server) -> Iterator[Server]:
    """A shop of its own in which counting the people tagged "slow" takes seconds."""
    owner = {"HANDBILL_OWNER_EMAIL": email_of("olive"), "HANDBILL_OWNER_PASSWORD": PASSWORD}
    with started(tmp_path, owner, "tests.browser.slowed_count", "serve") as server:
        furnish(server)
        with unit() as session:
            for name in ("Sid", "Sue"):
                fields = {"first_name": name, "email": f"{name}@slow.example", "tags": ["slow"]}
                customers.create(session, fields, by=olive(), now=now())
        yield server
    look_into(shop)


# --- segments, groups and leaving out


def test_several_segments_with_one_tag_left_out(screen: Page) -> None:
    first, second = a_segment("Rings", "gold"), a_segment("Watches", "watches")
    screen.goto(NEW)
    screen.get_by_test_id("name").fill("Two lists but one")
    screen.get_by_test_id("audience-segment").click()
    expect(screen.get_by_test_id("goes-to")).to_have_text("Choose a segment first")
    choose(screen, "segment", first[1])
    choose(screen, "segment", second[1])
    both = {"type": "segment", "segmentIds": [first[0], second[0]]}
    expect_count(screen, both)
    screen.get_by_test_id("leave-out").click()
    choose(screen, "leave-out-choice", "Tag: corporate")
    without = both | {"exclude": {"tags": ["corporate"]}}
    expect_count(screen, without)
    assert counted(without).matched < counted(both).matched, "the sample shop should leave somebody out by it"
    wait_until_kept("Two lists but one", without)
    expect(screen).to_have_url(EDIT)
    screen.reload()
    expect(screen.get_by_test_id("leave-out-field")).to_contain_text("Tag: corporate")
    expect_count(screen, without)
    forget("Two lists but one")


def test_two_choices_within_one_round_trip_are_both_kept(page: Page) -> None:
    three = [
        "trio one",
        "trio three",
        "trio two",
    ]  # of a long list only a part is drawn: these are found by a word
    with unit() as session:
        customers.create(session, {"first_name": "Trina", "tags": three}, by=olive(), now=now())
    page.goto(NEW)
    page.get_by_test_id("leave-out").click()
    page.get_by_test_id("leave-out-choice").click()
    press_both_at_once(page, "Tag: trio one", "Tag: trio two")
    chosen = page.get_by_test_id("leave-out-field").locator(".q-chip")
    expect(chosen).to_have_text(["Tag: trio one", "Tag: trio two"])
    expect_count(page, {"type": "all", "exclude": {"tags": ["trio one", "trio two"]}})
    press_both_at_once(page, "Tag: trio two", "Tag: trio three")
    expect(chosen).to_have_text(["Tag: trio one", "Tag: trio three"])
    expect_count(page, {"type": "all", "exclude": {"tags": ["trio one", "trio three"]}})


def test_a_segment_deleted_meanwhile_is_named_and_nobody_is_written_to_by_mistake(page: Page) -> None:
    segment_id, name = a_segment("Complaints", "corporate")
    page.goto(NEW)
    page.get_by_test_id("name").fill("Without complaints")
    page.get_by_test_id("leave-out").click()
    choose(page, "leave-out-choice", f"Segment: {name}")
    wait_until_kept("Without complaints", {"type": "all", "exclude": {"segments": [segment_id]}})
    with unit() as session:
        segments.delete(session, segment_id, used_by=[], by=olive(), now=now())
    expect(page).to_have_url(EDIT)
    page.reload()
    expect(page.get_by_test_id("leave-out-field")).to_contain_text(f"Segment: {name} (deleted)")
    expect(page.get_by_test_id("count-why")).to_have_text(
        f"The segment “{name}” was deleted. Choose another."
    )
    page.get_by_test_id("leave-out-field").locator(".q-chip__icon--remove").click()
    expect_count(page, {"type": "all"})
    forget("Without complaints")


def test_people_are_frozen_as_a_group_and_the_group_is_used(screen: Page) -> None:
    name = f"Frozen at {now():%H:%M:%S.%f}"
    screen.goto(NEW)
    screen.get_by_test_id("audience-tags").click()
    screen.get_by_test_id("tag-corporate").click()
    whole = matched({"type": "tags", "tags": ["corporate"]})
    screen.get_by_test_id("freeze").click()
    expect(screen.get_by_test_id("dialog")).to_contain_text(f"{whole} people match now")
    screen.get_by_test_id("confirm").click()
    expect(screen.get_by_test_id("group-name-field-wrong")).to_have_text("Please give the group a name.")
    screen.get_by_test_id("group-name").fill(name)
    screen.get_by_test_id("confirm").click()
    expect(screen.get_by_test_id("frozen")).to_contain_text(f"Kept as the group {name}")
    screen.get_by_test_id("use-group").click()
    expect(screen.get_by_test_id("audience-group")).to_have_attribute("aria-checked", "true")
    with reading() as session:
        group_id = next(one.id for one in groups.every(session) if one.name == name)
        assert groups.how_many(session, group_id) == whole
    expect_count(screen, {"type": "group", "groupIds": [group_id]})
    with unit() as session:
        fields = {"first_name": "Later", "email": "later@corporate.example", "tags": ["corporate"]}
        later = customers.create(session, fields, by=olive(), now=now())
        session.flush()
        later_id = later.id
    screen.get_by_test_id("why").click()
    screen.get_by_test_id("why-search").fill("later@corporate.example")
    screen.get_by_test_id(f"why-search-{later_id}").click()
    expect(screen.get_by_test_id("verdict")).to_contain_text(f"is not in the group {name}")
    with unit() as session:
        customers.delete(session, later_id, by=olive(), now=now())


# --- a rule for once


def test_a_rule_without_saving_it(screen: Page) -> None:
    screen.goto(BULK)
    before = how_many_segments()
    screen.get_by_test_id("audience-rule").click()
    expect(screen.get_by_test_id("goes-to")).to_have_text("Fill in the conditions of the rule")
    screen.get_by_test_id("condition-0-tag").click()
    screen.get_by_role("option", name="gold", exact=True).click()
    screen.keyboard.press("Escape")
    expect_count(screen, {"type": "rule", "rule": {"tag": ["gold"]}})
    assert how_many_segments() == before


# --- by hand


def test_people_are_chosen_with_the_keyboard_only(page: Page) -> None:
    first, second = two_people()
    page.goto(NEW)
    page.get_by_test_id("audience-status").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("audience-manual")).to_be_focused()
    expect(page.get_by_test_id("add-person")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_test_id("add-person")).to_be_focused()
    page.keyboard.type(first.email)
    expect(page.get_by_test_id("add-person-heard")).to_have_text(
        f"1 found. {first.shown_name} is first. Arrow keys choose, Enter takes."
    )
    expect(page.get_by_test_id("add-person")).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id(f"person-{first.id}")).to_be_visible()
    expect(page.get_by_test_id("people-said")).to_have_text(f"{first.shown_name} added. 1 person chosen.")
    expect(page.get_by_test_id("add-person")).to_have_value("")
    expect(page.get_by_test_id("add-person")).to_be_focused()
    page.keyboard.type(second.email)
    page.keyboard.press("Enter")  # before the list is there: the only one who fits
    expect(page.get_by_test_id(f"person-{second.id}")).to_be_visible()
    expect(page.get_by_test_id("count")).to_have_text("2")
    expect(page.get_by_test_id("add-person")).to_have_value("")
    page.keyboard.press("Backspace")
    expect(page.get_by_test_id(f"person-{second.id}")).to_have_count(0)
    expect(page.get_by_test_id(f"person-{first.id}")).to_be_visible()
    expect(page.get_by_test_id("count")).to_have_text("1")


def test_arrows_choose_among_several_and_escape_closes_the_list(page: Page) -> None:
    page.goto(NEW)
    page.get_by_test_id("audience-manual").click()
    page.get_by_test_id("add-person").fill("a")
    lines = page.get_by_test_id("add-person-found").get_by_role("option")
    expect(lines.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(lines.nth(1)).to_have_attribute("aria-selected", "true")
    expect(lines.first).to_have_attribute("aria-selected", "false")
    chosen = lines.nth(1).locator(".strong").inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("people")).to_contain_text(chosen)
    page.get_by_test_id("add-person").fill("a")
    expect(lines.first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("add-person-found")).to_be_hidden()
    expect(page.get_by_test_id("add-person")).to_be_focused()


def test_enter_takes_nobody_who_was_not_seen(page: Page) -> None:
    page.goto(NEW)
    page.get_by_test_id("audience-manual").click()
    page.get_by_test_id("add-person").click()
    page.keyboard.type("a")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("add-person-found").get_by_role("option").first).to_be_visible()
    expect(page.get_by_test_id("people").get_by_role("button")).to_have_count(0)


def test_a_pasted_list_names_those_who_are_not_known(screen: Page) -> None:
    first, second = two_people()
    screen.goto(NEW)
    screen.get_by_test_id("audience-manual").click()
    screen.get_by_test_id("paste").click()
    screen.get_by_test_id("paste-text").fill(
        f"Name <{first.email.upper()}>; {second.email}\nnobody@away.example\nUncle Bob"
    )
    expect(screen.get_by_test_id("paste-known")).to_have_text("2 of 3 addresses are in your customer book.")
    expect(screen.get_by_test_id("paste-unknown")).to_have_text(
        "Not in your customer book: nobody@away.example"
    )
    expect(screen.get_by_test_id("paste-unread")).to_have_text("Not an address: Uncle Bob")
    expect(screen.get_by_test_id("people").get_by_role("button")).to_have_count(0)
    screen.get_by_test_id("paste-add").click()
    expect(screen.get_by_test_id(f"person-{first.id}")).to_be_visible()
    expect(screen.get_by_test_id(f"person-{second.id}")).to_be_visible()
    expect(screen.get_by_test_id("paste-room")).to_be_hidden()
    expect_count(screen, {"type": "manual", "customerIds": [first.id, second.id]})
    screen.get_by_test_id("people-clear").click()
    screen.get_by_test_id("confirm").click()
    expect(screen.get_by_test_id("goes-to")).to_have_text("Choose at least one person")


# --- many tags, and none


def test_of_two_hundred_tags_a_few_letters_find_one(page: Page) -> None:
    wanted = f"tag {now():%H%M%S} 077"
    with unit() as session:
        made = [
            customers.create(
                session,
                {"first_name": "Tagged", "tags": [wanted[:-3] + f"{number:03}"]},
                by=olive(),
                now=now(),
            )
            for number in range(100)
        ]
        session.flush()
        ids = [one.id for one in made]
    page.goto(NEW)
    page.get_by_test_id("audience-tags").click()
    expect(page.get_by_test_id(f"tag-{wanted}")).to_be_hidden()
    page.get_by_test_id("tag-find").fill(wanted[-8:].upper())
    page.get_by_test_id(f"tag-{wanted}").click()
    page.get_by_test_id("tag-find").fill("no such letters")
    expect(page.get_by_test_id("tag-none")).to_have_text("No tag has these letters.")
    expect(page.get_by_test_id(f"tag-{wanted}")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_test_id(f"tag-{wanted}")).to_be_visible()
    with unit() as session:
        for one in ids:
            customers.delete(session, one, by=olive(), now=now())


def test_an_empty_shop_says_what_is_missing(
    new_shop: Callable[..., Server], open_page: Open, sign_in: SignIn
) -> None:
    server = new_shop(HANDBILL_OWNER_EMAIL=email_of("olive"), HANDBILL_OWNER_PASSWORD=PASSWORD)
    page = open_page(DESK, base_url=server.url)
    enter(page, server)
    page.goto(NEW)
    expect(page.get_by_test_id("count-why")).to_have_text("Nobody matches")
    page.get_by_test_id("audience-tags").click()
    expect(page.get_by_text("No customer has a tag yet.")).to_be_visible()
    page.get_by_test_id("audience-group").click()
    expect(page.get_by_test_id("no-group")).to_contain_text("There is no group yet.")
    page.get_by_test_id("audience-manual").click()
    page.get_by_test_id("add-person").fill("anna")
    expect(page.get_by_test_id("add-person-found")).to_contain_text("Nobody in the customer book fits.")


# --- the count


def test_a_late_answer_is_dropped_and_nothing_waits_for_it(slow_shop: Server, open_page: Open) -> None:
    page = open_page(DESK, base_url=slow_shop.url)
    enter(page, slow_shop)
    page.goto(NEW)
    everybody = f"{counted({'type': 'all'}).reachable:,}"
    expect(page.get_by_test_id("count")).to_have_text(everybody)
    page.get_by_test_id("audience-tags").click()
    page.get_by_test_id("tag-gold").click()
    gold = f"{counted({'type': 'tags', 'tags': ['gold']}).reachable:,}"
    expect(page.get_by_test_id("count")).to_have_text(gold)
    page.get_by_test_id("tag-slow").click()
    wait_for(slow_shop.data / BEGAN)
    expect(page.get_by_test_id("count-box")).to_have_class(re.compile("is-stale"))
    expect(page.get_by_test_id("count")).to_have_text(gold)  # the old figure, faded
    page.get_by_test_id("subject").fill("Typed meanwhile")
    expect(page.get_by_test_id("preview-subject")).to_have_text("Typed meanwhile")
    page.get_by_test_id("audience-all").click()
    expect(page.get_by_test_id("count")).to_have_text(everybody)
    assert not (slow_shop.data / ENDED).exists(), "the slow count was over before it could be late"
    wait_for(slow_shop.data / ENDED)
    page.get_by_test_id("subject").fill("Typed after the late answer")
    expect(page.get_by_test_id("preview-subject")).to_have_text("Typed after the late answer")
    expect(page.get_by_test_id("count")).to_have_text(everybody)
    expect(page.get_by_test_id("count-box")).not_to_have_class(re.compile("is-stale"))
    a_late_answer_is_dropped_in_the_builder(page, slow_shop.data)


def a_late_answer_is_dropped_in_the_builder(page: Page, data: Path) -> None:
    page.goto("/segments/new")
    add(page, "tag")
    tick(page, "condition-0-tag", "gold")
    gold = f"{matched({'type': 'tags', 'tags': ['gold']}):,}"
    expect(page.get_by_test_id("live-figure")).to_have_text(gold)
    add(page, "tag")
    tick(page, "condition-1-tag", "slow")
    wait_for(data / BUILDER_BEGAN)
    expect(page.get_by_test_id("live-count")).to_have_class(re.compile("is-stale"))
    expect(page.get_by_test_id("live-figure")).to_have_text(gold)
    page.get_by_test_id("condition-1-remove").click()
    add(page, "active")
    both = f"{matched({'type': 'rule', 'rule': GOLD_AND_ACTIVE}):,}"
    assert both != gold
    expect(page.get_by_test_id("live-figure")).to_have_text(both)
    assert not (data / BUILDER_ENDED).exists(), "the slow count was over before it could be late"
    wait_for(data / BUILDER_ENDED)
    for seen in (True, False, True):  # three round trips that count nothing
        page.get_by_test_id("why").click()
        expect(page.get_by_test_id("why-search")).to_be_visible(visible=seen)
    expect(page.get_by_test_id("live-figure")).to_have_text(both)
    expect(page.get_by_test_id("live-count")).not_to_have_class(re.compile("is-stale"))


def test_the_count_names_a_few_of_them(page: Page) -> None:
    given = {"type": "tags", "tags": ["corporate"]}
    page.goto(NEW)
    page.get_by_test_id("audience-tags").click()
    page.get_by_test_id("tag-corporate").click()
    expect_count(page, given)
    with reading() as session:
        audience = Audience.parse(given)
        names = audiences.first_names(session, audience, EMAIL_REACH, MessageType.MARKETING, now=now())
    expect(page.get_by_test_id("count-names")).to_have_text(
        f"{names[0]}, {names[1]} and {counted(given).reachable - 2} others"
    )


def press_both_at_once(page: Page, *names: str) -> None:
    page.get_by_test_id("leave-out-choice").fill("trio")
    for name in names:
        expect(page.get_by_role("option", name=name, exact=True)).to_be_visible()
    page.evaluate(BOTH_AT_ONCE, list(names))


def choose(page: Page, testid: str, option: str) -> None:
    """One more of a list in which several may be chosen."""
    page.get_by_test_id(testid).click()
    page.keyboard.type(option)
    page.get_by_role("option", name=re.compile(f"^{re.escape(option)}")).click()
    page.keyboard.press("Escape")
    shown = page.locator(".q-field").filter(has=page.get_by_test_id(testid)).locator(".q-chip")
    expect(shown.filter(has_text=option)).to_be_visible()  # the next choice builds on what the field holds


def expect_count(page: Page, given: dict[str, Any]) -> None:
    found = counted(given)
    expect(page.get_by_test_id("count-why")).to_have_text(found.sentence())
    expect(page.get_by_test_id("count")).to_have_text(f"{found.reachable:,}")


def enter(page: Page, server: Server) -> None:
    form: dict[str, str | float | bool] = {"email": email_of("olive"), "password": PASSWORD}
    page.context.request.post(
        f"{server.url}/sign-in", form=form, headers={"Origin": server.url}, max_redirects=0
    )


def olive() -> Actor:
    with reading() as session:
        found = people.by_email(session, email_of("olive"))
        assert found is not None
        return found.as_actor("page")


def a_segment(name: str, tag: str) -> tuple[int, str]:
    whole = f"{name} {now():%H%M%S%f}"
    with unit() as session:
        made = segments.create(session, name=whole, rule={"tag": [tag]}, by=olive(), now=now())
        return made.id, whole


def two_people() -> list[Customer]:
    """Two who may be written to, each with an address of their own."""
    with reading() as session:
        alone = (
            Customer.email_key.is_not(None),
            Customer.email_trouble.is_(None),
            Customer.marketing_opt_out.is_(False),
        )
        found = session.scalars(
            select(Customer)
            .where(*alone, Customer.deleted_at.is_(None), Customer.company == "")
            .order_by(Customer.id)
        )
        return list(found.fetchmany(2))


def counted(given: dict[str, Any]) -> Count:
    with reading() as session:
        return audiences.count(session, Audience.parse(given), EMAIL_REACH, MessageType.MARKETING, now=now())


def matched(given: dict[str, Any]) -> int:
    with reading() as session:
        return audiences.size(session, Audience.parse(given), now=now())


def how_many_segments() -> int:
    with reading() as session:
        return len(segments.every(session, by=olive()))


def wait_until_kept(name: str, audience: dict[str, Any]) -> None:
    end = time.monotonic() + 15
    while time.monotonic() < end:
        with reading() as session:
            found = session.scalars(select(Campaign.audience).where(Campaign.name == name)).one_or_none()
        if found == audience:
            return
        time.sleep(0.05)
    pytest.fail(f"{name} was not kept")


def forget(name: str) -> None:
    """So that the same story may be told on another screen."""
    with unit() as session:
        for campaign in session.scalars(select(Campaign).where(Campaign.name == name)):
            campaign.name = f"{name}, told"


def wait_for(file: Path) -> None:
    end = time.monotonic() + 15
    while not file.exists():
        assert time.monotonic() < end, f"{file.name} did not come"
        time.sleep(0.02)
