"""One message by WhatsApp to many, sent once without a saved campaign."""

from dataclasses import dataclass
from typing import Final

from nicegui import ui

from data.database import now, reading
from domain.audience.audience import Audience, Who
from domain.book import customers
from domain.book.message_types import MessageType
from domain.ledger import received, windows
from domain.shop import shop as shops
from domain.shop.people import Actor, Right
from ui import words
from ui.frame import Nav, Page
from ui.parts.basics import alert
from ui.parts.feedback import io
from ui.parts.one_shot import OneShot, not_kept
from ui.parts.whatsapp_form import NAME, Start, WhatsAppForm, start

HERE: Final = "/marketing/whatsapp-campaigns"
LONGEST: Final = 300  # characters of what they wrote
TOO_LATE: Final = "That is more than 24 hours ago, so only a template can be sent, until they write again."


@dataclass(frozen=True)
class Asked:
    """Somebody wrote; `until` is empty where free words are refused by now."""

    name: str
    words: str
    until: str


async def whatsapp(by: Actor, came: str = "", to: int | None = None) -> None:
    """`to`: one customer, who wrote to the shop and is answered in free words."""
    by.require(Right.SEND)
    asked = await io(_asked_by, to) if to else None
    begin = await io(_begin, by, to)
    await OneShot(
        f"Answer {asked.name}" if asked else "WhatsApp campaigns",
        NAME,
        lambda below, on_count: WhatsAppForm(begin, not_kept, below=below, on_count=on_count, free=True),
        above=(lambda: _what_they_wrote(asked)) if asked else _why_here if came == "sms" else None,
    ).draw()


def bulk_sms() -> None:
    ui.navigate.to(f"{HERE}?came=sms")


def _why_here() -> None:
    alert(
        "Text messages are part of WhatsApp campaigns now",
        "Everything that goes to phones is written here.",
        testid="came-from-sms",
    )


def _what_they_wrote(asked: Asked) -> None:
    told = f"You may answer freely until {asked.until}." if asked.until else TOO_LATE
    alert(
        f"They wrote: “{asked.words}”" if asked.words else "They wrote nothing lately", told, testid="asked"
    )


def _asked_by(customer_id: int) -> Asked:
    moment = now()
    with reading() as session:
        zone = shops.read(session).zone
        person = customers.get(session, customer_id)
        newest = [one for one in received.of(session, customer_id) if one.channel == NAME]
        said = next((one.words for one in newest if one.words), newest[0].note if newest else "")
        end = windows.open_until(session, customer_id, now=moment)
        until = words.within(words.when(end, zone, moment)) if end else ""
        return Asked(person.shown_name, " ".join(said.split())[:LONGEST], until)


def _begin(by: Actor, to: int | None) -> Start:
    with reading() as session:
        if to is None:
            return start(session, {"audience": Audience().as_json()}, by)
        meant = Audience(Who.MANUAL, customer_ids=(to,)).as_json()
        answer = {"audience": meant, "content": {"text": ""}, "message_type": str(MessageType.OPERATIONAL)}
        return start(session, answer, by)


PAGES = [
    Page("/marketing/bulk-sms", "WhatsApp campaigns", bulk_sms, right=Right.SEND),
    Page(HERE, "WhatsApp campaigns", whatsapp, right=Right.SEND, nav=Nav("Reach", "chat", "WhatsApp")),
]
