"""One person's page, and what leads to it: records, wishes, groups, own fields, merging, erasing, taking away."""

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from data.database import now, reading, unit
from domain.book import customers, erasing, groups, own_fields, preferences, records
from domain.book.message_types import MessageType
from domain.refusal import Refusal
from tests.browser.test_customers import choose, olive, write_down
from tests.browser.test_importing import tab_to

SignIn = Callable[[Page, str], None]


def test_a_record_is_added_changed_and_taken_out(page: Page) -> None:
    someone = write_down(first_name="Rhea", last_name="Cord", email="rhea@cord.example")
    page.goto(f"/customers/{someone}?tab=records")
    page.get_by_test_id("no-records").get_by_role("button").click()
    choose(page, "record-kind", "Order")
    page.get_by_test_id("record-title").fill("Pearl earrings")
    page.get_by_test_id("record-amount").fill("1,299.50")
    page.get_by_test_id("record-starts_at").fill("2026-03-02")
    page.get_by_test_id("record-save").click()
    row = page.get_by_test_id("record")
    expect(row).to_contain_text("Pearl earrings")
    expect(row).to_contain_text("1,299.50 GBP")
    expect(row).to_contain_text("Done")
    row.click()
    expect(page.get_by_test_id("record-amount")).to_have_value("1299.50")
    page.get_by_test_id("record-amount").fill("1250")
    page.get_by_test_id("record-save").click()
    expect(row).to_contain_text("1,250.00 GBP")
    assert [one.amount for one in records_of(someone)] == [125000]
    row.click()
    page.get_by_test_id("record-delete").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("no-records")).to_be_visible()
    assert records_of(someone) == []


def test_what_lies_ahead_stands_first_and_a_kind_can_be_looked_at_alone(phone: Page) -> None:
    someone = write_down(first_name="Tilda", last_name="Line", email="tilda@line.example")
    with unit() as session:
        for kind, title, days in (
            ("order", "Old ring", -400),
            ("repair", "Clasp", -3),
            ("appointment", "Fitting", 9),
        ):
            fields = {"kind": kind, "title": title, "starts_at": now() + timedelta(days=days)}
            records.add(session, someone, fields, by=olive(), now=now())
    phone.goto(f"/customers/{someone}?tab=records")
    expect(phone.get_by_test_id("records-ahead").get_by_test_id("record")).to_contain_text("Fitting")
    past = phone.get_by_test_id("records-past").get_by_test_id("record")
    expect(past).to_contain_text(["Clasp", "Old ring"])
    phone.get_by_test_id("seg-order").click()
    expect(phone.get_by_test_id("record")).to_have_count(1)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_record_without_a_day_or_with_an_odd_amount_is_refused_beside_its_field(page: Page) -> None:
    someone = write_down(first_name="Odd", email="odd@amount.example")
    page.goto(f"/customers/{someone}?tab=records")
    page.get_by_test_id("no-records").get_by_role("button").click()
    page.get_by_test_id("record-amount").fill("a lot")
    page.get_by_test_id("record-save").click()
    expect(page.get_by_test_id("record-amount-field-wrong")).to_contain_text("is not an amount")
    page.get_by_test_id("record-amount").fill("")
    page.get_by_test_id("record-starts_at").fill("")
    page.get_by_test_id("record-save").click()
    expect(page.get_by_test_id("record-starts_at-field-wrong")).to_contain_text("when it was")
    assert records_of(someone) == []


def test_a_wish_for_one_kind_is_taken_down_with_its_reason_and_stays_in_the_history(page: Page) -> None:
    someone = write_down(first_name="Nell", last_name="Etter", email="nell@etter.example")
    page.goto(f"/customers/{someone}?tab=consent")
    page.get_by_test_id("no-email-newsletter").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("wish-email-newsletter")).to_contain_text("Said no today")
    page.get_by_test_id("yes-email-newsletter").click()
    page.get_by_test_id("why-save").click()
    expect(page.get_by_test_id("why-wrong")).to_contain_text("Say how this person asked")
    page.get_by_test_id("why-input").fill("Wrote it on a card")
    page.get_by_test_id("why-save").click()
    history = page.get_by_test_id("consent-history").locator("li")
    expect(history).to_have_count(2)
    expect(history.first).to_contain_text("Wrote it on a card")
    with reading() as session:
        assert preferences.allows(session, someone, "email", MessageType.NEWSLETTER) is True


