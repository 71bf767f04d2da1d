"""The sign-up form of the shop: whether it is open, how to put it on a website, and the card for the counter."""

from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import urlsplit

from nicegui import ui

from data.config import config
from data.database import now, reading, unit
from domain.book import sign_ups
from domain.book.sign_ups import Source
from domain.shop import shop as shops
from domain.shop.people import Actor, Right
from ui import words
from ui.frame import Page, current_actor
from ui.parts.basics import box, button, card, facts, link_button, text
from ui.parts.feedback import io, toast
from ui.parts.inputs import checkbox
from ui.parts.settings_room import settings_room

HERE: Final = "/settings/sign-up"
OPEN_HELP: Final = (
    "Whoever fills it in gets a letter with a button. Only who presses it is put into the book, with the words they said yes "
    "to, also if they had said no before."
)
ONLY_HERE: Final = (
    "By the address it has now, only this computer reaches it. Whoever set Handbill up can give it one for everybody: "
    "HANDBILL_BASE_URL."
)
SNIPPET_HELP: Final = "Copy this into your website, where the form is to be."
CARD_HELP: Final = "A page to print: a code for the phone’s camera that leads to the form."
CALLED: Final = {
    Source.COUNTER: "By the card on the counter",
    Source.WEBSITE: "By your website",
    Source.LINK: "By the address alone",
}


@dataclass(frozen=True)
class Known:
    is_open: bool
    shop_name: str
    sender: str
    looks: dict[Source, int]
    came: dict[Source, int]


async def build(by: Actor) -> None:
    known = await io(_known)
    with settings_room(by, HERE):
        with card("The sign-up form", OPEN_HELP, testid="sign-up-card"):
            if not known.sender:
                text(
                    "It needs the sender’s address of the shop first: see Settings, Shop.",
                    "hb-help",
                    testid="no-sender",
                )
            if urlsplit(config().public_url).hostname in ("127.0.0.1", "localhost"):
                text(ONLY_HERE, "hb-help", testid="only-here")
            box_open = checkbox("The form is open", known.is_open, testid="sign-up-open")
            with box("hb-row end"):
                link_button("Look at it", "/join", icon="out", whole=True, testid="look-at-form")
                button("Save", lambda: _press(bool(box_open.value)), kind="primary", testid="save-sign-up")
        with card("The card on the counter", CARD_HELP, testid="counter-card"), box("hb-row"):
            link_button("Card to print", f"{HERE}/card", icon="template", whole=True, testid="print-card")
        with card("On your website", SNIPPET_HELP, testid="snippet-card"):
            words_to_copy = snippet(known.shop_name)
            text(words_to_copy, "hb-code", testid="snippet")
            with box("hb-row"):
                button("Copy", lambda: _copy(words_to_copy), icon="copy", testid="copy-snippet")
        with card("Who came by it", testid="came-card"):
            facts([(CALLED[source], _told(known, source)) for source in CALLED], left=True)


def snippet(shop_name: str) -> str:
    """Plain HTML, with nothing in it that follows anybody."""
    return (
        f'<form action="{escape(config().public_url)}/join" method="post">\n'
        f"  <p>Hear from {escape(shop_name)} first: offers and newsletters by email.</p>\n"
        '  <label>First name <input name="first_name" autocomplete="given-name"></label>\n'
        '  <label>Email <input name="email" type="email" autocomplete="email" required></label>\n'
        f'  <input type="hidden" name="source" value="{Source.WEBSITE}">\n'
        "  <button>Sign up</button>\n"
        "</form>"
    )


def _told(known: Known, source: Source) -> str:
    came = f"{words.counted(known.came.get(source, 0), 'person', 'people')} confirmed"
    if source is Source.WEBSITE:  # the form is theirs: who looks at it, we don't see
        return came
    return f"{words.counted(known.looks.get(source, 0), 'look')}, {came}"


async def _press(is_open: bool) -> None:
    by = await current_actor()
    await io(_save, is_open, by)
    toast("The form is open" if is_open else "The form is closed")


def _copy(words: str) -> None:
    ui.clipboard.write(words)
    toast("Copied")


def _known() -> Known:
    with reading() as session:
        shop = shops.read(session)
        return Known(
            shop.sign_up_open,
            shop.name,
            shop.sender_email,
            sign_ups.looks(session),
            sign_ups.confirmed(session),
        )


def _save(is_open: bool, by: Actor) -> None:
    with unit() as session:
        shops.change(session, {"sign_up_open": is_open}, by=by, now=now())


PAGES = [Page(HERE, "Sign-up form", build, right=Right.MANAGE_SHOP)]
