"""Every page can be read and used by everybody: axe finds nothing against WCAG 2.2, levels A and AA."""

from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from data.database import now, unit
from domain.ledger.deliveries import Delivery
from domain.shop import people
from tests.browser.conftest import DESK, PHONE, Open, SignIn
from tests.browser.server import Server, email_of
from tests.letters import add_person, way_out, write_to

RULES: Final = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}
# Each with something that is there once the page is whole.
ROOMS: Final = {
    "/marketing": "h1",
    "/marketing/campaigns": "h1",
    "/marketing/campaigns/new": "[data-testid=subject]",
    "/marketing/sends": "h1",
    "/marketing/sends/{send}": "h1",
    "/segments": "h1",
    "/segments/new": "[data-testid=name]",
    "/customers": "[data-testid=customers-table]",
    "/customers/{una}": "[data-testid=customer-facts]",
    "/customers/{una}?tab=consent": "[data-testid=preferences]",
    "/customers/{una}/proof": "[data-testid=proof-today]",
    "/settings/sending": "[data-testid=save-rules]",
    "/settings/audit": "[data-testid=audit-count]",
    "/settings/deleted": "[data-testid=deleted]",
    "/marketing/results": "[data-testid=results-span-said]",
}


@pytest.fixture(scope="module")
def known(shop: Server) -> dict[str, str]:
    """Una, who got a message: her number, the send's, and the way out at the foot of it."""
    with unit() as session:
        olive = people.by_email(session, email_of("olive"))
        assert olive is not None
        by = olive.as_actor("page")
        una = add_person(session, "Una", "una@access.example", by=by, now=now())
        delivery = write_to(session, una, by=by, now=now())
        send = session.get_one(Delivery, delivery).dispatch_id
    return {"una": str(una), "send": str(send), "way_out": way_out(delivery)}


@pytest.mark.parametrize(("size", "look"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_every_room_passes(
    open_page: Open, sign_in: SignIn, known: dict[str, str], size: dict[str, int], look: str
) -> None:
    page = open_page(size, color_scheme=look)
    page.goto("/sign-in")
    assert found(page) == []
    sign_in(page, "olive")
    wrong = {}
    for path, whole in ROOMS.items():
        page.goto(path.format(**known))
        expect(page.locator(whole).first).to_be_visible()
        wrong[path] = found(page)
    assert {path: faults for path, faults in wrong.items() if faults} == {}


@pytest.mark.parametrize(("size", "look"), [(DESK, "dark"), (PHONE, "light")], ids=["desk", "phone"])
def test_what_one_gets_is_chosen_by_everybody(
    open_page: Open, known: dict[str, str], size: dict[str, int], look: str
) -> None:
    page = open_page(size, color_scheme=look)
    page.goto(known["way_out"])
    assert found(page) == []
    for button in ("wish-newsletter", "stop-all", "undo"):
        page.get_by_test_id(button).click()
        expect(page.get_by_test_id("done")).to_be_visible()
        assert found(page) == []


def test_a_fault_would_be_found(open_page: Open) -> None:
    page = open_page(DESK)
    page.set_content(
        "<html lang=en><title>x</title><main><button></button><p style='color:#ccc'>pale</p></main>"
    )
    assert {fault.split(":")[0] for fault in found(page)} == {"button-name", "color-contrast"}


def found(page: Page) -> list[str]:
    """What is wrong, each with the place of it."""
    violations: list[dict[str, Any]] = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in violations for node in one["nodes"]]
