"""Counts while another program keeps everybody out of the database: the old figure stays, and the new one comes by itself."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect

from data.database import now, reading
from domain.audience import audience as audiences
from domain.audience.audience import Audience, Count
from domain.audience.reach import EMAIL_REACH
from domain.book.message_types import MessageType
from tests.browser.server import Server
from tests.browser.test_segments import add, of_handbill, tick

BUSY = "The shop’s database is busy just now"
STALE = re.compile("is-stale")
LONG = 90_000  # milliseconds: SQLite itself waits up to ten seconds for its turn before it gives up
# Takes the places of all readers (bytes 123 to 127 of the shared memory, see "WAL-mode File Format" of SQLite).
KEEPER = """
import fcntl, sys
with open(sys.argv[1], "r+b") as shared:
    fcntl.lockf(shared, fcntl.LOCK_EX, 5, 123)
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_figures_stay_with_the_reason_and_come_back_by_themselves(page: Page, shop: Server) -> None:
    gold, both = counted("gold"), counted("gold", "watches")
    assert gold.reachable != both.reachable, "the sample shop should have more people by the second tag"
    builder, picker, cards = page, page.context.new_page(), page.context.new_page()
    begin_to_build(builder, gold.matched)
    begin_to_pick(picker, gold.reachable)
    card = begin_to_look(cards)
    with nobody_reads(shop.database):
        tick(builder, "condition-0-tag", "watches")
        picker.get_by_test_id("tag-watches").click()
        cards.get_by_test_id(f"{card}-refresh").click()
        for old, box in (
            (gold.matched, builder.get_by_test_id("live-count")),
            (gold.reachable, picker.get_by_test_id("count-box")),
        ):
            expect(box).to_have_class(STALE)
            expect(box).to_contain_text(BUSY, timeout=LONG)
            expect(box.locator(".big")).to_have_text(f"{old:,}")
        expect(cards.get_by_test_id(f"{card}-trouble")).to_contain_text(BUSY, timeout=LONG)
        expect(cards.get_by_test_id(f"{card}-count")).to_have_class(STALE)
        builder.get_by_test_id("name").fill("Typed meanwhile")
    for new, box in (
        (both.matched, builder.get_by_test_id("live-count")),
        (both.reachable, picker.get_by_test_id("count-box")),
    ):
        expect(box.locator(".big")).to_have_text(f"{new:,}", timeout=LONG)
        expect(box).not_to_have_class(STALE)
        expect(box).not_to_contain_text("busy")
    expect(builder.get_by_test_id("condition-0-count")).to_have_text(f"{both.matched} people", timeout=LONG)
    expect(builder.get_by_test_id("name")).to_have_value("Typed meanwhile")
    expect(cards.get_by_test_id(f"{card}-trouble")).to_be_hidden(timeout=LONG)
    expect(cards.get_by_test_id(f"{card}-count")).not_to_have_class(STALE)


def begin_to_build(page: Page, expected: int) -> None:
    page.goto("/segments/new")
    add(page, "tag")
    tick(page, "condition-0-tag", "gold")
    expect(page.get_by_test_id("live-figure")).to_have_text(f"{expected:,}")
    expect(page.get_by_test_id("condition-0-count")).to_have_text(f"{expected:,} people")


def begin_to_pick(page: Page, expected: int) -> None:
    page.goto("/marketing/bulk-email")
    page.get_by_test_id("audience-tags").click()
    page.get_by_test_id("tag-gold").click()
    expect(page.get_by_test_id("count")).to_have_text(f"{expected:,}")
    expect(page.get_by_test_id("count-names")).not_to_be_empty()


def begin_to_look(page: Page) -> str:
    page.goto("/segments")
    card = f"segment-{of_handbill('new_30')}"
    expect(page.get_by_test_id(f"{card}-counted")).to_contain_text("counted")
    return card


@contextmanager
def nobody_reads(database: Path) -> Iterator[None]:
    """Until the end of the block, by a program of its own."""
    shared = f"{database}-shm"
    with subprocess.Popen(
        [sys.executable, "-c", KEEPER, shared], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as keeper:
        assert keeper.stdin
        assert keeper.stdout
        assert keeper.stdout.readline() == "held\n"
        yield
        keeper.stdin.close()


def counted(*tags: str) -> Count:
    with reading() as session:
        audience = Audience.parse({"type": "tags", "tags": list(tags)})
        return audiences.count(session, audience, EMAIL_REACH, MessageType.MARKETING, now=now())
