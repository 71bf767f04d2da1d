"""The proof sheet of one person as a page to print: what they said about being written to, when, how, by which words."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from data.database import now, unit
from domain.book import proof_sheet
from domain.book.message_types import MessageType
from domain.book.proof_sheet import Line, ProofSheet
from domain.shop import shop as shops
from domain.shop.people import Actor
from ui import consent_words, plain, words

KEPT_OUT: Final = {
    "unsubscribed": "unsubscribed while not in the book",
    "complained": "reported a message as unwanted",
    "bounced": "the address does not exist",
    "erased": "asked to be forgotten",
}


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    when: str
    what: str
    how: str
    source: str
    shown: str
    wording: int | None
    address: str
    allowed: bool


def page(customer_id: int, by: Actor) -> HTMLResponse:
    """Raises Refusal."""
    with unit() as session:
        sheet = proof_sheet.draw(session, customer_id, by=by, now=now())
        shop = shops.read(session)
        rows = [_row(session, line, shop.zone) for line in sheet.lines]
        return plain.page(
            "proof",
            shop_name=shop.name,
            postal_address=shop.postal_address,
            person=sheet.customer.shown_name,
            email=sheet.customer.email,
            phone=sheet.customer.phone,
            number=sheet.customer.id,
            cards=sheet.cards,
            drawn=words.moment_in_full(now(), shop.zone),
            drawn_by=by.name,
            today=_today(sheet, shop.zone),
            rows=rows,
        )


def _today(sheet: ProofSheet, zone: ZoneInfo) -> list[tuple[str, str]]:
    """What counts now, each with since when."""
    known = {(one.channel, one.message_type): one for one in sheet.states}
    channels = ["email", *sorted({one.channel for one in sheet.states} - {"email"})]
    told = (
        [("All marketing", "No, and this wins over every other line")]
        if sheet.customer.marketing_opt_out
        else []
    )
    for channel in channels:
        for kind in (one for one in MessageType if one.needs_consent):
            said = known.get((channel, kind))
            label = f"{words.MESSAGE_TYPE[kind]} by {consent_words.CHANNELS.get(channel, channel)}"
            told.append((label, _state(said.allowed, said.changed_at, zone) if said else "Never said"))
    told.append(("Counting opens and clicks", "Not objected to" if sheet.is_measured else "No"))
    told += [
        (f"Address kept out since {_moment(one.at, zone)}", KEPT_OUT.get(one.reason, one.reason).capitalize())
        for one in sheet.kept_out
    ]
    return told


def _state(allowed: bool, since: datetime, zone: ZoneInfo) -> str:
    return f"{'Yes' if allowed else 'No'}, since {_moment(since, zone)}"


def _row(session: Session, line: Line, zone: ZoneInfo) -> Row:
    said = line.said
    how = consent_words.how(said)
    return Row(
        said.id,
        _moment(said.at, zone),
        consent_words.what(said),
        f"{how}, on card {line.other_card}" if line.other_card else how,
        consent_words.source(session, said.source),
        line.shown,
        said.wording_id,
        said.address,
        said.allowed,
    )


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    """With the offset, so that nobody has to know the shop's clock."""
    here = moment.astimezone(zone)
    return f"{here.day} {here:%b %Y, %H:%M:%S} ({moment.astimezone(UTC):%H:%M} UTC)"