def test_a_no_to_everything_is_not_undone_by_a_yes_to_one_kind(page: Page) -> None:
    someone = write_down(first_name="Never", email="never@more.example", marketing_opt_out=True)
    page.goto(f"/customers/{someone}?tab=consent")
    page.get_by_test_id("yes-email-marketing").click()
    page.get_by_test_id("why-input").fill("Perhaps")
    page.get_by_test_id("why-save").click()
    expect(page.get_by_test_id("why-wrong")).to_contain_text("want no marketing at all")
    with reading() as session:
        assert preferences.allows(session, someone, "email", MessageType.MARKETING) is None


def test_groups_are_chosen_on_the_page(page: Page) -> None:
    someone = write_down(first_name="Grouped", email="grouped@page.example")
    make_group("Pearl evening")
    page.goto(f"/customers/{someone}")
    page.get_by_test_id("choose-groups").click()
    choose(page, "groups", "Pearl evening")
    page.keyboard.press("Escape")
    page.get_by_test_id("groups-save").click()
    expect(page.get_by_test_id("customer-groups")).to_contain_text("Pearl evening")
    with reading() as session:
        assert [one.name for one in groups.of(session, someone)] == ["Pearl evening"]


def test_an_own_field_is_asked_for_as_what_it_holds_and_shown(page: Page) -> None:
    with unit() as session:
        size = own_fields.define(session, "Finger size", sort="number", by=olive(), now=now()).key
        metal = ["Gold", "Silver"]
        liked = own_fields.define(
            session, "Favourite metal", sort="choice", choices=metal, by=olive(), now=now()
        ).key
    someone = write_down(first_name="Fielded", email="fielded@own.example")
    page.goto(f"/customers/{someone}/edit")
    page.get_by_test_id(f"own-{size}").fill("large")
    choose(page, f"own-{liked}", "Silver")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id(f"own-{size}-field-wrong")).to_contain_text("write a number")
    page.get_by_test_id(f"own-{size}").fill("16,5")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("customer-own")).to_contain_text("16.5")
    expect(page.get_by_test_id("customer-own")).to_contain_text("Silver")
    with reading() as session:
        assert customers.get(session, someone).attrs == {size: 16.5, liked: "Silver"}


