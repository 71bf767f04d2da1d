"""Trying again and deciding, as Olive and Sal see it: in the list, in the notes above it, and on a phone."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Open
from tests.browser.server import PASSWORD, Server, email_of, started
from tests.twins.smtp_server import ScriptedServer, drop, say

OWNER = {"HANDBILL_OWNER_EMAIL": email_of("olive"), "HANDBILL_OWNER_PASSWORD": PASSWORD}
LETTER = {"subject": "Come by", "textBody": "Dear {{ firstName }}, come in."}
REFUSALS = {
    "ben": "552 5.2.2 mailbox full",
    "cleo": "550 5.1.1 no such user",
    "dan": "550 5.7.1 looks like spam",
}
SILENT = ("eve", "finn")


@dataclass
class Send:
    """A campaign that is over: Ana got it, three failed for three reasons, and of two nobody knows."""

    shop: Server
    program: httpx.Client
    server: ScriptedServer
    host: str  # of everybody's address: the shop has seen other sends, to other people
    moods: dict[str, str] = field(default_factory=lambda: dict(REFUSALS))
    silent: set[str] = field(default_factory=lambda: set(SILENT))
    id: int = 0

    def received(self) -> list[str]:
        return sorted(one.recipient.split("@")[0] for one in self.server.received)

    def stats(self) -> dict[str, Any]:
        told: dict[str, Any] = self.program.get(f"dispatches/{self.id}/stats").json()
        return told

    def cheer_up(self) -> None:
        self.moods.clear()
        self.silent.clear()


@pytest.fixture(scope="module")
def shop_of_sends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, httpx.Client]]:
    """Without the time to take a send back. Each test writes to people of its own."""
    settings = {**OWNER, "HANDBILL_UNDO_SECONDS": "0"}
    with started(tmp_path_factory.mktemp("sends"), settings) as shop, closing(_program(shop)) as program:
        assert program.put("settings/shop", json={"postalAddress": "4 Market Row"}).status_code == 200
        yield shop, program


@pytest.fixture
def send(shop_of_sends: tuple[Server, httpx.Client]) -> Iterator[Send]:
    def script(stage: str, address: str) -> Any:
        name = address.split("@")[0]
        if stage == "final" and name in made.silent:
            return drop(accept=True)
        return say(made.moods[name]) if stage == "rcpt" and name in made.moods else None

    shop, program = shop_of_sends
    with ScriptedServer(script) as server:
        account = {"host": "127.0.0.1", "port": server.port, "security": "none"}
        assert program.put("settings/mail", json=account).status_code == 200
        made = Send(shop, program, server, f"x{server.port}.example")
        made.id = _launched(made, ("Ana", "Ben", "Cleo", "Dan", "Eve", "Finn"))
        yield made


def _program(shop: Server) -> httpx.Client:
    program = httpx.Client(base_url=f"{shop.url}/api/marketing/", timeout=30)
    who = {"email": email_of("olive"), "password": PASSWORD}
    token = program.post(f"{shop.url}/api/auth/login", json=who).json()["accessToken"]
    program.headers["Authorization"] = f"Bearer {token}"
    return program


def _launched(send: Send, names: tuple[str, ...]) -> int:
    for name in names:
        person = {"firstName": name, "email": f"{name.lower()}@{send.host}", "tags": [send.host]}
        assert send.program.post("customers", json=person).status_code == 201
    audience = {"type": "tags", "tags": [send.host]}
    draft = send.program.post("campaigns", json={"name": "Pearls", **LETTER, "audience": audience}).json()
    assert send.program.post(f"campaigns/{draft['id']}/launch").status_code == 202
    launched = send.program.get("dispatches").json()["items"]
    return next(int(one["id"]) for one in launched if one["campaignId"] == draft["id"])


def enter(page: Page, send: Send) -> Page:
    form = {"email": email_of("olive"), "password": PASSWORD}
    origin = {"Origin": send.shop.url}
    page.context.request.post(f"{send.shop.url}/sign-in", form=form, headers=origin, max_redirects=0)
    page.goto(f"/marketing/sends/{send.id}")
    expect(page.get_by_test_id("status")).to_have_text("Sent", timeout=30_000)
    return page


def row(page: Page, name: str) -> Any:
    return page.get_by_test_id("recipients-table").locator("tr", has_text=f"{name.lower()}@x")


def test_the_failed_are_tried_again_from_the_note_and_the_reasons_stand_in_plain_words(
    send: Send, open_page: Open
) -> None:
    page = enter(open_page(base_url=send.shop.url), send)
    note = page.get_by_test_id("many-failed")
    expect(note).to_contain_text("75% could not be reached")
    expect(note).to_contain_text("1 with a full mailbox. Try these again in a few days.")
    expect(row(page, "Ben")).to_contain_text("The mailbox is full.")
    expect(row(page, "Dan")).to_contain_text("Their server thinks it is spam.")
    expect(row(page, "Cleo")).to_contain_text("Nobody has this address.")
    expect(row(page, "Cleo").get_by_role("link", name="Correct the address")).to_have_attribute(
        "href", re.compile(r"^/customers/\d+/edit$")
    )
    row(page, "Ben").get_by_text("The server’s own words").click()
    expect(row(page, "Ben")).to_contain_text("552 5.2.2 mailbox full")
    send.cheer_up()
    note.get_by_test_id("all-failed").click()
    expect(page.get_by_test_id("dialog")).to_contain_text("1 with an address that does not work")
    # Both clicks of the double click leave the browser before any answer comes.
    page.evaluate("for (const _ of [1, 2]) document.querySelector('[data-testid=confirm]').click()")
    expect(page.get_by_test_id("count-sent")).to_have_text("3")
    expect(page.get_by_test_id("count-failed")).to_have_text("1")
    expect(page.get_by_test_id("status")).to_have_text("Sent")
    expect(page.get_by_test_id("all-failed")).to_have_count(0)  # whoever is left can't be tried
    assert send.received() == ["ana", "ben", "dan", "eve", "finn"]


def test_a_single_row_goes_again_and_a_refusal_says_what_to_do(send: Send, open_page: Open) -> None:
    page = enter(open_page(base_url=send.shop.url), send)
    page.get_by_test_id("term-failed").click()
    expect(page.get_by_test_id("for-all")).to_have_text("Try the 2 failed again")
    (dan,) = send.program.get(f"customers?search=dan@{send.host}").json()["items"]
    found = send.program.patch(f"customers/{dan['id']}", json={"email": f"ana@{send.host}"})
    assert found.status_code == 200, found.text
    row(page, "Dan").get_by_role("button", name="Send again").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("toast")).to_contain_text("Somebody else on this send has the address")
    send.cheer_up()
    row(page, "Ben").get_by_role("button", name="Send again").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("count-sent")).to_have_text("2")
    assert send.received() == ["ana", "ben", "eve", "finn"]


def test_not_sure_is_decided_one_by_one_and_together(send: Send, open_page: Open) -> None:
    page = enter(open_page(base_url=send.shop.url), send)
    page.get_by_test_id("term-not_sure").click()
    expect(page.get_by_test_id("for-all")).to_have_text("Decide about 2")
    row(page, "Eve").get_by_role("button", name="Decide").click()
    expect(page.get_by_test_id("doubt")).to_contain_text("@")
    page.get_by_test_id("count-as-sent").click()
    expect(page.get_by_test_id("count-not_sure")).to_have_text("1")
    expect(page.get_by_test_id("count-sent")).to_have_text("2")
    send.cheer_up()
    page.get_by_test_id("not-sure").get_by_test_id("all-not_sure").click()
    page.get_by_test_id("send-again").click()
    expect(page.get_by_test_id("dialog").last).to_contain_text("It may arrive twice")
    page.get_by_test_id("cancel").last.click()
    assert send.stats()["notSure"] == 1
    page.get_by_test_id("for-all").click()
    page.get_by_test_id("send-again").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("count-not_sure")).to_have_text("0")
    expect(page.get_by_test_id("count-sent")).to_have_text("3")
    assert send.received() == ["ana", "eve", "finn", "finn"]


def test_the_keyboard_goes_on_to_the_next_row_and_ends_on_the_line_that_tells_it(
    send: Send, open_page: Open
) -> None:
    page = enter(open_page(base_url=send.shop.url), send)
    page.get_by_test_id("term-not_sure").press("Enter")
    decide = page.get_by_test_id("recipients-table").get_by_role("button", name="Decide")
    expect(decide).to_have_count(2)
    decide.first.press("Enter")
    page.get_by_test_id("count-as-sent").press("Enter")
    expect(decide).to_have_count(1)  # the row left this list, the next one is under the hand
    expect(decide).to_be_focused()
    page.get_by_test_id("term-all").press("Enter")
    decide.press("Enter")
    page.get_by_test_id("count-as-sent").press("Enter")
    state = row(page, "Finn").locator("[data-place]").filter(has_text="Sent")
    expect(state).to_be_focused()  # here the row stays, and says what became of it


def test_after_a_decision_about_all_the_keyboard_stands_on_what_tells_it(send: Send, open_page: Open) -> None:
    page = enter(open_page(base_url=send.shop.url), send)
    page.get_by_test_id("all-not_sure").press("Enter")
    page.get_by_test_id("count-as-sent").press("Enter")
    expect(page.get_by_test_id("ending")).to_contain_text("Sent to 3 people")
    expect(page.get_by_test_id("ending")).to_be_focused()
    page.get_by_test_id("term-failed").press("Enter")
    expect(page.get_by_test_id("for-all")).to_be_visible()
    send.cheer_up()
    page.get_by_test_id("for-all").press("Enter")
    page.get_by_test_id("confirm").press("Enter")
    expect(page.get_by_test_id("count-failed")).to_have_text("1")
    expect(page.get_by_test_id("for-all-words")).to_be_focused()  # why the last one can't be tried


def test_on_a_phone_every_row_has_its_button_and_nothing_sticks_out(send: Send, open_page: Open) -> None:
    phone = enter(open_page(PHONE, has_touch=True, is_mobile=True, base_url=send.shop.url), send)
    card = phone.locator(".hb-rowcard", has_text="ben@x")
    expect(card).to_contain_text("The mailbox is full.")
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert phone.evaluate(wide) == 0
    button = card.get_by_role("button", name="Send again")
    assert (button.bounding_box() or {"height": 0})["height"] >= 44
    send.cheer_up()
    button.click()
    phone.get_by_test_id("confirm").click()
    expect(phone.get_by_test_id("count-sent")).to_have_text("2")


def test_who_may_not_send_sees_the_reasons_and_no_button(send: Send, open_page: Open) -> None:
    hire_sal(send.shop)
    page = open_page(base_url=send.shop.url)
    form = {"email": email_of("sal"), "password": PASSWORD}
    page.context.request.post(
        f"{send.shop.url}/sign-in", form=form, headers={"Origin": send.shop.url}, max_redirects=0
    )
    page.goto(f"/marketing/sends/{send.id}")
    expect(row(page, "Ben")).to_contain_text("The mailbox is full.", timeout=30_000)
    page.get_by_test_id("term-failed").click()
    expect(row(page, "Ana")).to_have_count(0)
    for words in ("Send again", "Decide", "Try the"):
        expect(page.get_by_role("button", name=words)).to_have_count(0)
    expect(page.get_by_role("link", name="Correct the address")).to_have_count(0)


def hire_sal(shop: Server) -> None:
    """With Olive's password. By hand, for the test process is not connected to this shop's database."""
    with closing(sqlite3.connect(shop.database, timeout=20)) as database, database:
        database.execute(
            "INSERT OR IGNORE INTO users (email, name, role, password_hash, active, created_at)"
            " SELECT ?, 'Sal', 'salesperson', password_hash, 1, created_at FROM users WHERE role = 'owner'",
            [email_of("sal")],
        )
