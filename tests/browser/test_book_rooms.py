"""The rooms beside the customer book: possible duplicates, groups, the shop's own words."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import delete

from data.database import now, reading, unit
from domain.audience import segments
from domain.book import categories, customers, duplicates, groups, own_fields, record_kinds, records
from domain.book.customers import Customer
from domain.refusal import Refusal
from tests.browser.test_customers import choose, olive, write_down
from ui.pages.duplicates import LARGE

SignIn = Callable[[Page, str], None]


@pytest.mark.parametrize("where", ["page", "phone"])
def test_two_who_are_one_are_joined_and_two_who_are_not_are_remembered(
    where: str, request: pytest.FixtureRequest
) -> None:
    page: Page = request.getfixturevalue(where)
    tamsin, ezra = f"Twinney{where}", f"Elderby{where}"
    phone_number = {"page": "01423 500 771", "phone": "01423 500 772"}[where]
    twin = {"first_name": "Tamsin", "last_name": tamsin, "email": f"tamsin@{where}.example"}
    kept, gone = write_down(**twin), write_down(**twin)
    elder, younger = (write_down(first_name="Ezra", last_name=ezra, phone=phone_number) for _ in range(2))
    page.goto("/customers/duplicates")
    before = number_in(page.get_by_test_id("pairs-left").inner_text())
    page.goto("/customers")
    page.get_by_test_id("book-menu").click()
    page.locator(".q-menu").get_by_text(f"Possible duplicates ({before})").click()
    expect(page.get_by_test_id("pairs-left")).to_contain_text(f"{before} pair")
    pair(page, ezra).evaluate("(box) => { box.dataset.drawn = 'once' }")
    pair(page, tamsin).get_by_test_id("one").click()
    page.get_by_test_id("merge-go").click()
    expect(pair(page, tamsin)).to_have_count(0)
    expect(page.get_by_test_id("pairs-left")).to_contain_text(f"{before - 1} pair")
    expect(pair(page, ezra)).to_have_attribute("data-drawn", "once")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    pair(page, ezra).get_by_test_id("two").click()
    expect(pair(page, ezra)).to_have_count(0)
    expect(page.get_by_test_id("pairs-left")).not_to_contain_text(f"{before - 1} pair")
    with reading() as session:
        assert customers.followed(session, gone) == kept
        assert not duplicates.of(session, elder)
        assert customers.get(session, younger).shown_name == f"Ezra {ezra}"


def test_pairs_are_answered_with_the_keyboard_alone(page: Page) -> None:
    for name in ("Ottoline Keyes", "Ottilie Keyes-Hart"):
        first, last = name.split()
        for _ in range(2):
            write_down(first_name=first, last_name=last, email=f"{first.lower()}@keyes.example")
    page.goto("/customers/duplicates")
    before = page.get_by_test_id("pair")
    expect(before.first).to_be_visible()
    many = before.count()
    page.get_by_test_id("two").first.focus()
    page.keyboard.press("Enter")
    expect(before).to_have_count(many - 1)
    expect(page.get_by_test_id("one").first).to_be_focused()


def test_of_a_large_book_who_shares_an_address_is_shown_first_and_stays_when_the_names_come(
    page: Page,
) -> None:
    for name in ("Isolde", "Izolde"):
        write_down(first_name=name, last_name="Sharewell", email="isolde@sharewell.example")
        write_down(first_name=name, last_name="Namewell", postcode="HG1 1ZZ")
    with large_book():
        page.goto("/customers/duplicates", wait_until="commit")
        first = pair(page, "Sharewell")
        expect(first).to_have_count(1)
        first.evaluate("(box) => { box.dataset.drawn = 'once' }")
        expect(pair(page, "Namewell")).to_have_count(1)
        expect(page.get_by_test_id("pairs-left")).to_contain_text("pairs who may be one person")
        expect(first).to_have_attribute("data-drawn", "once")


@contextmanager
def large_book() -> Iterator[None]:
    """Its last customer has so high a number."""
    then, last = now(), LARGE + 1
    with unit() as session:
        session.add(Customer(id=last, first_name="Lastly", created_at=then, updated_at=then, active_at=then))
    yield
    with unit() as session:
        session.execute(delete(Customer).where(Customer.id == last))


@pytest.mark.parametrize("where", ["page", "phone"])
def test_a_group_is_made_filled_emptied_and_deleted(where: str, request: pytest.FixtureRequest) -> None:
    page: Page = request.getfixturevalue(where)
    someone = write_down(first_name="Gwen", last_name=f"Guest{where}", email=f"gwen@{where}.example")
    with unit() as session:
        groups.create(session, f"There already {where}", by=olive(), now=now())
    page.goto("/customers/groups")
    page.get_by_test_id("new-group").click()
    page.get_by_test_id("group-save").click()
    expect(page.get_by_test_id("group-name-field-wrong")).to_contain_text("give the group a name")
    page.get_by_test_id("group-name").fill(f"Evening {where}")
    page.get_by_test_id("group-save").click()
    expect(page).to_have_url(re.compile(r"/customers/groups/\d+$"))
    group = int(page.url.rsplit("/", 1)[1])
    expect(page.get_by_test_id("no-members")).to_be_visible()
    page.get_by_test_id("person-search").fill(f"gwen guest{where}")
    page.get_by_test_id(f"person-search-{someone}").click()
    expect(page.get_by_test_id("member")).to_contain_text(f"Gwen Guest{where}")
    expect(page.get_by_test_id("in-group")).to_have_text("1 person in this group")
    assert members(group) == [someone]
    page.get_by_test_id(f"remove-{someone}").click()
    expect(page.get_by_test_id("no-members")).to_be_visible()
    expect(page.get_by_test_id("in-group")).to_be_hidden()
    assert members(group) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
    page.get_by_test_id("group-menu").click()
    page.locator(".q-menu").get_by_text("Delete").click()
    page.get_by_test_id("confirm").click()
    expect(page).to_have_url(re.compile("/customers/groups$"))
    with reading() as session, pytest.raises(Refusal):
        groups.get(session, group)


def test_a_group_is_written_to_from_its_page(page: Page) -> None:
    someone = write_down(first_name="Gus", last_name="Grouped", email="gus@grouped.example")
    with unit() as session:
        group = groups.create(session, "Written to", by=olive(), now=now()).id
        groups.add_members(session, group, [someone], by=olive(), now=now())
    page.goto(f"/customers/groups/{group}")
    page.get_by_test_id("write-to-group").click()
    expect(page.get_by_test_id("audience-group")).to_have_attribute("aria-checked", "true")
    expect(page.get_by_test_id("count")).to_have_text("1")


def test_a_group_that_a_segment_speaks_of_stays(page: Page) -> None:
    with unit() as session:
        group = groups.create(session, "Leaned on", by=olive(), now=now()).id
        rule = {"all": [{"in_group": group}]}
        segments.create(session, name="Leaning", rule=rule, by=olive(), now=now())
    page.goto(f"/customers/groups/{group}")
    page.get_by_test_id("group-menu").click()
    page.locator(".q-menu").get_by_text("Delete").click()
    expect(page.get_by_test_id("used-by")).to_have_text("The segment Leaning")
    expect(page.get_by_test_id("confirm")).to_have_count(0)
    with reading() as session:
        assert groups.get(session, group).name == "Leaned on"


def test_an_own_field_is_made_in_the_settings(page: Page) -> None:
    page.goto("/settings")
    page.get_by_test_id("settings-settings-words").click()
    page.get_by_test_id("fields-add").click()
    page.get_by_test_id("fields-label").fill("Preferred stone")
    expect(page.get_by_test_id("fields-choices")).to_be_hidden()
    choose(page, "fields-sort", "One of a list")
    page.get_by_test_id("fields-save").click()
    expect(page.get_by_test_id("dialog")).to_contain_text("at least one thing to choose from")
    page.get_by_test_id("fields-choices").fill("Ruby\nOpal")
    page.get_by_test_id("fields-save").click()
    expect(page.get_by_test_id("fields-word").filter(has_text="Preferred stone")).to_be_visible()
    with reading() as session:
        made = own_fields.get(session, "preferred_stone")
    assert (made.sort, made.choices) == ("choice", ["Ruby", "Opal"])


def test_a_category_in_use_goes_only_for_another_one(page: Page) -> None:
    someone = write_down(first_name="Categorised", email="categorised@word.example")
    with unit() as session:
        for word in ("Tiaras", "Crowns"):
            categories.add(session, word, by=olive(), now=now())
        fields = {"kind": "order", "starts_at": now(), "category": "Tiaras"}
        record = records.add(session, someone, fields, by=olive(), now=now()).id
    page.goto("/settings/words")
    page.get_by_role("button", name="Remove Tiaras").click()
    page.get_by_test_id("confirm").click()
    choose(page, "categories-instead", "Crowns")
    page.get_by_test_id("categories-replace").click()
    expect(page.get_by_test_id("categories-word").filter(has_text="Tiaras")).to_have_count(0)
    with reading() as session:
        assert records.get(session, record).category == "Crowns"


def test_a_usual_kind_gets_another_look_and_has_no_bin(phone: Page) -> None:
    someone = write_down(first_name="Looked", last_name="At")
    with unit() as session:
        record_kinds.add(session, {"label": "Valuation"}, by=olive(), now=now())
        records.add(session, someone, {"kind": "quote", "starts_at": now()}, by=olive(), now=now())
    phone.goto("/settings/words")
    quote = phone.get_by_test_id("kinds-word").filter(has_text="Quote")
    expect(quote).to_contain_text("comes with Handbill, so it stays")
    expect(quote.get_by_role("button", name="Remove Quote")).to_have_count(0)
    expect(phone.get_by_role("button", name="Remove Valuation")).to_be_visible()
    quote.get_by_role("button", name="Change Quote").click()
    phone.get_by_test_id("kinds-label").fill("Offer")
    phone.get_by_test_id("kind-icon-star").click()
    phone.get_by_test_id("kind-colour-violet").click()
    expect(phone.get_by_test_id("kind-colour-violet")).to_have_attribute("aria-checked", "true")
    phone.get_by_test_id("kinds-save").click()
    expect(
        phone.get_by_test_id("kinds-word").filter(has_text="Offer").locator(".glyph.violet")
    ).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.goto(f"/customers/{someone}?tab=records")
    glyph = phone.get_by_test_id("record").locator(".glyph.violet use")
    expect(glyph).to_have_attribute("xlink:href", re.compile("#star$"))


def test_a_category_that_a_segment_speaks_of_says_so_before_anything_is_asked(page: Page) -> None:
    with unit() as session:
        categories.add(session, "Zircons", by=olive(), now=now())
        rule = {"all": [{"record": {"kind": "order", "category": "Zircons"}}]}
        made = segments.create(session, name="Zircon friends", rule=rule, by=olive(), now=now()).id
    page.goto("/settings/words")
    page.get_by_role("button", name="Remove Zircons").click()
    page.get_by_test_id("used-by").get_by_text("The segment Zircon friends").click()
    expect(page).to_have_url(re.compile(f"/segments/{made}$"))


@pytest.mark.parametrize("where", ["page", "phone"])
def test_a_tag_is_renamed_for_its_segment_too_made_one_with_another_and_removed(
    where: str, request: pytest.FixtureRequest
) -> None:
    page: Page = request.getfixturevalue(where)
    opal, opals, spare = (f"{word} {where}" for word in ("Opal", "Opals", "Spare"))
    first = write_down(first_name="Ophelia", last_name=where, tags=[opal, spare])
    write_down(first_name="Orla", last_name=where, tags=[opals])
    with unit() as session:
        rule = {"all": [{"tag": [opal]}]}
        segment = segments.create(session, name=f"Opal friends {where}", rule=rule, by=olive(), now=now()).id
    page.goto("/customers")
    page.get_by_test_id("book-menu").click()
    page.locator(".q-menu").get_by_text("Tags", exact=True).click()
    line = page.get_by_test_id("tags-word")
    expect(line.filter(has_text=f"{opal}1 person · used in 1 place")).to_have_count(1)
    page.get_by_role("button", name=f"Remove {opal}", exact=True).click()
    expect(page.get_by_test_id("used-by")).to_contain_text(f"Opal friends {where}")
    page.get_by_test_id("used-by-close").click()
    page.get_by_role("button", name=f"Change {opal}", exact=True).click()
    page.get_by_test_id("tags-label").fill(opals.upper())
    page.get_by_test_id("tags-save").click()
    expect(page.get_by_text(f"Made one, 2 people have {opals}, and {opal} is gone.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_test_id("confirm").click()
    expect(line.filter(has_text=f"{opals}2 people · used in 1 place")).to_have_count(1)
    expect(page.get_by_role("button", name=f"Change {opal}", exact=True)).to_have_count(0)
    page.get_by_role("button", name=f"Remove {spare}", exact=True).click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_role("button", name=f"Remove {spare}", exact=True)).to_have_count(0)
    with reading() as session:
        assert segments.get(session, segment, by=olive()).rule == {"all": [{"tag": [opals]}]}
        assert [tag.name for tag in customers.get(session, first).tags] == [opals]


def test_the_whole_book_is_taken_away_from_its_menu(page: Page) -> None:
    page.goto("/customers")
    page.get_by_test_id("book-menu").click()
    page.locator(".q-menu").get_by_text("Take the book away").click()
    for what, heading in (("customers", "First name"), ("records", "Kind"), ("communications", "Sent to")):
        with page.expect_download() as download:
            page.get_by_test_id(f"take-{what}").click()
        headings = download.value.path().read_text("utf-8-sig").splitlines()[0].split(",")
        assert headings[0] == "Customer number"
        assert heading in headings


def test_whoever_may_only_look_sees_groups_and_changes_none(
    page: Page, sign_in: SignIn, console: list[str]
) -> None:
    with unit() as session:
        group = groups.create(session, "Only seen", by=olive(), now=now()).id
    sign_in(page, "sal")
    page.goto(f"/customers/groups/{group}")
    expect(page.get_by_test_id("no-members")).to_be_visible()
    for name in ("rename-group", "group-menu", "person-search"):
        expect(page.get_by_test_id(name)).to_have_count(0)
    page.goto("/customers/duplicates")
    expect(page.get_by_test_id("refused")).to_be_visible()
    console.clear()  # a page answered 403, and the browser says so


def number_in(words: str) -> int:
    return int(re.findall(r"\d+", words)[0])


def pair(page: Page, name: str) -> Locator:
    return page.get_by_test_id("pair").filter(has_text=name)


def members(group_id: int) -> list[int]:
    with reading() as session:
        return [one.id for one in groups.members(session, group_id)]