@pytest.mark.parametrize("where", ["page", "phone"])
def test_the_days_that_come_round_are_written_down_changed_and_taken_out(
    where: str, request: pytest.FixtureRequest
) -> None:
    page: Page = request.getfixturevalue(where)
    old = {"kind": "engagement", "date": "2018-12-24"}
    someone = write_down(first_name="Dora", last_name=f"Days {where}", dates=[old])
    page.goto(f"/customers/{someone}/edit")
    expect(page.get_by_test_id("date-0-year")).to_have_value("2018")
    page.get_by_test_id("add-date").click()
    choose(page, "date-1-day", "30")
    choose(page, "date-1-month", "February")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("dates-field-wrong")).to_have_text("Wedding day: there is no 30 February.")
    choose(page, "date-1-month", "June")
    page.get_by_test_id("date-1-year").fill("2019")
    page.get_by_test_id("add-date").click()
    choose(page, "date-2-kind", "Special day")
    choose(page, "date-2-day", "2")
    choose(page, "date-2-month", "January")
    page.get_by_test_id("date-2-note").fill("First ring")
    page.get_by_test_id("date-0-remove").click()
    expect(page.get_by_test_id("date")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
    page.get_by_test_id("save").click()
    shown = page.get_by_test_id("customer-dates")
    expect(shown).to_contain_text("30 June 2019")
    expect(shown).to_contain_text("2 January, First ring")
    expect(shown).not_to_contain_text("2018")
    with reading() as session:
        days = [(one.kind, str(one.as_day)) for one in customers.get(session, someone).dates]
    assert sorted(days) == [("custom", "--01-02"), ("wedding", "2019-06-30")]


CHOOSE_AND_GO_ON = """async () => {
  const field = (name) => document.querySelector(`[data-testid=${name}]`);
  const option = (words) => [...document.querySelectorAll('[role=option]')].find((one) => one.innerText.trim() === words);
  const drawn = async (words) => {
    while (!option(words)) await new Promise((go_on) => setTimeout(go_on, 5));
    return option(words);
  };
  for (const [name, words] of [['date-0-day', '30'], ['date-0-month', 'June']]) {
    field(name).querySelector('input').focus();
    field(name).click();
    (await drawn(words)).click();
  }
  field('date-0-year').focus();
  await new Promise((go_on) => setTimeout(go_on, 600));  // after the 300 ms that Quasar waits with asking
}"""


def test_who_chooses_quickly_and_writes_on_keeps_the_focus(page: Page) -> None:
    """Two lists opened within the time in which one of them closes: the second used to take the focus back."""
    someone = write_down(first_name="Quinn", last_name="Quick")
    page.goto(f"/customers/{someone}/edit")
    page.get_by_test_id("add-date").click()
    expect(page.get_by_test_id("date-0-kind").locator("input")).to_be_focused()
    page.evaluate(CHOOSE_AND_GO_ON)
    expect(page.get_by_role("listbox")).to_have_count(
        0
    )  # gone from the page: whatever they ask for was asked for
    page.keyboard.insert_text("2019")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("customer-dates")).to_contain_text("30 June 2019")


@pytest.mark.parametrize("where", ["page", "phone"])
def test_two_cards_become_one_and_the_old_address_leads_there(
    where: str, request: pytest.FixtureRequest
) -> None:
    page: Page = request.getfixturevalue(where)
    one = write_down(
        first_name="Mona", last_name=f"Merge {where}", email=f"mona@{where}.example", language="en"
    )
    two = write_down(
        first_name="Mona", last_name=f"Merge {where}", email=f"m.merge@{where}.example", phone="020 7946 0018"
    )
    page.goto(f"/customers/{one}")
    page.get_by_test_id("customer-menu").click()
    page.locator(".q-menu").get_by_text("Merge with somebody").click()
    page.get_by_test_id("person-search").fill(f"m.merge {where}")
    page.get_by_test_id(f"person-search-{two}").click()
    page.get_by_test_id(f"merge-email-{two}").click()
    page.get_by_test_id("merge-go").click()
    expect(page.get_by_test_id("customer-facts")).to_contain_text(f"m.merge@{where}.example")
    expect(page.get_by_test_id("customer-facts")).to_contain_text("020 7946 0018")
    page.goto(f"/customers/{two}")
    expect(page.get_by_test_id("merged-here")).to_contain_text("was merged into Mona")
    expect(page).to_have_url(re.compile(rf"/customers/{one}$"))


def test_two_cards_become_one_with_the_keyboard_alone(page: Page) -> None:
    one = write_down(first_name="Kit", last_name="Keyes", email="kit@merge.example")
    two = write_down(first_name="Kitty", last_name="Keyes", email="kitty@merge.example")
    page.goto(f"/customers/{one}")
    page.get_by_test_id("customer-menu").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menu")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("menuitem", name="Erase for good")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Merge with somebody")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("dialog")).to_contain_text("Who is the same person")
    tab_to(page, "[data-testid=person-search]")
    page.keyboard.type("kitty@merge")
    expect(page.get_by_test_id(f"person-search-{two}")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    tab_to(page, f"[data-testid=merge-email-{two}]")
    page.keyboard.press("Enter")
    tab_to(page, "[data-testid=merge-go]")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("customer-facts")).to_contain_text("kitty@merge.example")


