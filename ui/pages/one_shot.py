"""One email to many, sent once without a saved campaign."""

from data.database import reading
from domain.audience.audience import Audience
from domain.channels.email import CHANNEL
from domain.shop.people import Actor, Right
from ui.frame import Nav, Page
from ui.parts.feedback import io
from ui.parts.letter_form import LetterForm, Start, start
from ui.parts.one_shot import OneShot, not_kept


async def bulk_email(by: Actor) -> None:
    by.require(Right.SEND)
    begin = await io(_begin, by)
    await OneShot(
        "Bulk email",
        CHANNEL.name,
        lambda below, on_count: LetterForm(begin, not_kept, below=below, on_count=on_count),
    ).draw()


def _begin(by: Actor) -> Start:
    with reading() as session:
        return start(session, {"audience": Audience().as_json()}, by)


PAGES = [
    Page(
        "/marketing/bulk-email",
        "Bulk email",
        bulk_email,
        right=Right.SEND,
        nav=Nav("Reach", "bolt", "Bulk email"),
    ),
]
