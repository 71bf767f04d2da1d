"""Bringing lists in and taking them back, as somebody at the counter does it."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from data.database import now, reading, unit
from domain.book import customers, records
from domain.book.person import Customer
from domain.shop import people
from tests.browser.server import email_of

HEADINGS = "Email,First name,Last name\n"
MANY = 6_000


@pytest.mark.parametrize("who", ["page", "phone"])
def test_an_import_is_taken_back_after_a_question(
    request: pytest.FixtureRequest, who: str, tmp_path: Path
) -> None:
    page: Page = request.getfixturevalue(who)
    rows = f"back@{who}.example,Una,Doing\nstay@{who}.example,Stan,Staying\n"
    bring(page, tmp_path, HEADINGS + rows)
    expect(page.get_by_test_id("import-done")).to_be_visible()
    with unit() as session:
        number = session.scalar(select(Customer.id).where(Customer.email_key == f"stay@{who}.example"))
        assert number
        customers.change(session, number, {"last_name": "Changed"}, by=olive(session), now=now())
    page.get_by_test_id("take-back").click()
    expect(page.get_by_test_id("dialog")).to_contain_text("2 customers that came with it will go again")
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("import-undone")).to_be_visible()
    expect(page.get_by_test_id("import-kept")).to_contain_text("Stan Changed")
    assert (is_known(f"back@{who}.example"), is_known(f"stay@{who}.example")) == (False, True)
    page.reload()
    expect(page.get_by_test_id("import-undone")).to_be_visible()
    expect(page.get_by_test_id("take-back")).to_have_count(0)


def test_a_list_is_brought_in_and_taken_back_with_the_keyboard_alone(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "keys.csv"
    file.write_text(HEADINGS + "keyes@board.example,Kay,Boardman\n")
    page.on(
        "filechooser", lambda chooser: chooser.set_files(file)
    )  # before any key: the browser learns of it later
    page.goto("/customers/import")
    expect(page.get_by_test_id("import-file")).to_be_visible()
    tab_to(page, "[data-testid=import-file] button")
    page.keyboard.press("Enter")
    expect(figures(page)).to_have_text(["1", "0", "0", "0"])
    tab_to(page, "[data-testid=basis]")
    page.keyboard.type("Signed up at the till")
    tab_to(page, "[data-testid=import-go]")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("import-done")).to_be_visible()
    tab_to(page, "[data-testid=take-back]")
    page.keyboard.press("Enter")
    tab_to(page, "[data-testid=confirm]")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("import-undone")).to_be_visible()
    assert not is_known("keyes@board.example")


def test_a_large_list_shows_how_far_it_is_and_goes_on_without_the_page(page: Page, tmp_path: Path) -> None:
    rows = "".join(f"many{number}@large.example,Many,Large {number}\n" for number in range(MANY))
    choose(page, tmp_path, HEADINGS + rows)
    page.get_by_test_id("basis").fill("Signed up at the till")
    page.get_by_test_id("import-go").click()
    page.wait_for_url("**/customers/import/*")
    page.goto("/customers")
    page.go_back()
    expect(page.get_by_test_id("import-done")).to_be_visible(timeout=60_000)
    expect(page.locator(".hb-stat .v").first).to_have_text(f"{MANY:,}")
    page.goto("/customers/import")
    expect(page.get_by_test_id("earlier-imports")).to_contain_text(f"{MANY:,} added")


def test_a_pasted_list_of_addresses_is_enough(page: Page) -> None:
    page.goto("/customers/import")
    page.get_by_test_id("paste-open").click()
    page.get_by_test_id("paste").fill("one@pasted.example\ntwo@pasted.example\n")
    page.get_by_test_id("paste-go").click()
    page.get_by_test_id("basis").fill("They wrote their address down at the fair")
    page.get_by_test_id("import-go").click()
    expect(page.get_by_test_id("import-done")).to_be_visible()
    assert is_known("two@pasted.example")


def test_a_day_that_can_be_read_in_two_ways_is_asked_about(page: Page, tmp_path: Path) -> None:
    choose(page, tmp_path, "Email,Birthday\nday@two.example,03/04/1990\n")
    expect(page.get_by_test_id("ask-dates")).to_contain_text("“03/04/1990” can be read in two ways")
    page.get_by_test_id("meant-dates-month_first").click()
    expect(page.get_by_test_id("meant-dates-month_first")).to_have_attribute("aria-checked", "true")
    page.get_by_test_id("basis").fill("Customers")
    page.get_by_test_id("import-go").click()
    expect(page.get_by_test_id("import-done")).to_be_visible()
    with reading() as session:
        number = session.scalar(select(Customer.id).where(Customer.email_key == "day@two.example"))
        assert customers.birthday_of(customers.get(session, number or 0)) == "1990-03-04"


def test_orders_come_in_for_known_people_and_for_new_ones_if_asked(page: Page, tmp_path: Path) -> None:
    with unit() as session:
        fields = {"first_name": "Ora", "email": "ora@orders.example"}
        ora = customers.create(session, fields, by=olive(session), now=now()).id
    page.goto("/customers/import")
    page.get_by_test_id("import-kind").click()
    page.get_by_role("option", name="Order", exact=True).click()
    file = "Order number,Email,Date,Total,Item\nA1,ora@orders.example,2026-10-17,120.00,Ring\nA2,nia@orders.example,2026-10-18,80.00,Chain\n"
    drop(page, tmp_path, file)
    expect(figures(page)).to_have_text(["1", "0", "0", "1"])
    expect(page.get_by_test_id("basis")).to_be_hidden()
    page.get_by_test_id("add-unknown").click()
    expect(figures(page)).to_have_text(["2", "0", "0", "0"])
    page.get_by_test_id("basis").fill("Bought in our web shop")
    page.get_by_test_id("import-go").click()
    expect(page.get_by_test_id("import-done")).to_be_visible()
    with reading() as session:
        assert [one.amount for one in records.of(session, ora)] == [12000]
    assert is_known("nia@orders.example")


def tab_to(page: Page, selector: str) -> None:
    """As somebody without a mouse goes there."""
    expect(page.locator(selector).first).to_be_visible()
    for _ in range(60):
        if page.evaluate("(there) => !!document.activeElement?.closest(there)", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the keyboard does not come to {selector}")


def bring(page: Page, folder: Path, content: str) -> None:
    choose(page, folder, content)
    page.get_by_test_id("basis").fill("Signed up at the till")
    page.get_by_test_id("import-go").click()


def choose(page: Page, folder: Path, content: str) -> None:
    page.goto("/customers/import")
    drop(page, folder, content)
    expect(page.get_by_test_id("columns")).to_be_visible()


def drop(page: Page, folder: Path, content: str) -> None:
    file = folder / "till list.csv"
    file.write_text(content)
    page.locator("[data-testid=import-file] input[type=file]").set_input_files(file)


def figures(page: Page) -> Any:
    return page.locator(".hb-stat .v")


def is_known(email: str) -> bool:
    with reading() as session:
        here = select(func.count()).where(Customer.email_key == email, Customer.deleted_at.is_(None))
        return bool(session.scalar(here))


def olive(session: Any) -> people.Actor:
    user = people.by_email(session, email_of("olive"))
    assert user is not None
    return user.as_actor("page")


def test_who_agreed_to_whatsapp_is_opted_in_once_it_is_said_how(page: Page, tmp_path: Path) -> None:
    rows = "Wanda,+44 20 7946 0771,yes\nWim,+44 20 7946 0772,no\n"
    choose(page, tmp_path, "First name,Phone,WhatsApp opt-in\n" + rows)
    follows = page.get_by_test_id("whatsapp-follows")
    expect(follows).to_contain_text("nobody is opted in")
    page.get_by_test_id("basis").fill("Signed up at the till")
    page.get_by_test_id("whatsapp-how").fill("Ticked the box on our order form")
    page.get_by_test_id("whatsapp-day").fill("2999-01-01")
    expect(page.get_by_test_id("whatsapp-day-field")).to_contain_text("Nobody can have agreed on that day")
    page.get_by_test_id("whatsapp-day").fill("2026-05-03")
    expect(follows).to_contain_text("1 person will be opted in")
    page.get_by_test_id("import-go").click()
    expect(page.get_by_test_id("import-outcome")).to_contain_text(
        "1 person: Ticked the box on our order form"
    )
    with reading() as session:
        wanda = session.scalar(select(Customer.id).where(Customer.first_name == "Wanda"))
    page.goto(f"/customers/{wanda}?tab=consent")
    expect(page.get_by_test_id("consent-history")).to_contain_text(
        "Ticked the box on our order form (3 May 2026)"
    )