def test_a_key_let_go_where_it_was_not_pressed_opens_nothing(page: Page) -> None:
    someone = write_down(first_name="Kay", last_name="Keyup", email="kay@keyup.example")
    page.goto(f"/customers/{someone}")
    menu = page.get_by_test_id("customer-menu")
    expect(menu).to_be_visible()
    page.keyboard.down("Enter")
    menu.focus()
    page.keyboard.up("Enter")
    page.get_by_role("tab", name="Records").evaluate(
        "(tab) => tab.click()"
    )  # no press: that would close a menu
    expect(page.get_by_test_id("no-records")).to_be_visible()
    expect(page.get_by_role("menu")).to_have_count(0)


@pytest.mark.parametrize("where", ["page", "phone"])
def test_somebody_is_erased_only_once_their_name_is_written(
    where: str, request: pytest.FixtureRequest, console: list[str]
) -> None:
    page: Page = request.getfixturevalue(where)
    someone = write_down(first_name="Forget", last_name="Me", email=f"forget@{where}.example")
    page.goto(f"/customers/{someone}")
    page.get_by_test_id("customer-menu").click()
    page.locator(".q-menu").get_by_text("Erase for good").click()
    expect(page.get_by_test_id("dialog")).to_contain_text("What stays")
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("dialog")).to_contain_text("This is not")
    page.get_by_test_id("typed").fill("forget me")
    page.get_by_test_id("confirm").click()
    expect(page).to_have_url(re.compile("/customers$"))
    with reading() as session, pytest.raises(Refusal):
        customers.get(session, someone)
    page.goto(f"/customers/{someone}")
    expect(page.get_by_test_id("not-found")).to_be_visible()
    console.clear()  # the page that is gone answered 404


@pytest.mark.parametrize("where", ["page", "phone"])
def test_an_address_is_erased_with_everybody_known_by_it(where: str, request: pytest.FixtureRequest) -> None:
    page: Page = request.getfixturevalue(where)
    address = f"bygone@{where}.example"
    gone, _ = (write_down(first_name=name, last_name="Bygone", email=address) for name in ("Gone", "There"))
    with unit() as session:
        customers.delete(session, gone, by=olive(), now=now())
    page.goto("/customers")
    page.get_by_test_id("book-menu").click()
    page.locator(".q-menu").get_by_text("Erase an address").click()
    page.get_by_test_id("erase-address").fill("nobody@nowhere.example")
    page.get_by_test_id("erase-look").click()
    expect(page.get_by_test_id("erase-address-field-wrong")).to_contain_text("Nobody is known by this")
    page.get_by_test_id("erase-address").fill(address)
    page.get_by_test_id("erase-look").click()
    expect(page.get_by_test_id("dialog")).to_contain_text(
        re.compile("In the book.*There Bygone.*Deleted before.*Gone Bygone")
    )
    page.get_by_test_id("typed").fill(address)
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("toast")).to_contain_text("2 people are erased")
    with reading() as session:
        assert erasing.known_by(session, address) == []


def test_everything_about_somebody_is_a_file(page: Page) -> None:
    someone = write_down(first_name="Taken", last_name="Along", email="taken@along.example")
    page.goto(f"/customers/{someone}")
    page.get_by_test_id("customer-menu").click()
    with page.expect_download() as download:
        page.locator(".q-menu").get_by_text("Everything as a file").click()
    told = json.loads(download.value.path().read_text("utf-8"))
    assert (told["email"], told["records"]) == ("taken@along.example", [])


def test_whoever_may_only_look_is_given_no_file_and_no_form(page: Page, sign_in: SignIn) -> None:
    someone = write_down(first_name="Shown", email="shown@only.example")
    sign_in(page, "sal")
    assert page.request.get(f"/customers/{someone}.json").status == 403
    assert page.request.get("/customers/export.csv").status == 403
    page.goto(f"/customers/{someone}?tab=records")
    expect(page.get_by_test_id("no-records")).to_be_visible()
    expect(page.get_by_test_id("no-records").get_by_role("button")).to_have_count(0)


def make_group(name: str) -> int:
    with unit() as session:
        return groups.create(session, name, by=olive(), now=now()).id


def records_of(customer_id: int) -> list[records.CustomerRecord]:
    with reading() as session:
        return records.of(session, customer_id)
