"""Settings in the browser: what the owner changes is kept, and nobody else is offered it."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from data.database import now, reading, unit
from domain.book import statuses
from domain.shop import mail, mail_accounts, people, staff, tokens
from domain.shop import shop as shops
from domain.shop.limits import Limits
from domain.shop.mail_accounts import Wish
from domain.shop.people import Actor, Role
from tests.browser.conftest import Open, SignIn
from tests.browser.server import PASSWORD, Server, email_of
from tests.twins.smtp_server import ScriptedServer, say

AT_ONCE = 4_000  # milliseconds; the next look around by itself may come later


@pytest.fixture
def practising(shop: Server) -> Iterator[None]:
    """Whatever a test does to the mail account, the next one finds the shop in practice mode."""
    yield
    with unit() as session:
        if mail.settings(session):
            mail_accounts.forget(session, by=Actor(None, "Olive", Role.OWNER), now=now())


def test_the_postal_address_is_kept(page: Page) -> None:
    page.goto("/settings")
    page.get_by_test_id("postal-address").fill("5 Market Row\nHarrogate HG1 2AB")
    page.get_by_test_id("save-shop").click()
    expect(page.get_by_test_id("toast")).to_contain_text("Saved")
    with reading() as session:
        assert shops.read(session).postal_address == "5 Market Row\nHarrogate HG1 2AB"


def test_a_broken_sender_address_is_told_beside_its_field(page: Page) -> None:
    page.goto("/settings")
    page.get_by_test_id("sender-email").fill("olive at marlow")
    page.get_by_test_id("save-shop").click()
    expect(page.get_by_text("This does not look like an email address.")).to_be_visible()
    with reading() as session:
        assert shops.read(session).sender_email == email_of("olive")


def test_a_new_status_is_added_and_one_in_use_stays(page: Page) -> None:
    page.goto("/settings/statuses")
    page.get_by_test_id("add-status").click()
    page.get_by_test_id("status-4").fill("Engaged")
    page.get_by_test_id("save-statuses").click()
    expect(page.get_by_test_id("toast")).to_contain_text("Saved")
    with reading() as session:
        assert [one.label for one in statuses.every(session)][-1] == "Engaged"
    page.get_by_test_id("status-remove-1").click()
    page.get_by_test_id("save-statuses").click()
    expect(page.get_by_test_id("form-wrong")).to_contain_text("have the status Customer")


def test_a_person_added_by_the_owner_can_sign_in(page: Page, visitor: Page) -> None:
    page.goto("/settings/staff")
    page.get_by_test_id("add-staff").click()
    page.get_by_test_id("staff-name").fill("Nell Carter")
    page.get_by_test_id("staff-email").fill(email_of("nell"))
    page.get_by_test_id("staff-password").fill("brass bell and ribbon")
    page.get_by_test_id("staff-save").click()
    expect(page.get_by_test_id("staff")).to_contain_text("Nell Carter")
    visitor.goto("/sign-in?next=/settings/account")
    visitor.get_by_test_id("email").fill(email_of("nell"))
    visitor.get_by_test_id("password").fill("brass bell and ribbon")
    visitor.get_by_test_id("submit").click()
    expect(visitor.get_by_test_id("account-facts")).to_contain_text("Salesperson")


def test_somebody_turned_off_is_out_at_once(page: Page, visitor: Page, sign_in: SignIn) -> None:
    sign_in(visitor, "wes")
    visitor.goto("/settings/account")
    expect(visitor.get_by_test_id("account-facts")).to_contain_text("Workshop")
    page.goto("/settings/staff")
    page.get_by_test_id(f"change-{email_of('wes')}").click()
    page.get_by_test_id("staff-active").click()
    page.get_by_test_id("staff-save").click()
    expect(page.get_by_test_id("staff")).to_contain_text("Turned off")
    visitor.reload()  # a page that is left open looks after itself, sooner or later
    visitor.wait_for_url("**/sign-in**")
    with unit() as session:
        wes = session.query(people.User).filter_by(email=email_of("wes")).one()
        staff.change(session, wes.id, by=Actor(None, "Olive", Role.OWNER), active=True, now=now())


def test_the_last_owner_cannot_step_down(page: Page) -> None:
    page.goto("/settings/staff")
    page.get_by_test_id(f"change-{email_of('olive')}").click()
    page.get_by_test_id("staff-active").click()
    page.get_by_test_id("staff-save").click()
    expect(page.get_by_test_id("dialog")).to_contain_text("A shop needs at least one owner")


def test_a_manager_finds_only_the_own_account(visitor: Page, sign_in: SignIn, console: list[str]) -> None:
    sign_in(visitor, "max")
    visitor.goto("/settings")
    expect(visitor.get_by_test_id("account-facts")).to_contain_text("Manager")
    expect(visitor.get_by_test_id("save-shop")).to_have_count(0)
    for path in ("/settings/mail", "/settings/staff", "/settings/statuses"):
        visitor.goto(path)
        expect(visitor.get_by_test_id("refused")).to_be_visible()
    console.clear()  # the three refusals came with status 403


def test_a_test_shows_the_mail_servers_own_yes(page: Page, practising: None) -> None:
    with ScriptedServer() as server:
        _fill_account(page, server)
        page.get_by_test_id("mail-test").click()
        expect(page.get_by_test_id("mail-outcome-good")).to_contain_text(
            re.compile(r"said: 250 .*[.] Look into that inbox")
        )
        assert [one.recipient for one in server.received] == [email_of("olive")]
    with reading() as session:
        assert mail.is_practice(session), "a test saves nothing"


def test_a_test_shows_the_mail_servers_own_no(page: Page, practising: None) -> None:
    with ScriptedServer({"mail": say("550 5.7.1 this sender is not yours")}) as server:
        _fill_account(page, server)
        page.get_by_test_id("mail-test").click()
        expect(page.get_by_test_id("mail-outcome-bad")).to_contain_text("550 5.7.1 this sender is not yours")


def test_a_server_that_is_not_there_is_told_in_words(page: Page, practising: None) -> None:
    with ScriptedServer() as server:
        _fill_account(page, server)
    page.get_by_test_id("mail-test").click()
    expect(page.get_by_test_id("mail-outcome-bad")).to_contain_text("Nothing answers at 127.0.0.1")


def test_going_live_asks_first_and_leads_back_to_practice(page: Page, practising: None) -> None:
    with ScriptedServer(login=("olive", "till drawer")) as server:
        _fill_account(page, server)
        page.get_by_test_id("mail-username").fill("olive")
        page.get_by_test_id("mail-password").fill("till drawer")
        page.get_by_test_id("mail-save").click()
        expect(page.get_by_test_id("dialog")).to_contain_text("Leave practice mode?")
        page.get_by_test_id("confirm").click()
        expect(page.get_by_test_id("mail-live")).to_be_visible()
        expect(page.get_by_test_id("practice-banner")).to_have_count(0, timeout=AT_ONCE)
        expect(page.get_by_test_id("toast")).to_contain_text("live")
        expect(page.get_by_test_id("mail-password")).to_have_value("")
        assert "till drawer" not in page.content()
        page.get_by_test_id("mail-test").click()
        expect(page.get_by_test_id("mail-outcome-good")).to_be_visible()  # with the kept password
    page.get_by_test_id("mail-forget").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("mail-practice")).to_be_visible()
    expect(page.get_by_test_id("practice-banner")).to_be_visible(timeout=AT_ONCE)


def test_a_provider_fills_in_its_server(phone: Page) -> None:
    phone.goto("/settings/mail")
    phone.get_by_test_id("mail-recipe").click()
    phone.get_by_role("option", name="Fastmail").click()
    expect(phone.get_by_test_id("mail-host")).to_have_value("smtp.fastmail.com")
    expect(phone.get_by_test_id("mail-port")).to_have_value("465")


def test_a_second_account_is_added_and_the_order_is_changed(page: Page, practising: None) -> None:
    _save_accounts("first.example")
    page.goto("/settings/mail")
    page.get_by_test_id("mail-add").click()
    dialog = page.get_by_test_id("dialog")
    dialog.get_by_test_id("mail-name").fill("Spare")
    dialog.get_by_test_id("mail-host").fill("spare.example")
    dialog.get_by_test_id("mail-username").fill("olive")
    dialog.get_by_test_id("mail-password").fill("till drawer")
    dialog.get_by_test_id("mail-security").click()
    page.get_by_role("option", name="STARTTLS").click()
    dialog.get_by_test_id("mail-save").click()
    expect(page.get_by_test_id("mail-account-1")).to_contain_text("2. Spare")
    expect(page.get_by_test_id("mail-add")).to_be_focused()  # although a list was open over the question
    assert "till drawer" not in page.content()
    page.get_by_test_id("mail-up-1").press("Enter")
    expect(page.get_by_test_id("mail-account-0")).to_contain_text("1. Spare")
    expect(page.get_by_test_id("mail-down-0")).to_be_focused()  # the same account, which can only go down now
    with reading() as session:
        assert [one.label for one in mail.every(session)] == ["Spare", "first.example"]
    page.get_by_test_id("mail-remove-0").click()
    expect(page.get_by_test_id("dialog")).to_contain_text("first.example goes on.")
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("mail-host")).to_have_value("first.example")


def test_a_change_in_the_sheet_keeps_the_password_of_its_own_account(page: Page, practising: None) -> None:
    with ScriptedServer(login=("olive", "till drawer")) as server:
        _save_accounts("first.example", password="another one")
        _save_accounts("127.0.0.1", port=server.port, security="none")
        page.goto("/settings/mail")
        page.get_by_test_id("mail-change-1").click()
        dialog = page.get_by_test_id("dialog")
        dialog.get_by_test_id("mail-name").fill("Spare")
        dialog.get_by_test_id("mail-test").click()
        expect(dialog.get_by_test_id("mail-outcome-good")).to_be_visible()
    dialog.get_by_test_id("mail-save").click()
    expect(page.get_by_test_id("mail-account-1")).to_contain_text("2. Spare")
    with reading() as session:
        assert mail.routes(session, now=now())[1].account.password == "till drawer"


def test_trouble_of_an_account_is_told_with_its_end(page: Page, practising: None) -> None:
    first = _save_accounts("first.example")
    _save_accounts("spare.example")
    with unit() as session:
        mail.rest(session, first, "It said: 452 full", until=now() + timedelta(minutes=20), now=now())
    page.goto("/settings/mail")
    expect(page.get_by_test_id("mail-stands-in")).to_contain_text("spare.example")
    expect(page.get_by_test_id("mail-state-0")).to_have_text("Had trouble")
    expect(page.get_by_test_id("mail-story-0")).to_contain_text("It said: 452 full. It rests until")
    expect(page.get_by_test_id("mail-state-1")).to_have_text("Not used yet")


def test_limits_are_folded_away_and_kept(page: Page, practising: None) -> None:
    _save_accounts("smtp.gmail.com")
    page.goto("/settings/mail")
    expect(page.get_by_test_id("mail-per-day")).to_be_hidden()
    page.get_by_test_id("mail-limits").locator("summary").click()
    expect(page.get_by_test_id("mail-takes")).to_contain_text("500")
    page.get_by_test_id("mail-use-limits").click()
    expect(page.get_by_test_id("mail-per-day")).to_have_value("500")
    page.get_by_test_id("mail-per-day").fill("2,000")
    page.get_by_test_id("mail-per-second").fill("two")
    page.get_by_test_id("mail-limits").locator("summary").click()
    page.get_by_test_id("mail-save").click()
    expect(page.get_by_text("The number of messages a second is a whole number")).to_be_visible()
    page.get_by_test_id("mail-per-second").fill("2")
    page.get_by_test_id("mail-save").click()
    expect(page.get_by_test_id("mail-limits")).to_contain_text("2 a second, 2,000 a day")
    with reading() as session:
        assert mail.every(session)[0].limits == Limits(per_second=2, per_day=2000)


def test_a_token_is_shown_once_and_ends_when_revoked(page: Page) -> None:
    page.goto("/settings/account")
    page.get_by_test_id("make-token").click()
    page.get_by_test_id("token-name").fill("Till")
    page.get_by_test_id("token-go").click()
    secret = page.get_by_test_id("token-secret").inner_text()
    page.get_by_test_id("token-done").click()
    expect(page.get_by_test_id("tokens")).to_contain_text("Till")
    expect(page.get_by_text(secret)).to_have_count(0)
    with reading() as session:
        by = tokens.actor_for_bearer(session, secret, now())
        assert by is not None
        assert by.read_only
    page.get_by_test_id("tokens").get_by_role("button", name="Revoke").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("tokens")).to_be_hidden()
    with reading() as session:
        assert tokens.actor_for_bearer(session, secret, now()) is None


def test_a_wrong_present_password_changes_nothing(page: Page) -> None:
    page.goto("/settings/account")
    page.get_by_test_id("current-password").fill("not mine")
    page.get_by_test_id("new-password").fill("a whole new sentence")
    page.get_by_test_id("change-password").click()
    expect(page.get_by_text("That is not your present password.")).to_be_visible()


def test_a_new_password_keeps_this_browser_and_ends_the_others(
    visitor: Page, open_page: Open, sign_in: SignIn
) -> None:
    other = open_page()
    sign_in(visitor, "ada")
    sign_in(other, "ada")
    visitor.goto("/settings/account")
    visitor.get_by_test_id("current-password").fill(PASSWORD)
    visitor.get_by_test_id("new-password").fill("a whole new sentence")
    visitor.get_by_test_id("change-password").click()
    expect(visitor.get_by_test_id("toast")).to_contain_text("changed")
    other.goto("/settings/account")
    expect(other.get_by_test_id("sign-in-form")).to_be_visible()
    visitor.reload()
    expect(visitor.get_by_test_id("account-facts")).to_be_visible()
    with unit() as session:
        ada = people.by_email(session, email_of("ada"))
        assert ada is not None
        staff.change(session, ada.id, by=Actor(None, "Olive", Role.OWNER), password=PASSWORD, now=now())


def test_the_settings_fit_a_phone(phone: Page) -> None:
    for path in ("/settings", "/settings/mail", "/settings/statuses", "/settings/staff", "/settings/account"):
        phone.goto(path)
        expect(phone.locator(".hb-subnav [aria-current=page]")).to_be_in_viewport(ratio=0.9)
        assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def _save_accounts(
    host: str, *, port: int = 587, security: str = "starttls", password: str = "till drawer"
) -> int:
    olive = Actor(None, "Olive", Role.OWNER)
    with unit() as session:
        wish = Wish(host, port, security, "olive", password)
        return mail_accounts.add(session, wish, by=olive, now=now()).id


def _fill_account(page: Page, server: ScriptedServer) -> None:
    page.goto("/settings/mail")
    page.get_by_test_id("mail-host").fill("127.0.0.1")
    page.get_by_test_id("mail-security").click()
    page.get_by_role("option", name="None").click()
    expect(page.get_by_test_id("mail-port")).to_have_value("25")
    page.get_by_test_id("mail-port").fill(str(server.port))
