"""WhatsApp in practice and its connecting: what one does on a customer's phone is what the shop heeds."""

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect

from data.database import now, reading, unit
from data.whatsapp_twin import Twin
from domain.book import consent, customers
from domain.book import search as book
from domain.ledger import received
from domain.ledger.deliveries import Delivery, Heard
from domain.message import practice_messages
from domain.shop import whatsapp
from domain.shop.people import Actor, Role
from tests.browser.conftest import PHONE, Open
from tests.browser.server import PASSWORD, Server, email_of
from tests.browser.test_accessible import found
from tests.twins.whatsapp import marked, send_to

OLIVE = Actor(None, "Olive", Role.OWNER)
SPRING = {
    "name": "spring_collection", "language": {"code": "en"},
    "components": [
        {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://shop.example/ring.jpg"}}]},
        {"type": "body", "parameters": [{"type": "text", "parameter_name": "first_name", "text": "Ines"}]},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "spring"}]},
    ],
}  # fmt: skip


def written_to(name: str, number: str) -> tuple[int, int]:
    """A customer who said yes, with a message on the practice phone: their number, and that of the delivery."""
    with unit() as session:
        person = customers.create(session, {"first_name": name, "phone": number}, by=OLIVE, now=now()).id
        consent.grant(session, person, "whatsapp", "marketing", how="staff", now=now(), by=OLIVE)
        [delivery] = send_to(session, [person], now=now())
        here = whatsapp.access(session)
    message = {
        "messaging_product": "whatsapp", "to": number, "type": "template", "template": SPRING,
        "biz_opaque_callback_data": marked(delivery),
    }  # fmt: skip
    answer = httpx.post(f"{here.base}/{here.number_id}/messages", json=message, headers=here.headers)
    assert answer.status_code == 200, answer.text
    return person, delivery


def reachable(page: Page) -> int:
    page.goto("/marketing/whatsapp-campaigns")
    expect(page.get_by_test_id("count")).not_to_have_text("–")
    return int(page.get_by_test_id("count").inner_text())


def take_up(page: Page, name: str, words: str = "our spring collection is in the window") -> None:
    """By the line over every page, which leads to where something came last."""
    until_there(page, name, words)
    page.get_by_test_id("open-practice").click()
    page.get_by_test_id("phone-search").fill(name)
    expect(page.get_by_test_id("phone-item")).to_have_count(1)
    page.get_by_test_id("phone-item").press("Enter")
    expect(page.get_by_test_id("phone")).to_contain_text(words)


@pytest.mark.parametrize(("size", "number"), [("page", "+441632960011"), ("phone", "+441632960014")])
def test_who_answers_a_template_with_stop_is_left_out_of_the_next_one(
    request: pytest.FixtureRequest, size: str, number: str
) -> None:
    seen: Page = request.getfixturevalue(size)
    name = f"Ines at the {size}"
    with unit() as session:
        ines = customers.create(session, {"first_name": name, "phone": number}, by=OLIVE, now=now()).id
        consent.grant(session, ines, "whatsapp", "marketing", how="staff", now=now(), by=OLIVE)
    before = reachable(seen)
    seen.get_by_test_id("template-open_on_sunday-en").click()
    seen.get_by_test_id("send-now").click()
    expect(seen.get_by_test_id("confirm")).to_contain_text(f"{before:,}")
    seen.get_by_test_id("confirm").click()
    expect(seen.get_by_test_id("details")).to_contain_text("open_on_sunday")
    take_up(seen, name, "We are open this Sunday")
    seen.get_by_test_id("read-it").click()
    expect(seen.get_by_test_id("bubble-when").first).to_contain_text("Read")
    seen.get_by_test_id("answer-stop").click()
    expect(seen.get_by_test_id("phone-no")).to_contain_text("want no marketing by WhatsApp")
    assert found(seen) == []
    assert reachable(seen) == before - 1
    seen.goto(f"/customers/{ines}?tab=consent")
    expect(seen.get_by_test_id("wish-whatsapp-marketing")).to_contain_text("Said no today")
    expect(seen.get_by_test_id("consent-history")).to_contain_text("By a message on a practice phone")


