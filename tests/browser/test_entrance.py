"""The first minutes, sign-in and sign-out, and the link at the foot of a message, in a real browser."""

import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from data.database import now, reading, unit
from domain.book.customers import Customer
from domain.shop import people
from tests.browser.conftest import PHONE, Open, SignIn
from tests.browser.server import PASSWORD, Server, email_of
from tests.letters import add_person, way_out, write_to


def test_from_the_first_page_to_a_full_shop_in_a_minute(
    open_page: Open, new_shop: Callable[..., Server]
) -> None:
    page = open_page(base_url=new_shop().url)
    began = time.monotonic()
    page.goto("/")
    page.get_by_test_id("name").fill("Olive Marlow")
    page.get_by_test_id("email").fill(email_of("olive"))
    page.get_by_test_id("password").fill(PASSWORD)
    page.get_by_test_id("submit").click()
    page.get_by_test_id("shop_name").fill("Marlow & Finch")
    expect(page.get_by_test_id("timezone")).to_have_value("Europe/London")  # the browser's own
    expect(page.get_by_test_id("sender_email")).to_have_value(email_of("olive"))
    page.get_by_test_id("sender_name").fill("Marlow & Finch")
    page.get_by_test_id("submit").click()
    page.get_by_test_id("choice-sample").click()
    page.wait_for_url("**/marketing")
    expect(page.get_by_test_id("user-name")).to_have_text("Olive Marlow")
    expect(page.get_by_test_id("practice-banner")).to_be_visible()
    assert time.monotonic() - began < 30
    page.goto("/welcome")
    page.wait_for_url("**/marketing")
    page.goto("/settings")
    expect(page.get_by_test_id("sample-card")).to_contain_text("300 people")
    page.get_by_test_id("remove-sample").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("sample-gone")).to_contain_text("300 people left")


def test_sign_in_leads_to_the_page_that_was_wanted(shop: Server, visitor: Page) -> None:
    visitor.goto("/settings/account?from=mail")
    visitor.get_by_test_id("email").fill(email_of("sal"))
    visitor.get_by_test_id("password").fill(PASSWORD)
    visitor.get_by_test_id("password").press("Enter")
    visitor.wait_for_url("**/settings/account?from=mail")
    expect(visitor.get_by_test_id("account-facts")).to_contain_text("Salesperson")


def test_a_wrong_password_keeps_the_address_and_says_so(
    shop: Server, visitor: Page, console: list[str]
) -> None:
    visitor.goto("/sign-in")
    visitor.get_by_test_id("email").fill(email_of("sal"))
    visitor.get_by_test_id("password").fill("wrong horse battery")
    visitor.get_by_test_id("submit").click()
    expect(visitor.get_by_test_id("error")).to_contain_text("Email address or password is not right.")
    expect(visitor.get_by_test_id("email")).to_have_value(email_of("sal"))
    console.clear()  # the refusal came with status 401


def test_sign_out_takes_the_other_tabs_along(visitor: Page, sign_in: SignIn) -> None:
    sign_in(visitor, "sal")
    visitor.goto("/settings/account")
    other = visitor.context.new_page()
    other.goto("/settings/account")
    expect(other.get_by_test_id("account-facts")).to_be_visible()
    visitor.get_by_test_id("sign-out").click()
    expect(visitor.get_by_test_id("sign-in-form")).to_be_visible()
    expect(other.get_by_test_id("sign-in-form")).to_be_visible(timeout=5_000)
    visitor.go_back()
    expect(visitor.get_by_test_id("account-facts")).to_have_count(0)


def test_sign_out_everywhere_ends_every_browser(visitor: Page, open_page: Open, sign_in: SignIn) -> None:
    other = open_page()
    sign_in(visitor, "sal")
    sign_in(other, "sal")
    visitor.goto("/settings/account")
    visitor.get_by_test_id("sign-out-everywhere").click()
    visitor.get_by_test_id("confirm").click()
    expect(visitor.get_by_test_id("sign-in-form")).to_be_visible()
    other.goto("/settings/account")
    expect(other.get_by_test_id("sign-in-form")).to_be_visible()


def test_the_way_out_of_the_list_and_back_on_a_phone(shop: Server, open_page: Open) -> None:
    page = open_page(PHONE)
    with unit() as session:
        olive = people.by_email(session, email_of("olive"))
        assert olive is not None
        by = olive.as_actor("page")
        una = add_person(session, "Una", "una@willow.example", by=by, now=now())
        path = way_out(write_to(session, una, by=by, now=now()))
    page.goto(path)
    expect(page.get_by_test_id("wish-marketing")).to_be_checked()
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("done")).to_contain_text("no more offers")
    page.get_by_test_id("stop-all").click()
    expect(page.get_by_test_id("done")).to_contain_text("offers or newsletters")
    assert _is_out(una)
    page.get_by_test_id("undo").click()
    expect(page.get_by_test_id("done")).to_contain_text("You get newsletters")
    assert not _is_out(una)
    page.get_by_test_id("wish-marketing").press("Space")
    expect(page.get_by_test_id("wish-marketing")).to_be_checked()
    expect(page.get_by_test_id("wish-newsletter")).to_be_checked()


def _is_out(customer_id: int) -> bool:
    with reading() as session:
        return session.get_one(Customer, customer_id).marketing_opt_out
