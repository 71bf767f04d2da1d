"""Every page can be read and used by everybody: axe finds nothing against WCAG 2.2, levels A and AA.

The pages are those that the product itself opens, so a new one is looked at from its first day; one with a number in its
path, and one of plain HTML, wants an example here. Each is seen on a desk by day and on a phone by night.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.database import now, unit
from domain.audience.segments import Segment
from domain.book import sign_ups
from domain.book.groups import Group
from domain.message.templates import Template
from domain.sending import campaigns, sign_up_letter
from domain.sending.campaigns import Campaign, Status
from domain.sending.dispatches import Dispatch
from domain.shop import people
from domain.shop import shop as shops
from domain.shop.people import Actor
from jobs import importing
from tests.browser.conftest import DESK, PHONE, Open, SignIn
from tests.browser.server import PASSWORD, Server, email_of, look_into
from tests.browser.test_send_report import write_to_240
from tests.letters import add_person, way_out, write_to
from ui import doors, plain

RULES: Final = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
    "preload": False,  # it would fetch the sheets once more for one rule, about orientation, which none of them names
}
PATHS: Final = [one.path for one in doors.pages()]
EXAMPLES: Final = {
    "/marketing/campaigns/{campaign_id}/edit": "/marketing/campaigns/{draft}/edit",
    "/marketing/campaigns/{campaign_id}": "/marketing/campaigns/{campaign}",
    "/marketing/sends/{dispatch_id}": "/marketing/sends/{send}",
    "/customers/{id}/edit": "/customers/{una}/edit",
    "/customers/{id}": "/customers/{una}",
    "/customers/groups/{id}": "/customers/groups/{group}",
    "/customers/import/{import_id}": "/customers/import/{list}",
    "/segments/{id}": "/segments/{segment}",
    "/templates/{id}": "/templates/{template}",
}
# By their templates.
PLAIN: Final = {
    "sign_in": "/sign-in",
    "message": "/u/what-leads-nowhere",
    "preferences": "{way_out}",
    "proof": "/customers/{una}/proof",
    "counter_card": "/settings/sign-up/card",
    "chat_card": "/settings/whatsapp/card",
}
PLAIN_OF_A_NEW_SHOP: Final = {"welcome_owner", "welcome_shop", "welcome_choice", "join", "join_said", "join_confirm"}  # fmt: skip
# What comes after the page's title, where something is far from being there with it.
LATER: Final = {
    "/marketing/campaigns/new": "subject",
    "/marketing/sends/{dispatch_id}": "timeline",
    "/customers": "customers-table",
    "/settings/audit": "audit-count",
}
# Lists that begin with nothing in them.
EMPTY: Final = [
    "/marketing/campaigns",
    "/marketing/sends",
    "/marketing/log",
    "/marketing/results",
    "/practice",
    "/practice/whatsapp",
    "/customers",
    "/customers/tags",
    "/customers/groups",
    "/customers/duplicates",
    "/segments",
    "/templates",
    "/settings/deleted",
]
MOVE: Final = """path => {
  document.querySelector("#content").dataset.seen = "";
  const way = Object.assign(document.createElement("a"), { href: path });
  document.querySelector("#app").append(way);
  way.click();
  way.remove();
}"""
# The rows and cards of a long list are as the first eight of it.
ALIKE: Final = [
    "tbody tr:nth-child(n+9)",
    ".q-table__grid-content > :nth-child(n+9)",
    "main > details:nth-of-type(n+9)",
]
# The bar with Save floats over whatever happens to stand there; one scrolls. So it is looked at where it belongs, below.
UNDER_NOTHING: Final = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(".hb-actions { position: static !important }");
  document.adoptedStyleSheets = [sheet];
}"""
STILL = 200  # milliseconds without anything new: so it will stay
STANDS: Final = """still => new Promise(done => {
  const end = () => { seen.disconnect(); clearTimeout(at_last); done(); };
  const seen = new MutationObserver(() => { clearTimeout(wait); wait = setTimeout(end, still); });
  const at_last = setTimeout(end, 10 * still);
  let wait;
  // A new size is told with the next picture; only then does a menu move to its new place.
  requestAnimationFrame(() => requestAnimationFrame(() => {
    wait = setTimeout(end, still);
    seen.observe(document, { childList: true, subtree: true, attributeFilter: ["class", "style"] });
  }));
})"""


