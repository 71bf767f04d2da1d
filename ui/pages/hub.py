"""The start: the three ways to reach people, what went out last, what goes out next, and the first steps."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from nicegui import ui

from data.database import now, reading
from domain.book import customers
from domain.message import practice
from domain.results import overview
from domain.results.overview import USUAL, Overview
from domain.sending import campaigns, reports
from domain.sending.campaigns import Campaign
from domain.sending.reports import SendRow
from domain.shop import mail
from domain.shop.people import Actor, Right
from domain.shop.shop import read as read_shop
from ui import channel_words, words
from ui.frame import Nav, Page
from ui.pages.results import PATH as RESULTS
from ui.parts import holds
from ui.parts.basics import box, card, empty, head, icon, link, page, pill, text
from ui.parts.feedback import io
from ui.parts.result_tiles import tiles
from ui.parts.send_rows import PATH as SENDS
from ui.parts.sent_message import readable
from ui.parts.undo_bar import path_of

PATH = "/marketing"
FEW = 5

TILES = (
    ("mail", "Email outreach", "One email to many people, at once. No campaign to keep.", "/marketing/bulk-email", Right.SEND),
    ("chat", "SMS outreach", "A message by WhatsApp to everybody who agreed to it.", "/marketing/whatsapp-campaigns", Right.SEND),
    ("plus", "Create campaign", "A message with a name: save it, schedule it, send it, copy it.", "/marketing/campaigns/new", Right.EDIT_CAMPAIGNS),
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    done: bool
    title: str
    note: str
    target: str
    right: Right


@dataclass(frozen=True)
class Seen:
    sends: list[SendRow]
    coming: list[Campaign]
    steps: list[Step]  # none once the shop has found its feet
    zone: ZoneInfo
    at: datetime


async def build(by: Actor) -> None:
    seen = await io(_seen)
    with page():
        with head("Marketing", "Reach the people in your book, and see who got it."):
            pass
        _tiles(by)
        steps = [step for step in seen.steps if by.may(step.right)]
        if steps and by.may(Right.EDIT_CAMPAIGNS):
            _first_steps(steps)
        figures = box("full")
        with box("hb-cols"):
            _last_sends(seen)
            _coming(seen)
    if seen.sends:  # the rest of the page does not wait for it
        _figures(figures, await io(_last_days))


def _tiles(by: Actor) -> None:
    """The ways to send, for those who may."""
    mine = [tile for tile in TILES if by.may(tile[-1])]
    if not mine:
        return
    with box("hb-grid", testid="tiles"):
        for name, title, note, target, _ in mine:
            with link("", target, classes="hb-tile", testid=f"tile-{target.rpartition('/')[2]}"):
                with box("glyph", "div"):
                    icon(name)
                text(title, tag="b")
                text(note, tag="span")


def _first_steps(steps: list[Step]) -> None:
    done = f"{sum(step.done for step in steps)} of {len(steps)} done"
    note = f"{done}. Nothing leaves this machine until a mail account is set."
    with card("First steps", note, testid="first-steps"), box("hb-firsts", "ol"):
        for step in steps:
            with box("is-done" if step.done else "", "li"):
                icon("check" if step.done else "chevron")
                with box("grow"):
                    link(step.title, step.target, classes="hb-link quiet strong")
                    text(step.note, "muted small")
                if step.done:
                    text("Done", "hb-hidden", "span")


def _figures(room: ui.element, found: Overview) -> None:
    if room.is_deleted or not (found.now.sends or found.before.sends):
        return
    with room, box("hb-card", "section", testid="last-days"):
        with box("bar"):
            with box("grow"):
                text(f"Last {USUAL.days} days", "hb-card-title", "h2")
                text(f"Beside the {USUAL.days} days before.", "hb-help")
            link("All results", RESULTS)
        tiles(found)


def _last_sends(seen: Seen) -> None:
    with box("hb-card", "section", testid="last-sends"):
        with box("bar"):
            text("Last sends", "hb-card-title grow", "h2")
            if seen.sends:
                link("See all", SENDS)
        if not seen.sends:
            empty(
                "send", "Nothing was sent yet", "What you send is listed here with what became of it."
            ).classes("small")
        for row in seen.sends:
            _send(row, seen)


def _send(row: SendRow, seen: Seen) -> None:
    dispatch, books = row.dispatch, row.books
    counts = f"{words.number(books.sent)} of {words.counted(books.recipients, 'recipient')} sent"
    with link("", path_of(dispatch.id, dispatch.campaign_id), classes="hb-rowcard"), box("top"):
        with box("grow"):
            text(readable(dispatch.name), "hb-cell-name")
            held = holds.sentence(dispatch, seen.zone, seen.at) if holds.is_held(dispatch) else ""
            begun = words.when(dispatch.created_at, seen.zone, seen.at)
            way = channel_words.by(dispatch.channel)
            text(" · ".join(filter(None, [begun, way, counts, held])), "hb-cell-sub num")
        pill(*holds.state_of(dispatch))


def _coming(seen: Seen) -> None:
    with box("hb-card", "section", testid="upcoming"):
        with box("bar"):
            text("Goes out next", "hb-card-title", "h2")
        if not seen.coming:
            empty(
                "calendar", "Nothing is scheduled", "Give a campaign a date, and it goes out by itself."
            ).classes("small")
        for one in seen.coming:
            when = words.when(one.scheduled_at, seen.zone, seen.at) if one.scheduled_at else ""
            with link("", f"/marketing/campaigns/{one.id}", classes="hb-rowcard"):
                text(one.name, "hb-cell-name")
                text(when, "hb-cell-sub num")


def _last_days() -> Overview:
    moment = now()
    with reading() as session:
        span = overview.last_days(moment, read_shop(session).zone)
        return overview.overview(session, span, now=moment)


def _seen() -> Seen:
    moment = now()
    with reading() as session:
        sends, total = reports.send_rows(session, page=1, size=FEW)
        people, plans = customers.how_many(session), campaigns.counts(session)["all"]
        looked = practice.count(session) > practice.unread(session)
        live = not mail.is_practice(session)
        zone, coming = read_shop(session).zone, reports.upcoming(session, FEW)
    sent = total > 0
    steps = _steps(people, plans, sent, looked, live)
    return Seen(sends, coming, [] if live and sent else steps, zone, moment)


def _steps(people: int, plans: int, sent: bool, looked: bool, live: bool) -> list[Step]:
    return [
        Step(people > 0, "Fill your book", f"{words.people(people)} in it." if people else "Add customers or import a list.", "/customers", Right.EDIT_CUSTOMERS),
        Step(plans > 0, "Write a campaign", "A subject, a few lines, and whom it is for.", "/marketing/campaigns" if plans else "/marketing/campaigns/new", Right.EDIT_CAMPAIGNS),
        Step(sent, "Send it, in practice", "You can call it back for half a minute.", "/marketing/campaigns", Right.SEND),
        Step(looked, "Read it in the Practice inbox", "Just as your customers would get it.", "/practice", Right.VIEW),
        Step(live, "Connect your mail account", "From then on messages really leave.", "/settings/mail", Right.MANAGE_SHOP),
    ]  # fmt: skip


PAGES = [Page(PATH, "Marketing", build, nav=Nav("Reach", "home", "Marketing", tab=True))]