def test_an_answer_a_pressed_button_and_a_failure_on_a_phone_reach_the_shop(phone: Page) -> None:
    jo, delivery = written_to("Jolanta", "+441632960012")
    take_up(phone, "Jolanta")
    phone.get_by_test_id("answer").fill("When do you *open*?")
    phone.get_by_test_id("answer").press("Enter")
    expect(phone.get_by_test_id("bubble").last.locator("b")).to_have_text("open")
    expect(phone.get_by_test_id("answer")).to_be_focused()
    phone.get_by_test_id("press").click()
    expect(phone.get_by_test_id("bubble").last).to_contain_text("Stop promotions")
    expect(phone.get_by_test_id("phone-no")).to_be_visible()
    phone.get_by_test_id("fail-it").click()
    phone.get_by_role("menuitem", name="It fails: not on WhatsApp").click()
    expect(phone.get_by_test_id("bubble-why")).to_contain_text("not on WhatsApp")
    assert found(phone) == []
    phone.goto(f"/customers/{jo}?tab=communications")
    expect(phone.get_by_test_id("answers")).to_contain_text("When do you *open*?")
    expect(phone.get_by_test_id("answers")).to_contain_text("Stop promotions")
    expect(phone.get_by_test_id("window-open")).to_contain_text("write freely by WhatsApp until tomorrow")
    expect(phone.get_by_test_id("communications")).to_contain_text("not on WhatsApp")
    with reading() as session:
        assert session.get_one(Delivery, delivery).heard is Heard.BOUNCED


def test_who_asked_something_is_answered_in_free_words_from_their_page(page: Page) -> None:
    with unit() as session:
        person = customers.create(
            session, {"first_name": "Odalys", "phone": "+441632960013"}, by=OLIVE, now=now()
        )
        consent.grant(session, person.id, "whatsapp", "marketing", how="staff", now=now(), by=OLIVE)
        lies_there = {"body": "Hello, our spring collection is in the window."}
        practice_messages.keep(
            session,
            number="+441632960013",
            from_shop=True,
            message_id="wamid.13",
            shown=lies_there,
            now=now(),
        )
    take_up(page, "Odalys")
    page.get_by_test_id("answer").fill("Is my ring ready?")
    page.get_by_test_id("answer-send").click()
    expect(page.get_by_test_id("bubble")).to_have_count(2)
    until_heard(page, person.id)
    page.goto(f"/customers/{person.id}?tab=communications")
    expect(page.get_by_test_id("answer")).to_contain_text("Is my ring ready?")
    page.get_by_test_id("answer-them").click()
    expect(page.get_by_test_id("asked")).to_contain_text("Is my ring ready?")
    page.get_by_test_id("words").fill("Yes, come on *Saturday*.")
    assert found(page) == []
    page.get_by_test_id("send-now").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("value-delivered")).to_have_text("1")
    page.get_by_test_id("open-practice").click()
    page.get_by_test_id("phone-item").first.click()
    expect(page.get_by_test_id("phone-of")).to_have_text("The phone of Odalys")
    expect(page.get_by_test_id("bubble-body").last).to_have_text("Yes, come on Saturday.")


