"""One message by WhatsApp to many, sent once without a saved campaign."""

from nicegui import ui

from data.database import reading
from domain.audience.audience import Audience
from domain.shop.people import Actor, Right
from ui.frame import Nav, Page
from ui.parts.basics import alert
from ui.parts.feedback import io
from ui.parts.one_shot import OneShot, not_kept
from ui.parts.whatsapp_form import NAME, Start, WhatsAppForm, start

HERE = "/marketing/whatsapp-campaigns"


async def whatsapp(by: Actor, came: str = "") -> None:
    by.require(Right.SEND)
    begin = await io(_begin, by)
    await OneShot(
        "WhatsApp campaigns",
        NAME,
        lambda below, on_count: WhatsAppForm(begin, not_kept, below=below, on_count=on_count, free=True),
        above=_why_here if came == "sms" else None,
    ).draw()


def bulk_sms() -> None:
    ui.navigate.to(f"{HERE}?came=sms")


def _why_here() -> None:
    alert(
        "Text messages are part of WhatsApp campaigns now",
        "Everything that goes to phones is written here.",
        testid="came-from-sms",
    )


def _begin(by: Actor) -> Start:
    with reading() as session:
        return start(session, {"audience": Audience().as_json()}, by)


PAGES = [
    Page("/marketing/bulk-sms", "WhatsApp campaigns", bulk_sms, right=Right.SEND),
    Page(HERE, "WhatsApp campaigns", whatsapp, right=Right.SEND, nav=Nav("Reach", "chat", "WhatsApp")),
]
