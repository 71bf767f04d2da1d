"""How long a click takes to the next page: `python -m tests.load.pages`. A real server, a real browser, the sample shop."""

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from data.database import close_database
from tests.browser.browsers import ARGUMENTS, CHROMIUMS
from tests.browser.server import PASSWORD, Server, email_of, furnish, started

ROUNDS = 6
CALM = 150  # milliseconds
WALK = """way => new Promise(done => {
    const title = () => document.querySelector("[data-testid=title]")?.innerText
    const link = [...document.querySelectorAll("nav[aria-label=Pages] a")].find(one => one.innerText.trim() === way)
    const began = performance.now()
    const seen = new MutationObserver(() => {
        if (title() !== way) return
        seen.disconnect()
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)))
    })
    seen.observe(document.body, {childList: true, subtree: true, characterData: true})
    link.click()
})"""
WAYS = ["Campaigns", "Customers", "Sends", "Segments", "Templates"]


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        opened(Path(folder), {}) as server,
        browser_at(server) as page,
    ):
        print(f"load average {os.getloadavg()[0]:.1f}")
        for name in ("first page, nothing cached", "the same page again"):
            took = milliseconds(lambda: page.goto("/marketing", wait_until="load"))
            print(f"{name:<28} {took:6.0f} ms")
        page.wait_for_function("window.socket?.connected")
        walk(page, "Customers")
        times = [walk(page, way) for _ in range(ROUNDS) for way in WAYS]
        print(
            f"page to page inside the shop {statistics.median(times):6.0f} ms median, {max(times):.0f} ms slowest"
        )


@contextmanager
def opened(folder: Path, settings: Mapping[str, str], *program: str) -> Iterator[Server]:
    """The sample shop; this process stays connected to its database."""
    owner = {"HANDBILL_OWNER_EMAIL": email_of("olive"), "HANDBILL_OWNER_PASSWORD": PASSWORD}
    with started(folder, {**owner, **settings}, *program) as server:
        furnish(server)
        yield server
        close_database()


@contextmanager
def browser_at(server: Server) -> Iterator[Page]:
    """Olive, signed in."""
    found = os.environ.get("HANDBILL_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)))
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        page = chromium.new_page(base_url=server.url, viewport={"width": 1360, "height": 900})
        form: dict[str, str | float | bool] = {"email": email_of("olive"), "password": PASSWORD}
        page.context.request.post("/sign-in", form=form, headers={"Origin": server.url}, max_redirects=0)
        yield page
        chromium.close()


def walk(page: Page, way: str) -> float:
    """From the click to the next page's title on the screen, in milliseconds, by the browser's own clock."""
    page.wait_for_timeout(CALM)  # what the page before still fetches is not this page's time
    took: float = page.evaluate(WALK, way)
    return took


def milliseconds(act: Callable[[], object]) -> float:
    started_at = time.monotonic()
    act()
    return (time.monotonic() - started_at) * 1000


if __name__ == "__main__":
    main()