class Eye:
    """Looks at one page after the other, and remembers what is wrong under the name of each."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.wrong: dict[str, list[str]] = {}
        self.next = [("desk", DESK, "light"), ("phone", PHONE, "dark")]

    def look(self, name: str, *, within: str = "html", once: bool = False) -> None:
        self.page.evaluate(UNDER_NOTHING)
        for way, size, look in self.next[: 1 if once else 2]:
            self.page.set_viewport_size({"width": size["width"], "height": size["height"]})
            self.page.emulate_media(color_scheme="dark" if look == "dark" else "light")
            self.page.evaluate(STANDS, STILL)
            faults = [*found(self.page, within), *pushed_out(self.page)]
            if faults:
                self.wrong[f"{name}, {way}"] = faults
        self.next.reverse()  # the next one begins as this one ends

    def move(self, path: str) -> None:
        """Within the shell, as a press on a link does it: five times as quick as from the beginning."""
        self.page.evaluate(MOVE, path)
        expect(self.page.locator("#content:not([data-seen]) h1")).to_be_visible()
        expect(self.page.locator(".hb-skeleton:visible")).to_have_count(0)


@contextmanager
def eye(page: Page) -> Iterator[Eye]:
    looking = Eye(page)
    yield looking
    assert not looking.wrong, "\n".join(
        f"{name}: {fault}" for name, faults in looking.wrong.items() for fault in faults
    )


@pytest.fixture(scope="module")
def known(shop: Server) -> dict[str, str]:
    """The number of one of each kind, and the way out at the foot of a message."""
    send = write_to_240()
    with unit() as session:
        by = an_owner(session)
        una = add_person(session, "Una", "una@access.example", by=by, now=now())
        delivery = write_to(session, una, by=by, now=now())
        numbers = {
            "send": send,
            "campaign": session.get_one(Dispatch, send).campaign_id,
            "draft": session.scalars(select(Campaign.id).where(Campaign.status == Status.DRAFT)).first(),
            "una": una,
            "group": session.scalars(select(Group.id)).first(),
            "segment": session.scalars(select(Segment.id)).first(),
            "template": session.scalars(select(Template.id)).first(),
            "way_out": way_out(delivery),
        }
    names = b"First name,Email\nIda,ida@access.example\nNobody,nowhere\n"
    numbers["list"] = importing.begin(names, "fair.csv", basis="They asked at the fair", by=by).id
    return {name: str(number) for name, number in numbers.items()}


def test_every_page_of_the_shop_passes(open_page: Open, sign_in: SignIn, known: dict[str, str]) -> None:
    page = open_page(DESK)
    sign_in(page, "olive")
    page.goto("/settings/account")
    with eye(page) as looking:
        for path in PATHS:
            example = EXAMPLES.get(path, path)
            assert "{" not in path or path in EXAMPLES, f"{path} is seen by nobody here: give an example"
            looking.move(example.format(**known))
            if path in LATER:
                expect(page.get_by_test_id(LATER[path]).first).to_be_visible()
            looking.look(path)


def test_every_plain_page_passes(
    open_page: Open, sign_in: SignIn, known: dict[str, str], console: list[str]
) -> None:
    page = open_page(DESK)
    with eye(page) as looking:
        for name, path in PLAIN.items():
            if name == "proof":
                sign_in(page, "olive")
            page.goto(path.format(**known))
            looking.look(name)
        page.goto("/api/docs")
        looking.look("the description of the API")
        console.clear()  # what leads nowhere says so with 404


def test_no_plain_page_is_forgotten() -> None:
    pages = {name.removesuffix(".html") for name in plain.TEMPLATES.list_templates()} - {
        "layout",
        "parts",
        "beside",
    }
    assert pages == PLAIN.keys() | PLAIN_OF_A_NEW_SHOP


def test_what_opens_over_a_page_passes(page: Page, known: dict[str, str], console: list[str]) -> None:
    with eye(page) as looking:
        page.goto(f"/marketing/campaigns/{known['draft']}")
        page.get_by_test_id("send-now").click()
        expect(page.get_by_test_id("confirm")).to_be_enabled()
        looking.look("the question before a send", within="[role=dialog]")
        page.get_by_test_id("cancel").click()
        page.get_by_test_id("more").click()
        expect(page.get_by_role("menuitem", name="Delete")).to_be_visible()
        looking.look("a menu")
        with unit() as session:
            campaigns.delete(session, int(known["draft"]), by=an_owner(session), now=now())
        page.get_by_role("menuitem", name="Duplicate").click()
        expect(page.get_by_test_id("toast")).to_be_visible()
        looking.look("a refusal")
        page.goto("/customers?search=nobody-is-called-so")
        expect(page.get_by_test_id("nobody-fits")).to_be_visible()
        looking.look("a list that nobody fits")
        page.goto("/no/such/page")
        expect(page.get_by_test_id("not-found")).to_be_visible()
        console.clear()  # it says so with 404
        looking.look("no such page")
        page.set_viewport_size({"width": 390, "height": 844})
        page.get_by_test_id("menu").click()
        expect(page.get_by_role("navigation").get_by_role("link", name="Settings")).to_be_visible()
        assert found(page) == []


def test_a_new_shop_passes_and_an_owner_who_stopped_halfway_goes_on_there(
    open_page: Open, new_shop: Callable[..., Server], console: list[str]
) -> None:
    server = new_shop()
    page = open_page(base_url=server.url)
    with eye(page) as looking:
        page.goto("/customers")
        looking.look("welcome_owner")
        page.get_by_test_id("name").fill("Olive")
        page.get_by_test_id("email").fill(email_of("olive"))
        page.get_by_test_id("password").fill(PASSWORD)
        page.get_by_test_id("submit").click()
        expect(page.get_by_test_id("welcome-shop-form")).to_be_visible()
        page.goto("/customers")
        page.get_by_test_id("shop_name").fill("Bloom")
        page.get_by_test_id("timezone").fill("Mars/Olympus")
        page.get_by_test_id("sender_name").fill("Bloom")
        page.get_by_test_id("submit").click()
        expect(page.get_by_text("This time zone is not known.")).to_be_visible()
        console.clear()  # the refusal came with status 422
        expect(page.get_by_test_id("shop_name")).to_have_value("Bloom")
        looking.look("welcome_shop")
        page.get_by_test_id("timezone").fill("Europe/Paris")
        page.get_by_test_id("submit").click()
        page.goto("/marketing")
        looking.look("welcome_choice")
        page.get_by_test_id("choice-empty").click()
        page.wait_for_url("**/marketing")
        expect(page.get_by_test_id("practice-banner")).to_be_visible()
        looking.look("/marketing with nothing in it")
        for path in EMPTY:
            looking.move(path)
            looking.look(f"{path} with nothing in it", once=True)
        look_into(server)
        signing_up(page, looking)


def signing_up(page: Page, looking: Eye) -> None:
    with unit() as session:
        shops.change(session, {"sign_up_open": True}, by=an_owner(session), now=now())
        asked = sign_ups.ask(session, first_name="Petra", email="petra@access.example", source=sign_ups.Source.LINK, address="", now=now())  # fmt: skip
        assert asked is not None
        link = sign_up_letter.link(asked.id)
    page.goto("/join")
    looking.look("join")
    page.goto(link[link.index("/join") :])
    looking.look("join_confirm")
    page.get_by_test_id("submit").click()
    looking.look("join_said")


def test_a_fault_would_be_found(open_page: Open) -> None:
    page = open_page(DESK)
    page.set_content(
        "<html lang=en><title>x</title><main><button></button><p style='color:#ccc'>pale</p></main>"
    )
    assert {fault.split(":")[0] for fault in found(page)} == {"button-name", "color-contrast"}


def an_owner(session: Session) -> Actor:
    olive = people.by_email(session, email_of("olive"))
    assert olive is not None
    return olive.as_actor("page")


def found(page: Page, within: str = "html") -> list[str]:
    """What is wrong, each with the place of it. What lies behind a question is veiled: look within that."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    violations: list[dict[str, Any]] = page.evaluate(
        "([part, rules]) => axe.run(part, rules)", [{"include": within, "exclude": ALIKE}, RULES]
    )["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in violations for node in one["nodes"]]


def pushed_out(page: Page) -> list[str]:
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{wider} px are pushed out at the side"] if wider > 0 else []