def test_a_number_is_connected_and_each_key_says_whether_it_fits(
    new_shop: Callable[..., Server], open_page: Open
) -> None:
    owner = {"HANDBILL_OWNER_EMAIL": email_of("olive"), "HANDBILL_OWNER_PASSWORD": PASSWORD}
    with Twin() as twin:
        server = new_shop(HANDBILL_WHATSAPP_API_URL=twin.url, **owner)
        page = open_page(base_url=server.url)
        signed_in(page, server)
        page.goto("/settings")
        page.get_by_test_id("settings-settings-whatsapp").click()
        expect(page.get_by_test_id("whatsapp-practice")).to_be_visible()
        fill(page, twin, app_secret="guess")
        page.get_by_test_id("save-whatsapp").click()
        expect(page.get_by_test_id("finding-app-secret")).to_contain_text("does not fit")
        expect(page.get_by_test_id("app_secret-field-wrong")).to_contain_text("does not fit")
        expect(page.get_by_test_id("finding-phone-number-id")).to_contain_text(twin.account.shown_number)
        page.get_by_test_id("app-secret").fill(twin.account.app_secret)
        page.get_by_test_id("save-whatsapp").click()
        expect(page.get_by_test_id("findings-good")).to_contain_text("Now the last step")
        expect(page.get_by_test_id("finding-webhook")).to_contain_text("Nowhere yet")
        expect(page.get_by_test_id("number-facts")).to_contain_text("2,000 different people in 24 hours")
        expect(page.get_by_test_id("practice-banner")).to_contain_text("Practice mode for email")
        assert twin.account.access_token not in page.content()
        assert found(page) == []
        assert twin.report_to(page.get_by_test_id("webhook-address").inner_text())
        phone = open_page(PHONE, base_url=server.url, has_touch=True, is_mobile=True)
        signed_in(phone, server)
        phone.goto("/settings/whatsapp")
        phone.get_by_test_id("check-whatsapp").click()
        expect(phone.get_by_test_id("findings-good")).to_contain_text("Your number is ready")
        expect(phone.get_by_test_id("finding-webhook")).to_contain_text("Meta reports to this shop")
        assert found(phone) == []
        page.get_by_test_id("whatsapp-templates").click()
        expect(page.get_by_test_id("template-last_chance-en")).to_contain_text("Paused")
        page.get_by_test_id("whatsapp-words").click()
        page.get_by_test_id("stop-words").fill("basta\nBASTA COSÌ")
        page.get_by_test_id("save-words").click()
        expect(page.get_by_test_id("toast")).to_contain_text("Saved")
        page.get_by_test_id("whatsapp-yes").click()
        expect(page.get_by_test_id("chat-link")).to_contain_text(f"https://wa.me/{twin.account.number}?text=")
        assert found(page) == []
        page.get_by_test_id("chat-card").click()
        expect(page.get_by_test_id("qr")).to_be_visible()
        expect(page.get_by_test_id("agreed")).to_contain_text("you agree that")


def until_there(page: Page, name: str, words: str) -> None:
    """A send waits for its undo first; what lies on a phone then is what came last."""
    for _ in range(400):
        with reading() as session:
            [number] = book.phones(session, name, 1)
            there = practice_messages.chat(session, number)
        if any(words in str(one.shown.get("body")) for one in there):
            page.goto("/marketing")
            return
        page.wait_for_timeout(50)
    raise AssertionError("nothing came to the phone")


def until_heard(page: Page, customer_id: int) -> None:
    """What is said on a phone comes to the shop by its webhook, a moment later."""
    for _ in range(200):
        with reading() as session:
            if received.how_many(session, customer_id):
                return
        page.wait_for_timeout(50)
    raise AssertionError("the shop did not hear of it")


def signed_in(page: Page, server: Server) -> None:
    answer = page.context.request.post(
        f"{server.url}/sign-in",
        form={"email": email_of("olive"), "password": PASSWORD},
        headers={"Origin": server.url},
        max_redirects=0,
    )
    assert answer.status == 303


def fill(page: Page, twin: Twin, *, app_secret: str) -> None:
    typed = {
        "phone-number-id": twin.account.phone_number_id,
        "business-account-id": twin.account.business_account_id,
        "access-token": twin.account.access_token,
        "app-secret": app_secret,
        "verify-token": twin.account.verify_token,
    }
    for field, value in typed.items():
        page.get_by_test_id(field).fill(value)
