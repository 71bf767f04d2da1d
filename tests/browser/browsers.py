"""Browsers that are kept from test to test, and forget whom they served.

A new browser reads and compiles the scripts of the pages anew, half of a test's time; one with a profile on disk keeps
them compiled. Kept are one for the desk and one for the phone, each at the address of the shop that all tests share.
Whoever needs a second one at once, or one for another shop, gets a new one that ends with the test.
"""

import os
import shutil
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import BrowserContext, Page, Playwright

# The shell without a window of its own takes a quarter less time than the whole browser.
CHROMIUMS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
PATIENCE = 15_000  # milliseconds for anything to appear, on a busy machine
WRITTEN_BY_PAGES = "local_storage,indexeddb,websql,service_workers,cache_storage,file_systems"
ANYBODY: Final[dict[str, Any]] = {
    "timezone_id": "Europe/London",
    "locale": "en-GB",
    "reduced_motion": "reduce",
}
USED: Final[dict[bool, dict[str, Any]]] = {
    False: {"viewport": {"width": 1360, "height": 900}},
    True: {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}


class Browsers:
    """`home` is the address of the shop that all tests share; `folder` is empty, the profiles are kept in it."""

    def __init__(self, playwright: Playwright, home: str, folder: Path) -> None:
        self._playwright = playwright
        self._home = home
        self._folder = folder
        self._kept: dict[bool, BrowserContext] = {}  # the phone and the desk, by whether fingers use it
        self._in_use: list[BrowserContext] = []

    def open(self, base_url: str | None, touch: bool) -> Page:
        """A page of a browser that knows nobody, at the shared shop or at another."""
        kept = self._kept_one(touch)
        free = base_url in (None, self._home) and kept not in self._in_use
        context = kept if free else self._new_one(kept, base_url or self._home, touch)
        self._in_use.append(context)
        return context.new_page()

    def close_all(self) -> None:
        """At the end of a test: a browser that is kept forgets what the test did with it."""
        for context in self._in_use:
            if context in self._kept.values():
                self._forget(context)
            else:
                context.close()
        self._in_use.clear()

    def quit(self) -> None:
        for context in self._kept.values():
            context.close()

    def _kept_one(self, touch: bool) -> BrowserContext:
        if touch not in self._kept:
            made = self._playwright.chromium.launch_persistent_context(
                self._folder / ("phone" if touch else "desk"),
                executable_path=_chromium(),
                args=ARGUMENTS,
                base_url=self._home,
                **ANYBODY,
                **USED[touch],
            )
            made.set_default_timeout(PATIENCE)
            self._kept[touch] = made
        return self._kept[touch]

    def _new_one(self, beside: BrowserContext, home: str, touch: bool) -> BrowserContext:
        assert beside.browser
        made = beside.browser.new_context(base_url=home, **ANYBODY, **USED[touch])
        made.set_default_timeout(PATIENCE)
        return made

    def _forget(self, context: BrowserContext) -> None:
        empty, *used = context.pages  # the first one is Chromium's own: without any page it would go
        for page in used:
            page.close()
        context.clear_cookies()
        context.clear_permissions()
        session = context.new_cdp_session(empty)
        session.send("Storage.clearDataForOrigin", {"origin": self._home, "storageTypes": WRITTEN_BY_PAGES})
        session.detach()


def _chromium() -> str:
    found = os.environ.get("HANDBILL_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    assert found, "The browser tests need Chromium: install it, or name it in HANDBILL_CHROMIUM."
    return found
