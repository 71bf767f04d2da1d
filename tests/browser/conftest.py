"""One shop and one Chromium for all browser tests; a signed-in page for each test; no error on the console goes unseen.

What a test may ask for:
    shop      the server: `shop.url`; `reading()` of data.database looks into its database
    page      Olive, signed in, 1360 x 900          phone     Olive, signed in, 390 x 844
    visitor   a browser nobody signed in with       sign_in   sign_in(page, "max") makes it that person's
    console   the errors seen so far; a test that provokes one on purpose clears it
    new_shop  starts another server, without an owner unless told one
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, Page, ViewportSize, expect, sync_playwright

from data.database import close_database
from tests.browser.browsers import PATIENCE, Browsers
from tests.browser.server import PASSWORD, Server, email_of, furnish, look_into, started

OUT = Path(__file__).parents[1] / "out"
DESK: ViewportSize = {"width": 1360, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
expect.set_options(timeout=PATIENCE)

SignIn = Callable[[Page, str], None]
Open = Callable[..., Page]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    owner = {"HANDBILL_OWNER_EMAIL": email_of("olive"), "HANDBILL_OWNER_PASSWORD": PASSWORD}
    with started(tmp_path_factory.mktemp("shop"), owner) as server:
        furnish(server)
        yield server
        close_database()


@pytest.fixture
def new_shop(tmp_path: Path, shop: Server) -> Iterator[Callable[..., Server]]:
    """`new_shop(HANDBILL_UNDO_SECONDS="30")`: a shop of its own that ends with the test; afterwards it is Olive's again."""
    with ExitStack() as stack:
        stack.callback(look_into, shop)

        def start(**settings: str) -> Server:
            data = tmp_path / f"shop-{len(list(tmp_path.iterdir()))}"
            data.mkdir()
            return stack.enter_context(started(data, settings))

        yield start


@pytest.fixture(scope="session")
def browsers(shop: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browsers]:
    with sync_playwright() as playwright:
        kept = Browsers(playwright, shop.url, tmp_path_factory.mktemp("browsers"))
        yield kept
        kept.quit()


@pytest.fixture
def page(open_page: Open, sign_in: SignIn) -> Page:
    made = open_page(DESK)
    sign_in(made, "olive")
    return made


@pytest.fixture
def phone(open_page: Open, sign_in: SignIn) -> Page:
    made = open_page(PHONE, has_touch=True, is_mobile=True)
    sign_in(made, "olive")
    return made


@pytest.fixture
def visitor(open_page: Open) -> Page:
    return open_page(DESK)


@pytest.fixture
def sign_in(shop: Server) -> SignIn:
    """Whoever used that browser before is signed out by it. The page itself stays where it is."""

    def now_it_is(page: Page, who: str) -> None:
        answer = page.context.request.post(
            f"{shop.url}/sign-in",
            form={"email": email_of(who), "password": PASSWORD},
            headers={"Origin": shop.url},
            max_redirects=0,
        )
        assert answer.status == 303, f"{who} could not sign in: {answer.status}"

    return now_it_is


@pytest.fixture
def open_page(
    request: pytest.FixtureRequest,
    browsers: Browsers,
    console: list[str],
) -> Iterator[Open]:
    """A browser that knows nobody, at the shop's address so that `page.goto("/customers")` is enough.

    `open_page(size, base_url=...)` for another shop.
    """
    pages: list[Page] = []

    def make(
        size: ViewportSize = DESK,
        *,
        base_url: str | None = None,
        has_touch: bool = False,
        is_mobile: bool = False,
    ) -> Page:
        made = browsers.open(base_url, touch=has_touch or is_mobile)
        made.set_viewport_size(size)
        _listen(made, console)
        pages.append(made)
        return made

    yield make
    if getattr(request.node, "went_wrong", False):
        _photograph(request.node.name, pages)
    browsers.close_all()


@pytest.fixture
def console() -> Iterator[list[str]]:
    seen: list[str] = []
    yield seen
    assert not seen, "The console of the browser shows errors:\n" + "\n".join(seen)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: "pytest.CallInfo[None]"
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.went_wrong = True  # type: ignore[attr-defined]
    return report


def _listen(page: Page, console: list[str]) -> None:
    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            console.append(f"{message.text} ({message.location.get('url', '')})")

    page.on("console", hear)
    page.on("pageerror", lambda error: console.append(f"{error} ({page.url})"))


def _photograph(name: str, pages: list[Page]) -> None:
    OUT.mkdir(exist_ok=True)
    for number, page in enumerate(pages):
        page.screenshot(path=OUT / f"{name}-{number}.png", full_page=True)
