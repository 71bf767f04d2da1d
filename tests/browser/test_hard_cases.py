"""What goes wrong on a bad day, as it looks in a browser: pressing twice, a wrong password, a full disk."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.server import PASSWORD, Server, email_of
from tests.full_disk import no_room
from tests.twins.smtp_server import ScriptedServer

OWNER = {"HANDBILL_OWNER_EMAIL": email_of("olive"), "HANDBILL_OWNER_PASSWORD": PASSWORD}
LETTER = {"subject": "Come by", "textBody": "Dear {{ firstName }}, come in."}


@pytest.fixture
def small_shop(new_shop: Callable[..., Server]) -> Iterator[Callable[..., tuple[Server, httpx.Client]]]:
    """A shop of its own with three customers, and a program of Olive's that speaks to it."""

    programs = ExitStack()

    def start(**settings: str) -> tuple[Server, httpx.Client]:
        shop = new_shop(**OWNER, **settings)
        program = programs.enter_context(httpx.Client(base_url=f"{shop.url}/api/marketing/", timeout=30))
        who = {"email": email_of("olive"), "password": PASSWORD}
        token = program.post(f"{shop.url}/api/auth/login", json=who).json()["accessToken"]
        program.headers["Authorization"] = f"Bearer {token}"
        for name in ("Ana", "Ben", "Cleo"):
            person = {"firstName": name, "email": f"{name.lower()}@x.example"}
            assert program.post("customers", json=person).status_code == 201
        program.put("settings/shop", json={"postalAddress": "4 Market Row"})
        return shop, program

    with programs:
        yield start


def test_two_tabs_pressed_twice_and_the_api_make_one_launch(
    small_shop: Callable[..., tuple[Server, httpx.Client]], open_page: Open
) -> None:
    shop, program = small_shop(HANDBILL_UNDO_SECONDS="0")
    number = program.post("campaigns", json={"name": "Pearls", **LETTER}).json()["id"]
    first = enter(open_page(base_url=shop.url), shop)
    second = first.context.new_page()
    for tab in (first, second):
        tab.goto(f"/marketing/campaigns/{number}")
        tab.get_by_test_id("send-now").click()
        expect(tab.get_by_test_id("confirm")).to_be_visible()
    answers: list[int] = []

    def launch() -> None:
        answers.append(program.post(f"campaigns/{number}/launch").status_code)

    programs = [threading.Thread(target=launch) for _ in range(3)]
    for one in programs:
        one.start()
    for tab in (first, second):
        # Both clicks of the double click leave the browser before any answer comes.
        tab.evaluate("for (const _ of [1, 2]) document.querySelector('[data-testid=confirm]').click()")
    for one in programs:
        one.join(30)
    for tab in (first, second):
        expect(tab.get_by_test_id("status")).to_have_text("Sent", timeout=30_000)
    dispatches = program.get("dispatches").json()["items"]
    assert len(dispatches) == 1
    assert sorted(answers) in ([202, 409, 409], [409, 409, 409])
    stats = program.get(f"campaigns/{number}/stats").json()
    assert (stats["recipients"], stats["sent"]) == (3, 3)


def test_a_wrong_mail_password_is_told_and_the_campaign_is_a_draft_again(
    small_shop: Callable[..., tuple[Server, httpx.Client]], open_page: Open
) -> None:
    with ScriptedServer(login=("olive", "right")) as server:
        shop, program = small_shop(HANDBILL_UNDO_SECONDS="0")
        account = {"host": "127.0.0.1", "port": server.port, "security": "none", "username": "olive"}
        assert program.put("settings/mail", json=account | {"password": "wrong"}).status_code == 200
        number = program.post("campaigns", json={"name": "Pearls", **LETTER}).json()["id"]
        page = enter(open_page(base_url=shop.url), shop)
        page.goto(f"/marketing/campaigns/{number}")
        page.get_by_test_id("send-now").click()
        page.get_by_test_id("confirm").click()
        expect(page.get_by_test_id("launch-error")).to_contain_text(
            "did not accept the user name or password", timeout=30_000
        )
        expect(page.get_by_test_id("launch-error")).to_contain_text("0 of 3 reached")
        assert program.get(f"campaigns/{number}").json()["status"] == "draft"
        page.goto("/settings/mail")
        expect(page.get_by_test_id("mail-trouble")).to_contain_text("did not accept")
        page.get_by_test_id("mail-password").fill("right")
        page.get_by_test_id("mail-save").click()
        expect(page.get_by_test_id("toast")).to_be_visible()
        page.goto(f"/marketing/campaigns/{number}")
        page.get_by_test_id("send-rest").click()
        page.get_by_test_id("confirm").click()
        expect(page.get_by_test_id("status")).to_have_text("Sent", timeout=30_000)
    assert sorted(one.recipient[0] for one in server.received) == ["a", "b", "c"]


def test_on_a_full_disk_nothing_typed_is_lost(
    small_shop: Callable[..., tuple[Server, httpx.Client]], open_page: Open, console: list[str]
) -> None:
    shop, program = small_shop()
    page = enter(open_page(base_url=shop.url), shop)
    page.goto("/marketing/campaigns/new")
    page.get_by_test_id("name").fill("Pearls")
    expect(page.get_by_test_id("saved")).to_contain_text("Saved")
    with no_room(shop.pid):
        page.get_by_test_id("subject").fill("An evening for you")
        expect(page.get_by_test_id("saved")).to_contain_text("Not saved. Handbill could not write this down")
        page.get_by_test_id("save-draft").click()
        expect(page.get_by_text("its disk may be full").first).to_be_visible()
        expect(page.get_by_test_id("subject")).to_have_value("An evening for you")
        other = page.context.new_page()
        other.goto("/customers")
        expect(other.get_by_text("Cleo").first).to_be_visible()  # who only reads is not held up
    page.get_by_test_id("save-draft").click()
    expect(page.get_by_test_id("saved")).to_contain_text(re.compile(r"^Saved"))
    (kept,) = program.get("campaigns").json()["items"]
    assert kept["subject"] == "An evening for you"
    console.clear()


def enter(page: Page, shop: Server) -> Page:
    """Olive's browser at a shop that is not the usual one."""
    form = {"email": email_of("olive"), "password": PASSWORD}
    page.context.request.post(f"{shop.url}/sign-in", form=form, headers={"Origin": shop.url}, max_redirects=0)
    return page
