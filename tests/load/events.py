"""How quick a page stays while a send runs: `python -m tests.load.events [--quick]`.

A real server with its worker inside, a real browser. An event is a press of a filter over the list of campaigns: the
server answers with the filter's new look, and then with the list. Measured by the browser's own clock, first in an idle
shop, then while the messages of a long send go out.
"""

import argparse
import itertools
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page

from data.database import now, reading, unit
from domain.ledger import deliveries
from domain.sending import campaigns, dispatches
from domain.sending.campaigns import Status
from domain.sending.dispatches import DispatchState
from domain.shop import people
from tests.browser.server import email_of
from tests.load.pages import browser_at, opened
from tests.load.shop import write_campaign, write_in
from tests.load.sink import Sink
from tests.load.ticking import lateness

EVENTS, RECIPIENTS = 300, 200_000
AT_ONCE = 20  # events between two looks whether the send still runs
CALM = 30  # milliseconds between an event and the next
BEGINS_WITHIN = 60.0  # seconds
PILLS = {"all": True, "scheduled": False}  # whether the campaign stands in that list
PRESS = """([pill, listed]) => new Promise(done => {
    const button = document.querySelector(`[data-testid=pill-${pill}]`)
    const list = document.querySelector("[data-testid=campaigns]")
    let changed, painted, shown
    const look = () => {
        const at = performance.now() - began
        if (!changed && button.getAttribute("aria-pressed") === "true") {
            changed = at
            requestAnimationFrame(() => setTimeout(() => { painted = performance.now() - began; end() }))
        }
        if (!shown && list.innerText.includes("Autumn") === listed) shown = at
        end()
    }
    const end = () => {
        if (!painted || !shown) return
        seen.disconnect()
        done([changed, painted, shown])
    }
    const seen = new MutationObserver(look)
    seen.observe(document.body, {childList: true, subtree: true, characterData: true, attributes: true})
    const began = performance.now()
    button.click()
})"""


@dataclass(slots=True)
class Pressed:
    """Milliseconds from the click."""

    changed: list[float] = field(default_factory=list)
    painted: list[float] = field(default_factory=list)
    listed: list[float] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)
    until: float = 0.0

    def add(self, changed: float, painted: float, listed: float) -> None:
        self.changed.append(changed)
        self.painted.append(painted)
        self.listed.append(listed)
        self.until = time.monotonic()


def main(events: int, recipients: int) -> None:
    with tempfile.TemporaryDirectory() as name, Sink() as sink:
        folder = Path(name)
        settings = {"HANDBILL_SMTP_URL": f"smtp://127.0.0.1:{sink.port}?security=none"}
        with opened(folder, settings, "-m", "tests.load.ticking") as server, browser_at(server) as page:
            write_in(recipients)
            campaign_id = write_campaign_of_olive()
            page.goto("/marketing/campaigns", wait_until="load")
            page.wait_for_function("window.socket?.connected")
            press(page, 2 * AT_ONCE, lambda: True)  # whatever is slow only once
            idle = press(page, events, lambda: True)
            report("idle", idle, folder)
            fire(campaign_id)
            busy = press(page, events, lambda: is_sending(campaign_id))
            report("while a send runs", busy, folder)
            print(f"  sent meanwhile, with {sent(campaign_id):,} of {recipients:,} at the end")


def write_campaign_of_olive() -> int:
    with reading() as session:
        olive = people.by_email(session, email_of("olive"))
        assert olive is not None
        by = olive.as_actor("command")
    return write_campaign(by)


def fire(campaign_id: int) -> None:
    """The shop's own clock presses Send, so that all the work is done where it usually is. Returns with the first hand-over."""
    with unit() as session:
        campaign = campaigns.get(session, campaign_id)
        campaign.status, campaign.scheduled_at = Status.SCHEDULED, now()
    until = time.monotonic() + BEGINS_WITHIN
    while not sent(campaign_id):
        if time.monotonic() > until:
            raise TimeoutError("the send did not begin")
        time.sleep(0.05)


def press(page: Page, events: int, goes_on: Callable[[], bool]) -> Pressed:
    """As many events as asked for, or as there were until the send ended."""
    pressed, pills = Pressed(), itertools.cycle(["scheduled", "all"])
    for _ in range(0, events, AT_ONCE):
        lot = [one_press(page, next(pills)) for _ in range(AT_ONCE)]
        if not goes_on():
            break
        for one in lot:
            pressed.add(*one)
    return pressed


def one_press(page: Page, pill: str) -> tuple[float, float, float]:
    page.wait_for_timeout(CALM)
    changed, painted, shown = page.evaluate(PRESS, [pill, PILLS[pill]])
    return changed, painted, shown


def is_sending(campaign_id: int) -> bool:
    with reading() as session:
        launches = dispatches.of_campaign(session, campaign_id)
        return bool(launches) and launches[0].state is DispatchState.SENDING


def sent(campaign_id: int) -> int:
    with reading() as session:
        launches = dispatches.of_campaign(session, campaign_id)
        return deliveries.books(session, launches[0].id).sent if launches else 0


def report(when: str, pressed: Pressed, folder: Path) -> None:
    print(f"{when}: {len(pressed.painted)} events, ms; load average {os.getloadavg()[0]:.1f}")
    time.sleep(1.0)  # ticks are written in lots
    print_line("the change in the page", pressed.changed)
    print_line("the change on the screen", pressed.painted)
    print_line("the list behind it", pressed.listed)
    print_line("a tick of the loop late by", lateness(folder, pressed.since, pressed.until))


def print_line(name: str, figures: list[float]) -> None:
    if not figures:
        return print(f"  {name:<28}  none")
    ordered = sorted(figures)
    shares = {
        f"p{share}": ordered[min(len(ordered) - 1, len(ordered) * share // 100)] for share in (50, 95, 99)
    }
    each = "  ".join(f"{name} {figure:6.1f}" for name, figure in {**shares, "max": ordered[-1]}.items())
    return print(f"  {name:<28}{each}", flush=True)


if __name__ == "__main__":
    given = argparse.ArgumentParser()
    given.add_argument("--quick", action="store_true", help="a fifth of everything")
    fifth = 5 if given.parse_args().quick else 1
    main(EVENTS // fifth, RECIPIENTS // fifth)
